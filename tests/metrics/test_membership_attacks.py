"""Membership attacks: planted copies are found, and nothing where nothing is copied."""

import re

import numpy as np
import pandas as pd
import polars as pl
import pytest
from sklearn.base import BaseEstimator

from skgan.metrics import membership_attacks, membership_auc

BY_DISTANCE = (
    "distance",
    "relative_distance",
    "calibrated_distance",
    "neighbor_ratio",
)
ALL = (*BY_DISTANCE, "classifier_ratio", "domias_kernels", "domias_trees")
FAST = {"attacks": BY_DISTANCE, "n_resamples": 20}


def planted(share, noise=0.0, n=1000, seed=0):
    """Training rows, held-out rows, and samples of which a share is copied."""
    rng = np.random.default_rng(seed)
    train, holdout, synthetic = (rng.normal(size=(m * n, 4)) for m in (1, 2, 3))
    n_copies = int(share * len(synthetic))
    synthetic[:n_copies] = train[rng.permutation(n)[:n_copies]]
    synthetic[:n_copies] += noise * rng.normal(size=(n_copies, 4))
    return train, holdout, synthetic


class Copier(BaseEstimator):
    """A sampler that gives back every other row that it was fitted on."""

    def fit(self, X):
        self.X_ = X
        return self

    def sample(self, n_samples):
        rows = self.X_[::2]
        return rows[np.arange(n_samples) % len(rows)]


# -- power


@pytest.mark.parametrize(
    ("share", "noise", "finders"),
    [
        (0.01, 0.0, ("distance", "relative_distance", "neighbor_ratio")),
        (0.05, 0.0, BY_DISTANCE),
        (0.2, 0.01, ALL),
    ],
)
def test_which_attacks_find_which_share_of_copies(share, noise, finders):
    """What others miss is said in docs/privacy.rst: keep both alike."""
    sets = planted(share, noise, n=500)
    found = membership_attacks(*sets, random_state=0, n_resamples=50)
    assert tuple(found) == ALL
    for name, power in found.items():
        is_found = name in finders
        assert power.p_value < 0.02 if is_found else power.p_value > 0.05, name
        assert power.auc_interval[0] <= power.auc <= power.auc_interval[1], name
        assert power.tpr_interval[0] <= power.tpr <= power.tpr_interval[1], name
        assert power.n_rows == 1000 and power.rare.n_rows == 50, name
    if share == 0.2:
        # Three of five training rows were copied.
        assert all(power.auc_interval[0] > 0.5 for power in found.values())
        assert found["distance"].tpr > 0.4
        assert found["calibrated_distance"].auc > 0.7


@pytest.mark.parametrize("share", [0.01, 0.05])
def test_distances_find_few_copies_with_a_little_noise(share):
    names = ("distance", "relative_distance")
    settings = FAST | {"attacks": names}
    found = membership_attacks(*planted(share, 0.01), random_state=0, **settings)
    assert all(power.p_value < 0.01 for power in found.values()), found


def test_copies_of_rare_rows_are_found_among_rare_rows():
    train, holdout, synthetic = planted(0.0)
    is_rare = np.linalg.norm(train, axis=1) > 3
    synthetic[: is_rare.sum()] = train[is_rare]
    found = membership_attacks(train, holdout, synthetic, random_state=0, **FAST)
    assert found["distance"].rare.auc > 0.8 > 0.6 > found["distance"].auc
    assert found["distance"].rare.p_value < 0.001


def test_shadow_models_learn_what_a_sampler_does():
    rng = np.random.default_rng(0)
    train, holdout, reference = rng.normal(size=(3, 200, 3))
    samples = Copier().fit(train).sample(200)
    found = membership_attacks(
        train,
        holdout,
        samples,
        X_reference=pd.DataFrame(reference).to_numpy(),
        shadow=Copier(),
        n_shadows=2,
        random_state=0,
        **FAST,
    )
    assert list(found) == [*BY_DISTANCE, "shadow"]
    assert found["shadow"].auc > 0.7
    assert found["shadow"].tpr > 0.4


def test_images_are_attacked_too():
    rng = np.random.default_rng(0)
    train, holdout = rng.integers(0, 255, size=(2, 120, 9, 8))
    names = ("distance", "domias_kernels", "classifier_ratio")
    found = membership_attacks(train, holdout, train, attacks=names, random_state=0)
    assert found["distance"].auc == 1
    assert all(power.p_value < 0.01 for power in found.values())


# -- level


def test_on_fresh_rows_attacks_pass_for_chance_as_often_as_their_level_says():
    rng = np.random.default_rng(0)
    p_values = {name: [] for name in BY_DISTANCE}
    for seed in range(50):
        sets = np.round(rng.normal(size=(3, 60, 2)), 1)  # with ties
        for name, power in membership_attacks(*sets, random_state=seed, **FAST).items():
            p_values[name].append(power.p_value)
    for name, values in p_values.items():
        # More of 50 than 7 are a matter of one in three hundred.
        assert np.sum(np.array(values) < 0.05) <= 7, name
        assert np.mean(values) > 0.3, name


def test_slower_attacks_on_fresh_rows():
    sets = planted(0.0, n=300)
    found = membership_attacks(*sets, random_state=0, n_resamples=20)
    for name, power in found.items():
        assert power.p_value > 0.01 and abs(power.auc - 0.5) < 0.07, name


