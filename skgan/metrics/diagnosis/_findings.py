"""What a diagnosis says: findings, each with a verdict in words."""

from __future__ import annotations

import math
from collections.abc import Iterable, Iterator
from dataclasses import asdict, dataclass
from textwrap import wrap
from typing import Any

GOOD, WARN, BAD, NOT_JUDGED = "good", "warn", "bad", "not judged"
# A fault that harms a smaller share of rows is "good", even where it is proven ...
SMALL_SHARE = 0.05
# ... and one that harms a larger share is "bad".
LARGE_SHARE = 0.5
_MEMORIZATION = ("membership_auc", "dcr_share", "duplicates")
_WIDTH = 100
# Rows that enter a comparison by trees, at most, and what chance adds to their AUC, in
# deviations: those of a test, on folds that learn from each other.
MAX_COMPARED = 1500
_CHANCE = 3.09 * 2**0.5 / 6**0.5
# Faults of fewer rows may go unseen without a word.
_FINE_SHARE = 0.1


class CopyingWarning(UserWarning):
    """Samples were copied from the training rows."""


@dataclass(frozen=True)
class Finding:
    """One thing that was looked at.

    Parameters
    ----------
    name : str
        What was looked at.
    verdict : {"good", "warn", "bad", "not judged"}
        "warn" is for what is certainly there and may be lived with.
    message : str
        A sentence with the value.
    value : float or None
        Of the samples.
    baseline : float or None
        Of as many real rows in place of the samples.
    limit : float or None
        The value that chance alone reaches.
    advice : str
        What to try, parameters and direction; empty where nothing is to be done.
    """

    name: str
    verdict: str
    message: str
    value: float | None = None
    baseline: float | None = None
    limit: float | None = None
    advice: str = ""


