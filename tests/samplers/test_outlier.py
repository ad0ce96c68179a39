"""GANOutlierDetector: what it finds, and that it behaves as scikit-learn's do."""

import pickle
import re

import numpy as np
import pandas as pd
import polars as pl
import pytest
import torch
from sklearn.base import clone
from sklearn.datasets import load_digits
from sklearn.exceptions import NotFittedError
from sklearn.metrics import roc_auc_score
from sklearn.model_selection import GridSearchCV
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import OneHotEncoder

from skgan import GANOutlierDetector, GANSampler, load, save
from skgan.samplers._outlier import compare_images

SMALL = {
    "method": "reconstruction",
    "hidden_dims": (16,),
    "batch_size": 32,
    "max_iter": 30,
    "random_state": 0,
}


def make_rows(n=200):
    return np.random.default_rng(0).normal([10, 50, -3], [1, 5, 0.1], size=(n, 3))


@pytest.fixture(scope="module")
def vectors():
    return GANOutlierDetector(**{**SMALL, "max_iter": 200}).fit(make_rows())


@pytest.fixture(scope="module")
def digits():
    bunch = load_digits()
    images = (bunch.images * 15).astype(np.uint8)
    return images[bunch.target == 0], images[bunch.target != 0]


@pytest.fixture(scope="module")
def images(digits):
    return GANOutlierDetector(
        max_iter=150, hidden_dims=(32,), batch_size=64, random_state=0
    ).fit(digits[0][:120])


# -- what it finds


def test_other_digits_are_outliers(images, digits):
    zeros, others = digits
    inliers, outliers = zeros[120:], others[::20]
    scores = images.score_samples(np.concatenate([inliers, outliers]))
    is_inlier = np.arange(len(scores)) < len(inliers)
    assert roc_auc_score(is_inlier, scores) > 0.97
    assert (images.predict(outliers) == -1).mean() > 0.8
    assert (images.predict(inliers) == 1).mean() > 0.6


def test_far_rows_are_outliers(vectors):
    inliers = make_rows(400)[200:]
    directions = np.random.default_rng(1).normal(size=(100, 3))
    directions /= np.linalg.norm(directions, axis=1, keepdims=True)
    outliers = [10, 50, -3] + 8 * directions * [1, 5, 0.1]
    scores = vectors.score_samples(np.vstack([inliers, outliers]))
    assert roc_auc_score(np.arange(300) < 200, scores) > 0.9
    assert (vectors.predict(inliers) == 1).mean() > 0.8


def test_a_reconstruction_is_of_the_training_rows(images, digits):
    """What is made in place of another digit is more like a zero than it is."""
    zeros, others = digits
    X = others[:20]
    made = images.reconstruct(X)
    assert made.shape == X.shape and made.dtype == np.uint8
    mean = zeros.mean(axis=0)
    gap = ((X - mean) ** 2).mean(axis=(1, 2))
    gap_made = ((made - mean) ** 2).mean(axis=(1, 2))
    assert (gap_made < gap).mean() > 0.9


# -- scores, thresholds


@pytest.mark.parametrize("weight", [0.0, 1.0, 3.0])
def test_training_rows_have_a_mean_score_of_minus_the_weights(weight):
    X = make_rows()
    params = {"feature_weight": weight, "contamination": 0.1, **SMALL}
    detector = GANOutlierDetector(**params).fit(X)
    assert detector.score_samples(X).mean() == pytest.approx(-1 - weight)


def test_score_is_minus_the_weighted_errors(vectors):
    X = make_rows(20)
    sampler = vectors.sampler_
    found = sampler._invert(X, None, 0)
    errors = found.residuals.numpy(), found.feature_errors.numpy()
    wanted = -(errors[0] / vectors._units[0] + errors[1] / vectors._units[1])
    np.testing.assert_allclose(vectors.score_samples(X), wanted)


