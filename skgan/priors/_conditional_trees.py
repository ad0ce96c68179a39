"""Each column given all others: what is missing drawn by chained equations."""

from __future__ import annotations

from collections.abc import Callable, Sequence

import numpy as np

from skgan._estimator import persistent
from skgan._validation import check_array

from ._base import Column, LevelColumn, NumberColumn, Schema, check_schema
from ._chain_checks import check_model
from ._column import ColumnModel, LevelModel, NumberModel
from ._decision_tree import MISSING_SCORE
from ._flat_arrays import DTYPES, PickledAsState, pack, unpack
from ._grower import Grower
from ._masks import N_KINDS, draw_masks
from ._numbers import fit_scale
from ._predictors import Predictors, to_predictor
from ._row_streams import RowStreams, row_keys

BLOCK_ROWS = 8192
MIN_LEAF = 5
# Rounds of drawing and growing before trees are kept.
WARM_ROUNDS = 2
# Sweeps over all columns before a draw is taken.
N_SWEEPS = 3
# Values for each state of the other columns that a mean is taken of.
N_LAST_DRAWS = 8
# Where a smaller share of the cells beside a column is missing, trees of all rounds see
# the same rows, and differ by the halves on which they are grown.
SAME_ROWS_SHARE = 0.05
# A column of levels of which so large a share of rows has its own foretells none.
MAX_LEVEL_SHARE = 0.5
MIN_IDENTIFIED_ROWS = 20


