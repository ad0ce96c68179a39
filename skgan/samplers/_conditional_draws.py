"""Conditions of `sample`: read, handed to what draws, or met by selecting rows."""

from __future__ import annotations

from collections.abc import Callable, Hashable, Mapping
from dataclasses import dataclass, field
from typing import Any

import numpy as np
from numpy.typing import NDArray

from skgan._messages import counted
from skgan.encoding import (
    AnyOf,
    Conditions,
    PartialItems,
    Value,
    at_rows,
    collect_rows,
    keeps_to,
)
from skgan.frames import concatenate_rows, drop_rows, frame_library, take_rows
from skgan.samplers._prior_conditions import PriorConditions

# Rows drawn at once where rows are selected; of one size, so that a sample is the
# start of a longer one.
_BLOCK = 4096
# Rows drawn before a condition counts as too rare: so many, and so many a row wanted.
_MAX_DRAWN, _MAX_DRAWN_EACH = 200_000, 2000

Draw = Callable[[int, int, Any], Any]


@dataclass
class SampleConditions:
    """Conditions on drawn rows, by who sees to them.

    Attributes
    ----------
    drawn_with : PriorConditions, Conditions or None
        Those that the prior or the generator is handed.
    selected_by : dict of name to item
        Those that drawn rows are selected by.
    predicate : callable or None
        A mask of a frame of drawn rows.
    n_rows : int or None
        Rows with conditions of their own; None if all have the same.
    """

    drawn_with: Any = None
    selected_by: dict[Hashable, Any] = field(default_factory=dict)
    predicate: Callable | None = None
    n_rows: int | None = None

    @property
    def selects(self) -> bool:
        """Whether rows are drawn and selected."""
        return bool(self.selected_by) or self.predicate is not None


def read_conditions(
    encoder: Any, given: Any, n: int, has_prior: bool
) -> SampleConditions:
    """Read what the user gives, and settle who sees to it."""
    if callable(given):
        return SampleConditions(predicate=given)
    if not hasattr(encoder, "read_any_given"):
        raise ValueError(
            f"given={given!r}: {type(encoder).__name__} does not condition on values; "
            "give a function of drawn rows that says which to keep, or set "
            "encoder=TableEncoder(condition_on=[...])."
        )
    n_rows = None
    if isinstance(given, Mapping):
        items = {
            name: encoder.read_any_given(name, what) for name, what in given.items()
        }
        items = {name: item for name, item in items.items() if item is not None}
    else:
        items, n_rows = _read_rows(encoder, given, n)
    drawn_with, selected_by = {}, {}
    for name, item in items.items():
        if _can_be_drawn_with(encoder, name, item, has_prior):
            drawn_with[name] = item
        else:
            selected_by[name] = item
    result = SampleConditions(selected_by=selected_by, n_rows=n_rows)
    if drawn_with:
        result.drawn_with = (
            PriorConditions(encoder, drawn_with, n_rows)
            if has_prior
            else Conditions(drawn_with, n_rows)
        )
    return result


def _read_rows(encoder: Any, given: Any, n: int) -> tuple[dict, int]:
    """Read what each row is given: a frame, or a dict for each."""
    if frame_library(given) is not None:
        items, n_rows = encoder.read_any_frame(given), len(given)
    elif isinstance(given, list | tuple) and all(
        isinstance(row, Mapping) for row in given
    ):
        rows = [
            {name: encoder.read_any_given(name, what) for name, what in row.items()}
            for row in given
        ]
        items, n_rows = collect_rows(rows), len(rows)
    else:
        raise TypeError(
            "given must be a dict of columns and values, a list of such dicts, a "
            "DataFrame of partial rows or a function of drawn rows, got "
            f"{type(given).__name__}."
        )
    if n_rows != n:
        raise ValueError(
            f"given has {counted(n_rows, 'row')} for {counted(n, 'sample')}; it needs "
            "one for each."
        )
    return items, n_rows


def _can_be_drawn_with(
    encoder: Any, name: Hashable, item: Any, has_prior: bool
) -> bool:
    if has_prior:
        return encoder.has_place(name)
    learnt = getattr(encoder, "condition_columns_", ())
    is_simple = not isinstance(item, AnyOf | PartialItems)
    # A number that is missing is no score.
    is_gap = isinstance(item, Value) and np.isnan(item.value)
    return name in learnt and is_simple and not (is_gap and name in encoder.gap_names)


