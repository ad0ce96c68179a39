from skgan.metrics._associations import associations
from skgan.metrics._blocks import Block as Block
from skgan.metrics._blocks import match_blocks as match_blocks
from skgan.metrics._blocks import read_blocks as read_blocks
from skgan.metrics._classifier import TaughtModels as TaughtModels
from skgan.metrics._classifier import (
    c2st,
    train_on_synthetic,
    train_on_synthetic_scores,
)
from skgan.metrics._classifier import teach_models as teach_models
from skgan.metrics._distances import (
    energy_distance,
    frechet_distance,
    kernel_distance,
    mmd,
    sliced_wasserstein,
)
from skgan.metrics._global_utility import global_utility, global_utility_scores
from skgan.metrics._intervals import confidence_interval
from skgan.metrics._levels import alpha_precision, beta_recall
from skgan.metrics._marginals_and_pairs import (
    column_shape_scores,
    column_shapes,
    pair_trend_scores,
    pair_trends,
)
from skgan.metrics._memorization import (
    authenticity,
    dcr_share,
    duplicate_rate,
    membership_auc,
)
from skgan.metrics._nearest import nearest as nearest
from skgan.metrics._nearest import nearest_other as nearest_other
from skgan.metrics._neighbors import coverage, density, precision, recall
from skgan.metrics._pooling import PooledEstimates, pool_estimates
from skgan.metrics._reference import ReferenceSpace
from skgan.metrics._scorer import SCORERS, make_sampler_scorer
from skgan.metrics._selection import refit_without_copying
from skgan.metrics.diagnosis._diagnose import diagnose
from skgan.metrics.diagnosis._findings import CopyingWarning, Diagnosis, Finding
from skgan.metrics.images._image_features import ImageFeatures
from skgan.metrics.images._image_scores import ImageScore, ImageScores, image_scores
from skgan.metrics.privacy._attack_power import AttackPower
from skgan.metrics.privacy._disclosure import DisclosureRisk, disclosure_attacks
from skgan.metrics.privacy._membership import membership_attacks

__all__ = [
    "SCORERS",
    "AttackPower",
    "CopyingWarning",
    "Diagnosis",
    "DisclosureRisk",
    "Finding",
    "ImageFeatures",
    "ImageScore",
    "ImageScores",
    "PooledEstimates",
    "ReferenceSpace",
    "alpha_precision",
    "associations",
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
    "disclosure_attacks",
    "duplicate_rate",
    "energy_distance",
    "frechet_distance",
    "global_utility",
    "global_utility_scores",
    "image_scores",
    "kernel_distance",
    "make_sampler_scorer",
    "membership_attacks",
    "membership_auc",
    "mmd",
    "pair_trend_scores",
    "pair_trends",
    "pool_estimates",
    "precision",
    "recall",
    "refit_without_copying",
    "sliced_wasserstein",
    "train_on_synthetic",
    "train_on_synthetic_scores",
]
