"""skgan: generative adversarial networks as scikit-learn estimators."""

from skgan import datasets, metrics, plotting
from skgan._augmented import AugmentedClassifier, AugmentedRegressor
from skgan._conditional import ConditionalGANSampler
from skgan._info import InfoGANSampler
from skgan._outlier import GANOutlierDetector
from skgan._pipeline import SamplerPipeline, make_sampler_pipeline
from skgan._sampler import GANSampler
from skgan.persistence import load, save
from skgan.reporting import report

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
