"""The first thing on the page: what is wrong with the samples, and what to try."""

from __future__ import annotations

from collections import Counter
from typing import NamedTuple

from skgan.metrics import Diagnosis, Finding
from skgan.metrics.diagnosis import BAD, GOOD, NOT_JUDGED, WARN, grouped
from skgan.reporting._html import details, element, escape, number, paragraph

# Never colour alone: each verdict is a sign and a word.
SIGNS = {GOOD: "✓", WARN: "!", BAD: "✕", NOT_JUDGED: "–"}
CLASSES = {GOOD: "good", WARN: "warn", BAD: "bad", NOT_JUDGED: "unjudged"}
GROUPS = {
    "Do samples look real?": ("c2st", "energy_distance", "coverage"),
    "Are columns as they should be?": (
        *("associations", "orders", "columns", "decimals"),
    ),
    "Is anything missing?": ("modes", "levels", "variance"),
    "Is anything copied?": ("membership_auc", "dcr_share", "duplicates", "attacks"),
    "Did training go well?": ("training",),
}
_SUMMARIES = {
    GOOD: "No test found a difference from real rows that matters.",
    WARN: "Usable with care: samples differ from real rows, as said below.",
    BAD: "Not to be relied on: samples differ from real rows, as said below.",
    NOT_JUDGED: "Nothing can be said of the samples: there is too little to judge by.",
}
# Findings that name what is lost are said at the top.
_SAID = ("associations", "orders", "levels", "columns", "decimals", "variance")
_COPYING = "The sampler copies training rows: do not pass its samples on as they are."
_HOW = (
    "Each figure stands beside what real rows get in the place of samples, and has a "
    "limit that chance alone passes once in a thousand times. A verdict is good if "
    "chance explains the figure, or if less than a twentieth of the rows is concerned; "
    "it is bad if half of them are, if a group or a level is missing, or if samples "
    "are certainly copied; “warn” is between. Judges are trees and distances, never "
    "the discriminator. Nothing here proves that nothing leaks."
)
_KEY = element(
    "p",
    element(
        "span",
        element("span", class_="bar", aria_hidden="true"),
        "what samples get, of 1",
    ),
    element(
        "span",
        element("span", class_="tick", aria_hidden="true"),
        "what real rows get in their place",
    ),
    class_="legend key",
)


class FindingLayout(NamedTuple):
    """How a finding is shown."""

    title: str
    figure: str = "samples"
    real: str = "real rows"
    limit: str = "limit of chance"
    has_bar: bool = False


_LAYOUTS = {
    "c2st": FindingLayout("Not told apart by trees", has_bar=True),
    "energy_distance": FindingLayout("Distance from real rows"),
    "coverage": FindingLayout("Coverage", has_bar=True),
    "associations": FindingLayout("Columns go together", figure="kept"),
    "orders": FindingLayout("Order of columns", figure="broken", real="", limit=""),
    "columns": FindingLayout("Single columns", figure="misplaced", real=""),
    "decimals": FindingLayout("Decimals and steps", figure="off", real="", limit=""),
    "modes": FindingLayout(
        "Groups of rows", figure="groups missing", real="", limit=""
    ),
    "levels": FindingLayout("Levels", figure="levels missing", real="", limit=""),
    "variance": FindingLayout("Spread"),
    "membership_auc": FindingLayout("Membership", has_bar=True),
    "dcr_share": FindingLayout("Closeness to training rows", has_bar=True),
    "duplicates": FindingLayout("Exact copies", has_bar=True),
    "attacks": FindingLayout("Attacks", "AUC of the worst", "chance", has_bar=True),
    "training": FindingLayout("Training", "growth of gradients", "steady", "alarm at"),
}


def title_of(name: str) -> str:
    """Return what a finding is called on the page."""
    return _LAYOUTS[name].title if name in _LAYOUTS else name


def badge(verdict: str) -> str:
    """Return a verdict as a sign and a word."""
    sign = element("span", SIGNS[verdict], class_="sign", aria_hidden="true")
    word = verdict.capitalize()
    return element("span", sign, word, class_=f"badge {CLASSES[verdict]}")


