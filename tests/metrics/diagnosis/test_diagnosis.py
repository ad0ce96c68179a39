"""Each disease is planted and found, and none is found where none is."""

import copy
import json
import pickle
import warnings

import numpy as np
import pandas as pd
import polars as pl
import pytest
from sklearn.metrics import roc_auc_score

from skgan.datasets import load_digit_images
from skgan.metrics import (
    CopyingWarning,
    Diagnosis,
    Finding,
    ReferenceSpace,
    c2st,
    diagnose,
    duplicate_rate,
    energy_distance,
    membership_auc,
)
from skgan.metrics.diagnosis import _quality as quality
from skgan.metrics.diagnosis import judge_training
from skgan.metrics.diagnosis._copying import auc_interval, closer_share

N = 500
NAMES = [
    *("c2st", "energy_distance", "coverage"),
    *("associations", "orders", "columns", "decimals"),
    *("modes", "levels", "variance"),
    *("membership_auc", "dcr_share", "duplicates"),
    "training",
]
# Of vectors without steps, levels or orders, and without a history.
UNJUDGED = ("levels", "decimals", "orders", "training")
COPIES = ("membership_auc", "dcr_share", "duplicates")


def two_modes(n_first, n_second, rng):
    X = rng.normal(size=(n_first + n_second, 4))
    X[n_first:] += 6
    return rng.permutation(X)


