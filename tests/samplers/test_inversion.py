"""From rows to latents and back: invert, reconstruct, generate, interpolate."""

import json
import pickle
import re
from concurrent.futures import ThreadPoolExecutor

import numpy as np
import pandas as pd
import polars as pl
import pytest
import torch
from sklearn.base import clone
from sklearn.exceptions import NotFittedError
from torch import nn

from skgan import ConditionalGANSampler, GANSampler, load, save
from skgan.datasets import load_digit_images
from skgan.encoding import TableEncoder
from skgan.io import ContentError
from skgan.samplers._inversion import interpolate_on_sphere
from skgan.storage import pack, unpack

SMALL = {
    "hidden_dims": (16,),
    "batch_size": 32,
    "random_state": 0,
    "prior": "normal",
}


def make_rows(n=200):
    rng = np.random.default_rng(0)
    return rng.normal([10, 50, -3], [1, 5, 0.1], size=(n, 3))


@pytest.fixture(scope="module")
def digits():
    bunch = load_digit_images()
    return bunch.data[:150], bunch.target[:150]


@pytest.fixture(scope="module")
def images(digits):
    sampler = GANSampler(max_iter=60, latent_dim=12, **SMALL).fit(digits[0])
    return sampler.fit_inverter(digits[0], max_iter=60)


@pytest.fixture(scope="module")
def vectors():
    X = make_rows()
    return GANSampler(max_iter=30, **SMALL).fit(X).fit_inverter(X, max_iter=300)


@pytest.fixture(scope="module")
def labelled(digits):
    sampler = ConditionalGANSampler(max_iter=30, latent_dim=12, **SMALL).fit(*digits)
    return sampler.fit_inverter(*digits, max_iter=30)


# -- what is found


def test_vectors_are_found_again(vectors):
    X = make_rows()
    inversion = vectors.invert(X[:20])
    assert inversion.latents.shape == (20, 3) and inversion.errors.shape == (20,)
    assert inversion.errors.max() < 0.01
    rows = vectors.generate(inversion.latents)
    np.testing.assert_allclose(rows, X[:20], atol=0.2)


def test_drawn_latents_are_found_again(images):
    latents = 0.8 * np.random.default_rng(1).normal(size=(10, 12))
    drawn = images.generate(latents)
    first = images.invert(drawn, n_refinements=0).errors
    found = images.invert(drawn, n_refinements=200).errors
    assert found.mean() < 0.3 * first.mean()


def test_refining_makes_no_row_worse(images, digits):
    X = digits[0][:12]
    weight = images.inverter_.feature_weight

    def costs(n):
        found = images._invert(X, None, n)
        return (found.residuals + weight * found.feature_errors).numpy()

    start, end = costs(0), costs(30)
    assert (end <= start).all() and end.mean() < start.mean()


def test_errors_are_shares_of_the_variance(images, digits):
    X = digits[0]
    errors = images.invert(X[:9], n_refinements=3).errors
    made = images._invert(X[:9], None, 3).rows.numpy()
    encoded = images.encoder_.transform(X)
    gaps = (encoded[:9].reshape(made.shape) - made) ** 2
    shares = gaps.reshape(9, -1).mean(axis=1) / encoded.var(axis=0).mean()
    np.testing.assert_allclose(errors, shares, rtol=1e-6)


def test_latents_stay_where_drawn_ones_are(images):
    odd = np.full((3, 8, 8), 255, dtype=np.uint8)
    norms = np.linalg.norm(images.invert(odd, n_refinements=40).latents, axis=1)
    assert norms.max() <= 12**0.5 + 2 + 1e-9


def test_a_row_does_not_depend_on_its_neighbours(images, digits):
    X = digits[0][:70]
    together = images.invert(X, n_refinements=2).latents
    alone = images.invert(X[3:4], n_refinements=2).latents
    np.testing.assert_allclose(together[3:4], alone, rtol=1e-9, atol=1e-9)


# -- rows come back as they were


@pytest.mark.parametrize("n", [0, 3])
def test_reconstructions_are_like_the_rows(images, digits, n):
    made = images.reconstruct(digits[0][:2], n_refinements=n)
    assert made.shape == (2, 8, 8) and made.dtype == np.uint8
    latents = images.invert(digits[0][:2], n_refinements=n).latents
    assert (images.generate(latents) == made).all()


@pytest.mark.parametrize("library", [pd, pl])
def test_frames_come_back_as_frames(library):
    X = library.DataFrame(dict(zip("abc", make_rows().T, strict=True)))
    sampler = GANSampler(max_iter=5, **SMALL).fit(X).fit_inverter(X, max_iter=5)
    for made in (sampler.reconstruct(X[:4]), sampler.interpolate(X[:1], X[1:2], 4)):
        assert isinstance(made, library.DataFrame)
        assert list(made.columns) == ["a", "b", "c"] and made.shape == (4, 3)


