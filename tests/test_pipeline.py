"""SamplerPipeline: rows go through transformers, and samples come back."""

import datetime
import pickle
from pathlib import Path

import numpy as np
import pandas as pd
import polars as pl
import pytest
from sklearn.base import BaseEstimator, clone
from sklearn.cluster import FeatureAgglomeration
from sklearn.compose import ColumnTransformer
from sklearn.decomposition import PCA, FastICA, KernelPCA
from sklearn.exceptions import NotFittedError
from sklearn.feature_selection import VarianceThreshold
from sklearn.impute import KNNImputer, SimpleImputer
from sklearn.linear_model import LogisticRegression
from sklearn.mixture import GaussianMixture
from sklearn.model_selection import GridSearchCV, cross_val_score
from sklearn.neighbors import KernelDensity
from sklearn.pipeline import Pipeline, make_pipeline
from sklearn.preprocessing import (
    FunctionTransformer,
    OneHotEncoder,
    OrdinalEncoder,
    PowerTransformer,
    QuantileTransformer,
    StandardScaler,
)
from sklearn.utils import resample

from skgan import (
    ConditionalGANSampler,
    GANSampler,
    RowSource,
    SamplerPipeline,
    make_sampler_pipeline,
)
from skgan.metrics import SCORERS

SMALL = {
    "generator": "mlp",
    "discriminator": "mlp",
    "hidden_dims": (8,),
    "latent_dim": 2,
    "batch_size": 32,
    "max_iter": 3,
    "random_state": 0,
}


class Repeater(BaseEstimator):
    """Draws the rows it was given, as they are."""

    def fit(self, X, y=None):
        self.X_ = X
        return self

    def sample(self, n_samples=1, *, random_state=0):
        if n_samples == 0:
            return self.X_[:0]
        return resample(self.X_, n_samples=n_samples, random_state=random_state)

    def score(self, X, y=None):
        return float(np.asarray(X).mean())


class NeverFitted(Repeater):
    def fit(self, X, y=None):
        raise AssertionError("time was spent on a pipeline that cannot sample")


@pytest.fixture
def X():
    return np.random.default_rng(0).lognormal(3, 0.5, size=(120, 4))


def rows_of(X, pipeline):
    """How far each row that the pipeline repeats is from some row of X."""
    drawn = pipeline.fit(X).sample(50)
    return np.abs(drawn[:, None] - X[None]).max(axis=2).min(axis=1)


@pytest.mark.parametrize(
    "steps",
    [
        [StandardScaler()],
        [PCA()],
        [FastICA(whiten="unit-variance", random_state=0)],
        [QuantileTransformer(n_quantiles=100, output_distribution="normal")],
        [PowerTransformer()],
        [FunctionTransformer(np.log, np.exp)],
        [FunctionTransformer(), StandardScaler(), PCA(whiten=True)],
        [make_pipeline(PowerTransformer(), PCA())],
        ["passthrough", StandardScaler(), None],
        [],
    ],
    ids=lambda steps: "-".join(type(step).__name__ for step in steps) or "nothing",
)
def test_rows_come_back_in_their_units(X, steps):
    named = [(str(place), step) for place, step in enumerate(steps)]
    pipeline = SamplerPipeline([*named, ("sampler", Repeater())])
    assert rows_of(X, pipeline).max() < 1e-6 * X.max()


def test_a_projection_comes_back_into_all_columns(X):
    pipeline = make_sampler_pipeline(PCA(2), GANSampler(**SMALL)).fit(X)
    drawn = pipeline.sample(30)
    assert drawn.shape == (30, 4)
    assert np.linalg.matrix_rank(drawn - pipeline[0].mean_, tol=1e-3) == 2


def test_names_of_steps_and_options(X, tmp_path):
    pipeline = make_sampler_pipeline(
        StandardScaler(), PCA(), Repeater(), memory=str(tmp_path)
    )
    assert list(pipeline.named_steps) == ["standardscaler", "pca", "repeater"]
    assert isinstance(pipeline, Pipeline)
    assert rows_of(X, pipeline).max() < 1e-6
    assert any(tmp_path.iterdir())


