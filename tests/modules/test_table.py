"""The generator of tables: blocks, starts, and what is given."""

import numpy as np
import pytest
import torch

from skgan.modules import ConditionMask, TableGenerator
from skgan.modules._table_networks import OneHotBlocks


def normals(n, width, seed=0):
    return torch.randn(n, width, generator=torch.Generator().manual_seed(seed))


@pytest.fixture
def blocks():
    return OneHotBlocks((3, 1, 40))


def test_probabilities_are_the_softmax_of_each_block(blocks):
    logits = normals(50, 44) * 5
    found = blocks.probabilities(logits)
    expected = torch.cat([part.softmax(1) for part in logits.split([3, 1, 40], 1)], 1)
    torch.testing.assert_close(found, expected)


def test_probabilities_of_many_blocks_take_no_matrix_of_all_of_them():
    many = OneHotBlocks((2, 3) * 100)
    assert max(buffer.numel() for buffer in many.buffers()) < 500 * 200
    logits = normals(7, 500)
    parts = logits.split([2, 3] * 100, 1)
    expected = torch.cat([part.softmax(1) for part in parts], 1)
    torch.testing.assert_close(many.probabilities(logits), expected)


@pytest.mark.parametrize("size", [1e3, 1e30])
def test_extreme_logits_give_finite_probabilities(blocks, size):
    found = blocks.probabilities(normals(50, 44) * size)
    assert found.isfinite().all()
    sums = torch.stack([part.sum(1) for part in found.split([3, 1, 40], 1)], 1)
    torch.testing.assert_close(sums, torch.ones(50, 3))


def test_every_block_has_exactly_one_level_whatever_the_quantile(blocks):
    edge = torch.tensor([0.0, 1e-7, 0.5, 1 - 1e-7, 1.0])
    uniforms = edge.repeat_interleave(40)[:, None].expand(-1, 3)
    logits = normals(len(uniforms), 44) * 10
    levels = blocks.draw(blocks.probabilities(logits), uniforms)
    for part in levels.split([3, 1, 40], 1):
        torch.testing.assert_close(part.sum(1), torch.ones(len(uniforms)))
    assert set(levels.unique().tolist()) == {0.0, 1.0}


def test_levels_are_drawn_as_often_as_they_are_probable(blocks):
    probabilities = blocks.probabilities(normals(1, 44)).expand(100_000, -1)
    uniforms = torch.rand(100_000, 3, generator=torch.Generator().manual_seed(1))
    shares = blocks.draw(probabilities, uniforms).mean(0)
    torch.testing.assert_close(shares, probabilities[0], atol=0.006, rtol=0)


def test_generator_starts_from_independent_columns_with_the_right_shares():
    shares = [0.7, 0.2, 0.1]
    generator = TableGenerator(4, (5,), n_numbers=2, block_widths=(3,), shares=shares)
    z = normals(50_000, 4 + generator.noise_dim)
    rows = generator.eval()(z).detach()
    torch.testing.assert_close(rows[:, :2], z[:, :2])
    torch.testing.assert_close(
        rows[:, 2:].mean(0), torch.tensor(shares), atol=0.01, rtol=0
    )
    assert abs(np.corrcoef(rows[:, 0], rows[:, 2])[0, 1]) < 0.02


def test_gradients_of_levels_are_those_of_their_probabilities():
    generator = TableGenerator(1, (3,), block_widths=(3,)).train()
    z = normals(8, 1 + generator.noise_dim)
    weights = torch.tensor([1.0, 2.0, 3.0])
    rows, expected = generator.with_expectation(z)
    assert set(rows.detach().round(decimals=4).unique().tolist()) == {0.0, 1.0}
    bias = generator.head.bias
    (own,) = torch.autograd.grad((rows @ weights).sum(), bias, retain_graph=True)
    (wanted,) = torch.autograd.grad((expected @ weights).sum(), bias)
    torch.testing.assert_close(own, wanted)
    assert wanted.abs().max() > 0.1


def test_what_is_given_comes_back_and_moves_the_rest():
    units = [(1, 2), (3, 4, 5)]
    given = ConditionMask(units, width=6)
    # Some weights, wherever other tests have left the global stream.
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(0)
        generator = TableGenerator(
            3,
            (6,),
            condition_dim=given.condition_dim,
            n_numbers=1,
            block_widths=(2, 3),
            units=units,
        ).eval()
    torch.nn.init.normal_(
        generator.head.weight, std=0.1, generator=torch.Generator().manual_seed(0)
    )
    z = normals(200, 3 + generator.noise_dim)
    rows = torch.zeros(200, 6)
    rows[:, 2] = rows[:, 4] = 1
    first = torch.tensor([[True, False]]).expand(200, 2)
    both = torch.tensor([[True, True]]).expand(200, 2)
    with_first = generator(z, given.condition(rows, first))
    with_both, expected = generator.with_expectation(z, given.condition(rows, both))
    assert (with_first[:, 2] == 1).all()
    assert 0 < with_first[:, 4].mean() < 1
    assert (with_both[:, 1:] == rows[:, 1:]).all()
    assert (expected[:, 1:] == rows[:, 1:]).all()
    assert not torch.equal(with_first[:, 0], with_both[:, 0])


def test_sizes_that_do_not_fit_are_refused():
    with pytest.raises(ValueError, match=r"latent_dim=1 is smaller than the 2 numbers"):
        TableGenerator(1, (4,), n_numbers=2, block_widths=(2,))
    with pytest.raises(ValueError, match=r"make no row of 9 entries"):
        TableGenerator(8, (9,), n_numbers=2, block_widths=(2,))


def test_columns_of_numbers_alone_need_no_blocks():
    generator = TableGenerator(2, (2,)).eval()
    z = normals(4, 2)
    assert not generator.noise_dim
    torch.testing.assert_close(generator(z), z)