@persistent()
class ConditionalTrees(PickledAsState):
    """Decision trees of each column given all others, learnt from incomplete rows.

    Fully conditional specification [1]_ [2]_: a missing cell is drawn from
    p(xⱼ | x₋ⱼ), what a tree's leaf holds, in turns over the columns. Trees are grown
    on rows in which the column is observed, so that "missing" is never drawn; what is
    missing in the other columns was drawn in the round before. Draws begin from trees
    of the same columns that know any subset of a row, p(xⱼ | x_S): of theirs, none to
    all predictors of a row were hidden, completely at random, with a chance that rises
    with another column, and by blocks of columns.

    Parameters
    ----------
    n_trees : int, default=5
        Trees of a column, each grown on another completion of the rows; draws take
        turns with them.
    max_features : int, default=30
        Columns among which a tree chooses its splits: those most associated.
    split_cost : float, default=5.0
        By how much each split must raise the log-likelihood of the training rows.
    max_fit_rows : int, default=20_000
        Of more rows, so many are drawn to fit on.

    Attributes
    ----------
    schema_ : tuple of NumberColumn and LevelColumn
        The columns.
    n_rows_ : int
        Rows that it was fitted on.

    References
    ----------
    .. [1] S. van Buuren, "Multiple imputation of discrete and continuous data by fully
       conditional specification", Statistical Methods in Medical Research 16, 2007,
       section 3.
    .. [2] L. L. Doove, S. van Buuren, E. Dusseldorp, "Recursive partitioning for
       missing data imputation in the presence of interaction effects", Computational
       Statistics & Data Analysis 72, 2014, section 2.

    Examples
    --------
    >>> import numpy as np
    >>> from skgan.priors import ConditionalTrees, LevelColumn, NumberColumn
    >>> rng = np.random.default_rng(0)
    >>> level = rng.integers(0, 2, 500)
    >>> columns = np.column_stack([level, 3.0 * level + rng.normal(size=500)])
    >>> is_missing = rng.random((500, 2)) < 0.2
    >>> trees = ConditionalTrees().fit(
    ...     columns, is_missing, (LevelColumn(2), NumberColumn()), random_state=0
    ... )
    >>> drawn = trees.draw(columns, is_missing, seed=1)
    >>> known = ~is_missing
    >>> bool((drawn[known] == columns[known]).all())
    True
    """

    _LEARNT = ("_trees", "_masked", "_scales", "_foretells", "schema_", "n_rows_")

    def __init__(
        self,
        n_trees: int = 5,
        *,
        max_features: int = 30,
        split_cost: float = 5.0,
        max_fit_rows: int = 20_000,
    ):
        self.n_trees = n_trees
        self.max_features = max_features
        self.split_cost = split_cost
        self.max_fit_rows = max_fit_rows

    def fit(
        self,
        columns: np.ndarray,
        is_missing: np.ndarray,
        schema: Sequence[Column],
        *,
        random_state: int | np.random.Generator | None = None,
    ) -> ConditionalTrees:
        """Learn the trees.

        Parameters
        ----------
        columns : array of shape (n_samples, n_columns), float64
            Training rows; what stands in missing cells is not looked at.
        is_missing : array of shape (n_samples, n_columns), bool
            Which cells are missing.
        schema : sequence of NumberColumn and LevelColumn
            What each column is. Levels are observed ones; missing is none of them.
        random_state : int, Generator or None, default=None
            Draws and subsamples.

        Returns
        -------
        self : ConditionalTrees
            Fitted.

        Raises
        ------
        ValueError
            If a column has no observed cell, or shapes differ.
        """
        rng = np.random.default_rng(random_state)
        self.schema_ = check_schema(schema)
        columns, is_missing = self._check_cells(columns, is_missing)
        if is_missing.all(axis=0).any():
            raise ValueError("each column must have an observed cell.")
        if len(columns) > self.max_fit_rows:
            chosen = _some_rows(is_missing, self.max_fit_rows, rng)
            columns, is_missing = columns[chosen], is_missing[chosen]
        self.n_rows_ = len(columns)
        self._scales = [
            fit_scale(values[~missing], discrete=column.discrete)
            if isinstance(column, NumberColumn)
            else None
            for values, missing, column in zip(
                columns.T, is_missing.T, self.schema_, strict=True
            )
        ]
        self._foretells = _foretelling(columns, is_missing, self.schema_)
        values, x = columns.T.copy(), self._predictors_of(columns, is_missing)
        self._masked = self._grow_masked(x, values, is_missing, rng)
        self._sweep(self._masked, values, x, is_missing, _streams(len(columns), rng))
        self._trees: list[list[ColumnModel]] = []
        # Without gaps all rounds are alike.
        n_rounds = WARM_ROUNDS + self.n_trees if is_missing.any() else self.n_trees
        for _ in range(n_rounds):
            models = self._grow_full(x, values, is_missing, rng)
            self._trees = [*self._trees, models][-self.n_trees :]
            self._sweep(models, values, x, is_missing, _streams(len(columns), rng))
        return self

    def draw(
        self, columns: np.ndarray, is_missing: np.ndarray, seed: int, index: int = 0
    ) -> np.ndarray:
        """Draw what is missing.

        Parameters
        ----------
        columns : array of shape (n_samples, n_columns), float64
            Rows; what stands in missing cells is not looked at.
        is_missing : array of shape (n_samples, n_columns), bool
            Which cells are drawn. A level that `fit` did not see, a code of -1, is
            known and foretells nothing.
        seed : int
            Fixes the draws of a row, with what the row holds: not with the rows
            beside it, but that of equal rows each has draws of its own.
        index : int, default=0
            Which of the completions of a seed.

        Returns
        -------
        completed : ndarray of shape (n_samples, n_columns), float64
            Other cells as they are.
        """

        def draw(columns, is_missing, keys):
            return self._complete(columns, is_missing, keys, index)[0].T

        return self._by_block(columns, is_missing, seed, draw)

    def expect(
        self, columns: np.ndarray, is_missing: np.ndarray, seed: int, n_draws: int
    ) -> np.ndarray:
        """Return means of numbers and modes of levels in the place of missing cells.

        Parameters
        ----------
        columns, is_missing, seed
            As in `draw`.
        n_draws : int
            Completions over which probabilities and means are taken.

        Returns
        -------
        completed : ndarray of shape (n_samples, n_columns), float64
            Other cells as they are.
        """

        def expect(columns, is_missing, keys):
            return self._expect_block(columns, is_missing, keys, n_draws)

        return self._by_block(columns, is_missing, seed, expect)

    def _by_block(
        self, columns, is_missing, seed: int, complete: Callable[..., np.ndarray]
    ) -> np.ndarray:
        """Complete rows, a block at a time."""
        columns, is_missing = self._check_cells(columns, is_missing)
        keys = row_keys(columns, is_missing, seed)
        completed = columns.copy()
        for start in range(0, len(columns), BLOCK_ROWS):
            part = slice(start, start + BLOCK_ROWS)
            completed[part] = complete(columns[part], is_missing[part], keys[part])
        return completed

    def get_state(self) -> dict[str, np.ndarray]:
        """Return all that was learnt as a flat dict of arrays.

        Returns
        -------
        state : dict of str to ndarray
            The schema, sizes, and all trees as `TreesPrior.get_state` has them.
        """
        levels = [
            column.n_levels if isinstance(column, LevelColumn) else -column.discrete
            for column in self.schema_
        ]
        models = [model for part in (self._masked, *self._trees) for model in part]
        return {
            "n_levels": np.array(levels, np.int64),
            "sizes": np.array([self.n_rows_, len(self._trees)], np.int64),
            "foretells": self._foretells,
            **pack(models),
        }

    @classmethod
    def from_state(cls, state: dict[str, np.ndarray]) -> ConditionalTrees:
        """Return the fitted trees that `get_state` was asked of.

        Parameters
        ----------
        state : dict of str to ndarray
            What `get_state` returned.

        Returns
        -------
        trees : ConditionalTrees
            They draw the same to the bit.

        Raises
        ------
        ValueError
            If no trees have such a state.
        """
        if set(state) != {"n_levels", "sizes", "foretells", "layout", *DTYPES}:
            raise ValueError(f"Trees have other arrays than {sorted(state)!r:.200}.")
        levels = check_array("n_levels", state["n_levels"], "int64", minimum=-1)
        if not len(levels):
            raise ValueError("n_levels must name a column.")
        sizes = check_array("sizes", state["sizes"], "int64", 2, minimum=1)
        n_rows, n_trees = sizes.tolist()
        if n_trees > len(state["layout"]):
            raise ValueError("there are more trees than arrays.")
        trees = cls(n_trees)
        trees.schema_ = tuple(
            LevelColumn(n) if n > 0 else NumberColumn(discrete=n < 0)
            for n in levels.tolist()
        )
        d = len(levels)
        trees.n_rows_ = n_rows
        trees._foretells = check_array("foretells", state["foretells"], "bool", d)
        kinds = [LevelModel if n > 0 else NumberModel for n in levels.tolist()]
        models = unpack(state, kinds * (n_trees + 1))
        trees._masked, *trees._trees = (
            models[start : start + d] for start in range(0, len(models), d)
        )
        trees._check_trees()
        trees._scales = [getattr(model, "scale", None) for model in trees._masked]
        return trees

    def _check_trees(self) -> None:
        """Raise a ValueError unless each column can be drawn given all others."""
        hiding = _with_unknown(self.schema_)
        for models, schema in (
            (self._masked, hiding),
            *((models, self.schema_) for models in self._trees),
        ):
            for j, model in enumerate(models):
                before = self._foretells.copy()
                before[j] = False
                known = (*schema[:j], self.schema_[j], *schema[j + 1 :])
                check_model(model, known, j, before)

    def _check_cells(self, columns, is_missing):
        """Return cells and their mask as arrays of one shape, or raise."""
        columns = np.asarray(columns, np.float64)
        is_missing = np.asarray(is_missing)
        d = len(self.schema_)
        if columns.ndim != 2 or columns.shape[1] != d or not len(columns):
            raise ValueError(f"columns must be of shape (n, {d}), got {columns.shape}.")
        if is_missing.dtype != bool or is_missing.shape != columns.shape:
            raise ValueError("is_missing must be a mask of the shape of columns.")
        return columns, is_missing

    @property
    def _unknown(self) -> np.ndarray:
        """What stands for a missing cell among the predictors."""
        return np.array(
            [
                column.n_levels if isinstance(column, LevelColumn) else MISSING_SCORE
                for column in self.schema_
            ],
            np.float32,
        )

    def _predictors_of(self, columns, is_missing) -> np.ndarray:
        """Rows as predictors (n_columns, n)."""
        x = np.empty(columns.T.shape, np.float32)
        for j, (scale, unknown) in enumerate(
            zip(self._scales, self._unknown, strict=True)
        ):
            # A level that is new is as good as unknown.
            is_known = ~is_missing[:, j] & ((columns[:, j] >= 0) | (scale is not None))
            x[j] = unknown
            x[j, is_known] = to_predictor(columns[is_known, j], scale)
        return x

    def _grow_masked(self, x, values, is_missing, rng) -> list[ColumnModel]:
        """Trees of each column given any subset of the others."""
        schema, unknown = _with_unknown(self.schema_), self._unknown[:, None]
        models = []
        for j in range(len(self.schema_)):
            rows = np.flatnonzero(~is_missing[:, j])
            hidden = draw_masks(x[:, rows], rng)
            hidden[j] = False
            rows = np.tile(rows, N_KINDS)
            shown = np.where(hidden, unknown, x[:, rows]).astype(np.float32)
            grower = self._grower(shown, schema, N_KINDS, rng)
            models.append(self._grow(grower, j, values[j, rows]))
        return models

    def _grow_full(self, x, values, is_missing, rng) -> list[ColumnModel]:
        """Trees of each column given all others."""
        models = []
        for j in range(len(self.schema_)):
            rows = np.flatnonzero(~is_missing[:, j])
            shown = np.ascontiguousarray(x[:, rows])
            others = np.delete(is_missing[rows], j, axis=1)
            honest = not others.size or bool(others.mean() < SAME_ROWS_SHARE)
            grower = self._grower(shown, self.schema_, 1, rng, honest)
            models.append(self._grow(grower, j, values[j, rows]))
        return models

    def _grower(self, x, schema, n_copies, rng, honest=False) -> Grower:
        predictors = Predictors(x, schema, self.max_features)
        leaf_size = MIN_LEAF if n_copies == 1 else 2 * MIN_LEAF
        cost = n_copies * self.split_cost
        return Grower(predictors, leaf_size, True, rng, cost, honest=honest)

    def _grow(self, grower: Grower, j: int, values) -> ColumnModel:
        foretelling = self._foretells.copy()
        foretelling[j] = False
        others, scale = np.flatnonzero(foretelling), self._scales[j]
        if scale is not None:
            return grower.numbers(j, others, values, scale)
        column = self.schema_[j]
        assert isinstance(column, LevelColumn)
        if not self._foretells[j]:
            # A column that nearly names rows is not predicted by others, either.
            others = others[:0]
        return grower.levels(j, others, column.n_levels)

    def _complete(self, columns, is_missing, keys, index):
        """Draw cells of a block of rows: values and predictors (n_columns, n)."""
        streams = RowStreams(keys, index << 32)
        values, x = columns.T.copy(), self._predictors_of(columns, is_missing)
        self._sweep(self._masked, values, x, is_missing, streams)
        for _ in range(N_SWEEPS):
            models = self._trees[index % len(self._trees)]
            self._sweep(models, values, x, is_missing, streams)
        return values, x

    def _sweep(self, models, values, x, is_missing, streams: RowStreams) -> None:
        """Draw the missing cells of each column in turn, in place."""
        for j, model in enumerate(models):
            rows = np.flatnonzero(is_missing[:, j])
            own = streams.take(rows)
            if len(rows):
                others = np.ascontiguousarray(x[:, rows])
                values[j, rows], x[j, rows] = model.draw(others, own)

    def _expect_block(self, columns, is_missing, keys, n_draws):
        """Means and modes of a block of rows."""
        sums = np.zeros(columns.shape)
        counts = {
            j: np.zeros((len(columns), column.n_levels))
            for j, column in enumerate(self.schema_)
            if isinstance(column, LevelColumn)
        }
        for index in range(n_draws):
            _, x = self._complete(columns, is_missing, keys, index)
            streams = RowStreams(keys, (index << 32) + (1 << 31))
            models = self._trees[index % len(self._trees)]
            for j, model in enumerate(models):
                rows = np.flatnonzero(is_missing[:, j])
                own = streams.take(rows)
                if not len(rows):
                    continue
                others = np.ascontiguousarray(x[:, rows])
                for _ in range(N_LAST_DRAWS):
                    drawn, _ = model.draw(others, own)
                    if j in counts:
                        counts[j][rows, drawn.astype(np.intp)] += 1
                    else:
                        sums[rows, j] += drawn / (n_draws * N_LAST_DRAWS)
        for j, count in counts.items():
            sums[:, j] = count.argmax(axis=1)
        return np.where(is_missing, sums, columns)


