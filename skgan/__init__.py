"""skgan: synthetic tables, vectors and images, as scikit-learn estimators."""

from skgan._lazy import load_on_first_use

# Types of these names, for checkers and editors, are in `__init__.pyi`.
__getattr__, __dir__, __all__ = load_on_first_use(
    __name__,
    {
        "AugmentedClassifier": "augmentation",
        "AugmentedRegressor": "augmentation",
        "ConditionalGANSampler": "samplers",
        "GANImputer": "samplers",
        "GANOutlierDetector": "samplers",
        "GANSampler": "samplers",
        "InfoGANSampler": "samplers",
        "RowSource": "frames",
        "SamplerPipeline": "_pipeline",
        "__version__": "_version",
        "datasets": "",
        "load": "io",
        "make_sampler_pipeline": "_pipeline",
        "metrics": "",
        "plotting": "",
        "report": "reporting",
        "sample_to": "io",
        "save": "io",
        "show_versions": "_show_versions",
    },
    {
        "callbacks": "",
        "encoding": "",
        "io": "",
        "loader": "",
        "modules": "",
        "nets": "",
        "objectives": "",
    },
)
