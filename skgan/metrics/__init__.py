"""How good samples are, and whether they were copied.

Real rows come first: training rows where memorisation is judged, then held-out
rows, synthetic ones last.
"""

from skgan._lazy import load_on_first_use

# Types of these names, for checkers and editors, are in `__init__.pyi`.
__getattr__, __dir__, __all__ = load_on_first_use(
    __name__,
    {
        "SCORERS": "_scorer",
        "AttackPower": "privacy._attack_power",
        "CopyingWarning": "diagnosis._findings",
        "Diagnosis": "diagnosis._findings",
        "DisclosureRisk": "privacy._disclosure",
        "Finding": "diagnosis._findings",
        "ImageFeatures": "images._image_features",
        "ImageScore": "images._image_scores",
        "ImageScores": "images._image_scores",
        "PooledEstimates": "_pooling",
        "ReferenceSpace": "_reference",
        "alpha_precision": "_levels",
        "associations": "_associations",
        "authenticity": "_memorization",
        "beta_recall": "_levels",
        "c2st": "_classifier",
        "column_shape_scores": "_marginals_and_pairs",
        "column_shapes": "_marginals_and_pairs",
        "confidence_interval": "_intervals",
        "coverage": "_neighbors",
        "dcr_share": "_memorization",
        "density": "_neighbors",
        "diagnose": "diagnosis._diagnose",
        "disclosure_attacks": "privacy._disclosure",
        "duplicate_rate": "_memorization",
        "energy_distance": "_distances",
        "frechet_distance": "_distances",
        "global_utility": "_global_utility",
        "global_utility_scores": "_global_utility",
        "image_scores": "images._image_scores",
        "kernel_distance": "_distances",
        "make_sampler_scorer": "_scorer",
        "membership_attacks": "privacy._membership",
        "membership_auc": "_memorization",
        "mmd": "_distances",
        "pair_trend_scores": "_marginals_and_pairs",
        "pair_trends": "_marginals_and_pairs",
        "pool_estimates": "_pooling",
        "precision": "_neighbors",
        "recall": "_neighbors",
        "refit_without_copying": "_selection",
        "sliced_wasserstein": "_distances",
        "train_on_synthetic": "_classifier",
        "train_on_synthetic_scores": "_classifier",
    },
    {
        "Block": "_blocks",
        "TaughtModels": "_classifier",
        "match_blocks": "_blocks",
        "nearest": "_nearest",
        "nearest_other": "_nearest",
        "read_blocks": "_blocks",
        "teach_models": "_classifier",
    },
)
