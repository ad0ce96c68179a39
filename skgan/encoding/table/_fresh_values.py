"""Fresh values in the pattern of those seen: text, bytes, addresses, tuples, numbers.

Each drawer draws for rows by their numbers. A row's value is a function of its number,
`entropy` and `attempt`, and no two of rows and attempts have the same: they are
places that a permutation takes to the values of the pattern. Attempts 0 and 1 keep to
the pattern while it has values; `LAST_ATTEMPT` goes beyond it, where no value was seen.
"""

from __future__ import annotations

import ipaddress
import re
import uuid
from math import prod
from typing import Any

import numpy as np
from numpy.typing import NDArray

from skgan._estimator import persistent
from skgan._mixing import permute_rows, row_uniforms
from skgan.encoding.table._texts import CLASS, Texts

LAST_ATTEMPT = 2
MIN_ROWS = 50
_MAX_TEMPLATES = 1000
_TEMPLATE_SEED = 0x1D
# A running number's values make up so much of their range at least.
_MIN_DENSITY = 0.5
_MAX_DIGITS = 15
# How far a running number jumps where values are taken, whatever the number of rows.
_JUMP = 1 << 40
# Values that are told apart by a row's number.
_ENOUGH = 1 << 48
_NUMBERED = re.compile(r"((?:.*\D)?)(\d{1,15})(\D*)", re.ASCII | re.DOTALL)
_ADDRESS = re.compile(r"(?:(?:0|[1-9]\d{0,2})(?:\.(?=\d)|$)){4}", re.ASCII)
_DIGITS = np.arange(ord("0"), ord("9") + 1, dtype=np.uint32)
# Texts of one length have so many times as many signs to choose from as were seen.
_MIN_ROOM = 100
_PACKED = {"uuid": "bytes", "ipv4": "packed", "ipv6": "packed"}
_MAKERS: dict[str, Any] = {
    "uuid": lambda packed: uuid.UUID(bytes=packed),
    "ipv4": ipaddress.IPv4Address,
    "ipv6": ipaddress.IPv6Address,
    "bytes": bytes,
}
_FORMS = {
    str: "text",
    bytes: "bytes",
    int: "integer",
    tuple: "tuple",
    uuid.UUID: "uuid",
    ipaddress.IPv4Address: "ipv4",
    ipaddress.IPv6Address: "ipv6",
}


def form_of(levels: list) -> str | None:
    """Return what all levels are; None if fresh ones cannot be drawn."""
    types = set(map(type, levels))
    forms = {
        next((form for base, form in _FORMS.items() if issubclass(kind, base)), None)
        for kind in types
        if kind is not bool
    }
    if forms == {"text", "integer"}:
        return "text or integer"
    if len(forms) != 1 or bool in types:
        return None
    (form,) = forms
    widths = {len(level) for level in levels} if form == "tuple" else {1}
    return form if len(widths) == 1 else None


def learn_fresh(levels: list) -> Any:
    """Return what draws fresh values in the pattern of `levels`, all different."""
    form = form_of(levels)
    if form == "text":
        return _numbered(levels) or _addresses(levels) or FreshText(levels)
    if form == "integer":
        return FreshIntegers([int(level) for level in levels])
    if form == "tuple":
        return FreshTuples(levels)
    if form == "text or integer":
        text = [level for level in levels if isinstance(level, str)]
        whole = [level for level in levels if not isinstance(level, str)]
        return FreshMixture(
            [learn_fresh(text), learn_fresh(whole)], len(text) / len(levels)
        )
    if form is None:
        return SeenValues(levels)
    return FreshBytes(levels, form)


def _objects(values: list) -> NDArray:
    objects = np.empty(len(values), dtype=object)
    objects[:] = values
    return objects


def _numbered(levels: list[str]) -> RunningNumber | None:
    """Return a running number between constant text, if the levels are of one."""
    matches = [_NUMBERED.fullmatch(level) for level in levels]
    frames = {m.group(1, 3) if m else None for m in matches}
    if len(frames) != 1 or None in frames or len(levels) < 2:
        return None
    digits = [m.group(2) for m in matches if m]
    numbers = [int(d) for d in digits]
    widths = {len(d) for d in digits}
    low, high = min(numbers), max(numbers)
    is_padded = any(d[0] == "0" and len(d) > 1 for d in digits)
    if len(set(numbers)) < _MIN_DENSITY * (high - low + 1) or (
        is_padded and len(widths) > 1
    ):
        return None
    prefix, suffix = next(m for m in matches if m).group(1, 3)
    return RunningNumber(prefix, suffix, widths.pop() if is_padded else 0, high + 1)


