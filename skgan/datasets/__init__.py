"""Mixtures with known modes, small images, and loaders for MNIST and Adult.

Nothing here touches the network unless MNIST or Adult is neither at ``path`` nor
in the folder named by the environment variable ``SKGAN_DATA``.
"""

from skgan.datasets._loaders import load_adult, load_digit_images, load_mnist
from skgan.datasets._mixtures import make_grid, make_ring

__all__ = ["load_adult", "load_digit_images", "load_mnist", "make_grid", "make_ring"]
