"""skgan: generative adversarial networks as scikit-learn estimators."""

from skgan import datasets, metrics, plotting
from skgan._pipeline import SamplerPipeline, make_sampler_pipeline
from skgan.augmentation._augmented import AugmentedClassifier, AugmentedRegressor
from skgan.io import load, save
from skgan.reporting import report
from skgan.samplers._conditional import ConditionalGANSampler
from skgan.samplers._gan import GANSampler
from skgan.samplers._infogan import InfoGANSampler
from skgan.samplers._outlier import GANOutlierDetector

__version__ = "0.1.0.dev0"

__all__ = [
    "AugmentedClassifier",
    "AugmentedRegressor",
    "ConditionalGANSampler",
    "GANOutlierDetector",
    "GANSampler",
    "InfoGANSampler",
    "SamplerPipeline",
    "__version__",
    "datasets",
    "load",
    "make_sampler_pipeline",
    "metrics",
    "plotting",
    "report",
    "save",
]
