"""A fault that is planted into a table is named by the finding that is meant for it."""

import re
import warnings

import numpy as np
import pandas as pd
import pytest

from skgan.metrics import CopyingWarning, Diagnosis, Finding, diagnose
from skgan.metrics.diagnosis import _quality as quality
from skgan.metrics.diagnosis._advice import advise


@pytest.fixture(autouse=True)
def no_trees(monkeypatch):
    """They are most of the time, and name nothing."""
    monkeypatch.setattr(quality, "held_out_auc", lambda *args, **params: (0.5, 0))


def people(n, seed):
    rng = np.random.default_rng(seed)
    job = rng.choice(5, n, p=[0.4, 0.3, 0.15, 0.1, 0.05])
    pay = rng.lognormal(2 + 0.3 * job, 0.4).round(2)
    return pd.DataFrame(
        {
            "job": np.array(list("abcde"))[job],
            "age": rng.integers(18, 80, n),
            "pay": pay,
            "debt": (pay * rng.uniform(0.5, 2, n)).round(2),
            "price": rng.poisson(20, n) + 0.99,
            "height": rng.normal(170, 10, n).round(1),
        }
    )


TRAIN, HOLDOUT, FRESH = (people(n, n) for n in (600, 601, 602))
RNG = np.random.default_rng(0)
# Samples, the finding that names the fault, and what its message says.
FAULTS = {
    "correlations": (
        FRESH.apply(RNG.permutation),
        "associations",
        "'pay' and 'debt'",
    ),
    "one correlation": (
        FRESH.assign(debt=RNG.permutation(FRESH["debt"])),
        "associations",
        "'pay' and 'debt'",
    ),
    "a correlation made up": (
        FRESH.assign(height=(150 + FRESH["age"] / 3).round(1)),
        "associations",
        "'age' and 'height'",
    ),
    "a level": (FRESH.assign(job=FRESH["job"].replace("e", "a")), "levels", "'e' of"),
    "a level made up": (
        FRESH.assign(job=FRESH["job"].mask(RNG.random(len(FRESH)) < 0.05, "z")),
        "levels",
        "In no real row, but in samples: 'z' of 'job'",
    ),
    "width": (
        FRESH.assign(height=(170 + (FRESH["height"] - 170) / 2).round(1)),
        "columns",
        "too central in column 'height'",
    ),
    "a shift": (
        FRESH.assign(age=(FRESH["age"] + 20).clip(upper=80)),
        "columns",
        "too high in column 'age'",
    ),
    "endings": (
        FRESH.assign(price=FRESH["price"].round()),
        "decimals",
        "'price'",
    ),
    "cents": (FRESH.assign(pay=FRESH["pay"].round()), "decimals", ".00 of 'pay'"),
    "steps": (
        FRESH.assign(debt=FRESH["debt"] + RNG.uniform(0.001, 0.009, len(FRESH))),
        "decimals",
        "lie between the steps of real values: 'debt'",
    ),
    "copies": (TRAIN.sample(600, replace=True, random_state=0), "duplicates", "equal"),
}


def judged(synthetic, **params):
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", CopyingWarning)
        return diagnose(HOLDOUT, synthetic, TRAIN, random_state=0, **params)


def test_an_order_that_samples_break_is_named():
    def with_ends(frame, seed):
        years = np.random.default_rng(seed).integers(1, 9, len(frame))
        return frame[["job", "age"]].assign(retired=frame["age"] + years)

    train, holdout, fresh = map(with_ends, (TRAIN, HOLDOUT, FRESH), range(3))
    early = fresh.assign(retired=fresh["retired"] - 4 * (np.arange(len(fresh)) % 5 < 1))
    found = diagnose(holdout, early, train, random_state=0).orders
    assert found.verdict == "warn" and "'age' above 'retired' in" in found.message
    assert 0.05 < found.value < 0.12 and "Inequality" in found.advice
    few = early.assign(retired=early["retired"].mask(np.arange(602) > 40, 99))
    for synthetic in (fresh, few):
        found = diagnose(holdout, synthetic, train, random_state=0).orders
        assert found.verdict == "good" and "1 pair." in found.message


