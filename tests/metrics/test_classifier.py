"""Two-sample tests by classifiers, and training on synthetic rows."""

import numpy as np
import pandas as pd
import polars as pl
import pytest
from sklearn.ensemble import RandomForestClassifier
from sklearn.linear_model import LinearRegression, LogisticRegression
from sklearn.metrics import roc_auc_score
from sklearn.model_selection import StratifiedKFold, cross_val_score

from skgan.metrics import c2st, train_on_synthetic, train_on_synthetic_scores


def mixed(make, n, seed, cities=("Rome", "Oslo"), noise=0.3):
    rng = np.random.default_rng(seed)
    x = rng.normal(size=n)
    return make(
        {
            "x": x,
            "half": np.where(rng.random(n) < 0.3, np.nan, x / 2),
            "city": rng.choice(cities, size=n),
            "member": rng.random(n) < 0.5,
            "target": np.where(x + noise * rng.normal(size=n) > 0, "yes", "no"),
        }
    )


def test_c2st_is_its_formula():
    rng = np.random.default_rng(0)
    X, Y = rng.normal(size=(200, 2)), rng.normal(0.4, size=(200, 2))
    judge = LogisticRegression()
    rows = np.vstack([X, Y])
    rows = (rows - rows.mean(0)) / rows.std(0)
    labels = np.repeat([0, 1], 200)
    seed = np.random.RandomState(3).randint(np.iinfo(np.int32).max)
    folds = StratifiedKFold(4, shuffle=True, random_state=seed)
    auc = cross_val_score(judge, rows, labels, scoring="roc_auc", cv=folds).mean()
    measured = c2st(X, Y, estimator=judge, cv=4, random_state=3)
    assert measured == pytest.approx(1 - 2 * (auc - 0.5))


def test_c2st_of_fresh_and_of_shifted_rows():
    rng = np.random.default_rng(0)
    X, fresh = rng.normal(size=(2, 1000, 3))
    assert c2st(X, fresh, random_state=0) > 0.9
    assert c2st(X, fresh + 0.5, random_state=0) < 0.7
    assert c2st(X, fresh + 9, random_state=0) == 0
    assert c2st(X, np.repeat(X[:1], 1000, axis=0), random_state=0) < 0.01


def test_c2st_sees_what_no_single_column_shows():
    rng = np.random.default_rng(0)
    x = rng.normal(size=1000)
    joint = np.column_stack([x, x])
    shuffled = np.column_stack([x, rng.permutation(x)])
    assert c2st(joint, shuffled, random_state=0) < 0.1
    linear = LogisticRegression()
    assert c2st(joint, shuffled, estimator=linear, random_state=0) > 0.8


def test_a_bootstrap_copy_is_not_perfect():
    rng = np.random.default_rng(0)
    train = rng.normal(size=(2000, 4))
    copy = train[rng.integers(2000, size=2000)]
    holdout = rng.normal(size=(2000, 4))
    assert c2st(holdout, copy, random_state=0) < 0.85  # its own repetitions show
    with pytest.warns(UserWarning, match="repeats rows of X_real"):
        c2st(copy[:200], copy[:180], random_state=0)


@pytest.mark.parametrize("make", [pd.DataFrame, pl.DataFrame])
@pytest.mark.parametrize("judge", [None, RandomForestClassifier(50, random_state=0)])
def test_c2st_of_mixed_frames(make, judge):
    real, fresh = mixed(make, 400, 0), mixed(make, 400, 1)
    other = mixed(make, 400, 2, cities=("Rome", "Lima"))
    near = c2st(real, fresh, estimator=judge, random_state=0)
    assert near > 0.8
    assert c2st(real, other, estimator=judge, random_state=0) < near - 0.2


def test_c2st_with_more_levels_than_trees_take():
    rng = np.random.default_rng(0)
    codes = [rng.integers(1000, size=2000).astype(str) for _ in range(2)]
    real, fresh = (pd.DataFrame({"code": c}) for c in codes)
    assert c2st(real, fresh, random_state=0) > 0.9
    linear = LogisticRegression()
    assert c2st(real, fresh, estimator=linear, random_state=0) > 0.9
    assert c2st(real, real.assign(code="new"), random_state=0) == 0


def test_c2st_balances_the_sets_and_is_seeded():
    rng = np.random.default_rng(0)
    X, Y = rng.normal(size=(900, 2)), rng.normal(0.2, size=(100, 2))
    assert c2st(X, Y, random_state=0) == c2st(X, Y, random_state=0)
    assert c2st(X, Y, random_state=0) != c2st(X, Y, random_state=1)
    assert 0 <= c2st(X.reshape(900, 2, 1), Y.reshape(100, 2, 1), random_state=0) <= 1


def test_c2st_errors():
    X = np.zeros((10, 2))
    with pytest.raises(ValueError, match="X_synthetic has 4 row"):
        c2st(X, X[:4])
    with pytest.raises(ValueError, match="cv must be an integer of at least 2"):
        c2st(X, X, cv=1)
    with pytest.raises(ValueError, match="X_synthetic has 3 columns"):
        c2st(X, np.zeros((10, 3)))


