"""What a column of labels holds: classes, or numbers."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from skgan._estimator import persistent
from skgan.encoding.vector._normal_scores import NormalScores

Y_KINDS = ("auto", "classes", "numbers")
# Whole numbers are classes unless there are many of them for the rows.
_MANY_VALUES = 20
_FEW_ROWS = 20
_MAX_SHOWN = 20


@persistent("width", "_codes", values={"width": range(2**24)})
class ClassLabels:
    """Classes: canonical values are their places among the sorted classes."""

    kind = "classes"

    def __init__(self, values: NDArray):
        try:
            self.classes_ = np.unique(values)
        except TypeError:
            kinds = sorted({type(value).__name__ for value in values.tolist()})
            raise ValueError(
                f"y mixes labels of the types {kinds}; make all of them strings."
            ) from None
        self._codes = {label: i for i, label in enumerate(self.classes_.tolist())}
        self.width = len(self.classes_)

    def read(self, values: NDArray) -> NDArray:
        """Return the codes of labels, float64; an unknown one is an error."""
        find = self._codes.get
        try:
            codes = [find(label, -1) for label in values.tolist()]
        except TypeError:
            raise ValueError("y must hold labels, not lists or arrays.") from None
        if -1 in codes:
            unknown = values[codes.index(-1)]
            shown = self.classes_[:_MAX_SHOWN].tolist()
            n_more = len(self.classes_) - len(shown)
            more = f" and {n_more} more" if n_more else ""
            raise ValueError(
                f"y holds {_plain(unknown)!r}, which is none of the classes seen in "
                f"fit: {shown}{more}."
            )
        return np.array(codes, dtype=np.float64)

    def knows(self, values: NDArray) -> NDArray:
        """Tell which labels are classes that were seen."""
        return np.array([v in self._codes for v in values.tolist()], dtype=bool)

    def write(self, codes: NDArray) -> NDArray:
        """Return the labels of codes."""
        return self.classes_[codes.astype(np.int64)]

    def encode(self, codes: NDArray) -> NDArray:
        """Return one-hot conditions of shape (n, n_classes), float32."""
        return np.eye(self.width, dtype=np.float32)[codes.astype(np.int64)]

    def reference(self, codes: NDArray) -> NDArray:
        """Return vectors in which two classes are at distance one."""
        return self.encode(codes).astype(np.float64) * np.sqrt(0.5)


@persistent("is_whole", "_scores", "_unit")
class NumberLabels:
    """Numbers: canonical values are themselves, conditions their normal scores."""

    kind = "numbers"
    width = 1

    def __init__(self, values: NDArray):
        self.is_whole = values.dtype.kind in "iu"
        values = values.astype(np.float64)
        self.minimum_, self.maximum_ = float(values.min()), float(values.max())
        self.mean_, self.scale_ = self.minimum_, 1.0
        self._scores = None
        if self.minimum_ < self.maximum_:
            # Scaled by the largest one, so that no difference or square overflows.
            self._unit = max(abs(self.minimum_), abs(self.maximum_))
            power = np.ldexp(1.0, int(np.frexp(self._unit)[1]) - 1)
            self.mean_ = float((values / power).mean() * power)
            self.scale_ = float((values / power).std() * power)
            self._scores = NormalScores().fit(values / self._unit)

    def read(self, values: NDArray) -> NDArray:
        """Return numbers as float64; fractions of whole numbers are an error."""
        if values.dtype.kind not in "biuf":
            raise ValueError(f"y holds numbers, got {_plain(values[0])!r}.")
        numbers = values.astype(np.float64)
        if self.is_whole and (numbers != np.rint(numbers)).any():
            wrong = numbers[numbers != np.rint(numbers)][0]
            raise ValueError(f"y holds whole numbers, got {wrong}.")
        return numbers

    def knows(self, values: NDArray) -> NDArray:
        """Tell that any number can be read."""
        return np.ones(len(values), dtype=bool)

    def write(self, values: NDArray) -> NDArray:
        """Return numbers as they are."""
        return values

    def encode(self, values: NDArray) -> NDArray:
        """Return conditions of shape (n, 1), float32, those of the nearest seen."""
        if self._scores is None:
            return np.zeros((len(values), 1), dtype=np.float32)
        inside = np.clip(values, self.minimum_, self.maximum_) / self._unit
        return self._scores.transform(inside).astype(np.float32)[:, None]

    def reference(self, values: NDArray) -> NDArray:
        """Return standardised numbers, of shape (n, 1)."""
        return ((values - self.mean_) / self.scale_)[:, None]


def learn_labels(values: NDArray, kind: str, is_category: bool):
    """Return what a column of labels holds."""
    if kind == "auto":
        kind = "numbers" if not is_category and _are_numbers(values) else "classes"
    if kind == "classes":
        return ClassLabels(values)
    if values.dtype.kind not in "biuf":
        raise ValueError(
            f"y_kind='numbers' needs numbers, and y holds {_plain(values[0])!r}."
        )
    return NumberLabels(values)


def _are_numbers(values: NDArray) -> bool:
    if values.dtype.kind not in "iuf":
        return False
    if values.dtype.kind == "f" and (values != np.rint(values)).any():
        return True
    n_distinct = len(np.unique(values))
    return n_distinct > _MANY_VALUES and len(values) < _FEW_ROWS * n_distinct


def _plain(value):
    return value.item() if isinstance(value, np.generic) else value
