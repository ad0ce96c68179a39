"""Rows of a sampler kept by how much too rarely it draws them."""

from ._acceptance import Acceptance, accept, fill_block
from ._cap_choice import CapChoice, acceptance_gain, choose_cap
from ._classifier_ratio import ClassifierRatio
from ._judges import forest_judge
from ._margin_correction import MarginCorrection
from ._ratio import DensityRatio
from ._rule import RejectionRule, fit_rejection

__all__ = [
    "Acceptance",
    "CapChoice",
    "ClassifierRatio",
    "DensityRatio",
    "MarginCorrection",
    "RejectionRule",
    "accept",
    "acceptance_gain",
    "choose_cap",
    "fill_block",
    "fit_rejection",
    "forest_judge",
]
