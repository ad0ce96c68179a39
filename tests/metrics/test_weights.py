"""Weights of real rows, in metrics and, routed, in searches."""

import numpy as np
import pytest
import sklearn
from sklearn.base import clone
from sklearn.mixture import GaussianMixture
from sklearn.model_selection import GridSearchCV, cross_validate
from sklearn.neighbors import KernelDensity
from sklearn.preprocessing import FunctionTransformer

from skgan import ConditionalGANSampler, make_sampler_pipeline
from skgan.metrics import (
    energy_distance,
    frechet_distance,
    make_sampler_scorer,
    sliced_wasserstein,
)

METRICS = [energy_distance, frechet_distance, sliced_wasserstein]


def seeded(metric):
    return {} if metric is frechet_distance else {"random_state": 0}


@pytest.fixture
def rows():
    rng = np.random.default_rng(0)
    return rng.normal(size=(60, 3)), rng.normal(0.5, 1, size=(45, 3))


@pytest.mark.parametrize("metric", METRICS)
def test_equal_weights_change_nothing(rows, metric):
    X, Y = rows
    plain = metric(X, Y, **seeded(metric))
    weighted = metric(X, Y, sample_weight=np.full(60, 7.0), **seeded(metric))
    assert weighted == pytest.approx(plain, rel=1e-9)


@pytest.mark.parametrize("metric", METRICS)
def test_rows_without_weight_are_as_if_they_were_not_there(rows, metric):
    X, Y = rows
    weights = np.r_[np.ones(40), np.zeros(20)]
    options = {"standardize": False, **seeded(metric)}
    expected = metric(X[:40], Y, **options)
    found = metric(X, Y, sample_weight=weights, **options)
    assert found == pytest.approx(expected, rel=1e-9)
    assert found != pytest.approx(metric(X, Y, **options), rel=1e-3)


def test_a_weight_of_two_is_a_row_twice(rows):
    X, Y = rows
    weights = np.where(np.arange(60) < 20, 2, 1)
    twice = np.vstack([X, X[:20]])
    options = {"standardize": False, "random_state": 0}
    found = sliced_wasserstein(X, Y, sample_weight=weights, **options)
    assert found == pytest.approx(sliced_wasserstein(twice, Y, **options), rel=1e-9)


def test_weights_follow_rows_that_are_chosen(rows):
    X, Y = rows
    X = np.vstack([X, np.full((60, 3), 50.0)])
    weights = np.r_[np.ones(60), np.full(60, 1e-9)]
    found = energy_distance(
        X, Y, standardize=False, max_samples=50, random_state=0, sample_weight=weights
    )
    assert found < 2


@pytest.mark.parametrize(
    ("weights", "message"),
    [
        (np.ones(59), r"each of the 60 rows of X_real, got the shape \(59,\)"),
        (np.r_[-1, np.ones(59)], "at least 0"),
        (np.r_[np.nan, np.ones(59)], "finite"),
        (np.r_[1, np.zeros(59)], "at least two rows"),
    ],
)
@pytest.mark.parametrize("metric", METRICS)
def test_weights_that_cannot_be(rows, metric, weights, message):
    with pytest.raises(ValueError, match=message):
        metric(*rows, sample_weight=weights)


@pytest.fixture
def routing():
    with sklearn.config_context(enable_metadata_routing=True):
        yield


def weighted_scorer():
    scorer = make_sampler_scorer("energy_distance", n_samples=300)
    return scorer.set_score_request(sample_weight=True)


def two_lumps():
    """Half of the rows, which count for little, lie elsewhere."""
    rng = np.random.default_rng(0)
    near, far = rng.normal(size=(150, 1)), rng.normal(12, 1, size=(150, 1))
    order = rng.permutation(300)
    return np.vstack([near, far])[order], np.repeat([1.0, 1e-6], 150)[order]


@pytest.mark.parametrize("is_piped", [False, True])
def test_a_search_hands_weights_on(routing, is_piped):
    X, weights = two_lumps()
    model = GaussianMixture(2, random_state=0)
    if is_piped:
        negate = FunctionTransformer(np.negative, np.negative)
        model = make_sampler_pipeline(negate, model)
    options = {"cv": 3, "error_score": "raise"}
    weighted = cross_validate(
        model,
        X,
        scoring=weighted_scorer(),
        params={"sample_weight": weights},
        **options,
    )["test_score"]
    # scikit-learn 1.6.0 fails on its own default of params.
    plain = cross_validate(
        model, X, scoring=make_sampler_scorer("energy_distance"), params={}, **options
    )["test_score"]
    # By weight the second lump is hardly there, of the samples it is half.
    assert plain.min() > -0.2 > weighted.max()


def test_a_search_chooses_by_weights(routing):
    X, weights = two_lumps()

    class Near(KernelDensity):
        """Draws the first lump alone, or, as it is fitted, both."""

        def __init__(self, *, is_near=False):
            super().__init__(bandwidth=0.2)
            self.is_near = is_near

        def fit(self, X, y=None):
            return super().fit(X[X[:, 0] < 6] if self.is_near else X)

    for scorer, params, chosen in [
        (weighted_scorer(), {"sample_weight": weights}, True),
        (make_sampler_scorer("energy_distance"), {}, False),
    ]:
        search = GridSearchCV(Near(), {"is_near": [False, True]}, scoring=scorer, cv=3)
        assert search.fit(X, **params).best_params_["is_near"] is chosen


def test_weights_that_nobody_asked_for_are_refused(routing):
    X, weights = two_lumps()
    scorer = make_sampler_scorer("energy_distance")
    refused = r"\['?sample_weight'?\] are passed (to cross validation )?but are not"
    with pytest.raises(Exception, match=refused):
        cross_validate(
            GaussianMixture(), X, scoring=scorer, params={"sample_weight": weights}
        )


def test_requests_need_routing():
    with pytest.raises(RuntimeError, match="enable_metadata_routing=True"):
        make_sampler_scorer("energy_distance").set_score_request(sample_weight=True)


def test_metrics_without_weights_say_so():
    X, weights = two_lumps()
    mixture = GaussianMixture().fit(X)
    with pytest.raises(TypeError, match="mmd takes no sample_weight"):
        make_sampler_scorer("mmd")(mixture, X, sample_weight=weights)


def test_labels_are_asked_for_by_weight():
    X, weights = two_lumps()
    y = np.where(X[:, 0] < 6, "near", "far")
    sampler = ConditionalGANSampler(max_iter=0, random_state=0).fit(X, y)
    score = make_sampler_scorer("energy_distance")
    good = score(sampler, X, y, sample_weight=weights)
    assert good == pytest.approx(0, abs=0.05)
    # As far as they are from rows that count the other way round.
    assert score(sampler, X, y, sample_weight=weights[::-1]) > -0.1
    assert clone(sampler).fit(X, y).classes_.tolist() == ["far", "near"]
