"""How good samples are, and whether they were copied.

Real rows come first: training rows where memorisation is judged, then held-out
rows, synthetic ones last.
"""

from ._classifier import c2st, train_on_synthetic, train_on_synthetic_scores
from ._diagnosis import diagnose
from ._diagnosis_report import CopyingWarning, Diagnosis, Finding
from ._distances import energy_distance, frechet_distance, sliced_wasserstein
from ._image_features import ImageFeatures
from ._images import ImageScore, ImageScores, image_scores
from ._intervals import confidence_interval
from ._kernels import kernel_distance, mmd
from ._levels import alpha_precision, beta_recall
from ._memorization import authenticity, dcr_share, duplicate_rate, membership_auc
from ._neighbors import coverage, density, precision, recall
from ._reference import ReferenceSpace
from ._scorer import SCORERS, make_sampler_scorer
from ._selection import refit_without_copying
from ._tables import (
    column_shape_scores,
    column_shapes,
    pair_trend_scores,
    pair_trends,
)

__all__ = [
    "SCORERS",
    "CopyingWarning",
    "Diagnosis",
    "Finding",
    "ImageFeatures",
    "ImageScore",
    "ImageScores",
    "ReferenceSpace",
    "alpha_precision",
    "authenticity",
    "beta_recall",
    "c2st",
    "column_shape_scores",
    "column_shapes",
    "confidence_interval",
    "coverage",
    "dcr_share",
    "density",
    "diagnose",
    "duplicate_rate",
    "energy_distance",
    "frechet_distance",
    "image_scores",
    "kernel_distance",
    "make_sampler_scorer",
    "membership_auc",
    "mmd",
    "pair_trend_scores",
    "pair_trends",
    "precision",
    "recall",
    "refit_without_copying",
    "sliced_wasserstein",
    "train_on_synthetic",
    "train_on_synthetic_scores",
]
