"""Mixtures with known modes, small images, folders of images, MNIST and Adult.

Nothing here touches the network unless MNIST or Adult is neither at ``path`` nor
in the folder named by the environment variable ``SKGAN_DATA``.
"""

# For the command line; not part of the public surface.
from skgan.datasets._image_files import import_pillow as import_pillow
from skgan.datasets._image_folder import load_image_folder
from skgan.datasets._loaders import load_adult, load_digit_images, load_mnist
from skgan.datasets._mixtures import make_grid, make_ring

__all__ = [
    "load_adult",
    "load_digit_images",
    "load_image_folder",
    "load_mnist",
    "make_grid",
    "make_ring",
]