def test_errors_of_images_are_relative(images, digits):
    X = digits[1][:9]
    found = images.sampler_._invert(X, None, 0)
    rows = images.sampler_._encode_rows(X)
    sizes = found.feature_errors / found.feature_sizes
    errors = compare_images(rows, found.rows).numpy(), sizes.numpy()
    wanted = -(errors[0] / images._units[0] + errors[1] / images._units[1])
    np.testing.assert_allclose(images.score_samples(X), wanted)


def test_images_are_compared_with_what_lies_near():
    x = torch.zeros(3, 1, 28, 30)
    x[:, :, 5:20, 10:13] = 1
    other = x.clone()
    other[0] = x[0].roll((1, -1), dims=(1, 2))
    other[1, :, :, 12] = 0  # a thinner stroke
    other[2] = x[2].roll(9, dims=2)
    errors = compare_images(x, other)
    assert errors[0] == 0 and errors[1] == 0
    contrast = 2 * ((x[2] - x[2].mean()) ** 2).sum()
    # Both strokes are off, and paper where the other has ink all around: 15 x 3 and
    # 13 x 1 pixels.
    assert errors[2] == pytest.approx(float(2 * (45 + 13) / contrast))
    assert (compare_images(other, x) == errors).all()
    # It does not depend on the units.
    torch.testing.assert_close(compare_images(3 * x + 1, 3 * other + 1), errors)


def test_small_images_are_compared_pixel_by_pixel():
    x, other = torch.rand(2, 5, 3, 8, 8).double()
    gaps = 2 * (x - other).square().sum((1, 2, 3))
    centred = [image - image.mean((2, 3), keepdim=True) for image in (x, other)]
    contrasts = sum(image.square().sum((1, 2, 3)) for image in centred)
    torch.testing.assert_close(compare_images(x, other), gaps / contrasts)


def test_empty_images_do_not_divide_by_zero():
    empty = torch.zeros(1, 1, 28, 28)
    assert compare_images(empty, empty) == 0
    assert compare_images(empty, empty + 1).isfinite()


@pytest.mark.parametrize("contamination", [0.02, 0.1, 0.5])
def test_contamination_is_the_share_of_outliers(contamination):
    X = make_rows()
    detector = GANOutlierDetector(contamination=contamination, **SMALL)
    found = detector.fit_predict(X)
    assert (found == -1).mean() == pytest.approx(contamination, abs=1e-9)
    decisions = detector.decision_function(X)
    assert (np.where(decisions < 0, -1, 1) == found).all()
    scores = detector.score_samples(X)
    np.testing.assert_allclose(decisions, scores - detector.offset_)


def test_automatically_the_line_is_drawn_among_rows_held_out():
    rng = np.random.default_rng(0)
    X, new = rng.normal(size=(2, 60, 30))
    detector = GANOutlierDetector(**{**SMALL, "max_iter": 300}).fit(X)
    errors_of_new = -detector.score_samples(new).mean()
    # So few rows of so many columns are learnt by heart.
    assert errors_of_new > 1.2 * -detector.score_samples(X).mean()
    assert (detector.predict(new) == 1).mean() > 0.6
    told = GANOutlierDetector(contamination=0.05, **{**SMALL, "max_iter": 300}).fit(X)
    assert (told.predict(new) == 1).mean() < (detector.predict(new) == 1).mean()


@pytest.mark.parametrize("n", [2, 19])
def test_of_few_rows_none_is_held_out(n):
    X = make_rows(n)
    detector = GANOutlierDetector(**SMALL).fit(X)
    assert detector.score_samples(X).mean() == pytest.approx(-2)
    assert detector.predict(X).sum() == n - 2