def summary(diagnosis: Diagnosis, score: str = "") -> str:
    """Return the verdict of all in a few lines, for the head of the page.

    `score` is HTML that stands below it.
    """
    counts = Counter(finding.verdict for finding in diagnosis)
    tally = " · ".join(f"{counts[v]} {v}" for v in SIGNS if counts[v])
    message = _SUMMARIES[diagnosis.verdict]
    if diagnosis.is_copying:
        message = _COPYING
    power = diagnosis.power_message()
    if power and diagnosis.verdict == GOOD:
        message = (
            "No test found a difference from real rows, as far as these few can tell."
        )
    return element(
        "div",
        element("p", badge(diagnosis.verdict), class_="overall"),
        element(
            "div",
            paragraph(message, class_="says"),
            paragraph(
                f"Of {len(diagnosis.findings)} findings: {tally}", class_="aside"
            ),
            paragraph(f"! {power}", class_="power") if power else "",
            *(_named(diagnosis, verdict) for verdict in (BAD, WARN) if counts[verdict]),
            score,
        ),
        class_=f"hero {CLASSES[diagnosis.verdict]}",
    )


def _named(diagnosis: Diagnosis, verdict: str) -> str:
    """Return the way to findings of a verdict, and what is lost, in words."""
    said = [
        diagnosis.findings[name].message
        for name in _SAID
        if name in diagnosis.findings and diagnosis.findings[name].verdict == verdict
    ]
    lines = [paragraph(message, class_="aside lost") for message in said]
    return _links(diagnosis, verdict) + "".join(lines)


def _links(diagnosis: Diagnosis, verdict: str) -> str:
    """Return the way to all findings of a verdict."""
    links = [
        element("a", escape(title_of(f.name)), href=f"#finding-{f.name}")
        for f in diagnosis
        if f.verdict == verdict
    ]
    return element("p", f"{verdict.capitalize()}: ", ", ".join(links), class_="aside")


def advice(diagnosis: Diagnosis) -> str:
    """Return what to try, or nothing."""
    items = []
    for text, names in grouped(diagnosis, "advice", BAD, WARN).items():
        titles = ", ".join(title_of(name) for name in names.split(", "))
        items.append(
            element("li", element("strong", escape(titles)), escape(f": {text}"))
        )
    if not items:
        return ""
    return element(
        "div",
        element("h3", "What to try"),
        element("ul", *items),
        class_="advice",
    )


def verdicts(diagnosis: Diagnosis) -> list[str]:
    """Return what was found, in groups."""
    parts = [advice(diagnosis), _KEY]
    for question, names in GROUPS.items():
        found = [diagnosis.findings[n] for n in names if n in diagnosis.findings]
        judged = [_card(f) for f in found if f.verdict != NOT_JUDGED]
        parts.append(element("h3", escape(question)))
        if judged:
            parts.append(element("div", *judged, class_="cards"))
        parts += [
            element(
                "p",
                badge(NOT_JUDGED),
                " ",
                element("strong", escape(", ".join(map(title_of, names.split(", "))))),
                escape(f": {message}"),
                class_="unjudged-line",
            )
            for message, names in grouped(found, "message", NOT_JUDGED).items()
        ]
    return [*parts, details("Where verdicts come from", paragraph(_HOW))]


def _card(finding: Finding) -> str:
    face = _LAYOUTS.get(finding.name, FindingLayout(finding.name))
    figures = [
        (face.figure, finding.value),
        (face.real, finding.baseline),
        (face.limit, finding.limit),
    ]
    shown = "".join(
        element("div", element("dt", escape(name)), element("dd", number(value)))
        for name, value in figures
        if name and value is not None
    )
    return element(
        "article",
        element("h4", element("span", escape(face.title)), badge(finding.verdict)),
        paragraph(finding.message),
        bar(finding.value, finding.baseline) if face.has_bar else "",
        element("dl", shown) if shown else "",
        id=f"finding-{finding.name}",
        class_=f"card {CLASSES[finding.verdict]}",
    )


def bar(figure: float | None, real: float | None) -> str:
    """Return a share as a bar, with a tick where that of real rows ends.

    It says nothing that is not written beside it.
    """
    if figure is None or real is None:
        return ""
    widths = [100 * min(max(value, 0.0), 1.0) for value in (figure, real)]
    return element(
        "div",
        element("span", class_="fill", style=f"width:{widths[0]:.1f}%"),
        element("span", class_="tick", style=f"left:{widths[1]:.1f}%"),
        class_="bar",
        aria_hidden="true",
    )
