"""Sections of a table: rows to read, columns in figures, and what goes with what."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from skgan.frames import frame_library, is_missing, read_columns, read_spelled
from skgan.metrics import associations, column_shape_scores
from skgan.reporting._evaluation import Evaluation
from skgan.reporting._html import details, element, escape, number, paragraph, scrolled
from skgan.reporting._sections import Section

_N_ROWS = 6
_MAX_READ = 60  # columns of rows to read
_MAX_SHOWN = 12  # columns that are not folded away
_MAX_TEXT = 24
_MAX_MATRIX = 10  # columns of a matrix that is shown
_MAX_ASSOCIATED = 30  # columns of which all pairs are looked at


def plain_title(name: Any) -> str:
    """Return how a column is called in text; those of arrays have numbers."""
    return f"column {name}" if isinstance(name, int) else str(name)


def column_names(X: Any) -> list:
    """Return the names of columns, those of arrays their places."""
    if frame_library(X) is None:
        return list(range(np.shape(X)[1]))
    return list(X.columns)


def only(X: Any, names: list) -> Any:
    """Return rows with some of their columns."""
    return X[names] if frame_library(X) is not None else np.asarray(X)[:, names]


def rows_section(evaluation: Evaluation) -> Section:
    """Return some rows of both sets, to be read."""
    real, drawn = evaluation.real.columns(), evaluation.drawn.columns()
    names = column_names(real)
    parts = []
    n = min(_N_ROWS, len(evaluation.real), len(evaluation.drawn))
    chunks = [names[:_MAX_SHOWN], names[_MAX_SHOWN:_MAX_READ]]
    for chunk in filter(None, chunks):
        tables = element(
            "div",
            _rows(real, chunk, n, "Real rows, held out", "real"),
            _rows(drawn, chunk, n, "Synthetic rows", "synthetic"),
            class_="stacked",
        )
        is_first = chunk is chunks[0]
        parts.append(tables if is_first else details("More columns", tables))
    message = (
        f"The first {n} rows of each set, as they come; no row belongs to another."
    )
    if len(names) > _MAX_READ:
        message += f" Of {len(names)} columns the first {_MAX_READ}."
    return Section("rows", "Rows", message, parts)


def _rows(X: Any, names: list, n: int, caption: str, side: str) -> str:
    columns = [_cells(X, name, n) for name in names]
    body = [
        element("tr", *(element("td", escape(cell)) for cell in row))
        for row in zip(*columns, strict=True)
    ]
    head = [element("th", escape(plain_title(name)), scope="col") for name in names]
    inner = element(
        "table",
        element("caption", escape(caption)),
        element("thead", element("tr", *head)),
        element("tbody", *body),
        class_=f"values {side}",
    )
    return scrolled(inner, caption)


def _cells(X: Any, name: Any, n: int) -> list[str]:
    if frame_library(X) is None:
        values = np.asarray(X)[:n, name].tolist()
    else:
        column = X[name]
        values = (
            column.iloc[:n].tolist() if hasattr(X, "iloc") else column[:n].to_list()
        )
    return [_text(value) for value in values]


def _text(value: Any) -> str:
    """Return a value as it is read, a missing one as a dash."""
    if is_missing(value):
        return "–"
    if isinstance(value, float):
        text = f"{value:.6g}"
    elif hasattr(value, "isoformat"):
        text = value.isoformat(" ") if hasattr(value, "hour") else value.isoformat()
        text = text.removesuffix(" 00:00:00")
    else:
        text = str(value)
    return text if len(text) <= _MAX_TEXT else f"{text[: _MAX_TEXT - 1]}…"


class Figures(NamedTuple):
    """A column in figures, as texts."""

    mean: str
    deviation: str
    missing: str
    distinct: str


def figures_of(X: Any) -> list[Figures]:
    """Return mean or most frequent level, deviation, gaps and distinct values."""
    if frame_library(X) is None:
        return [_of_numbers(column, str) for column in np.asarray(X).T]
    columns = zip(read_columns(X), X.columns, strict=True)
    return [_of_column(*(read_spelled(raw, name) or raw)) for raw, name in columns]


def _of_column(column_format: Any, raw: NDArray, missing: NDArray) -> Figures:
    kind = column_format.kind
    present = raw[~missing]
    share = _percent(float(missing.mean())) if len(missing) else "–"
    if not len(present):
        return Figures("–", "–", share, "0")
    if kind == "number":
        scale = 1.0
        if raw.dtype.kind == "O":
            scale = 10.0 ** (column_format.decimals or 0)
        values = np.array([float(value) / scale for value in present.tolist()])
        found = _of_numbers(values, str)
        return found._replace(missing=share)
    if kind in ("time", "duration") and not column_format.is_time_of_day:
        seconds = present.astype(np.float64) * column_format.unit / 1e9
        found = _of_numbers(seconds, _moment if kind == "time" else _span)
        return found._replace(missing=share)
    values, counts = np.unique(present.astype(str), return_counts=True)
    place = int(counts.argmax())
    codes, levels = values[place], [False, True]
    if kind not in ("boolean",) and getattr(column_format, "levels", None) is not None:
        levels = list(column_format.levels)
    name: Any = codes
    if codes.lstrip("-").isdigit() and int(codes) < len(levels):
        name = levels[int(codes)]
    top = f"{_text(name)} ({_percent(counts[place] / len(present))})"
    return Figures(top, "", share, str(len(values)))


def _of_numbers(values: NDArray, form: Any) -> Figures:
    values = np.asarray(values, dtype=np.float64)
    present = values[~np.isnan(values)]
    share = _percent(float(np.isnan(values).mean()))
    if not len(present):
        return Figures("–", "–", share, "0")
    with np.errstate(over="ignore", invalid="ignore"):
        mean, deviation = float(present.mean()), float(present.std())
    n_distinct = str(len(np.unique(present)))
    if form is str:
        return Figures(number(mean), number(deviation), share, n_distinct)
    return Figures(form(mean), _span(deviation), share, n_distinct)


def _moment(seconds: float) -> str:
    try:
        moment = datetime(1970, 1, 1, tzinfo=UTC) + timedelta(seconds=seconds)
    except (OverflowError, ValueError):
        return "–"
    return moment.strftime("%Y-%m-%d")


def _span(seconds: float) -> str:
    return f"{seconds / 86400:.3g} days" if seconds >= 86400 else f"{seconds:.3g} s"


def _percent(share: float) -> str:
    return (
        f"{100 * share:.0f} %" if share == 0 or share >= 0.1 else f"{100 * share:.2g} %"
    )


def column_figures(evaluation: Evaluation, names: list, scores: dict) -> str:
    """Return a table of all columns in figures, real beside synthetic."""
    real, drawn = evaluation.real.columns(), evaluation.drawn.columns()
    places = {name: i for i, name in enumerate(column_names(real))}
    ours, theirs = figures_of(real), figures_of(only(drawn, list(places)))
    rows = [
        element(
            "tr",
            element("th", escape(plain_title(name)), scope="row"),
            element("td", number(scores[name])),
            *(
                element("td", escape(text))
                for pair in zip(ours[places[name]], theirs[places[name]], strict=True)
                for text in pair
            ),
        )
        for name in names
    ]
    shown = [_figures_table(rows[:_MAX_SHOWN])]
    if len(rows) > _MAX_SHOWN:
        folded = _figures_table(rows[_MAX_SHOWN:])
        shown.append(details(f"The other {len(rows) - _MAX_SHOWN} columns", folded))
    return "".join(shown)


_HEADS = ("mean, or most frequent", "deviation", "missing", "distinct")


def _figures_table(rows: list[str]) -> str:
    groups = [
        element("th", "column", scope="col", rowspan=2),
        element("th", "score", scope="col", rowspan=2),
        *(element("th", text, scope="colgroup", colspan=2) for text in _HEADS),
    ]
    sides = [element("th", side, scope="col") for side in ("real", "synthetic")]
    caption = "Columns in figures, the worst score first"
    inner = element(
        "table",
        element("caption", caption),
        element("thead", element("tr", *groups), element("tr", *(sides * len(_HEADS)))),
        element("tbody", *rows),
        class_="figures",
    )
    return scrolled(inner, caption)


def associations_part(evaluation: Evaluation) -> str:
    """Return matrices of what goes with what, in both sets, and their difference."""
    real, drawn = evaluation.real.columns(), evaluation.drawn.columns()
    names = column_names(real)
    if len(names) > _MAX_ASSOCIATED:
        scores = column_shape_scores(real, drawn)
        names = sorted(names, key=lambda name: scores[name])[:_MAX_ASSOCIATED]
    matrices = [associations(only(X, names)) for X in (real, drawn)]
    difference = matrices[1] - matrices[0]
    order = np.argsort(-np.abs(difference).max(axis=0), kind="stable")[:_MAX_MATRIX]
    order = np.sort(order)
    titles = [plain_title(names[i]) for i in order]
    shown = [
        _matrix(title, matrix[np.ix_(order, order)], titles, side)
        for title, matrix, side in (
            ("Real rows", matrices[0], "real"),
            ("Synthetic rows", matrices[1], "synthetic"),
            ("Difference", difference, "difference"),
        )
    ]
    above = np.triu_indices(len(names), 1)
    mean = float(np.abs(difference[above]).mean())
    text = (
        "Associations: Pearson's correlation of two columns of numbers, Cramér's V of "
        "two of levels, the correlation ratio of numbers and levels. They differ by "
        f"{number(mean)} on average"
    )
    if len(order) < len(names):
        text += f"; the {len(order)} columns that differ most are shown"
    return paragraph(f"{text}.", class_="aside") + element(
        "div", *shown, class_="matrices"
    )


def _matrix(caption: str, matrix: NDArray, titles: list[str], side: str) -> str:
    """Return a matrix as a table, a cell the darker the larger its value."""
    body = []
    for i, title in enumerate(titles):
        cells = [
            element("td", "")
            if i == j
            else element(
                "td",
                f"{value:.2f}".replace("0.", ".").replace("-", "−"),
                style=f"--v:{min(abs(value), 1):.2f}",
            )
            for j, value in enumerate(matrix[i].tolist())
        ]
        body.append(
            element("tr", element("th", escape(_short(title)), scope="row"), *cells)
        )
    head = [
        element("th", element("span", escape(_short(title))), scope="col")
        for title in titles
    ]
    inner = element(
        "table",
        element("caption", escape(caption)),
        element("thead", element("tr", element("td", ""), *head)),
        element("tbody", *body),
        class_=f"matrix {side}",
    )
    return scrolled(inner, caption)


def _short(title: str) -> str:
    return title if len(title) <= 14 else f"{title[:13]}…"