@pytest.mark.parametrize(
    ("params", "error", "message"),
    [
        ({"contamination": 0}, ValueError, "contamination must be in (0, 0.5]"),
        ({"contamination": 0.6}, ValueError, "contamination must be in (0, 0.5]"),
        ({"contamination": "some"}, TypeError, "contamination must be 'auto'"),
        ({"contamination": True}, TypeError, "contamination must be 'auto'"),
        ({"feature_weight": -1}, ValueError, "feature_weight must be"),
        ({"max_iter": 0}, ValueError, "max_iter must be at least 1"),
    ],
)
def test_what_is_wrong_is_named(params, error, message):
    detector = GANOutlierDetector(**{**SMALL, **params})
    with pytest.raises(error, match=re.escape(message)):
        detector.fit(make_rows(20))


# -- tables


def make_table(n=60):
    rng = np.random.default_rng(0)
    return pd.DataFrame({"size": rng.normal(size=n), "kind": rng.choice(["a", "b"], n)})


def test_categories_are_not_reconstructed():
    detector = GANOutlierDetector(**SMALL)
    with pytest.raises(TypeError, match="OneHotEncoder"):
        detector.fit(make_table())
    assert not hasattr(detector, "sampler_")


def test_encoded_categories_are_taken():
    encoder = OneHotEncoder(sparse_output=False)
    pipeline = make_pipeline(encoder, GANOutlierDetector(**SMALL))
    X = make_table()[["kind"]]
    assert pipeline.fit(X).predict(X).shape == (60,)


@pytest.mark.parametrize("library", [pd, pl])
def test_frames_of_numbers(library):
    X = library.DataFrame(dict(zip("abc", make_rows().T, strict=True)))
    detector = GANOutlierDetector(**SMALL).fit(X)
    assert detector.feature_names_in_.tolist() == ["a", "b", "c"]
    plain = GANOutlierDetector(**SMALL).fit(make_rows())
    wanted = plain.score_samples(make_rows())
    np.testing.assert_allclose(detector.score_samples(X), wanted)
    made = detector.reconstruct(X[:3])
    assert isinstance(made, library.DataFrame) and made.shape == (3, 3)


# -- manners


def test_seed_fixes_the_fit_and_no_global_stream_moves():
    np.random.seed(3)
    torch.manual_seed(3)
    before = np.random.get_state()[1].copy(), torch.get_rng_state()
    X = make_rows()
    scores = [
        GANOutlierDetector(**{**SMALL, "random_state": seed}).fit(X).score_samples(X)
        for seed in (0, 0, 1)
    ]
    assert (scores[0] == scores[1]).all() and (scores[0] != scores[2]).any()
    assert (np.random.get_state()[1] == before[0]).all()
    assert torch.equal(torch.get_rng_state(), before[1])


@pytest.mark.parametrize("name", ["vectors", "images"])
def test_copies_and_files_score_the_same(name, request, tmp_path, digits):
    detector = request.getfixturevalue(name)
    X = make_rows(10) if name == "vectors" else digits[1][:10]
    scores = detector.score_samples(X)
    save(detector, tmp_path / "detector.skgan")
    for twin in (
        pickle.loads(pickle.dumps(detector)),
        load(tmp_path / "detector.skgan"),
    ):
        assert (twin.score_samples(X) == scores).all()
        assert (twin.predict(X) == detector.predict(X)).all()
        assert (twin.reconstruct(X) == detector.reconstruct(X)).all()


def test_a_clone_is_not_fitted(vectors):
    with pytest.raises(NotFittedError):
        clone(vectors).score_samples(make_rows())


@pytest.mark.parametrize("method", ["predict", "decision_function", "reconstruct"])
def test_before_fit(method):
    with pytest.raises(NotFittedError):
        getattr(GANOutlierDetector(), method)(make_rows())


def test_rows_of_another_width_are_refused_in_its_own_name(vectors):
    for method in (vectors.score_samples, vectors.reconstruct):
        with pytest.raises(ValueError, match="GANOutlierDetector is expecting 3"):
            method(make_rows()[:, :2])


