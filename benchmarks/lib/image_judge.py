"""MNIST's judges: features, a classifier, and what they say of generated digits."""

import hashlib
import inspect
import os
import pickle
import tempfile
from pathlib import Path

import numpy as np
import torch
from sklearn.metrics import euclidean_distances

from benchmarks.lib import report_page
from benchmarks.lib.mnist_judge import SURE, Judge
from skgan.metrics import ImageFeatures, image_scores
from skgan.metrics.images import _image_network

N_SHEET = 64
_PARAMS = {"random_state": 0}
_CODE = (ImageFeatures, _image_network)


def feature_network(images):
    """Return `ImageFeatures` fitted on training images and their labels, MNIST's say.

    Its settings are the defaults: no GAN had a say in them.
    """

    def fit():
        print("training the features: half a minute", flush=True)
        return ImageFeatures(**_PARAMS).fit(images.data, images.target)

    return kept("mnist-features", (*_CODE, _PARAMS), fit)


def kept(name, made_by, make):
    """Return what `make` makes, from the user's cache if it is there.

    Parameters
    ----------
    name : str
        Of the file.
    made_by : iterable of modules, classes, functions or plain values
        With another source, or of another value, it is made anew.
    make : callable
        Makes it.
    """
    code = "".join(
        inspect.getsource(part)
        if inspect.ismodule(part) or isinstance(part, type) or callable(part)
        else str(part)
        for part in (*made_by, torch.__version__)
    )
    key = hashlib.sha256(code.encode()).hexdigest()[:12]
    cache = os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache"
    file = Path(cache) / "skgan-benchmarks" / f"{name}-{key}.pkl"
    if file.is_file():
        return pickle.loads(file.read_bytes())
    made = make()
    file.parent.mkdir(parents=True, exist_ok=True)
    with tempfile.NamedTemporaryFile(dir=file.parent, delete=False) as part:
        part.write(pickle.dumps(made))
    os.replace(part.name, file)
    return made


class Jury:
    """MNIST, the feature network and the classifier, made once a process."""

    def __init__(self):
        self.mnist = report_page.mnist()
        self.features = feature_network(self.mnist)
        self.judge = Judge(self.mnist)

    def figures(self, images, train=None):
        """Return what is said of images: a dict of plain numbers.

        Parameters
        ----------
        images : ndarray of shape (n, 28, 28), uint8
            Generated ones; as many test images are compared with them, and as many
            training images.
        train : ndarray of shape (n_train, 28, 28) or None, default=None
            What the sampler learnt, if not all of MNIST's training images.
        """
        mnist = self.mnist
        scores = image_scores(
            mnist.data,
            mnist.data_test,
            images,
            features=self.features,
            n_images=len(images),
            random_state=0,
        )
        row = {}
        for name, score in scores.items():
            row[name], row[f"{name}_floor"] = score
        row["frechet_ratio"] = scores["frechet_distance"].ratio
        return {**row, **self.digits(images), "closest_pair": closest_pair(images)}

    def digits(self, images):
        """Return the shares of each digit, and of those that the judge is sure of."""
        probabilities = self.judge.probabilities(images / np.float32(255))
        counts = np.bincount(probabilities.argmax(axis=1), minlength=10)
        shares = counts / len(images)
        return {
            "sure": float((probabilities.max(axis=1) >= SURE).mean()),
            "digits": shares.round(4).tolist(),
            "rarest": float(shares.min()),
            "commonest": float(shares.max()),
        }


def closest_pair(images):
    """Return the least distance between two images of a sheet, in grey levels.

    0 would be the same image twice.
    """
    rows = images[:N_SHEET].reshape(min(N_SHEET, len(images)), -1).astype(np.float64)
    distances = euclidean_distances(rows)
    return float(distances[np.triu_indices(len(rows), k=1)].min())


def write_sheet(images, folder, name):
    """Write a sheet of 64 images as PNG."""
    import matplotlib.pyplot as plt

    from skgan.plotting import SamplesDisplay

    folder.mkdir(parents=True, exist_ok=True)
    figure = SamplesDisplay.from_samples(images[:N_SHEET]).figure_
    figure.savefig(folder / f"{name}.png", dpi=100, bbox_inches="tight")
    plt.close(figure)
