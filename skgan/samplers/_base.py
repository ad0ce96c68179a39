"""BaseGANSampler: validate, encode, train, draw, decode."""

from __future__ import annotations

import warnings
from contextlib import nullcontext
from copy import deepcopy
from functools import partial, wraps
from inspect import signature
from typing import Any, NamedTuple

import numpy as np
import torch
from numpy.typing import NDArray
from sklearn.base import (
    ClassNamePrefixFeaturesOutMixin,
    DensityMixin,
    TransformerMixin,
)
from sklearn.model_selection import train_test_split
from sklearn.utils.validation import check_is_fitted

from skgan._callback_tasks import CallbackSupport, with_callbacks
from skgan._deadline import read_deadline
from skgan._diagram import DataDiagramMixin
from skgan._estimator import VersionedEstimator, persistent
from skgan._messages import warn_user
from skgan._torch_globals import torch_defaults, training_threads
from skgan._validation import (
    check_boolean,
    check_integer,
    check_memory,
    check_share,
    check_stream,
)
from skgan.encoding import BaseEncoder, make_encoder
from skgan.frames import as_rows, index_names
from skgan.metrics import ReferenceSpace, energy_distance
from skgan.nets import AdversarialNet, join_processes
from skgan.samplers._auto import resolve_device, resolve_settings
from skgan.samplers._conditions import make_conditions, table_params
from skgan.samplers._drawing import DrawingMixin, read_truncation
from skgan.samplers._fit_tasks import start_tasks
from skgan.samplers._named_rows import read_named
from skgan.samplers._prior_conditions import PriorConditions
from skgan.samplers._resume import check_together, keep_seeds, open_checkpoint
from skgan.samplers._training import (
    FitData,
    advice_on_memory,
    continue_net,
    count_epochs,
    interruption,
    make_callbacks,
    net_from_settings,
    train,
)
from skgan.samplers._trees_mixin import TreesMixin

# Attributes that validation sets, and attributes that training sets after it.
_FEATURES, _LEARNT = ("n_features_in_", "feature_names_in_"), ("net_", "sampler_")


def keeps_features(fit):
    """Let a fit that was refused leave an estimator with the columns that it knew.

    Validation learns the columns before rows are refused; what was fitted on others
    goes on with those.
    """

    @wraps(fit)
    def fit_or_leave(self, X, y=None):
        before = dict(vars(self))
        try:
            return fit(self, X, y)
        except BaseException:
            now = vars(self)
            if all(now.get(name) is before.get(name) for name in _LEARNT):
                for name in _FEATURES:
                    now.pop(name, None)
                now.update({k: v for k, v in before.items() if k in _FEATURES})
            raise

    return fit_or_leave


def features_of(discriminator, rows: torch.Tensor, conditions) -> torch.Tensor:
    """Return a discriminator's features of rows, of which nothing counts as given."""
    arguments = [rows]
    takes_condition = len(signature(discriminator.features).parameters) > 1
    if conditions is not None and takes_condition:
        arguments.append(rows.new_zeros(len(rows), conditions.condition_dim))
    with torch.inference_mode():
        return discriminator.features(*arguments).flatten(1)


# Energy distances take the square of this in distances: half a second.
_MAX_SCORED_ROWS = 5000
# While training is watched, speed counts for more.
MAX_WATCHED_ROWS = 2000
_MIN_SPLIT_ROWS = 10
# Of the time that is left when training starts, where stages are judged after it.
_TRAINING_SHARE = 0.4
# Of the time of a fit, for the search for a rotation.
_ENCODING_SHARE = 0.2
# A generator that starts from a prior has the moments of rows from the start, and is
# scored by boosted trees, which take longer.
_OF_STAGES: dict[str, Any] = {"n_scores": 4, "calibrates": False}


@persistent()
class Seeds(NamedTuple):
    """What is drawn from `random_state`, once a fit: a seed a purpose."""

    net: int
    stream: int
    score: int
    split: int