def test_what_is_set_reaches_the_sampler():
    params = {"latent_dim": 2, "generator": "mlp", "learning_rate": 3e-4}
    detector = GANOutlierDetector(**SMALL, **params).fit(make_rows())
    found = detector.sampler_.get_params()
    small = {name: value for name, value in SMALL.items() if name != "method"}
    assert found.items() >= {**small, **params}.items()
    shared = set(GANSampler().get_params()) & set(detector.get_params())
    assert {"loss", "penalty", "encoder", "net_params", "device"} <= shared


def test_it_can_be_searched():
    X = make_rows(120)
    X[60:, 0] += 30
    y = np.repeat([1, -1], 60)
    search = GridSearchCV(
        GANOutlierDetector(**{**SMALL, "max_iter": 5}),
        {"contamination": [0.1, 0.5]},
        scoring="accuracy",
        cv=2,
    ).fit(X, y)
    assert np.isfinite(search.cv_results_["mean_test_score"]).all()


def test_constant_and_exactly_made_rows_do_not_divide_by_zero():
    X = np.ones((30, 2))
    scores = GANOutlierDetector(**SMALL).fit(X).score_samples(X)
    assert np.isfinite(scores).all()


# -- by likelihood


def make_people(n=600, seed=0):
    """A table whose columns depend on each other, with dates and missing values."""
    rng = np.random.default_rng(seed)
    is_b = rng.random(n) < 0.4
    age = rng.integers(20, 70, n)
    income = 1000.0 * age + 20_000 * is_b + rng.normal(0, 2000, n)
    income[rng.random(n) < 0.1] = np.nan
    days = pd.to_timedelta(365 * age + rng.integers(0, 300, n), "D")
    return pd.DataFrame(
        {
            "group": np.where(is_b, "b", "a"),
            "age": age,
            "income": income,
            "born": pd.Timestamp("2024-01-01") - days,
            "country": "DE",
            "noise": rng.normal(size=n),
        }
    )


@pytest.fixture(scope="module")
def people():
    return GANOutlierDetector(random_state=0).fit(make_people())


ODD_CELLS = {
    "group": "unseen",
    "age": 300,
    "income": 1e7,
    "born": pd.Timestamp("1700-01-01"),
    "country": "FR",
    "noise": 40.0,
}


@pytest.mark.parametrize("library", ["pandas", "polars"])
@pytest.mark.parametrize("column", list(ODD_CELLS))
def test_an_odd_cell_is_found_and_named(people, column, library):
    rows = make_people(20, seed=1)
    rows.loc[7, column] = ODD_CELLS[column]
    detector = people
    if library == "polars":
        rows = pl.from_pandas(rows)
        detector = GANOutlierDetector(random_state=0).fit(pl.from_pandas(make_people()))
    assert detector.method_ == "likelihood"
    assert detector.score_samples(rows).argmin() == 7
    assert detector.predict(rows)[7] == -1
    names = detector.feature_names_in_
    assert names[detector.explain(rows)[7].argmax()] == column


def test_an_odd_combination_of_usual_values_is_found(people):
    rows = make_people(200, seed=1)
    odd = make_people(200, seed=2)
    # Neither the income nor the age is rare.
    odd["income"] = odd["income"].sample(frac=1, random_state=0).to_numpy()
    is_far = (odd["income"] - 1000 * odd["age"] - 10_000).abs() > 20_000
    scores = people.score_samples(pd.concat([rows, odd[is_far]]))
    is_inlier = np.arange(len(scores)) < 200
    assert roc_auc_score(is_inlier, scores) > 0.93


def test_what_columns_add_sums_to_the_score(people):
    rows = make_people(50, seed=1)
    shares = people.explain(rows)
    assert shares.shape == (50, 6)
    np.testing.assert_allclose(-shares.sum(axis=1), people.score_samples(rows))
    constant = shares[:, list(rows.columns).index("country")]
    assert np.abs(constant).max() < 0.05 < np.abs(shares).max()


