"""InfoGANSampler: rows with a code that steers them and can be read off them."""

from __future__ import annotations

from copy import deepcopy

import numpy as np
import torch
from numpy.typing import NDArray
from sklearn.base import ClusterMixin
from sklearn.utils.validation import check_is_fitted

from skgan._torch_globals import torch_defaults
from skgan._validation import check_integer, check_real
from skgan.callbacks import Progress
from skgan.encoding import BaseEncoder, TableEncoder
from skgan.frames import as_rows
from skgan.metrics import ReferenceSpace
from skgan.nets import InfoGANNet, read_hidden
from skgan.objectives import warp
from skgan.samplers._base import BaseGANSampler
from skgan.samplers._conditions import CodeConditions
from skgan.samplers._diagnosis_mixin import DiagnosisMixin
from skgan.samplers._drawing import read_truncation
from skgan.samplers._explanation import ExplanationMixin
from skgan.samplers._restarts import MIN_UPDATES, CodeWatch

# Rows that are read at once.
_BLOCK = 1024


class InfoGANSampler(DiagnosisMixin, ExplanationMixin, ClusterMixin, BaseGANSampler):
    """A generative adversarial network that finds the categories of what it samples.

    Its generator is given a code beside the latent: a category and some continuous
    numbers. A third network reads the code off a row [1]_, so that codes steer what is
    drawn, and any row, real ones included, has a code: a clustering without labels.

    Parameters
    ----------
    n_categories : int, default=10
        Values of the categorical code, drawn equally often: clusters.
    n_continuous : int, default=2
        Continuous codes, drawn uniformly from [-1, 1]; 0 for none.
    code_weight : float, default=1.0
        Times -E log Q(c | G(z, c)) of the categorical code, which is added to the
        generator's loss. 0 leaves the category without effect.
    continuous_code_weight : float, default=20.0
        The same for the continuous codes; what of it is above 1 counts as far as
        categories are read already. More makes their effect larger.
    clustering_weight : float, default=1.0
        Times the clustering loss of real rows [2]_: their categories shall be certain,
        equally common, and stay under small changes of the row. 0 leaves it out, as
        [1]_ does; what categories mean then differs more from seed to seed.
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
        Of both optimizers (Adam). "auto" is 0.001 for images of more than 256 pixels:
        faster, convolutions lose their categories; and 0.002 for smaller ones.
    batch_size : int or "auto", default="auto"
        Rows a step; see `GANSampler`.
    max_iter : int or "auto", default="auto"
        Generator updates, so that it means the same on 200 rows and on 2 million.
        "auto" is 1500 for images of more than 256 pixels and 1000 for smaller ones,
        in which categories are mostly found; more make better images. Of 600 and
        more, a start that finds no categories is given up for another, see Notes.
    n_discriminator_steps : int, default=1
        Discriminator steps a generator update.
    average_halflife : float, None or "auto", default="auto"
        Half-life, in updates, of the averaged generator; see `GANSampler`.
    schedule : str or dict, default="annealed"
        How learning rate and penalty change over the fit; see `GANSampler`.
    max_time : float or None, default=None
        Seconds that the whole fit may take; see `GANSampler`.
    early_stopping : bool, default=False
        Whether rows are held out to score and choose by; see `GANSampler`.
    validation_fraction : float, default=0.1
        Share of rows held out; see `GANSampler`.
    n_iter_no_change : int, default=10
        Scores in a row without improvement that end training; see `GANSampler`.
    encoder : BaseEncoder or "auto", default="auto"
        How X becomes a tensor and back. "auto" takes an array of more than two
        dimensions for images (`ImageEncoder`), the rest for vectors
        (`VectorEncoder`).
    callbacks : list or None, default=None
        skorch callbacks, as in `skorch.NeuralNet`.
    checkpoint : str, path-like, TrainingCheckpoint or None, default=None
        A folder in which the fit writes down where it is; see `GANSampler`.
    net_params : dict or None, default=None
        Parameters of the net, `skgan.nets.InfoGANNet`, applied last; see `GANSampler`.
    warm_start : bool, default=False
        Whether ``fit`` goes on from where the last one ended; see `GANSampler`.
    device : str, default="auto"
        A PyTorch device, or "auto"; see `GANSampler`.
    random_state : int, RandomState instance or None, default=None
        Fixes the whole fit and the stream of later draws.
    verbose : int, default=0
        1 shows one progress bar with both losses and the time left.

    Attributes
    ----------
    labels_ : ndarray of shape (n_samples,), int64
        Categories of the rows given to ``fit``.
    n_restarts_ : int
        Starts of the fit that were given up for another.
    n_regroupings_ : int
        Times that two categories were found to be one, and took the halves of a third.
    net_ : InfoGANNet
        The trained skorch net, with ``generator_``, ``discriminator_`` and
        ``code_head_``.
    encoder_ : BaseEncoder
        The fitted encoder.
    history_ : skorch.history.History
        As that of `GANSampler`; also ``code_loss``, what is not read of generated
        rows' codes, and ``clustering_loss``.
    n_iter_ : int
        Generator updates done.
    n_features_in_ : int
        Features of a row, trailing axes flattened.
    feature_names_in_ : ndarray of shape (n_features,)
        Names of columns, where X had them.

    See Also
    --------
    ConditionalGANSampler : Rows by labels that are known.
    skgan.plotting.LatentTraversalDisplay : What each code does, as pictures.

    Notes
    -----
    The code head Q reads the discriminator's last hidden layer, its method
    ``hidden(x)`` or ``features(x)``. It learns continuous codes from generated rows,
    and categories from real ones, by the clustering loss; without that, from generated
    rows, too. A small change of a real row is a warp of an image
    (`skgan.objectives.warp`), or, of a vector, that to one of its nearest neighbors in
    the batch; ``net_params={"perturb": function}`` takes another.

    After a third of the updates a start is judged, without labels: by how much the
    category of a row tells of that of its changed copy (Ji et al., "Invariant
    Information Clustering", ICCV 2019, eq. 3). Where that is little, or the losses have
    diverged, the fit starts anew with other weights, twice at most, and goes on with
    the best start; after a divergence half as fast. From then on until two thirds are
    done it looks for two categories of one kind of rows and for one of two kinds: those
    by whose merging and division [3]_ the categories of rows would tell more of those
    of their changed copies. The code head then learns that: the first two become one,
    and what this frees takes half of the third. All of it takes place within `max_iter`
    and `max_time`, follows from `random_state`, and is told by the logger ``skgan`` at
    level `INFO`, and printed if `verbose`.

    Tables of mixed columns are not supported: number their levels, and they are
    vectors.

    References
    ----------
    .. [1] Chen et al., "InfoGAN: Interpretable Representation Learning by Information
       Maximizing Generative Adversarial Nets", NeurIPS 2016, eq. 6.
    .. [2] Hu et al., "Learning Discrete Representations via Information Maximizing
       Self-Augmented Training", ICML 2017, eq. 4 and 9.
    .. [3] Ueda et al., "SMEM Algorithm for Mixture Models", Neural Computation 2000,
       section 3.

    Examples
    --------
    >>> from sklearn.datasets import make_blobs
    >>> from sklearn.metrics import adjusted_rand_score
    >>> from skgan import InfoGANSampler
    >>> X, y = make_blobs(300, random_state=1)
    >>> sampler = InfoGANSampler(
    ...     n_categories=3, learning_rate=0.003, max_iter=100, random_state=0
    ... )
    >>> bool(adjusted_rand_score(y, sampler.fit_predict(X)) > 0.8)
    True
    >>> sampler.sample(codes=[0, 0, 1]).shape
    (3, 2)
    """

    _conditions: CodeConditions
    _net_class = InfoGANNet

    def __init__(
        self,
        *,
        n_categories=10,
        n_continuous=2,
        code_weight=1.0,
        continuous_code_weight=20.0,
        clustering_weight=1.0,
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
        early_stopping=False,
        validation_fraction=0.1,
        n_iter_no_change=10,
        encoder="auto",
        callbacks=None,
        checkpoint=None,
        net_params=None,
        warm_start=False,
        device="auto",
        random_state=None,
        verbose=0,
    ):
        self.n_categories, self.n_continuous = n_categories, n_continuous
        self.code_weight = code_weight
        self.continuous_code_weight = continuous_code_weight
        self.clustering_weight = clustering_weight
        self.latent_dim = latent_dim
        self.hidden_dims = hidden_dims
        self.generator = generator
        self.discriminator = discriminator
        self.loss = loss
        self.penalty = penalty
        self.penalty_weight = penalty_weight
        self.learning_rate = learning_rate
        self.batch_size, self.max_iter = batch_size, max_iter
        self.n_discriminator_steps = n_discriminator_steps
        self.average_halflife = average_halflife
        self.schedule = schedule
        self.max_time = max_time
        self.early_stopping, self.n_iter_no_change = early_stopping, n_iter_no_change
        self.validation_fraction = validation_fraction
        self.encoder = encoder
        self.callbacks = callbacks
        self.checkpoint = checkpoint
        self.net_params = net_params
        self.warm_start = warm_start
        self.device, self.verbose = device, verbose
        self.random_state = random_state

    def fit(self, X, y=None):
        """Learn to sample rows like those of `X`, and to read codes off them.

        Parameters
        ----------
        X : array-like or DataFrame of shape (n_samples, n_features) or \
                (n_samples, height, width[, channels])
            At least 2 rows.
        y : Ignored
            For scikit-learn's pipelines.

        Returns
        -------
        self

        Raises
        ------
        TypeError
            If a parameter is of the wrong type, `X` is sparse, or the discriminator
            shows no hidden layer.
        ValueError
            If a parameter is out of its range, or `X` is a table of mixed columns, has
            fewer than 2 rows, holds infinity, text, or, in an array, NaN.
        KeyboardInterrupt
            If the user breaks training off; what was learnt so far can sample.
        """
        # Each row gets a label, so that they have to be in memory.
        super().fit(as_rows(X), y)
        self.labels_ = self.predict(X)
        return self

    # Codes stand in place of `given`.
    def sample(  # type: ignore[override]
        self, n_samples=1, *, codes=None, truncation=None, random_state=None
    ):
        """Draw rows, with codes of one's choice.

        Parameters
        ----------
        n_samples : int, default=1
            Rows to draw; leave it out where `codes` holds a code for each.
        codes : int or array-like of shape (n_samples,) or \
                (n_samples, 1 + n_continuous), default=None
            One category for all rows; a category for each row, whose continuous codes
            are drawn; or a category and continuous codes, in [-1, 1], for each row.
            None draws both.
        truncation : float or None, default=None
            Fidelity against variety, as in ``GANSampler.sample``: it bounds the
            latents; codes stay as they are.
        random_state : int, RandomState instance or None, default=None
            Fixes the rows. For one seed, ``sample(n)`` is the start of ``sample(m)``
            for n < m, and rows drawn with other `codes` have the same latents: they
            differ by what the codes do. None draws on along the stream that the
            constructor's `random_state` fixed.

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
            If `n_samples` is negative or not the number of codes, a code does not
            exist, or `truncation` is not positive.
        """
        check_is_fitted(self, "net_")
        n_samples = self._read_amount(n_samples)
        asked = self._read_asked(n_samples, codes)
        n_samples = n_samples if asked is None else len(asked.values)
        bound, seed = read_truncation(truncation, self), self._next_seed(random_state)
        return self._draw_asked(asked, 0, n_samples, seed, bound)

    def _read_asked(self, n_samples: int, codes=None):
        return None if codes is None else self._conditions.read(codes, n_samples)

    def _draw_asked(self, asked, start: int, stop: int, seed: int, truncation=None):
        return self._draw(stop, seed, asked, start, truncation)

    def predict(self, X):
        """Return the category of each row.

        Parameters
        ----------
        X : array-like or DataFrame of shape (n_samples, ...)
            Rows like those given to ``fit``.

        Returns
        -------
        ndarray of shape (n_samples,), int64
            The likeliest category, from 0 to ``n_categories - 1``; that of ``codes``
            in ``sample``.
        """
        codes = self._read(X, np.float32)
        return codes[:, : self.net_.n_categories].argmax(axis=1)

    def transform(self, X):
        """Return the codes of rows.

        Parameters
        ----------
        X : array-like or DataFrame of shape (n_samples, ...)
            Rows like those given to ``fit``.

        Returns
        -------
        ndarray of shape (n_samples, n_categories + n_continuous)
            The probability of each category, then the mean of each continuous code,
            which may lie a little outside of [-1, 1].
        """
        # In float64, so that a row's codes do not depend on its neighbours.
        return self._read(X, np.float64)

    @torch_defaults()
    def _read(self, X, dtype) -> NDArray:
        check_is_fitted(self, "net_")
        X = as_rows(X)
        self._check_rows(X, self.encoder_, reset=False)
        rows = torch.as_tensor(
            self._shape(self.encoder_.encode(X)).astype(dtype),
            device=self.net_.device,
        )
        discriminator = deepcopy(self.net_.discriminator_).to(rows.dtype)
        codes = [self._features(discriminator, block) for block in rows.split(_BLOCK)]
        return torch.cat(codes).cpu().numpy()

    def _features(self, discriminator, rows: torch.Tensor) -> torch.Tensor:
        head = deepcopy(self.net_.code_head_).to(rows.dtype)
        with torch.inference_mode():
            logits, means = head(read_hidden(discriminator, rows))
            return torch.cat([logits.softmax(dim=1), means], dim=1)

    def _make_encoder(self, X):
        encoder = super()._make_encoder(X)
        if isinstance(encoder, TableEncoder):
            raise ValueError(
                f"{type(self).__name__} takes vectors and images, and X is a table of "
                "mixed columns; encode its levels as numbers, or use GANSampler."
            )
        return encoder

    def _adapt(self, automatic):
        if automatic["discriminator"] == "residual_mlp":
            # Of scikit-learn's digits it finds as many as 6000 half as fast did.
            return {**automatic, "learning_rate": 2e-3, "max_iter": 1000}
        if automatic["discriminator"] != "strided_conv":
            return automatic
        # A learning rate that suits convolutions that judge is too high where they read
        # codes, too: at .003 all digits of MNIST end in one category. And 1500 updates
        # find the ten digits; with 4000, the one seed tried did not.
        return {**automatic, "learning_rate": 1e-3, "max_iter": 1500}

    def _make_conditions(self, encoder, encoded, labels, target):
        n_categories = check_integer("n_categories", self.n_categories, 2)
        n_continuous = check_integer("n_continuous", self.n_continuous, 0)
        if _are_images(encoder):
            return CodeConditions(n_categories, n_continuous)
        # Encoded columns have no gaps: neighbors are those in the user's units.
        X = encoder.inverse_transform(encoded)
        standardised = ReferenceSpace().fit(X).transform(X)
        coordinates = torch.as_tensor(standardised, dtype=torch.float32)
        return CodeConditions(n_categories, n_continuous, coordinates)

    def _data_params(self, encoder, rows, conditions, settings) -> dict:
        weights = ("code_weight", "continuous_code_weight", "clustering_weight")
        return {
            "n_categories": conditions.category_width,
            "n_continuous": conditions.number_width,
            "generator__condition_dim": conditions.condition_dim,
            "perturb": warp if _are_images(encoder) else None,
            **{name: check_real(name, getattr(self, name), 0) for name in weights},
        }

    def _train(self, data) -> None:
        watch = data.restarts = self._make_watch(data)
        self.n_restarts_ = self.n_regroupings_ = 0
        try:
            super()._train(data)
        finally:
            if watch is not None:
                self.n_restarts_ = watch.n_restarts_
                self.n_regroupings_ = watch.n_regroupings_

    def _make_watch(self, data) -> CodeWatch | None:
        """Return what starts anew where categories are not found; None without them."""
        # Categories that are learnt from generated rows alone are of any meaning.
        settings = data.settings
        may_restart = settings.max_iter >= MIN_UPDATES and self.net_.clustering_weight
        if data.is_warm_start or not may_restart:
            return None
        clock = data.deadline
        seconds = max(clock.left, 1e-3) if clock.is_set else None
        progress = Progress(settings.max_iter, seconds)
        return CodeWatch(data.rows, data.given, progress, data.seeds.net, self.verbose)

    def _count_features(self, net, data) -> int:
        return net.n_categories + net.n_continuous


def _are_images(encoder: BaseEncoder) -> bool:
    return min(encoder.tensor_shape_[1:], default=1) > 1
