"""Steps of a diagnosis against what they are by hand, at their bounds as well."""

import numpy as np
import pytest
from scipy.stats import beta, hypergeom, norm
from sklearn.metrics import roc_auc_score

from skgan.metrics import Block, Diagnosis, Finding
from skgan.metrics.diagnosis import _collapse as collapse
from skgan.metrics.diagnosis import _copying as memory
from skgan.metrics.diagnosis import _quality as quality
from skgan.metrics.diagnosis import judge_training
from skgan.metrics.diagnosis._compared_rows import Rows
from skgan.metrics.diagnosis._findings import grade, percent

NAN = np.nan


def rng():
    return np.random.RandomState(0)


def numbers(values, labels=None, shared_scale=False):
    values = np.asarray(values, float).reshape(len(values), -1)
    labels = labels or [f"x{i}" for i in range(values.shape[1])]
    return Rows([Block(labels, values, shared_scale)], np.nan_to_num(values))


def levels(values, label="c"):
    objects = np.array(values, dtype=object)
    return Rows([Block([label], objects)], np.zeros((len(objects), 1)))


def epochs(n, fake, real=None, batches=2):
    real = np.ones(n) if real is None else real
    return [
        {
            "batches": [{"generator_loss": 0.5}] * batches,
            "generator_loss": 0.5,
            "fake_gradient_norm": float(f),
            "real_gradient_norm": float(r),
        }
        for f, r in zip(fake, real, strict=True)
    ]


def test_verdicts():
    for share, is_proven, verdict in (
        *((0.9, False, "good"), (0.049, True, "good"), (0.05, True, "warn")),
        *((0.499, True, "warn"), (0.5, True, "bad")),
    ):
        assert grade(share, is_proven).lower().startswith(verdict[:3])
    assert [percent(x) for x in (0, 0.00004, 0.004, 0.01, 0.256)] == [
        *("0 %", "0 %", "0.4 %", "1 %", "26 %"),
    ]


def test_gradients_that_rise_in_the_last_quarter():
    n = 40
    for factor, is_rising in ((1.9, False), (2.1, True)):
        fake = np.where(np.arange(n) < 30, 1.0, factor) * (1 + 1e-3 * np.sin(range(n)))
        found = judge_training(epochs(n, fake))
        assert (found.verdict == "warn") == is_rising
        assert found.value == pytest.approx(factor, rel=0.01)
        assert (found.limit, found.baseline) == (2.0, 1.0) and bool(found.advice) == (
            is_rising
        )
    # Beside those on real rows they did not.
    found = judge_training(epochs(n, fake, fake))
    assert found.value == pytest.approx(1) and found.verdict == "good"
    # Large, but no more often than chance has it.
    few = np.where(np.arange(12) < 9, 1.0, 9.0) * np.tile([1, 20, 0.05], 4)
    assert judge_training(epochs(12, few)).verdict == "good"
    # The last quarter is rounded up: 4 of 13.
    last = np.where(np.arange(13) < 9, 1.0, 5.0)
    assert judge_training(epochs(13, last)).value == pytest.approx(5)
    assert judge_training(epochs(11, np.ones(11))).value is None
    assert judge_training(epochs(12, np.ones(12))).value == pytest.approx(1)
    # Norms of zero say nothing.
    assert judge_training(epochs(12, [0.0] + [1.0] * 11)).value is None


def test_where_training_diverged():
    history = epochs(3, np.ones(3))
    history[1]["batches"] = [{"discriminator_loss": NAN}] * 5
    found = judge_training(history)
    assert found.verdict == "warn" and "It went on from there" in found.message
    assert "in the 5 updates after the first 2: the discriminator loss was no" in (
        found.message
    )
    found = judge_training(history[:2])
    assert found.verdict == "bad" and "It went on" not in found.message
    for value, is_bad in ((1e6, False), (-1e6, False), (1.1e6, True), (-2e6, True)):
        history = epochs(1, [1.0])
        history[0]["generator_loss"] = value
        found = judge_training(history)
        assert (found.verdict == "bad") == is_bad
        assert (f"generator loss reached {value:.3g}" in found.message) == is_bad
    restored = judge_training(epochs(2, np.ones(2)), was_restored=True)
    assert restored.verdict == "bad" and "a weight was no longer" in restored.message
    assert "in the 2 updates after the first 2" in restored.message
    assert "weights were restored" in restored.message
    assert judge_training([{}]).verdict == "good"
    assert judge_training([{"generator_loss": NAN}, {}]).message.count("first 0") == 1
    assert judge_training(None).value is None


