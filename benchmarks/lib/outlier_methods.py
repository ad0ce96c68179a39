"""Detectors that GANOutlierDetector is compared with: images in [0, 1] to scores."""

import time

import numpy as np
import torch
from sklearn.decomposition import PCA
from sklearn.ensemble import IsolationForest
from sklearn.svm import OneClassSVM
from torch import nn
from torch.nn.functional import mse_loss

from skgan.samplers._outlier import compare_images

N_COMPONENTS = 32
_BATCH_SIZE = 64


def reconstruction_scores(images, made):
    """Minus the squared error, and minus the error that GANOutlierDetector takes."""
    images, made = (torch.as_tensor(x)[:, None].double() for x in (images, made))
    parts = zip(images.split(500), made.split(500), strict=True)
    compared = torch.cat([compare_images(*part) for part in parts])
    return {
        "": -(images - made).square().mean((1, 2, 3)).numpy(),
        ", errors as GANOutlierDetector's": -compared.numpy(),
    }


def isolation_forest(train, test, seed, seconds):
    forest = IsolationForest(n_estimators=200, random_state=seed).fit(flat(train))
    return {"": forest.score_samples(flat(test))}


def one_class_svm(train, test, seed, seconds):
    """On 64 principal components, with scikit-learn's own width of the kernel."""
    pca = PCA(64, random_state=seed).fit(flat(train))
    machine = OneClassSVM(nu=0.05).fit(pca.transform(flat(train)))
    return {"": machine.score_samples(pca.transform(flat(test)))}


def pca(train, test, seed, seconds):
    model = PCA(N_COMPONENTS, random_state=seed).fit(flat(train))
    made = model.inverse_transform(model.transform(flat(test)))
    return reconstruction_scores(test, made.reshape(test.shape))


class _Autoencoder(nn.Sequential):
    """The shape of skgan's light pair: a code of 32, two strided convolutions."""

    def __init__(self):
        super().__init__(
            nn.Conv2d(1, 32, 4, stride=2, padding=1),
            nn.LeakyReLU(0.2),
            nn.Conv2d(32, 64, 4, stride=2, padding=1),
            nn.LeakyReLU(0.2),
            nn.Flatten(),
            nn.Linear(64 * 7 * 7, 256),
            nn.LeakyReLU(0.2),
            nn.Linear(256, N_COMPONENTS),
            nn.Linear(N_COMPONENTS, 256),
            nn.LeakyReLU(0.2),
            nn.Linear(256, 64 * 7 * 7),
            nn.LeakyReLU(0.2),
            nn.Unflatten(1, (64, 7, 7)),
            nn.ConvTranspose2d(64, 32, 4, stride=2, padding=1),
            nn.LeakyReLU(0.2),
            nn.ConvTranspose2d(32, 1, 4, stride=2, padding=1),
            nn.Sigmoid(),
        )


def autoencoder(train, test, seed, seconds):
    """Trained for so many seconds of the processor, the rate falling by a cosine."""
    torch.manual_seed(seed)
    network, x = _Autoencoder(), torch.as_tensor(train)[:, None]
    optimizer = torch.optim.Adam(network.parameters(), fused=True)
    start, share = time.process_time(), 0.0
    while share < 1:
        optimizer.param_groups[0]["lr"] = 1e-3 * (0.51 + 0.49 * np.cos(np.pi * share))
        batch = x[torch.randint(len(x), (_BATCH_SIZE,))]
        loss = mse_loss(network(batch), batch)
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
        share = (time.process_time() - start) / seconds
    with torch.inference_mode():
        parts = torch.as_tensor(test)[:, None].split(500)
        made = torch.cat([network(part) for part in parts])[:, 0].numpy()
    return reconstruction_scores(test, made)


def flat(images):
    return images.reshape(len(images), -1)


OTHERS = {
    "IsolationForest": isolation_forest,
    "OneClassSVM": one_class_svm,
    "PCA": pca,
    "autoencoder": autoencoder,
}
