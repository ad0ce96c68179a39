"""All that leans on skorch's insides: parameters, registration, and the loop."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import AbstractContextManager, nullcontext
from copy import deepcopy
from typing import Any

import torch
from skorch import NeuralNet
from skorch.callbacks import (
    Callback,
    Checkpoint,
    EarlyStopping,
    EpochTimer,
    PassthroughScoring,
    PrintLog,
    ProgressBar,
    TrainEndCheckpoint,
)
from skorch.utils import TeeGenerator
from torch import Tensor, nn

from skgan._torch_globals import borrow_global_stream, draw_globally
from skgan.callbacks import GeneratorAverage, StopTraining, TrainingProgress
from skgan.loader import BatchLoader
from skgan.nets._joint import trained_together
from skgan.nets._placement import place_rows
from skgan.nets._process_group import Processes, join_processes
from skgan.nets._state import (
    go_back,
    keep_start,
    load_groups,
    load_position,
    load_trained,
    start_anew,
    training_state,
)

_OPTIMIZERS = ("optimizer_generator", "optimizer_discriminator")
_DATA_PREFIXES = ("iterator_train", "iterator_valid", "dataset")
# Callbacks of the first of several processes alone: they write or print.
_OF_FIRST = (Checkpoint, PrintLog, ProgressBar, TrainEndCheckpoint, TrainingProgress)


class SkorchAdapter(NeuralNet):
    """A skorch net of several networks, with two optimizers and a leaner loop.

    skorch changes a running optimizer when ``optimizer_generator__lr`` is set but
    forgets it at the next initialisation, refuses iterators and optimizer classes
    on an initialised net, and knows one network and the learning rate of one
    optimizer only. A subclass makes the networks and takes the steps.
    """

    network_names: tuple[str, ...] = ("generator", "discriminator")
    # The loader of the fit under way, and the checkpoint that a fit starts from.
    loader_: Any = None
    resumed_: dict | None = None
    # The processes that the fit under way is shared by, and those of a step of it.
    processes_: Processes | None = None
    shared_: Processes | None = None
    # Groups of the optimizers, by name, until these are made.
    waiting_groups_: dict[str, list[dict]] | None = None

    def __init__(self, **kwargs):
        super().__init__(module=None, criterion=None, **kwargs)
        # skorch reads parameters off `__dict__`; these three have no meaning here.
        for name in ("module", "criterion", "optimizer"):
            self.__dict__.pop(name)

    @property
    def loss_names(self) -> tuple[str, ...]:
        """What the history gets of each step."""
        return ("generator_loss", "discriminator_loss")

    # The networks and their optimizers.
    @property
    def module_(self) -> nn.Module:
        """The generator, for callbacks that know one network."""
        return self.generator_

    @property
    def optimizer_(self) -> torch.optim.Optimizer:
        """The generator's optimizer, for callbacks that know one network."""
        return self.optimizer_generator_

    @property
    def modules_(self) -> dict[str, nn.Module]:
        """All networks by name, the averaged generator among them."""
        return {name: getattr(self, f"{name}_") for name in self._modules}

    @property
    def optimizers_(self) -> dict[str, torch.optim.Optimizer]:
        """The optimizers by name."""
        return {name: getattr(self, f"{name}_") for name in self._optimizers}

    def initialize_waiting(self, groups: dict[str, list[dict]]) -> SkorchAdapter:
        """Initialise all but the optimizers, made of `groups` when they are asked for.

        The first optimizer of a process imports PyTorch's compiler, which takes as
        long as the rest of loading a net that only draws.
        """
        self.waiting_groups_ = groups
        return self.initialize()

    def _postpones_optimizers(self) -> bool:
        """Whether optimizers are made later; then their names are known now."""
        if self.waiting_groups_ is None or self.initialized_:
            self.waiting_groups_ = None
            return False
        for name in _OPTIMIZERS:
            self._register_attribute(f"{name}_", None)
        return True

    def __getattr__(self, name: str) -> Any:
        """Make the optimizers that were waiting."""
        groups = vars(self).get("waiting_groups_")
        if groups is None or name.removesuffix("_") not in groups:
            raise AttributeError(f"{type(self).__name__} has no attribute {name!r}.")
        with self._current_init_context("optimizer"):
            self.initialize_optimizer()
        for optimizer, own_groups in groups.items():
            load_groups(vars(self)[f"{optimizer}_"], own_groups)
        return vars(self)[name]

    def networks(self) -> list[nn.Module]:
        """Return the networks that are trained."""
        return [getattr(self, f"{name}_") for name in self.network_names]

    def trained_by(
        self, name: str, prefix: str = ""
    ) -> Iterator[tuple[str, nn.Parameter]]:
        """Yield the weights that an optimizer, named by its network, trains."""
        yield from getattr(self, f"{name}_").named_parameters(prefix=prefix)

    def get_all_learnable_params(self) -> Iterator:
        """Yield the weights of the networks, named ``generator.…`` and so on."""
        for name in self.network_names:
            yield from getattr(self, f"{name}_").named_parameters(prefix=name)

    def snapshot(self) -> SkorchAdapter:
        """Return a net to draw from, whose networks training no longer changes."""
        twin = object.__new__(type(self))
        names = [f"{name}_" for name in self._modules]
        networks = {name: deepcopy(getattr(self, name)) for name in names}
        twin.__dict__.update({**vars(self), **networks})
        twin.eval()
        return twin

    def zero_grad(self) -> None:
        """Free the gradients that an unfinished step has left behind."""
        for optimizer in self.optimizers_.values():
            optimizer.zero_grad(set_to_none=True)

    def eval(self) -> None:
        """Put the networks in evaluation mode."""
        self._set_training(False)

    def torch_compile(self, module, name):
        """Compile in place, so that the names of weights and the type stay."""
        if self.compile:
            module.compile(**self.get_params_for("compile"))
        return module

    # Parameters.
    def get_params_for(self, prefix: str) -> dict:
        """Collect ``prefix__*``; the generator learns the width of the latents."""
        params = super().get_params_for(prefix)
        if prefix == "generator":
            params.setdefault("latent_dim", self.latent_dim)
        return params

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
        if {"loss", "penalty", "augmentation", "latents"} & set(rest):
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

    # Callbacks.
    @property
    def _default_callbacks(self):
        callbacks = [
            ("epoch_timer", EpochTimer()),
            *(
                (name, PassthroughScoring(name=name, on_train=True))
                for name in self.loss_names
            ),
            ("valid_loss", PassthroughScoring(name="valid_loss")),
            ("print_log", PrintLog()),
        ]
        if self.average_halflife is not None:
            callbacks.insert(0, ("average", GeneratorAverage(self.average_halflife)))
        return callbacks

    def replace_callbacks(self, callbacks: list[tuple[str, Callback]] | str) -> None:
        """Go on with other callbacks; networks and optimizers stay as they are."""
        self.callbacks = callbacks
        self._initialize_callbacks()

    def notify(self, method_name, **cb_kwargs):
        """Call the callbacks that have something to do at this point.

        skorch calls all of them, four times a step; with small networks that costs
        as much as a layer.
        """
        getattr(self, method_name)(self, **cb_kwargs)
        for callback in self._listeners(method_name):
            getattr(callback, method_name)(self, **cb_kwargs)

    def _listeners(self, method_name: str) -> list[Callback]:
        if getattr(self, "listened_to_", None) is not self.callbacks_:
            self.listened_to_ = self.callbacks_
            self.listeners_: dict[str, list[Callback]] = {}
        if method_name not in self.listeners_:
            self.listeners_[method_name] = [
                callback
                for _, callback in self.callbacks_
                if _overrides(callback, method_name)
                and (self.is_first_process or not isinstance(callback, _OF_FIRST))
            ]
        return self.listeners_[method_name]

    def notify_gradients(self, name: str, batch) -> None:
        """Show callbacks the gradients of a network, before its optimizer's step."""
        if not self._listeners("on_grad_computed"):
            return
        parameters = self.trained_by(name, prefix=name)
        self.notify(
            "on_grad_computed",
            named_parameters=TeeGenerator(parameters),
            batch=batch,
            training=True,
        )

    # Several processes.
    @property
    def is_first_process(self) -> bool:
        """Whether this process writes and prints, of those that share the fit."""
        return self.processes_ is None or self.processes_.is_first

    def agree(self, value):
        """Return the number of the first process, where several share the fit."""
        return value if self.processes_ is None else self.processes_.agree(value)

    def on_first_process(self, function):
        """Return what a function gives in the first of the processes of the fit."""
        if self.processes_ is None:
            return function()
        return self.processes_.on_first(function)

    def sum_gradients(self, name: str) -> None:
        """Sum the gradients of a network over the processes that share a step."""
        if self.shared_ is not None:
            groups = getattr(self, f"optimizer_{name}_").param_groups
            self.shared_.sum_gradients(w for group in groups for w in group["params"])

    def partial_fit(self, X, y=None, classes=None, **fit_params):
        """Train on, together with the other processes where there are some."""
        self.processes_ = join_processes(self.device)
        if self.processes_ is None:
            return super().partial_fit(X, y, classes, **fit_params)
        if not self.initialized_:
            self.initialize()
        with trained_together(self, X):
            return super().partial_fit(X, y, classes, **fit_params)

    # The loop.
    def get_dataset(self, X, y=None):
        """Put the rows on the device once, where they fit, to cut batches there."""
        return place_rows(super().get_dataset(X, y), self.device)

    def get_iterator(self, dataset, training=False):
        """Draw training batches in an order of the net's own, validation in rows'."""
        loader = self.iterator_train if training else self.iterator_valid
        is_stream = isinstance(loader, type) and issubclass(loader, BatchLoader)
        if not (training and is_stream):
            return super().get_iterator(dataset, training)
        kwargs = {
            "batch_size": self.batch_size,
            "shuffle": True,
            "generator": self.order_stream_,
            "n_joined": self.n_discriminator_steps,
            **self.get_params_for("iterator_train"),
        }
        if kwargs["batch_size"] == -1:
            kwargs["batch_size"] = len(dataset)
        self.loader_ = loader(dataset, **kwargs)
        if self.resumed_ is not None:
            load_position(self, self.resumed_)
            self.resumed_ = None
        return self.loader_

    def fit_loop(self, X, y=None, epochs=None, **fit_params):
        """Train, and remember in `interrupted_` whether the user broke it off."""
        self.interrupted_ = False
        self.ends_epoch_ = False
        self.penalty_weight_ = self.penalty_weight
        epochs = self.max_epochs if epochs is None else epochs
        if self.resumed_ is not None:
            epochs -= self.resumed_["n_epochs"]
        try:
            with self._seeded_layers():
                return super().fit_loop(X, y, epochs, **fit_params)
        except StopTraining:
            raise
        except KeyboardInterrupt:
            # skorch's EarlyStopping stops a net by this very exception.
            self.interrupted_ = not any(
                isinstance(callback, EarlyStopping)
                and callback.misses_ >= callback.patience
                for _, callback in self.callbacks_
            )
            if self.interrupted_:
                # The other processes are somewhere else in their work.
                self.processes_ = None
            raise
        finally:
            # The loader holds the rows.
            self.loader_ = None

    def _seeded_layers(self) -> AbstractContextManager[None]:
        """Seed the global stream where layers such as dropout draw from it.

        Fits of such networks take turns: the stream is one a process.
        """
        if not draw_globally(self.networks()):
            return nullcontext()
        seed = int(torch.randint(2**31, (), generator=self.order_stream_))
        return borrow_global_stream(seed, self.device)

    def run_single_epoch(self, iterator, training, prefix, step_fn, **fit_params):
        """Run one epoch; skorch's own, with the modes set only where they changed."""
        if iterator is None:
            return
        self._set_training(training)
        batches = self.history[-1, "batches"]
        n_batches = 0
        try:
            for batch in iterator:
                self.notify("on_batch_begin", batch=batch, training=training)
                # A callback that drew rows has left the networks in evaluation mode.
                if self.generator_.training is not training:
                    self._set_training(training)
                self.shared_ = self.processes_
                step = step_fn(batch, **fit_params)
                self.shared_ = None
                self._record(batches[-1], step, prefix)
                batches[-1][f"{prefix}_batch_size"] = len(batch[0])
                self.notify("on_batch_end", batch=batch, training=training, **step)
                n_batches += 1
                if self.ends_epoch_:
                    break
        finally:
            self.shared_ = None
            # Interrupted epochs hold numbers too.
            _read_losses(batches)
        self.history.record(f"{prefix}_batch_count", n_batches)

    def _record(self, record: dict, step: dict, prefix: str) -> None:
        """Record the losses of a step, the one called ``loss`` under the prefix too."""
        if prefix == "train":
            for name in self.loss_names:
                if name in step:
                    record[name] = _read_loss(step[name])
        is_read = prefix == "train" and step["loss"] is step.get("generator_loss")
        loss = record["generator_loss"] if is_read else _read_loss(step["loss"])
        record[f"{prefix}_loss"] = loss

    # Going on from a checkpoint.
    def start_anew(self, seed: int) -> None:
        """Forget what was learnt: other weights, and no moments; streams go on."""
        start_anew(self, seed)

    def keep_start(self) -> dict[str, Any]:
        """Return copies of what was learnt: weights and moments."""
        return keep_start(self)

    def go_back(self, kept: dict[str, Any]) -> None:
        """Go back to what `keep_start` returned; streams go on."""
        go_back(self, kept)

    def training_state(self) -> dict[str, Any]:
        """Return all that the next epoch depends on, but for callbacks' own state."""
        return training_state(self)

    def load_training_state(self, state: dict[str, Any], n_epochs: int) -> None:
        """Go back to a state that was reached `n_epochs` after a fit had begun.

        To be called when training begins; the fit then takes the epochs that are left.

        Raises
        ------
        ValueError
            If it is the state of another net.
        """
        load_trained(self, state)
        self.resumed_ = {**state, "n_epochs": n_epochs}

    def __getstate__(self):
        """Leave out what holds the rows, so that a net can be saved while it trains."""
        nothing = dict.fromkeys(("loader_", "resumed_", "processes_", "shared_"))
        return {**super().__getstate__(), **nothing}


def _overrides(callback: Callback, method_name: str) -> bool:
    """Tell whether a callback does anything at this point."""
    inherited = getattr(Callback, method_name, None)
    method = getattr(type(callback), method_name, None)
    return method is not inherited or method_name in vars(callback)


def _read_loss(loss: Tensor) -> float | Tensor:
    """Read a loss where that is free; reading a GPU's would hold up the step."""
    return loss.item() if loss.device.type == "cpu" else loss.detach()


def _read_losses(batches: list[dict]) -> None:
    """Replace the tensors in batches' records by numbers, all at one go."""
    waiting = [
        (record, name)
        for record in batches
        for name, value in record.items()
        if isinstance(value, Tensor)
    ]
    if waiting:
        values = torch.stack([record[name] for record, name in waiting]).tolist()
        for (record, name), value in zip(waiting, values, strict=True):
            record[name] = value
