"""Generators that start from a normal distribution for each condition."""

import pytest
import torch

from skgan.modules import (
    CalibratedConditionalResidualLatentGenerator,
    CalibratedResidualLatentGenerator,
    ConditionalResidualLatentGenerator,
)
from skgan.modules._conditional_residual_latent import (
    conditional_moments,
    count_groups,
    find_groups,
)


def make_classes(counts, means, scales, seed=0):
    stream = torch.Generator().manual_seed(seed)
    rows, classes = [], []
    for k, (n, mean, scale) in enumerate(zip(counts, means, scales, strict=True)):
        rows.append(mean + scale * torch.randn(n, 2, generator=stream))
        classes.append(torch.eye(len(counts))[[k] * n])
    return torch.cat(rows), torch.cat(classes)


def test_moments_of_classes_with_many_rows_are_their_own():
    rows, classes = make_classes((4000, 4000), (0.0, 7.0), (1.0, 3.0))
    moments = conditional_moments(rows, classes, (2,))
    means = moments.bias + torch.eye(2).double() @ moments.weight
    assert torch.allclose(
        means, torch.tensor([[0.0] * 2, [7.0] * 2]).double(), atol=0.2
    )
    sizes = moments.covariances.diagonal(dim1=1, dim2=2).mean(1)
    assert torch.allclose(sizes, torch.tensor([1.0, 9.0]).double(), rtol=0.1)


def test_a_class_of_few_rows_takes_the_others_shape_and_its_own_size():
    stream = torch.Generator().manual_seed(0)
    shape = torch.tensor([[3.0, 0.0], [0.0, 0.3]])
    many = torch.randn(2000, 2, generator=stream) @ shape
    few = 10 + torch.randn(3, 2, generator=stream) * 0.1
    classes = torch.eye(2)[[0] * 2000 + [1] * 3]
    moments = conditional_moments(torch.cat([many, few]), classes, (2,))
    first, second = moments.covariances
    assert second[0, 0] > second[1, 1]
    assert second.trace() < 0.6 * first.trace()
    mean = moments.bias + moments.weight[1]
    assert (mean - 10).abs().max() < 1


def test_classes_that_do_not_differ_share_their_mean():
    rows, classes = make_classes((500, 4), (0.0, 0.0), (1.0, 1.0))
    moments = conditional_moments(rows, classes, (2,))
    raw = rows[500:].mean(0).double()
    assert ((moments.bias + moments.weight[1]).norm() < raw.norm()).item()


def test_the_mean_follows_numbers():
    x = torch.linspace(-1, 1, 400)[:, None]
    moments = conditional_moments(torch.cat([3 * x + 1, -x], 1), x, ())
    assert torch.allclose(moments.weight[0].float(), torch.tensor([3.0, -1]), atol=0.05)
    assert torch.allclose(moments.bias.float(), torch.tensor([1.0, 0]), atol=0.05)
    assert moments.covariances.shape == (1, 2, 2)


def test_one_row_a_class_is_enough():
    moments = conditional_moments(
        torch.tensor([[1.0, 2, 3], [0, 5, 1]]), torch.eye(2), (2,)
    )
    assert all(tensor.isfinite().all() for tensor in moments)


def test_groups_are_combinations_of_classes():
    conditions = torch.tensor([[1.0, 0, 0, 1, 0, 0.3], [0, 1, 0, 0, 1, -2.0]])
    assert find_groups(conditions, (2, 3)).tolist() == [1, 5]
    assert count_groups((2, 3), 10) == 6
    assert count_groups((100, 100), 10) == 1
    assert count_groups((), 10) == 1


@pytest.mark.parametrize(
    "network",
    [ConditionalResidualLatentGenerator, CalibratedConditionalResidualLatentGenerator],
)
def test_it_starts_from_the_moments(network):
    rows, classes = make_classes((600, 600), (-5.0, 5.0), (1.0, 2.0))
    start = network.moments_of(rows, classes, (2,))
    generator = network(
        2, (2,), condition_dim=2, class_widths=(2,), moments=start
    ).eval()
    z = torch.randn(1200, 2, generator=torch.Generator().manual_seed(1))
    drawn = generator(z, classes).detach()
    for k, (mean, scale) in enumerate([(-5, 1), (5, 2)]):
        own = drawn[classes[:, k] > 0]
        assert abs(own.mean() - mean) < 0.3
        assert abs(own.std(dim=0).mean() - scale) < 0.2


