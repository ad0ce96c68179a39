"""Labels that rows are drawn by: read, encoded as conditions, and given back."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from skgan._estimator import persistent
from skgan._messages import counted, warn_user
from skgan.encoding.labels._label_columns import (
    Y_KINDS,
    ClassLabels,
    NumberLabels,
    learn_labels,
)
from skgan.encoding.labels._label_output import (
    LabelOutputBuilder,
    as_columns,
    count_axes,
)
from skgan.priors import LevelColumn, NumberColumn, Schema


@persistent(values={"condition_dim_": range(2**24)})
class Labels:
    """Columns of classes and numbers as conditions of networks, and back.

    A condition is the one-hot codes of the columns of classes, one after the other,
    and then the normal scores of the columns of numbers.

    Examples
    --------
    >>> from skgan.encoding.labels._labels import Labels
    >>> labels = Labels()
    >>> values = labels.fit(["b", "a", "b"])
    >>> labels.encode(values).tolist()
    [[0.0, 1.0], [1.0, 0.0], [0.0, 1.0]]
    >>> labels.write(values).tolist()
    ['b', 'a', 'b']
    """

    def __init__(self, kind: str = "auto"):
        if not isinstance(kind, str) or kind not in Y_KINDS:
            raise ValueError(f"y_kind must be one of {Y_KINDS}, got {kind!r}.")
        self.kind = kind

    def fit(self, y) -> NDArray:
        """Learn how `y` came and what it holds."""
        columns = as_columns(y)
        self.columns_ = [
            learn_labels(values, self.kind, is_category)
            for values, is_category in columns
        ]
        self.output_builder_ = LabelOutputBuilder(y, columns)
        classes = [c for c in self.columns_ if isinstance(c, ClassLabels)]
        self.class_widths_ = tuple(column.width for column in classes)
        self.condition_dim_ = sum(column.width for column in self.columns_)
        pairs = zip(self.columns_, columns, strict=True)
        return np.column_stack([c.read(values) for c, (values, _) in pairs])

    def read(self, y) -> NDArray:
        """Return labels of the user's in canonical form."""
        if count_axes(y) and len(y) == 0:
            return np.empty((0, len(self.columns_)))
        columns = as_columns(self.output_builder_.in_order(y))
        if len(columns) != len(self.columns_):
            raise ValueError(
                f"y has {len(columns)} column(s), in fit it had {len(self.columns_)}."
            )
        pairs = zip(self.columns_, columns, strict=True)
        return np.column_stack([c.read(values) for c, (values, _) in pairs])

    def knows(self, y) -> NDArray:
        """Tell which rows have labels of which ``fit`` saw each."""
        columns = as_columns(self.output_builder_.in_order(y))
        pairs = zip(self.columns_, columns, strict=True)
        return np.logical_and.reduce([c.knows(values) for c, (values, _) in pairs])

    def read_request(self, y, n_samples: int) -> NDArray:
        """Return the labels of rows to draw, in canonical form."""
        n_axes = count_axes(y)
        is_one = n_axes == 0 or (n_axes == 1 and len(self.columns_) > 1)
        y = y if n_axes else [y]
        values = self.read([list(y)] if is_one and len(self.columns_) > 1 else y)
        if is_one:
            self._warn_outside(values)
            # A billion rows take no memory.
            values = np.broadcast_to(values, (n_samples, values.shape[1]))
            return values
        if n_samples not in (1, len(values)):
            raise ValueError(
                f"y has {counted(len(values), 'label')} for n_samples={n_samples}; "
                "leave n_samples out, it follows from y."
            )
        self._warn_outside(values)
        return values

    def _warn_outside(self, values: NDArray) -> None:
        for column, numbers in zip(self.columns_, values.T, strict=True):
            if isinstance(column, NumberLabels) and len(numbers):
                low, high = column.minimum_, column.maximum_
                if numbers.min() < low or numbers.max() > high:
                    warn_user(
                        f"y lies outside the range seen in fit, {low:g} to {high:g}; "
                        "such rows are drawn as for the nearest number in it."
                    )

    @property
    def schema_(self) -> Schema:
        """What canonical labels hold."""
        return tuple(
            LevelColumn(column.width)
            if isinstance(column, ClassLabels)
            else NumberColumn()
            for column in self.columns_
        )

    def clip(self, values: NDArray) -> NDArray:
        """Move numbers beyond those seen in fit to the nearest seen."""
        clipped = values.copy()
        for j, column in enumerate(self.columns_):
            if isinstance(column, NumberLabels):
                low, high = column.minimum_, column.maximum_
                clipped[:, j] = np.clip(values[:, j], low, high)
        return clipped

    def encode(self, values: NDArray) -> NDArray:
        """Return conditions of shape (n, condition_dim_), float32."""
        pairs = list(zip(self.columns_, values.T, strict=True))
        blocks = [c.encode(v) for c, v in pairs if isinstance(c, ClassLabels)]
        blocks += [c.encode(v) for c, v in pairs if isinstance(c, NumberLabels)]
        return np.hstack(blocks)

    def write(self, values: NDArray):
        """Return canonical labels as what ``fit`` was given."""
        pairs = zip(self.columns_, values.T, strict=True)
        return self.output_builder_.build([c.write(v) for c, v in pairs])

    def reference(self, values: NDArray) -> NDArray:
        """Return vectors whose distances mean something, to stand beside rows'."""
        pairs = zip(self.columns_, values.T, strict=True)
        return np.hstack([column.reference(v) for column, v in pairs])

    def groups(self, values: NDArray) -> NDArray | None:
        """Return the class of each row, or combination of classes; None without."""
        pairs = zip(self.columns_, values.T, strict=True)
        codes = [v for c, v in pairs if isinstance(c, ClassLabels)]
        if not codes:
            return None
        _, groups = np.unique(np.column_stack(codes), axis=0, return_inverse=True)
        return groups.reshape(-1)

    def strata(self, values: NDArray, n_held_out: int) -> NDArray | None:
        """Return groups of which a share can be held out, None where that cannot be.

        Classes of one row go with the largest.
        """
        groups = self.groups(values)
        if groups is None:
            return None
        counts = np.bincount(groups)
        strata = np.where(counts[groups] < 2, counts.argmax(), groups)
        n_strata = len(np.unique(strata))
        is_possible = n_strata <= min(n_held_out, len(values) - n_held_out)
        return strata if is_possible and counts.max() > 1 else None