@persistent(
    "_seeds", "_reference", "_stream", "_conditions", rebuilt=("_skl_callbacks",)
)
class BaseGANSampler(
    CallbackSupport,
    DataDiagramMixin,
    DrawingMixin,
    TreesMixin,
    ClassNamePrefixFeaturesOutMixin,
    DensityMixin,
    TransformerMixin,
    VersionedEstimator,
):
    """What every sampler shares: X → encoder → tensor → net → tensor → encoder → X.

    Think twice before adding to it; a subclass says what it conditions on and which
    net it trains.
    """

    encoder_: BaseEncoder
    net_: AdversarialNet
    _seeds: Seeds
    _conditions: Any
    _net_class: type[AdversarialNet] = AdversarialNet

    @with_callbacks
    @keeps_features
    @torch_defaults()
    def fit(self, X, y=None):
        """Learn to sample rows like those of `X`.

        Parameters
        ----------
        X : array-like or DataFrame of shape (n_samples, n_features) or \
                (n_samples, height, width[, channels]), or what names rows
            At least 2 rows. What names them instead of holding them is read in
            batches: a path or a pattern of Parquet or CSV files, a
            `pyarrow.dataset.Dataset`, a lazy frame of polars or Dask, or a
            `skgan.RowSource` of one of these. Of more than 200 000 such rows a uniform
            sample is learnt.
        y : Ignored
            For scikit-learn's pipelines.

        Returns
        -------
        self

        Raises
        ------
        TypeError
            If a parameter is of the wrong type, or `X` is sparse.
        ValueError
            If a parameter is out of its range, or `X` has fewer than 2 rows, holds
            infinity, text, or, in an array, NaN; if files cannot be read or differ.
        FileNotFoundError
            If there is no such file.
        KeyboardInterrupt
            If the user breaks training off; what was learnt so far can sample.
        """
        data = self._prepare(X, y)
        with data.named or nullcontext():
            self._start(data)
            n_epochs = count_epochs(self.net_, data.settings, self.net_params)
            data.tasks = start_tasks(self, X, y, n_epochs)
            self._train(data)
            if data.tasks is not None:
                data.tasks.finish()
        return self

    def _prepare(self, X, y) -> FitData:
        """Read X and y once: rows, what they are conditioned on, what is held out."""
        deadline = read_deadline(self.max_time)
        X, y, named = read_named(self, X, y)
        is_warm_start = bool(self.warm_start and hasattr(self, "net_"))
        encoder = self.encoder_ if is_warm_start else self._make_encoder(X)
        starts_from = self._read_prior(encoder, is_warm_start)
        if starts_from == "normal" and not is_warm_start:
            encoder = self._encoder_of_networks(encoder)
        self._check_rows(X, encoder, reset=not is_warm_start)
        _warn_of_index(X)
        labels, target = self._read_target(X, y, is_warm_start)
        seen = None if labels is None else y
        processes = join_processes(resolve_device(self.device))
        check_together(self, X, seen, is_warm_start, processes)
        checkpoint = open_checkpoint(self, X, seen, is_warm_start, processes)
        seeds = self._seeds if is_warm_start else self._draw_seeds()
        if processes is not None:
            seeds = Seeds(*processes.share(tuple(seeds)))
        seeds = keep_seeds(checkpoint, seeds)
        data = FitData(X, encoder, labels, target, seeds, is_warm_start, deadline)
        data.processes, data.named = processes, named
        with deadline.share(_ENCODING_SHARE).in_force():
            if starts_from == "trees":
                self._prepare_columns(data)
            else:
                self._prepare_rows(data)
        data.settings = data.settings._replace(checkpoint=checkpoint)
        return data

    def _prepare_rows(self, data: FitData) -> None:
        """Encode the rows of a generator that starts from normal latents."""
        encoder, labels, seeds = data.encoder, data.labels, data.seeds
        X, target, data.held_out = self._split(data.X, labels, data.target, seeds.split)
        data.X, data.target = X, target
        if not data.is_warm_start:
            encoder = data.encoder = self._fit_encoder_in_time(data)
        encoded = self._encode(encoder, X, target, seeds.net)
        data.settings = resolve_settings(
            self, len(encoded), encoder, labels is not None
        )
        data.rows = torch.as_tensor(self._shape(encoded, encoder).astype(np.float32))
        data.conditions = self._make_conditions(encoder, encoded, labels, target)

    def _fit_encoder_in_time(self, data: FitData) -> BaseEncoder:
        """Fit the encoder; where the clock bounds it, in one process for all."""

        def fit() -> BaseEncoder:
            self._fit_encoder(data.encoder, data.X, data.labels, data.target)
            return data.encoder

        return data.on_first_process(fit) if data.deadline.is_set else fit()

    def _start(self, data: FitData) -> None:
        """Make the net, or give it its new settings; nothing can be refused later."""
        encoder, settings = data.encoder, data.settings
        if data.prior is None and data.conditions is not None:
            data.given, data.groups = data.conditions.training()
        if data.is_warm_start:
            continue_net(self.net_, settings, self.net_params)
            if data.prior is not None and settings.max_iter:
                self.net_.set_params(latents=data.net_params["latents"])
            self._probe(self.net_, data)
        else:
            if data.prior is None:
                data.net_params = self._data_params(
                    encoder, data.rows, data.conditions, settings
                )
            net = net_from_settings(
                settings,
                tuple(data.rows.shape[1:]),
                data.seeds.net,
                self.net_params,
                data.net_params,
                self._net_class,
            )
            self._probe(net, data)
            # A refit that was refused leaves the sampler as it was.
            self.encoder_, self.net_, self._seeds = encoder, net, data.seeds
            # What is drawn fresh is like no row.
            fresh = getattr(encoder, "identifiers_", ())
            self._reference = ReferenceSpace(fresh).fit(data.X)
            self._stream = np.random.RandomState(data.seeds.stream)
        self._conditions = data.conditions
        self.prior_, self.rejection_ = data.prior, None
        self.stage_ = "generator" if data.prior is None else "prior"
        self.stage_scores_ = {}
        if data.prior is None and not (settings.max_iter or len(self.net_.history)):
            warnings.warn(
                "max_iter=0 trains no networks, and no decision trees draw rows in "
                "their place: an untrained generator draws. Set max_iter to at least "
                '1 or, for tables and vectors, prior="trees".',
                stacklevel=6,
            )

    def _probe(self, net: AdversarialNet, data: FitData) -> None:
        """Refuse networks and objectives of the user's own that cannot be trained."""
        if not data.settings.max_iter:
            return
        with training_threads(), advice_on_memory():
            net.probe(data.rows, data.given)
            net.eval()
            self._count_features(net, data)

    def _count_features(self, net: AdversarialNet, data: FitData) -> int | None:
        """Return how many features a discriminator shows; None without any."""
        discriminator = net.discriminator_
        if not hasattr(discriminator, "features"):
            return None
        row = data.rows[:1].to(net.device)
        conditions = data.conditions if data.prior is None else None
        try:
            features = features_of(discriminator, row, conditions)
        except (RuntimeError, TypeError, ValueError, AttributeError) as error:
            raise ValueError(
                f"The method features of the discriminator "
                f"{type(discriminator).__name__} failed on rows of shape "
                f"{tuple(row.shape)}: {error}"
            ) from error
        return features.shape[1]

    def partial_fit(self, X, y=None):
        """Go on from where training ended, for `max_iter` more updates.

        The first call is ``fit``. Later ones keep the encoder and the networks as
        they are and take `X`, the same rows or new ones, as what is to be learnt
        now. Each call follows the whole schedule. A prior of trees, and which stage
        is kept, follow from the rows of the last call alone; those may hold no level
        that the first call did not see.

        Parameters
        ----------
        X : array-like or DataFrame of shape (n_samples, ...)
            At least 2 rows, of the columns that the first call had.
        y : array-like, default=None
            As in ``fit``.

        Returns
        -------
        self
        """
        warm_start = self.warm_start
        self.set_params(warm_start=True)
        try:
            return self.fit(X, y)
        finally:
            self.set_params(warm_start=warm_start)

    def _encoder_of_networks(self, encoder: BaseEncoder) -> BaseEncoder:
        """Return the encoder that networks without a prior need."""
        return encoder

    # Hooks of a sampler that conditions on labels: `labels` knows what they are,
    # `target` holds those of the training rows in canonical form.
    def _read_target(self, X, y, is_warm_start: bool) -> tuple[Any, Any]:
        return None, None

    def _split(self, X, labels, target, seed: int) -> tuple[Any, Any, Any]:
        X, held_out = self._hold_out(X, seed)
        return X, target, held_out

    def _make_encoder(self, X) -> BaseEncoder:
        return make_encoder(self.encoder, X)

    def _fit_encoder(self, encoder: BaseEncoder, X, labels, target) -> None:
        encoder.fit(X)

    def _encode(self, encoder: BaseEncoder, X, target, seed: int) -> NDArray:
        return encoder.encode_for_training(X, seed)

    def _adapt(self, automatic: dict) -> dict:
        """Return what "auto" stands for in this kind of sampler."""
        return automatic

    def _make_conditions(self, encoder: BaseEncoder, encoded, labels, target):
        return make_conditions(encoder, encoded)

    def _data_params(self, encoder: BaseEncoder, rows, conditions, settings) -> dict:
        return table_params(encoder, rows, conditions)

    def _draw_seeds(self) -> Seeds:
        rng = check_stream("random_state", self.random_state)
        return Seeds(*(int(seed) for seed in rng.randint(2**31 - 1, size=4)))

    def _hold_out(self, X, seed: int):
        """Split off the rows that early stopping watches; none without it."""
        n_held_out = self._count_held_out(X)
        if not n_held_out:
            return X, None
        return train_test_split(X, test_size=n_held_out, random_state=seed)

    def _count_held_out(self, X) -> int:
        is_automatic = (
            isinstance(self.early_stopping, str) and self.early_stopping == "auto"
        )
        if is_automatic or not check_boolean("early_stopping", self.early_stopping):
            return 0
        share = check_share("validation_fraction", self.validation_fraction)
        if len(X) < _MIN_SPLIT_ROWS:
            raise ValueError(
                f"early_stopping=True holds rows out and needs {_MIN_SPLIT_ROWS} of "
                f"them, got {len(X)}; set it to False."
            )
        return min(max(2, round(share * len(X))), len(X) - 2)

    def sample(self, n_samples=1, *, given=None, truncation=None, random_state=None):
        """Draw rows.

        Parameters
        ----------
        n_samples : int, default=1
            Rows to draw; 0 gives an empty result of the right kind.
        given : dict, list of dict, DataFrame or callable, default=None
            What the rows shall have. A dict of columns, by name or, of an array,
            position: a value; None for missing; a range ``(low, high)`` of numbers
            or dates, bounds included, None for an open end; or a list of values and
            ranges of which any may hold. A list of `n_samples` such dicts, one a
            row, or a DataFrame of `n_samples` partial rows, where what is missing
            is not given but drawn (to fill gaps, take `GANImputer`: it never draws a
            missing value). Or a function that gets drawn rows, as ``sample``
            returns them, and returns a mask of those to keep. What cannot be told to
            the generator or its prior is looked for in up to 200 000 drawn rows and
            more.
        truncation : float or None, default=None
            Fidelity against variety, of generators of normal latents
            (``prior="normal"``, and images): no latent is further from 0 than this, in
            standard deviations, greater than 0. Between 1 and 2 rows are likelier and
            more alike; far below 1 they are spoiled, because the generator has hardly
            seen such latents. None bounds none.
        random_state : int, RandomState instance or None, default=None
            Fixes the rows. For one seed, ``sample(n)`` is the start of ``sample(m)``
            for n < m. None draws on along the stream that the constructor's
            `random_state` fixed.

        Returns
        -------
        array or DataFrame of shape (n_samples, ...)
            Like what ``fit`` was given: container, columns, dtypes, range, trailing
            shape.

        Raises
        ------
        sklearn.exceptions.NotFittedError
            Before ``fit``.
        TypeError
            If `n_samples` is no integer.
        ValueError
            If `n_samples` is negative, `given` asks for what cannot be or is too
            rare to be found, or `truncation` is not positive, or is asked of a prior
            of trees.
        MemoryError
            If so many rows do not fit into memory; none is drawn then.

        Warns
        -----
        UserWarning
            If a prior draws what is not given, and of its candidates for a row fewer
            than five count: the median of the rows' effective sample sizes, which the
            logger ``skgan`` tells at level `INFO` each time.
        """
        check_is_fitted(self, "net_")
        n_samples = self._read_amount(n_samples)
        asked = self._read_asked(n_samples, given)
        bound, seed = read_truncation(truncation, self), self._next_seed(random_state)
        rows = self._draw_asked(asked, 0, n_samples, seed, bound)
        drawn_with = getattr(asked, "drawn_with", None)
        if self.prior_ is not None and isinstance(drawn_with, PriorConditions):
            drawn_with.tell_sizes(self.prior_.n_particles)
        return rows

    def _read_amount(self, n_samples) -> int:
        """Return how many rows to draw, if they can be held."""
        n_samples = check_integer("n_samples", n_samples, 0)
        dtype = getattr(self.encoder_.output_builder_, "dtype", None)
        itemsize = dtype.itemsize if isinstance(dtype, np.dtype) else 8
        check_memory(n_samples, self.n_features_in_ * itemsize)
        return n_samples

    def _next_seed(self, random_state) -> int:
        stream = self._stream if random_state is None else random_state
        return int(check_stream("random_state", stream).randint(2**31 - 1))

    def score(self, X, y=None):
        """Return minus the energy distance between `X` and a sample.

        The sample is drawn with a seed of its own, fixed in ``fit``. Distances are
        taken between rows standardised by the training rows, whatever the encoder,
        so that the scores of any two settings compare.

        Parameters
        ----------
        X : array-like or DataFrame of shape (n_samples, ...)
            Rows, best held out; of more than 5000 some 5000 are used.
        y : Ignored
            For scikit-learn's searches.

        Returns
        -------
        float
            At most about 0, which a perfect sampler has on average; higher is
            better.
        """
        check_is_fitted(self, "net_")
        X = as_rows(X)
        self._check_rows(X, self.encoder_, reset=False)
        if len(X) < 2:
            raise ValueError(
                "score compares two sets of rows and needs at least 2 of X, got 1."
            )
        return self._score_rows(X, self._read_scored(X, y), _MAX_SCORED_ROWS)

    def _read_scored(self, X, y):
        """Return the labels to score with in canonical form; None without them."""
        return None

    @torch_defaults()
    def transform(self, X):
        """Return the discriminator's features of `X`.

        Parameters
        ----------
        X : array-like or DataFrame of shape (n_samples, ...)
            Rows like those given to ``fit``.

        Returns
        -------
        ndarray of shape (n_samples, n_features_out)
            What the discriminator's ``features`` method returns, flattened.

        Raises
        ------
        TypeError
            If the discriminator has no method ``features``.
        """
        check_is_fitted(self, "net_")
        X = as_rows(X)
        self._check_rows(X, self.encoder_, reset=False)
        if not hasattr(self.net_.discriminator_, "features"):
            raise TypeError(
                f"{type(self.net_.discriminator_).__name__} has no method "
                "features(x); give it one, or choose a registered discriminator."
            )
        self._check_trained()
        # In float64, so that a row's features do not depend on its neighbours.
        discriminator = deepcopy(self.net_.discriminator_).double()
        encoded = self.encoder_.encode(X).astype(np.float64)
        if self.prior_ is None:
            encoded = self._shape(encoded)
        rows = torch.as_tensor(encoded, device=self.net_.device)
        return self._features(discriminator, rows).cpu().numpy()

    def get_feature_names_out(self, input_features=None):
        """Return the names of what ``transform`` gives.

        Parameters
        ----------
        input_features : Ignored
            For scikit-learn's pipelines.

        Returns
        -------
        ndarray of str of shape (n_features_out,)
            The class, in lower case, and a number.

        Raises
        ------
        sklearn.exceptions.NotFittedError
            Before ``fit``.
        ValueError
            If no update has trained the discriminator.
        """
        check_is_fitted(self, "net_")
        self._check_trained()
        return super().get_feature_names_out(input_features)

    def _check_trained(self) -> None:
        if not self.n_iter_:
            raise ValueError(
                "No update has trained the discriminator, whose features transform "
                "returns; fit with max_iter of at least 1."
            )

    def _features(self, discriminator, rows: torch.Tensor) -> torch.Tensor:
        """Features of encoded rows, of which nothing counts as given."""
        if self.prior_ is not None:
            # Labels stand behind the row; here none is known.
            (width,) = self.net_.get_params_for("discriminator")["input_shape"]
            rows = torch.nn.functional.pad(rows, (0, width - rows.shape[1]))
            return features_of(discriminator, rows, None)
        return features_of(discriminator, rows, self._conditions)

    def _check_rows(self, X, encoder: BaseEncoder, *, reset: bool) -> None:
        encoder.check_features(self, X, reset=reset)
        if not reset:
            encoder.check_axes(X)

    def _shape(self, rows: NDArray, encoder: BaseEncoder | None = None) -> NDArray:
        encoder = self.encoder_ if encoder is None else encoder
        return rows.reshape(-1, *encoder.tensor_shape_)

    def _train(self, data: FitData) -> None:
        net, user_params = self.net_, self.net_params or {}
        settings = self._in_time_left(data)
        # An encoder of latents belongs to the generator it was trained for.
        self.__dict__.pop("inverter_", None)
        try:
            if settings.max_iter:
                scorer = self._make_scorer(data)
                options = {} if data.prior is None else _OF_STAGES
                options = {**options, "tasks": data.tasks, "restarts": data.restarts}
                callbacks = make_callbacks(
                    settings, self.callbacks, self.verbose, scorer, **options
                )
                with training_threads():
                    train(
                        net,
                        data.rows,
                        settings,
                        callbacks,
                        user_params,
                        data.given,
                        data.groups,
                    )
        finally:
            self.history_ = net.history
            self.n_iter_ = sum(len(epoch["batches"]) for epoch in net.history)
            if data.prior is not None:
                # Rows that training started from: files and pickles need none of them.
                net.set_params(latents=None)
        n_features = self._count_features(net, data)
        if n_features is not None:
            self._n_features_out = n_features
        if settings.max_iter and net.interrupted_:
            raise interruption(type(self).__name__, self.n_iter_)
        if data.prior is not None:
            self._keep_stage_together(data)

    def _in_time_left(self, data: FitData):
        """Return the settings with the time that training may take."""
        clock, settings = data.deadline, data.settings
        if not clock.is_set:
            return settings
        judges = data.columns is not None and data.columns.is_held_out.any()
        share = _TRAINING_SHARE if judges else 1.0
        # A limit of zero would be none; the first update is made in any case.
        seconds = data.on_first_process(lambda: max(share * clock.left, 1e-3))
        return settings._replace(max_time=seconds)

    def _make_scorer(self, data: FitData):
        """Return what scores a net on rows held out; None where none are."""
        if data.prior is None:
            held_out = data.held_out
            return None if held_out is None else partial(self._watched_score, held_out)
        return self._watch_stages(data)

    def _watched_score(self, held_out, net) -> float:
        net.eval()
        return self._score_rows(held_out, None, MAX_WATCHED_ROWS)

    def _score_rows(self, X, target, max_rows: int) -> float:
        sample = self._draw(max(2, min(len(X), max_rows)), self._seeds.score)
        return -energy_distance(
            self._reference.transform(X),
            self._reference.transform(sample),
            standardize=False,
            max_samples=max_rows,
            random_state=self._seeds.score,
        )


def _warn_of_index(X: Any) -> None:
    """Tell that samples will not have what stands in an index with a name."""
    names = index_names(X)
    if names:
        shown = ", ".join(map(repr, names))
        warn_user(
            f"The index {shown} is no column, and is not learnt: X.reset_index() makes "
            "it one, and reset_index(drop=True) drops it without this warning."
        )
