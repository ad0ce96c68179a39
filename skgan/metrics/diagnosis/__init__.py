"""`diagnose`: what is wrong with samples, and what to try."""

from skgan.metrics.diagnosis._advice import advise
from skgan.metrics.diagnosis._attacks import judge_attacks
from skgan.metrics.diagnosis._diagnose import (
    MIN_ROWS,
    diagnose,
    diagnose_rows,
    judge_copies,
    warn_of_copies,
)
from skgan.metrics.diagnosis._findings import (
    BAD,
    GOOD,
    NOT_JUDGED,
    WARN,
    CopyingWarning,
    Diagnosis,
    Finding,
    grouped,
)
from skgan.metrics.diagnosis._history import judge_training

__all__ = [
    "BAD",
    "GOOD",
    "MIN_ROWS",
    "NOT_JUDGED",
    "WARN",
    "CopyingWarning",
    "Diagnosis",
    "Finding",
    "advise",
    "diagnose",
    "diagnose_rows",
    "grouped",
    "judge_attacks",
    "judge_copies",
    "judge_training",
    "warn_of_copies",
]
