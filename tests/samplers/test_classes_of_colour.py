"""Of images of colour with one label each, classes are read off in training."""

import numpy as np
import pytest

import skgan
from skgan import ConditionalGANSampler

RNG = np.random.default_rng(0)
COLOUR = RNG.integers(0, 256, (30, 10, 10, 3), dtype=np.uint8)
LABELS = np.arange(30) % 3


def fit(X, y, **params):
    return ConditionalGANSampler(max_iter=2, random_state=0, **params).fit(X, y)


def test_classes_are_read_off_and_a_file_keeps_them(tmp_path):
    sampler = fit(COLOUR, np.array(["a", "b", "c"])[LABELS])
    assert sampler.net_.class_weight == 1
    assert sampler.net_.discriminator_.head.classes.out_features == 3
    skgan.save(sampler, tmp_path / "file")
    drawn = [
        which.sample(y=["c", "a"], random_state=0)[0]
        for which in (sampler, skgan.load(tmp_path / "file"))
    ]
    assert np.array_equal(*drawn)


@pytest.mark.parametrize(
    ("X", "y", "params"),
    [
        (np.kron(COLOUR[..., 0], np.ones((2, 2))).astype(np.uint8), LABELS, {}),
        (COLOUR, LABELS + RNG.random(30), {}),
        (COLOUR, np.column_stack([LABELS, LABELS]), {}),
        (COLOUR, LABELS, {"generator": "dcgan", "discriminator": "dcgan"}),
        (COLOUR, LABELS, {"net_params": {"class_weight": 0}}),
    ],
    ids=["grey", "numbers", "two columns", "another network", "as is wanted"],
)
def test_of_other_images_and_labels_none(X, y, params):
    assert fit(X, y, **params).net_.class_weight == 0
