"""ConditionalGANSampler: rows by class, by number, by several labels."""

import ast
import inspect
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
from sklearn.linear_model import LogisticRegression
from sklearn.model_selection import GridSearchCV, cross_val_score
from sklearn.preprocessing import StandardScaler

from skgan import ConditionalGANSampler, GANSampler
from skgan.encoding import TableEncoder
from skgan.modules import GENERATORS
from skgan.samplers._conditions import balanced_indices

SMALL = {"hidden_dims": (16,), "batch_size": 32, "max_iter": 5, "random_state": 0}
N = 120
LABELS = np.array(["ash", "elm", "oak"])[np.arange(N) % 3]


def make_rows(codes=None):
    """Rows whose first column is about ten times the code."""
    codes = np.arange(N) % 3 if codes is None else codes
    rng = np.random.default_rng(0)
    return rng.normal(size=(len(codes), 3)) + 10 * np.c_[codes, codes * 0, -codes]


def make_sampler(**params):
    return ConditionalGANSampler(**{**SMALL, **params})


def same(a, b):
    return a.equals(b) if hasattr(a, "equals") else np.array_equal(a, b)


@pytest.fixture(scope="module")
def fitted():
    return make_sampler().fit(make_rows(), LABELS)


@pytest.fixture(scope="module")
def fitted_numbers():
    y = np.random.default_rng(1).uniform(0, 2, N)
    return make_sampler().fit(make_rows(y), y)


@pytest.fixture(scope="module")
def fitted_several():
    rng = np.random.default_rng(2)
    y = pd.DataFrame(
        {
            "tree": pd.Categorical(LABELS, categories=["oak", "elm", "ash", "fir"]),
            "height": rng.uniform(1, 2, N).astype(np.float32),
            "is_old": rng.random(N) < 0.5,
        }
    )
    y.loc[y.tree == "oak", "is_old"] = True
    return make_sampler().fit(make_rows(), y), y


def make_table():
    codes = np.arange(N) % 3
    rng = np.random.default_rng(0)
    return pd.DataFrame(
        {
            "size": rng.normal(size=N) + 10 * codes,
            "kind": np.where(codes == 0, "soft", rng.choice(["soft", "hard"], N)),
            "name": LABELS,
            "rings": rng.integers(0, 90, N),
        }
    )


@pytest.fixture(scope="module")
def fitted_table():
    return make_sampler().fit(make_table(), pd.Series(LABELS, name="tree"))


# -- the parameters


def test_it_has_the_parameters_of_the_other_sampler_and_two_more():
    ours, theirs = ConditionalGANSampler().get_params(), GANSampler().get_params()
    assert theirs.items() <= ours.items()
    assert ours.keys() - theirs.keys() == {"y_kind", "condition_sampling"}


def test_the_docstring_has_every_parameter_and_its_default():
    text = inspect.getdoc(ConditionalGANSampler)
    text = text[text.index("Parameters\n") : text.index("Attributes\n")]
    found = re.findall(r"^(\w+) : .*, default=(.*)$", text, flags=re.MULTILINE)
    defaults = ConditionalGANSampler().get_params()
    assert {name: ast.literal_eval(value) for name, value in found} == defaults


@pytest.mark.parametrize("value", ["class", None, 3, ["classes"]])
@pytest.mark.parametrize("name", ["y_kind", "condition_sampling"])
def test_values_that_are_not_known(name, value):
    with pytest.raises(ValueError, match=f"{name} must be one of"):
        make_sampler(**{name: value}).fit(make_rows(), LABELS)


# -- what comes back


@pytest.mark.parametrize(
    ("n", "d", "name"),
    [
        (90, 3, "calibrated_conditional_transport"),
        (600, 1, "conditional_transport"),
    ],
)
def test_the_automatic_generator_starts_from_the_labels(n, d, name):
    X = np.random.default_rng(0).normal(size=(n, d))
    sampler = make_sampler(prior="normal", max_iter=1).fit(X, np.arange(n) % 2)
    assert type(sampler.net_.generator_) is GENERATORS[name]


def test_labels_and_levels_beside_them_are_conditions_of_normal_latents():
    sampler = make_sampler(prior="normal", max_iter=1)
    table = make_table().drop(columns="name")
    encoder = sampler.fit(table, pd.Series(LABELS, name="tree")).encoder_
    assert len(encoder.condition_columns_) == 2
    assert encoder.condition_columns_[1] == "kind"