def test_shares_that_figures_stand_for():
    assert quality.misplaced_share(0.5) == quality.misplaced_share(0.3) == 0
    assert quality.misplaced_share(1) == 1
    assert quality.misplaced_share(1 - 0.6**2 / 2) == pytest.approx(0.4)
    assert quality.collapsed_share(0.25, 4) == 0.25
    assert quality.collapsed_share(4, 4) == quality.collapsed_share(5, 4) == 1
    assert quality.collapsed_share(0, 4) == quality.collapsed_share(-1, 4) == 0
    assert quality.auc_deviation(10, 20) == pytest.approx(np.sqrt(31 / 2400))
    assert quality.quantile() == pytest.approx(norm.isf(0.001))
    assert quality.quantile(0.2) == pytest.approx(norm.isf(0.2))


def test_axes_and_distances():
    X = rng().normal(size=(200, 3)) * [1, 5, 1e-4] + 7
    axes = quality.principal_axes(X)
    assert axes.shape == (3, 2)
    assert np.abs(axes[1, 0]) > 0.99 and np.abs(axes[0, 1]) > 0.99
    assert quality.principal_axes(rng().normal(size=(200, 60))).shape == (60, 50)
    assert quality.principal_axes(np.ones((9, 2))).shape == (2, 0)
    assert quality.principal_axes(X[:, :1]).shape == (1, 1)
    Y = np.vstack([X, X[:2]])
    found = quality.pooled_distances(Y)
    wanted = np.linalg.norm(Y[:, None] - Y, axis=2)
    np.testing.assert_allclose(found, wanted, atol=1e-5)
    assert found[0, 200] == 0 and found[1, 201] == 0 and (np.diag(found) == 0).all()
    assert quality._mean_off_diagonal(found) == pytest.approx(
        wanted[~np.eye(202, dtype=bool)].mean(), rel=1e-5
    )


def test_permutations_begin_with_the_sets_themselves():
    labels = quality.permuted_labels(3, 5, rng())
    assert labels.shape == (8, 1000) and labels[:, 0].tolist() == [1] * 3 + [0] * 5
    assert (labels.sum(axis=0) == 3).all() and labels.dtype == np.float32
    assert labels[:, 1:].mean(axis=1) == pytest.approx(np.full(8, 3 / 8), abs=0.06)


def test_the_energy_of_permutations():
    X, Y = rng().normal(size=(9, 2)), rng().normal(size=(7, 2)) + 1
    both = np.vstack([X, Y])
    distances = np.linalg.norm(both[:, None] - both, axis=2)
    labels = quality.permuted_labels(9, 7, rng())

    def energy(first):
        second = ~first
        n, m = first.sum(), second.sum()
        across = distances[np.ix_(first, second)].mean()
        inside = [
            distances[np.ix_(s, s)].sum() / (k * (k - 1))
            for s, k in ((first, n), (second, m))
        ]
        return 2 * across - sum(inside)

    found = quality._permuted_energy(distances, np.arange(9), np.arange(9, 16), labels)
    wanted = [energy(column.astype(bool)) for column in labels.T]
    assert found == pytest.approx((wanted[0], max(wanted[1:])), abs=1e-4)


def test_coverage_by_rows_that_have_a_sample_nearby():
    real = rng().normal(size=(40, 2))
    other, same = rng().normal(size=(30, 2)) + 0.1, rng().normal(size=(30, 2)) - 0.1
    for synthetic in (same, np.zeros((30, 2))):
        pool = np.vstack([real, synthetic, other])
        distances = np.linalg.norm(pool[:, None] - pool, axis=2)
        of = [np.arange(40), np.arange(40, 70), np.arange(70, 100)]
        found = quality._judge_coverage(distances, of, rng())
        radii = np.sort(distances[:40, :40], axis=1)[:, 5]
        covered = [
            (distances[:40, part].min(axis=1) <= radii).mean() for part in of[1:]
        ]
        assert (found.value, found.baseline) == pytest.approx(tuple(covered))
        assert found.limit < found.baseline
        share = (covered[1] - covered[0]) / covered[1]
        assert found.verdict == grade(share, found.value < found.limit)
        assert percent(1 - covered[0]) in found.message
        assert bool(found.advice) == (found.verdict != "good")