def _addresses(levels: list[str]) -> FreshAddresses | None:
    """Return what draws addresses of the internet, if texts are such."""
    if not all(_ADDRESS.fullmatch(level) for level in levels):
        return None
    try:
        return FreshAddresses([ipaddress.IPv4Address(level) for level in levels])
    except ValueError:
        return None


@persistent()
class RunningNumber:
    """Constant text around a number that goes on behind the largest seen."""

    def __init__(self, prefix: str, suffix: str, width: int, start: int):
        self.prefix = prefix
        self.suffix = suffix
        self.width = width
        self.start = start

    def draw(self, rows: NDArray, entropy: int, attempt: int) -> NDArray:
        """Return strings for rows by their numbers."""
        numbers = (self.start + rows + attempt * _JUMP).tolist()
        return _objects(
            [f"{self.prefix}{i:0{self.width}d}{self.suffix}" for i in numbers]
        )

    def skip(self, n: int) -> None:
        """Go on `n` numbers further on."""
        self.start += n


@persistent("classes", "templates", "grows")
class FreshText:
    """Strings with the signs seen in each place, or, of various lengths, the shape.

    A shape has letters where those seen had letters, and digits where they had digits;
    what starts or ends all strings stays.
    """

    def __init__(self, levels: list[str], grows: bool = True):
        self.grows = grows
        points = code_points(np.array(levels, dtype=np.str_))
        has_one_length = bool((points > 0).all()) or not grows
        if has_one_length and len(points) >= MIN_ROWS:
            self.classes = [np.unique(place) for place in points.T]
            if grows:
                self.classes = _roomy(self.classes, len(points))
            template = [
                place[0] if len(place) == 1 else CLASS + i
                for i, place in enumerate(self.classes)
            ]
            self.templates = np.array([template], dtype=np.uint32)
            return
        unique = np.unique(points[points > 0])
        self.classes = [
            unique[[test(chr(point)) for point in unique]]
            for test in (str.isdigit, str.isupper, str.islower, is_other_letter)
        ]
        is_kept = _shared_ends(points)
        rng = np.random.default_rng(_TEMPLATE_SEED)
        if len(points) > _MAX_TEMPLATES:
            chosen = rng.choice(len(points), _MAX_TEMPLATES, replace=False)
            points, is_kept = points[chosen], is_kept[chosen]
        # A template keeps only the shape.
        self.templates = points.copy()
        for i, members in enumerate(self.classes):
            self.templates[np.isin(points, members) & ~is_kept] = CLASS + i

    def draw(self, rows: NDArray, entropy: int, attempt: int) -> NDArray:
        """Return strings for rows by their numbers."""
        return Texts(self.templates, self.classes, self.grows).draw(
            rows, entropy, attempt
        )


@persistent("text")
class FreshBytes:
    """Bytes, UUIDs and addresses with the bytes seen in each place."""

    def __init__(self, levels: list, form: str):
        self.form = form
        # A code point above each byte, as 0 ends a string.
        texts = [
            "".join(chr(byte + 1) for byte in getattr(v, _PACKED.get(form, ""), v))
            for v in levels
        ]
        self.text = (
            FreshText(texts, grows=False) if form != "bytes" else FreshText(texts)
        )

    def draw(self, rows: NDArray, entropy: int, attempt: int) -> NDArray:
        """Return objects for rows by their numbers."""
        texts = self.text.draw(rows, entropy, attempt)
        make = _MAKERS[self.form]
        return _objects([make(bytes(ord(c) - 1 for c in text)) for text in texts])


@persistent("bytes")
class FreshAddresses:
    """Texts of addresses of the internet, such as 10.0.0.7."""

    def __init__(self, levels: list):
        self.bytes = FreshBytes(levels, "ipv4")

    def draw(self, rows: NDArray, entropy: int, attempt: int) -> NDArray:
        """Return strings for rows by their numbers."""
        return _objects(list(map(str, self.bytes.draw(rows, entropy, attempt))))


@persistent("low", "span", "is_running")
class FreshIntegers:
    """Whole numbers from the range seen, or behind it if they run."""

    def __init__(self, levels: list[int]):
        self.low = min(levels)
        self.span = max(levels) - self.low + 1
        self.is_running = len(levels) >= _MIN_DENSITY * self.span

    def draw(self, rows: NDArray, entropy: int, attempt: int) -> NDArray:
        """Return Python's integers for rows by their numbers."""
        if self.is_running:
            start = self.low + self.span + attempt * _JUMP
            return _objects([start + row for row in rows.tolist()])
        # A range of more values than are told apart is gone through in steps.
        size = min(self.span, _ENOUGH)
        step, room = self.span // size, size // LAST_ATTEMPT
        is_last = attempt == LAST_ATTEMPT
        beyond = self.low + self.span + is_last
        drawn = _objects([beyond + 2 * row for row in rows.tolist()])
        is_inside = (rows < room) & (not is_last)
        places = permute_rows([entropy], rows[is_inside] + attempt * room, size)
        drawn[is_inside] = _objects(
            [self.low + step * place for place in places.tolist()]
        )
        return drawn

    def skip(self, n: int) -> None:
        """Go on `n` numbers further on."""
        self.span += n