def test_rows_and_labels_come_as_they_were(fitted):
    X, y = fitted.sample(7)
    assert X.shape == (7, 3) and X.dtype == np.float64
    assert y.shape == (7,) and y.dtype == LABELS.dtype
    assert fitted.classes_.tolist() == ["ash", "elm", "oak"]


def test_one_row_is_the_default(fitted):
    X, y = fitted.sample()
    assert X.shape == (1, 3) and y.shape == (1,)


@pytest.mark.parametrize("n", [0, 3])
def test_a_label_for_all_rows(fitted, n):
    X, y = fitted.sample(n, y="oak")
    assert X.shape == (n, 3) and y.tolist() == ["oak"] * n


def test_a_label_for_each_row_in_their_order(fitted):
    asked = ["oak", "ash", "ash", "elm"] * 5
    X, y = fitted.sample(y=asked, random_state=0)
    assert y.tolist() == asked
    assert np.array_equal(np.rint(X[:, 0] / 10), [2, 0, 0, 1] * 5)
    assert same(X, fitted.sample(20, y=asked, random_state=0)[0])
    assert fitted.sample(y=[])[0].shape == (0, 3)


def test_labels_are_drawn_as_often_as_they_were_seen():
    y = np.array(["rare"] * 6 + ["common"] * 54)
    _, drawn = make_sampler().fit(make_rows()[:60], y).sample(4000, random_state=0)
    assert abs((drawn == "rare").mean() - 0.1) < 0.02


