"""Objectives against their formulas, drawn anew from the same stream; defaults."""

import inspect
import re

import pytest
import torch
from torch.nn.functional import affine_grid, grid_sample, interpolate

from skgan import objectives
from skgan.objectives import (
    BATCH_HALVES,
    LOSSES,
    PENALTIES,
    MomentMatching,
    clustering_loss,
    color,
    cutout,
    instance_noise,
    swap_neighbors,
    translation,
    warp,
)

WITH_DEFAULTS = [
    name
    for name in objectives.__all__
    if "default=" in (inspect.getdoc(getattr(objectives, name)) or "")
]


def stream(seed=0):
    return torch.Generator().manual_seed(seed)


@pytest.mark.parametrize("name", WITH_DEFAULTS)
def test_defaults_are_the_documented_ones(name):
    thing = getattr(objectives, name)
    documented = re.findall(r"^(\w+) : .*default=(\S+)$", inspect.getdoc(thing), re.M)
    signature = inspect.signature(thing).parameters
    assert documented
    for parameter, default in documented:
        assert repr(signature[parameter].default) == default, parameter


def test_names_say_what_is_behind_them():
    for name, loss in LOSSES.items():
        assert loss.pairs_real is name.startswith("relativistic") or not loss.pairs_real
    logits = torch.zeros(3, 1)
    for loss in LOSSES.values():
        real = logits if loss.pairs_real else None
        assert loss.generator(real, logits).shape == ()
    assert {name: p.step for name, p in PENALTIES.items() if p.step is not None} == {
        "r1+r2-difference": 0.02
    }
    real, fake = torch.zeros(2, 1), torch.ones(2, 1)
    for name in ("r1", "r2", "r1+r2"):
        points = PENALTIES[name].points
        halves = [
            half
            for half, is_in in zip((real, fake), BATCH_HALVES[points], strict=True)
            if is_in
        ]
        assert torch.equal(points(real, fake, None), torch.cat(halves))


def test_a_warp_is_an_affine_map_and_a_bend():
    images = torch.rand(5, 2, 9, 7, generator=stream(9))
    drawn = stream(3)
    change = 2 * torch.rand(5, 2, 3, generator=drawn) - 1
    nodes = torch.randn(5, 2, 4, 4, generator=drawn)
    slope, shift, bend = 0.2, 0.07, 0.05
    maps = torch.eye(2, 3) + change * torch.tensor([slope, slope, 2 * shift])
    field = interpolate(bend * nodes, size=(9, 7), mode="bilinear", align_corners=True)
    grid = affine_grid(maps, [5, 2, 9, 7], align_corners=False)
    grid = grid + field.permute(0, 2, 3, 1)
    wanted = grid_sample(images, grid, padding_mode="border", align_corners=False)
    moved = warp(images, stream(3), slope=slope, shift=shift, bend=bend)
    torch.testing.assert_close(moved, wanted)


def test_colors_change_in_brightness_saturation_and_contrast():
    images = torch.rand(4, 3, 5, 6, generator=stream(9))
    drawn = stream(2)
    torch.rand(4, generator=drawn)  # which images are chosen
    b, s, c = torch.rand(3, 4, 1, 1, 1, generator=drawn) - 0.5
    wanted = images + b
    grey = wanted.mean(1, keepdim=True)
    wanted = grey + (wanted - grey) * (1 + 2 * s)
    mean = wanted.mean((1, 2, 3), keepdim=True)
    wanted = mean + (wanted - mean) * (1 + c)
    torch.testing.assert_close(color(images, stream(2)), wanted)


def test_none_are_changed_where_the_draw_is_the_probability(monkeypatch):
    # A draw of 0 must not change an image that has no chance to be changed.
    monkeypatch.setattr(
        torch, "rand", lambda *shape, **_: torch.zeros(*shape) if shape else None
    )
    images = torch.arange(16.0).reshape(1, 1, 4, 4)
    assert torch.equal(cutout(images, None, probability=0.0), images)
    assert not torch.equal(cutout(images, None, probability=0.01), images)