def draw(seed):
    """Training rows, held-out rows, and what samplers of each kind would return."""
    rng = np.random.default_rng(seed)
    half = N // 2
    train, holdout, fresh = (two_modes(half, half, rng) for _ in range(3))
    copies = train[rng.integers(N, size=N)]
    means = np.where(fresh.mean(axis=1, keepdims=True) > 3, 6, 0)
    return (
        train,
        holdout,
        {
            "healthy": fresh,
            "copies": copies,
            "jittered copies": copies + rng.normal(scale=0.02, size=copies.shape),
            "some copies": np.vstack([copies[: N // 4], fresh[N // 4 :]]),
            "a mode dropped": two_modes(N, 0, rng),
            "a mode shrunken": two_modes(N * 19 // 20, N // 20, rng),
            "variance halved": means + (fresh - means) / np.sqrt(2),
            "noise added": fresh + rng.normal(size=fresh.shape),
        },
    )


def quietly(*args, **params):
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", CopyingWarning)
        return diagnose(*args, random_state=0, **params)


@pytest.fixture
def no_trees(monkeypatch):
    """Where trees are not what is tested: they are most of the time."""
    monkeypatch.setattr(quality, "held_out_auc", lambda *args, **params: (0.5, 0))


@pytest.fixture(scope="module")
def rows():
    return draw(0)


@pytest.fixture(scope="module")
def found(rows):
    train, holdout, cases = rows
    judged = {}
    for name, X in cases.items():
        with pytest.MonkeyPatch.context() as patch:
            # Trees are most of the time.
            if name not in ("healthy", "noise added"):
                patch.setattr(quality, "held_out_auc", lambda *args, **params: (0.5, 0))
            judged[name] = quietly(holdout, X, train)
    return judged


def verdicts(diagnosis, *names):
    return {getattr(diagnosis, name).verdict for name in names}


# -- what is planted is found


def test_a_healthy_sampler_is_healthy(found):
    diagnosis = found["healthy"]
    assert list(diagnosis.findings) == NAMES
    judged = [f for f in diagnosis if f.name not in UNJUDGED]
    assert {f.verdict for f in judged} == {"good"}
    assert diagnosis.verdict == "good"
    assert not diagnosis.is_copying
    assert not any(f.advice for f in diagnosis)


@pytest.mark.parametrize("case", ["copies", "jittered copies", "some copies"])
def test_copies(found, case):
    diagnosis = found[case]
    assert diagnosis.is_copying
    assert diagnosis.dcr_share.verdict == "bad"
    assert diagnosis.membership_auc.verdict == "bad"
    exact = case != "jittered copies"
    assert diagnosis.duplicates.verdict == ("bad" if exact else "good")
    assert "penalty_weight" in diagnosis.dcr_share.advice
    # They are no collapse.
    assert verdicts(diagnosis, "modes", "energy_distance") == {"good"}


@pytest.mark.parametrize("case", ["copies", "jittered copies"])
def test_copies_warn_and_others_do_not(rows, case, no_trees):
    train, holdout, cases = rows
    with pytest.warns(CopyingWarning, match="copies training.*100 %.*Try a higher"):
        diagnose(holdout, cases[case], train, random_state=0)
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        diagnose(holdout, cases["a mode dropped"], train, random_state=0)


def test_a_dropped_mode(found):
    diagnosis = found["a mode dropped"]
    assert verdicts(diagnosis, "modes", "energy_distance", "variance") == {"bad"}
    assert diagnosis.coverage.verdict in ("warn", "bad")
    assert "50 % of them" in diagnosis.modes.message or diagnosis.modes.value >= 5
    assert not diagnosis.is_copying
    assert set(verdicts(diagnosis, *COPIES)) == {"good"}


def test_a_shrunken_mode(found):
    diagnosis = found["a mode shrunken"]
    assert verdicts(diagnosis, "modes", "energy_distance", "coverage") <= {
        "warn",
        "bad",
    }
    assert diagnosis.verdict == "bad"
    assert not diagnosis.is_copying


def test_halved_variance(found):
    finding = found["variance halved"].variance
    assert finding.verdict in ("warn", "bad")
    assert finding.value == pytest.approx(0.5, abs=0.12)
    assert "higher penalty_weight" in finding.advice
    # As far as the modes go, all is well.
    assert found["variance halved"].modes.verdict == "good"
    assert not found["variance halved"].is_copying


def test_added_noise(found):
    diagnosis = found["noise added"]
    assert diagnosis.variance.verdict in ("warn", "bad")
    assert diagnosis.variance.value == pytest.approx(2, abs=0.4)
    assert "lower last penalty_weight" in diagnosis.variance.advice
    assert diagnosis.c2st.verdict in ("warn", "bad")
    assert not diagnosis.is_copying


def test_one_column(no_trees):
    train, holdout, fresh = np.random.default_rng(0).normal(size=(3, 200, 1))
    assert quietly(holdout, fresh, train).variance.verdict == "good"
    narrow = quietly(holdout, fresh / 2, train).variance
    assert narrow.verdict in ("warn", "bad") and narrow.value < 0.4


def test_few_exact_copies_among_fresh_rows(rows, no_trees):
    train, holdout, cases = rows
    X = np.vstack([train[:30], cases["healthy"][30:]])
    assert quietly(holdout, X, train).duplicates.verdict == "bad"


# -- figures are those of the metrics


def test_figures(rows, found, no_trees):
    train, holdout, cases = rows
    space = ReferenceSpace().fit(train)
    for case, diagnosis in found.items():
        sets = [space.transform(X) for X in (train, holdout, cases[case])]
        params = {"standardize": False}
        auc = membership_auc(*sets, **params)
        assert diagnosis.membership_auc.value == pytest.approx(auc)
        energy = energy_distance(*sets[1:], **params)
        assert diagnosis.energy_distance.value == pytest.approx(energy, abs=1e-4)
        floor = energy_distance(sets[1], sets[0], **params)
        assert diagnosis.energy_distance.baseline == pytest.approx(floor, abs=1e-4)
        rate = duplicate_rate(train, cases[case])
        assert diagnosis.duplicates.value == pytest.approx(rate)
    score = c2st(holdout, cases["noise added"], random_state=1)
    assert found["noise added"].c2st.value == pytest.approx(score, abs=0.1)


def test_auc_and_its_interval():
    rng = np.random.default_rng(0)
    members, others = rng.integers(8, size=60), rng.integers(2, 10, size=90)
    auc, low, high = auc_interval(members, others)
    is_member = [1] * 60 + [0] * 90
    distances = np.concatenate([members, others])
    assert auc == pytest.approx(roc_auc_score(is_member, -distances))
    drawn = [
        auc_interval(rng.choice(members, 60), rng.choice(others, 90))[0]
        for _ in range(400)
    ]
    assert high - low == pytest.approx(2 * 1.96 * np.std(drawn), rel=0.15)


def test_deviation_of_the_closer_share_is_that_of_permutations():
    rng = np.random.default_rng(0)
    pool, synthetic = rng.normal(size=(60, 2)), rng.normal(size=(200, 2)) * 0.3
    drawn, stated = [], []
    for _ in range(300):
        pool = rng.permutation(pool)
        share, expected, deviation = closer_share(pool[:40], pool[40:], synthetic)
        drawn.append(share)
        stated.append(deviation)
    assert expected == pytest.approx(2 / 3)
    assert np.mean(drawn) == pytest.approx(2 / 3, abs=0.02)
    assert np.ptp(stated) < 1e-9
    assert np.std(drawn) == pytest.approx(stated[0], rel=0.12)


@pytest.mark.parametrize("share", [0.0, 0.1, 0.5, 1.0])
def test_the_share_that_is_misplaced_is_a_sharp_bound(share):
    rng = np.random.default_rng(0)
    real, synthetic = rng.uniform(size=(2, 20_000))
    # The best judge of uniform rows is the place of those that moved.
    synthetic[: int(share * 20_000)] += 1
    real[: int(share * 20_000)] -= 1
    scores = np.concatenate([np.floor(real), np.floor(synthetic)])
    auc = roc_auc_score([0] * 20_000 + [1] * 20_000, scores)
    assert quality.misplaced_share(auc) == pytest.approx(share, abs=1e-6)


def test_the_share_on_the_mean_is_that_of_a_mixture():
    rng = np.random.default_rng(0)
    X, Y = rng.normal(size=(2, 2000, 2))
    mean = np.tile(X.mean(axis=0), (2000, 1))
    point = energy_distance(X, mean, standardize=False)
    Y[:600] = mean[:600]
    energy = energy_distance(X, Y, standardize=False)
    assert quality.collapsed_share(energy, point) == pytest.approx(0.3, abs=0.03)


# -- no false alarms


def test_rows_that_repeat_themselves_are_no_copies(no_trees):
    rng = np.random.default_rng(1)
    train, holdout, fresh = (rng.integers(3, size=(N, 4)) for _ in range(3))
    diagnosis = quietly(holdout, fresh, train)
    assert diagnosis.duplicates.value > 0.99
    assert diagnosis.duplicates.baseline > 0.99
    assert set(verdicts(diagnosis, *COPIES)) == {"good"}
    assert diagnosis.verdict == "good"


def test_collapse_onto_frequent_rows_is_no_copying(no_trees):
    rng = np.random.default_rng(0)

    def rows(n):
        X = np.round(rng.normal(size=(n, 2)), 3)
        X[rng.uniform(size=n) < 0.3] = 0.0
        return X

    train, holdout = rows(N), rows(N)
    synthetic = rows(N)
    synthetic[: N // 2] = 0.0
    diagnosis = quietly(holdout, synthetic, train)
    assert diagnosis.duplicates.verdict == "warn"
    assert "no copying" in diagnosis.duplicates.message
    assert not diagnosis.is_copying


@pytest.mark.parametrize("n_train", [150, 2400])
def test_a_training_set_of_another_size_is_not_copied_by_its_size(n_train, no_trees):
    rng = np.random.default_rng(1)
    train = two_modes(n_train // 2, n_train // 2, rng)
    holdout, fresh = two_modes(150, 150, rng), two_modes(300, 300, rng)
    diagnosis = quietly(holdout, fresh, train)
    assert not diagnosis.is_copying
    assert diagnosis.dcr_share.baseline == pytest.approx(n_train / (n_train + 300))
    copies = train[rng.integers(n_train, size=600)]
    assert quietly(holdout, copies, train).dcr_share.verdict == "bad"


def test_healthy_samplers_seldom_look_ill(no_trees):
    n_alarms = 0
    for seed in range(12):
        rng = np.random.default_rng(100 + seed)
        train, holdout, fresh = np.exp(rng.normal(size=(3, 200, 3)))
        diagnosis = quietly(holdout, fresh, train)
        n_alarms += diagnosis.verdict != "good"
        assert not diagnosis.is_copying
    assert n_alarms <= 1


def rare_and_long(rng, n):
    """Numbers that are mostly 0, and long tails: variances that are mostly chance."""
    gains = np.where(rng.random(n) < 0.03, rng.lognormal(8, 1, n), 0.0)
    flags = (rng.random((n, 3)) < 0.01) * 1.0
    tails = rng.lognormal(sigma=2, size=n), rng.standard_t(2, n)
    return np.column_stack([gains, flags, *tails])


def test_chance_in_rare_values_and_long_tails_is_no_collapse(no_trees):
    for seed in range(15):
        rng = np.random.default_rng(200 + seed)
        train, holdout, fresh = (rare_and_long(rng, n) for n in (200, 100, 300))
        diagnosis = quietly(holdout, fresh, train)
        assert diagnosis.variance.verdict == "good", diagnosis.variance.message


def test_a_rare_value_that_is_never_drawn_is_a_collapse(no_trees):
    rng = np.random.default_rng(0)
    train, holdout, fresh = (rare_and_long(rng, 2000) for _ in range(3))
    fresh[:, 0] = 0.0
    variance = quietly(holdout, fresh, train).variance
    assert variance.verdict == "bad" and variance.value < 0.01 < variance.limit


def test_trees_that_learn_from_each_others_folds_need_more_proof(rows, monkeypatch):
    train, holdout, cases = rows
    for auc, verdict in [(0.2, "good"), (0.65, "good"), (0.72, "warn")]:
        found = (auc, 0)
        monkeypatch.setattr(
            quality, "held_out_auc", lambda *_, found=found, **__: found
        )
        with warnings.catch_warnings():
            # What is seldom told apart may repeat rows held out, which is no error.
            warnings.simplefilter("error")
            diagnosis = diagnose(
                holdout[:100], cases["healthy"][:100], train, random_state=0
            )
        assert diagnosis.c2st.verdict == verdict, auc
    deviation = np.sqrt((100 + 100 + 1) / (12 * 100 * 100))
    # One in a thousand, and twice the variance.
    expected = 1 - 2 * 3.0902 * np.sqrt(2) * deviation
    assert diagnosis.c2st.limit == pytest.approx(expected, abs=1e-3)


# -- what cannot be judged is not


def test_without_training_rows_copies_are_not_judged(rows, no_trees):
    train, holdout, cases = rows
    diagnosis = quietly(holdout, train)
    assert set(verdicts(diagnosis, *COPIES)) == {"not judged"}
    assert "give X_train" in diagnosis.duplicates.message
    assert diagnosis.verdict == "good"
    # One half of the held-out rows is what the other is compared with.
    assert quietly(holdout, cases["a mode dropped"]).modes.verdict == "bad"


@pytest.mark.parametrize("n_holdout", [1, 49, 99])
def test_tiny_holdouts_are_not_judged(rows, n_holdout):
    train, holdout, cases = rows
    diagnosis = quietly(holdout[:n_holdout], cases["copies"])
    assert diagnosis.verdict == "not judged"
    assert f"half of X_holdout has {n_holdout // 2} rows" in diagnosis.c2st.message
    assert "50 are needed" in diagnosis.modes.message
    if n_holdout < 50:
        diagnosis = quietly(holdout[:n_holdout], cases["copies"], train)
        assert diagnosis.verdict == "not judged"
        n_rows = "1 row;" if n_holdout == 1 else f"{n_holdout} rows;"
        assert f"X_holdout has {n_rows}" in diagnosis.dcr_share.message
    assert "Not judged: " in str(diagnosis)


def test_training_rows_given_as_held_out_ones(rows, no_trees):
    train, _, cases = rows
    diagnosis = quietly(train, cases["copies"], train)
    assert set(verdicts(diagnosis, *COPIES)) == {"not judged"}
    assert "100 % of X_holdout are rows of X_train" in diagnosis.dcr_share.message
    assert not diagnosis.is_copying


def test_held_out_rows_of_another_distribution(rows, no_trees):
    train, holdout, cases = rows
    diagnosis = quietly(holdout + 2, cases["healthy"], train)
    assert verdicts(diagnosis, "membership_auc", "dcr_share") == {"not judged"}
    assert "split them at random" in diagnosis.dcr_share.message
    exact = quietly(holdout + 2, cases["copies"], train)
    assert exact.duplicates.verdict == "bad"


# -- tables


def people(n, rng, regions="nsew"):
    frame = pd.DataFrame(
        {
            "age": rng.integers(18, 90, n),
            "income": np.exp(rng.normal(10, 1, n)).round(2),
            "region": rng.choice(list(regions), n),
            "member": rng.uniform(size=n) < 0.3,
            "since": np.datetime64("2020-01-01") + rng.integers(0, 900, n),
        }
    )
    frame.loc[rng.uniform(size=n) < 0.2, "income"] = np.nan
    frame["region"] = frame["region"].mask(rng.uniform(size=n) < 0.1)
    return frame


@pytest.fixture(scope="module")
def tables():
    rng = np.random.default_rng(0)
    return [people(N, rng) for _ in range(3)]


@pytest.mark.parametrize("library", ["pandas", "polars"])
def test_tables(tables, library, request):
    if library == "polars":
        request.getfixturevalue("no_trees")
    sets = tables if library == "pandas" else [pl.from_pandas(t) for t in tables]
    train, holdout, fresh = sets
    diagnosis = quietly(holdout, fresh, train)
    assert diagnosis.verdict == "good"
    assert diagnosis.levels.verdict == "good"
    copies = train[:400] if library == "polars" else train.iloc[:400]
    assert quietly(holdout, copies, train).is_copying


def test_missing_levels_are_named(tables, no_trees):
    train, holdout, _ = tables
    rng = np.random.default_rng(1)
    diagnosis = quietly(holdout, people(N, rng, "nse"), train)
    assert diagnosis.levels.verdict == "bad"
    assert diagnosis.levels.value == 1
    assert "'w' of 'region'" in diagnosis.levels.message
    assert "condition_on" in diagnosis.levels.advice
    filled = people(N, rng).fillna({"income": 1000.0, "region": "n"})
    says = quietly(holdout, filled, train).levels.message
    assert "'missing' of 'income'" in says and "'missing' of 'region'" in says


def test_order_of_columns_does_not_matter(tables, no_trees):
    train, holdout, fresh = tables
    turned = fresh[fresh.columns[::-1]]
    assert repr(quietly(holdout, turned, train)) == repr(quietly(holdout, fresh, train))


# -- images and labels


def test_images(monkeypatch):
    X = load_digit_images().data
    X = np.random.default_rng(0).permutation(X)
    train, holdout, fresh = np.split(X[:1200], 3)
    noise = np.random.default_rng(1).integers(-90, 91, fresh.shape)
    noisy = quietly(holdout, np.clip(fresh + noise, 0, 255), train)
    assert noisy.c2st.verdict in ("warn", "bad")
    assert noisy.c2st.baseline > 0.8
    # Pixels are no columns.
    assert "Principal axis" in noisy.variance.message
    monkeypatch.setattr(quality, "held_out_auc", lambda *args, **params: (0.5, 0))
    assert quietly(holdout, fresh, train).verdict == "good"
    assert quietly(holdout, train[:300], train).is_copying


def test_labels_are_part_of_rows(no_trees):
    rng = np.random.default_rng(0)

    def labelled():
        y = rng.integers(2, size=N)
        return rng.normal(size=(N, 2)) + 5 * y[:, None], np.array(["a", "b"])[y]

    train, holdout, (X, y) = labelled(), labelled(), labelled()
    assert quietly(holdout, (X, y), train).verdict == "good"
    swapped = np.where(y == "a", "b", "a")
    wrong = quietly(holdout, (X, swapped), train)
    assert wrong.coverage.verdict == "bad"
    assert quietly(holdout[0], X, train[0]).verdict == "good"
    only_a = quietly(holdout, (X[y == "a"], y[y == "a"]), train)
    assert "'b' of 0" in only_a.levels.message


def test_labels_that_are_numbers(no_trees):
    rng = np.random.default_rng(0)

    def labelled():
        y = rng.normal(size=N)
        return y[:, None] + rng.normal(scale=0.1, size=(N, 2)), y

    train, holdout, (X, y) = labelled(), labelled(), labelled()
    assert quietly(holdout, (X, y), train).verdict == "good"
    assert quietly(holdout, (X, -y), train).energy_distance.verdict != "good"


# -- training


def history(n=40, **changes):
    """Epochs of a calm fit: gradients rise, on real and generated rows alike."""
    rng = np.random.default_rng(0)
    epochs = [
        {
            "generator_loss": 0.7,
            "discriminator_loss": 1.3,
            "real_gradient_norm": (1 + i / 10) * rng.uniform(0.9, 1.1),
            "fake_gradient_norm": (1 + i / 10) * rng.uniform(0.9, 1.1),
            "batches": [{"generator_loss": 0.7, "discriminator_loss": 1.3}] * 5,
        }
        for i in range(n)
    ]
    for name, change in changes.items():
        for i in range(n):
            epochs[i][name] = change(i, epochs[i][name])
    return epochs


def test_a_calm_history():
    finding = judge_training(history())
    assert (finding.verdict, finding.advice) == ("good", "")
    assert judge_training(history(4)).verdict == "good"
    assert judge_training(None).verdict == "not judged"
    assert judge_training([]).verdict == "not judged"


@pytest.mark.parametrize("value", [np.nan, np.inf, -np.inf, 1e9])
@pytest.mark.parametrize(
    "name", ["generator_loss", "discriminator_loss", "fake_gradient_norm"]
)
def test_a_diverged_history(rows, name, value, no_trees):
    epochs = history(10)
    epochs[-1][name] = value
    finding = judge_training(epochs)
    assert finding.verdict == "bad"
    assert name.replace("_", " ") in finding.message and "45" in finding.message
    assert "lower learning_rate" in finding.advice
    diagnosis = quietly(rows[1], rows[0], history=epochs)
    assert diagnosis.training == finding and diagnosis.verdict == "bad"


def test_a_loss_that_diverged_within_an_epoch():
    epochs = history(3)
    epochs[2]["batches"] = [{"generator_loss": np.inf}]
    assert judge_training(epochs).verdict == "bad"
    # It went on from where it was good.
    assert judge_training(epochs + history(3)).verdict == "warn"


def test_weights_that_were_put_back():
    finding = judge_training(history(), was_restored=True)
    assert finding.verdict == "bad"
    assert "restored" in finding.message


def test_gradients_that_rise_on_generated_rows_alone():
    rising = history(fake_gradient_norm=lambda i, norm: norm * 1.2 ** max(0, i - 25))
    finding = judge_training(rising)
    assert finding.verdict == "warn"
    assert finding.value > 2
    assert "learning_rate" in finding.advice


# -- the report


def test_a_report_is_plain(found):
    for diagnosis in found.values():
        told = diagnosis.to_dict()
        assert json.loads(json.dumps(told)) == told
        assert told["findings"]["modes"]["verdict"] == diagnosis.modes.verdict
        assert told["n_rows"] == {
            "X_train": N,
            "X_holdout": N,
            "X_synthetic": N,
        }
        for twin in (pickle.loads(pickle.dumps(diagnosis)), copy.deepcopy(diagnosis)):
            assert repr(twin) == repr(diagnosis) == str(diagnosis)
        assert set(NAMES) <= set(dir(diagnosis))
        assert all(f.message.endswith((".", ")")) for f in diagnosis)


def test_a_report_prints_as_aligned_lines(found):
    lines = repr(found["a mode dropped"]).splitlines()
    assert lines[0].startswith("BAD (500 of X_train, 500 of X_holdout")
    rows = [line for line in lines if line.startswith(tuple(NAMES))]
    assert len(rows) == len(NAMES) - 4
    assert {line.index(v) for line in rows for v in line.split()[1:2]} == {17}
    assert all(len(line) <= 100 for line in lines)
    assert any(line.startswith("Try: for ") for line in lines)
    assert "Try" not in repr(found["healthy"])


def test_long_figures_do_not_touch():
    finding = Finding("energy_distance", "warn", "Far.", 0.00182, -0.000883)
    row = repr(Diagnosis([finding], {"X_train": 9})).splitlines()[2]
    assert row.split() == ["energy_distance", "warn", "0.00182", "-0.000883", "Far."]


def test_advice_on_updates_names_what_ends_a_fit(found):
    advice = found["a mode dropped"].modes.advice
    assert "more updates (max_iter, max_time)" in advice


def test_what_was_not_found_is_no_attribute(found):
    with pytest.raises(AttributeError, match="no 'colour'; it found"):
        _ = found["healthy"].colour
    assert Diagnosis([], {}).verdict == "not judged"
    assert "NOT JUDGED" in repr(Diagnosis([], {}))


# -- seeds and arguments


def test_seeds(rows, no_trees):
    train, holdout, cases = rows
    X = cases["healthy"]
    params = {"max_samples": 200}
    numpy_state = np.random.get_state()[1].copy()
    first, again = (diagnose(holdout, X, train, random_state=3, **params) for _ in "ab")
    assert first.to_dict() == again.to_dict()
    other = diagnose(holdout, X, train, random_state=4, **params)
    assert first.to_dict() != other.to_dict()
    assert first.n_rows == {"X_train": N, "X_holdout": 200, "X_synthetic": 200}
    assert (np.random.get_state()[1] == numpy_state).all()


@pytest.mark.parametrize(
    ("change", "message"),
    [
        (lambda X: X[:, :3], "X_synthetic has 3 columns"),
        (lambda X: X[:0], r"X_synthetic has 0 row\(s\)"),
        (lambda X: X[:, 0], "X_synthetic must have one row per sample"),
        (lambda X: (X, X[:, 0]), "without labels"),
        (lambda X: (X, X[:5, 0]), "rows and 5 labels"),
        (lambda X: (X, X, X), "a pair"),
        (lambda X: np.where(X[0] == X, np.inf, X), "infinite"),
        (lambda X: X.reshape(-1, 2, 2), "rows of shape"),
    ],
)
def test_bad_rows(rows, change, message):
    train, holdout, cases = rows
    with pytest.raises(ValueError, match=message):
        diagnose(holdout, change(cases["healthy"]), train)


def test_bad_tables_and_arguments(tables, rows):
    train, holdout, fresh = tables
    with pytest.raises(ValueError, match=r"X_synthetic.*lacks \['age'\]"):
        diagnose(holdout, fresh.drop(columns="age"), train)
    with pytest.raises(ValueError, match=r"X_holdout has 0 row"):
        diagnose(holdout[:0], fresh, train)
    for max_samples in (10, 2.5, True):
        with pytest.raises(ValueError, match="max_samples"):
            diagnose(rows[1], rows[0], max_samples=max_samples)