def test_seeds_and_pickles(X):
    pipeline = make_sampler_pipeline(StandardScaler(), GANSampler(**SMALL)).fit(X)
    drawn = pipeline.sample(20, random_state=7)
    np.testing.assert_array_equal(drawn, pipeline.sample(20, random_state=7))
    np.testing.assert_array_equal(drawn[:5], pipeline.sample(5, random_state=7))
    assert (drawn != pipeline.sample(20, random_state=8)).any()
    again = pickle.loads(pickle.dumps(pipeline))
    np.testing.assert_array_equal(drawn, again.sample(20, random_state=7))
    refitted = clone(pipeline).fit(X)
    np.testing.assert_array_equal(drawn, refitted.sample(20, random_state=7))


@pytest.mark.parametrize("dtype", [np.float32, np.int16, bool])
def test_arrays_keep_their_dtype(X, dtype):
    X = (X > 20 if dtype is bool else X).astype(dtype)
    pipeline = make_sampler_pipeline(StandardScaler(), GANSampler(**SMALL)).fit(X)
    assert pipeline.sample(10).dtype == dtype
    pipeline = make_sampler_pipeline(PCA(), Repeater())
    assert rows_of(X.astype(float), pipeline).max() < 1e-3
    if dtype is not np.float32:
        repeated = pipeline.fit(X).sample(40)
        assert {tuple(row) for row in repeated} <= {tuple(row) for row in X}


def frame_of(make, n=90):
    rng = np.random.default_rng(0)
    return make(
        {
            "size": rng.normal(50, 3, size=n),
            "count": rng.integers(0, 3, size=n).astype(np.uint8),
            "half": rng.normal(size=n).astype(np.float32),
            "member": rng.random(n) < 0.5,
        }
    )


@pytest.mark.parametrize("make", [pd.DataFrame, pl.DataFrame])
@pytest.mark.parametrize("output", ["default", "pandas"])
@pytest.mark.parametrize("sampler", [GANSampler(**SMALL), Repeater()])
def test_frames_come_back_as_frames(make, output, sampler):
    frame = frame_of(make)
    if make is pl.DataFrame and output == "pandas":
        output = "polars"
    if output != "default" and isinstance(sampler, Repeater):
        sampler = KernelDensity()
    steps = StandardScaler(), PCA(), QuantileTransformer(n_quantiles=50)
    pipeline = make_sampler_pipeline(*steps, sampler)
    pipeline[:-1].set_output(transform=output)
    drawn = pipeline.fit(frame).sample(25)
    assert type(drawn) is type(frame)
    assert list(drawn.columns) == list(frame.columns)
    assert list(drawn.dtypes) == list(frame.dtypes)
    assert len(drawn) == 25
    if isinstance(sampler, Repeater):
        assert set(drawn["count"]) <= set(frame["count"])
        assert abs(drawn["member"].mean() - frame["member"].mean()) < 0.3
    empty = make_sampler_pipeline(StandardScaler(), GANSampler(**SMALL))
    empty = empty.fit(frame).sample(0)
    assert len(empty) == 0
    assert list(empty.dtypes) == list(frame.dtypes)


@pytest.mark.parametrize("make", [pd.DataFrame, pl.DataFrame])
@pytest.mark.parametrize("encoder", [OneHotEncoder, OrdinalEncoder])
def test_categories_come_back_as_categories(make, encoder):
    rng = np.random.default_rng(0)
    frame = make({"city": rng.choice(["Rome", "Oslo"], 60), "kind": ["a", "b"] * 30})
    if make is pd.DataFrame:
        frame = frame.astype({"city": "category"})
    else:
        frame = frame.with_columns(pl.col("city").cast(pl.Categorical))
    options = {"sparse_output": False} if encoder is OneHotEncoder else {}
    pipeline = make_sampler_pipeline(encoder(**options), Repeater()).fit(frame)
    drawn = pipeline.sample(30, random_state=0)
    assert list(drawn.dtypes) == list(frame.dtypes)
    assert set(drawn["city"]) == {"Rome", "Oslo"}
    assert set(drawn["kind"]) == {"a", "b"}


