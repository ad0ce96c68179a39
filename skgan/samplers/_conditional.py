"""ConditionalGANSampler: fit on rows and their labels, sample rows by label."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
from sklearn.model_selection import train_test_split
from sklearn.utils import resample
from sklearn.utils.validation import check_consistent_length, check_is_fitted

from skgan.encoding import LabelledTableEncoder, Labels, TableEncoder
from skgan.frames import refuse_what_has_no_rows
from skgan.metrics import energy_distance
from skgan.samplers._base import MAX_WATCHED_ROWS, BaseGANSampler
from skgan.samplers._conditions import (
    CONDITION_SAMPLINGS,
    LabelConditions,
    LabelledRows,
    LabelledTableConditions,
    LabelShares,
    label_conditions,
)
from skgan.samplers._diagnosis_mixin import DiagnosisMixin
from skgan.samplers._drawing import read_truncation
from skgan.samplers._explanation import ExplanationMixin
from skgan.samplers._inversion import InversionMixin

# Its forests take long to import, and few samplers are asked.
if TYPE_CHECKING:
    from skgan.metrics import Diagnosis


# A multiple of the sizes of all blocks that rows are drawn in.
_LARGEST_BLOCK = 4096


class ConditionalGANSampler(
    DiagnosisMixin, ExplanationMixin, InversionMixin, BaseGANSampler
):
    """Learns rows with their labels, and samples rows by class or by number.

    It learns p(X | y): y may be classes, numbers, or several columns of either, and
    a sample is drawn for the labels one asks for. Tables and vectors start from a chain
    of decision trees, in which labels stand first, and images from normal noise, as in
    `GANSampler`.

    Parameters
    ----------
    latent_dim : int or "auto", default="auto"
        Dimension of the latent z; see `GANSampler`.
    hidden_dims : sequence of int or "auto", default="auto"
        Widths of the hidden layers of both networks; see `GANSampler`.
    generator : str or type, default="auto"
        The generator, by name or class; see `GANSampler`.
    discriminator : str or type, default="auto"
        The discriminator, by name or class; see `GANSampler`.
    loss : str or tuple, default="relativistic"
        The losses of both networks, by name or as functions; see `GANSampler`.
    penalty : str, tuple or None, default="r1+r2"
        The gradient penalty, by name or as functions; see `GANSampler`.
    penalty_weight : float or "auto", default="auto"
        Times the penalty; see `GANSampler`.
    learning_rate : float or "auto", default="auto"
        Of both optimizers (Adam).
    batch_size : int or "auto", default="auto"
        Rows a step; see `GANSampler`.
    max_iter : int or "auto", default="auto"
        Generator updates; see `GANSampler`.
    n_discriminator_steps : int, default=1
        Discriminator steps a generator update.
    average_halflife : float, None or "auto", default="auto"
        Half-life, in updates, of the averaged generator; see `GANSampler`.
    schedule : str or dict, default="annealed"
        How learning rate and penalty change over the fit; see `GANSampler`.
    max_time : float or None, default=None
        Seconds that the whole fit may take; see `GANSampler`.
    early_stopping : bool or "auto", default="auto"
        Whether rows are held out to score and choose by; see `GANSampler`.
    validation_fraction : float, default=0.1
        Share of rows held out; see `GANSampler`.
    n_iter_no_change : int, default=10
        Scores in a row without improvement that end training; see `GANSampler`.
    y_kind : str, default="auto"
        What columns of y hold: "classes" or "numbers". "auto" takes for numbers
        what has a fraction, and whole numbers of which there are more than 20, with
        fewer than 20 rows for each on average; strings, booleans, categories and all
        else are classes.
    condition_sampling : str, default="auto"
        How often labels come in training. "empirical": as often as in y. "balanced":
        each class, or combination of classes, equally often, which helps rare ones;
        it changes nothing where y holds only numbers. "auto": balanced for tables,
        empirical for vectors and images. Samples have the frequencies of y however it
        was trained. With a prior of trees it changes nothing.
    encoder : BaseEncoder or "auto", default="auto"
        How X becomes a tensor and back; see `GANSampler`.
    prior : {"auto", "normal", "trees"}, default="auto"
        What the generator starts from; see `GANSampler`.
    rejection : {"auto"}, None or classifier, default="auto"
        How rows of a prior of trees are accepted; see `GANSampler`.
    callbacks : list or None, default=None
        skorch callbacks, as in `skorch.NeuralNet`.
    checkpoint : str, path-like, TrainingCheckpoint or None, default=None
        A folder in which the fit writes down where it is; see `GANSampler`.
    net_params : dict or None, default=None
        Parameters of the net, applied last; see `GANSampler`.
    warm_start : bool, default=False
        Whether ``fit`` goes on from where the last one ended; see `GANSampler`.
    device : str, default="auto"
        A PyTorch device, or "auto"; see `GANSampler`.
    random_state : int, RandomState instance or None, default=None
        Fixes the whole fit and the stream of later draws.
    verbose : int, default=0
        1 shows one progress bar; 2 adds both losses.

    Attributes
    ----------
    classes_ : ndarray of shape (n_classes,)
        The classes, sorted; only where y is one column of classes.
    net_ : AdversarialNet
        The trained skorch net, with ``generator_`` and ``discriminator_``.
    encoder_ : BaseEncoder
        The fitted encoder.
    prior_ : TreesPrior or None
        What the generator starts from; None for normal noise.
    rejection_ : RejectionRule or None
        Says which drawn rows are kept; None where all are.
    stage_ : str
        What ``sample`` uses; see `GANSampler`.
    stage_scores_ : dict of str to float
        How hard each stage is to tell from held-out rows; see `GANSampler`.
    history_ : skorch.history.History
        As that of `GANSampler`.
    n_iter_ : int
        Generator updates done.
    n_features_in_ : int
        Features of a row, trailing axes flattened.
    feature_names_in_ : ndarray of shape (n_features,)
        Names of columns, where X had them.

    See Also
    --------
    GANSampler : The same without labels.

    Notes
    -----
    With a prior of trees, classes of fewer than 40 rows are filled up to 40 in training
    by rows between two of their own. With ``prior="normal"`` the generator gets the
    label beside its latent. That of vectors starts from a normal distribution for each
    class, shrunk towards what all classes have in common the fewer rows the class has,
    so that rare classes are usable. The discriminator judges rows together with their
    labels [1]_. Of images of colour with one column of classes it also says which class
    an image shows, and what it fails to tell is added to both losses [2]_;
    ``net_params={"class_weight": 0}`` leaves that out.

    References
    ----------
    .. [1] Miyato and Koyama, "cGANs with Projection Discriminator", ICLR 2018.
    .. [2] Odena, Olah and Shlens, "Conditional Image Synthesis with Auxiliary
       Classifier GANs", ICML 2017, eq. 3.

    Examples
    --------
    >>> import numpy as np
    >>> from skgan import ConditionalGANSampler
    >>> rng = np.random.default_rng(0)
    >>> y = np.array(["cat", "dog"]).repeat(100)
    >>> X = rng.normal([4, 25], [1, 2], size=(200, 2)) + 20 * (y == "dog")[:, None]
    >>> sampler = ConditionalGANSampler(max_iter=100, random_state=0).fit(X, y)
    >>> X_new, y_new = sampler.sample(y=["dog", "cat", "dog"])
    >>> y_new.tolist(), (X_new[:, 0] > 14).tolist()
    (['dog', 'cat', 'dog'], [True, False, True])
    """

    _conditions: LabelConditions | LabelledTableConditions

    def __init__(
        self,
        *,
        latent_dim="auto",
        hidden_dims="auto",
        generator="auto",
        discriminator="auto",
        loss="relativistic",
        penalty="r1+r2",
        penalty_weight="auto",
        learning_rate="auto",
        batch_size="auto",
        max_iter="auto",
        n_discriminator_steps=1,
        average_halflife="auto",
        schedule="annealed",
        max_time=None,
        early_stopping="auto",
        validation_fraction=0.1,
        n_iter_no_change=10,
        y_kind="auto",
        condition_sampling="auto",
        encoder="auto",
        prior="auto",
        rejection="auto",
        callbacks=None,
        checkpoint=None,
        net_params=None,
        warm_start=False,
        device="auto",
        random_state=None,
        verbose=0,
    ):
        self.latent_dim = latent_dim
        self.hidden_dims = hidden_dims
        self.generator = generator
        self.discriminator = discriminator
        self.loss = loss
        self.penalty = penalty
        self.penalty_weight = penalty_weight
        self.learning_rate = learning_rate
        self.batch_size = batch_size
        self.max_iter = max_iter
        self.n_discriminator_steps = n_discriminator_steps
        self.average_halflife = average_halflife
        self.schedule = schedule
        self.max_time = max_time
        self.early_stopping = early_stopping
        self.validation_fraction = validation_fraction
        self.n_iter_no_change = n_iter_no_change
        self.y_kind = y_kind
        self.condition_sampling = condition_sampling
        self.encoder = encoder
        self.prior = prior
        self.rejection = rejection
        self.callbacks = callbacks
        self.checkpoint = checkpoint
        self.net_params = net_params
        self.warm_start = warm_start
        self.device = device
        self.random_state = random_state
        self.verbose = verbose

    @property
    def classes_(self):
        """The classes, sorted; only where y is one column of classes."""
        conditions = vars(self).get("_conditions")
        columns = [] if conditions is None else conditions.labels.columns_
        if len(columns) != 1 or columns[0].kind != "classes":
            raise AttributeError(
                f"{type(self).__name__} has classes_ once it was fitted on one column "
                "of classes."
            )
        return columns[0].classes_

    def fit(self, X, y=None):
        """Learn to sample rows like those of `X`, given their labels.

        Parameters
        ----------
        X : array-like or DataFrame of shape (n_samples, n_features) or \
                (n_samples, height, width[, channels]), or what names rows
            At least 2 rows; what names them is as in ``GANSampler.fit``.
        y : array-like, Series or DataFrame of shape (n_samples,) or \
                (n_samples, n_columns), or str or list of str
            Labels, none missing: classes of any kind, or finite numbers. Where `X`
            names rows, the name of the column that holds them, or several.

        Returns
        -------
        self

        Raises
        ------
        TypeError
            If a parameter is of the wrong type, or `X` is sparse.
        ValueError
            If `y` is None, lacks a label, or has not one label a row; if a parameter
            is out of its range; if `X` has fewer than 2 rows or holds infinity,
            text, or, in an array, NaN.
        KeyboardInterrupt
            If the user breaks training off; what was learnt so far can sample.
        """
        if y is None:
            raise ValueError(
                f"{type(self).__name__} requires y to be passed, but the target y is "
                "None; use GANSampler for rows without labels."
            )
        sampling = self.condition_sampling
        if not isinstance(sampling, str) or sampling not in CONDITION_SAMPLINGS:
            raise ValueError(
                f"condition_sampling must be one of {CONDITION_SAMPLINGS}, got "
                f"{sampling!r}."
            )
        return super().fit(X, y)

    # Labels stand in place of `given`.
    def sample(  # type: ignore[override]
        self, n_samples=1, *, y=None, truncation=None, random_state=None
    ):
        """Draw rows and their labels.

        Parameters
        ----------
        n_samples : int, default=1
            Rows to draw; leave it out where `y` holds a label for each.
        y : scalar or array-like, default=None
            Labels wanted: one for all rows (of several columns a sequence of one
            label each), or one for each row, in their order. A number outside the
            range seen in ``fit`` is drawn as the nearest one in it, with a warning.
            None draws labels as often as they were seen, those of several columns
            together.
        truncation : float or None, default=None
            Fidelity against variety, of generators of normal latents, as in
            ``GANSampler.sample``; labels stay as often as they were.
        random_state : int, RandomState instance or None, default=None
            Fixes the rows. For one seed, ``sample(n)`` is the start of ``sample(m)``
            for n < m, and so it is with the start of `y`. None draws on along the
            stream that the constructor's `random_state` fixed.

        Returns
        -------
        X : array or DataFrame of shape (n_samples, ...)
            Like the X given to ``fit``: container, columns, dtypes, range, trailing
            shape.
        y : array, Series or DataFrame of shape (n_samples,) or (n_samples, n_columns)
            Like the y given to ``fit``.

        Raises
        ------
        sklearn.exceptions.NotFittedError
            Before ``fit``.
        TypeError
            If `n_samples` is no integer.
        ValueError
            If a class was not seen, a label is missing, `n_samples` is negative or
            not the number of labels, or `truncation` is not positive, or is asked of
            a prior of trees.

        Warns
        -----
        UserWarning
            If a number of `y` lies outside the range seen.
        """
        check_is_fitted(self, "net_")
        n_samples = self._read_amount(n_samples)
        asked = self._read_asked(n_samples, y)
        n_samples = n_samples if asked is None else len(asked)
        bound, seed = read_truncation(truncation, self), self._next_seed(random_state)
        return self._draw_asked(asked, 0, n_samples, seed, bound)

    def _read_asked(self, n_samples: int, y=None):
        if y is None:
            return None
        return self._conditions.labels.read_request(y, n_samples)

    def _draw_asked(self, asked, start: int, stop: int, seed: int, truncation=None):
        # Blocks are drawn whole, so that labels of rows before `start` are needed.
        first = start - start % _LARGEST_BLOCK
        if asked is None:
            values = self._conditions.draw_labels(stop, seed, first)
        else:
            values = asked[first:stop]
        X = self._draw(stop, seed, LabelledRows(values, first), start, truncation)
        return X, self._conditions.labels.write(values[start - first :])

    def score(self, X, y=None):
        """Return minus the energy distance between rows and a sample.

        With labels it is that of rows and labels together, the sample being drawn at
        the same labels; a class is at distance one from another, and numbers are
        standardised. The sample is drawn with a seed of its own, fixed in ``fit``.

        Parameters
        ----------
        X : array-like or DataFrame of shape (n_samples, ...)
            Rows, best held out; of more than 5000 some 5000 are used.
        y : array-like, Series or DataFrame, default=None
            Their labels. None compares the rows alone with a sample at labels drawn
            as often as in ``fit``.

        Returns
        -------
        float
            At most about 0, which a perfect sampler has on average; higher is
            better.
        """
        return super().score(X, y)

    def diagnose(
        self,
        X_holdout,
        X_train=None,
        *,
        y_holdout=None,
        y_train=None,
        attacks=False,
        max_samples=5000,
        random_state=None,
    ) -> Diagnosis:
        """Say in words what is wrong with samples, and what to try.

        As ``GANSampler.diagnose`` does, and with labels, where they are given.

        Parameters
        ----------
        X_holdout, X_train : array-like or DataFrame of shape (n_samples, ...)
            As in ``GANSampler.diagnose``; `X_train` may be None.
        y_holdout : array-like, Series or DataFrame, default=None
            Labels of `X_holdout`. Samples are then drawn for them, as often as they
            occur, and rows are judged with their labels; None draws labels as often
            as in ``fit`` and judges the rows alone.
        y_train : array-like, Series or DataFrame, default=None
            Labels of `X_train`, where both are given.
        attacks : bool, default=False
            As in ``GANSampler.diagnose``; labels, where given, are part of the rows.
        max_samples : int, default=5000
            As in ``GANSampler.diagnose``.
        random_state : int, RandomState instance or None, default=None
            As in ``GANSampler.diagnose``.

        Returns
        -------
        skgan.metrics.Diagnosis
            Printed, a few lines; each finding is an attribute.

        Raises
        ------
        sklearn.exceptions.NotFittedError
            Before ``fit``.
        ValueError
            If rows or labels are not like those given to ``fit``, labels are given
            for one set of rows only, or `max_samples` is too small.

        Warns
        -----
        skgan.metrics.CopyingWarning
            If samples are copies of training rows.

        Examples
        --------
        >>> import numpy as np
        >>> from skgan import ConditionalGANSampler
        >>> rng = np.random.default_rng(0)
        >>> y, y_holdout = rng.integers(2, size=(2, 300))
        >>> X, X_holdout = rng.normal(size=(2, 300, 2))
        >>> X, X_holdout = X + 4 * y[:, None], X_holdout + 4 * y_holdout[:, None]
        >>> sampler = ConditionalGANSampler(
        ...     max_iter=60, prior="normal", random_state=0
        ... ).fit(X, y)
        >>> diagnosis = sampler.diagnose(X_holdout, X, y_holdout=y_holdout, y_train=y)
        >>> diagnosis.modes.verdict
        'good'
        """
        from skgan.metrics.diagnosis import warn_of_copies

        holdout, train = X_holdout, X_train
        if y_holdout is not None:
            check_consistent_length(X_holdout, y_holdout)
            holdout = (X_holdout, y_holdout)
        if X_train is not None and (y_train is None) != (y_holdout is None):
            raise ValueError("Give both y_holdout and y_train, or neither.")
        if X_train is not None and y_train is not None:
            check_consistent_length(X_train, y_train)
            train = (X_train, y_train)
        diagnosis = self._diagnosis(holdout, train, attacks, max_samples, random_state)
        warn_of_copies(diagnosis, stacklevel=3)
        return diagnosis

    def _drawn_beside(self, holdout, n_samples: int, seed: int):
        if not isinstance(holdout, tuple):
            return super()._drawn_beside(holdout, n_samples, seed)
        y = holdout[1]
        labels = resample(
            y, replace=n_samples > len(y), n_samples=n_samples, random_state=seed
        )
        return self.sample(y=labels, random_state=seed)

    def _read_target(self, X, y, is_warm_start: bool):
        refuse_what_has_no_rows(y, "y")
        check_consistent_length(X, y)
        if is_warm_start:
            labels = self._conditions.labels
            return labels, labels.read(y)
        labels = Labels(self.y_kind)
        return labels, labels.fit(y)

    def _split(self, X, labels, target, seed: int):
        n_held_out = self._count_held_out(X)
        if not n_held_out:
            return X, target, None
        X, X_held_out, target, held_out = train_test_split(
            X,
            target,
            test_size=n_held_out,
            random_state=seed,
            stratify=labels.strata(target, n_held_out),
        )
        return X, target, (X_held_out, held_out)

    def _make_shares(self, labels, target):
        return LabelShares(labels, target, "empirical")

    def _encoder_of_networks(self, encoder):
        if isinstance(encoder, TableEncoder):
            return LabelledTableEncoder(**encoder.get_params(deep=False))
        return encoder

    def _fit_encoder(self, encoder, X, labels, target) -> None:
        if isinstance(encoder, LabelledTableEncoder):
            encoder.fit_labelled(X, labels, target)
        else:
            encoder.fit(X)

    def _encode(self, encoder, X, target, seed: int):
        if isinstance(encoder, LabelledTableEncoder):
            return encoder.encode_labelled(X, target, seed)
        return super()._encode(encoder, X, target, seed)

    def _make_conditions(self, encoder, encoded, labels, target):
        sampling = self.condition_sampling
        return label_conditions(encoder, encoded, labels, target, sampling)

    def _data_params(self, encoder, rows, conditions, settings) -> dict:
        return conditions.params(encoder, rows, settings)

    def _read_scored(self, X, y):
        if y is None:
            return None
        check_consistent_length(X, y)
        return self._conditions.labels.read(y)

    def _watched_score(self, held_out, net) -> float:
        net.eval()
        X, target = held_out
        return self._score_rows(X, target, MAX_WATCHED_ROWS)

    def _score_rows(self, X, target, max_rows: int) -> float:
        seed, conditions = self._seeds.score, self._conditions
        if len(X) > max_rows:
            options = {"replace": False, "n_samples": max_rows, "random_state": seed}
            target = None if target is None else resample(target, **options)
            X = resample(X, **options)
        values = target
        if target is None:
            values = conditions.draw_labels(len(X), seed)
        real = self._reference.transform(X)
        drawn = self._reference.transform(self._draw_labelled(values, seed))
        if target is not None:
            vectors = conditions.labels.reference(target)
            real, drawn = np.hstack([real, vectors]), np.hstack([drawn, vectors])
        return -energy_distance(real, drawn, standardize=False)

    def _draw_labelled(self, values, seed: int):
        return self._draw(len(values), seed, LabelledRows(values))

    def __sklearn_tags__(self):
        tags = super().__sklearn_tags__()
        tags.target_tags.required = True
        return tags
