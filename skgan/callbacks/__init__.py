"""What happens between steps: averaging, schedules, watching, stopping, progress."""

from skgan.callbacks._average import GeneratorAverage
from skgan.callbacks._calibration import MomentCalibration
from skgan.callbacks._checkpoint import CheckpointWarning, TrainingCheckpoint
from skgan.callbacks._progress import TrainingProgress
from skgan.callbacks._schedules import Annealing, AugmentationRamp, LRScheduler
from skgan.callbacks._schedules import Progress as Progress
from skgan.callbacks._schedules import check_schedule as check_schedule
from skgan.callbacks._stopping import StopTraining, TimeLimit
from skgan.callbacks._watch import (
    DivergenceGuard,
    DivergenceWarning,
    GradientNorms,
    HeldOutScore,
)

# For other rooms; not part of the public surface.
from skgan.callbacks._watch import find_divergence as find_divergence

__all__ = [
    "Annealing",
    "AugmentationRamp",
    "CheckpointWarning",
    "DivergenceGuard",
    "DivergenceWarning",
    "GeneratorAverage",
    "GradientNorms",
    "HeldOutScore",
    "LRScheduler",
    "MomentCalibration",
    "StopTraining",
    "TimeLimit",
    "TrainingCheckpoint",
    "TrainingProgress",
]
