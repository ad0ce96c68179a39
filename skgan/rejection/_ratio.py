"""Density ratios of real rows over drawn ones, by boosted trees."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import numpy as np

from skgan._messages import counted
from skgan._validation import check_stream

from ._boosted_trees import Trees, baseline, first_trees, interleave, scaled
from ._boosting import Growth, grow
from ._groups import group_levels, is_levels, to_groups
from ._scoring import TreeScorer
from ._state_checks import check_count, check_groups, check_order, check_splits

_GROWERS = ("auto", "histogram", "public")
_LEAF_SHARE = 100  # a leaf holds at least one in so many real rows …
_SMALLEST_LEAF, _LARGEST_LEAF = 5, 100  # … within these


class DensityRatio:
    """The density ratio real / drawn, by boosted trees kept as plain arrays.

    A classifier that tells real rows from drawn ones has the odds
    p_real(x) n_real / (p_drawn(x) n_drawn) at its best; divided by n_real / n_drawn
    they are the ratio. Drawn rows cost little: teach with several times as many as
    there are real ones.

    Parameters
    ----------
    n_trees : int, default=300
        Trees of each refit, at least 1.
    n_refits : int, default=2
        Boosted sums that are averaged. Each learns from all real rows and from a part
        of the drawn ones of its own: what one of them learnt by heart, another has
        not.
    learning_rate : float, default=0.2
        Shrinkage of each tree.
    max_leaf_nodes : int, default=31
        Leaves of a tree, 2 to 32.
    min_samples_leaf : int, default=None
        Rows of a leaf at least. None takes a hundredth of the real rows, at least 5
        and at most 100.
    max_features : float, default=0.5
        Share of the columns among which each split chooses.
    l2_regularization : float, default=0.0
        Shrinks leaves of few rows.
    grower : {"auto", "histogram", "public"}, default="auto"
        "histogram" reads the private arrays of scikit-learn's
        `HistGradientBoostingClassifier` and raises where they are not what they were;
        "public" boosts `DecisionTreeRegressor`, several times slower; "auto" takes
        the first and, with a warning, falls back on the second.

    Attributes
    ----------
    trees_ : Trees
        The averaged sum, as arrays; its baseline holds minus the log of
        n_real / n_drawn.

    See Also
    --------
    ClassifierRatio : The same by any scikit-learn classifier.
    fit_rejection : How far the ratio is used, decided on rows held out.

    Notes
    -----
    Rows are scored by QuickScorer [1]_ with a table of masks for each column in place
    of the sorted thresholds: some 300 000 rows of fifteen columns a second of one core
    for 600 trees. Of a column with more than 255 levels the rarest are joined by their
    share of real rows; a level never seen counts as missing.

    References
    ----------
    .. [1] Lucchese, C. et al. (2015). QuickScorer: a fast algorithm to rank documents
       with additive ensembles of regression trees. SIGIR.

    Examples
    --------
    >>> import numpy as np
    >>> from dataclasses import dataclass
    >>> from skgan.rejection import DensityRatio
    >>> @dataclass
    ... class Number:
    ...     discrete: bool = False
    >>> rng = np.random.default_rng(0)
    >>> real = rng.normal(1.0, size=(2000, 1))
    >>> drawn = rng.normal(0.0, size=(8000, 1))
    >>> ratio = DensityRatio(n_trees=15, min_samples_leaf=200)
    >>> ratio = ratio.fit(real, drawn, (Number(),), random_state=0)
    >>> low, high = ratio.log_ratio(np.array([[-0.5], [1.5]]))  # exactly -1 and 1
    >>> bool(abs(low + 1) < 0.4), bool(abs(high - 1) < 0.4)
    (True, True)
    """

    def __init__(
        self,
        n_trees: int = 300,
        *,
        n_refits: int = 2,
        learning_rate: float = 0.2,
        max_leaf_nodes: int = 31,
        min_samples_leaf: int | None = None,
        max_features: float = 0.5,
        l2_regularization: float = 0.0,
        grower: str = "auto",
    ):
        self.n_trees = n_trees
        self.n_refits = n_refits
        self.learning_rate = learning_rate
        self.max_leaf_nodes = max_leaf_nodes
        self.min_samples_leaf = min_samples_leaf
        self.max_features = max_features
        self.l2_regularization = l2_regularization
        self.grower = grower

    def fit(
        self,
        real: np.ndarray,
        drawn: np.ndarray,
        schema: tuple[Any, ...],
        *,
        random_state: Any = None,
    ) -> DensityRatio:
        """Learn the ratio.

        Parameters
        ----------
        real : ndarray of shape (n_real, d), dtype float64
            Real rows; NaN is a missing value. At least one.
        drawn : ndarray of shape (n_drawn, d), dtype float64
            Rows of the sampler, at least one for each refit, in no order.
        schema : tuple of length d
            What each column holds: levels, given as codes, if the entry has an
            attribute `n_levels`; else numbers.
        random_state : int, RandomState instance or None, default=None
            Chooses among columns.

        Returns
        -------
        self : DensityRatio

        Raises
        ------
        ValueError
            If `grower` is unknown or there are too few rows.
        """
        self._check(real, drawn, schema)
        seed = check_stream("random_state", random_state).randint(2**31 - 1)
        rng = np.random.default_rng(seed)
        is_real = np.arange(len(real) + len(drawn)) < len(real)
        self._groups = {
            j: group_levels(np.concatenate([real[:, j], drawn[:, j]]), is_real)
            for j, column in enumerate(schema)
            if is_levels(column)
        }
        # Levels first: scikit-learn puts them there, and its trees count so.
        numbers = [j for j in range(len(schema)) if j not in self._groups]
        self._order = np.array([*self._groups, *numbers], dtype=np.intp)
        inputs = self._inputs(real)
        parts = [
            self._one_refit(inputs, self._inputs(drawn[i :: self.n_refits]), rng)
            for i in range(self.n_refits)
        ]
        trees = scaled(interleave(parts), 1 / self.n_refits)
        # Single precision is more than such odds need, and is what states hold.
        value = trees.value.astype(np.float32).astype(np.float64)
        self._set_trees(replace(trees, value=value))
        return self

    def _one_refit(
        self, real: np.ndarray, drawn: np.ndarray, rng: np.random.Generator
    ) -> Trees:
        """Trees of the log-ratio of all real rows over a part of the drawn ones."""
        leaf = self.min_samples_leaf
        if leaf is None:
            leaf = len(real) // _LEAF_SHARE
            leaf = min(max(leaf, _SMALLEST_LEAF), _LARGEST_LEAF)
        growth = Growth(
            self.n_trees,
            self.learning_rate,
            self.max_leaf_nodes,
            leaf,
            self.max_features,
            self.l2_regularization,
        )
        columns = np.concatenate([real, drawn])
        is_real = np.arange(len(columns)) < len(real)
        n_groups = [int(g.max(initial=-1)) + 1 for g in self._groups.values()]
        trees = grow(columns, is_real, n_groups, growth, self.grower, rng)
        prior = baseline(-float(np.log(len(real) / len(drawn))))
        return interleave([trees, prior])

    def log_ratio(self, columns: np.ndarray) -> np.ndarray:
        """Return the log-ratio of each row.

        Parameters
        ----------
        columns : ndarray of shape (n, d), dtype float64
            Rows with the columns of the schema.

        Returns
        -------
        log_ratio : ndarray of shape (n,), dtype float64
        """
        return self._scorer.score(self._inputs(columns))

    def staged_log_ratio(self, columns: np.ndarray, n_trees: Any) -> np.ndarray:
        """Return what the log-ratios were after fewer trees.

        Parameters
        ----------
        columns : ndarray of shape (n, d), dtype float64
            Rows with the columns of the schema.
        n_trees : sequence of int
            Trees of each refit, at least 1 and increasing.

        Returns
        -------
        log_ratios : ndarray of shape (n, n_stages), dtype float64
        """
        stops = [min(n * self.n_refits, len(self.trees_)) for n in n_trees]
        return self._scorer.partial_scores(self._inputs(columns), stops)

    def truncate(self, n_trees: int) -> DensityRatio:
        """Keep the first trees of each refit only.

        Parameters
        ----------
        n_trees : int
            How many, at least 1.

        Returns
        -------
        self : DensityRatio
        """
        self._set_trees(first_trees(self.trees_, n_trees * self.n_refits))
        return self

    def untaught(self, n_trees: int | None = None) -> DensityRatio:
        """Return a new ratio with the same parameters.

        Parameters
        ----------
        n_trees : int, default=None
            Trees of each refit in place of this one's number.

        Returns
        -------
        ratio : DensityRatio
        """
        return DensityRatio(
            n_trees or self.n_trees,
            n_refits=self.n_refits,
            learning_rate=self.learning_rate,
            max_leaf_nodes=self.max_leaf_nodes,
            min_samples_leaf=self.min_samples_leaf,
            max_features=self.max_features,
            l2_regularization=self.l2_regularization,
            grower=self.grower,
        )

    def get_state(self) -> dict[str, Any]:
        """Return arrays that say all there is to scoring.

        Returns
        -------
        state : dict of str to ndarray or number
            Nothing of a row, no object of scikit-learn.
        """
        groups = [*self._groups.values(), np.empty(0, dtype=np.int16)]
        return {
            "n_refits": self.n_refits,
            "order": self._order,
            "n_levels": len(self._groups),
            "groups": np.concatenate(groups),
            "groups_first": np.cumsum([0] + [len(g) for g in groups[:-1]]),
            **self.trees_.get_state(),
        }

    @classmethod
    def from_state(cls, state: dict[str, Any]) -> DensityRatio:
        """Return the ratio that `get_state` described.

        Parameters
        ----------
        state : dict of str to ndarray or number
            As `get_state` returns it.

        Returns
        -------
        ratio : DensityRatio
            Scores rows as the first did; its parameters of growth are the defaults.

        Raises
        ------
        ValueError
            If no ratio has such a state: trees that lack nodes, columns or sets that
            are none, arrays of other sizes or dtypes.
        """
        trees = Trees.from_state(state)
        ratio = cls(n_refits=check_count("n_refits", state["n_refits"], 1, 2**20))
        ratio._order = check_order("order", state["order"]).astype(np.intp)
        n_levels = check_count("n_levels", state["n_levels"], 0, len(ratio._order))
        groups = check_groups(state["groups"], state["groups_first"], n_levels)
        ratio._groups = dict(zip(ratio._order[:n_levels].tolist(), groups, strict=True))
        check_splits(trees, len(ratio._order), n_levels)
        ratio._set_trees(trees)
        return ratio

    @property
    def is_levels(self) -> np.ndarray:
        """Which columns hold levels, (d,) bool."""
        return np.isin(np.arange(len(self._order)), list(self._groups))

    def __getstate__(self) -> dict[str, Any]:
        """Pickle no table that is made of the trees."""
        return {
            k: v for k, v in vars(self).items() if k not in ("_scorer", "trees_")
        } | ({"trees": self.trees_.get_state()} if hasattr(self, "trees_") else {})

    def __setstate__(self, state: dict[str, Any]) -> None:
        vars(self).update({k: v for k, v in state.items() if k != "trees"})
        if "trees" in state:
            self._set_trees(Trees.from_state(state["trees"]))

    def _set_trees(self, trees: Trees) -> None:
        self.trees_ = trees
        self._scorer = TreeScorer(trees)

    def _inputs(self, columns: np.ndarray) -> np.ndarray:
        """Levels as groups, before the numbers, column by column in memory."""
        inputs = np.empty((len(columns), len(self._order)), order="F")
        for i, j in enumerate(self._order.tolist()):
            values = columns[:, j]
            groups = self._groups.get(j)
            inputs[:, i] = values if groups is None else to_groups(values, groups)
        return inputs

    def _check(self, real: Any, drawn: Any, schema: Any) -> None:
        if self.grower not in _GROWERS:
            raise ValueError(f"grower must be one of {_GROWERS}, got {self.grower!r}")
        if len(real) < 1 or len(drawn) < self.n_refits:
            raise ValueError(
                f"A ratio of {self.n_refits} refits needs at least 1 real and "
                f"{self.n_refits} drawn rows, got {len(real)} and {len(drawn)}"
            )
        if not real.shape[1] == drawn.shape[1] == len(schema):
            raise ValueError(
                f"Real rows have {counted(real.shape[1], 'column')}, drawn ones "
                f"{drawn.shape[1]}, the schema {len(schema)}"
            )