def _streams(n: int, rng: np.random.Generator) -> RowStreams:
    """Streams of training rows."""
    return RowStreams(rng.integers(2**63, size=n).astype(np.uint64))


def _some_rows(is_missing, n: int, rng: np.random.Generator) -> np.ndarray:
    """Rows at random, with one at least in which each column is observed."""
    chosen = rng.choice(len(is_missing), n, replace=False)
    lost = np.flatnonzero(is_missing[chosen].all(axis=0))
    return np.concatenate([chosen, (~is_missing[:, lost]).argmax(axis=0)])


def _with_unknown(schema: Schema) -> Schema:
    """The same with one more level in each column of levels."""
    return tuple(
        LevelColumn(column.n_levels + 1) if isinstance(column, LevelColumn) else column
        for column in schema
    )


def _foretelling(columns, is_missing, schema: Schema) -> np.ndarray:
    """Which columns foretell others: all but levels that nearly name rows."""
    foretells = np.ones(len(schema), bool)
    for j, column in enumerate(schema):
        if isinstance(column, LevelColumn):
            present = columns[~is_missing[:, j], j]
            n_seen = len(np.unique(present))
            is_name = n_seen > MAX_LEVEL_SHARE * len(present)
            foretells[j] = not (is_name and n_seen > MIN_IDENTIFIED_ROWS)
    return foretells
