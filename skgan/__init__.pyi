from skgan import callbacks as callbacks
from skgan import datasets, metrics, plotting
from skgan import encoding as encoding
from skgan import io as io
from skgan import loader as loader
from skgan import modules as modules
from skgan import nets as nets
from skgan import objectives as objectives
from skgan._pipeline import SamplerPipeline, make_sampler_pipeline
from skgan._show_versions import show_versions
from skgan._version import __version__
from skgan.augmentation import AugmentedClassifier, AugmentedRegressor
from skgan.frames import RowSource
from skgan.io import load, sample_to, save
from skgan.reporting import report
from skgan.samplers import (
    ConditionalGANSampler,
    GANImputer,
    GANOutlierDetector,
    GANSampler,
    InfoGANSampler,
)

__all__ = [
    "AugmentedClassifier",
    "AugmentedRegressor",
    "ConditionalGANSampler",
    "GANImputer",
    "GANOutlierDetector",
    "GANSampler",
    "InfoGANSampler",
    "RowSource",
    "SamplerPipeline",
    "__version__",
    "datasets",
    "load",
    "make_sampler_pipeline",
    "metrics",
    "plotting",
    "report",
    "sample_to",
    "save",
    "show_versions",
]