@pytest.mark.parametrize(
    "y",
    [
        np.arange(N) % 3,
        (np.arange(N) % 3).astype(np.int8),
        np.arange(N) % 2 == 0,
        LABELS.astype(object),
        (np.arange(N) % 3).astype(np.float32),
        LABELS[:, None],
        pd.Series(LABELS, name="tree"),
        pd.Series(LABELS, name=("a", 1), dtype="category"),
        pd.Series(np.arange(N) % 3, dtype="Int64", name=3),
        pd.Series(np.arange(N) % 2 == 1, dtype="boolean"),
        pl.Series("tree", LABELS.tolist()),
        pl.Series("tree", LABELS.tolist(), dtype=pl.Categorical),
        pl.Series("n", np.arange(N) % 3, dtype=pl.UInt8),
        pl.Series("b", (np.arange(N) % 2 == 1).tolist()),
        pd.DataFrame({"tree": LABELS, "n": np.arange(N) % 2}),
        pl.DataFrame({"tree": LABELS, "x": np.linspace(0, 1, N)}),
        np.c_[np.arange(N) % 2, np.linspace(0, 1, N)],
        np.array([["a", 1.5], ["b", 2.0]] * (N // 2), dtype=object),
    ],
    ids=str,
)
def test_labels_of_any_container(y):
    sampler = make_sampler(max_iter=1).fit(make_rows(), y)
    X, drawn = sampler.sample(9, random_state=0)
    assert type(drawn) is type(y) and len(drawn) == len(X) == 9
    _, again = sampler.sample(y=y[:8], random_state=0)
    kept = y[:8]
    if isinstance(y, pl.Series | pl.DataFrame):
        assert again.equals(kept) and drawn.head(0).equals(y.head(0))
    elif isinstance(y, pd.Series):
        pd.testing.assert_series_equal(again, kept)
        assert drawn.dtype == y.dtype and drawn.name == y.name
    elif isinstance(y, pd.DataFrame):
        pd.testing.assert_frame_equal(again, kept)
        assert (drawn.dtypes == y.dtypes).all()
    else:
        assert np.array_equal(again, kept) and drawn.dtype == y.dtype
        assert drawn.shape[1:] == y.shape[1:]


def test_a_list_of_labels_gives_an_array():
    sampler = make_sampler(max_iter=1).fit(make_rows().tolist(), LABELS.tolist())
    assert sampler.sample(3)[1].dtype == LABELS.dtype


@pytest.mark.parametrize("library", [pd, pl])
def test_frames_of_numbers(library):
    frame = library.DataFrame(dict(zip("abc", make_rows().T, strict=True)))
    X, _ = make_sampler(max_iter=1).fit(frame, LABELS).sample(4)
    assert type(X) is type(frame) and list(X.columns) == ["a", "b", "c"]


# -- seeds


@pytest.mark.parametrize("name", ["fitted", "fitted_numbers", "fitted_table"])
def test_a_sample_is_the_start_of_a_longer_one(name, request):
    sampler = request.getfixturevalue(name)
    X, y = sampler.sample(5, random_state=3)
    for n in (6, 1500, 4500):
        longer, labels = sampler.sample(n, random_state=3)
        assert same(longer[:5], X) and same(labels[:5], y)


@pytest.mark.parametrize("name", ["fitted", "fitted_numbers", "fitted_table"])
def test_so_it_is_with_labels(name, request):
    sampler = request.getfixturevalue(name)
    _, asked = sampler.sample(1500, random_state=0)
    X, _ = sampler.sample(y=asked[:5], random_state=3)
    assert same(sampler.sample(y=asked, random_state=3)[0][:5], X)


def test_seeds_fix_fits_and_draws(fitted):
    twin = clone(fitted).fit(make_rows(), LABELS)
    assert same(twin.sample(4, random_state=1)[0], fitted.sample(4, random_state=1)[0])
    one, other = fitted.sample(4)[0], fitted.sample(4)[0]
    assert not same(one, other)


def test_global_streams_are_not_touched():
    before = np.random.get_state()[1].copy()
    make_sampler(early_stopping=True).fit(make_rows(), LABELS).sample(3)
    assert np.array_equal(before, np.random.get_state()[1])


@pytest.mark.parametrize("name", ["fitted", "fitted_numbers", "fitted_table"])
def test_pickles_sample_the_same(name, request):
    sampler = request.getfixturevalue(name)
    twin = pickle.loads(pickle.dumps(sampler))
    for ours, theirs in zip(
        sampler.sample(9, random_state=2), twin.sample(9, random_state=2), strict=True
    ):
        assert same(ours, theirs)


# -- what is asked for


def test_unknown_classes_are_named_with_the_known_ones(fitted):
    with pytest.raises(ValueError, match=r"'fir'.*\['ash', 'elm', 'oak'\]"):
        fitted.sample(y=["oak", "fir"])


def test_of_many_classes_some_are_listed():
    y = np.array([f"c{i:03}" for i in range(40)] * 3)
    sampler = make_sampler(max_iter=1).fit(make_rows(), y)
    with pytest.raises(ValueError, match="'c019'] and 20 more"):
        sampler.sample(y="nothing")


@pytest.mark.parametrize("n", [0, 2, 4])
def test_as_many_labels_as_rows(fitted, n):
    with pytest.raises(ValueError, match=f"3 labels for n_samples={n}"):
        fitted.sample(n, y=["oak"] * 3)


@pytest.mark.parametrize("missing", [None, np.nan, pd.NA])
def test_missing_labels(fitted, missing):
    wrong = np.array(["oak", missing] * (N // 2), dtype=object)
    with pytest.raises(ValueError, match="NaN"):
        fitted.sample(y=wrong)
    with pytest.raises(ValueError, match="NaN"):
        make_sampler().fit(make_rows(), wrong)


@pytest.mark.parametrize(
    ("y", "message"),
    [
        (None, "requires y to be passed, but the target y is None"),
        (LABELS[:-1], "inconsistent numbers of samples"),
        (["a", 1] * (N // 2), "mixes labels of the types"),
        (np.r_[np.linspace(0, 1, N - 1), np.inf], "infinity"),
        (np.zeros((N, 2, 2)), "must be of shape"),
        (np.datetime64("2024-01-01") + np.arange(N), "neither classes nor numbers"),
    ],
    ids=["none", "short", "mixed", "infinite", "deep", "dates"],
)
def test_labels_that_cannot_be(y, message):
    with pytest.raises(ValueError, match=message):
        make_sampler().fit(make_rows(), y)


def test_nothing_is_drawn_before_fit():
    with pytest.raises(NotFittedError):
        make_sampler().sample()
    assert not hasattr(make_sampler(), "classes_")


# -- numbers


def test_rows_follow_the_number(fitted_numbers):
    low, high = (fitted_numbers.sample(300, y=v)[0][:, 0].mean() for v in (0.2, 1.8))
    assert abs(low - 2) < 1 and abs(high - 18) < 1
    assert not hasattr(fitted_numbers, "classes_")


def test_numbers_beyond_those_seen_are_drawn_as_the_nearest(fitted_numbers):
    top = fitted_numbers._conditions.labels.columns_[0].maximum_
    with pytest.warns(UserWarning, match="outside the range seen in fit"):
        X, y = fitted_numbers.sample(4, y=50.0, random_state=0)
    assert y.tolist() == [50.0] * 4
    assert same(X, fitted_numbers.sample(4, y=top, random_state=0)[0])


def test_whole_numbers_stay_whole():
    y = np.arange(N)
    sampler = make_sampler(max_iter=1, y_kind="numbers").fit(make_rows(), y)
    assert sampler.sample(y=[5, 7])[1].dtype == y.dtype
    with pytest.raises(ValueError, match="whole numbers"):
        sampler.sample(y=2.5)


@pytest.mark.parametrize(
    ("y", "kind"),
    [
        (np.arange(N) % 20, "classes"),
        (np.arange(N), "numbers"),
        (np.arange(N) / 7, "numbers"),
        (np.arange(N) % 3 * 1.0, "classes"),
        (pd.Series(np.arange(N)).astype("category"), "classes"),
    ],
    ids=["few", "many", "fractions", "whole floats", "category"],
)
def test_kinds_are_told_apart(y, kind):
    sampler = make_sampler(max_iter=1).fit(make_rows(), y)
    assert hasattr(sampler, "classes_") == (kind == "classes")


def test_numbers_may_be_wanted_and_not_be_there():
    with pytest.raises(ValueError, match="needs numbers"):
        make_sampler(y_kind="numbers").fit(make_rows(), LABELS)


# -- several columns


def test_several_labels_are_drawn_together(fitted_several):
    sampler, y = fitted_several
    _, drawn = sampler.sample(500, random_state=0)
    assert drawn.loc[drawn.tree == "oak", "is_old"].all()
    assert not drawn.loc[drawn.tree == "elm", "is_old"].all()
    assert (drawn.dtypes == y.dtypes).all()


def test_one_row_of_labels_for_all(fitted_several):
    X, y = fitted_several[0].sample(30, y=("oak", 1.5, False), random_state=0)
    assert (np.rint(X[:, 0] / 10) == 2).mean() > 0.8
    assert (y.tree == "oak").all() and not y.is_old.any()


def test_as_many_columns_as_in_fit(fitted_several):
    with pytest.raises(ValueError, match="in fit it had 3"):
        fitted_several[0].sample(y=pd.DataFrame({"tree": ["oak"]}))


def test_columns_are_known_by_their_names():
    X = make_rows()
    y = pd.DataFrame({"low": np.arange(N) / N, "high": 5 + np.arange(N) / N})
    sampler = make_sampler().fit(X, y)
    turned = y[["high", "low"]]
    rows, labels = sampler.sample(y=turned, random_state=0)
    assert labels.equals(y)
    assert np.array_equal(rows, sampler.sample(y=y, random_state=0)[0])
    assert sampler.score(X, turned) == sampler.score(X, y)
    with pytest.raises(ValueError, match=r"has the columns \['high', 'lo'\], in fit"):
        sampler.sample(y=turned.rename(columns={"low": "lo"}))


@pytest.mark.parametrize("y", [np.full(N, 0.1), np.linspace(-1e300, 1e300, N)])
def test_numbers_of_no_spread_and_of_much(y):
    sampler = make_sampler().fit(make_rows(), y)
    spread = sampler._conditions.labels.columns_[0].scale_
    assert spread == (1 if y[0] == y[1] else pytest.approx(5.8e299, rel=0.01))
    assert np.isfinite(sampler.score(make_rows(), y))


# -- quality


def test_digits_come_as_the_class_that_was_asked_for():
    """A sampler that ignored its labels would be right once in ten."""
    X, y = load_digits(return_X_y=True)
    sampler = ConditionalGANSampler(max_iter=30, random_state=0).fit(X[:900], y[:900])
    X_new, y_new = sampler.sample(900, random_state=0)
    scale = StandardScaler().fit(X)
    judge = LogisticRegression(max_iter=200).fit(scale.transform(X_new), y_new)
    # Of ten draws, .77 to .83.
    assert judge.score(scale.transform(X[900:]), y[900:]) > 0.7


def test_images_come_as_the_class_that_was_asked_for():
    rng = np.random.default_rng(0)
    y = np.arange(200) % 2
    images = rng.integers(0, 60, (200, 4, 4), dtype=np.uint8)
    images[y == 1] += 180
    sampler = make_sampler(max_iter=200, learning_rate=3e-3).fit(images, y)
    drawn, labels = sampler.sample(200, random_state=0)
    assert drawn.shape == (200, 4, 4) and drawn.dtype == np.uint8
    brightness = drawn.mean(axis=(1, 2))
    assert brightness[labels == 1].mean() > brightness[labels == 0].mean() + 60


def test_a_class_of_three_rows_is_usable():
    X, y = make_rows(), LABELS.copy()
    y[:3] = "yew"
    X[:3] = np.random.default_rng(3).normal([50, 0, 0], size=(3, 3))
    drawn, _ = make_sampler(max_iter=20).fit(X, y).sample(200, y="yew")
    assert abs(np.median(drawn[:, 0]) - 50) < 5
    assert len(np.unique(drawn[:, 0])) > 100


def test_balanced_training_keeps_the_shares_of_draws():
    y = np.array(["rare"] * 6 + ["common"] * 54)
    sampler = make_sampler(condition_sampling="balanced", prior="normal")
    sampler.fit(make_rows()[:60], y)
    loader = sampler.net_.get_iterator(
        sampler.net_.get_dataset(
            np.zeros((60, 3), np.float32), sampler._conditions.encoded
        ),
        training=True,
    )
    shares = np.mean([c.numpy().mean(axis=0) for _, c in loader], axis=0)
    assert abs(shares - 0.5).max() < 0.05
    assert (sampler.sample(2000, random_state=0)[1] == "rare").mean() < 0.15


def test_tables_are_balanced_by_default_and_vectors_are_not():
    y = np.where(np.arange(N) < 12, "few", "many")
    table = make_sampler(prior="normal").fit(make_table(), y)
    assert table._conditions.groups is not None
    rows = make_sampler(prior="normal").fit(make_rows(), y)
    assert rows._conditions.groups is None
    unbalanced = make_sampler(condition_sampling="empirical", prior="normal")
    unbalanced.fit(make_table(), y)
    assert unbalanced._conditions.groups is None


def test_balanced_indices_take_each_group_equally_often_and_evenly():
    groups = torch.tensor([1, 0, 0, 0, 0, 0, 0, 2, 1])
    indices = balanced_indices(groups)
    assert torch.bincount(groups[indices]).tolist() == [3, 3, 3]
    assert indices.tolist() == [1, 3, 5, 0, 0, 8, 7, 7, 7]


# -- scores, searches, early stopping, warm starts, features


def test_wrong_labels_score_worse(fitted):
    X = make_rows()
    right, wrong = fitted.score(X, LABELS), fitted.score(X, np.roll(LABELS, 1))
    assert right > wrong + 0.1
    assert fitted.score(X) > wrong
    assert fitted.score(X, LABELS) == right


def test_searches_hand_labels_over():
    search = GridSearchCV(
        make_sampler(), {"max_iter": [1, 3]}, cv=2, error_score="raise"
    ).fit(make_rows(), LABELS)
    assert np.isfinite(search.cv_results_["mean_test_score"]).all()
    assert search.best_estimator_.sample(2)[1].shape == (2,)
    scores = cross_val_score(make_sampler(), make_table(), LABELS, cv=2)
    assert np.isfinite(scores).all()


@pytest.mark.parametrize(
    "y", [LABELS, np.linspace(0, 1, N)], ids=["classes", "numbers"]
)
def test_early_stopping_holds_labels_out(y):
    sampler = make_sampler(early_stopping=True).fit(make_rows(), y)
    assert "valid_score" in sampler.history_[-1]


def test_rows_are_held_out_of_every_class():
    y = np.array(["rare"] * 20 + ["common"] * 99 + ["single"])
    sampler = make_sampler(early_stopping=True, prior="normal")
    seen = []
    sampler._watched_score = lambda held_out, net: seen.append(held_out[1]) or 0.0
    sampler.fit(make_rows(), y)
    assert (seen[0][:, 0] == list(sampler.classes_).index("rare")).sum() == 2


def test_warm_starts_go_on_and_keep_the_classes():
    sampler = make_sampler(warm_start=True).fit(make_rows(), LABELS)
    net, encoder = sampler.net_, sampler.encoder_
    sampler.fit(make_rows()[:60], LABELS[:60])
    assert sampler.net_ is net and sampler.encoder_ is encoder
    with pytest.raises(ValueError, match="none of the classes"):
        sampler.fit(make_rows(), np.where(LABELS == "ash", "fir", LABELS))


def test_features_know_no_label(fitted, fitted_table):
    assert fitted.transform(make_rows()).shape == (N, 16)
    table = make_table()
    features = fitted_table.transform(table)
    assert features.shape[0] == N and np.isfinite(features).all()
    assert np.allclose(fitted_table.transform(table[:5]), features[:5])


@pytest.mark.parametrize("network", ["strided_conv", "residual_mlp"])
def test_networks_of_images(network):
    images = np.random.default_rng(0).integers(0, 256, (40, 9, 9), dtype=np.uint8)
    sampler = make_sampler(generator=network, discriminator=network, max_iter=2)
    X, y = sampler.fit(images, LABELS[:40]).sample(y=["oak", "elm"])
    assert X.shape == (2, 9, 9) and y.tolist() == ["oak", "elm"]


# -- tables


def test_tables_come_back_as_they_were(fitted_table):
    X, y = fitted_table.sample(8)
    table = make_table()
    assert list(X.columns) == list(table.columns)
    assert (X.dtypes == table.dtypes).all()
    assert type(y) is pd.Series and y.name == "tree"


def test_columns_that_the_label_determines_agree_with_it(fitted_table):
    X, y = fitted_table.sample(200, random_state=0)
    assert (X["name"] == y).all()
    X, y = fitted_table.sample(y=["elm", "oak"] * 20, random_state=0)
    assert X["name"].tolist() == y.tolist() == ["elm", "oak"] * 20


def test_levels_are_drawn_as_the_class_has_them(fitted_table):
    X, _ = fitted_table.sample(200, y="ash", random_state=0)
    assert (X["kind"] == "soft").all()
    X, _ = fitted_table.sample(200, y="oak", random_state=0)
    assert 0.3 < (X["kind"] == "hard").mean() < 0.7


def test_polars_tables():
    table = pl.from_pandas(make_table())
    y = pl.Series("y 0", LABELS.tolist())
    X, drawn = make_sampler().fit(table, y).sample(6)
    assert X.schema == table.schema
    assert isinstance(drawn, pl.Series) and drawn.name == "y 0"
    assert (X["name"] == drawn).all()


def test_names_of_columns_do_not_clash():
    table = make_table().set_axis(["y", "y 0", "0", "<y 0>"], axis=1)
    X, _ = make_sampler(max_iter=1).fit(table, LABELS).sample(3)
    assert list(X.columns) == list(table.columns)


def test_arrays_as_tables_with_labels_of_text():
    rows = np.c_[np.arange(N) % 4, np.arange(N) % 7]
    sampler = make_sampler(encoder=TableEncoder()).fit(rows, LABELS.astype(object))
    X, y = sampler.sample(y=["oak", "ash"])
    assert X.dtype == rows.dtype and y.tolist() == ["oak", "ash"]


def test_the_users_own_conditions_and_several_labels():
    rng = np.random.default_rng(0)
    y = pd.DataFrame({"tree": LABELS, "x": rng.normal(size=N), "same": 1})
    encoder = TableEncoder(condition_on=["kind"])
    sampler = make_sampler(encoder=encoder, early_stopping=True)
    sampler.fit(make_table(), y)
    X, drawn = sampler.sample(y=y.head(5), random_state=0)
    pd.testing.assert_frame_equal(drawn, y.head(5))
    assert (X["name"] == drawn["tree"]).all()
    assert np.isfinite(sampler.score(make_table(), y))


def test_balanced_tables_and_constant_labels():
    y = np.where(np.arange(N) < 12, "few", "many")
    sampler = make_sampler(condition_sampling="balanced").fit(make_table(), y)
    assert sampler.sample(y=["few"] * 3)[1].tolist() == ["few"] * 3
    sampler = make_sampler().fit(make_table()[["size"]], ["one"] * N)
    assert sampler.sample(2)[1].tolist() == ["one", "one"]
