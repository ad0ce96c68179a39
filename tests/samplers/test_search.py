"""Searches over samplers."""

import pickle
import warnings

import numpy as np
import pytest
from sklearn.datasets import load_digits
from sklearn.experimental import enable_halving_search_cv  # noqa: F401
from sklearn.model_selection import (
    GridSearchCV,
    HalvingRandomSearchCV,
    ParameterGrid,
    RandomizedSearchCV,
)
from sklearn.preprocessing import StandardScaler

from skgan import ConditionalGANSampler, GANSampler, make_sampler_pipeline
from skgan.encoding import VectorEncoder
from skgan.metrics import SCORERS, refit_without_copying

SMALL = {
    "generator": "mlp",
    "discriminator": "mlp",
    "hidden_dims": (16,),
    "latent_dim": 4,
    "batch_size": 32,
    "max_iter": 5,
    "random_state": 0,
}


def make_sampler(**params):
    return GANSampler(**{**SMALL, **params})


@pytest.fixture(scope="module")
def digits():
    return load_digits().data[:150]


TOGETHER = """
    import pickle, sys
    from joblib import parallel_config

    with open(sys.argv[1], "rb") as file:
        search, X = pickle.load(file)
    with parallel_config("multiprocessing"):
        search.set_params(n_jobs=2).fit(X)
    found = search.cv_results_, search.best_params_, search.best_estimator_.sample(9)
    with open(sys.argv[1], "wb") as file:
        pickle.dump(found, file)
"""


def test_candidates_on_one_and_on_two_workers(digits, run_script, tmp_path):
    """By other scores and by the sampler's own, with parameters of any kind."""
    grid = [
        {"learning_rate": [1e-4, 1e-2], "hidden_dims": [(16,), (16, 16)]},
        {"latent_dim": [2, 5]},
        {"encoder__clip": [True, False]},
    ]
    assert len(ParameterGrid(grid)) == 8
    scoring = {name: SCORERS[name] for name in ("energy_distance", "beta_recall")}
    scoring["own"] = GANSampler.score
    alone = GridSearchCV(
        make_sampler(encoder=VectorEncoder()),
        grid,
        scoring=scoring,
        refit=refit_without_copying("energy_distance"),
        return_train_score=True,
        cv=2,
        error_score="raise",
    )
    file = tmp_path / "search.pickle"
    file.write_bytes(pickle.dumps((alone, digits)))
    _, errors = run_script(TOGETHER, file)
    assert not errors, errors
    results, best_params, rows = pickle.loads(file.read_bytes())
    alone.fit(digits)
    scored = [name for name in alone.cv_results_ if name.endswith(tuple(scoring))]
    assert len(scored) == 3 * (2 * 4 + 1)
    for name in scored:
        values = alone.cv_results_[name]
        assert np.isfinite(values).all()
        np.testing.assert_array_equal(values, results[name])
    for name in ("energy_distance", "own"):
        assert len(set(alone.cv_results_[f"mean_test_{name}"][:6])) == 6
    assert alone.best_params_ == best_params
    np.testing.assert_array_equal(alone.best_estimator_.sample(9), rows)


def test_randomized_search(digits):
    search = RandomizedSearchCV(
        make_sampler(),
        {"latent_dim": [2, 3, 4, 5], "learning_rate": [1e-4, 1e-3]},
        n_iter=3,
        cv=2,
        random_state=0,
        error_score="raise",
    ).fit(digits)
    assert np.isfinite(search.cv_results_["mean_test_score"]).all()
    assert search.best_estimator_.sample(2).shape == (2, 64)


@pytest.mark.parametrize("is_pipeline", [False, True])
def test_halving_gives_more_updates_to_fewer_candidates(digits, is_pipeline):
    estimator, prefix = make_sampler(), ""
    if is_pipeline:
        estimator = make_sampler_pipeline(StandardScaler(), make_sampler())
        prefix = "gansampler__"
    search = HalvingRandomSearchCV(
        estimator,
        {f"{prefix}learning_rate": [1e-4, 3e-4, 1e-3, 3e-3]},
        resource=f"{prefix}max_iter",
        n_candidates=4,
        min_resources=2,
        max_resources=4,
        factor=2,
        cv=2,
        random_state=0,
        scoring=SCORERS["energy_distance"],
        error_score="raise",
    ).fit(digits)
    assert search.n_candidates_ == [4, 2]
    assert search.n_resources_ == [2, 4]
    best = search.best_estimator_
    assert (best[-1] if is_pipeline else best).n_iter_ == 4


def test_partial_fit_goes_on(digits):
    params = {"schedule": "constant", "max_iter": 4}
    sampler = make_sampler(**params).partial_fit(digits)
    once = make_sampler(**params).fit(digits)
    np.testing.assert_array_equal(sampler.sample(5), once.sample(5))
    encoder, generator = sampler.encoder_, sampler.net_.generator_
    before = [weight.detach().clone() for weight in generator.parameters()]
    sampler.set_params(max_iter=3).partial_fit(digits[:100])
    assert sampler.n_iter_ == 7
    assert sampler.warm_start is False
    assert sampler.encoder_ is encoder
    assert sampler.net_.generator_ is generator
    after = list(generator.parameters())
    assert any((a != b).any() for a, b in zip(before, after, strict=True))
    warm = make_sampler(**params, warm_start=True).fit(digits)
    warm.sample(5)
    warm.set_params(max_iter=3).fit(digits[:100])
    np.testing.assert_array_equal(sampler.sample(5), warm.sample(5))
    # fit starts anew.
    assert sampler.fit(digits).n_iter_ == 3


def test_partial_fit_checks_what_fit_checks(digits):
    sampler = make_sampler().partial_fit(digits)
    with pytest.raises(ValueError, match="63 features"):
        sampler.partial_fit(digits[:, :63])
    assert sampler.warm_start is False
    with pytest.raises(ValueError, match="requires y"):
        ConditionalGANSampler(**SMALL).partial_fit(digits)
    with pytest.raises(TypeError, match="max_iter must be an integer"):
        make_sampler(max_iter="many").partial_fit(digits)


def test_partial_fit_with_labels(digits):
    y = load_digits().target[:150]
    sampler = ConditionalGANSampler(**SMALL).partial_fit(digits, y)
    sampler.partial_fit(digits[:75], y[:75])
    assert sampler.n_iter_ == 10
    assert sampler.sample(y=[3, 4])[1].tolist() == [3, 4]


@pytest.mark.parametrize("is_pipeline", [False, True])
def test_optuna_search(digits, is_pipeline):
    reason = "OPTUNA IS NOT THERE: its search is not tested"
    distributions = pytest.importorskip("optuna.distributions", reason=reason)
    integration = pytest.importorskip("optuna_integration", reason=reason)
    estimator, name = make_sampler(), "learning_rate"
    if is_pipeline:
        estimator = make_sampler_pipeline(StandardScaler(), make_sampler())
        name = "gansampler__learning_rate"
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # it calls itself experimental
        search = integration.OptunaSearchCV(
            estimator,
            {name: distributions.FloatDistribution(1e-4, 1e-2, log=True)},
            cv=2,
            n_trials=3,
            random_state=0,
            scoring=SCORERS["energy_distance"],
            error_score="raise",
            verbose=0,
        ).fit(digits)
    assert 1e-4 <= search.best_params_[name] <= 1e-2
    assert np.isfinite(search.best_score_)
    assert len({trial.value for trial in search.trials_}) == 3
    assert search.best_estimator_.sample(2).shape == (2, 64)
