"""The page: its head, the way through it, and its sections."""

from __future__ import annotations

import html
from collections.abc import Iterable
from importlib.resources import files

from skgan.reporting._html import element, escape, paragraph
from skgan.reporting._sections import Section

_FRAME = (
    "width:100%;height:min(80vh,64rem);border:1px solid rgba(128,128,128,.4);"
    "border-radius:8px"
)


def page(title: str, facts: Iterable[str], head: str, sections: list[Section]) -> str:
    """Return a whole document.

    Parameters
    ----------
    title : str
        Its name, not escaped yet.
    facts : iterable of str
        What was compared with what, not escaped yet.
    head : str
        HTML of the overall verdict.
    sections : list of Section
        In their order.
    """
    links = [
        element("li", element("a", escape(section.title), href=f"#{section.anchor}"))
        for section in sections
    ]
    body = [
        element("a", "Skip to the report", href="#report", class_="skip"),
        element(
            "header",
            paragraph("skgan report", class_="eyebrow"),
            element("h1", escape(title)),
            paragraph(" · ".join(facts), class_="aside"),
            head,
            element("nav", element("ul", *links), aria_label="Sections"),
        ),
        "\n",
        element(
            "main",
            *(section.render() + "\n" for section in sections),
            id="report",
            tabindex="-1",
        ),
    ]
    return (
        "<!DOCTYPE html>\n"
        '<html lang="en">\n<head>\n<meta charset="utf-8">\n'
        f"<title>{escape(title)}</title>\n"
        '<meta name="viewport" content="width=device-width, initial-scale=1">\n'
        '<meta name="color-scheme" content="light dark">\n'
        # Nothing is fetched, so nothing may be.
        '<meta http-equiv="Content-Security-Policy" content="default-src \'none\'; '
        "img-src data:; style-src 'unsafe-inline'\">\n"
        f"<style>\n{_style()}</style>\n</head>\n"
        f"<body>\n{''.join(body)}\n</body>\n</html>\n"
    )


def frame(title: str, document: str) -> str:
    """Return a document as a part of another page, which it leaves as it is."""
    # Or links within the document would be looked for in the page around it.
    document = document.replace("<head>", '<head>\n<base href="about:srcdoc">', 1)
    # Its lines are kept as they are.
    source = html.escape(document, quote=True)
    return (
        f'<iframe srcdoc="{source}" title="{escape(title)}" style="{_FRAME}" '
        'loading="lazy"></iframe>'
    )


def _style() -> str:
    """Return the style sheet."""
    return files(__package__).joinpath("page.css").read_text(encoding="utf-8")