class Diagnosis:
    """What is wrong with a sampler, if anything; printed, a few aligned lines.

    `diagnose` and the samplers' method of that name return it. Each finding is an
    attribute, a `Finding`: ``c2st``, ``energy_distance``, ``coverage``;
    ``associations``, ``orders``, ``columns``, ``decimals``; ``modes``, ``levels``,
    ``variance``;
    ``membership_auc``, ``dcr_share``, ``duplicates``, ``attacks`` where they were asked
    for; ``training``.

    Parameters
    ----------
    findings : iterable of Finding
        In the order in which they are printed.
    n_rows : dict of str to int
        How many rows of each set were looked at.

    Attributes
    ----------
    findings : dict of str to Finding
        By name.
    n_rows : dict of str to int
        How many rows of each set were looked at.

    Examples
    --------
    >>> from skgan.metrics import Diagnosis, Finding
    >>> copied = Finding("duplicates", "bad", "All were copied.", 1.0, 0.0)
    >>> diagnosis = Diagnosis([copied], {"X_synthetic": 100})
    >>> diagnosis.verdict, diagnosis.is_copying, diagnosis.duplicates.value
    ('bad', True, 1.0)
    """

    def __init__(self, findings: Iterable[Finding], n_rows: dict[str, int]):
        self.findings = {finding.name: finding for finding in findings}
        self.n_rows = n_rows

    def __getattr__(self, name: str) -> Finding:
        findings = vars(self).get("findings", {})
        if name in findings:
            return findings[name]
        raise AttributeError(
            f"{type(self).__name__} has no {name!r}; it found {list(findings)}."
        )

    def __dir__(self) -> list[str]:
        return [*super().__dir__(), *self.findings]

    def __iter__(self) -> Iterator[Finding]:
        return iter(self.findings.values())

    @property
    def verdict(self) -> str:
        """The worst verdict of all; "not judged" if nothing was said of samples."""
        # A training that went well does not make samples good.
        verdicts = {
            f.verdict for f in self if f.name != "training" or f.verdict != GOOD
        }
        return next((v for v in (BAD, WARN, GOOD) if v in verdicts), NOT_JUDGED)

    @property
    def unseen_share(self) -> float | None:
        """Of rows out of place, the share that trees may not notice.

        What they tell apart beyond chance, as total variation; None without a verdict.
        With 100 held-out rows it is a fifth, with 350 a tenth.
        """
        if self.verdict == NOT_JUDGED or not self.n_rows:
            return None
        n_real = self.n_rows.get("X_holdout", min(self.n_rows.values()))
        if "X_train" not in self.n_rows:
            n_real //= 2
        n = min(n_real, *self.n_rows.values(), MAX_COMPARED)
        return 1 - math.sqrt(max(0.0, 1 - 2 * _CHANCE / math.sqrt(max(n, 1))))

    def power_message(self) -> str:
        """Return what few rows leave open; empty where they are enough."""
        share = self.unseen_share
        if share is None or share <= _FINE_SHARE:
            return ""
        n = min(self.n_rows.values())
        return (
            f"With {n} rows in the smallest set, faults that concern less than "
            f"{percent(share)} of the rows can go unseen: hold out more."
        )

    @property
    def is_copying(self) -> bool:
        """Whether samples were copied from the training rows."""
        return bool(self._copied())

    def _copied(self) -> list[Finding]:
        return [f for f in self if f.name in _MEMORIZATION and f.verdict == BAD]

    def copying_message(self) -> str:
        """Return what a warning says of the copies; empty where there are none."""
        copied = self._copied()
        if not copied:
            return ""
        sentences = " ".join(finding.message for finding in copied)
        return f"The sampler copies training rows. {sentences} Try {copied[0].advice}"

    def to_dict(self) -> dict[str, Any]:
        """Return everything as plain values, as for a JSON file.

        Returns
        -------
        dict
            ``verdict``, ``is_copying``, ``n_rows``, ``unseen_share``, and
            ``findings``, a dict for each by its name.
        """
        return {
            "verdict": self.verdict,
            "is_copying": self.is_copying,
            "n_rows": dict(self.n_rows),
            "unseen_share": self.unseen_share,
            "findings": {name: asdict(f) for name, f in self.findings.items()},
        }

    def __repr__(self) -> str:
        sizes = ", ".join(f"{n} of {name}" for name, n in self.n_rows.items())
        judged = [f for f in self if f.verdict != NOT_JUDGED]
        lines = [f"{self.verdict.upper()} ({sizes})"]
        lines += [f"{'':17}{'verdict':9}{'figure':>9}{'real':>11}"] if judged else []
        for f in judged:
            figures = f"{_short(f.value):>9} {_short(f.baseline):>10}"
            lines += _hung(f"{f.name:17}{f.verdict:9}{figures}  ", f.message)
        for message, names in grouped(self, "message", NOT_JUDGED).items():
            lines += _hung("Not judged: ", f"{names}. {message}")
        for advice, names in grouped(self, "advice", BAD, WARN).items():
            lines += _hung("Try: ", f"for {names}, {advice}")
        if self.power_message():
            lines += _hung("Note: ", self.power_message())
        return "\n".join(lines)


def grouped(findings: Iterable[Finding], field: str, *verdicts: str) -> dict[str, str]:
    """What findings of these verdicts share, and the names of those that do."""
    names: dict[str, list[str]] = {}
    for finding in findings:
        if finding.verdict in verdicts:
            names.setdefault(getattr(finding, field), []).append(finding.name)
    return {text: ", ".join(shared) for text, shared in names.items() if text}


def _hung(start: str, text: str) -> list[str]:
    """Wrapped lines, of which the first starts with what the others leave room for."""
    lines = wrap(text, _WIDTH - len(start))
    return [(" " * len(start) if i else start) + line for i, line in enumerate(lines)]


def grade(share: float, is_proven: bool) -> str:
    """Return the verdict of what harms a share of the rows."""
    if not is_proven or share < SMALL_SHARE:
        return GOOD
    return BAD if share >= LARGE_SHARE else WARN


def not_judged(message: str, *names: str) -> list[Finding]:
    """Return findings of what could not be looked at, and why."""
    return [Finding(name, NOT_JUDGED, message) for name in names]


def percent(share: float) -> str:
    """Return a share in words."""
    value = 100 * share
    return f"{value:.0f} %" if value >= 1 or value < 0.005 else f"{value:.2g} %"


def _short(value: float | None) -> str:
    return "" if value is None else f"{value:.3g}"