def test_missing_values_come_back():
    frame = pd.DataFrame(
        {"x": pd.array([1, 2, None, 4] * 10, dtype="Int64"), "y": [0.5, None] * 20}
    )
    imputer = SimpleImputer(add_indicator=True)
    pipeline = make_sampler_pipeline(imputer, Repeater()).fit(frame.astype(float))
    assert 0.2 < pipeline.sample(200, random_state=0)["y"].isna().mean() < 0.8
    pipeline = make_sampler_pipeline(
        FunctionTransformer(
            lambda f: f.to_numpy(float, na_value=np.nan),
            np.asarray,
            check_inverse=False,
        ),
        Repeater(),
    ).fit(frame)
    drawn = pipeline.sample(200, random_state=0)
    assert list(drawn.dtypes) == list(frame.dtypes)
    assert 0 < drawn["x"].isna().mean() < 1


def test_functions_get_frames_back():
    days = pd.date_range("2020-01-01", periods=40)
    frame = pd.DataFrame({"day": days, "x": np.arange(40.0)})
    start = datetime.datetime(2020, 1, 1)
    steps = FunctionTransformer(
        lambda f: f.assign(day=(f["day"] - start).dt.days),
        lambda f: f.assign(day=start + pd.to_timedelta(f["day"].round(), "D")),
        check_inverse=False,
    )
    pipeline = make_sampler_pipeline(steps, StandardScaler(), Repeater()).fit(frame)
    drawn = pipeline.sample(30)
    assert list(drawn.dtypes) == list(frame.dtypes)
    assert set(drawn["day"]) <= set(days)


@pytest.mark.parametrize(
    ("step", "message"),
    [
        (KNNImputer(), r"Step 'first' \(KNNImputer\) has no inverse_transform"),
        (FunctionTransformer(np.log), r"\(FunctionTransformer\) has no inverse_func"),
        (SimpleImputer(), "add_indicator=True"),
        (VarianceThreshold(), "drops columns"),
        (KernelPCA(), "fit_inverse_transform=True"),
        (ColumnTransformer([("a", StandardScaler(), [0])]), "encoder=TableEncoder"),
        (make_pipeline(StandardScaler(), KNNImputer()), "holds 'knnimputer'"),
        (GANSampler(), r"\(GANSampler\) has no inverse_transform"),
    ],
    ids=lambda value: type(value).__name__ if isinstance(value, BaseEstimator) else "",
)
def test_what_cannot_be_inverted_is_told_before_time_is_spent(X, step, message):
    pipeline = SamplerPipeline(
        [("scaler", NeverFitted()), ("first", step), ("sampler", NeverFitted())]
    )
    pipeline.set_params(scaler="passthrough")
    with pytest.raises(TypeError, match=message):
        pipeline.fit(X)


@pytest.mark.parametrize("rows", ["rows.csv", Path("rows.csv"), RowSource("rows.csv")])
def test_rows_that_are_named_are_refused_before_time_is_spent(rows):
    pipeline = make_sampler_pipeline(GANSampler())
    with pytest.raises(TypeError, match=r"X is a .*, which names rows, and steps"):
        pipeline.fit(rows)


def test_the_last_step_must_sample(X):
    with pytest.raises(TypeError, match=r"Step 'pca' \(PCA\) comes last and has no"):
        make_sampler_pipeline(StandardScaler(), PCA()).fit(X)
    with pytest.raises(TypeError, match=r"'sampler' \(passthrough\) comes last"):
        SamplerPipeline([("a", PCA()), ("sampler", "passthrough")]).fit(X)
    assert not hasattr(make_sampler_pipeline(PCA()), "sample")
    with pytest.raises(AttributeError, match="has no method sample"):
        make_sampler_pipeline(PCA()).sample(3)


def test_before_fit():
    pipeline = make_sampler_pipeline(StandardScaler(), GANSampler(**SMALL))
    with pytest.raises(NotFittedError):
        pipeline.sample(3)


def test_mixtures_return_rows_and_components(X):
    mixture = GaussianMixture(2, random_state=0)
    rows, component = (
        make_sampler_pipeline(PowerTransformer(), mixture).fit(X).sample(9)
    )
    assert rows.shape == (9, 4)
    assert component.shape == (9,)
    assert rows.min() > 0
    with pytest.raises(TypeError, match="random_state"):
        make_sampler_pipeline(PCA(), mixture).fit(X).sample(9, random_state=0)


