"""The samplers: estimators that learn to draw rows."""

from skgan._lazy import load_on_first_use

# Types of these names, for checkers and editors, are in `__init__.pyi`.
__getattr__, __dir__, __all__ = load_on_first_use(
    __name__,
    {
        "ConditionalGANSampler": "_conditional",
        "GANImputer": "_imputer",
        "GANOutlierDetector": "_outlier",
        "GANSampler": "_gan",
        "InfoGANSampler": "_infogan",
    },
    {
        "DiagnosisMixin": "_diagnosis_mixin",
        "Inverter": "_inversion",
        "InverterRunner": "_inversion",
        "LabelledRows": "_conditions",
        "SampleRows": "_sample_rows",
        "StageDraws": "_stages",
        "condition_on_labels": "_prior_conditions",
    },
)
