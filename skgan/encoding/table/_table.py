"""Tables: columns of every kind as scores and one-hot blocks, and back exactly."""

from __future__ import annotations

from collections.abc import Hashable, Mapping
from typing import Any

import numpy as np
from numpy.typing import NDArray

from skgan._estimator import persistent
from skgan._messages import counted, warn_user
from skgan._validation import check_boolean, check_integer
from skgan.encoding._check_rows import check_frame, check_rows
from skgan.encoding._column_conditions import Conditions
from skgan.encoding.constraints._computed import (
    Computed,
    Derived,
    DerivedColumn,
    Formula,
)
from skgan.encoding.constraints._constraints import (
    Constraint,
    Unique,
    check_constraints,
)
from skgan.encoding.constraints._repairs import FormulaRepair, FoundOrderRepair
from skgan.encoding.dependencies._date_parts import Clock
from skgan.encoding.dependencies._dependencies import (
    Dependency,
    find_dependencies,
    in_order,
)
from skgan.encoding.dependencies._formulas import find_formulas
from skgan.encoding.dependencies._orders import find_orders
from skgan.encoding.table._column_encoders import LevelEncoder, is_spiky
from skgan.encoding.table._columns import TimeColumn, show_levels
from skgan.encoding.table._encode_conditions import encode_given, write_given
from skgan.encoding.table._identifiers import IdentifierColumn
from skgan.encoding.table._learn_columns import (
    check_names,
    check_time_units,
    learn_columns,
    varies,
)
from skgan.encoding.table._reservoir import ReservoirEncoder
from skgan.encoding.table._row_encoder import RowEncoder
from skgan.encoding.table._table_conditions import (
    read_any_frame,
    read_any_item,
    read_given,
)
from skgan.encoding.table._table_output import TableBuffer, TableOutputBuilder
from skgan.frames import as_rows, frame_library, read_columns
from skgan.priors import LevelColumn, Schema

_MAX_CONDITION_LEVELS = 20
_ROWS_AT_ONCE = 2048
_NEW_LEVEL_SEED = 0x11E7


