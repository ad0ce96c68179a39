"""GANImputer: missing cells drawn given the rest of their row."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray
from sklearn.base import OneToOneFeatureMixin, TransformerMixin
from sklearn.utils.validation import check_is_fitted

from skgan._estimator import VersionedEstimator, persistent
from skgan._validation import check_integer, check_stream
from skgan.encoding import TableEncoder
from skgan.frames import as_rows, fill_cells
from skgan.priors import ConditionalTrees, LevelColumn
from skgan.samplers._base import keeps_features
from skgan.samplers._incomplete_rows import (
    names_of,
    places_of,
    read_incomplete,
    tell_of_copies,
    tell_of_gaps,
    tell_of_new_levels,
    with_words,
)

_STRATEGIES = ("draw", "expected")


@persistent()
class GANImputer(OneToOneFeatureMixin, TransformerMixin, VersionedEstimator):
    """Complete rows by draws from what is missing given the rest of the row.

    Missing cells of any column and kind (numbers, levels, booleans, dates) are drawn
    by decision trees of each column given all others, which learn from incomplete rows
    (chained equations [1]_ [2]_). What is there is kept to the bit, and so are the
    container, its index and its dtypes. Of texts that spell numbers, words for what is
    missing, such as "n/a", are cells to fill, too.

    Parameters
    ----------
    strategy : {"draw", "expected"}, default="draw"
        "draw" keeps the distribution of the rows: spreads, correlations and shares are
        those of complete rows. "expected" puts the most likely level and the mean of
        numbers, on the column's grid: the best single guess of each cell, of which
        any distribution is too narrow.
    n_draws : int, default=20
        Draws of a row that means and modes of "expected" are taken over.
    categorical_features : "auto" or list of column names, default="auto"
        Columns that are levels besides booleans, text and categories: codes rather
        than amounts; of an array, positions. "auto" takes numbers of at most ten
        values, and of at most 256 of which one holds most rows.
    random_state : int, RandomState instance or None, default=None
        Fixes what is learnt and, with the content of a row, what is drawn for it:
        `transform` gives a row the same draws in any order and any subset of rows. Of
        rows that are equal, each has draws of its own, the first those that it would
        have alone.

    Attributes
    ----------
    encoder_ : TableEncoder
        Reads columns and writes them.
    trees_ : ConditionalTrees or None
        What draws; None if no column varies.
    missing_rate_ : ndarray of shape (n_features,)
        Share of the rows of `fit` in which each column is missing.
    n_features_in_ : int
        Columns.
    feature_names_in_ : ndarray of shape (n_features,)
        Names of columns, where all of them are strings.

    See Also
    --------
    skgan.metrics.pool_estimates : Estimates of several completed frames as one.
    GANSampler : Draws rows; `sample` with `given` completes them, less accurately.
    sklearn.impute.IterativeImputer : Chained equations with any regressor, for numbers.

    Warns
    -----
    UserWarning
        If no value of a column is observed, which stays missing; if two columns are
        never observed in one row; if most values of a column of text are different;
        if `transform` meets levels that `fit` did not see.

    Notes
    -----
    Of the cells x₋ⱼ beside a missing one, x_j is drawn from p(x_j | x₋ⱼ), column by
    column, three times over; the first values come from trees that know p(x_j | x_S)
    of any subset S, having seen rows with cells hidden at random. It is assumed that
    what is missing depends on observed cells only ("missing at random").

    Trees of a column are grown on several completions of the rows. Where hardly any
    cell beside the column is missing, these would all be the same: each is grown on a
    random half of the rows and its leaves are filled by the other half ("honest"
    trees [3]_), so that draws are as far from the mean of a leaf as new rows are.

    Sums, products and quotients that hold in all rows in which none of their columns is
    missing are found. What follows by them from observed cells is computed.

    Text of which most values differ is filled word for word from other rows, regardless
    of the rest of the row, and is in the imputer's files. Drop such columns before
    `fit` if nobody may read them there.

    References
    ----------
    .. [1] S. van Buuren, "Multiple imputation of discrete and continuous data by fully
       conditional specification", Statistical Methods in Medical Research 16, 2007,
       section 3.
    .. [2] L. L. Doove, S. van Buuren, E. Dusseldorp, "Recursive partitioning for
       missing data imputation in the presence of interaction effects", Computational
       Statistics & Data Analysis 72, 2014, section 2.
    .. [3] S. Athey, G. Imbens, "Recursive partitioning for heterogeneous causal
       effects", Proceedings of the National Academy of Sciences 113, 2016, section 2.

    Examples
    --------
    >>> import numpy as np
    >>> from skgan import GANImputer
    >>> rng = np.random.default_rng(0)
    >>> X = rng.normal(size=(300, 1)) * [1, 2] + [0, 10]
    >>> X[::3, 1] = np.nan
    >>> imputer = GANImputer(random_state=0).fit(X)
    >>> completed = imputer.transform(X)
    >>> bool(np.isnan(completed).any())
    False
    >>> bool(np.corrcoef(completed.T)[0, 1] > 0.95)
    True
    >>> len(imputer.sample_imputations(X, 5))
    5
    """

    def __init__(
        self,
        strategy="draw",
        *,
        n_draws=20,
        categorical_features="auto",
        random_state=None,
    ):
        self.strategy = strategy
        self.n_draws = n_draws
        self.categorical_features = categorical_features
        self.random_state = random_state

    @keeps_features
    def fit(self, X, y=None):
        """Learn each column given all others.

        Parameters
        ----------
        X : array-like or DataFrame of shape (n_samples, n_features)
            Rows, complete or not: at least 2.
        y : Ignored
            For scikit-learn's pipelines.

        Returns
        -------
        self

        Raises
        ------
        TypeError
            If `X` is sparse, or a parameter of the wrong type.
        ValueError
            If a parameter is out of its range, no cell is observed, or `X` has fewer
            than 2 rows or holds infinity.
        """
        self._check_parameters()
        rows, is_missing = read_incomplete(as_rows(X))
        encoder = TableEncoder(
            categorical_features=self.categorical_features,
            condition_on=None,
            dependencies="rules",
            identifiers=[],
        )
        encoder.check_features(self, rows, reset=True)
        if is_missing is None:
            raise ValueError(f"Expected 2D array, got rows of shape {rows.shape[1:]}.")
        if is_missing.all():
            raise ValueError("X has no observed cell: there is nothing to learn from.")
        names = names_of(rows)
        stream = check_stream("random_state", self.random_state)
        seed = int(stream.randint(2**31 - 1))
        encoder.fit(rows)
        is_missing = with_words(encoder, rows, is_missing)
        tell_of_gaps(names, is_missing)
        schema, places = encoder.schema_, places_of(encoder, names)
        gaps = is_missing[:, places]
        trees = None
        if not gaps.all(axis=0).any():
            columns = encoder.encode_columns(rows)
            is_level = np.array([isinstance(c, LevelColumn) for c in schema])
            plain = [names[place] for place in places]
            tell_of_copies(plain, columns, ~gaps & is_level)
            trees = ConditionalTrees().fit(columns, gaps, schema, random_state=seed)
        self.encoder_, self.trees_, self.seed_ = encoder, trees, seed
        self.places_, self.missing_rate_ = places, is_missing.mean(axis=0)
        return self

    def transform(self, X):
        """Fill missing cells.

        Parameters
        ----------
        X : array-like or DataFrame of shape (n_samples, n_features)
            Rows like those given to `fit`, complete or not.

        Returns
        -------
        X_completed : array or DataFrame of shape (n_samples, n_features)
            A copy: other cells, the container, its index and dtypes as in `X`.
        """
        self._check_parameters()
        index = None if self.strategy == "expected" else 0
        return self._complete(X, [index])[0]

    def sample_imputations(self, X, n: int) -> list:
        """Draw several completions: multiple imputation.

        Parameters
        ----------
        X : array-like or DataFrame of shape (n_samples, n_features)
            Rows like those given to `fit`, complete or not.
        n : int
            How many; more have these at their start. What differs between them is
            what is not known of the missing cells.

        Returns
        -------
        completed : list of array or DataFrame of shape (n_samples, n_features)
            The first is what `transform` returns with ``strategy="draw"``.
            `skgan.metrics.pool_estimates` makes one of what is estimated on each.
        """
        check_integer("n", n, 1)
        return self._complete(X, list(range(n)))

    def _complete(self, X, indices: list[int | None]) -> list:
        """Return completions by their index, None for means and modes."""
        check_is_fitted(self, "encoder_")
        original = as_rows(X)
        rows, is_missing = read_incomplete(original)
        self.encoder_.check_features(self, rows, reset=False)
        if is_missing is None:
            raise ValueError(f"Expected 2D array, got rows of shape {rows.shape[1:]}.")
        kept = X if hasattr(X, "column_names") else original
        is_missing = with_words(self.encoder_, rows, is_missing)
        cells = is_missing & (self.missing_rate_ < 1)
        if not cells.any():
            return [_copy(kept) for _ in indices]
        columns = self.encoder_.encode_columns(rows)
        gaps = is_missing[:, self.places_]
        self._tell_of_new_levels(rows, columns, gaps)
        return [
            fill_cells(
                kept, cells, self._write(self._draw(columns, gaps, index), is_missing)
            )
            for index in indices
        ]

    def _draw(self, columns: NDArray, gaps: NDArray, index: int | None) -> NDArray:
        """Return plain columns without gaps."""
        if self.trees_ is None:
            return columns
        if index is None:
            return self.trees_.expect(columns, gaps, self.seed_, self.n_draws)
        return self.trees_.draw(columns, gaps, self.seed_, index)

    def _write(self, columns: NDArray, is_missing: NDArray) -> Any:
        """Return plain columns as what `fit` was given, missing cells as rules say."""
        builder = self.encoder_.output_builder_
        buffer = builder.make_buffer(len(columns))
        self.encoder_.write_columns(buffer, 0, columns)
        names = [column.name for column in builder.columns]
        buffer.is_given = dict(zip(names, ~is_missing.T, strict=True))
        return builder.build(buffer)

    def _tell_of_new_levels(self, rows, columns: NDArray, gaps: NDArray) -> None:
        is_level = [isinstance(c, LevelColumn) for c in self.encoder_.schema_]
        is_new = (columns < 0) & ~gaps & np.array(is_level)
        names = names_of(rows)
        tell_of_new_levels([names[place] for place in self.places_], is_new)

    def _check_parameters(self) -> None:
        if not isinstance(self.strategy, str) or self.strategy not in _STRATEGIES:
            raise ValueError(
                f"strategy must be 'draw' or 'expected', got {self.strategy!r}."
            )
        check_integer("n_draws", self.n_draws, 1)

    def __sklearn_tags__(self):
        tags = super().__sklearn_tags__()
        tags.input_tags.allow_nan = True
        tags.input_tags.string = True
        tags.input_tags.categorical = True
        tags.transformer_tags.preserves_dtype = ["float64", "float32"]
        return tags


def _copy(X):
    """A copy of rows of any container; tables of Arrow never change."""
    if hasattr(X, "clone"):
        return X.clone()
    return X.copy() if hasattr(X, "copy") else X
