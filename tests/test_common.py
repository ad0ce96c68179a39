"""Every common check over every estimator."""

import pytest
from imblearn.utils.estimator_checks import estimator_checks_generator
from sklearn.base import clone
from sklearn.linear_model import LogisticRegression, Ridge
from sklearn.neighbors import KernelDensity
from sklearn.pipeline import Pipeline
from sklearn.preprocessing import StandardScaler
from sklearn.utils.estimator_checks import check_estimator, parametrize_with_checks

from skgan import (
    AugmentedClassifier,
    AugmentedRegressor,
    ConditionalGANSampler,
    GANImputer,
    GANOutlierDetector,
    GANSampler,
    InfoGANSampler,
    SamplerPipeline,
)
from skgan.encoding import ImageEncoder, TableEncoder, VectorEncoder
from skgan.imblearn import GANOverSampler
from skgan.metrics import ImageFeatures

pytestmark = pytest.mark.usefixtures("plain_trees", "three_folds")
# What draws for others is no more than they need: it has checks of its own. Trees and
# what judges them would be most of the time.
TINY = ConditionalGANSampler(
    prior="normal",
    max_iter=3,
    hidden_dims=(8,),
    batch_size=32,
    rejection=None,
    early_stopping=False,
)


@pytest.fixture(scope="module")
def three_folds():
    """Outliers are scored in three folds for ten, a third of the trees.

    How good thresholds of ten folds are has tests of its own.
    """
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("skgan.samplers._column_outliers._FOLDS", ())
        yield


@parametrize_with_checks(
    [
        GANSampler(max_iter=3, hidden_dims=(16, 16), batch_size=32, random_state=0),
        ConditionalGANSampler(max_iter=3, hidden_dims=(8,), random_state=0),
        InfoGANSampler(
            n_categories=3,
            max_iter=2,
            hidden_dims=(16,),
            learning_rate=0.01,
            random_state=0,
        ),
        GANImputer(random_state=0),
        GANOutlierDetector(random_state=0),
        GANOutlierDetector(
            method="reconstruction", max_iter=3, hidden_dims=(8,), random_state=0
        ),
        # A sampler of three updates teaches little: there shall be little of it.
        AugmentedClassifier(LogisticRegression(), TINY, n_synthetic=0.1),
        AugmentedRegressor(Ridge(), TINY, n_synthetic=0.1),
        # Folds are to be passed by as well, with what costs nothing to fit.
        AugmentedClassifier(
            LogisticRegression(),
            KernelDensity(bandwidth=0.5),
            n_synthetic="auto",
            cv=2,
            random_state=0,
        ),
        AugmentedRegressor(Ridge(), TINY, n_synthetic="auto", cv=2, random_state=0),
        GANOverSampler(sampler=TINY, random_state=0),
        VectorEncoder(),
        ImageEncoder(),
        ImageFeatures(n_features=4, max_iter=3, random_state=0),
        TableEncoder(),
    ]
)
def test_scikit_learn_checks(estimator, check):
    if isinstance(estimator, InfoGANSampler) and "clustering" in check.func.__name__:
        # Three groups are told apart after more updates than all else needs, and all
        # else has the same estimator.
        estimator = clone(estimator).set_params(max_iter=100)
    check(estimator)


@pytest.mark.parametrize(
    ("estimator", "check"),
    list(estimator_checks_generator(GANOverSampler(sampler=TINY, random_state=0))),
    ids=lambda value: getattr(getattr(value, "func", None), "__name__", "over"),
)
def test_imbalanced_learn_checks(estimator, check):
    check(estimator)


def test_a_pipeline_passes_what_scikit_learns_own_passes():
    """A pipeline fits the steps it was given, which two checks do not allow."""
    steps = [("scaler", StandardScaler()), ("sampler", KernelDensity())]
    checked, failed = {}, {}
    for kind in (Pipeline, SamplerPipeline):
        results = check_estimator(kind(steps), on_skip=None, on_fail=None)
        checked[kind] = [result["check_name"] for result in results]
        failed[kind] = {
            result["check_name"]: str(result["exception"])
            for result in results
            if result["status"] == "failed"
        }
    assert checked[SamplerPipeline] == checked[Pipeline]
    assert len(checked[Pipeline]) >= 40  # as many as scikit-learn 1.6 has
    assert failed[SamplerPipeline].keys() <= failed[Pipeline].keys()
    for reason in failed[SamplerPipeline].values():
        assert "steps" in reason
