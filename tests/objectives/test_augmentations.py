"""Augmentations of images: what moves, what stays, gradients, streams."""

import pytest
import torch

from skgan.objectives import AUGMENTATIONS, color, cutout, translation

OF_IMAGES = sorted(set(AUGMENTATIONS) - {"instance_noise"})


def stream(seed=0):
    return torch.Generator().manual_seed(seed)


def images(n=64, channels=3, height=8, width=12):
    return 2 * torch.rand(n, channels, height, width, generator=stream(9)) - 1


@pytest.mark.parametrize("name", OF_IMAGES)
@pytest.mark.parametrize("channels", [1, 2, 3, 4])
def test_shape_dtype_and_gradient(name, channels):
    x = images(channels=channels).requires_grad_()
    out = AUGMENTATIONS[name](x, stream())
    assert out.shape == x.shape and out.dtype == x.dtype
    out.sum().backward()
    assert torch.isfinite(x.grad).all() and x.grad.abs().sum() > 0


@pytest.mark.parametrize("name", OF_IMAGES)
def test_the_stream_fixes_it_and_the_global_one_stays(name):
    augment, before = AUGMENTATIONS[name], torch.get_rng_state()
    first, same, other = (augment(images(), stream(s)) for s in (1, 1, 2))
    assert torch.equal(first, same) and not torch.equal(first, other)
    assert torch.equal(torch.get_rng_state(), before)


@pytest.mark.parametrize("name", OF_IMAGES)
def test_probability_is_the_share_of_images_changed(name):
    x = images(2000, height=6, width=6)
    augment = AUGMENTATIONS[name]
    assert torch.equal(augment(x, stream(), probability=0), x)
    changed = {
        probability: (augment(x, stream(), probability=probability) != x)
        .flatten(1)
        .any(1)
        .float()
        .mean()
        for probability in (0.3, 1.0)
    }
    assert changed[0.3] < 0.7 * changed[1.0]
    if name == "color":
        assert changed[0.3] == pytest.approx(0.3, abs=0.04) and changed[1.0] == 1


@pytest.mark.parametrize("name", OF_IMAGES)
def test_wrong_input_is_refused(name):
    with pytest.raises(ValueError, match="wants images"):
        AUGMENTATIONS[name](torch.zeros(4, 7), stream())
    with pytest.raises(ValueError, match="probability"):
        AUGMENTATIONS[name](images(), stream(), probability=1.5)


def test_translation_shifts_and_repeats_the_border():
    x = images(400, 1)
    moved = translation(x, stream(), share=0.25)
    shifts = set()
    for image, out in zip(x[:, 0], moved[:, 0], strict=True):
        found = [
            (dy, dx)
            for dy in range(-2, 3)
            for dx in range(-3, 4)
            if torch.equal(
                out,
                image[(torch.arange(8) - dy).clamp(0, 7)][
                    :, (torch.arange(12) - dx).clamp(0, 11)
                ],
            )
        ]
        assert len(found) == 1
        shifts.add(found[0])
    assert len(shifts) == 5 * 7, "every shift in reach occurs"


def test_paper_stays_paper():
    digits = torch.full((50, 1, 8, 8), -1.0)
    digits[:, :, 3:5, 3:5] = 1
    moved = translation(digits, stream())
    assert set(moved.unique().tolist()) == {-1.0, 1.0}
    assert (moved == 1).sum() == (digits == 1).sum()
    covered = cutout(digits, stream())
    assert set(covered.unique().tolist()) == {-1.0, 1.0}
    assert (covered == 1).sum() < (digits == 1).sum()


def test_cutout_covers_a_rectangle_with_the_borders_mean():
    x = images(200)
    out = cutout(x, stream(), share=0.5)
    changed = (out != x).any(1)
    rows, columns = changed.any(2), changed.any(1)
    assert torch.equal(changed, rows[:, :, None] & columns[:, None, :])
    assert rows.sum(1).max() <= 4 and columns.sum(1).max() <= 6
    assert changed.float().mean() == pytest.approx(0.25 * 0.75, abs=0.05)
    border = torch.ones(8, 12, dtype=torch.bool)
    border[1:-1, 1:-1] = False
    for image, new, where in zip(x, out, changed, strict=True):
        weights = border.float()
        weights[0, 0] = weights[0, -1] = weights[-1, 0] = weights[-1, -1] = 2
        mean = (image * weights).sum((1, 2)) / weights.sum()
        if where.any():
            torch.testing.assert_close(
                new[:, where], mean[:, None].expand(-1, int(where.sum()))
            )


def test_color_moves_every_pixel_of_an_image_alike():
    x = images(100)
    out = color(x, stream())
    for image, new in zip(x, out, strict=True):
        # An affine map of the pixels and of their grey.
        grey = image.mean(0).flatten()
        for channel in range(3):
            parts = [image[channel].flatten(), grey, torch.ones_like(grey)]
            design = torch.stack(parts, dim=1).double()
            target = new[channel].flatten().double()[:, None]
            left = target - design @ torch.linalg.lstsq(design, target).solution
            assert left.abs().max() < 1e-5
    brightness = (out.mean((1, 2, 3)) - x.mean((1, 2, 3))).abs()
    assert 0.1 < brightness.mean() < 0.4 and brightness.max() <= 0.51


def test_grey_images_keep_their_tones():
    x = images(channels=1)
    assert torch.equal(color(x, stream()), x)