def test_what_is_generated_is_what_is_drawn(vectors):
    latents = np.random.default_rng(0).normal(size=(4000, 3))
    made = vectors.generate(latents)
    drawn = vectors.sample(4000, random_state=0)
    np.testing.assert_allclose(made.mean(axis=0), drawn.mean(axis=0), rtol=0.02)
    np.testing.assert_allclose(made.std(axis=0), drawn.std(axis=0), rtol=0.15)


def test_the_averaged_generator_is_used(vectors):
    net = vectors.net_
    z = np.zeros((1, 3))
    before = vectors.generate(z)
    twin = pickle.loads(pickle.dumps(vectors))
    nn.init.zeros_(twin.net_.generator_.head.weight)
    assert (twin.generate(z) == before).all()
    nn.init.constant_(twin.net_.averaged_generator_.head.bias, 1.0)
    assert (twin.generate(z) != before).any()
    assert net.averaged_generator_ is not net.generator_


# -- interpolation


def test_ends_of_an_interpolation_are_the_reconstructions(images, digits):
    X = digits[0]
    steps = images.interpolate(X[0], X[1:2], 5, n_refinements=4)
    assert steps.shape == (5, 8, 8) and steps.dtype == np.uint8
    ends = images.reconstruct(X[:2], n_refinements=4)
    assert (steps[[0, -1]] == ends).all()


def test_interpolation_between_latents(images):
    a, b = np.random.default_rng(0).normal(size=(2, 12))
    steps = images.interpolate(a, b, 3, space="latents")
    middle = interpolate_on_sphere(a, b, np.array([0.5]))
    assert (steps == images.generate(np.vstack([a, middle, b]))).all()


def test_the_way_is_an_arc():
    a, b = np.array([2.0, 0, 0]), np.array([0, 2.0, 0])
    way = interpolate_on_sphere(a, b, np.linspace(0, 1, 4))
    np.testing.assert_allclose(np.linalg.norm(way, axis=1), 2)
    angles = np.degrees(np.arctan2(way[:, 1], way[:, 0]))
    np.testing.assert_allclose(angles, [0, 30, 60, 90], atol=1e-9)


@pytest.mark.parametrize("factor", [0.0, 1.0, 3.0, -1.0])
def test_without_an_arc_the_way_is_a_line(factor):
    a = np.array([1.0, 2.0])
    way = interpolate_on_sphere(a, factor * a, np.array([0, 0.25, 1]))
    np.testing.assert_allclose(way, a + np.outer([0, 0.25, 1], factor * a - a))


# -- labels


def test_labels_go_with_latents(labelled, digits):
    X, y = digits
    latents, errors = labelled.invert(X[:6], y[:6], n_refinements=2)
    assert latents.shape == (6, 12) and np.isfinite(errors).all()
    made = labelled.reconstruct(X[:6], y[:6], n_refinements=2)
    assert (labelled.generate(latents, y[:6]) == made).all()
    assert (labelled.generate(latents, 3) != labelled.generate(latents, 4)).any()
    steps = labelled.interpolate(X[0], X[10], 4, y=0, n_refinements=2)
    assert steps.shape == (4, 8, 8)


def test_a_label_changes_the_latent(labelled, digits):
    X = digits[0][:3]
    first, second = (
        labelled.invert(X, np.full(3, k), n_refinements=0).latents for k in (0, 1)
    )
    assert not np.allclose(first, second)


@pytest.mark.parametrize("method", ["fit_inverter", "invert", "generate"])
def test_missing_labels_are_asked_for(labelled, digits, method):
    rows = np.zeros((2, 12)) if method == "generate" else digits[0][:2]
    with pytest.raises(ValueError, match="pass y"):
        getattr(labelled, method)(rows)


def test_too_few_labels(labelled, digits):
    with pytest.raises(ValueError, match="inconsistent"):
        labelled.invert(digits[0][:3], [1, 2])
    with pytest.raises(ValueError, match="y has 2 labels"):
        labelled.generate(np.zeros((3, 12)), [1, 2])


def test_without_labels_y_is_ignored(vectors):
    X = make_rows()[:3]
    assert (vectors.invert(X, [1, 2]).latents == vectors.invert(X).latents).all()


# -- seeds, state, files


def fit_both(seed):
    X = make_rows()
    sampler = GANSampler(max_iter=5, **{**SMALL, "random_state": seed}).fit(X)
    return sampler.fit_inverter(X, max_iter=20)