def test_cells_that_samples_lack():
    n_real, drawn = np.array([100, 100, 100, 0, 4]), np.array([0, 4, 15, 9, 0])
    drawn = np.append(drawn, 500 - drawn.sum())
    n_real = np.append(n_real, 500 - n_real.sum())
    missing, rare, lost = collapse._shortages(n_real, drawn, 6)
    upper = beta.ppf(1 - 0.001 / 6, drawn + 1, np.maximum(n_real, 1))
    short = (n_real > 0) & (upper / (1 - upper) < 0.5)
    assert missing.tolist() == [True, True, False, False, False, False]
    assert rare.tolist() == [False, False, True, False, False, False]
    assert (missing | rare).tolist() == short.tolist()
    assert lost == pytest.approx((100 + 96 + 85) / 500)
    # With twice as many samples, twice as many are expected.
    twice = collapse._shortages(n_real, drawn, 6, (500, 1000))
    assert twice[0].tolist()[:3] == [True, True, False]
    assert twice[2] == pytest.approx((200 + 196 + 185) / 1000)
    many = collapse._shortages(np.array([1000]), np.array([49]), 1, (2000, 2000))
    assert many[0].tolist() == [True]
    many = collapse._shortages(np.array([1000]), np.array([50]), 1, (2000, 2000))
    assert many[0].tolist() == [False] and many[1].tolist() == [True]


def test_levels_that_are_missing_or_rare():
    real = levels(["a"] * 100 + ["b"] * 60 + [None] * 40)
    same = collapse._judge_levels(real, real)
    assert same.verdict == "good" and "None of 3 levels" in same.message
    assert (same.value, same.advice) == (0, "")
    lacks = collapse._judge_levels(real, levels(["a"] * 200))
    assert lacks.verdict == "bad" and lacks.value == 2 and lacks.advice
    assert "'b' of 'c', 'missing' of 'c'; 30 % of rows lack" in lacks.message
    real = levels(["a"] * 300 + ["b"] * 180 + [None] * 120)
    rare = levels(["a"] * 450 + ["b"] * 30 + [None] * 120)
    found = collapse._judge_levels(real, rare)
    assert found.verdict == "warn" and found.value == 0
    assert "'b' of 'c'; 25 % of rows" in found.message
    many = [f"l{i}" for i in range(5) for _ in range(40)]
    found = collapse._judge_levels(levels(many), levels(["l0"] * 200))
    assert "'l1' of 'c', 'l2' of 'c', 'l3' of 'c' and 1 more" in found.message
    gaps = numbers([NAN] * 60 + [1.0] * 60)
    found = collapse._judge_levels(gaps, numbers([1.0] * 120))
    assert found.verdict == "bad" and "'missing' of 'x0'" in found.message
    assert "a number" not in collapse._judge_levels(gaps, numbers([NAN] * 120)).message
    full = numbers([1.0, 2.0])
    assert "No column holds categories" in collapse._judge_levels(full, full).message


def test_levels_of_samples_that_no_real_row_has():
    """Among as many rows of both, k of k are by chance drawn with 2 ** -k."""
    counts = np.array([1, 10, 11])
    _, above = collapse.deviations(np.zeros(3, int), counts, 1, (100, 100))
    assert above.tolist() == [False, False, True]


