"""A classifier of MNIST's digits, to judge generated ones."""

import hashlib
import inspect
import os
import tempfile
from pathlib import Path

import numpy as np
import torch
from torch import nn
from torch.nn.functional import cross_entropy

LEAST_ACCURACY = 0.98
SURE = 0.9
_EPOCHS = 3
_BATCH_SIZE = 128


class _Classifier(nn.Sequential):
    """Two convolutions and two linear layers: a minute or two of one core."""

    def __init__(self):
        super().__init__(
            nn.Conv2d(1, 16, 5, stride=2, padding=2),
            nn.ReLU(),
            nn.Conv2d(16, 32, 3, padding=1),
            nn.ReLU(),
            nn.MaxPool2d(2),
            nn.Flatten(),
            nn.Linear(32 * 7 * 7, 128),
            nn.ReLU(),
            nn.Linear(128, 10),
        )


class Judge:
    """Looks at images in [0, 1] of shape (n, 28, 28) or flat.

    Parameters
    ----------
    mnist : Bunch
        What `skgan.datasets.load_mnist` returns: the classifier learns its training
        part and is measured on its test part. Its weights are kept in the user's
        cache, under a name that changes with this file.
    """

    def __init__(self, mnist):
        self.classifier = _Classifier().eval()
        file = _cache_file()
        if file.is_file():
            self.classifier.load_state_dict(torch.load(file, weights_only=True))
        else:
            print("training the judge: a minute or two", flush=True)
            _train(self.classifier, mnist.data, mnist.target, _EPOCHS)
            file.parent.mkdir(parents=True, exist_ok=True)
            with tempfile.NamedTemporaryFile(dir=file.parent, delete=False) as part:
                torch.save(self.classifier.state_dict(), part)
            os.replace(part.name, file)
        predicted = self.probabilities(mnist.data_test / np.float32(255)).argmax(1)
        self.accuracy = float((predicted == mnist.target_test).mean())
        if self.accuracy < LEAST_ACCURACY:
            raise RuntimeError(
                f"The judge is right on {self.accuracy:.2%} of the test images; at "
                f"least {LEAST_ACCURACY:.0%} is asked. Delete {file.name} from its "
                "cache to train it again."
            )

    def probabilities(self, images):
        """Return the probability of each digit, of shape (n, 10)."""
        return _probabilities(self.classifier, images)

    def verdict(self, images):
        """Return the share of which it is sure, and that of the rarest digit."""
        probabilities = self.probabilities(images)
        sure = float((probabilities.max(axis=1) >= SURE).mean())
        counts = np.bincount(probabilities.argmax(axis=1), minlength=10)
        return sure, float(counts.min() / len(probabilities))


def recognised(train, test, n_epochs):
    """Return the share of test digits that a classifier of `train` is right about.

    Parameters
    ----------
    train, test : tuple of (images, labels)
        Images of shape (n, 28, 28), uint8.
    n_epochs : int
        How often the classifier sees each.
    """
    classifier = _Classifier()
    _train(classifier, *train, n_epochs)
    found = _probabilities(classifier, test[0] / np.float32(255)).argmax(1)
    return float((found == test[1]).mean())


@torch.inference_mode()
def _probabilities(classifier, images):
    images = np.asarray(images, dtype=np.float32).reshape(-1, 1, 28, 28)
    parts = torch.from_numpy(images).split(1000)
    return torch.cat([classifier(x).softmax(1) for x in parts]).numpy()


def _train(classifier, images, labels, n_epochs):
    X = torch.as_tensor(images).float().div(255).unsqueeze(1)
    y = torch.as_tensor(labels)
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(0)
        for layer in classifier:
            if hasattr(layer, "reset_parameters"):
                layer.reset_parameters()
    random = torch.Generator().manual_seed(0)
    n_steps = n_epochs * len(X) // _BATCH_SIZE
    optimizer = torch.optim.Adam(classifier.parameters(), fused=True)
    schedule = torch.optim.lr_scheduler.OneCycleLR(optimizer, 4e-3, n_steps)
    order = torch.empty(0, dtype=torch.int64)
    for _ in range(n_steps):
        if len(order) < _BATCH_SIZE:
            order = torch.randperm(len(X), generator=random)
        index, order = order[:_BATCH_SIZE], order[_BATCH_SIZE:]
        loss = cross_entropy(classifier(X[index]), y[index])
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
        schedule.step()


def _cache_file():
    """The file of the weights: another one when the code that makes them changes."""
    code = inspect.getsource(_Classifier) + inspect.getsource(_train)
    key = hashlib.sha256(f"{code}{_EPOCHS}{_BATCH_SIZE}".encode()).hexdigest()[:12]
    cache = os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache"
    return Path(cache) / "skgan-benchmarks" / f"mnist-judge-{key}.pt"
