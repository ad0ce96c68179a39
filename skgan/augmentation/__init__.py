"""Estimators trained on real and synthetic rows."""

from skgan.augmentation._augmented import AugmentedClassifier, AugmentedRegressor

# Names that are not in __all__ are for other rooms.
from skgan.augmentation._class_sampling import clone_and_seed as clone_and_seed
from skgan.augmentation._class_sampling import draw_classes as draw_classes
from skgan.augmentation._class_sampling import fit_to_classes as fit_to_classes
from skgan.augmentation._class_sampling import renew_identifiers as renew_identifiers
from skgan.augmentation._class_sampling import takes_labels as takes_labels
from skgan.augmentation._sampling_strategy import class_sizes as class_sizes

__all__ = ["AugmentedClassifier", "AugmentedRegressor"]
