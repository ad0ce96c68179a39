"""The section on privacy: attacks on the samples, and the worst of them in words."""

from __future__ import annotations

from skgan.metrics import AttackPower, DisclosureRisk, disclosure_attacks
from skgan.metrics.diagnosis import GOOD, NOT_JUDGED
from skgan.reporting._evaluation import Evaluation
from skgan.reporting._html import element, escape, number, paragraph, scrolled, table
from skgan.reporting._sections import Section
from skgan.reporting._verdicts import badge

_MAX_ATTACKED = 2000
_TITLES = {
    "distance": "distance to the nearest sample",
    "relative_distance": "relative distance",
    "calibrated_distance": "calibrated distance",
    "neighbor_ratio": "density ratio of neighbours",
    "classifier_ratio": "density ratio of boosted trees",
    "domias_kernels": "DOMIAS, kernels",
    "domias_trees": "DOMIAS, chains of trees",
    "singling_out_univariate": "singling out by one column",
    "singling_out": "singling out by three columns",
    "linkability": "linking two halves of the columns",
    "attribute_inference": "inferring a column from the others",
}
_MESSAGE = (
    "Attacks by someone who holds the samples and real rows of the same population. "
    "That they fail proves nothing: others may not."
)
_FAST = (
    "These are the attacks that take little time. attacks=True, or skgan report "
    "--attacks, runs all of them, singling out, linkability and attribute inference, "
    "and counts the worst among the verdicts."
)


def privacy_section(evaluation: Evaluation) -> Section:
    """Return what attacks on membership and on persons achieve."""
    title, anchor = "Privacy", "privacy"
    finding = evaluation.attack_finding
    if not evaluation.powers or finding is None:
        note = "Attacks need training rows, held-out rows and samples, "
        note += "some dozens of each: nothing was tried."
        return Section(anchor, title, note, [])
    worst = paragraph(finding.message)
    if finding.verdict != NOT_JUDGED:
        worst = element("p", badge(finding.verdict), " ", escape(finding.message))
    parts = [worst]
    if finding.verdict != GOOD and finding.advice:
        text = element("strong", "What to try"), escape(f": {finding.advice}")
        parts.append(element("p", *text))
    parts.append(_memberships(evaluation.powers))
    if evaluation.has_all_attacks and _is_small_table(evaluation):
        parts.append(_disclosures(_attack_persons(evaluation)))
    if not evaluation.has_all_attacks:
        parts.append(paragraph(_FAST, class_="aside"))
    return Section(anchor, title, _MESSAGE, parts)


def _is_small_table(evaluation: Evaluation) -> bool:
    """Whether rows have columns that mean something by themselves, and not too many."""
    shape = evaluation.holdout.X.shape
    if evaluation.image_shape is not None or len(shape) != 2:
        return False
    return shape[1] <= evaluation.max_paired


def _memberships(powers: dict[str, AttackPower]) -> str:
    head = (
        "who was trained on, guessed by",
        "AUC",
        "95 % interval",
        "found at 1 % false alarms",
        "95 % interval",
        "AUC among rare rows",
    )
    rows = [
        (
            _TITLES[name],
            number(power.auc),
            _interval(power.auc_interval),
            number(power.tpr),
            _interval(power.tpr_interval),
            "–" if power.rare is None else number(power.rare.auc),
        )
        for name, power in powers.items()
    ]
    n_rows = next(iter(powers.values())).n_rows
    caption = f"Attacks on membership, {n_rows} candidates; chance is .5 and .01"
    return scrolled(table(head, rows, caption), caption)


def _attack_persons(evaluation: Evaluation) -> dict[str, DisclosureRisk]:
    assert evaluation.train is not None
    sets = (evaluation.train, evaluation.holdout, evaluation.synthetic)
    return disclosure_attacks(
        *(rows.columns() for rows in sets),
        max_samples=_MAX_ATTACKED,
        random_state=evaluation.seed,
    )


def _disclosures(risks: dict[str, DisclosureRisk]) -> str:
    head = (
        "what is told of persons",
        "risk",
        "95 % interval",
        "success on training rows",
        "on held-out rows",
        "of mere guesses",
    )
    rows = [
        (
            _TITLES[name],
            *_figures(risk),
        )
        for name, risk in risks.items()
    ]
    caption = "Attacks on persons: success on training rows beyond that on others"
    return scrolled(table(head, rows, caption), caption)


def _figures(risk: DisclosureRisk) -> tuple[str, ...]:
    if risk.n_attacks == 0:
        return ("–",) * 5
    return (
        number(risk.risk),
        _interval(risk.interval),
        number(risk.success),
        number(risk.control),
        number(risk.baseline),
    )


def _interval(ends: tuple[float, float]) -> str:
    return f"{ends[0]:.3f} to {ends[1]:.3f}"