def pairs(n, seed, noise=0.3):
    rng = np.random.default_rng(seed)
    X = rng.normal(size=(n, 3))
    return X, X[:, 0] + noise * rng.normal(size=n) > 0


def test_scores_are_those_of_the_two_models():
    train, holdout, synthetic = pairs(200, 0), pairs(300, 1), pairs(150, 2, noise=2)
    mean, std = train[0].mean(0), train[0].std(0)

    def auc(X, y):
        model = LogisticRegression().fit((X - mean) / std, y)
        scores = model.decision_function((holdout[0] - mean) / std)
        return roc_auc_score(holdout[1], scores)

    expected = auc(*synthetic), auc(*train)
    params = {"estimator": LogisticRegression()}
    measured = train_on_synthetic_scores(train, holdout, synthetic, **params)
    assert measured == pytest.approx(expected)
    ratio = train_on_synthetic(train, holdout, synthetic, **params)
    assert ratio == pytest.approx(expected[0] / expected[1])


@pytest.mark.parametrize("make", [pd.DataFrame, pl.DataFrame])
def test_target_column_of_mixed_frames(make):
    train, holdout, fresh = (mixed(make, 400, seed) for seed in range(3))
    noise = mixed(make, 400, 3, noise=100)
    params = {"target": "target", "random_state": 0}
    assert train_on_synthetic(train, holdout, fresh, **params) > 0.95
    assert train_on_synthetic(train, holdout, noise, **params) < 0.8
    forest = RandomForestClassifier(random_state=0)
    assert train_on_synthetic(train, holdout, fresh, estimator=forest, **params) > 0.95


def test_target_column_of_arrays():
    train, holdout, synthetic = (
        np.column_stack(pairs(200, seed)).astype(float) for seed in range(3)
    )
    expected = train_on_synthetic(
        *((X[:, :3], X[:, 3]) for X in (train, holdout, synthetic)), random_state=0
    )
    for target in (3, -1):
        measured = train_on_synthetic(
            train, holdout, synthetic, target=target, random_state=0
        )
        assert measured == expected


def test_collapsed_or_unknown_classes():
    train, holdout = pairs(200, 0), pairs(200, 1)
    one_class = (train[0], np.ones(200, dtype=bool))
    on_synthetic, on_real = train_on_synthetic_scores(
        train, holdout, one_class, random_state=0
    )
    assert on_synthetic == 0.5
    assert on_real > 0.9
    strange = (train[0], np.full(200, 7))
    assert train_on_synthetic_scores(train, holdout, strange)[0] == 0.5


def test_three_classes_of_which_one_is_not_learned():
    rng = np.random.default_rng(0)
    X = rng.normal(size=(600, 1))
    y = np.array(["low", "mid", "high"])[np.digitize(X[:, 0], [-0.5, 0.5])]
    train, holdout = (X[:300], y[:300]), (X[300:], y[300:])
    kept = y[:300] != "high"
    without = (X[:300][kept], y[:300][kept])
    full, partial = (
        train_on_synthetic(train, holdout, rows, random_state=0)
        for rows in (train, without)
    )
    assert full == 1
    assert partial < 0.9


def test_regression_and_scoring():
    rng = np.random.default_rng(0)
    X = rng.normal(size=(300, 2))
    y = X[:, 0] + 0.1 * rng.normal(size=300)
    train, holdout, synthetic = ((X[i::3], y[i::3]) for i in range(3))
    params = {"estimator": LinearRegression()}
    on_synthetic, on_real = train_on_synthetic_scores(
        train, holdout, synthetic, **params
    )
    assert on_real == pytest.approx(0.99, abs=0.01)
    assert on_synthetic == pytest.approx(on_real, abs=0.01)
    assert train_on_synthetic_scores(train, holdout, synthetic, random_state=0)[0] > 0.7
    classes = [(features, target > 0) for features, target in (train, holdout)]
    accuracy = train_on_synthetic(*classes, classes[0], scoring="accuracy")
    assert accuracy == 1


def test_errors():
    train = pairs(20, 0)
    frame = mixed(pd.DataFrame, 20, 0)
    with pytest.raises(ValueError, match=r"X_train must be a pair \(X, y\)"):
        train_on_synthetic(frame, frame, frame)
    with pytest.raises(ValueError, match="X_synthetic has no column 'target'"):
        train_on_synthetic(frame, frame, frame[["x"]], target="target")
    with pytest.raises(ValueError, match="X_holdout: X has 20 rows and y 3"):
        train_on_synthetic(train, (train[0], train[1][:3]), train)
    with pytest.raises(ValueError, match="at least two classes"):
        train_on_synthetic(train, (train[0], np.ones(20)), train)
    rng = np.random.default_rng(0)
    noise = rng.normal(size=(3, 20, 2)), rng.normal(size=(3, 20))
    sets = list(zip(*noise, strict=True))
    with pytest.raises(ValueError, match="a ratio means nothing"):
        train_on_synthetic(*sets, random_state=0)
