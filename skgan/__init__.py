"""skgan: generative adversarial networks as scikit-learn estimators."""

from skgan._lazy import load_on_first_use

# What type checkers and editors know of these is in `__init__.pyi`.
__getattr__, __dir__, __all__ = load_on_first_use(
    __name__,
    {
        "AugmentedClassifier": "augmentation._augmented",
        "AugmentedRegressor": "augmentation._augmented",
        "ConditionalGANSampler": "samplers._conditional",
        "GANImputer": "samplers._imputer",
        "GANOutlierDetector": "samplers._outlier",
        "GANSampler": "samplers._gan",
        "InfoGANSampler": "samplers._infogan",
        "SamplerPipeline": "_pipeline",
        "__version__": "_version",
        "datasets": "",
        "load": "io",
        "make_sampler_pipeline": "_pipeline",
        "metrics": "",
        "plotting": "",
        "report": "reporting",
        "save": "io",
    },
    rooms=("callbacks", "encoding", "io", "loader", "modules", "nets", "objectives"),
)
