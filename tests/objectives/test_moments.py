"""Moment matching: unbiased, zero in expectation for the truth, blind to nothing."""

import pytest
import torch

from skgan.objectives import MomentMatching


def draw(n, seed, dependence=0.9):
    """Draw a number and a block of two levels that go together."""
    stream = torch.Generator().manual_seed(seed)
    number = torch.randn(n, generator=stream)
    agrees = torch.rand(n, generator=stream) < dependence
    level = ((number > 0) == agrees).long()
    return torch.cat([number[:, None], torch.nn.functional.one_hot(level, 2)], 1)


@pytest.fixture(scope="module")
def matching():
    return MomentMatching(draw(20_000, 0), block_widths=(2,), weight=1.0)


def mean_of_batches(matching, rows, size=100):
    values = torch.stack([matching(batch) for batch in rows.split(size)])
    return values.mean(), values.std() / len(values) ** 0.5


def test_the_true_distribution_costs_nothing_on_average(matching):
    mean, error = mean_of_batches(matching, draw(100_000, 1))
    assert abs(mean) < 4 * error + 1e-3


def test_a_batch_estimates_what_all_rows_give(matching):
    rows = draw(100_000, 2, dependence=0.5)
    whole = matching(rows)
    mean, error = mean_of_batches(matching, rows)
    assert whole > 0.1
    assert abs(mean - whole) < 4 * error + 0.01 * whole


def test_dependence_is_seen_where_shares_agree(matching):
    independent = draw(50_000, 3, dependence=0.5)
    shares = matching.alone(independent, matching.features(independent)).mean(0)
    torch.testing.assert_close(shares, matching.shares, atol=0.02, rtol=0)
    assert matching(independent) > 100 * abs(matching(draw(50_000, 4)))


def test_descent_finds_the_shares():
    rows = torch.eye(3)[torch.tensor([0] * 60 + [1] * 30 + [2] * 10)]
    matching = MomentMatching(rows, block_widths=(3,), weight=1.0)
    logits = torch.zeros(3, requires_grad=True)
    optimizer = torch.optim.Adam([logits], lr=0.05)
    for _ in range(300):
        optimizer.zero_grad()
        matching(logits.softmax(0).expand(8, 3)).backward()
        optimizer.step()
    torch.testing.assert_close(
        logits.softmax(0).detach(), torch.tensor([0.6, 0.3, 0.1]), atol=0.01, rtol=0
    )


def test_columns_beyond_the_limit_are_matched_alone():
    rows = torch.cat([draw(1000, 5), draw(1000, 6)[:, 1:]], dim=1)
    matching = MomentMatching(rows, block_widths=(2, 2), max_features=4)
    assert matching.pairs.shape == (4, 4)
    assert len(matching.shares) == 31 + 9 + 4


def test_a_single_row_gives_nothing_to_compare(matching):
    assert matching(draw(1, 7)) == 0


def test_rows_left_out_count_for_nothing(matching):
    rows = draw(100, 3)
    partial = MomentMatching(draw(20_000, 0), (2,), weight=1.0, left_out=0.2)
    assert partial(rows) == matching(rows[:80]) != matching(rows)
