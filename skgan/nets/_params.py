"""What a net with two modules needs so that skorch's parameters behave."""

from __future__ import annotations

from collections.abc import Iterator

from skorch import NeuralNet
from torch import nn

_OPTIMIZERS = ("optimizer_generator", "optimizer_discriminator")
_DATA_PREFIXES = ("iterator_train", "iterator_valid", "dataset")


class AdversarialParams(NeuralNet):
    """The parameters of `AdversarialNet`: skorch's, for two networks.

    skorch changes a running optimizer when ``optimizer_generator__lr`` is set but
    forgets it at the next initialisation, refuses iterators and optimizer classes
    on an initialised net, and knows the learning rate of one optimizer only.
    """

    network_names: tuple[str, ...] = ("generator", "discriminator")

    def __init__(self, **kwargs):
        super().__init__(module=None, criterion=None, **kwargs)
        # skorch reads parameters off `__dict__`; these three have no meaning here.
        for name in ("module", "criterion", "optimizer"):
            self.__dict__.pop(name)

    def get_params_for(self, prefix: str) -> dict:
        """Collect ``prefix__*``; both networks learn the width of the latents."""
        params = super().get_params_for(prefix)
        if prefix == "generator":
            params.setdefault("latent_dim", self.latent_dim)
        return params

    def get_all_learnable_params(self) -> Iterator:
        """Yield the weights of the networks, named ``generator.…`` and so on."""
        for name in self.network_names:
            yield from getattr(self, f"{name}_").named_parameters(prefix=name)

    def networks(self) -> list[nn.Module]:
        """Return the networks that are trained."""
        return [getattr(self, f"{name}_") for name in self.network_names]

    def trained_by(
        self, name: str, prefix: str = ""
    ) -> Iterator[tuple[str, nn.Parameter]]:
        """Yield the weights that an optimizer, named by its network, trains."""
        yield from getattr(self, f"{name}_").named_parameters(prefix=prefix)

    def set_params(self, **kwargs):
        """Set parameters before or after initialisation, for good.

        Returns
        -------
        self

        Raises
        ------
        ValueError
            If a name is not a parameter.
        """
        if not self.initialized_:
            return super().set_params(**kwargs)
        data = {k: v for k, v in kwargs.items() if k.startswith(_DATA_PREFIXES)}
        optimizers = {k: v for k, v in kwargs.items() if k in _OPTIMIZERS}
        rest = {k: v for k, v in kwargs.items() if k not in {*data, *optimizers}}
        if data or optimizers:
            self.__dict__.update(data, **optimizers)
            self._params_to_validate.update(data, optimizers)
            self._validate_params()
        if rest:
            super().set_params(**rest)
        # skorch hands these to the running optimizers only.
        self.__dict__.update(
            {k: v for k, v in rest.items() if self._is_virtual_param(k)}
        )
        if "lr" in rest:
            self._set_common_learning_rate(rest["lr"])
        if {"loss", "penalty", "augmentation"} & set(rest):
            self._initialize_criterion()
        if {"average_halflife", "latent_dim"} & set(rest):
            self._initialize_callbacks()
            self._initialize_module(reason="Re-initializing module.")
            self._initialize_optimizer(reason="Re-initializing optimizer.")
        elif optimizers:
            self._initialize_optimizer(reason="Re-initializing optimizer.")
        return self

    def _set_common_learning_rate(self, lr: float) -> None:
        for name in _OPTIMIZERS:
            if f"{name}__lr" not in vars(self):
                for group in getattr(self, f"{name}_").param_groups:
                    group["lr"] = lr
                    # Where schedules start from.
                    group.pop("initial_lr", None)

    def torch_compile(self, module, name):
        """Compile in place, so that the names of weights and the type stay."""
        if self.compile:
            module.compile(**self.get_params_for("compile"))
        return module
