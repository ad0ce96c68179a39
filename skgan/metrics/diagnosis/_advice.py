"""What to try where a prior of trees draws: other things than with networks alone."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace

from skgan.metrics.diagnosis._findings import GOOD, Finding

_MORE = "more training rows"
_JUDGED = "early_stopping=True, so that rows are held out and training and rejection "
_JUDGED += "are kept where they help"
_ON_TOP = f"{_MORE}, or {_JUDGED}."
_FIRST = f"{_MORE}, or conditions on the column (TableEncoder(condition_on=[...])), "
_FIRST += "which the chain of trees then draws first."
_ORDER = f"{_MORE}, conditions on one of the columns "
_ORDER += f"(TableEncoder(condition_on=[...])), or {_JUDGED}."
_COPIES = f"{_MORE}, or prior='normal', which keeps no values of training rows."
_TOLD = f"{_MORE}, fewer samples handed out, rare levels merged and numbers rounded "
_TOLD += "before fit, or prior='normal', which keeps no values of training rows."
# By finding. What is not named has the advice that networks have.
_OF_TREES = {
    **dict.fromkeys(("c2st", "energy_distance", "coverage", "modes"), _ON_TOP),
    **dict.fromkeys(("levels", "columns", "variance"), _FIRST),
    **dict.fromkeys(("membership_auc", "dcr_share", "duplicates"), _COPIES),
    "associations": _ORDER,
    "attacks": _TOLD,
}
_UNTRAINED = "Samples come from the prior: no network has a part in them."


def advise(findings: Iterable[Finding], stage: str | None) -> list[Finding]:
    """Return findings with advice for the stage that drew the samples."""
    findings = list(findings)
    if stage is None or not stage.startswith("prior"):
        return findings
    advised = []
    for finding in findings:
        if finding.name == "training":
            finding = Finding("training", GOOD, _UNTRAINED)
        elif finding.advice and finding.name in _OF_TREES:
            finding = replace(finding, advice=_OF_TREES[finding.name])
        advised.append(finding)
    return advised