def test_seed_fixes_the_encoder_and_no_global_stream_moves():
    np.random.seed(3)
    torch.manual_seed(3)
    before = np.random.get_state()[1].copy(), torch.get_rng_state()
    X = make_rows()[:5]
    first = fit_both(1)
    latents = first.invert(X).latents
    assert (fit_both(1).invert(X).latents == latents).all()
    assert (first.fit_inverter(make_rows(), max_iter=20).invert(X)[0] == latents).all()
    assert (fit_both(2).invert(X).latents != latents).any()
    assert (np.random.get_state()[1] == before[0]).all()
    assert torch.equal(torch.get_rng_state(), before[1])


def test_the_sampler_draws_what_it_drew(vectors):
    X = make_rows()
    plain = GANSampler(max_iter=30, **SMALL).fit(X)
    twin = GANSampler(max_iter=30, **SMALL).fit(X).fit_inverter(X, max_iter=3)
    assert (plain.sample(5) == twin.sample(5)).all()
    assert (plain.transform(X) == twin.transform(X)).all()
    weights = zip(
        plain.net_.generator_.parameters(),
        twin.net_.generator_.parameters(),
        strict=True,
    )
    assert all(torch.equal(a, b) and b.requires_grad for a, b in weights)


@pytest.mark.parametrize("refit", ["fit", "partial_fit"])
def test_a_new_fit_forgets_the_encoder(refit):
    sampler, X = fit_both(0), make_rows()
    getattr(sampler, refit)(X)
    with pytest.raises(NotFittedError, match="fit_inverter"):
        sampler.invert(X[:2])
    assert sampler.fit_inverter(X, max_iter=2).invert(X[:2]).errors.shape == (2,)


def test_a_refused_fit_leaves_the_encoder():
    sampler, X = fit_both(0), make_rows()
    wanted = sampler.invert(X[:2]).latents
    with pytest.raises(ValueError):
        sampler.fit(np.full((3, 3), np.nan))
    assert (sampler.invert(X[:2]).latents == wanted).all()


def test_a_clone_has_none(vectors):
    assert not hasattr(clone(vectors), "inverter_")


@pytest.mark.parametrize("name", ["images", "vectors", "labelled"])
def test_copies_and_files_find_the_same_latents(name, request, tmp_path, digits):
    sampler = request.getfixturevalue(name)
    X, y = (make_rows(), None) if name == "vectors" else digits
    X, y = X[:4], None if y is None else y[:4]
    wanted = sampler.invert(X, y, n_refinements=3)
    save(sampler, tmp_path / "sampler.skgan")
    state = torch.get_rng_state()
    loaded = load(tmp_path / "sampler.skgan")
    assert torch.equal(torch.get_rng_state(), state)
    for twin in (pickle.loads(pickle.dumps(sampler)), loaded):
        found = twin.invert(X, y, n_refinements=3)
        assert (found.latents == wanted.latents).all()
        assert (found.errors == wanted.errors).all()


def test_many_threads_find_the_same(images, digits):
    X = digits[0][:5]
    alone = images.invert(X, n_refinements=3).latents
    with ThreadPoolExecutor(4) as pool:
        for found in pool.map(lambda _: images.invert(X, n_refinements=3), range(8)):
            assert (found.latents == alone).all()


# -- networks of the user's


class Featureless(nn.Module):
    """A discriminator without features."""

    def __init__(self, input_shape, **ignored):
        super().__init__()
        self.head = nn.Linear(input_shape[0], 1)

    def forward(self, x):
        return self.head(x)


@pytest.mark.parametrize("params", [{"discriminator": Featureless}, {}])
def test_without_features_rows_alone_count(params):
    X = make_rows()
    sampler = GANSampler(max_iter=5, **SMALL, **params).fit(X)
    sampler.fit_inverter(X, max_iter=100, feature_weight=0 if not params else 1.0)
    found = sampler._invert(X[:5], None, 5)
    assert (found.feature_errors == 0).all() and found.residuals.mean() < 0.5


def test_without_an_average_the_last_generator_is_inverted():
    X = make_rows()
    sampler = GANSampler(max_iter=5, average_halflife=None, **SMALL).fit(X)
    sampler.fit_inverter(X, max_iter=200)
    assert sampler.invert(X[:5]).errors.max() < 0.05
    assert sampler.partial_fit(X).n_iter_ == 10  # it can still be trained


# -- what cannot be


def table(n=40):
    rng = np.random.default_rng(0)
    return pd.DataFrame({"a": rng.normal(size=n), "b": rng.choice(["x", "y"], n)})


