"""skgan: generative adversarial networks as scikit-learn estimators."""

from skgan import datasets, metrics, plotting
from skgan._sampler import GANSampler

__version__ = "0.1.0.dev0"

__all__ = ["GANSampler", "__version__", "datasets", "metrics", "plotting"]