def make_mixture(n, seed):
    """Two correlated groups, a skewed column and a discrete one."""
    rng = np.random.default_rng(seed)
    X = rng.normal(size=(n, 5)) + 3 * (rng.random((n, 1)) < 0.3)
    X[:, 1] += 2 * X[:, 0]
    X[:, 2] = np.exp(X[:, 2] / 2)
    X[:, 3] = np.round(X[:, 3])
    return X


@pytest.mark.parametrize("n", [60, 300, 1600])
def test_false_alarms_are_as_promised(n):
    """On new rows, on average over fits, one in twenty."""
    shares = [
        (detector.predict(make_mixture(2000, 100 + seed)) == -1).mean()
        for seed in range(3)
        for detector in [
            GANOutlierDetector(random_state=seed).fit(make_mixture(n, seed))
        ]
    ]
    # Three lines that were each drawn among n rows, and 2000 new ones.
    width = 2.6 * np.sqrt(0.05 * 0.95 * (1 / n + 1 / 2000) / 3)
    assert abs(np.mean(shares) - 0.05) < width


def test_false_alarms_where_few_values_are_repeated():
    """Whether a value is repeated, and has a probability, all rows decide."""

    def make_levels(n, seed):
        return np.random.default_rng(seed).integers(0, 12, (n, 8)).astype(float)

    shares = [
        (detector.predict(make_levels(1000, 100 + seed)) == -1).mean()
        for seed in range(2)
        for detector in [
            GANOutlierDetector(random_state=seed).fit(make_levels(60, seed))
        ]
    ]
    width = 2.6 * np.sqrt(0.05 * 0.95 * (1 / 60 + 1 / 1000) / 2)
    assert abs(np.mean(shares) - 0.05) < width


@pytest.mark.parametrize("share", [0.0, 0.01, 0.05])
def test_outliers_among_the_training_rows(share):
    rng = np.random.default_rng(0)

    def make_odd(n):
        odd = make_mixture(n, 7)
        odd[:, 1] = rng.permutation(odd[:, 1]) + rng.choice([-14, 14], n)
        return odd

    X = make_mixture(600, 0)
    n_odd = round(share * 600)
    X[:n_odd] = make_odd(600)[:n_odd]
    detector = GANOutlierDetector(random_state=0).fit(X)
    test = np.vstack([make_mixture(500, 1), make_odd(200)])
    scores = detector.score_samples(test)
    # As many as one in twenty, of the same kind, cost a little.
    wanted = 0.9 if share > 0.02 else 0.95
    assert roc_auc_score(np.arange(700) < 500, scores) > wanted


@pytest.mark.parametrize("contamination", [0.02, 0.1, 0.5])
def test_contamination_of_columns_is_the_share_of_outliers(contamination):
    X = make_mixture(200, 0)
    detector = GANOutlierDetector(contamination=contamination, random_state=0)
    found = detector.fit_predict(X)
    assert (found == -1).mean() == pytest.approx(contamination, abs=1e-9)
    decisions = detector.decision_function(X)
    np.testing.assert_allclose(decisions, detector.score_samples(X) - detector.offset_)
    assert (np.where(decisions < 0, -1, 1) == found).all()


def test_few_and_equal_rows():
    for X in (make_mixture(2, 0), make_mixture(19, 0), np.ones((30, 2))):
        detector = GANOutlierDetector(random_state=0).fit(X)
        assert np.isfinite(detector.score_samples(X)).all()
        assert (detector.predict(X) == 1).mean() > 0.4
    assert detector.predict([[1.0, 1.0], [1.0, 2.0]]).tolist() == [1, -1]
    with pytest.raises(ValueError, match=r"minimum of 2|2 samples"):
        GANOutlierDetector().fit(np.ones((1, 2)))