def test_ratios_of_variances():
    x, y = rng().normal(size=400), 2 * rng().normal(size=300) + 5
    log, deviation = collapse._log_ratio(x, np.r_[y, NAN], 500)
    values = np.r_[x, y]
    values = np.clip(values, *np.quantile(values, [0.005, 0.995]))
    a, b = values[:400], values[400:]
    assert log == pytest.approx(np.log(b.var() / a.var()))
    kurtosis = ((a - a.mean()) ** 4).mean() / a.var() ** 2
    shares = 1 / 400 + 1 / 300 + 1 / 500
    assert deviation == pytest.approx(np.sqrt((kurtosis - 1) * shares))
    assert np.isnan(collapse._log_ratio(x[:49], y, 500)).all()
    assert np.isfinite(collapse._log_ratio(x[:50], y, 500)).all()
    assert np.isfinite(collapse._log_ratio(x, y[:50], 500)).all()
    assert np.isnan(collapse._log_ratio(np.full(60, 1e9), y, 500)).all()
    assert np.isnan(collapse._log_ratio(np.full(60, 1e4), np.full(60, 1e4), 5)).all()
    tiny = 1e-9 * x
    assert np.isfinite(collapse._log_ratio(tiny, tiny, 500)).all()
    still = collapse._log_ratio(x, np.zeros(300), 500)
    assert still[0] == pytest.approx(np.log(1e-12))
    coin = np.tile([-1.0, 1.0], 200)
    assert collapse._log_ratio(coin, coin, 400)[1] == pytest.approx(
        np.sqrt(0.1 * 3 / 400)
    )


def test_a_column_that_varies_less():
    draw = rng()
    real, other = (
        numbers(draw.normal(size=(400, 2))),
        numbers(draw.normal(size=(400, 2))),
    )
    same = collapse._judge_variance(
        real, numbers(draw.normal(size=(400, 2))), other, draw
    )
    assert same.verdict == "good" and "Each column and axis (4)" in same.message
    assert (same.baseline, same.advice) == (1.0, "")
    narrow = numbers(draw.normal(size=(400, 2)) * [1, 0.3])
    found = collapse._judge_variance(real, narrow, other, draw)
    assert found.verdict == "bad" and found.advice == collapse._VARIETY
    assert found.value == pytest.approx(0.09, abs=0.04) and found.value < found.limit
    assert found.limit < 1 and "others are off, too" in found.message
    wide = numbers(draw.normal(size=(400, 2)) * [3, 1])
    found = collapse._judge_variance(real, wide, other, draw)
    assert found.verdict == "bad" and found.advice == collapse._SPREAD
    assert 1 < found.limit < found.value
    flat = numbers(np.ones((400, 1)))
    assert (
        "No column varies" in collapse._judge_variance(flat, flat, flat, draw).message
    )


def test_limits_drawn_by_lot_are_about_those_of_theory():
    draw = rng()
    pairs = [(draw.normal(size=500), draw.normal(size=500)) for _ in range(3)]
    pairs.append((draw.normal(size=500), 3 * draw.normal(size=500)))
    found, limits = collapse._drawn_limits(pairs, 10**9, draw)
    assert (found[:3] < limits[:3]).all() and found[3] > limits[3]
    # The deviation of a log variance ratio of normal rows, by the largest of 999.
    assert limits[:3] == pytest.approx(np.full(3, 3.6 * np.sqrt(4 / 500)), rel=0.25)
    draw = np.random.RandomState(1)
    wide = collapse._drawn_limits(pairs, 250, draw)[1]
    draw = np.random.RandomState(1)
    narrow = collapse._drawn_limits(pairs, 10**9, draw)[1]
    np.testing.assert_allclose(wide / narrow, np.sqrt(2), rtol=1e-4)


def test_intervals_of_an_attack():
    draw = rng()
    members, others = draw.normal(size=60), draw.normal(size=40) + 0.5
    auc, low, high = memory.auc_interval(members, others)
    wins = (members[:, None] < others) + 0.5 * (members[:, None] == others)
    margin = 1.96 * np.sqrt(
        wins.mean(1).var(ddof=1) / 60 + wins.mean(0).var(ddof=1) / 40
    )
    assert auc == pytest.approx(wins.mean())
    y = np.r_[np.zeros(60), np.ones(40)]
    assert auc == pytest.approx(roc_auc_score(y, np.r_[members, others]))
    assert (low, high) == pytest.approx((auc - margin, auc + margin))
    assert memory.auc_interval(np.zeros(5), np.ones(5)) == (1, 1, 1)
    assert memory.auc_interval(np.ones(5), np.zeros(5)) == (0, 0, 0)