def test_days_and_hours_of_dates_are_named():
    def dates(n, seed, days=0, hours=0):
        rng = np.random.default_rng(seed)
        month = np.datetime64("1980-01", "M") + rng.integers(0, 500, n)
        visit = rng.integers(0, 900, n) * 24 + rng.integers(9, 18, n) + hours
        return pd.DataFrame(
            {
                "month": month.astype("M8[s]")
                + rng.integers(0, 28, n) * days * np.timedelta64(1, "D"),
                "visit": np.datetime64("2020-01-01", "s")
                + visit * np.timedelta64(1, "h"),
            }
        )

    train, holdout = dates(300, 0), dates(300, 1)
    for wrong, message in (
        ({"days": 1}, "days of the month of 'month' that are too frequent: "),
        ({"hours": 5}, "hours of 'visit' that are too frequent: "),
    ):
        found = diagnose(holdout, dates(300, 2, **wrong), train, random_state=0)
        assert message in found.decimals.message
        assert found.decimals.verdict in ("warn", "bad")
    assert diagnose(holdout, dates(300, 2), train).decimals.verdict == "good"


def test_what_is_missing_without_the_other_is_named():
    def trips(n, seed, share):
        rng = np.random.default_rng(seed)
        frame = pd.DataFrame({"start": rng.normal(size=n), "end": rng.normal(size=n)})
        is_gone = rng.random(n) < 0.15
        is_gone_too = is_gone & (rng.random(n) >= share)
        return frame.assign(
            start=frame["start"].mask(is_gone), end=frame["end"].mask(is_gone_too)
        )

    train, holdout = trips(200, 0, 0), trips(200, 1, 0)
    found = diagnose(holdout, trips(400, 2, 0.5), train, random_state=0).orders
    assert "'end' where 'start' is missing in" in found.message
    assert found.verdict == "warn"
    assert diagnose(holdout, trips(400, 2, 0), train).orders.verdict == "good"


@pytest.fixture(scope="module")
def diagnoses():
    """Return diagnoses by their fault, each made when it is first asked for."""

    class Diagnoses(dict):
        def __missing__(self, fault):
            self[fault] = judged(FAULTS[fault][0])
            return self[fault]

    return Diagnoses()


@pytest.mark.parametrize("fault", FAULTS)
def test_a_fault_is_named(fault, diagnoses):
    _, name, words = FAULTS[fault]
    diagnosis = diagnoses[fault]
    finding = getattr(diagnosis, name)
    assert finding.verdict in ("warn", "bad")
    assert words in finding.message and finding.advice
    assert diagnosis.verdict != "good"


def test_fresh_rows_have_none():
    diagnosis = judged(FRESH)
    assert {f.verdict for f in diagnosis} <= {"good", "not judged"}


def test_all_correlations_gone_is_bad_even_where_each_is_weak():
    """No pair is proven by itself; together they are."""
    rng = np.random.default_rng(1)

    def rows(n):
        common = rng.normal(size=(n, 1))
        return 0.75 * common + rng.normal(size=(n, 15))

    train, holdout, fresh = rows(200), rows(120), rows(200)
    alone = np.column_stack([rng.permutation(column) for column in fresh.T])
    found = diagnose(holdout, alone, train, random_state=0).associations
    assert found.verdict == "bad" and found.value < 0.3
    assert diagnose(holdout, fresh, train, random_state=0).associations.value > 0.7


def test_what_few_rows_do_not_prove_lost_is_told():
    rng = np.random.default_rng(0)
    train, holdout, fresh = (
        rng.normal(size=(n, 1)) + rng.normal(size=(n, 4)) for n in (120, 60, 120)
    )
    weaker = fresh + 0.6 * rng.normal(size=fresh.shape)
    found = diagnose(holdout, weaker, train, random_state=0).associations
    assert found.verdict == "good" and found.value < 0.9
    assert f"keep {100 * found.value:.0f} %" in found.message
    assert "chance" in found.message


def test_chance_in_strong_correlations_of_few_rows_is_no_fault():
    rng = np.random.default_rng(34)
    train, holdout, fresh = (
        rng.normal(size=(100, 1)) + 0.8 * rng.normal(size=(100, 6)) for _ in range(3)
    )
    off = np.abs(np.corrcoef(holdout.T) - np.corrcoef(fresh.T)).max()
    found = diagnose(holdout, fresh, train, random_state=0).associations
    assert off > 0.3 and found.verdict == "good"


def together(rng, n, correlation, d):
    """Columns of which each pair has this correlation."""
    common, own = rng.normal(size=(n, 1)), rng.normal(size=(n, d))
    return np.sqrt(correlation) * common + np.sqrt(1 - correlation) * own


def test_no_pair_of_few_rows_is_off_by_chance():
    for seed in range(5):
        rng = np.random.default_rng(seed)
        holdout, fresh, train = (together(rng, 60, 0.7, 6) for _ in range(3))
        found = diagnose(holdout, fresh, train, random_state=0).associations
        assert "pairs of columns are off" not in found.message


