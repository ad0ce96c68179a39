"""Ten classes of small colour photographs, and the networks that judge made ones."""

import os
from pathlib import Path

import numpy as np
import torch
from sklearn.utils import Bunch
from torch import nn
from torch.nn.functional import cross_entropy

from benchmarks.lib.image_judge import closest_pair, kept
from skgan.metrics import ImageFeatures, image_scores
from skgan.metrics.images import _image_network

N_CLASSES = 10
N_HELD_OUT = 2000
_FILE = "cifar10_small.npz"
# More updates learn the 10 000 images by heart, which moves them away from others.
_FEATURES = {"max_iter": 300, "random_state": 0}
_BATCH_SIZE = 128
_LARGEST_SHIFT = 3
_UPDATES = 400
_FEW_UPDATES = 200  # of classifiers that are compared


def load_cifar(holds_out=False):
    """Return 10 000 training and 2000 test images, from $SKGAN_DATA or beside.

    Parameters
    ----------
    holds_out : bool, default=False
        Whether 2000 training images stand in for the test images, of which none is
        read then: for choosing among methods.

    Returns
    -------
    Bunch
        `data`, `target`, `data_test` and `target_test`.
    """
    beside = Path(__file__).resolve().parents[3] / "shared" / "data"
    with np.load(Path(os.environ.get("SKGAN_DATA") or beside) / _FILE) as arrays:
        X, y = arrays["x_train"], arrays["y_train"]
        if not holds_out:
            test = arrays["x_test"], arrays["y_test"]
            return Bunch(data=X, target=y, data_test=test[0], target_test=test[1])
    order = np.random.default_rng(1234).permutation(len(X))
    apart, kept_ones = order[:N_HELD_OUT], order[N_HELD_OUT:]
    return Bunch(
        data=X[kept_ones],
        target=y[kept_ones],
        data_test=X[apart],
        target_test=y[apart],
    )


class Photographs(nn.Sequential):
    """Three strided convolutions with batch normalisation, and two linear layers."""

    def __init__(self):
        layers = []
        for fan_in, fan_out in ((3, 32), (32, 64), (64, 128)):
            layers += [
                nn.Conv2d(fan_in, fan_out, 4, stride=2, padding=1, bias=False),
                nn.BatchNorm2d(fan_out),
                nn.ReLU(),
            ]
        super().__init__(
            *layers,
            nn.Flatten(),
            nn.Dropout(0.3),
            nn.Linear(128 * 4 * 4, 128),
            nn.ReLU(),
            nn.Linear(128, N_CLASSES),
        )


def taught(images, labels, n_updates):
    """Return a classifier of images of shape (n, 32, 32, 3), uint8.

    Images are mirrored and shifted at random. Seeds are its own: it depends on the
    images alone.
    """
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(0)
        classifier = Photographs()
        optimizer = torch.optim.AdamW(
            classifier.parameters(), weight_decay=0.05, fused=True
        )
        schedule = torch.optim.lr_scheduler.OneCycleLR(optimizer, 5e-3, n_updates)
        y = torch.as_tensor(labels).long()
        order = torch.empty(0, dtype=torch.int64)
        for _ in range(n_updates):
            while len(order) < _BATCH_SIZE:
                order = torch.cat([order, torch.randperm(len(y))])
            index, order = order[:_BATCH_SIZE], order[_BATCH_SIZE:]
            batch = _varied(_scaled(images[index.numpy()]))
            loss = cross_entropy(classifier(batch), y[index], label_smoothing=0.1)
            optimizer.zero_grad()
            loss.backward()
            optimizer.step()
            schedule.step()
    return classifier.eval()


def _scaled(images):
    return torch.as_tensor(images).permute(0, 3, 1, 2).float().div(127.5).sub(1)


def _varied(batch):
    is_mirrored = torch.rand(len(batch), 1, 1, 1) < 0.5
    batch = torch.where(is_mirrored, batch.flip(3), batch)
    down, right = torch.randint(-_LARGEST_SHIFT, _LARGEST_SHIFT + 1, (2,)).tolist()
    return batch.roll((down, right), (2, 3))


@torch.inference_mode()
def classes_of(classifier, images):
    """Return the likeliest class of each image, and its probability."""
    parts = [
        classifier(_scaled(images[start : start + 500])).softmax(1).max(1)
        for start in range(0, len(images), 500)
    ]
    found = [torch.cat([part[k] for part in parts]).numpy() for k in (1, 0)]
    return tuple(found)


class CifarJury:
    """The photographs, the feature network and the classifier, made once a process.

    Parameters
    ----------
    holds_out : bool, default=False
        As in `load_cifar`.
    """

    def __init__(self, holds_out=False):
        photographs = self.photographs = load_cifar(holds_out)
        X, y = photographs.data, photographs.target

        def fit():
            print("training the features: half a minute", flush=True)
            return ImageFeatures(**_FEATURES).fit(X, y)

        def teach():
            print("training the judge: two minutes", flush=True)
            return taught(X, y, _UPDATES).state_dict()

        code = (ImageFeatures, _image_network, _FEATURES, len(X))
        self.features = kept("cifar-features", code, fit)
        self.classifier = Photographs().eval()
        code = (Photographs, taught, _varied, _UPDATES, len(X))
        self.classifier.load_state_dict(kept("cifar-judge", code, teach))

    def figures(self, images):
        """Return what is said of images of shape (n, 32, 32, 3): plain numbers."""
        photographs = self.photographs
        scores = image_scores(
            photographs.data,
            photographs.data_test,
            images,
            features=self.features,
            n_images=min(len(images), len(photographs.data_test)),
            random_state=0,
        )
        row = {}
        for name, score in scores.items():
            row[name], row[f"{name}_floor"] = score
        row["frechet_ratio"] = scores["frechet_distance"].ratio
        shown, _ = classes_of(self.classifier, images)
        shares = np.bincount(shown, minlength=N_CLASSES) / len(images)
        return {
            **row,
            "rarest": float(shares.min()),
            "commonest": float(shares.max()),
            "closest_pair": closest_pair(images),
        }

    def accuracies(self):
        """Return the shares of test images that both networks are right about."""
        photographs = self.photographs
        shown, _ = classes_of(self.classifier, photographs.data_test)
        return {
            "judge_accuracy": float((shown == photographs.target_test).mean()),
            "feature_accuracy": self._feature_accuracy(),
        }

    def _feature_accuracy(self):
        """Of the feature network with the last layer that it was taught by."""
        features, photographs = self.features, self.photographs
        seen = features.transform(photographs.data_test) * features.scale_
        seen = seen + features.center_
        weights, bias = (features.weights_[f"head.{k}"] for k in ("weight", "bias"))
        shown = features.classes_[(seen @ weights.T + bias).argmax(axis=1)]
        return float((shown == photographs.target_test).mean())

    def right_about_test(self, images, labels):
        """Return the share of test images that a classifier of `images` knows."""
        photographs = self.photographs
        shown, _ = classes_of(
            taught(images, labels, _FEW_UPDATES), photographs.data_test
        )
        return float((shown == photographs.target_test).mean())