def test_conditional_samplers_return_rows_and_labels(X):
    y = np.array(["low", "high"])[(X[:, 0] > 20).astype(int)]
    scale = FeatureAgglomeration(4)
    pipeline = make_sampler_pipeline(scale, ConditionalGANSampler(**SMALL)).fit(X, y)
    rows, labels = pipeline.sample(6, random_state=0)
    assert rows.shape == (6, 4)
    assert set(labels) <= {"low", "high"}
    asked = ["high", "low", "high"]
    rows, labels = pipeline.sample(y=asked, random_state=0)
    assert rows.shape == (3, 4)
    assert labels.tolist() == asked
    assert np.isfinite(pipeline.score(X, y))
    assert pipeline.classes_.tolist() == ["high", "low"]


def test_score_and_transform_see_transformed_rows(X):
    pipeline = make_sampler_pipeline(StandardScaler(), Repeater()).fit(X)
    assert pipeline.score(X) == pytest.approx(0)
    pipeline = make_sampler_pipeline(StandardScaler(), GANSampler(**SMALL))
    features = pipeline.fit_transform(X)
    assert features.shape == (120, 8)
    assert np.isfinite(pipeline.score(X))
    assert pipeline.sample(2).shape == (2, 4)


def test_slices_are_pipelines(X):
    pipeline = make_sampler_pipeline(StandardScaler(), PCA(), Repeater()).fit(X)
    back = pipeline[:-1].inverse_transform(pipeline[:-1].transform(X))
    np.testing.assert_allclose(back, X)


def test_slices_of_what_is_fitted_sample():
    frame = pd.DataFrame(np.arange(24.0).reshape(12, 2), columns=["a", "b"])
    steps = [
        ("scaler", StandardScaler()),
        ("nothing", "passthrough"),
        ("none", None),
        ("sampler", Repeater()),
    ]
    pipeline = SamplerPipeline(steps).fit(frame)
    rows = pipeline.sample(3)
    for start in (1, 2, 3):
        part = pipeline[start:]
        back = pipeline["scaler"].inverse_transform(part.sample(3))
        np.testing.assert_allclose(back, rows)
        assert part.sample(0).shape == (0, 2)
    pd.testing.assert_frame_equal(pipeline[:].sample(3), rows)


def test_without_steps(X):
    pipeline = SamplerPipeline([])
    assert not hasattr(pipeline, "sample")
    with pytest.raises(ValueError, match="pipeline is empty"):
        pipeline.fit(X)


class OneWay(StandardScaler):
    def inverse_transform(self, X):
        raise ValueError("beyond recall")


def test_errors_on_the_way_back_name_the_step(X):
    pipeline = make_sampler_pipeline(StandardScaler(), OneWay(), Repeater()).fit(X)
    with pytest.raises(ValueError, match="beyond recall") as info:
        pipeline.sample(2)
    assert any("Step 'oneway' (OneWay)" in note for note in info.value.__notes__)


def test_search_through_a_pipeline(X):
    pipeline = SamplerPipeline(
        [("scaler", StandardScaler()), ("sampler", GANSampler(**SMALL))]
    )
    search = GridSearchCV(
        pipeline,
        {
            "scaler": ["passthrough", PowerTransformer()],
            "sampler__latent_dim": [2, 3],
        },
        scoring=SCORERS["energy_distance"],
        cv=2,
        error_score="raise",
    ).fit(X)
    assert np.isfinite(search.cv_results_["mean_test_score"]).all()
    assert search.best_estimator_.sample(5).shape == (5, 4)
    assert len(set(search.cv_results_["mean_test_score"])) > 1
    scores = cross_val_score(pipeline, X, cv=2, error_score="raise")
    assert np.isfinite(scores).all()


def test_a_pipeline_of_a_classifier_stays_scikit_learns(X):
    labels = X[:, 0] > 20
    pipeline = make_pipeline(StandardScaler(), LogisticRegression()).fit(X, labels)
    assert not hasattr(pipeline, "sample")