def test_a_strong_correlation_that_is_a_little_weaker_is_proven():
    rng = np.random.default_rng(0)
    train, holdout = (together(rng, 300, 0.97, 2) for _ in range(2))
    found = diagnose(holdout, together(rng, 300, 0.8, 2), train, random_state=0)
    assert "1 of 1 pair" in found.associations.message
    assert "0 and 1 0.9" in found.associations.message


def test_chance_in_endings_of_sets_of_two_sizes_is_no_fault():
    def rows(n, seed):
        rng = np.random.default_rng(seed)
        price = rng.integers(5, 50, n) + rng.choice([0.49, 0.99], n)
        return pd.DataFrame({"price": price, "x": rng.normal(size=n)})

    holdout, fresh, train = rows(100, 14), rows(400, 4), rows(400, 5)
    shares = [(X["price"] % 1 > 0.9).mean() for X in (holdout, fresh)]
    assert shares[1] - shares[0] > 0.1
    found = diagnose(holdout, fresh, train, random_state=0).decimals
    assert found.verdict == "good", found.message


def test_the_column_that_is_farthest_off_is_named_first():
    low = (FRESH["age"] - 40).clip(lower=18)
    wide = (170 + 1.7 * (FRESH["height"] - 170)).round(1)
    found = judged(FRESH.assign(age=low, height=wide)).columns
    assert "too low in column 'age'" in found.message


def test_rows_put_onto_the_mean_are_counted():
    halved = FRESH[["age", "height"]].astype(float)
    halved.iloc[::2] = HOLDOUT[["age", "height"]].mean().to_numpy()
    real, train = (X[["age", "height"]].astype(float) for X in (HOLDOUT, TRAIN))
    found = diagnose(real, halved, train, random_state=0).energy_distance
    (share,) = re.findall(r"as if (\d+) % of them", found.message)
    assert 45 <= int(share) <= 55


def test_trees_tell_samples_from_the_limit_that_is_given(monkeypatch):
    sets = [people(n, n) for n in (120, 121, 122)]

    def judge(figure):
        auc = 0.5 + (1 - figure) / 2
        monkeypatch.setattr(quality, "held_out_auc", lambda *args, **params: (auc, 0))
        return diagnose(*sets, random_state=0).c2st

    limit = judge(1.0).limit
    assert judge(limit + 0.001).message.startswith("Trees cannot tell")
    assert judge(limit - 0.001).message.startswith("Trees tell at least")


def test_fresh_rows_are_seldom_blamed():
    """Each finding has a level of .001; together they stay below 15 in a thousand."""
    n_alarms = 0
    for seed in range(40):
        sets = [people(n, 10_000 * n + seed) for n in (120, 201, 202)]
        found = diagnose(sets[0], sets[1], sets[2], random_state=0)
        n_alarms += found.verdict in ("warn", "bad")
    assert n_alarms <= 1


@pytest.mark.parametrize(("n", "is_few"), [(100, True), (300, True), (1000, False)])
def test_few_rows_leave_something_open(n, is_few):
    found = Finding("c2st", "good", "Alike.", 0.9, 1.0, 0.8)
    diagnosis = Diagnosis(
        [found], {"X_train": 2000, "X_holdout": n, "X_synthetic": 900}
    )
    assert bool(diagnosis.power_message()) == is_few
    assert ("Note:" in repr(diagnosis)) == is_few
    assert diagnosis.to_dict()["unseen_share"] == diagnosis.unseen_share
    # With 100 rows a fifth; held-out rows count half where they stand in for others.
    if n == 100:
        assert diagnosis.unseen_share == pytest.approx(0.2, abs=0.01)
    halved = Diagnosis([found], {"X_holdout": n, "X_synthetic": 900})
    assert halved.unseen_share > diagnosis.unseen_share


def test_groups_of_too_few_rows_are_not_judged():
    found = diagnose(HOLDOUT[:60], FRESH[:200], TRAIN[:200], random_state=0).modes
    assert found.verdict == "not judged" and "groups" in found.message


@pytest.mark.parametrize("stage", ["prior", "prior+rejection"])
def test_advice_speaks_of_trees_where_these_drew(stage, diagnoses):
    asked = list(judged(FAULTS["a shift"][0], stage=stage))
    assert asked == advise(diagnoses["a shift"], stage)
    for fault, (_, name, _) in FAULTS.items():
        if name == "decimals":
            continue
        (advice,) = (
            f.advice for f in advise(diagnoses[fault], stage) if f.name == name
        )
        assert "penalty_weight" not in advice and "hidden_dims" not in advice
        assert "more training rows" in advice
    diverged = Finding("training", "bad", "Diverged.", advice="A lower learning_rate.")
    (told,) = advise([diverged], stage)
    assert told.verdict == "good" and "no network" in told.message
    assert advise([diverged], "generator") == [diverged]
