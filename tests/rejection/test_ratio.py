"""The ratio: what it learns, that it is plain arrays, and that both growers serve."""

import json
import warnings

import numpy as np
import pytest
from sklearn.ensemble import HistGradientBoostingClassifier, RandomForestClassifier
from sklearn.exceptions import NotFittedError
from sklearn.metrics import roc_auc_score

from skgan.rejection import ClassifierRatio, DensityRatio
from skgan.rejection._boosting import UnreadableTreesError, read_trees
from skgan.rejection._groups import group_levels, to_groups
from skgan.rejection._scoring import TreeScorer

GROWERS = ["histogram", "public"]


def small(grower="auto", **settings):
    return DensityRatio(**{"n_trees": 25, "n_refits": 2, **settings}, grower=grower)


def test_arrays_say_what_decision_function_says():
    """If this fails alone, scikit-learn's private trees have changed: see _reading."""
    rng = np.random.default_rng(0)
    n = 3000
    X = np.column_stack(
        [
            rng.integers(0, 250, n),  # nearly as many levels as trees can tell apart
            rng.integers(0, 3, n),
            rng.normal(size=n),
            rng.integers(0, 4, n),
            rng.normal(size=n),
        ]
    ).astype(np.float64)
    X[rng.random(n) < 0.2, 0] = np.nan
    X[rng.random(n) < 0.2, 2] = np.nan
    y = (np.nan_to_num(X[:, 2]) + X[:, 0] % 3 + X[:, 1] + rng.normal(size=n)) > 2.5
    model = HistGradientBoostingClassifier(
        max_iter=120, categorical_features=[0, 1], early_stopping=False
    ).fit(X, y)
    trees = read_trees(model, X[:50])
    assert len(trees) == 120
    odd = X.copy()
    odd[:500, 0] = rng.integers(250, 400, 500)  # levels never seen
    odd[500:900, 4] = np.nan  # missing where nothing was
    odd[900:1000, 2:] *= 1e9
    odd[1000:1010, 4] = np.inf
    odd[1010:1020, 4] = -np.inf
    grouped = odd.copy()
    grouped[:, 0] = to_groups(odd[:, 0], np.arange(250))
    scores = TreeScorer(trees).score(grouped)
    finite = np.isfinite(np.nan_to_num(odd, nan=0.0)).all(axis=1)
    expected = model.decision_function(odd[finite])
    np.testing.assert_allclose(scores[finite], expected, rtol=0, atol=1e-9)


def test_values_on_thresholds_go_where_trees_send_them():
    rng = np.random.default_rng(1)
    X = rng.integers(0, 12, size=(2000, 3)).astype(np.float64) / 10
    y = (X.sum(axis=1) + 0.3 * rng.normal(size=2000)) > 1.6
    model = HistGradientBoostingClassifier(max_iter=30).fit(X, y)
    trees = read_trees(model, X)
    on_them = trees.threshold[trees.feature == 0][:, None] * np.ones(3)
    scores = TreeScorer(trees).score(on_them)
    expected = model.decision_function(on_them)
    np.testing.assert_allclose(scores, expected, rtol=0, atol=1e-9)


def test_partial_scores_are_those_of_fewer_trees(mixed):
    real, drawn = mixed.real(600, 0), mixed.drawn(2400, 1)
    ratio = small().fit(real, drawn, mixed.schema, random_state=0)
    new = mixed.real(500, 2)
    staged = ratio.staged_log_ratio(new, [5, 15, 25])
    np.testing.assert_allclose(staged[:, 2], ratio.log_ratio(new), atol=1e-12)
    fewer = ratio.truncate(5).log_ratio(new)
    np.testing.assert_allclose(fewer, staged[:, 0], atol=1e-12)


@pytest.mark.parametrize("grower", GROWERS)
def test_ratio_tells_related_columns_from_unrelated(mixed, grower):
    drawn = mixed.drawn(6000, 1)
    ratio = small(grower).fit(mixed.real(1500, 0), drawn, mixed.schema, random_state=0)
    new = np.concatenate([mixed.real(1000, 2), mixed.drawn(1000, 3)])
    log_ratio = ratio.log_ratio(new)
    assert log_ratio.shape == (2000,)
    assert log_ratio.dtype == np.float64
    assert roc_auc_score(np.arange(2000) < 1000, log_ratio) > 0.75
    # A density ratio has the mean 1 over drawn rows, however many taught it.
    assert 0.8 < np.exp(log_ratio[1000:]).mean() < 1.25


@pytest.mark.parametrize("grower", GROWERS)
def test_missing_and_unseen_values_are_scored(mixed, grower):
    real, drawn = mixed.real(500, 0), mixed.drawn(1000, 1)
    ratio = small(grower).fit(real, drawn, mixed.schema, random_state=0)
    odd = np.array([[np.nan] * 5, [0, 5, 0, 399, 0], [0, 77, 0, -1, 1e12]])
    log_ratio = ratio.log_ratio(odd)
    assert np.isfinite(log_ratio).all()
    # A level never seen counts as missing.
    missing = np.array([[0, np.nan, 0, np.nan, 1e12]])
    assert ratio.log_ratio(missing)[0] == log_ratio[2]


@pytest.mark.parametrize("grower", GROWERS)
def test_one_seed_gives_one_ratio(mixed, grower):
    real, drawn, new = mixed.real(400, 0), mixed.drawn(800, 1), mixed.real(100, 2)
    first, second, other = (
        small(grower, n_trees=5).fit(real, drawn, mixed.schema, random_state=seed)
        for seed in (3, 3, 4)
    )
    assert np.array_equal(first.log_ratio(new), second.log_ratio(new))
    assert not np.array_equal(first.log_ratio(new), other.log_ratio(new))


