"""Tables whose rows carry labels, which are always given."""

from __future__ import annotations

from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from skgan._estimator import persistent
from skgan.encoding.labels._label_columns import ClassLabels, NumberLabels
from skgan.encoding.labels._labels import Labels
from skgan.encoding.table._columns import Column
from skgan.encoding.table._table import TableEncoder
from skgan.encoding.table._table_output import TableOutputBuilder
from skgan.frames import as_rows


@persistent()
class LabelName(NamedTuple):
    """Name of a column of y beside those of X, with which it cannot clash."""

    place: int

    def __repr__(self) -> str:
        return f"<y {self.place}>"


@persistent("kind", "step")
class TargetColumn(Column):
    """A column of y in canonical form."""

    def __init__(self, name: LabelName, labels: ClassLabels | NumberLabels):
        self.name = name
        is_number = isinstance(labels, NumberLabels)
        self.kind = "number" if is_number else "category"
        self.step = (
            1.0 if isinstance(labels, NumberLabels) and labels.is_whole else None
        )
        self.labels = labels

    def write(
        self, values: NDArray, rng: np.random.Generator, first_row: int = 0
    ) -> NDArray:
        """Return the values; nobody reads them."""
        return values

    def parse(self, value) -> float:
        """Return one label in canonical form."""
        return float(self.labels.read(np.asarray([value]))[0])

    def _read(self, raw_column) -> NDArray:
        return self.labels.read(raw_column.raw)


@persistent()
class LabelledOutputBuilder(TableOutputBuilder):
    """A table with columns of y behind its own, which do not leave it."""

    def _assemble(self, columns: list):
        pairs = zip(columns, self.columns, strict=True)
        return super()._assemble(
            [values for values, column in pairs if not isinstance(column, TargetColumn)]
        )


@persistent("_labels", "_targets", "_bounds", "_some_label", rebuilt=("_target",))
class LabelledTableEncoder(TableEncoder):
    """A `TableEncoder` of rows with labels, which are columns that are always given.

    What ties labels and columns is found as in any table: a column that the label
    determines is left out and restored.
    """

    _labels: tuple[LabelName, ...] = ()

    def fit_labelled(self, X, labels: Labels, target: NDArray) -> LabelledTableEncoder:
        """Learn rows and their labels."""
        self._labels = tuple(LabelName(i) for i in range(len(labels.columns_)))
        self._targets = list(map(TargetColumn, self._labels, labels.columns_))
        self._target: NDArray | None = target
        try:
            return self.fit(X)
        finally:
            self._target = None
            self._columns = [c for c in self._columns if c not in self._targets]

    @property
    def n_given_labels(self) -> int:
        """How many of ``condition_columns_``, the first ones, are labels."""
        return sum(isinstance(n, LabelName) for n in self.condition_columns_)

    def encode_labelled(self, X, target: NDArray, seed: int) -> NDArray:
        """Encode rows and labels for networks; see ``encode_for_training``."""
        values = np.hstack([self._validate(as_rows(X), reset=False), target])
        return self._encode_for_training(values, np.random.default_rng(seed))

    def encode_labels(self, values: NDArray, rng: np.random.Generator):
        """Encode labels alone, as ``encode_given`` encodes what is given."""
        rows = np.zeros((len(values), self.layout_.width), dtype=np.float32)
        is_given = np.zeros((len(values), len(self.condition_columns_)), dtype=bool)
        seeds = rng.integers(2**63, size=len(self._labels))
        values = self._within(values)
        for name, column, seed in zip(self._labels, values.T, seeds, strict=True):
            if name in self._slots:
                slot = self._slots[name]
                stream = np.random.default_rng(seed)
                slot.write(rows, slot.column_encoder.encode(column, stream))
                is_given[:, self.condition_columns_.index(name)] = True
        return rows, is_given

    def write_given(self, buffer, start: int, given: Any, Z) -> None:
        """Write labels into a buffer, for what depends on them."""
        values = self._within(given.values[: len(Z)])
        for name, column in zip(self._labels, values.T, strict=True):
            buffer.values[self._index[name], start : start + len(Z)] = column

    def _within(self, values: NDArray) -> NDArray:
        low, high = self._bounds
        return np.clip(values, low, high)

    def _validate(self, X, *, reset: bool) -> NDArray:
        values = super()._validate(X, reset=reset)
        if reset and self._target is not None:
            self._columns = [*self._columns, *self._targets]
            self._bounds = self._target.min(axis=0), self._target.max(axis=0)
            self._some_label = self._target[:1].copy()
            values = np.hstack([values, self._target])
        return values

    def _make_output_builder(self, X, values: NDArray) -> LabelledOutputBuilder:
        return LabelledOutputBuilder(X, values, self._columns, self._dtype)

    def _fit_constraints(self, table) -> None:
        self._discrete |= {c.name for c in self._targets if c.is_discrete}
        super()._fit_constraints(table)

    def _learn_conditions(self) -> None:
        super()._learn_conditions()
        labels = [name for name in self._labels if name in self._slots]
        others = [name for name in self.condition_columns_ if name not in labels]
        self.condition_columns_ = [*labels, *others]
        units = tuple(map(self.positions_of, self.condition_columns_))
        self.layout_ = self._rows.layout_._replace(condition_units=units)

    def _encode(self, values: NDArray) -> NDArray:
        if values.shape[1] == len(self._columns):
            labels = np.repeat(self._some_label, len(values), axis=0)
            rows = super()._encode(np.hstack([values, labels]))
            for name in self._labels:
                if name in self._slots:
                    rows[:, list(self.positions_of(name))] = 0
            return rows
        return super()._encode(values)