def test_samples_closer_to_training_rows():
    train, held = np.array([[0.0], [10.0], [30.0]]), np.array([[5.0], [20.0]])
    samples = np.array([[0.1], [0.2], [5.1], [2.5], [11.0], [29.0]])
    share, expected, deviation = memory.closer_share(train, held, samples)
    assert expected == 3 / 5 and share == pytest.approx((4 + 0.6) / 6)
    counts = np.array([2, 1, 1, 1, 0])
    variance = 0.6 * 0.4 * counts.var() * 25 / 4
    assert deviation == pytest.approx(np.sqrt(variance) / 6)
    found = memory._judge_closeness(*map(numbers, (train, held, samples)))
    assert found.value == pytest.approx(share) and found.baseline == expected
    assert found.limit == pytest.approx(expected + norm.isf(0.001) * deviation)
    assert found.verdict == "good" and "chance explains" in found.message


def test_copies_are_noticed():
    draw = rng()
    train, held = draw.normal(size=(300, 2)), draw.normal(size=(300, 2))
    copied = train + 1e-4 * draw.normal(size=train.shape)
    for share, verdict in ((1.0, "bad"), (0.0, "good")):
        n = int(300 * share)
        drawn = np.vstack([copied[:n], draw.normal(size=(300 - n, 2))])
        found = memory.judge_memorization(*map(numbers, (train, held, drawn)), True)
        assert [f.name for f in found] == ["membership_auc", "dcr_share", "duplicates"]
        assert [f.verdict for f in found] == [verdict, verdict, "good"]
        assert all(bool(f.advice) == (f.verdict != "good") for f in found)
    unlike = memory.judge_memorization(*map(numbers, (train, held, copied)), False)
    assert ["not of one distribution" in f.message for f in unlike] == [
        True,
        True,
        False,
    ]
    leaked = memory.judge_memorization(*map(numbers, (train, train, copied)), True)
    assert all("are rows of X_train, too" in f.message for f in leaked)
    same = memory.judge_memorization(*map(numbers, (train, held, train)), True)[2]
    assert same.verdict == "bad" and (same.value, same.baseline) == (1, 0)
    # Rows that repeat are no copies.
    coins = [
        numbers(draw.choice([1.0, 2.0], size=(300, 1), p=p)) for p in [[0.5, 0.5]] * 3
    ]
    assert memory.judge_memorization(*coins, True)[2].verdict == "good"


def test_excess_and_codes():
    assert memory._excess(5, 10, 2, 20) == pytest.approx(hypergeom.sf(4, 30, 7, 10))
    assert memory._excess(0, 10, 2, 20) == pytest.approx(1)
    sets = [numbers([[1, 2], [1, 3]]), numbers([[1, 2], [5, 5]]), numbers([[1, 3]])]
    first, second, third = memory._codes(*sets)
    assert first[0] == second[0] and first[1] == third[0]
    assert second[1] not in first and first[0] != first[1]


@pytest.mark.parametrize(("share", "verdict"), [(0.04, "warn"), (0.05, "bad")])
def test_certain_shares(share, verdict):
    assert memory._finding("x", share, "", (0.7, 0.5, 0.6)).verdict == verdict
    assert memory._finding("x", share, "", (0.6, 0.5, 0.6)).verdict == "good"


def test_what_is_proven_of_a_level_is_also_a_quarter_off():
    n_real = np.array([100_000, 100_000, 100_000, 8])
    n_synthetic = np.array([60_000, 90_000, 140_000, 0])
    sizes = (1_000_000, 1_000_000)
    below, above = collapse.deviations(n_real, n_synthetic, 4, sizes)
    # A tenth is certain, and little; eight rows may lack by chance.
    assert below.tolist() == [True, False, False, False]
    assert above.tolist() == [False, False, True, False]


@pytest.mark.parametrize(("n", "share"), [(100, 0.2), (350, 0.1)])
def test_few_rows_leave_a_share_unseen(n, share):
    finding = Finding("c2st", "good", "Fine.")
    rows = {"X_train": 1000, "X_holdout": n, "X_synthetic": 1000}
    assert Diagnosis([finding], rows).unseen_share == pytest.approx(share, abs=0.02)
    assert Diagnosis([], rows).unseen_share is None