def test_without_moments_or_conditions_it_is_the_identity():
    generator = ConditionalResidualLatentGenerator(latent_dim=3, output_shape=(2,))
    z = torch.tensor([[0.5, -1.0, 2.0]])
    assert torch.allclose(generator(z), z[:, :2])


def test_calibration_restores_the_moments_of_each_class():
    rows, classes = make_classes((900, 900), (-5.0, 5.0), (1.0, 2.0))
    wanted = conditional_moments(rows, classes, (2,))
    generator = CalibratedConditionalResidualLatentGenerator(
        2, (2,), condition_dim=2, class_widths=(2,), moments=wanted
    )
    with torch.no_grad():
        generator.head.weight.normal_(std=0.3, generator=torch.Generator())
        generator.head.bias.fill_(2.0)
    z = torch.randn(4000, 2, generator=torch.Generator().manual_seed(1))
    both = torch.eye(2).repeat(2000, 1)
    generator.calibrate(z, both, wanted)
    drawn = generator.eval()(z, both).detach().double()
    for k in range(2):
        own = drawn[both[:, k] > 0]
        mean = wanted.bias + wanted.weight[k]
        assert torch.allclose(own.mean(0), mean, atol=0.1)
        assert torch.allclose(
            torch.cov(own.T), wanted.covariances[k], rtol=0.1, atol=0.1
        )


def test_calibration_leaves_a_broken_generator_alone():
    generator = CalibratedConditionalResidualLatentGenerator(2, (2,), condition_dim=1)
    wanted = generator.moments_of(torch.ones(9, 2), torch.zeros(9, 1), ())
    with torch.no_grad():
        generator.head.bias.fill_(float("nan"))
    generator.calibrate(torch.ones(9, 2), torch.zeros(9, 1), wanted)
    assert generator.mixing.isfinite().all()


WIDE = 1200


@pytest.mark.parametrize("is_conditional", [True, False])
def test_wide_rows_have_variances_and_no_matrix_of_all_numbers(is_conditional):
    stream = torch.Generator().manual_seed(0)
    scale = torch.linspace(0.5, 3, WIDE)
    rows = 2 + scale * torch.randn(400, WIDE, generator=stream)
    classes = torch.eye(2).repeat(200, 1)
    rows[::2] += 3
    z = torch.randn(1000, WIDE, generator=stream)
    if is_conditional:
        wanted = conditional_moments(rows, classes, (2,))
        assert wanted.covariances.shape == (2, WIDE)
        generator = CalibratedConditionalResidualLatentGenerator(
            WIDE, (WIDE,), condition_dim=2, class_widths=(2,), moments=wanted
        )
        given = torch.eye(2).repeat(500, 1)
        started = generator(z, given)[::2].detach()
        torch.testing.assert_close(started.std(0), scale, atol=0, rtol=0.25)
        torch.nn.init.normal_(generator.head.weight, std=0.01)
        generator.calibrate(z, given, wanted)
        drawn, expected = generator.eval()(z, given)[::2], 5.0
    else:
        generator = CalibratedResidualLatentGenerator(WIDE, (WIDE,))
        torch.nn.init.normal_(generator.head.weight, std=0.01)
        generator.calibrate(z, torch.full((WIDE,), 5.0), scale.double() ** 2)
        drawn, expected = generator.eval()(z), 5.0
    drawn = drawn.detach()
    assert (drawn.mean(0) - expected).abs().mean() < 0.2
    torch.testing.assert_close(drawn.std(0), scale, atol=0, rtol=0.25)
    assert max(b.numel() for b in generator.buffers()) <= 2 * WIDE
