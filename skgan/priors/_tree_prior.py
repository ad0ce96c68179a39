"""A chain of decision trees: each column drawn given those before it."""

from __future__ import annotations

import time
from collections.abc import Mapping, Sequence

import numpy as np

from skgan._deadline import Deadline
from skgan._estimator import persistent
from skgan._validation import check_array, check_boolean, check_integer, check_real

from ._base import (
    BasePrior,
    Column,
    ConditionalDraw,
    LevelColumn,
    NumberColumn,
    Schema,
    check_columns,
    check_schema,
)
from ._chain_checks import check_models
from ._column import ColumnModel, LevelModel, NumberModel
from ._flat_arrays import DTYPES, PickledAsState, pack, read_hints, unpack
from ._grower import Grower
from ._moment_map import (
    MAX_KEPT,
    PARTS,
    MomentMap,
    check_moment_map,
    fit_moment_map,
)
from ._numbers import fit_scale
from ._particles import draw_given
from ._predictors import Predictors, to_predictor

# With more columns none is compared with sums of the others.
_MAX_LINEAR_COLUMNS = 1000
# Of fewer rows, numbers that repeat by rounding alone are part of the continuum.
_FEW_ROWS = 400
# Of fewer rows, numbers that are drawn are moved where their correlations are weak.
_MAX_MATCHED_ROWS = 1500
# Where time is short, rows are halved down to so many.
_FEWEST_ROWS = 400


def chain_order(schema: Schema, first: Sequence[int], order: str) -> tuple[int, ...]:
    """Columns in the order of the chain."""
    last = len(schema) - 1
    first = [check_integer("each of first", index, 0, last) for index in first]
    if len(set(first)) < len(first):
        raise ValueError(f"first must name a column once, got {first}.")
    rest = [index for index in range(len(schema)) if index not in first]
    if order == "levels_first":
        rest.sort(key=lambda index: isinstance(schema[index], NumberColumn))
    return (*first, *rest)


def fit_chain(
    columns: np.ndarray,
    schema: Schema,
    order: Sequence[int],
    *,
    max_features: int,
    leaf_size: int,
    split_cost: float,
    linear: bool,
    rng: np.random.Generator,
    deadline: Deadline,
    forms: Mapping[int, str],
    repeated: Mapping[int, np.ndarray],
) -> list[ColumnModel]:
    """Fit each column on those before it; models stand by position.

    Where the pace of the columns so far will not do, the next ones are fitted on half
    of the rows; once the time is over, without those before them.
    """
    is_few = len(columns) < _FEW_ROWS
    scales = [
        fit_scale(
            values,
            discrete=column.discrete,
            repeated=repeated.get(place),
            is_rounded=is_few,
        )
        if isinstance(column, NumberColumn)
        else None
        for place, (values, column) in enumerate(zip(columns.T, schema, strict=True))
    ]
    x = np.stack([to_predictor(*pair) for pair in zip(columns.T, scales, strict=True)])
    predictors = Predictors(x, schema, max_features)
    linear = linear and len(schema) <= _MAX_LINEAR_COLUMNS
    grower = Grower(predictors, leaf_size, linear, rng, split_cost, forms)
    models: dict[int, ColumnModel] = {}
    for place, target in enumerate(order):
        start = time.perf_counter()
        before, scale = np.array(order[:place], np.intp), scales[target]
        if deadline.left <= 0:
            before = before[:0]
        column = schema[target]
        if scale is not None:
            models[target] = grower.numbers(target, before, columns[:, target], scale)
        elif not isinstance(column, NumberColumn):
            models[target] = grower.levels(target, before, column.n_levels)
        if deadline.is_set:
            # A column costs as much as there are predictors among which it chooses.
            n_tried = np.minimum(np.arange(len(order)), max_features) + 1
            ahead = n_tried[place + 1 :].sum() / n_tried[place]
            expected = ahead * (time.perf_counter() - start)
            while expected > deadline.left and len(columns) >= 2 * _FEWEST_ROWS:
                columns, expected = columns[::2], expected / 2
                grower = grower.of_half()
    return [models[index] for index in range(len(schema))]


# Annotations are evaluated here, so that loading a file evaluates nothing.
read_hints(LevelModel)


read_hints(NumberModel)


# Rows that are drawn together: their predictors fit the cache.
BLOCK_ROWS = 8192


MIN_LEAF = 5


MAX_PARTICLES = 4096