@persistent()
class FreshMixture:
    """Text and whole numbers in one column, as often as they were."""

    def __init__(self, parts: list, share: float):
        self.parts = parts
        self.share = share

    def draw(self, rows: NDArray, entropy: int, attempt: int) -> NDArray:
        """Return objects for rows by their numbers."""
        is_second = row_uniforms([entropy, 4], rows) >= self.share
        objects = np.empty(len(rows), dtype=object)
        for part, chosen in zip(self.parts, (~is_second, is_second), strict=True):
            objects[chosen] = part.draw(rows[chosen], entropy, attempt)
        return objects


@persistent("levels")
class SeenValues:
    """Values that were seen, for parts of tuples that repeat."""

    def __init__(self, levels: list):
        self.levels = _objects(levels)

    def draw(self, rows: NDArray, entropy: int, attempt: int) -> NDArray:
        """Return objects for rows by their numbers."""
        share = row_uniforms([entropy, attempt, 5], rows)
        return self.levels[(share * len(self.levels)).astype(int)]


@persistent("parts")
class FreshTuples:
    """Tuples whose parts are drawn one by one: fresh, or seen where they repeat."""

    def __init__(self, levels: list[tuple]):
        self.parts = []
        for values in zip(*levels, strict=True):
            unique = list(dict.fromkeys(values))
            is_fresh = 2 * len(unique) > len(values) and form_of(unique) is not None
            self.parts.append(
                learn_fresh(unique) if is_fresh else SeenValues(list(values))
            )

    def draw(self, rows: NDArray, entropy: int, attempt: int) -> NDArray:
        """Return tuples for rows by their numbers."""
        if all(isinstance(part, SeenValues) for part in self.parts):
            return self._draw_seen(rows, entropy, attempt)
        drawn = [
            part.draw(rows, entropy + i, attempt).tolist()
            for i, part in enumerate(self.parts)
        ]
        return _objects(list(zip(*drawn, strict=True)))

    def _draw_seen(self, rows: NDArray, entropy: int, attempt: int) -> NDArray:
        """Return combinations of parts that were seen, different while there are."""
        levels = [list(dict.fromkeys(part.levels.tolist())) for part in self.parts]
        size = prod(map(len, levels))
        rows = (rows + attempt * (size // (LAST_ATTEMPT + 1))) % min(size, _ENOUGH)
        places = permute_rows([entropy], rows, min(size, _ENOUGH))
        drawn = []
        for values in levels:
            places, chosen = np.divmod(places, len(values))
            drawn.append(_objects(values)[chosen].tolist())
        return _objects(list(zip(*drawn, strict=True)))


def _roomy(classes: list[NDArray], n_seen: int) -> list[NDArray]:
    """Let places of digits have all of them, from the last on, until there is room."""
    classes = list(classes)
    for place in range(len(classes) - 1, -1, -1):
        if prod(map(len, classes)) >= _MIN_ROOM * n_seen:
            break
        if np.isin(classes[place], _DIGITS).all():
            classes[place] = _DIGITS
    return classes


def code_points(text: NDArray) -> NDArray:
    """Return strings as rows of code points, 0 behind their end."""
    width = max(text.dtype.itemsize // 4, 1)
    return (
        np.ascontiguousarray(text.astype(f"<U{width}")).view("<u4").reshape(-1, width)
    )


def is_other_letter(sign: str) -> bool:
    """Whether a sign is a letter of neither case."""
    return sign.isalpha() and not sign.isupper() and not sign.islower()


def _shared_ends(points: NDArray) -> NDArray:
    """Return where strings are in what starts, or ends, all of them."""
    width = points.shape[1]
    length = (points > 0).sum(axis=1)
    is_shared = (points == points[0]).all(axis=0) & (points > 0).all(axis=0)
    n_first = int(np.r_[is_shared, False].argmin())
    places = np.arange(width)
    # Moved to the right, so that ends stand below one another.
    moved = np.take_along_axis(points, (places - (width - length)[:, None]) % width, 1)
    is_shared = (moved == moved[0]).all(axis=0) & (places >= width - length.min())
    n_last = int(np.r_[is_shared[::-1], False].argmin())
    if len(points) < 2:
        n_first = n_last = 0
    return (places < n_first) | (places >= (length - n_last)[:, None])