def draw_selected(
    draw: Draw, encoder: Any, given: SampleConditions, start: int, stop: int, seed: int
) -> Any:
    """Draw rows until enough of them are what is given, rows `start` to `stop`.

    Each block of rows is looked for by itself, with a seed of its own.
    """
    find = _draw_alike if given.n_rows is None else _draw_each
    parts = [draw(0, seed, None)]
    for block in range(start // _BLOCK, -(-stop // _BLOCK)):
        begin = block * _BLOCK
        end = min(begin + _BLOCK, stop if given.n_rows is None else given.n_rows)
        rows = find(draw, encoder, given, begin, end, [seed, block])
        rows = take_rows(rows, np.arange(min(end, stop) - begin))
        parts.append(drop_rows(rows, max(start - begin, 0)))
    rows = concatenate_rows(parts[1:] or parts)
    renew = getattr(encoder, "renew_identifiers", None)
    return rows if renew is None else renew(rows, seed, start)


def _draw_alike(
    draw: Draw, encoder: Any, given: SampleConditions, begin: int, end: int, seed: list
) -> Any:
    """Draw rows of which all are given the same: those that fit, as they come."""
    parts, n_found, n_drawn, n = [], 0, 0, end - begin
    while n_found < n:
        if n_drawn >= _MAX_DRAWN + _MAX_DRAWN_EACH * n_found:
            raise _too_rare(given, n_found, n_drawn)
        rows = draw(_BLOCK, _seed_of(seed, n_drawn // _BLOCK), given.drawn_with)
        fits = np.flatnonzero(_fits(encoder, given, rows, None))[: n - n_found]
        n_found, n_drawn = n_found + len(fits), n_drawn + _BLOCK
        if len(fits):
            parts.append(take_rows(rows, fits, new_index=True))
    return concatenate_rows(parts)


def _draw_each(
    draw: Draw, encoder: Any, given: SampleConditions, begin: int, end: int, seed: list
) -> Any:
    """Draw rows that are given something each: anew until each fits."""
    n, parts, places = end - begin, [], []
    is_open, n_drawn, i = np.ones(n, dtype=bool), 0, 0
    while is_open.any():
        if n_drawn >= _MAX_DRAWN + _MAX_DRAWN_EACH * (n - int(is_open.sum())):
            raise _too_rare(given, n - int(is_open.sum()), n_drawn)
        rows = np.flatnonzero(is_open)
        # Few rows that are left are tried many times at once.
        rows = np.repeat(rows, max(1, _BLOCK // len(rows)) if i else 1)
        among_all = rows + begin
        drawn_with = given.drawn_with
        drawn_with = None if drawn_with is None else drawn_with.take(among_all)
        drawn = draw(len(rows), _seed_of(seed, i), drawn_with)
        fits = np.flatnonzero(_fits(encoder, given, drawn, among_all))
        chosen, first = np.unique(rows[fits], return_index=True)
        if len(chosen):
            parts.append(take_rows(drawn, fits[first]))
            places.append(chosen)
            is_open[chosen] = False
        n_drawn, i = n_drawn + len(rows), i + 1
    order = np.argsort(np.concatenate(places))
    return take_rows(concatenate_rows(parts), order, new_index=True)


def _seed_of(seed: list, i: int) -> int:
    return int(np.random.SeedSequence([*seed, i]).generate_state(1)[0])


def _fits(
    encoder: Any, given: SampleConditions, rows: Any, places: NDArray | None
) -> NDArray:
    """Tell which drawn rows are what is given; `places` are theirs among all."""
    fits = np.ones(len(rows), dtype=bool)
    names = list(given.selected_by)
    if names:
        columns = encoder.canonical_columns(rows, names)
        for name, values in zip(names, columns, strict=True):
            item = given.selected_by[name]
            item = item if places is None else at_rows(item, places)
            fits &= keeps_to(item, values)
    if given.predicate is not None:
        fits &= _read_mask(given.predicate(rows), len(rows))
    return fits


def _read_mask(mask: Any, n: int) -> NDArray:
    values = np.asarray(mask)
    if values.shape != (n,) or values.dtype.kind not in "bO":
        raise ValueError(
            f"given must return a mask of {n} booleans, one for each row of the frame "
            f"that it gets; it returned {type(mask).__name__} of shape {values.shape} "
            f"and dtype {values.dtype}."
        )
    # Of pandas' and polars' booleans with missing ones, missing is no.
    return np.array([value is not None and value == 1 for value in values.tolist()])


def _too_rare(given: SampleConditions, n_found: int, n_drawn: int) -> ValueError:
    what = "the function" if given.predicate is not None else "the condition on "
    what += ", ".join(map(repr, given.selected_by))
    return ValueError(
        f"given: {what} holds for {n_found} of {n_drawn} rows drawn "
        f"({n_found / n_drawn:.2g}), which is too rare to select; ask for more of "
        "what occurs, or fit on rows that have it."
    )