def test_scores_do_not_depend_on_units_or_on_order():
    X = make_mixture(300, 0)
    detector = GANOutlierDetector(random_state=0).fit(X)
    scaled = GANOutlierDetector(random_state=0).fit(X * 1e6)
    new = make_mixture(100, 1)
    scores = detector.score_samples(new)
    np.testing.assert_allclose(scaled.score_samples(new * 1e6), scores, atol=1e-6)
    np.testing.assert_allclose(detector.score_samples(new[::-1]), scores[::-1])


def test_a_network_is_trained_only_where_one_is_asked_for(digits):
    X = make_rows(30)
    by_default = GANOutlierDetector(max_iter=3, random_state=0).fit(X)
    assert by_default.method_ == "likelihood" and not hasattr(by_default, "sampler_")
    with pytest.raises(ValueError, match="method='reconstruction'"):
        by_default.reconstruct(X)
    small = {"max_iter": 3, "hidden_dims": (8,), "random_state": 0}
    for params in ({"method": "reconstruction"}, {"latent_dim": 2}):
        asked = GANOutlierDetector(**params, **small).fit(X)
        assert asked.method_ == "reconstruction" and asked.n_iter_ == 3
        assert asked.sampler_.prior_ is None
    again = asked.set_params(latent_dim="auto").fit(X)
    assert again.method_ == "likelihood" and not hasattr(again, "sampler_")
    assert GANOutlierDetector(**small).fit(digits[0][:30]).method_ == "reconstruction"


def test_pixels_sum_to_their_part_of_the_score(images, digits):
    X = digits[1][:9]
    shares = images.explain(X)
    assert shares.shape == (9, 64) and (shares >= 0).all()
    found = images.sampler_._invert(X, None, 0)
    rows = images.sampler_._encode_rows(X)
    errors = compare_images(rows, found.rows).numpy() / images._units[0]
    np.testing.assert_allclose(shares.sum(axis=1), errors, rtol=1e-5)


@pytest.mark.parametrize("side", [-1, 1])
def test_rows_are_the_odder_the_farther_they_lie_on_either_side(side):
    X = make_rows(100)
    detector = GANOutlierDetector(random_state=0).fit(X)
    # Along the first column, from the last value seen outwards.
    end = X[:, 0].min() if side < 0 else X[:, 0].max()
    far = np.tile(np.median(X, axis=0), (6, 1))
    far[:, 0] = end + side * np.array([0, 1, 2, 4, 8, 16])
    assert (np.diff(detector.score_samples(far)) < 0).all()
    assert detector.explain(far)[-1].argmax() == 0


def test_reconstructed_vectors_are_not_explained(vectors):
    with pytest.raises(ValueError, match="method='likelihood'"):
        vectors.explain(make_rows(3))


@pytest.mark.parametrize("method", ["density", None])
def test_a_method_that_is_none(method):
    with pytest.raises(ValueError, match="method must be one of"):
        GANOutlierDetector(method=method).fit(make_rows(20))


def test_images_have_no_columns(digits):
    with pytest.raises(ValueError, match="ImageEncoder has none"):
        GANOutlierDetector(method="likelihood").fit(digits[0])


def test_files_and_pickles_of_tables(people, tmp_path):
    rows = make_people(40, seed=1)
    save(people, tmp_path / "people.skgan")
    for twin in (
        pickle.loads(pickle.dumps(people)),
        load(tmp_path / "people.skgan"),
    ):
        assert (twin.score_samples(rows) == people.score_samples(rows)).all()
        assert (twin.explain(rows) == people.explain(rows)).all()
        assert (twin.predict(rows) == people.predict(rows)).all()


def test_the_middle_of_a_ring_is_odd():
    rng = np.random.default_rng(0)
    angle = rng.uniform(0, 2 * np.pi, 400)
    ring = 5 * np.column_stack([np.cos(angle), np.sin(angle)])
    detector = GANOutlierDetector(random_state=0).fit(
        ring + 0.3 * rng.normal(size=ring.shape)
    )
    assert (detector.predict(rng.normal(size=(50, 2))) == -1).mean() > 0.9
