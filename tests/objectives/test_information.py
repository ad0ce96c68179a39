"""What codes tell of rows: values against formulas, and what small changes change."""

import math

import pytest
import torch
from torch.nn.functional import one_hot

from skgan.objectives import (
    categorical_code_loss,
    clustering_loss,
    continuous_code_loss,
    swap_neighbors,
    warp,
)


def stream(seed=0):
    return torch.Generator().manual_seed(seed)


def test_the_categorical_loss_is_minus_the_log_of_the_right_category():
    probabilities = torch.tensor([[0.5, 0.25, 0.25], [0.1, 0.8, 0.1]])
    codes = torch.tensor([[0.0, 0.0, 1.0], [0.0, 1.0, 0.0]])
    wanted = -(math.log(0.25) + math.log(0.8)) / 2
    assert categorical_code_loss(probabilities.log(), codes) == pytest.approx(wanted)


def test_the_continuous_loss_is_that_of_a_normal_distribution():
    means, codes = torch.tensor([[0.5, -1.0], [0.0, 0.0]]), torch.tensor([[0.0, 1.0]])
    density = torch.distributions.Normal(means, 1.0)
    constant = math.log(2 * math.pi)
    wanted = -density.log_prob(codes).sum(1).mean() - constant
    assert continuous_code_loss(means, codes) == pytest.approx(float(wanted), abs=1e-6)
    assert continuous_code_loss(means[:, :0], codes[:, :0]) == 0


def clusters(assigned, n_categories, sharpness=20.0):
    return sharpness * one_hot(torch.tensor(assigned), n_categories).float()


def test_certain_balanced_and_steady_clusters_are_the_best():
    best = clusters([0, 1, 2, 0, 1, 2], 3)
    value = clustering_loss(best, best, information_weight=1.0, balance_weight=2.0)
    assert value == pytest.approx(-2 * math.log(3), abs=1e-4)
    others = {
        "one for all": clusters([0] * 6, 3),
        "unbalanced": clusters([0, 0, 0, 0, 1, 2], 3),
        "uncertain": 0.05 * best,
    }
    for logits in others.values():
        assert clustering_loss(logits, logits) > clustering_loss(best, best) + 0.01
    moved = clusters([1, 2, 0, 0, 1, 2], 3)
    assert clustering_loss(best, moved) > clustering_loss(best, best) + 1


def test_the_consistency_term_is_a_divergence_that_moves_the_copy_alone():
    logits = torch.randn(8, 4, generator=stream()).requires_grad_()
    moved = torch.randn(8, 4, generator=stream(1)).requires_grad_()
    value = clustering_loss(logits, moved, information_weight=0.0)
    p, q = (torch.distributions.Categorical(logits=x) for x in (logits, moved))
    wanted = torch.distributions.kl_divergence(p, q).mean()
    assert value.item() == pytest.approx(wanted.item(), abs=1e-5)
    value.backward()
    assert moved.grad.abs().sum() > 0
    assert logits.grad is None or not logits.grad.any()


def blobs(n=6):
    """Images with a bright square in the middle, on a dark ground of -1."""
    images = torch.full((n, 2, 16, 16), -1.0)
    images[:, :, 5:11, 5:11] = 1.0
    return images


def test_a_warp_moves_pixels_and_keeps_range_and_ground():
    images = blobs(50)
    moved = warp(images, stream())
    assert moved.shape == images.shape and moved.dtype == images.dtype
    assert moved.min() >= -1.0001 and moved.max() <= 1.0001
    assert not torch.isclose(moved, images).flatten(1).all(1).any()
    # The square keeps about its area, and its place within a few pixels.
    area = (moved > 0).float().sum((2, 3))
    assert area.mean() == pytest.approx(36, abs=6)
    rows = (moved > 0).float().mean((0, 1, 3))
    assert rows[0] < 0.02 and rows[7] > 0.2
    # Every channel moves alike.
    assert torch.equal(moved[:, 0], moved[:, 1])


def test_a_warp_of_no_size_changes_nothing():
    images = torch.rand(3, 1, 9, 7, generator=stream(5))
    still = warp(images, stream(), slope=0.0, shift=0.0, bend=0.0)
    assert torch.allclose(still, images, atol=1e-5)


def test_the_stream_fixes_a_warp_and_the_global_one_stays():
    before = torch.get_rng_state()
    first, same, other = (warp(blobs(), stream(seed)) for seed in (1, 1, 2))
    assert torch.equal(first, same) and not torch.equal(first, other)
    assert torch.equal(torch.get_rng_state(), before)


def test_vectors_cannot_be_warped():
    with pytest.raises(ValueError, match="warp wants images"):
        warp(torch.zeros(4, 7), stream())


def test_neighbors_are_swapped_by_their_coordinates():
    rows = torch.arange(200.0)[:, None]
    # Of even and of odd rows, one kind lies far from the other.
    coordinates = rows + 1000 * (rows % 2)
    swapped = swap_neighbors(rows, coordinates, stream(), 5)
    assert ((swapped - rows) % 2 == 0).all()
    assert ((swapped - rows).abs() <= 10).all() and (swapped != rows).all()
    assert len((swapped - rows).unique()) > 2
    assert torch.equal(swapped, swap_neighbors(rows, coordinates, stream(), 5))
    nearest = swap_neighbors(rows, coordinates, stream())
    assert ((nearest - rows).abs() == 2).all()


def test_a_row_alone_has_no_neighbor():
    row = torch.ones(1, 3)
    assert torch.equal(swap_neighbors(row, row, stream()), row)