def test_shifts_go_as_far_as_the_share_says():
    images = torch.arange(400.0).reshape(1, 1, 20, 20).expand(300, 1, 20, 20)
    moved = translation(images, stream(), share=0.2)
    # A pixel of the middle that is never at the border.
    rows = (moved[:, 0, 10, 10] // 20).long() - 10
    columns = (moved[:, 0, 10, 10] % 20).long() - 10
    assert set(rows.tolist()) == set(columns.tolist()) == set(range(-4, 5))


def test_noise_is_of_the_scale_asked_for():
    rows = torch.ones(4000, 5)
    noise = instance_noise(rows, stream(), scale=0.3) - rows
    assert noise.std() == pytest.approx(0.3, rel=0.03)
    assert noise.mean() == pytest.approx(0, abs=0.01)


def test_two_rows_are_each_others_neighbors():
    rows = torch.tensor([[1.0], [2.0]])
    assert swap_neighbors(rows, rows, stream()).tolist() == [[2.0], [1.0]]
    assert swap_neighbors(rows, rows, stream(), 7).tolist() == [[2.0], [1.0]]


def test_the_information_of_clusters_is_weighed():
    logits = torch.randn(6, 3, generator=stream())
    p = logits.softmax(1)
    conditional = -(p * p.log()).sum(1).mean()
    mean = p.mean(0)
    marginal = -(mean * mean.log()).sum()
    value = clustering_loss(logits, logits)
    assert float(value) == pytest.approx(
        float(0.1 * (conditional - 4 * marginal)), abs=1e-5
    )


def test_tables_of_two_halves_are_compared_cell_by_cell():
    """Of two blocks of levels: the formula of the class, with sums written out."""
    levels = torch.eye(2)[torch.tensor([0, 0, 1, 0])]
    others = torch.eye(3)[torch.tensor([0, 1, 2, 2])]
    rows = torch.cat([levels, others], 1)
    matching = MomentMatching(rows, block_widths=(2, 3), weight=0.7)
    batch = torch.rand(6, 5, generator=stream())
    value = 0.0
    shares, first, second = rows.mean(0), batch[:3].mean(0), batch[3:].mean(0)
    for i in range(5):
        alone = (first[i] - shares[i]) * (second[i] - shares[i])
        value += 0.7 * alone / (shares[i] + 1e-3)
    for i in range(2):
        for j in range(2, 5):
            q = (rows[:, i] * rows[:, j]).mean()
            a = (batch[:3, i] * batch[:3, j]).mean() - q
            b = (batch[3:, i] * batch[3:, j]).mean() - q
            value += 0.7 * a * b / (q + 1e-3)
    assert float(matching(batch)) == pytest.approx(float(value), rel=1e-4)
    assert matching(batch[:1]) == 0


def test_numbers_have_soft_bins_of_unit_spread():
    rows = torch.linspace(-3, 3, 50)[:, None]
    matching = MomentMatching(rows, block_widths=(), n_bins=5)
    centres = torch.tensor([-2.0, -1.0, 0.0, 1.0, 2.0])
    torch.testing.assert_close(matching.centres, centres)
    torch.testing.assert_close(matching.fine_centres, torch.linspace(-3, 3, 31))
    wanted = (-0.5 * (rows - centres) ** 2).softmax(1)
    torch.testing.assert_close(matching.features(rows), wanted)
    fine = (-0.5 * ((rows - torch.linspace(-3, 3, 31)) / 0.2) ** 2).softmax(1)
    torch.testing.assert_close(
        matching.alone(rows, wanted),
        torch.cat([fine, wanted], 1),
        atol=1e-5,
        rtol=1e-4,
    )


def test_pairs_are_of_columns_of_few_levels_first():
    rows = torch.cat([torch.eye(4), torch.eye(2).repeat(2, 1), torch.eye(4)], 1)
    paired = {
        n: MomentMatching(rows, (4, 2, 4), max_features=n).paired.tolist()
        for n in (1, 2, 5, 6, 9, 10)
    }
    assert paired == {
        1: [],
        2: [4, 5],
        5: [4, 5],
        6: list(range(6)),
        9: list(range(6)),
        10: list(range(10)),
    }


def test_many_rows_are_learnt_in_parts(monkeypatch):
    rows = torch.eye(3)[torch.randint(3, (50,), generator=stream())]
    whole = MomentMatching(rows, (3,))
    monkeypatch.setattr(objectives._moments, "_ROWS_AT_ONCE", 7)
    parts = MomentMatching(rows, (3,))
    torch.testing.assert_close(whole.shares, parts.shares)
    torch.testing.assert_close(whole.pairs, parts.pairs)