@pytest.mark.parametrize("grower", GROWERS)
def test_state_is_plain_arrays_that_score_alike(mixed, grower):
    real, drawn, new = mixed.real(400, 0), mixed.drawn(800, 1), mixed.real(300, 2)
    ratio = small(grower).fit(real, drawn, mixed.schema, random_state=0)
    state = ratio.get_state()
    numbers = {k: v for k, v in state.items() if not isinstance(v, np.ndarray)}
    json.dumps(numbers)  # Python's own numbers only
    assert len(state) < 20
    assert all(v.dtype != object for v in state.values() if isinstance(v, np.ndarray))
    again = DensityRatio.from_state(state)
    assert np.array_equal(again.log_ratio(new), ratio.log_ratio(new))
    fewer = ratio.staged_log_ratio(new, [4])[:, 0]
    np.testing.assert_allclose(again.truncate(4).log_ratio(new), fewer, atol=1e-12)


def test_rare_levels_are_joined_by_their_share_of_real_rows():
    rng = np.random.default_rng(0)
    codes = np.concatenate([np.repeat(np.arange(200), 100), np.arange(200, 1000)])
    codes = np.tile(codes, 10).astype(np.float64)
    is_real = rng.random(len(codes)) < np.where(codes % 2, 0.9, 0.1)
    codes[0] = np.nan
    groups = group_levels(codes, is_real)
    assert len(groups) == 1000
    assert set(groups) == set(range(255))
    frequent, rare = groups[:200], groups[200:]
    assert len(set(frequent)) == 200
    assert not set(frequent) & set(rare)
    # Even and odd codes do not share a group, but for the one on the border.
    assert len(set(rare[::2]) & set(rare[1::2])) <= 1


def test_levels_only_and_numbers_only(number, level):
    rng = np.random.default_rng(0)
    codes = rng.integers(0, 3, size=(600, 2)).astype(np.float64)
    same = codes.copy()
    same[:, 1] = same[:, 0]
    for schema in [(level(3), level(3)), (number(), number())]:
        ratio = small().fit(same, codes, schema, random_state=0)
        alike, unlike = ratio.log_ratio(np.array([[1.0, 1.0], [1.0, 2.0]]))
        assert alike > 0.5
        assert unlike < -0.5


def test_a_column_of_one_value_is_no_obstacle(number, level):
    rows = np.zeros((60, 2))
    for grower in GROWERS:
        ratio = small(grower).fit(rows, rows, (number(), level(1)), random_state=0)
        np.testing.assert_allclose(ratio.log_ratio(rows), np.log(1), atol=1e-6)


def test_unreadable_trees_are_said_and_replaced(mixed, monkeypatch):
    class Changed(HistGradientBoostingClassifier):
        """As if scikit-learn had renamed its private trees."""

        def fit(self, X, y):
            super().fit(X, y)
            self._trees = self.__dict__.pop("_predictors")
            return self

        def decision_function(self, X):
            raise NotFittedError

    monkeypatch.setattr("sklearn.ensemble.HistGradientBoostingClassifier", Changed)
    rows = mixed.real(300, 0), mixed.drawn(600, 1), mixed.schema
    with pytest.raises(UnreadableTreesError, match="_predictors"):
        small("histogram", n_trees=2).fit(*rows)
    with pytest.warns(RuntimeWarning, match="public ones are grown instead"):
        ratio = small("auto", n_trees=2).fit(*rows, random_state=0)
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        public = small("public", n_trees=2).fit(*rows, random_state=0)
    assert np.isfinite(ratio.log_ratio(rows[0])).all()
    assert len(ratio.trees_) == len(public.trees_) == 4


def test_arrays_that_say_something_else_are_refused():
    rng = np.random.default_rng(0)
    X = rng.normal(size=(500, 2))
    model = HistGradientBoostingClassifier(max_iter=3).fit(X, X[:, 0] > 0)
    model._baseline_prediction = model._baseline_prediction + 1
    real_scores = model.decision_function(X) + 1e-6
    model.decision_function = lambda X: real_scores
    with pytest.raises(UnreadableTreesError, match="other scores"):
        read_trees(model, X)


def test_wrong_input_is_named(mixed):
    real, drawn = mixed.real(10, 0), mixed.drawn(10, 1)
    with pytest.raises(ValueError, match="grower must be one of"):
        DensityRatio(grower="fast").fit(real, drawn, mixed.schema)
    with pytest.raises(ValueError, match="needs at least 1 real and 2 drawn"):
        DensityRatio().fit(real, drawn[:1], mixed.schema)
    with pytest.raises(ValueError, match="the schema 4"):
        DensityRatio().fit(real, drawn, mixed.schema[:4])


def test_classifier_is_cloned_seeded_and_handed_in_again(mixed):
    real, drawn, new = mixed.real(800, 0), mixed.drawn(1600, 1), mixed.real(200, 2)
    forest = RandomForestClassifier(20, min_samples_leaf=20)
    first, second = (
        ClassifierRatio(forest).fit(real, drawn, mixed.schema, random_state=0)
        for _ in range(2)
    )
    assert not hasattr(forest, "classes_")
    log_ratio = first.log_ratio(new)
    assert np.array_equal(log_ratio, second.log_ratio(new))
    assert log_ratio.mean() > 0.1
    again = ClassifierRatio.from_state(first.get_state(), first.classifier_)
    assert np.array_equal(again.log_ratio(new), log_ratio)


def test_a_pure_leaf_gives_no_infinite_ratio(number):
    apart = np.zeros((50, 1)), np.ones((50, 1))
    forest = RandomForestClassifier(5, random_state=0)
    ratio = ClassifierRatio(forest).fit(*apart, (number(),))
    assert np.isfinite(ratio.log_ratio(np.array([[0.0], [1.0]]))).all()