def test_values_that_only_training_rows_have_give_nothing_away():
    rng = np.random.default_rng(0)
    names = np.array([f"name {i}" for i in range(600)])
    rows = pd.DataFrame({"name": names, "age": rng.normal(size=600)})
    sets = rows[:200], rows[200:400], rows[400:]
    found = membership_attacks(*sets, random_state=0, **FAST)
    assert all(abs(power.auc - 0.5) < 0.12 for power in found.values())


# -- figures


def test_the_first_attack_is_membership_auc():
    train, holdout, synthetic = np.random.default_rng(0).normal(size=(3, 50, 1))
    found = membership_attacks(
        train, holdout, synthetic, X_reference=train + 9, attacks=["distance"]
    )
    assert found["distance"].auc == pytest.approx(
        membership_auc(train, holdout, synthetic)
    )


def test_rate_at_few_false_positives_by_hand():
    holdout = np.arange(200.0)[:, None] * 10
    train = holdout + 5
    # Ten training rows are nearest, then comes a held-out row, then all others.
    synthetic = np.vstack([train[:10], holdout[:2] + 1, train[10:] + 2])
    found = membership_attacks(
        train, holdout, synthetic, X_reference=holdout - 7, attacks=["distance"]
    )
    assert found["distance"].tpr == 1
    worse = np.vstack([train[:10], holdout[:3] + 1, train[10:] + 2])
    found = membership_attacks(
        train, holdout, worse, X_reference=holdout - 7, attacks=["distance"]
    )
    assert found["distance"].tpr == 0.05


def people(n, rng):
    frame = pd.DataFrame(
        {
            "age": rng.integers(18, 90, n),
            "region": rng.choice(list("nsew"), n),
            "since": pd.Timestamp("2024-01-01") + pd.to_timedelta(rng.random(n), "D"),
            "income": rng.normal(size=n),
        }
    )
    frame.loc[rng.random(n) < 0.2, "income"] = np.nan
    return frame


def test_tables_of_any_library_in_any_order_of_columns():
    rng = np.random.default_rng(0)
    train, holdout, synthetic = (people(150, rng) for _ in range(3))
    synthetic.iloc[:75] = train.iloc[:75]
    found = membership_attacks(train, holdout, synthetic, random_state=0)
    assert found["distance"].auc > 0.65
    again = membership_attacks(
        *(
            pl.from_pandas(X)
            for X in (train, holdout, synthetic[synthetic.columns[::-1]])
        ),
        random_state=0,
        **FAST,
    )
    for name in BY_DISTANCE:
        assert again[name].auc == pytest.approx(found[name].auc)


def test_seeds_and_the_choice_of_attacks():
    sets = planted(0.1, n=60)
    state = np.random.get_state()[1].copy()
    first, same, other = (
        membership_attacks(*sets, random_state=seed, **FAST) for seed in (1, 1, 2)
    )
    assert (np.random.get_state()[1] == state).all()
    assert first == same != other
    alone = membership_attacks(
        *sets, random_state=1, attacks=["neighbor_ratio"], n_resamples=20
    )
    assert alone["neighbor_ratio"] == first["neighbor_ratio"]


# -- bad inputs


@pytest.mark.parametrize("place", range(3))
def test_too_few_rows(place):
    sets = list(np.random.default_rng(0).normal(size=(3, 40, 2)))
    sets[place] = sets[place][:19]
    name = ("X_train", "X_holdout", "X_synthetic")[place]
    with pytest.raises(ValueError, match=f"{name} has 19 rows.*give 20 at least"):
        membership_attacks(*sets)


def test_twenty_held_out_rows_are_enough():
    sets = np.random.default_rng(0).normal(size=(3, 20, 2))
    found = membership_attacks(*sets, random_state=0)
    assert all(power.n_rows == 20 for power in found.values())


def test_rows_that_tell_nothing():
    constant = membership_attacks(*np.ones((3, 40, 2)), random_state=0, n_resamples=20)
    wide = membership_attacks(*np.ones((3, 40, 80)), random_state=0, n_resamples=20)
    for power in (*constant.values(), *wide.values()):
        assert (power.auc, power.tpr, power.p_value) == (0.5, 0, 1)


@pytest.mark.parametrize(
    ("options", "error", "message"),
    [
        ({"attacks": ["dcr"]}, ValueError, r"\['dcr'\].*none of.*'distance'"),
        ({"attacks": ["shadow"]}, ValueError, "shadow=sampler"),
        ({"attacks": "distance"}, TypeError, "sequence of names"),
        ({"confidence_level": 1}, ValueError, "between 0 and 1"),
        ({"n_resamples": 3}, ValueError, "n_resamples.*at least 20"),
        ({"n_shadows": 0}, ValueError, "n_shadows.*at least 1"),
        ({"max_samples": 5}, ValueError, "max_samples.*at least 20"),
        ({"X_reference": np.ones((5, 2))}, ValueError, "X_reference has 5 rows"),
        ({"X_reference": np.ones((50, 3))}, ValueError, "X_reference has 3 columns"),
        ({"shadow": Copier()}, ValueError, "shadow needs 40 reference rows.*20"),
    ],
)
def test_bad_arguments(options, error, message):
    sets = np.random.default_rng(0).normal(size=(3, 40, 2))
    with pytest.raises(error, match=re.compile(message, re.S)):
        membership_attacks(*sets, **({"attacks": ["distance"]} | options))
