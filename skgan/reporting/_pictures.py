"""Pictures within the page: charts as SVG in its colours, sheets of images as PNG."""

from __future__ import annotations

import re
import warnings
from base64 import b64encode
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from io import BytesIO, StringIO
from typing import Any

from skgan.plotting import FIRST_COLOR, SECOND_COLOR
from skgan.reporting._html import element, escape

# Colours that stand for those of the page, which has them for light and for dark.
INK, LINE = "#010203", "#040506"
_VARIABLES = {
    INK: "var(--ink)",
    LINE: "var(--muted)",
    FIRST_COLOR.lower(): "var(--real)",
    SECOND_COLOR.lower(): "var(--synthetic)",
}
_STYLE = {
    "axes.edgecolor": LINE,
    "axes.facecolor": "none",
    "axes.labelcolor": INK,
    "axes.spines.right": False,
    "axes.spines.top": False,
    "axes.titlecolor": INK,
    "figure.facecolor": "none",
    "font.size": 9.5,
    "legend.facecolor": "none",
    "savefig.facecolor": "none",
    "svg.fonttype": "none",
    "svg.hashsalt": "skgan",
    "text.color": INK,
    "xtick.color": LINE,
    "xtick.labelcolor": INK,
    "ytick.color": LINE,
    "ytick.labelcolor": INK,
}
_NO_METADATA = dict.fromkeys(("Creator", "Date", "Format", "Type"))
_MAX_SCALE = 1.5  # CSS pixels a point, beyond which charts look coarse


@contextmanager
def _style() -> Iterator[None]:
    """Draw in the page's style, whatever the user's own is."""
    import matplotlib.style

    with warnings.catch_warnings(), matplotlib.style.context(["default", _STYLE]):
        # The browser has other fonts.
        warnings.filterwarnings("ignore", message="Glyph .* missing from")
        yield


def chart(
    draw: Callable[[Any], None], alt: str, size: tuple[float, float], place: str
) -> str:
    """Return what is drawn as an ``svg`` element.

    Parameters
    ----------
    draw : callable
        Gets axes and draws on them.
    alt : str
        What is said in the picture's place.
    size : tuple of float
        Width and height in inches.
    place : str
        Letters and digits that no other chart of the page has, for identifiers.
    """
    from matplotlib.figure import Figure

    file = StringIO()
    with _style():
        paper = Figure(figsize=size, layout="constrained")
        draw(paper.add_subplot())
        paper.savefig(file, format="svg", metadata=_NO_METADATA)
    return _as_element(file.getvalue(), alt, place)


def _as_element(text: str, alt: str, place: str) -> str:
    """Turn a file of SVG into a part of a page that has other such parts."""
    text = text[text.index("<svg") :]
    for pattern in (r"<!--.*?-->", r"<metadata>.*?</metadata>", r"<style.*?</style>"):
        text = re.sub(pattern, "", text, flags=re.DOTALL)
    start, body = text.split(">", 1)
    box = re.search(r'viewBox="[\d.]+ [\d.]+ ([\d.]+) ([\d.]+)"', start)
    assert box is not None
    width, height = (float(side) for side in box.groups())
    start = (
        f'<svg role="img" aria-label="{escape(alt)}" '
        f'viewBox="0 0 {width:g} {height:g}" '
        f'style="max-width:{width * _MAX_SCALE:.0f}px"'
    )
    body = re.sub(r"<[^>]*>", lambda tag: _tidy(tag[0], place), body)
    used = set(re.findall(r'(?:href="|url\()#([\w-]+)', body))
    body = re.sub(
        r' id="([\w-]*)"', lambda name: name[0] if name[1] in used else "", body
    )
    body = re.sub(r"(?:\s*<use [^>]*/>){2,}", _share_style, body)
    body = re.sub(r">\s+<", "><", body)
    return f"{start}>{body}".strip()


def _tidy(tag: str, place: str) -> str:
    """Make a tag shorter, its colours the page's and its identifiers its own."""
    tag = tag.replace("xlink:href", "href")
    tag = re.sub(r"(\.\d\d)\d+", r"\1", tag)
    tag = re.sub(r'(id="|href="#|url\(#)(?=\w)', rf"\g<1>{place}-", tag)
    tag = re.sub(r"font: (?:\w+ )*?([\d.]+px)[^;\"]*", r"font-size: \1", tag)
    tag = re.sub(r"\s+", " ", tag)
    for color, variable in _VARIABLES.items():
        tag = tag.replace(color, variable)
    return tag


def _share_style(run: re.Match) -> str:
    """Say the style of many points once."""
    uses = re.findall(r"<use [^>]*/>", run[0])
    styles = {re.sub(r'.*style="([^"]*)".*', r"\1", use) for use in uses}
    if len(styles) > 1 or 'style="' not in uses[0]:
        return run[0]
    bare = "".join(re.sub(r' style="[^"]*"', "", use) for use in uses)
    return f'<g style="{styles.pop()}">{bare}</g>'


def sheet(image: Any, alt: str) -> str:
    """Return an image that a display has drawn, pixel for pixel, as an ``img``.

    Parameters
    ----------
    image : matplotlib AxesImage
        What was drawn.
    alt : str
        What is said in the picture's place.
    """
    from PIL import Image

    pixels = image.to_rgba(image.get_array(), bytes=True)
    picture = Image.fromarray(pixels)
    if (pixels[..., :1] == pixels[..., :3]).all():
        picture = picture.convert("LA")
    file = BytesIO()
    picture.save(file, "PNG", optimize=True)
    source = f"data:image/png;base64,{b64encode(file.getvalue()).decode()}"
    height, width = pixels.shape[:2]
    tag = element("img", src=source, alt=alt, width=width, height=height)
    return tag.removesuffix("</img>")


def blank_axes() -> Any:
    """Return axes for what is drawn only to be taken from them."""
    from matplotlib.figure import Figure

    return Figure().add_subplot()
