"""The ramp of augmentation through real fits."""

import numpy as np
import pytest
import torch

from skgan import GANSampler
from skgan.callbacks import AugmentationRamp

IMAGES = np.random.default_rng(0).integers(0, 256, (40, 8, 8)).astype(np.uint8)


def train(max_iter=6, **params):
    return GANSampler(
        hidden_dims=(4,), batch_size=8, max_iter=max_iter, random_state=0, **params
    ).fit(IMAGES)


def test_the_share_rises_update_by_update_and_stays():
    seen = []

    def augment(images, generator, probability=1.0):
        seen.append(probability)
        return images

    ramp = AugmentationRamp(4, probability=0.8)
    sampler = train(net_params={"augmentation": augment}, callbacks=[ramp])
    # Before training it is tried on a few rows, at its own default.
    tried, seen = seen[:-18], seen[-18:]
    assert set(tried) == {1.0}
    # A step of the default objective shows the discriminator three batches.
    assert seen[::3] == seen[1::3] == seen[2::3]
    assert seen[::3] == pytest.approx([0, 0.2, 0.4, 0.6, 0.8, 0.8])
    assert sampler.net_.augmentation_ is augment


def test_at_no_share_the_fit_is_of_clean_images():
    def weights(probability):
        net_params = {"augmentation": "cutout"}
        ramp = AugmentationRamp(1, probability=probability)
        net = train(max_iter=3, net_params=net_params, callbacks=[ramp]).net_
        return torch.cat([p.flatten() for p in net.discriminator_.parameters()])

    clean, same, covered = weights(0.0), weights(0.0), weights(1.0)
    assert torch.equal(clean, same) and not torch.equal(clean, covered)


def test_without_an_augmentation_it_says_what_to_set():
    with pytest.raises(ValueError, match=r"net_params=.*'translation'"):
        train(callbacks=[AugmentationRamp(10)])