@pytest.mark.parametrize(
    "call",
    [
        lambda s: s.fit_inverter(table()),
        lambda s: s.generate(np.zeros((1, s.net_.latent_dim))),
        lambda s: s.interpolate(table()[:1], table()[1:2]),
    ],
)
def test_tables_are_refused(call):
    sampler = GANSampler(max_iter=2, **SMALL).fit(table())
    assert isinstance(sampler.encoder_, TableEncoder)
    with pytest.raises(TypeError, match="table"):
        call(sampler)


@pytest.mark.parametrize("data", [make_rows, table])
def test_priors_of_trees_are_refused(data):
    rows = data()
    sampler = GANSampler(**{**SMALL, "prior": "auto"}, max_iter=2).fit(rows)
    for call in (
        lambda: sampler.fit_inverter(rows),
        lambda: sampler.generate(np.zeros((1, sampler.net_.latent_dim))),
        lambda: sampler.interpolate(rows[:1], rows[1:2]),
    ):
        with pytest.raises(TypeError, match=r"fit with prior='normal'"):
            call()


@pytest.mark.parametrize(
    "method", ["fit_inverter", "invert", "reconstruct", "generate"]
)
def test_before_fit(method):
    with pytest.raises(NotFittedError):
        getattr(GANSampler(), method)(np.zeros((2, 3)))
    with pytest.raises(NotFittedError):
        GANSampler().interpolate([0.0], [1.0])


def test_before_fit_inverter():
    sampler, X = GANSampler(max_iter=2, **SMALL).fit(make_rows()), make_rows()
    assert sampler.generate(np.zeros((2, 3))).shape == (2, 3)
    for call in (sampler.invert, sampler.reconstruct):
        with pytest.raises(NotFittedError, match="fit_inverter"):
            call(X)
    with pytest.raises(NotFittedError, match="fit_inverter"):
        sampler.interpolate(X[0], X[1])
    steps = sampler.interpolate(np.zeros(3), np.ones(3), space="latents")
    assert steps.shape == (10, 3)


@pytest.mark.parametrize(
    ("call", "error", "message"),
    [
        (lambda s, X: s.generate(np.zeros((2, 4))), ValueError, "width 3"),
        (lambda s, X: s.generate([[0, 0, np.nan]]), ValueError, "NaN"),
        (lambda s, X: s.invert(X[:, :2]), ValueError, "2 features"),
        (lambda s, X: s.invert(X, n_refinements=-1), ValueError, "n_refinements"),
        (lambda s, X: s.fit_inverter(X[:1]), ValueError, "at least 2 rows"),
        (lambda s, X: s.fit_inverter(X, max_iter=0), ValueError, "max_iter"),
        (lambda s, X: s.fit_inverter(X, feature_weight=-1), ValueError, "weight"),
        (lambda s, X: s.interpolate(X[:2], X[0]), ValueError, "start must be one"),
        (lambda s, X: s.interpolate(X[0], X[1], 1), ValueError, "n_steps"),
        (lambda s, X: s.interpolate(X[0], X[1], 2.5), TypeError, "n_steps"),
        (lambda s, X: s.interpolate(X[0], X[1], space="z"), ValueError, "space"),
        (
            lambda s, X: s.interpolate(X[0, :2], X[1], space="latents"),
            ValueError,
            "start must be of width 3",
        ),
    ],
)
def test_what_is_wrong_is_named(vectors, call, error, message):
    with pytest.raises(error, match=re.escape(message)):
        call(vectors, make_rows()[:4])


# -- files made to harm


def node_of(state):
    """Find the node of the encoder of latents in the state of a file."""
    if isinstance(state, dict):
        if "latent_encoder" in state:
            return state["latent_encoder"]
        state = list(state.values())
    found = map(node_of, state) if isinstance(state, list) else ()
    return next((node for node in found if node), None)


@pytest.mark.parametrize(
    "change",
    [
        lambda node: node.__setitem__(0, "transport"),
        lambda node: node.__setitem__(2, "generator."),
        lambda node: node[1]["dict"][0].append("hook"),
        lambda node: node[1]["dict"][1].__setitem__(4, {"tuple": [2**20, 2**20]}),
        lambda node: node[1]["dict"][1].__setitem__(0, 2**40),
    ],
)
def test_an_encoder_that_was_tampered_with_is_refused(vectors, tmp_path, change):
    save(vectors, tmp_path / "honest")
    members = unpack(tmp_path / "honest")[1]
    state = json.loads(members["state.json"])
    assert node_of(state)[1]["dict"][0][4] == "hidden_dims"
    change(node_of(state))
    members = {**members, "state.json": json.dumps(state).encode()}
    (tmp_path / "attack").write_bytes(pack(members, 1))
    with pytest.raises(ContentError):
        load(tmp_path / "attack")
