"""`skgan demo`: learn digits, print scores, write a picture."""

from __future__ import annotations

import argparse
import os
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray
from sklearn.decomposition import PCA
from sklearn.mixture import GaussianMixture
from sklearn.model_selection import train_test_split

from skgan import GANSampler, datasets
from skgan.cli._options import say
from skgan.metrics import ReferenceSpace, energy_distance
from skgan.plotting import SamplesDisplay

_MIXTURE_ROWS = 10_000  # a mixture learns little from more, and takes long


class Digits(NamedTuple):
    """Images to learn from and to judge by."""

    title: str
    train: NDArray[np.uint8]
    test: NDArray[np.uint8]


def load_digits(seed: int) -> Digits:
    """Return scikit-learn's digits of 8 x 8 pixels, a quarter held out."""
    images = datasets.load_digit_images().data
    train, test = train_test_split(images, test_size=0.25, random_state=seed)
    return Digits("scikit-learn's digits", train, test)


def load_mnist(seed: int) -> Digits:
    """Return MNIST: its training images, and 2000 of its test images."""
    mnist = datasets.load_mnist()
    chosen = np.random.RandomState(seed).permutation(len(mnist.data_test))[:2000]
    return Digits("MNIST", mnist.data, mnist.data_test[chosen])


DATA = {"digits": load_digits, "mnist": load_mnist}


def sample_mixture(train: NDArray[np.uint8], n_samples: int, seed: int) -> NDArray:
    """Draw images from a Gaussian mixture of their 64 principal components.

    Of 8 x 8 pixels these are all there is.
    """
    rng = np.random.RandomState(seed)
    rows = train[rng.permutation(len(train))[:_MIXTURE_ROWS]]
    pca = PCA(64, svd_solver="covariance_eigh").set_output(transform="default")
    rows = pca.fit_transform(rows.reshape(len(rows), -1).astype(float))
    mixture = GaussianMixture(30, reg_covar=1.0, random_state=rng).fit(rows)
    pixels = pca.inverse_transform(mixture.sample(n_samples)[0])
    pixels = np.clip(np.rint(pixels), 0, 255).astype(np.uint8)
    return pixels.reshape(-1, *train.shape[1:])


def open_figure(output: Path) -> Any:
    """Return an empty figure that can be saved as `output`.

    It is asked for before training, so that no minute is spent in vain.
    """
    try:
        from matplotlib.figure import Figure
    except ImportError as error:
        raise ImportError(
            "the picture needs matplotlib, which is not installed. Install it with: "
            'pip install "skgan[plot]"'
        ) from error
    figure = Figure(figsize=(8.2, 4.2), layout="constrained")
    kinds = sorted(figure.canvas.get_supported_filetypes())
    if output.suffix[1:].lower() not in kinds:
        raise ValueError(
            f"cannot write {str(output)!r}: its name must end in one of "
            f".{', .'.join(kinds)}."
        )
    target = output if output.exists() else output.parent
    if output.is_dir() or not target.exists() or not os.access(target, os.W_OK):
        raise OSError(
            f"cannot write {str(output)!r}: choose a file in a folder that exists and "
            "can be written to, with --output."
        )
    return figure


def run(options: argparse.Namespace) -> None:
    """Learn digits, print scores, write a picture."""
    figure = open_figure(options.output)
    digits = DATA[options.data](options.seed)
    say(
        f"{digits.title}: {len(digits.train)} images to learn from, "
        f"{len(digits.test)} held out"
    )
    sampler = GANSampler(
        max_iter="auto" if options.max_iter is None else options.max_iter,
        device=options.device,
        random_state=options.seed,
        verbose=1,
    ).fit(digits.train)

    # The space in which GANSampler.score measures.
    space = ReferenceSpace().fit(digits.train)

    def score(images: NDArray) -> float:
        return -energy_distance(
            space.transform(digits.test),
            space.transform(images),
            standardize=False,
            max_samples=5000,
            random_state=options.seed,
        )

    mixture = sample_mixture(digits.train, len(digits.test), options.seed)
    print("Score on held-out digits (minus the energy distance; 0 is perfect):")
    print(f"  real digits      {score(digits.train):8.4f}")
    print(f"  GANSampler       {sampler.score(digits.test):8.4f}")
    print(f"  GaussianMixture  {score(mixture):8.4f}")

    SamplesDisplay.from_estimator(
        sampler,
        digits.test,
        n_samples=100,
        random_state=options.seed,
        ax=figure.add_subplot(),
    )
    figure.savefig(options.output, dpi=150)
    print(f"Real and generated digits side by side: {options.output}")
