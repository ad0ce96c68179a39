"""A net whose generator is given a code that can be read off its rows."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from math import log
from typing import Any

import torch
from torch import Tensor, nn
from torch.nn.functional import one_hot

from skgan.modules import CodeHead
from skgan.nets._adversarial import AdversarialNet
from skgan.nets._probe import check_rows_kept, check_tensor, name_network
from skgan.objectives import (
    categorical_code_loss,
    clustering_loss,
    continuous_code_loss,
    swap_neighbors,
)

# The larger, the surer categories are read before continuous codes steer much.
_PATIENCE = 8

Perturbation = Callable[[Tensor, torch.Generator | None], Tensor]


class InfoGANNet(AdversarialNet):
    """An `AdversarialNet` with a third module, which reads codes: InfoGAN.

    The generator is given a code beside its latent: a category and some continuous
    numbers. The code head Q reads it off the discriminator's last hidden layer, and
    what it fails to read is added to the losses (Chen et al., 2016, eq. 6). It is
    trained by the discriminator's optimizer.

    Parameters
    ----------
    generator, discriminator, **kwargs
        As in `AdversarialNet`. The generator gets the code as its condition; the
        discriminator does not see it. The discriminator has a method ``hidden(x)``
        or ``features(x)``, the layer that the code head reads.
    code_head : type, default=CodeHead
        Class of modules, made with ``n_features``, ``n_categories`` and
        ``n_continuous``; ``forward(features)`` returns logits of the categories and
        means of the continuous codes.
    n_categories : int, default=10
        Values of the categorical code, drawn equally often.
    n_continuous : int, default=2
        Continuous codes, drawn uniformly from [-1, 1].
    code_weight : float, default=1.0
        Times what is not read of the categorical code.
    continuous_code_weight : float, default=20.0
        Times what is not read of the continuous ones. What of it is above 1 counts in
        the generator's loss only, and there as far as categories are read already.
    clustering_weight : float, default=1.0
        Times the clustering loss of real rows, `skgan.objectives.clustering_loss`,
        from which alone Q then learns its categories; 0 teaches it those of generated
        rows, as the paper does.
    perturb : callable or None, default=None
        ``(rows, generator) -> rows``: a small change, under which the category of a
        real row shall stay. Where coordinates come with the rows, as `y`, it shall
        also be that of neighbors (`skgan.objectives.swap_neighbors`).

    Attributes
    ----------
    code_head_ : nn.Module
        The code head.
    history : skorch.history.History
        Has ``code_loss``, what is not read of generated rows' codes, and, with a
        `clustering_weight`, ``clustering_loss`` too.

    References
    ----------
    .. [1] Chen et al., "InfoGAN: Interpretable Representation Learning by Information
       Maximizing Generative Adversarial Nets", NeurIPS 2016, eq. 6.

    Examples
    --------
    >>> import numpy as np
    >>> from skgan.modules import MLPDiscriminator, MLPGenerator
    >>> from skgan.nets import InfoGANNet
    >>> X = np.random.default_rng(0).normal(size=(64, 2)).astype("float32")
    >>> net = InfoGANNet(
    ...     MLPGenerator,
    ...     MLPDiscriminator,
    ...     n_categories=3,
    ...     n_continuous=1,
    ...     clustering_weight=0,
    ...     max_epochs=2,
    ...     verbose=0,
    ...     generator__output_shape=(2,),
    ...     discriminator__input_shape=(2,),
    ...     random_state=0,
    ... ).fit(X)
    >>> logits, means = net.read_codes(net.generator_.layers[-1].bias[None])
    >>> logits.shape, means.shape
    (torch.Size([1, 3]), torch.Size([1, 1]))
    """

    network_names = ("generator", "discriminator", "code_head")

    def __init__(
        self,
        generator,
        discriminator,
        *,
        code_head=CodeHead,
        n_categories=10,
        n_continuous=2,
        code_weight=1.0,
        continuous_code_weight=20.0,
        clustering_weight=1.0,
        perturb=None,
        **kwargs,
    ):
        super().__init__(generator, discriminator, **kwargs)
        self.code_head = code_head
        self.n_categories = n_categories
        self.n_continuous = n_continuous
        self.code_weight = code_weight
        self.continuous_code_weight = continuous_code_weight
        self.clustering_weight = clustering_weight
        self.perturb = perturb

    @property
    def loss_names(self) -> tuple[str, ...]:
        """What the history gets of each batch."""
        clustering = ("clustering_loss",) if self.clustering_weight else ()
        return (*super().loss_names, "code_loss", *clustering)

    def get_params_for(self, prefix: str) -> dict:
        """Collect ``prefix__*``; what has to do with codes learns their sizes."""
        params = super().get_params_for(prefix)
        if prefix == "generator":
            params.setdefault("condition_dim", self.code_dim)
        if prefix == "code_head":
            params.setdefault("n_features", self._count_features())
            params.setdefault("n_categories", self.n_categories)
            params.setdefault("n_continuous", self.n_continuous)
        return params

    def _count_features(self) -> int:
        """Width of the layer that codes are read off, found by reading one row."""
        shape = self.get_params_for("discriminator")["input_shape"]
        parameter = next(self.discriminator_.parameters())
        was_training = self.discriminator_.training
        self.discriminator_.eval()
        row = torch.zeros(1, *shape, device=parameter.device)
        try:
            with torch.no_grad():
                return read_hidden(self.discriminator_, row).shape[1]
        except (RuntimeError, IndexError, AttributeError) as error:
            raise ValueError(
                f"The {name_network('discriminator', self.discriminator_)} shows no "
                f"layer of shape (n, width) that codes are read off, of an input of "
                f"shape {tuple(row.shape)}: {error}"
            ) from error
        finally:
            self.discriminator_.train(was_training)

    def trained_by(
        self, name: str, prefix: str = ""
    ) -> Iterator[tuple[str, nn.Parameter]]:
        """Yield what an optimizer trains; the discriminator's, the code head too."""
        yield from super().trained_by(name, prefix)
        if name == "discriminator":
            yield from self.code_head_.named_parameters(prefix="code_head")

    def draw_codes(self, n: int, stream: torch.Generator | None = None) -> Tensor:
        """Draw codes, on the net's device.

        Parameters
        ----------
        n : int
            Rows.
        stream : torch.Generator, default=None
            Where they come from; None is the net's own stream.

        Returns
        -------
        Tensor of shape (n, n_categories + n_continuous)
            One-hot categories, then continuous codes.
        """
        stream = self.latent_stream_ if stream is None else stream
        options: dict[str, Any] = {"generator": stream, "device": stream.device}
        categories = torch.randint(self.n_categories, (n,), **options)
        numbers = 2 * torch.rand(n, self.n_continuous, **options) - 1
        codes = [one_hot(categories, self.n_categories).to(numbers.dtype), numbers]
        return torch.cat(codes, dim=1).to(self.device)

    def read_codes(self, x: Tensor) -> tuple[Tensor, Tensor]:
        """Return what Q makes of rows: categories' logits, continuous codes' means."""
        with self.autocast(x.device.type):
            return self._run(self._read_codes, x)

    def _read_codes(self, x: Tensor) -> tuple[Tensor, Tensor]:
        return self.code_head_(read_hidden(self.discriminator_, x))

    def rows_and_condition(self, batch, stream=None):
        """Return the rows of a batch, and as many codes beside their coordinates."""
        real, coordinates = batch[0].to(self.device), batch[1].to(self.device)
        return real, torch.cat([self.draw_codes(len(real), stream), coordinates], dim=1)

    def call(self, module, x, condition):
        """Run a network; the discriminator judges rows without their codes."""
        if module is self.discriminator_:
            return super().call(module, x, None)
        return super().call(module, x, condition[:, : self.code_dim])

    def shows_condition(self, module: nn.Module) -> bool:
        """Tell whether a network is called with codes, see `AdversarialNet`."""
        return module is not self.discriminator_

    def probe_more(self, real: Tensor, fake: Tensor, condition: Tensor | None) -> None:
        """Try the code head and the perturbation, see `AdversarialNet`."""
        if self.clustering_weight and self.perturb is not None:
            name = getattr(self.perturb, "__name__", repr(self.perturb))
            check_rows_kept(
                f"perturb function {name}", self.perturb, real, self.latent_stream_
            )
        name = name_network("code head", self.code_head_)
        read = self.read_codes(fake)
        if not isinstance(read, tuple) or len(read) != 2:
            raise TypeError(
                f"The {name} gave a {type(read).__name__} and must give a tuple of two "
                "tensors: logits of categories, and means of continuous codes."
            )
        n = len(fake)
        check_tensor(name, read[0], "logits", (n, self.n_categories))
        check_tensor(name, read[1], "means", (n, self.n_continuous))

    @property
    def code_dim(self) -> int:
        """Width of an encoded code."""
        return self.n_categories + self.n_continuous

    def train_step(self, batch, **fit_params):
        """Take the discriminator's steps, then one of the generator."""
        step = super().train_step(batch, **fit_params)
        return {**step, **self.code_losses_}

    def _discriminator_loss(self, real, fake, condition) -> Tensor:
        loss = super()._discriminator_loss(real, fake, condition)
        if not self.clustering_weight:
            self.code_losses_: dict[str, Tensor] = {}
            logits, means = self.read_codes(fake)
            of_categories = self._categories_loss(logits, condition)
            return loss + of_categories + self._reading_loss(means, condition)
        # Early fakes are of no kind: a Q that learns their categories, which they then
        # follow, does not find those of real rows.
        parts = [fake, real, self._moved(real, condition[:, self.code_dim :])]
        if getattr(self.discriminator_, "couples_batch", False):
            of_fake, of_real, of_moved = map(self.read_codes, parts)
        else:
            logits, means = self.read_codes(torch.cat(parts))
            pairs = zip(logits.chunk(3), means.chunk(3), strict=True)
            of_fake, of_real, of_moved = pairs
        clustering = clustering_loss(of_real[0], of_moved[0])
        self.code_losses_ = {"clustering_loss": clustering.detach()}
        loss = loss + self._reading_loss(of_fake[1], condition)
        return loss + self.clustering_weight * clustering

    def _moved(self, rows: Tensor, coordinates: Tensor, stream=None) -> Tensor:
        stream = self.latent_stream_ if stream is None else stream
        if coordinates.shape[1]:
            # Half as many as have the same category, all being equally common.
            n_near = max(1, len(rows) // (2 * self.n_categories))
            rows = swap_neighbors(rows, coordinates, stream, n_near)
        return rows if self.perturb is None else self.perturb(rows, stream)

    def category_information(
        self, X: Tensor, y: Tensor | None = None, seed: int = 0
    ) -> float:
        """Return how much the category of a row tells of that of its moved copy.

        Their mutual information (Ji et al., "Invariant Information Clustering", ICCV
        2019, eq. 3) is large where categories are certain, equally common, and stay
        under small changes of the row.

        Parameters
        ----------
        X : Tensor of shape (n, ...), float32
            Encoded rows.
        y : Tensor of shape (n, d), default=None
            Their coordinates, where training has some.
        seed : int, default=0
            Fixes the changes; the net's own stream is left alone.

        Returns
        -------
        float
            From 0, nothing, to 1, all of it, as a share of the logarithm of
            `n_categories`; NaN where the net has diverged.
        """
        with torch.no_grad():
            parts = self.rows_and_moved(X, y, seed)
            read = [self.read_codes(part)[0] for part in parts]
        first, second = (logits.double().softmax(dim=1) for logits in read)
        joint = first.T @ second / len(first)
        joint = (joint + joint.T) / 2
        alone = joint.sum(dim=0)
        log_ratio = joint.log() - alone.log() - alone.log()[:, None]
        total = torch.where(joint > 0, joint * log_ratio, 0.0).sum()
        return float(total if joint.isfinite().all() else torch.nan) / log(
            self.n_categories
        )

    def rows_and_moved(
        self, X: Tensor, y: Tensor | None = None, seed: int = 0, n_copies: int = 1
    ) -> list[Tensor]:
        """Return rows, and copies changed as in training, on the net's device.

        Parameters
        ----------
        X : Tensor of shape (n, ...), float32
            Encoded rows.
        y : Tensor of shape (n, d), default=None
            Their coordinates, where training has some.
        seed : int, default=0
            Fixes the changes; the net's own stream is left alone.
        n_copies : int, default=1
            Copies of each row.

        Returns
        -------
        list of 1 + n_copies Tensor of shape (n, ...)
            The rows, then each copy of them.
        """
        rows = X.to(self.device)
        near = rows.new_zeros(len(rows), 0) if y is None else y.to(self.device)
        stream = torch.Generator(self.latent_stream_.device).manual_seed(seed)
        return [rows, *(self._moved(rows, near, stream) for _ in range(n_copies))]

    def _generator_loss(self, real, fake, condition) -> Tensor:
        logits, means = self.read_codes(fake)
        of_categories = self._categories_loss(logits, condition)
        weight = self._numbers_weight(logits, condition)
        code_loss = of_categories + weight * self._numbers_loss(means, condition)
        self.code_losses_["code_loss"] = code_loss.detach()
        return super()._generator_loss(real, fake, condition) + code_loss

    def _categories_loss(self, logits: Tensor, codes: Tensor) -> Tensor:
        """-E log Q(c | G(z, c)) of the categories, weighted."""
        return self.code_weight * categorical_code_loss(logits, self._categories(codes))

    def _numbers_loss(self, means: Tensor, codes: Tensor) -> Tensor:
        return continuous_code_loss(means, codes[:, self.n_categories : self.code_dim])

    def _reading_loss(self, means: Tensor, codes: Tensor) -> Tensor:
        # Q reads numbers as well with a small weight; a large one takes the layers that
        # it shares from the categories, which then merge.
        return min(self.continuous_code_weight, 1.0) * self._numbers_loss(means, codes)

    def _numbers_weight(self, logits: Tensor, codes: Tensor) -> Tensor | float:
        """Weight of continuous codes in the generator's loss: late, what is above 1.

        Fakes that such codes change much, before Q tells their categories, keep it from
        finding those of real rows.
        """
        more = self.continuous_code_weight - 1.0
        if more <= 0 or not self.code_weight:
            return self.continuous_code_weight
        loss = categorical_code_loss(logits.detach(), self._categories(codes))
        # The share is 0 where categories are guessed, and 1 where all are read right.
        share = (1 - loss / log(self.n_categories)).clamp_min(0)
        return 1 + more * share**_PATIENCE

    def _categories(self, codes: Tensor) -> Tensor:
        return codes[:, : self.n_categories]


def read_hidden(discriminator: nn.Module, x: Tensor) -> Tensor:
    """Return the layer of a discriminator that codes are read off, of shape (n, d)."""
    for name in ("hidden", "features"):
        if hasattr(discriminator, name):
            return getattr(discriminator, name)(x).flatten(1)
    raise TypeError(
        f"{type(discriminator).__name__} has neither a method hidden(x) nor "
        "features(x), which codes are read off; let one return its last hidden layer, "
        "or choose a registered discriminator."
    )
