"""HTML from values: what comes from outside is escaped here, and only here."""

from __future__ import annotations

import html
from collections.abc import Iterable

# Control characters, such as the bell, which no page may hold, as spaces.
_CONTROLS = {code: " " for code in (*range(32), *range(127, 160))}
_THIN_SPACE = "\u202f"


def escape(value: object) -> str:
    """Return a value as text that stands for itself, in elements and attributes."""
    return html.escape(str(value).translate(_CONTROLS), quote=True)


def element(name: str, *content: str, **attributes: object) -> str:
    """Return an element.

    Parameters
    ----------
    name : str
        Its tag.
    *content : str
        HTML, already escaped.
    **attributes
        Values are escaped here. Names lose an underscore at their end, as of
        ``class_``, and others become hyphens; None leaves an attribute out.
    """
    stated = "".join(
        f' {key.rstrip("_").replace("_", "-")}="{escape(value)}"'
        for key, value in attributes.items()
        if value is not None
    )
    return f"<{name}{stated}>{''.join(content)}</{name}>"


def paragraph(text: str, **attributes: object) -> str:
    """Return a paragraph of text that is not escaped yet."""
    return element("p", escape(text), **attributes)


def table(
    header: Iterable[object], rows: Iterable[Iterable[object]], caption: str
) -> str:
    """Return a table; the first cell of a row is its head.

    Parameters
    ----------
    header, rows : iterable
        Texts, not escaped yet.
    caption : str
        What the table shows.
    """
    head = "".join(element("th", escape(text), scope="col") for text in header)
    body = []
    for first, *rest in rows:
        cells = "".join(element("td", escape(text)) for text in rest)
        body.append(
            element("tr", element("th", escape(first), scope="row"), cells) + "\n"
        )
    return element(
        "table",
        element("caption", escape(caption)),
        element("thead", element("tr", head)),
        element("tbody", *body),
    )


def details(summary: str, *content: str) -> str:
    """Return what is folded away until it is asked for."""
    return element("details", element("summary", escape(summary)), *content)


def scrolled(content: str, name: str) -> str:
    """Return what may be wider than the screen; keys reach it, too."""
    return element(
        "div",
        content,
        class_="scrolled",
        role="region",
        aria_label=name,
        tabindex=0,
    )


def figure(picture: str, caption: str, **attributes: object) -> str:
    """Return a picture with its caption, a text that is not escaped yet."""
    return element(
        "figure", picture, element("figcaption", escape(caption)), **attributes
    )


def number(value: float | None) -> str:
    """Return a figure as it is written everywhere on the page."""
    return "–" if value is None else f"{value:.3g}".replace("-", "−", 1)


def count(value: int) -> str:
    """Return a whole number with thin spaces between the thousands."""
    return f"{value:,}".replace(",", _THIN_SPACE) if value >= 10_000 else str(value)