@persistent(
    "_columns",
    "_dtype",
    "_index",
    "_discrete",
    "_rows",
    "_slots",
    rebuilt=("_reservoir",),
)
class TableEncoder(ReservoirEncoder):
    """Turn a table of mixed columns into scores and one-hot blocks, and back.

    Numbers, dates and durations become normal scores: values that repeat are kept
    apart and come back exactly, and nothing leaves the range and the grid seen: whole
    numbers, decimals of so many places, multiples of a step with an offset, few endings
    such as .99 at their shares. Booleans and categories become one-hot
    blocks; those of many levels a block of groups of levels that are alike in the
    other columns, and a score for the place within the group. What is missing
    together is one more block. What is constant, or determined by other columns, is
    left out and restored exactly. ``partial_fit`` learns by parts.

    A column of text of more than 20 values (or in which most values are different) is
    learnt as the dates or numbers that it spells, if each text can be written again as
    it was read: "2024-05-01", "01.05.2024 13:30", "$1,234.50", "12.5 %", "3.2 kg", or
    whole numbers beside a repeated word such as "?" for what is missing. Whole numbers
    alone stay text. This needs pandas.

    Parameters
    ----------
    categorical_features : "auto" or list of column names, default="auto"
        Columns encoded as levels besides booleans, strings and categories: numbers
        or dates that are codes rather than amounts. Of an array, positions. "auto"
        takes those of at most ten values, and those of at most 256 of which one
        holds most rows: there the others are too rare for a smooth map to hit.
    condition_on : "auto", list of column names or None, default="auto"
        Columns that samples may be conditioned on. "auto" takes what is encoded as
        at most 20 levels, None takes none. A column listed here is never
        left out as a dependent one.
    constraints : list of constraints, default=()
        What decoded rows keep to, such as ``Inequality("start", "end")``; the
        training rows must.
    dependencies : bool or "rules", default=True
        Whether columns that others determine on every training row are found, left
        out of the encoded rows, and restored; and formulas between columns with gaps
        and pairs of numbers or dates of which one is never above the other, to which
        samples keep. "rules" leaves no column out: all formulas are kept to in this
        way.
    identifiers : {"draw", "raise"} or list of column names, default="draw"
        What to do with a column that names single rows: neither numbers nor dates, at
        least 50 values, nine of ten of them different; or whole numbers, all of them
        different, in a column called "id", "index", "row_no" or "Unnamed: 0", or with
        a name that ends in "_id", "Id" or "_key". "draw" draws fresh values that
        no training row has, and warns of it: text, bytes, UUIDs, addresses of IP and
        tuples with the signs seen in each place, running numbers that go on, and, of
        text of various lengths, letters for letters and digits for digits. "raise"
        refuses the table. A list names the columns, whole numbers among them.
    max_levels : int, default=64
        Width of a block at most; columns of more levels are grouped.

    Attributes
    ----------
    layout_ : TableLayout
        What stands where in an encoded row.
    condition_columns_ : list
        Names of the columns that can be given, in the order of
        ``layout_.condition_units``.
    dependencies_ : list of Dependency
        The columns left out because others determine them, and how.
    identifiers_ : list
        Names of the columns of which samples get fresh values; scores and diagnoses
        leave them out.
    formulas_ : list of Dependency
        Sums, products and quotients that hold in every training row in which none of
        their columns is missing. Samples keep to them there; where the result is given,
        a column that it follows from is computed.
    orders_ : list of tuple
        Pairs of names (low, high): the first is above the second in no training row,
        and in no sample, unless both are given. In rows drawn otherwise the two
        values are swapped, or, beside a given one, the other is mirrored at it;
        ``repaired_share_`` says how many.
    output_builder_ : object
        Builds what ``inverse_transform`` returns, in the container, columns and dtypes
        of what ``fit`` was given.
    tensor_shape_ : tuple of int
        ``(layout_.width,)``.
    n_features_in_ : int
        Columns.
    feature_names_in_ : ndarray of shape (n_features,)
        Names of columns, where all of them are strings.

    Warns
    -----
    UserWarning
        If integers span more than 2**53, where float64 no longer tells neighbours
        apart; if a column holds times of an hour that clocks repeat; of columns taken
        for identifiers, and of those that seem to be some but whose dtype lists its
        levels, so that samples copy them. If training goes on with levels that ``fit``
        did not see.

    Notes
    -----
    A level that ``fit`` did not see is encoded as a block of zeros, a number beyond
    the range seen as a score beyond those seen, and a combination of missing values
    that was not seen as a block of zeros, so that held-out rows can be scored.

    Times with a zone are what local clocks show: a time that these skip is moved
    forward, of an hour that they repeat the first is taken, and a date of the user's
    without a zone is local.

    Of several words for what is missing in a column of text that spells numbers, the
    commonest stands for all. A text that spells none is a ValueError in ``transform``.

    In an object column that mixes several kinds of missing values the first one
    seen stands for all of them.

    Examples
    --------
    >>> import pandas as pd
    >>> from skgan.encoding import TableEncoder
    >>> frame = pd.DataFrame(
    ...     {
    ...         "age": [31, 45, 27, 31, 60, 31],
    ...         "city": ["Rome", "Oslo", "Rome", None, "Oslo", "Rome"],
    ...         "since": pd.to_datetime(["2024-05-01", "2024-05-03"] * 3),
    ...     }
    ... )
    >>> encoder = TableEncoder().fit(frame)
    >>> encoder.layout_.n_numbers, encoder.layout_.block_widths
    (2, (3,))
    >>> encoder.condition_columns_
    ['city']
    >>> encoder.inverse_transform(encoder.transform(frame)).equals(frame)
    True
    """

    def __init__(
        self,
        categorical_features="auto",
        condition_on="auto",
        constraints=(),
        dependencies=True,
        identifiers="draw",
        max_levels=64,
    ):
        self.categorical_features = categorical_features
        self.condition_on = condition_on
        self.constraints = constraints
        self.dependencies = dependencies
        self.identifiers = identifiers
        self.max_levels = max_levels

    @property
    def identifiers_(self) -> list:
        """Names of the columns of which fresh values are drawn."""
        return [c.name for c in self._columns if isinstance(c, IdentifierColumn)]

    @property
    def repaired_share_(self) -> dict[str, float]:
        """Share of the rows decoded last that broke each constraint beforehand."""
        return dict(self.output_builder_.repaired_share)

    def positions_of(self, name: Hashable) -> tuple[int, ...]:
        """Return the positions of the encoded row that a column takes up.

        Parameters
        ----------
        name : hashable
            A column's name; of an array, its position.

        Returns
        -------
        tuple of int

        Raises
        ------
        ValueError
            If there is no such column, or it is not encoded because it is constant
            or determined by others.
        """
        if name in self._slots:
            return self._slots[name].positions
        if name not in self._index:
            reason = f"the columns are {list(self._index)}"
        else:
            ties = [str(d) for d in self.dependencies_ if d.target == name]
            reason = ties[0] if ties else "all its values are the same, or drawn fresh"
        raise ValueError(f"{name!r} takes up no place in the encoded row: {reason}.")

    def read_given(self, given, n: int | None = None) -> Conditions:
        """Read conditions and check that they are possible.

        Parameters
        ----------
        given : dict or DataFrame
            A dict of column names and what they are to be: a value; a list or set of
            values, drawn as often as they were seen; or, for numbers and dates, a
            range ``(low, high)``, bounds included, None for an open end. Or a
            DataFrame of partial rows, one a sample, where missing is not given.
        n : int, default=None
            Samples; partial rows must be as many.

        Returns
        -------
        Conditions
            What ``encode_given`` takes in place of `given`; ``rows(start, stop)``
            cuts partial rows.

        Raises
        ------
        TypeError
            If `given` is neither.
        ValueError
            If a column is not among ``condition_columns_``, a level was not seen, a
            range is empty, or the number of rows is wrong.
        """
        return read_given(self, given, n)

    def read_any_given(self, name: Hashable, what):
        """Read what one column of any kind is given.

        Parameters
        ----------
        name : hashable
            The column's name; of an array, its position.
        what : object
            A value, None for missing, a range ``(low, high)`` with None for an open
            end, or a list of values and ranges.

        Returns
        -------
        Value, Choice, Interval, Union or None
            In canonical form; None if the column is always so.

        Raises
        ------
        ValueError
            If there is no such column, or it cannot be so.
        """
        return read_any_item(self, name, what)

    def read_any_frame(self, frame) -> dict:
        """Read partial rows, where what is missing is not given, as `PartialValues`."""
        return read_any_frame(self, frame)

    def canonical_columns(self, X, names: list) -> list[NDArray]:
        """Return the canonical values of some columns of decoded rows."""
        values = self._validate(X, reset=False)
        return [values[:, self._index[name]] for name in names]

    def encode_given(self, given, n: int, rng: np.random.Generator):
        """Encode conditions for networks.

        Parameters
        ----------
        given : dict, DataFrame or Conditions
            As in ``read_given``.
        n : int
            Rows.
        rng : numpy.random.Generator
            Draws from lists and ranges, and spreads values that repeat.

        Returns
        -------
        values : ndarray of shape (n, n_encoded), float32
            Encoded rows, zero where nothing is given.
        is_given : ndarray of bool of shape (n, n_conditions)
            Which of ``condition_columns_`` are given.

        Examples
        --------
        >>> import numpy as np
        >>> import pandas as pd
        >>> from skgan.encoding import TableEncoder
        >>> frame = pd.DataFrame({"age": [31, 45, 27], "sex": ["f", "m", "f"]})
        >>> encoder = TableEncoder().fit(frame)
        >>> rng = np.random.default_rng(0)
        >>> encoder.encode_given({"sex": "m"}, 2, rng)
        (array([[0., 0., 1.],
               [0., 0., 1.]], dtype=float32), array([[ True],
               [ True]]))
        """
        return encode_given(self, read_given(self, given, n), n, rng)

    def write_given(
        self, buffer: TableBuffer, start: int, given: Conditions, Z
    ) -> None:
        """Write conditions into the buffer, so that they come back exactly.

        Parameters
        ----------
        buffer : TableBuffer
            Where ``write_decoded`` put the decoded rows.
        start : int
            Row of `buffer` at which the first row is.
        given : Conditions
            What ``read_given`` returned, cut to these rows.
        Z : ndarray of shape (n_samples, n_encoded)
            What ``encode_given`` made of it.
        """
        write_given(self, buffer, start, given, np.asarray(Z)[: len(buffer) - start])

    def renew_identifiers(self, rows: Any, seed: int, first_row: int) -> Any:
        """Return chosen rows with the identifiers of their own numbers in a sample."""
        return self.output_builder_.renew_identifiers(rows, seed, first_row)

    def write_decoded(
        self, buffer, start: int, Z: NDArray, n_rows: int | None = None
    ) -> None:
        """Decode rows `Z` into a buffer, see `BaseEncoder.write_decoded`."""
        Z = np.asarray(Z)[:n_rows]
        # A few rows at a time stay in the processor's cache.
        for first in range(0, len(Z), _ROWS_AT_ONCE):
            values = self._decode(Z[first : first + _ROWS_AT_ONCE])
            self.output_builder_.write(buffer, start + first, values)

    def _check_parameters(self) -> None:
        if self.dependencies != "rules":
            check_boolean("dependencies", self.dependencies)
        check_integer("max_levels", self.max_levels, 2)
        identifiers = self.identifiers
        if isinstance(identifiers, str) and identifiers not in ("raise", "draw"):
            raise ValueError(
                "identifiers must be 'raise', 'draw' or a list of columns, got "
                f"{identifiers!r}."
            )
        check_constraints(self.constraints)

    def check_features(self, estimator, X, *, reset: bool) -> None:
        """Validate `X` for an estimator, see `BaseEncoder.check_features`."""
        if frame_library(X) is None:
            check_rows(estimator, X, reset=reset)
            return
        labels = None if reset else self.output_builder_.names
        check_frame(estimator, X, labels, reset=reset)
        if not reset and estimator is not self:
            for column, raw_column in zip(self._columns, read_columns(X), strict=True):
                column.read(raw_column)

    def _validate(self, X, *, reset: bool) -> NDArray:
        """Return canonical rows; in ``fit`` learn the columns first."""
        dtype = None
        if frame_library(X) is None:
            rows = check_rows(self, X, reset=reset)
            dtype = X.dtype if X.dtype.kind in "biuf" else rows.dtype
            dtype = dtype.newbyteorder("=")
            names = list(range(rows.shape[1]))
            raw_columns = read_columns(rows, dtype)
        else:
            self.check_features(self, X, reset=reset)
            names, raw_columns = list(X.columns), read_columns(X)
        if reset:
            compared = {
                name
                for constraint in check_constraints(self.constraints)
                if not isinstance(constraint, Unique | Derived)
                for name in constraint.columns
            }
            self._columns = learn_columns(
                names,
                raw_columns,
                self.identifiers,
                self._declared_levels(names),
                compared,
            )
            self._dtype = dtype
        values = np.empty((len(raw_columns), len(raw_columns[0].raw)))
        pairs = zip(self._columns, raw_columns, strict=True)
        for i, (column, raw_column) in enumerate(pairs):
            values[i] = column.read(raw_column)
        return values.T

    def _declared_levels(self, names: list) -> list[Hashable]:
        """Return the columns that parameters ask to be learnt, as levels say."""
        declared: list[Hashable] = []
        for parameter in ("categorical_features", "condition_on"):
            value = getattr(self, parameter)
            if not (_is_auto(value) or value is None):
                declared += check_names(parameter, value, names)
        for constraint in check_constraints(self.constraints):
            declared += getattr(constraint, "targets", ())
        return declared

    def _make_output_builder(self, X, values: NDArray) -> TableOutputBuilder:
        builder = TableOutputBuilder(X, values, self._columns, self._dtype)
        declared = check_constraints(self.constraints)
        builder.derived = [c for c in declared if isinstance(c, Derived)]
        if builder.derived:
            self._check_derived(builder, X, values)
        return builder

    def _check_derived(self, builder, X, values: NDArray) -> None:
        """Raise unless functions give what the training rows hold."""
        if frame_library(X) is None:
            raise TypeError("Derived computes columns of frames, and X is an array.")
        for derived in builder.derived:
            derived.check_names(list(X.columns))
        computed = read_columns(builder.derive(X))
        for derived in builder.derived:
            for name in derived.targets:
                place = list(X.columns).index(name)
                got = self._columns[place].read(computed[place])
                wanted = values[:, place]
                is_same = np.isclose(got, wanted, rtol=1e-9, atol=0, equal_nan=True)
                broken = np.flatnonzero(~is_same)
                if len(broken):
                    raise ValueError(
                        f"The function of Derived({list(derived.columns)}) gives other "
                        f"values of {name!r} than {len(broken)} of {len(X)} training "
                        f"rows hold, the first at positions {broken[:5].tolist()}."
                    )

    def _fit_rows(self, values: NDArray) -> None:
        names = [column.name for column in self._columns]
        self._index = {name: i for i, name in enumerate(names)}
        self._discrete = {c.name for c in self._columns if c.is_discrete}
        if not _is_auto(self.categorical_features):
            self._discrete |= set(
                check_names("categorical_features", self.categorical_features, names)
            )
        self._fit_constraints(dict(zip(names, values.T, strict=True)))
        targets = {dependency.target for dependency in self.dependencies_}
        kept = {i: c for i, c in enumerate(self._columns) if c.name not in targets}
        discrete = {self._index[name] for name in self._discrete}
        if _is_auto(self.categorical_features):
            numbers = [i for i, c in kept.items() if c.kind != "identifier"]
            discrete |= {i for i in numbers if is_spiky(values[:, i])}
        self._rows = RowEncoder(self.max_levels).fit(values, kept, discrete)
        self._slots = {names[slot.place]: slot for slot in self._rows.slots_}
        self._learn_conditions()
        self.tensor_shape_ = (self.layout_.width,)

    def _fit_constraints(self, table: dict[Hashable, NDArray]) -> None:
        """Learn constraints and dependencies."""
        declared = check_constraints(self.constraints)
        constraints = [c for c in declared if isinstance(c, Constraint)]
        computed = self._computed_columns(declared, table)
        keep = {name for constraint in constraints for name in constraint.columns}
        keep |= set(getattr(self, "_labels", ()))
        check_time_units(constraints, self._columns)
        named = {c.name: c for c in self._columns if isinstance(c, IdentifierColumn)}
        self.output_builder_.repairs = [
            constraint.learn(table, self._discrete, self._parse)
            for constraint in constraints
            if not _holds_by_itself(constraint, named)
        ]
        if not (_is_auto(self.condition_on) or self.condition_on is None):
            keep |= set(check_names("condition_on", self.condition_on, table))
        lost = keep & {dependency.target for dependency in computed}
        if lost:
            raise ValueError(
                f"{sorted(map(str, lost))} are computed from other columns, as "
                "constraints say: no other constraint, label or condition_on may name "
                "them."
            )
        found: list = []
        if self.dependencies is True:
            # Computed columns are neither targets nor sources of the search.
            taken = {dependency.target for dependency in computed}
            varying = {n: v for n, v in table.items() if varies(v) and n not in taken}
            discrete = self._discrete & set(varying)
            keep |= {name for tie in computed for name in tie.sources}
            found = find_dependencies(varying, discrete, keep, self._clocks)
        ties = {tie.target: tie for tie in [*found, *computed]}
        self.dependencies_: list = in_order(ties)
        self.output_builder_.dependencies = self.dependencies_
        self.orders_: list = []
        self.formulas_: list = []
        if self.dependencies:
            self._find_rules(table, keep | set(ties), constraints)

    def _find_rules(
        self, table: dict[Hashable, NDArray], taken: set, constraints: list
    ) -> None:
        """Find formulas, and numbers or dates of which one is never above the other."""
        kinds = {
            column.name: getattr(column, "time_unit", column.kind)
            for column in self._columns
            if column.kind in ("number", "time", "duration")
        }
        computed = {tie.target for tie in self.dependencies_}
        names = [n for n in kinds if n not in computed and n not in self._discrete]
        numbers = {name: table[name] for name in names}
        formulas = find_formulas(numbers, among_gaps=self.dependencies is True)
        self.formulas_ = [f for f in formulas if f.target not in taken]
        self.output_builder_.repairs += [
            FormulaRepair.learn(formula, table, {f.target for f in self.formulas_})
            for formula in self.formulas_
        ]
        found = find_orders(numbers, kinds)
        declared = [set(constraint.columns) for constraint in constraints]
        self.orders_ = [
            pair for pair in found if not any(set(pair) <= names for names in declared)
        ]
        self.output_builder_.repairs += [
            FoundOrderRepair(
                (low, high), f"{low} <= {high}", table[low], table[high], self.formulas_
            )
            for low, high in self.orders_
        ]

    def _computed_columns(self, declared: list, table: Mapping) -> list[Dependency]:
        """Return how the columns that are declared to be computed are."""
        ties: list[Dependency] = []
        for constraint in declared:
            if not isinstance(constraint, Computed):
                continue
            constraint.check_names(table)
            if isinstance(constraint, Formula):
                ties += constraint.dependencies(table, self._discrete, self._clocks)
            else:
                ties += [DerivedColumn(n, (), "derived") for n in constraint.targets]
        names = [tie.target for tie in ties]
        twice = sorted({str(name) for name in names if names.count(name) > 1})
        if twice:
            raise ValueError(f"constraints compute {twice} twice.")
        return ties

    @property
    def _clocks(self) -> dict[Hashable, Clock]:
        return {
            column.name: Clock(column.time_unit.step, column.origin)
            for column in self._columns
            if isinstance(column, TimeColumn) and column.kind == "time"
        }

    def _parse(self, name: Hashable, value) -> float:
        return self._columns[self._index[name]].parse(value)

    def _learn_conditions(self) -> None:
        if self.condition_on is None:
            names = []
        elif _is_auto(self.condition_on):
            names = [
                name
                for name, slot in self._slots.items()
                if isinstance(slot.column_encoder, LevelEncoder)
                and slot.column_encoder.n_codes <= _MAX_CONDITION_LEVELS
            ]
        else:
            names = list(self.condition_on)
        self.condition_columns_ = names
        units = tuple(self.positions_of(name) for name in names)
        self.layout_ = self._rows.layout_._replace(condition_units=units)

    @property
    def schema_(self) -> Schema:
        """Levels and numbers, of each column that varies and no other determines."""
        return self._rows.schema(self._level_places)

    @property
    def declared_columns_(self) -> list[int]:
        """Places, among the plain columns, of those listed in `condition_on`."""
        if _is_auto(self.condition_on) or self.condition_on is None:
            return []
        return [self.place_of(name) for name in self.condition_columns_]

    @property
    def gap_names(self) -> list[Hashable]:
        """Names of the columns of numbers that are missing in some rows."""
        return [self._columns[place].name for place in self._rows.gaps]

    def has_place(self, name: Hashable) -> bool:
        """Tell whether a column is among the plain columns."""
        return self._index[name] in self._rows.modelled()

    def place_of(self, name: Hashable) -> int:
        """Return the place of a column among the plain columns."""
        return list(self._rows.modelled()).index(self._index[name])

    def name_of(self, place: int) -> Hashable:
        """Return the name of a plain column."""
        return self._columns[list(self._rows.modelled())[place]].name

    def plain_cells(self, place: int, values: NDArray) -> NDArray:
        """Return cells of a plain column for canonical values of its column."""
        return self._rows.plain_cells(place, values, self._level_places)

    @property
    def _level_places(self) -> set[int]:
        return {self._index[name] for name in self._discrete}

    def _columns_of(self, values: NDArray) -> NDArray:
        return self._rows.columns_of(values, self._level_places)

    def _values_of(self, columns: NDArray) -> NDArray:
        return self._rows.values_of(columns, self._level_places)

    def _encode(self, values: NDArray) -> NDArray:
        return self._rows.encode(values)

    def _encode_for_training(self, values: NDArray, rng: np.random.Generator):
        self._tell_of_new_levels(values)
        return self._rows.encode(values, rng, np.float32)

    def columns_for_training(self, X) -> NDArray:
        """Return plain columns; a level that is new is drawn from those seen."""
        values = self._validate(as_rows(X), reset=False)
        self._tell_of_new_levels(values)
        columns = self._columns_of(values)
        rng = np.random.default_rng(_NEW_LEVEL_SEED)
        for column, what in zip(columns.T, self.schema_, strict=True):
            is_new = column < 0
            if isinstance(what, LevelColumn) and is_new.any():
                seen_levels = column[~is_new] if not is_new.all() else np.zeros(1)
                column[is_new] = rng.choice(seen_levels, size=int(is_new.sum()))
        return columns

    def _tell_of_new_levels(self, values: NDArray) -> None:
        """Warn of levels that no block has a place for."""
        for slot in self._rows.slots_:
            levels = getattr(slot.column_encoder, "levels_", slot.column_encoder)
            if not isinstance(levels, LevelEncoder):
                continue
            canonical = values[:, slot.place]
            is_new = (levels.code(canonical) < 0) & ~np.isnan(canonical)
            if not is_new.any():
                continue
            column = self._columns[slot.place]
            shown = list(getattr(column, "new_levels", ()))
            if not shown:
                unique = np.unique(canonical[is_new])
                shown = list(column.write(unique, np.random.default_rng(0)))
            warn_user(
                f"Column {column.name!r} holds levels that fit did not see, in "
                f"{counted(int(is_new.sum()), 'row')}: {show_levels(map(str, shown))}. "
                "Samples have none of them; fit anew with all rows to learn them."
            )

    def _decode(self, rows: NDArray) -> NDArray:
        return self._rows.decode(rows)

    def _share_out(self, ends: NDArray, first: NDArray, slopes: NDArray) -> NDArray:
        shares = (self._encode(ends) - self._encode(first)) * slopes
        # Columns of labels, which stand behind the others, are given.
        return shares @ self._rows.owners()[:, : ends.shape[1]]


def _is_auto(value) -> bool:
    return isinstance(value, str) and value == "auto"


def _holds_by_itself(constraint, identifiers: Mapping[Hashable, Any]) -> bool:
    """Whether fresh identifiers keep to it; raise if the training rows do not."""
    if not isinstance(constraint, Unique):
        return False
    fresh = [name for name in constraint.columns if name in identifiers]
    if len(constraint.columns) == 1 and fresh and not identifiers[fresh[0]].is_unique:
        raise ValueError(
            f"{constraint!r} does not hold: values of {fresh[0]!r} repeat."
        )
    return bool(fresh)
