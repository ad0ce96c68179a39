"""Algorithm 1 of generative adversarial nets: both steps and the whole objective."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import AbstractContextManager, contextmanager, nullcontext
from copy import deepcopy
from functools import partial
from itertools import compress

import torch
from skorch.utils import to_device
from torch import Tensor, nn
from torch.nn.functional import cross_entropy

from skgan._torch_globals import borrow_global_stream
from skgan._validation import check_integer, check_stream
from skgan.loader import BatchLoader, OrderedLoader, TensorData
from skgan.nets._probe import probe
from skgan.nets._skorch import SkorchAdapter
from skgan.objectives import (
    BATCH_HALVES,
    Penalty,
    resolve_augmentation,
    resolve_loss,
    resolve_penalty,
    squared_gradient_norms,
)

PRECISIONS = ("float32", "bfloat16")
# Of classes that are read off rows: how sure the discriminator is not to become.
_CLASS_SMOOTHING = 0.1


class AdversarialNet(SkorchAdapter):
    """A skorch net that trains a generator against a discriminator.

    Algorithm 1 of Goodfellow et al. [1]_: each step draws latents z, takes
    `n_discriminator_steps` steps of the discriminator and then one of the generator.
    Losses, penalties and augmentations are those of `skgan.objectives`, by name.
    Everything skorch's users know works on both networks: ``generator__*``,
    ``discriminator__*``, ``optimizer_generator__*`` and
    ``optimizer_discriminator__*`` parameters, callbacks, history, ``save_params``.

    Parameters
    ----------
    generator : type
        Class of modules; ``forward(z, condition=None)`` returns rows.
    discriminator : type
        Class of modules; ``forward(x, condition=None)`` returns one logit a row.
    latent_dim : int, default=64
        Dimension of z. Also passed to the generator.
    latents : Tensor of shape (n_latents, latent_dim) or None, default=None
        A pool from which z is drawn, row by row with replacement, in training and in
        sampling; None draws z from a standard normal distribution.
    loss : str or tuple, default="nonsaturating"
        A key of `skgan.objectives.LOSSES` or the user's own pair of functions.
    penalty : str, tuple or None, default=None
        A key of `skgan.objectives.PENALTIES`, the user's own pair, or None.
    penalty_weight : float, default=1.0
        Times the penalty in the discriminator's loss.
    penalty_interval : int, default=1
        Steps of the discriminator from one with a penalty to the next. More is
        faster; images and narrow modes suffer, tables do not.
    augmentation : str, callable or None, default=None
        A key of `skgan.objectives.AUGMENTATIONS` or a function
        ``(rows, generator) -> rows``, applied to whatever the discriminator sees, real
        or fake.
    matching : callable or None, default=None
        ``(expected) -> scalar``, added to the generator's loss; `expected` is what
        ``generator.with_expectation(z, condition)`` returns beside the rows. See
        `skgan.objectives.MomentMatching`.
    conditioning : callable or None, default=None
        ``(rows, y, generator) -> conditions``: draws what real rows, which came
        with `y`, and as many fake ones are conditioned on. None: on `y` as it is.
    class_weight : float, default=0.0
        Times what the discriminator fails to tell of the classes of real rows, in its
        loss, and of generated ones, in the generator's: an auxiliary classifier [2]_.
        Above 0, conditions are one-hot classes, and the discriminator has a method
        ``judge_and_classify``, as those of convolutions have with ``n_classes``.
    n_discriminator_steps : int, default=1
        Steps of the discriminator, each on rows of its own, for one of the
        generator.
    average_halflife : float or None, default=None
        Half-life, in generator updates, of the average of the generator's weights
        kept in `averaged_generator_`; None keeps no average.
    precision : {"float32", "bfloat16"}, default="float32"
        What the networks compute in while they are trained. Weights, last layers,
        losses and optimizers are float32 in any case.
    optimizer_generator, optimizer_discriminator : type, default=torch.optim.Adam
        One optimizer each.
    lr : float, default=2e-4
        Learning rate of both optimizers, unless
        ``optimizer_generator__lr`` or ``optimizer_discriminator__lr`` say otherwise.
    max_epochs : int, default=10
        Passes over the rows, or epochs of ``iterator_train__n_batches`` batches.
    batch_size : int, default=128
        Rows a step of either network.
    random_state : int, RandomState instance or None, default=None
        Fixes the weights, the latents and the order of the rows. The global
        random streams are not touched.
    **kwargs
        Everything else a `skorch.NeuralNet` takes: ``callbacks``, ``device``,
        ``verbose``, ``train_split`` (None: no row is held out), ``iterator_train``
        (a `skgan.loader.BatchLoader`), ``generator__hidden_dims``, and so on.

    Attributes
    ----------
    generator_, discriminator_ : nn.Module
        The two networks.
    averaged_generator_ : nn.Module
        The averaged generator; only if `average_halflife` is not None.
    history : skorch.history.History
        ``discriminator_loss`` and ``generator_loss``, a batch and an epoch.

    See Also
    --------
    skgan.GANSampler : The estimator: encodes, trains such a net, draws, decodes.

    Notes
    -----
    The discriminator sees real and fake rows in one forward pass, unless its class
    has an attribute ``couples_batch`` that is true, as one with batch normalisation
    should. The fake rows of its last step are those of the generator's step.

    References
    ----------
    .. [1] Goodfellow et al., "Generative Adversarial Nets", NeurIPS 2014, alg. 1.
    .. [2] Odena, Olah and Shlens, "Conditional Image Synthesis with Auxiliary
       Classifier GANs", ICML 2017, eq. 3. Here the discriminator is given the class,
       too, and the generator learns from real and fake by its judgement alone.

    Examples
    --------
    >>> import numpy as np
    >>> from skgan.modules import MLPDiscriminator, MLPGenerator
    >>> from skgan.nets import AdversarialNet
    >>> X = np.random.default_rng(0).normal(size=(64, 2)).astype("float32")
    >>> net = AdversarialNet(
    ...     MLPGenerator,
    ...     MLPDiscriminator,
    ...     latent_dim=4,
    ...     max_epochs=2,
    ...     verbose=0,
    ...     generator__output_shape=(2,),
    ...     discriminator__input_shape=(2,),
    ...     random_state=0,
    ... ).fit(X)
    >>> net.generator_(net.draw_latents(3)).shape
    torch.Size([3, 2])
    """

    def __init__(
        self,
        generator,
        discriminator,
        *,
        latent_dim=64,
        latents=None,
        loss="nonsaturating",
        penalty=None,
        penalty_weight=1.0,
        penalty_interval=1,
        augmentation=None,
        matching=None,
        conditioning=None,
        class_weight=0.0,
        n_discriminator_steps=1,
        average_halflife=None,
        precision="float32",
        optimizer_generator=torch.optim.Adam,
        optimizer_discriminator=torch.optim.Adam,
        lr=2e-4,
        max_epochs=10,
        batch_size=128,
        iterator_train=BatchLoader,
        iterator_valid=OrderedLoader,
        dataset=TensorData,
        train_split=None,
        random_state=None,
        **kwargs,
    ):
        super().__init__(
            lr=lr,
            max_epochs=max_epochs,
            batch_size=batch_size,
            iterator_train=iterator_train,
            iterator_valid=iterator_valid,
            dataset=dataset,
            train_split=train_split,
            **kwargs,
        )
        self.generator = generator
        self.discriminator = discriminator
        self.latent_dim = latent_dim
        self.latents = latents
        self.loss = loss
        self.penalty = penalty
        self.penalty_weight = penalty_weight
        self.penalty_interval = penalty_interval
        self.augmentation = augmentation
        self.matching = matching
        self.conditioning = conditioning
        self.class_weight = class_weight
        self.precision = precision
        self.n_discriminator_steps = n_discriminator_steps
        self.average_halflife = average_halflife
        self.optimizer_generator = optimizer_generator
        self.optimizer_discriminator = optimizer_discriminator
        self.random_state = random_state

    def initialize_module(self):
        """Make both networks, and the averaged generator where one is wanted."""
        rng = check_stream("random_state", self.random_state)
        seed = int(rng.randint(2**31 - 1))
        self.latent_stream_ = torch.Generator(self.device).manual_seed(seed)
        self.order_stream_ = torch.Generator().manual_seed(seed + 1)
        with borrow_global_stream(seed):
            for name in self.network_names:
                setattr(self, f"{name}_", self.make_network(name))
        if self.class_weight and not hasattr(self.discriminator_, "judge_and_classify"):
            raise ValueError(
                f"class_weight={self.class_weight} wants a discriminator with a method "
                f"judge_and_classify, which {type(self.discriminator_).__name__} has "
                "not; set class_weight to 0, or take 'strided_conv' or 'residual_conv'."
            )
        if self.average_halflife is not None:
            self.averaged_generator_ = deepcopy(self.generator_).requires_grad_(False)
        elif hasattr(self, "averaged_generator_"):
            del self.averaged_generator_
        return self

    def make_network(self, name: str) -> nn.Module:
        """Return a network with weights as before the first step.

        Parameters
        ----------
        name : str
            One of `network_names`.

        Returns
        -------
        nn.Module
        """
        network, kwargs = getattr(self, name), self.get_params_for(name)
        try:
            return self.initialized_instance(network, kwargs)
        except TypeError as error:
            # Whether keywords did not fit; other errors speak for themselves.
            raise TypeError(
                f"The {name} {getattr(network, '__name__', network)} cannot be made "
                f"with the keywords {sorted(kwargs)}: {error}. Let its __init__ take "
                "**kwargs, and give what else it wants as "
                f"net_params={{'{name}__...': ...}}."
            ) from error

    def initialize_criterion(self):
        """Look up the objective; it is made of functions and has no weights."""
        check_integer("penalty_interval", self.penalty_interval, 1)
        if self.precision not in PRECISIONS:
            raise ValueError(
                f"precision must be one of {PRECISIONS}, got {self.precision!r}."
            )
        self.loss_ = resolve_loss(self.loss)
        self.penalty_ = resolve_penalty(self.penalty)
        self.n_penalty_steps_ = 0
        self.augmentation_ = resolve_augmentation(self.augmentation)
        self.latent_pool_ = self._read_latents()
        return self

    def initialize_optimizer(self, triggered_directly=None):
        """Make one optimizer a network, unless they wait until they are asked for."""
        if self._postpones_optimizers():
            return self
        for name in ("generator", "discriminator"):
            parameters = self.trained_by(name)
            args, kwargs = self.get_params_for_optimizer(
                f"optimizer_{name}", parameters
            )
            optimizer = getattr(self, f"optimizer_{name}")(*args, **kwargs)
            setattr(self, f"optimizer_{name}_", optimizer)
        return self

    def probe(self, X: Tensor, y: Tensor | None = None) -> None:
        """Try the networks and the objective on a few rows, and change nothing.

        Parameters
        ----------
        X : Tensor of shape (n, ...), float32
            Rows; some of the first are used.
        y : Tensor of shape (n, condition_dim), default=None
            What they are conditioned on.

        Raises
        ------
        TypeError, ValueError
            If a network, a loss or a penalty gives something of another kind, shape or
            dtype than training needs, NaN, or no gradient. Errors name which, what it
            gave and what is expected.
        """
        probe(self, X, y)

    def probe_more(self, real: Tensor, fake: Tensor, condition: Tensor | None) -> None:
        """Try what a subclass adds to the networks and the objective."""

    def shows_condition(self, module: nn.Module) -> bool:
        """Tell whether a network is called with what rows are conditioned on."""
        return True

    # Algorithm 1: the steps.
    def train_step(self, batch, **fit_params):
        """Take the discriminator's steps, then one of the generator.

        The fake rows of the last of these are those of the generator's step.
        """
        for real, condition in self._minibatches(batch):
            fake, expected = self._generate(len(real), condition)
            discriminator_loss = self._discriminator_step(
                real, fake.detach(), condition, batch
            )
        generator_loss = self._generator_step(real, fake, condition, expected, batch)
        return {
            "loss": generator_loss,
            "generator_loss": generator_loss,
            "discriminator_loss": discriminator_loss,
            "y_pred": fake.detach(),
        }

    def _discriminator_step(self, real, fake, condition, batch) -> Tensor:
        _clear_gradients(self.optimizer_discriminator_)
        loss = self._discriminator_loss(real, fake, condition)
        loss.backward()
        self.sum_gradients("discriminator")
        self.notify_gradients("discriminator", batch)
        self.optimizer_discriminator_.step()
        return loss.detach()

    def _generator_step(self, real, fake, condition, expected, batch) -> Tensor:
        # A frozen discriminator passes gradients on without gathering its own.
        with _frozen(self.optimizer_discriminator_):
            _clear_gradients(self.optimizer_generator_)
            loss = self._generator_loss(real, fake, condition)
            if expected is not None:
                loss = loss + self.matching(expected)
            loss.backward()
        self.sum_gradients("generator")
        self.notify_gradients("generator", batch)
        self.optimizer_generator_.step()
        return loss.detach()

    # Algorithm 1: the objective.
    def _discriminator_loss(self, real, fake, condition) -> Tensor:
        """L_D(x, G(z)) + weight * penalty, on real rows x, then fake ones."""
        penalty = self._next_penalty()
        x = self._augment(torch.cat([real, fake]))
        # A penalty at the rows themselves takes its gradients from the same pass.
        x.requires_grad_(penalty is not None and penalty.points in BATCH_HALVES)
        conditions = None if condition is None else torch.cat([condition, condition])
        if self.class_weight:
            logits, classes = self._judge_and_classify(x, conditions)
            class_loss = self._class_loss(classes.chunk(2)[0], condition)
            loss = self._adversarial_loss(logits) + class_loss
        else:
            logits = self._judge(x, conditions)
            loss = self._adversarial_loss(logits)
        if penalty is None:
            return loss
        cost = self._gradient_penalty(penalty, x, logits, conditions)
        return loss + self.penalty_weight_ * cost

    def _adversarial_loss(self, logits: Tensor) -> Tensor:
        """What D minimises, of the logits of real rows, then of fake ones."""
        real_logits, fake_logits = logits.chunk(2)
        return self.loss_.discriminator(real_logits, fake_logits)

    def _gradient_penalty(
        self, penalty: Penalty, x: Tensor, logits: Tensor, conditions: Tensor | None
    ) -> Tensor:
        """What D pays for steep gradients at the penalty's points: R1, R2 or others."""
        if penalty.points in BATCH_HALVES:
            # Each half of the batch, real or fake, is a set of points or is none.
            norms = self._squared_norms(penalty, self._judge, x, logits, conditions)
            halves = compress(norms.chunk(2), BATCH_HALVES[penalty.points])
            return penalty.cost(torch.cat(list(halves)))
        real, fake = x.chunk(2)
        points = penalty.points(real, fake, self.latent_stream_)
        points = points.detach().requires_grad_()
        if conditions is not None and len(points) != len(x):
            conditions = conditions.chunk(2)[0]
        judge = partial(self.call, self.discriminator_)
        logits = judge(points, conditions)
        return penalty.cost(
            self._squared_norms(penalty, judge, points, logits, conditions)
        )

    def _generator_loss(self, real, fake, condition) -> Tensor:
        """L_G(x, G(z)) under the discriminator as it stands."""
        fake = self._augment(fake)
        real = self._augment(real) if self.loss_.pairs_real else None
        # Run together, so that several processes exchange one message.
        fake_logits, real_logits, classes = self._run(
            self._judge_pair, fake, real, condition
        )
        loss = self.loss_.generator(real_logits, fake_logits)
        return loss if classes is None else loss + self._class_loss(classes, condition)

    def _judge_pair(self, fake, real, condition) -> tuple[Tensor | None, ...]:
        """Logits of fake rows, of the real ones they meet, and of the fakes' classes.

        Those of real rows are without gradients.
        """
        classes = real_logits = None
        if self.class_weight:
            fake_logits, classes = self._judge_and_classify(fake, condition)
        else:
            fake_logits = self.call(self.discriminator_, fake, condition)
        if real is not None:
            with torch.no_grad():
                real_logits = self.call(self.discriminator_, real, condition)
        return fake_logits, real_logits, classes

    def _class_loss(self, classes: Tensor, condition: Tensor) -> Tensor:
        """-E log C(y | x) of the classes that rows were to show, weighted."""
        loss = cross_entropy(classes, condition, label_smoothing=_CLASS_SMOOTHING)
        return self.class_weight * loss

    def _next_penalty(self) -> Penalty | None:
        """Return the penalty in every `penalty_interval`-th step, None in between."""
        if self.penalty_interval == 1:
            return self.penalty_
        is_due = self.n_penalty_steps_ % self.penalty_interval == 0
        self.n_penalty_steps_ += 1
        return self.penalty_ if is_due else None

    def _squared_norms(self, penalty: Penalty, judge, x, logits, conditions) -> Tensor:
        """Squared norms of the logits' gradients at `x`, exact or by a small step."""
        if penalty.step is None:
            norms = squared_gradient_norms(logits, x)
            return norms if self.shared_ is None else self.shared_.join(norms)
        noise = torch.empty_like(x)
        noise.normal_(0, penalty.step, generator=self.latent_stream_)
        differences = judge(x.detach() + noise, conditions) - logits
        return (differences / penalty.step).square().flatten(1).sum(1)

    def squared_gradient_norms(self, x: Tensor, condition: Tensor | None) -> Tensor:
        """Squared norms, of shape (n,), of the logit's gradients at rows `x`."""
        x = x.detach().requires_grad_()
        logits = self.call(self.discriminator_, x, condition)
        return squared_gradient_norms(logits, x)

    # Inputs of a step: rows, conditions, latents.
    def _minibatches(self, batch) -> list[tuple[Tensor, Tensor | None]]:
        """Cut a batch into rows and conditions for each discriminator step."""
        real, condition = self.rows_and_condition(batch)
        n_steps = min(self.n_discriminator_steps, len(real))
        if n_steps == 1:
            return [(real, condition)]
        rows = real.tensor_split(n_steps)
        if condition is None:
            return [(x, None) for x in rows]
        return list(zip(rows, condition.tensor_split(n_steps), strict=True))

    def rows_and_condition(
        self, batch, stream: torch.Generator | None = None
    ) -> tuple[Tensor, Tensor | None]:
        """Return the rows of a batch and what they are conditioned on.

        Parameters
        ----------
        batch : tuple of Tensor
            Rows and what came with them.
        stream : torch.Generator, default=None
            Where conditions are drawn from; None is the net's own stream.

        Returns
        -------
        tuple of Tensor and Tensor or None
            On the net's device.
        """
        real, condition = batch[0].to(self.device), batch[1].to(self.device)
        if self.conditioning is not None:
            stream = self.latent_stream_ if stream is None else stream
            return real, self.conditioning(real, condition, stream)
        return real, condition if condition.shape[1] else None

    def draw_latents(self, n: int, stream: torch.Generator | None = None) -> Tensor:
        """Draw latents for `n` rows, on the net's device.

        The one source of latents: of both steps, of validation, of sampling and of
        callbacks. A subclass that starts elsewhere overrides it.

        Parameters
        ----------
        n : int
            Rows.
        stream : torch.Generator, default=None
            What they are drawn with; None is the net's own stream.

        Returns
        -------
        Tensor of shape (n, latent_dim + noise_dim)
            Rows of the pool `latents`, or normal numbers; behind them normal ones
            that decide what a generator draws, `noise_dim` being its attribute of that
            name, or 0.
        """
        stream = self.latent_stream_ if stream is None else stream
        width = getattr(self.generator_, "noise_dim", 0)
        if self.latent_pool_ is None:
            width += self.latent_dim
        latents = torch.randn(n, width, generator=stream, device=stream.device)
        latents = latents.to(self.device)
        if self.latent_pool_ is None:
            return latents
        n_pool = len(self.latent_pool_)
        index = torch.randint(n_pool, (n,), generator=stream, device=stream.device)
        rows = self.latent_pool_.index_select(0, index.to(self.device))
        return torch.cat([rows, latents], dim=1)

    def _read_latents(self) -> Tensor | None:
        if self.latents is None:
            return None
        pool = torch.as_tensor(self.latents, dtype=torch.float32, device=self.device)
        if pool.ndim != 2 or pool.shape[1] != self.latent_dim or not len(pool):
            raise ValueError(
                f"latents must be of shape (n_latents, {self.latent_dim}), latent_dim "
                f"being {self.latent_dim}, and hold one or more; got "
                f"{tuple(pool.shape)}."
            )
        if not pool.isfinite().all():
            raise ValueError("latents hold NaN or infinity.")
        return pool

    # The networks that draw and judge, wherever they stand.
    @property
    def sampling_generator_(self) -> nn.Module:
        """The generator to draw from: the averaged one where there is one."""
        has_average = hasattr(self, "averaged_generator_")
        return self.averaged_generator_ if has_average else self.generator_

    def _generate(self, n: int, condition: Tensor | None):
        """Return fake rows, and what is expected of them if that is matched."""
        latents = self.draw_latents(n)
        if self.matching is None:
            return self.call(self.generator_, latents, condition), None
        with self.autocast(latents.device.type):
            return self._run(self.generator_.with_expectation, latents, condition)

    def _augment(self, x: Tensor) -> Tensor:
        if self.augmentation_ is None:
            return x
        return self.augmentation_(x, self.latent_stream_)

    def _judge(self, x: Tensor, conditions: Tensor | None) -> Tensor:
        """Judge real and fake rows in one pass, or apart if D couples a batch."""
        if not getattr(self.discriminator_, "couples_batch", False):
            return self.call(self.discriminator_, x, conditions)
        pair = (None, None) if conditions is None else conditions.chunk(2)
        halves = zip(x.chunk(2), pair, strict=True)
        return torch.cat([self.call(self.discriminator_, *half) for half in halves])

    def _judge_and_classify(self, x: Tensor, condition: Tensor | None):
        """Return logits of rows, and those of their classes, of one pass."""
        with self.autocast(x.device.type):
            judged = self._run(self.discriminator_.judge_and_classify, x, condition)
        return tuple(logits.float() for logits in judged)

    def call(self, module: nn.Module, x: Tensor, condition: Tensor | None) -> Tensor:
        """Run a network, which need not know conditions when there are none."""
        arguments = (x,) if condition is None else (x, condition)
        if self.precision == "float32":
            return self._run(module, *arguments)
        with self.autocast(x.device.type):
            return self._run(module, *arguments).float()

    def _run(self, function, *arguments):
        """Call a function of rows; of several processes, each has its share of them."""
        shared = self.shared_
        if shared is None:
            return function(*arguments)
        # What the function runs is of this process's rows already.
        self.shared_ = None
        try:
            return shared.run(function, *arguments)
        finally:
            self.shared_ = shared

    def call_in_parts(
        self, module: nn.Module, x: Tensor, condition: Tensor | None
    ) -> Tensor:
        """Run a network, on half the rows at a time where memory does not suffice."""
        try:
            return self.call(module, x, condition)
        except torch.OutOfMemoryError:
            if len(x) == 1:
                raise
        conditions = (None, None) if condition is None else condition.chunk(2)
        halves = zip(x.chunk(2), conditions, strict=True)
        return torch.cat([self.call_in_parts(module, *half) for half in halves])

    def autocast(self, device_type: str) -> AbstractContextManager:
        """Return the context in which networks compute in ``precision``."""
        if self.precision == "float32":
            return nullcontext()
        return torch.autocast(device_type, dtype=getattr(torch, self.precision))

    @torch.no_grad()
    def validation_step(self, batch, **fit_params):
        """Measure both losses on held-out rows, the discriminator's as the loss."""
        real, c = self.rows_and_condition(batch)
        fake = self.call(self.generator_, self.draw_latents(len(real)), c)
        real_logits = self.call(self.discriminator_, real, c)
        fake_logits = self.call(self.discriminator_, fake, c)
        return {
            "loss": self.loss_.discriminator(real_logits, fake_logits),
            "generator_loss": self.loss_.generator(real_logits, fake_logits),
            "y_pred": fake,
        }

    def infer(self, x, **fit_params):
        """Turn latents `x` into rows."""
        return self.generator_(to_device(x, self.device), **fit_params)


def _clear_gradients(optimizer: torch.optim.Optimizer) -> None:
    """Do what ``zero_grad`` does, without what it does for profilers."""
    for group in optimizer.param_groups:
        for parameter in group["params"]:
            parameter.grad = None


@contextmanager
def _frozen(optimizer: torch.optim.Optimizer) -> Iterator[None]:
    """Keep what an optimizer trains from gathering gradients."""
    groups = optimizer.param_groups
    frozen = [p for group in groups for p in group["params"] if p.requires_grad]
    for parameter in frozen:
        parameter.requires_grad_(False)
    try:
        yield
    finally:
        for parameter in frozen:
            parameter.requires_grad_(True)