# What a split must gain in log-likelihood; .5 log n is the Bayesian information
# criterion of one parameter. Trees of small tables follow the noise below 5, and copy
# rows: of 90 to 600 rows, .4 log n gave a membership AUC of .56 to .74, 5 one of .52 to
# .66, and 6.5 takes .01 more off it, at the same C2ST or a better one.
COST_PER_LOG_ROW = 0.4


COST_OF_FEW_ROWS, MANY_ROWS = 6.5, 10_000


@persistent()
class TreesPrior(PickledAsState, BasePrior):
    """A chain of decision trees [1]_ [2]_.

    The density of a row is a product of one factor a column,
    p(x) = ∏ⱼ p(xⱼ | x₁ … xⱼ₋₁). Each factor is a decision tree over the columns that
    come before, and a value is drawn from what its leaf holds.

    Parameters
    ----------
    min_samples_leaf : int or "auto", default="auto"
        Training rows that a leaf holds at least; "auto" is 5. More blur what columns
        have to do with each other.
    split_cost : float or "auto", default="auto"
        By how much each split must raise the log-likelihood of the training rows, or
        it is taken back once the tree is grown. 0 follows the rows closely and copies
        more of them. "auto" is 6.5 below 10 000 rows, .4 log n for more.
    max_features : int, default=30
        Columns among which a tree chooses its splits. Of more, those most associated
        with its column are kept, by the largest correlation between their normal
        scores or indicators of levels.
    order : {"levels_first", "position"}, default="levels_first"
        How columns follow each other after those named as `first`: levels, then
        numbers, each by position; or all by position.
    linear : bool, default=True
        Whether a column of numbers may follow a sum of others, with a tree of what
        the sum leaves over, where this foretells held-out rows better than a tree.
        Of more than 1000 columns none does.
    max_fit_rows : int, default=50_000
        Of more rows, so many are drawn to fit on.
    n_particles : int, default=64
        Candidates for each row that is drawn given some of its cells, 4096 at most.
    match_moments : bool or "auto", default="auto"
        Whether drawn numbers are moved so that they vary together as the training
        rows' do. "auto" does where there are fewer than 1500 rows, but five for each
        column of numbers, level and column with missing values, and what the chain
        draws keeps less than .95 of their correlations, beyond chance.

    Attributes
    ----------
    schema_ : tuple of NumberColumn and LevelColumn
        The columns.
    order_ : tuple of int
        The chain: which column follows which.
    n_rows_ : int
        Rows that it was fitted on.

    Notes
    -----
    Numbers are worked on as normal scores of their mid-ranks. Values that are seen
    at least five times, and in one of 2 000 rows, are kept as they are with their
    shares; in a column whose values are seen five times on average, or that is
    declared discrete, all are. Of fewer than 400 rows, in which whole numbers repeat
    by rounding alone, only those are that hold a tenth of the rows or come four times
    as often as the values beside them let expect: whoever wants the others on a grid
    rounds what is drawn, as the samplers do. Any other value belongs to a continuum,
    which is drawn by a smoothed bootstrap [3]_: from an interval around one of the n
    values of its leaf, which reaches over 2√n neighbours on the nearer side, so that
    little falls between separated clusters. Intervals are drawn towards the mean, so
    that a leaf keeps its variance. Draws keep to the training range.

    Trees of few rows are small, so that the numbers of a row have less to do with each
    other than in training. With `match_moments` scores of the continuum are moved once
    they are drawn: how they follow from levels, missing values and repeated ones
    becomes as in the training rows, and the covariance of the rest by the optimal
    transport between two normal distributions, drawn to the chain's as [4]_ asks for.
    Means and variances stay. Given cells are not moved, and others follow them as that
    covariance says. Columns of which less than .2 is a continuum stay, and so do all
    where more than 100 would be moved.

    What is held: for each column with a continuum its least and its greatest value,
    and some points between neighbouring values, about one for eight values and 512 at
    most; the values that are kept as they are, with their shares; for each leaf these
    and levels with their counts, and for the continuum ends of intervals of scores;
    with `match_moments` means and covariances of scores, levels and missing values. No
    row, row number or other single value of a continuum is held; who has the fitted
    prior can still tell intervals in which values lay.

    The density that `score_columns` gives is that of the chain, before numbers are
    moved, and smoother than what is drawn: of a leaf's
    continuum it is half the density of what is drawn and half that of a Student
    distribution with the leaf's mean and spread, and the marginal distribution of the
    column counts for one row more in each leaf, so that rows which no leaf holds have a
    finite density, ordered by how far they are off.

    References
    ----------
    .. [1] J. P. Reiter, "Using CART to generate partially synthetic public use
       microdata", Journal of Official Statistics 21, 2005, section 2.
    .. [2] B. Nowok, G. M. Raab, C. Dibben, "synthpop: Bespoke creation of synthetic
       data in R", Journal of Statistical Software 74, 2016.
    .. [3] B. W. Silverman, G. A. Young, "The bootstrap: to smooth or not to smooth?",
       Biometrika 74, 1987, section 2.
    .. [4] O. Ledoit, M. Wolf, "A well-conditioned estimator for large-dimensional
       covariance matrices", Journal of Multivariate Analysis 88, 2004, section 3.2.

    Examples
    --------
    >>> import numpy as np
    >>> from skgan.priors import LevelColumn, NumberColumn, TreesPrior
    >>> rng = np.random.default_rng(0)
    >>> level = rng.integers(0, 2, 500)
    >>> columns = np.column_stack([level, 3.0 * level + rng.normal(size=500)])
    >>> prior = TreesPrior().fit(
    ...     columns, (LevelColumn(2), NumberColumn()), random_state=0
    ... )
    >>> drawn = prior.sample(500, random_state=1)
    >>> bool(abs(drawn[drawn[:, 0] == 1, 1].mean() - 3) < 0.3)
    True
    """

    _LEARNT = ("_models", "schema_", "order_", "n_rows_", "_map")
    _map: MomentMap | None

    def __init__(
        self,
        min_samples_leaf: int | str = "auto",
        *,
        max_features: int = 30,
        order: str = "levels_first",
        linear: bool = True,
        split_cost: float | str = "auto",
        max_fit_rows: int = 50_000,
        n_particles: int = 64,
        match_moments: bool | str = "auto",
    ):
        self.min_samples_leaf = min_samples_leaf
        self.max_features = max_features
        self.order = order
        self.linear = linear
        self.split_cost = split_cost
        self.max_fit_rows = max_fit_rows
        self.n_particles = n_particles
        self.match_moments = match_moments

    def fit(
        self,
        columns: np.ndarray,
        schema: Sequence[Column],
        *,
        first: Sequence[int] = (),
        random_state: int | np.random.Generator | None = None,
        max_time: float | None = None,
        forms_of: TreesPrior | None = None,
        repeated: Mapping[int, np.ndarray] | None = None,
    ) -> TreesPrior:
        """Learn the chain.

        Parameters
        ----------
        columns : array of shape (n_samples, n_columns), float64
            Training rows: numbers with NaN for missing, codes of levels.
        schema : sequence of NumberColumn and LevelColumn
            What each column is.
        first : sequence of int, default=()
            Columns that stand first in the chain, in that order, so that drawing
            given exactly these needs no weights.
        random_state : int, Generator or None, default=None
            Ties between splits and what is subsampled.
        max_time : float or None, default=None
            Seconds that it may take. Where they will not do, later columns are fitted
            on fewer rows, 400 at least; columns that are reached after it follow none
            of those before them. The chain is whole in any case.
        forms_of : TreesPrior or None, default=None
            A prior of other rows of the same columns. What each number column follows
            (a tree, a tree with a sum of columns, or a tree of what a sum leaves over)
            is taken from it; else forms are compared, which is most of the work where
            rows are few.
        repeated : dict of int to ndarray, default=None
            Values of number columns that count as repeated, such as `find_repeated`
            returns of other rows. Repeated values have probabilities and others
            densities: those of two priors compare only where the same values are. Of
            other columns it depends on the training rows.

        Returns
        -------
        self : TreesPrior
            Fitted.

        Raises
        ------
        TypeError, ValueError
            If a parameter, the schema or a cell is not as described, or there are no
            rows.
        """
        self._check_parameters()
        if max_time is not None:
            max_time = check_real("max_time", max_time, 0)
        deadline = Deadline(max_time)
        rng = np.random.default_rng(random_state)
        schema = check_schema(schema)
        columns = check_columns(columns, schema)
        if len(columns) == 0:
            raise ValueError("columns must have at least one row.")
        order = chain_order(schema, first, self.order)
        if forms_of is not None and forms_of.schema_ != schema:
            raise ValueError("forms_of must be a prior of the same columns.")
        repeated = {} if repeated is None else repeated
        numbers = [j for j, c in enumerate(schema) if isinstance(c, NumberColumn)]
        if others := sorted(set(repeated) - set(numbers)):
            raise ValueError(
                f"repeated names column {others[0]}, and the columns of numbers are "
                f"{numbers}."
            )
        if len(columns) > self.max_fit_rows:
            columns = columns[
                rng.choice(len(columns), self.max_fit_rows, replace=False)
            ]
        leaf_size = self.min_samples_leaf
        self._models = fit_chain(
            columns,
            schema,
            order,
            max_features=self.max_features,
            leaf_size=MIN_LEAF if isinstance(leaf_size, str) else leaf_size,
            split_cost=self._split_cost(len(columns)),
            linear=self.linear,
            rng=rng,
            deadline=deadline,
            forms={} if forms_of is None else forms_of._forms(),
            repeated=repeated,
        )
        self.schema_, self.order_, self.n_rows_ = schema, order, len(columns)
        self._map = None
        if self._may_match(len(columns)) and deadline.left > 0:
            seed = int(rng.integers(2**31))
            self._map = fit_moment_map(
                columns,
                schema,
                self._scales,
                lambda n: self.sample(n, seed),
                max_kept=MAX_KEPT if self.match_moments == "auto" else None,
            )
        return self

    def sample(
        self, n_samples: int, random_state: int | np.random.Generator | None = None
    ) -> np.ndarray:
        """Draw rows.

        Parameters
        ----------
        n_samples : int
            How many.
        random_state : int, Generator or None, default=None
            The stream of draws. Fewer rows of the same stream are not the start of
            more: whoever needs that draws blocks of a fixed size, each from a
            Generator of its own.

        Returns
        -------
        columns : ndarray of shape (n_samples, n_columns), float64
            In the units of training.
        """
        check_integer("n_samples", n_samples, 0)
        rng = np.random.default_rng(random_state)
        d = len(self.schema_)
        columns = np.empty((n_samples, d))
        for start in range(0, n_samples, BLOCK_ROWS):
            size = min(BLOCK_ROWS, n_samples - start)
            x, values = np.zeros((d, size), np.float32), np.empty((d, size))
            for column in self.order_:
                values[column], x[column] = self._models[column].draw(x, rng)
            columns[start : start + size] = values.T
        return self._moved(columns)

    def sample_given(
        self,
        given: np.ndarray,
        is_given: np.ndarray,
        random_state: int | np.random.Generator | None = None,
        *,
        on_impossible: str = "raise",
    ) -> ConditionalDraw:
        """Draw rows given any of their cells.

        A given cell is not drawn: it weighs each of `n_particles` candidates for its
        row by the density that the candidate's earlier cells give it (likelihood
        weighting), and candidates are resampled by their weights. Columns that stand
        first in the chain are exact without weights.

        Parameters
        ----------
        given : array of shape (n_samples, n_columns), float64
            A row for each that is drawn; what stands in other cells is not looked at.
        is_given : array of shape (n_samples, n_columns), bool
            Which cells are given. A given NaN is a missing value.
        random_state : int, Generator or None, default=None
            The stream of draws.
        on_impossible : {"raise", "relax"}, default="raise"
            What happens to a row in which some given cell never occurs together with
            those before it. "relax" draws its other cells as if that cell were not
            given.

        Returns
        -------
        draw : ConditionalDraw
            ``columns``, in which given cells are as they were given to the bit, and
            ``effective_sample_size``, `n_particles` where nothing was weighed and 0
            where a cell was ignored.

        Raises
        ------
        ValueError
            If a given cell is no value of its column, or nothing fits a row; the
            message names the column by its index.
        """
        if on_impossible not in ("raise", "relax"):
            raise ValueError(
                f"on_impossible must be 'raise' or 'relax', got {on_impossible!r}."
            )
        is_given = np.asarray(is_given)
        if is_given.dtype != bool or is_given.shape != np.shape(given):
            raise ValueError("is_given must be a mask of the shape of given.")
        given = check_columns(given, self.schema_, is_given)
        columns, sizes = draw_given(
            self._models,
            self.order_,
            given,
            is_given,
            self.n_particles,
            np.random.default_rng(random_state),
            relaxes=on_impossible == "relax",
            to_predictor=self._to_predictor,
        )
        return ConditionalDraw(self._moved(columns, is_given), sizes)

    def score_columns(self, columns: np.ndarray) -> np.ndarray:
        """Return the log-density of each cell given the cells before it in the chain.

        Parameters
        ----------
        columns : array of shape (n_samples, n_columns)
            Rows in the units of training.

        Returns
        -------
        log_density : ndarray of shape (n_samples, n_columns), float64
            Per unit for numbers of a continuum, log-probability for repeated values,
            missing ones and levels. Rows sum to `score_samples`.
        """
        columns = check_columns(columns, self.schema_)
        scores = np.empty(columns.shape)
        for start in range(0, len(columns), BLOCK_ROWS):
            part = columns[start : start + BLOCK_ROWS]
            x = np.stack(
                [
                    self._to_predictor(column, values)
                    for column, values in enumerate(part.T)
                ]
            )
            for column, model in enumerate(self._models):
                scores[start : start + BLOCK_ROWS, column] = model.log_density(
                    x, part[:, column]
                )
        return scores

    def get_state(self) -> dict[str, np.ndarray]:
        """Return all that was learnt as a flat dict of arrays.

        Returns
        -------
        state : dict of str to ndarray
            One member for each dtype, in which the arrays of all trees follow each
            other, how they are laid out, and what `fit` was told.
        """
        levels = [
            column.n_levels if isinstance(column, LevelColumn) else -column.discrete
            for column in self.schema_
        ]
        return {
            "n_levels": np.array(levels, np.int64),
            "order": np.array(self.order_, np.int64),
            "sizes": np.array([self.n_rows_, self.n_particles], np.int64),
            **pack(self._models),
            **({} if self._map is None else self._map.get_state()),
        }

    @classmethod
    def from_state(cls, state: dict[str, np.ndarray]) -> TreesPrior:
        """Return the fitted prior that `get_state` was asked of.

        Parameters
        ----------
        state : dict of str to ndarray
            What `get_state` returned.

        Returns
        -------
        prior : TreesPrior
            It draws and scores the same to the bit; parameters that only `fit` reads
            are the defaults.

        Raises
        ------
        ValueError
            If no prior has such a state: a tree that leads nowhere, a column that is
            none, arrays of other sizes or dtypes.
        """
        # Before there were maps, and where none is needed, there is none.
        has_map = PARTS[0] in state
        parts = PARTS if has_map else ()
        if set(state) != {"n_levels", "order", "sizes", "layout", *DTYPES, *parts}:
            raise ValueError(f"A prior has other arrays than {sorted(state)!r:.200}.")
        levels = check_array("n_levels", state["n_levels"], "int64", minimum=-1)
        order = check_array("order", state["order"], "int64", len(levels))
        if not len(levels) or not (np.sort(order) == np.arange(len(levels))).all():
            raise ValueError("order must name each column once.")
        sizes = check_array("sizes", state["sizes"], "int64", 2, minimum=1)
        n_rows, n_particles = sizes.tolist()
        prior = cls(
            n_particles=check_integer("n_particles", n_particles, 2, MAX_PARTICLES)
        )
        levels = levels.tolist()
        prior.schema_ = tuple(
            LevelColumn(n) if n > 0 else NumberColumn(discrete=n < 0) for n in levels
        )
        prior.order_ = tuple(order.tolist())
        prior.n_rows_ = n_rows
        prior._models = unpack(
            state, [LevelModel if n > 0 else NumberModel for n in levels]
        )
        check_models(prior._models, prior.schema_, prior.order_)
        prior._map = (
            check_moment_map(state, prior.schema_, prior._scales) if has_map else None
        )
        return prior

    def _forms(self):
        return {
            place: model.form
            for place, model in enumerate(self._models)
            if isinstance(model, NumberModel)
        }

    def _to_predictor(self, column, values):
        return to_predictor(values, self._scales[column])

    @property
    def _scales(self):
        return [getattr(model, "scale", None) for model in self._models]

    def _moved(self, columns, is_given=None):
        if self._map is None:
            return columns
        return self._map.move(columns, self._scales, is_given)

    def _may_match(self, n_rows):
        is_few = n_rows < _MAX_MATCHED_ROWS
        return is_few if self.match_moments == "auto" else self.match_moments

    def _split_cost(self, n_rows):
        if self.split_cost == "auto":
            few = n_rows < MANY_ROWS
            return COST_OF_FEW_ROWS if few else COST_PER_LOG_ROW * np.log(n_rows)
        return float(self.split_cost)

    def _check_parameters(self):
        if self.min_samples_leaf != "auto":
            check_integer("min_samples_leaf", self.min_samples_leaf, 1)
        if self.split_cost != "auto":
            check_real("split_cost", self.split_cost, 0)
        check_integer("max_features", self.max_features, 1)
        if self.order not in ("levels_first", "position"):
            raise ValueError(
                f"order must be 'levels_first' or 'position', got {self.order!r}."
            )
        check_boolean("linear", self.linear)
        if self.match_moments not in ("auto", True, False):
            raise ValueError(
                f"match_moments must be 'auto', True or False, got "
                f"{self.match_moments!r}."
            )
        check_integer("max_fit_rows", self.max_fit_rows, 2)
        check_integer("n_particles", self.n_particles, 2, MAX_PARTICLES)
