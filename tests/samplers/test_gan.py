"""GANSampler: draws, seeds, refits, scores, features, networks, interruptions."""

import copy
import pickle
import random
import tracemalloc

import numpy as np
import pandas as pd
import polars as pl
import pytest
import torch
from sklearn.datasets import load_digits, make_blobs
from sklearn.exceptions import NotFittedError
from skorch.callbacks import Callback
from torch import nn

from skgan import GANSampler
from skgan.encoding import ImageEncoder, VectorEncoder
from skgan.metrics import energy_distance

SMALL = {
    "generator": "mlp",
    "discriminator": "mlp",
    "hidden_dims": (16,),
    "latent_dim": 4,
    "batch_size": 32,
    "max_iter": 5,
    "random_state": 0,
}


def make_rows(n_rows=80, n_columns=3):
    rng = np.random.default_rng(0)
    return rng.normal([10.0, -5.0, 0.1][:n_columns], [1, 3, 0.01], (n_rows, 3))


def make_sampler(**params):
    return GANSampler(**{**SMALL, **params})


@pytest.fixture(scope="module")
def fitted():
    return make_sampler().fit(make_rows())


@pytest.fixture(scope="module")
def fitted_images():
    images = np.random.default_rng(0).integers(0, 256, (40, 18, 18), dtype=np.uint8)
    return make_sampler().fit(images)


@pytest.fixture(scope="module")
def fitted_correlated():
    rng = np.random.default_rng(0)
    common = rng.normal(size=(300, 2))
    rows = common @ rng.normal(size=(2, 14)) + 0.3 * rng.exponential(size=(300, 14))
    return make_sampler().fit(rows)


# -- draws and seeds


@pytest.mark.parametrize("method", ["sample", "score", "transform"])
def test_not_fitted(method):
    arguments = () if method == "sample" else (make_rows(),)
    with pytest.raises(NotFittedError, match="not fitted yet"):
        getattr(make_sampler(), method)(*arguments)


def test_feature_names_not_fitted():
    with pytest.raises(NotFittedError, match="not fitted yet"):
        make_sampler().get_feature_names_out()


def test_not_fitted_after_a_fit_that_failed():
    sampler = make_sampler(max_iter=-1)
    with pytest.raises(ValueError, match="max_iter"):
        sampler.fit(make_rows())
    with pytest.raises(NotFittedError, match="not fitted yet"):
        sampler.sample()


def test_default_is_one_row(fitted):
    assert fitted.sample().shape == (1, 3)


def test_seeded_draws_repeat(fitted):
    first = fitted.sample(20, random_state=7)
    np.testing.assert_array_equal(first, fitted.sample(20, random_state=7))
    np.testing.assert_array_equal(first, fitted.sample(20, random_state=np.int64(7)))
    assert not np.array_equal(first, fitted.sample(20, random_state=8))


def test_seeded_draws_leave_the_stream_alone():
    a, b = make_sampler().fit(make_rows()), make_sampler().fit(make_rows())
    a.sample(5, random_state=1)
    a.score(make_rows())
    np.testing.assert_array_equal(a.sample(5), b.sample(5))


def test_random_state_instance(fitted):
    stream = np.random.RandomState(3)
    first, second = (fitted.sample(20, random_state=stream) for _ in range(2))
    assert not np.array_equal(first, second)
    again = np.random.RandomState(3)
    np.testing.assert_array_equal(first, fitted.sample(20, random_state=again))
    np.testing.assert_array_equal(second, fitted.sample(20, random_state=again))


def test_unseeded_draws_differ_along_a_fixed_stream():
    a, b = make_sampler().fit(make_rows()), make_sampler().fit(make_rows())
    draws = [a.sample(20) for _ in range(3)]
    assert not np.array_equal(draws[0], draws[1])
    assert not np.array_equal(draws[1], draws[2])
    for draw in draws:
        np.testing.assert_array_equal(draw, b.sample(20))


def test_fit_without_a_seed_differs():
    a, b = (make_sampler(random_state=None).fit(make_rows()) for _ in range(2))
    assert not np.array_equal(a.sample(9, random_state=0), b.sample(9, random_state=0))


def test_random_state_instance_of_the_constructor():
    draws = [
        make_sampler(random_state=np.random.RandomState(5)).fit(make_rows()).sample(9)
        for _ in range(2)
    ]
    np.testing.assert_array_equal(*draws)


@pytest.mark.parametrize("duplicate", [copy.deepcopy, None], ids=["deepcopy", "pickle"])
def test_copies_draw_the_same_and_go_on_alike(duplicate):
    sampler = make_sampler(verbose=1).fit(make_rows())
    sampler.sample(3)
    duplicate = duplicate or (lambda x: pickle.loads(pickle.dumps(x)))
    twin = duplicate(sampler)
    seeded = sampler.sample(300, random_state=0)
    np.testing.assert_array_equal(seeded, twin.sample(300, random_state=0))
    np.testing.assert_array_equal(sampler.sample(4), twin.sample(4))
    rows = make_rows()
    assert sampler.score(rows) == twin.score(rows)
    np.testing.assert_array_equal(sampler.transform(rows), twin.transform(rows))


@pytest.mark.parametrize("kind", ["pandas", "polars", "images"])
def test_pickled_containers(kind):
    rows = make_rows()
    data = {
        "pandas": pd.DataFrame(rows, columns=list("abc")),
        "polars": pl.DataFrame(rows, schema=list("abc")),
        "images": rows[:, None, :].astype(np.float32),
    }[kind]
    sampler = make_sampler().fit(data)
    twin = pickle.loads(pickle.dumps(sampler))
    drawn, again = (s.sample(4, random_state=0) for s in (sampler, twin))
    assert type(drawn) is type(again) is type(data)
    np.testing.assert_array_equal(np.asarray(drawn), np.asarray(again))


def test_refit_equals_a_fresh_fit():
    rows, others = make_rows(), make_rows()[:, ::-1] * 2
    refitted = make_sampler().fit(others)
    refitted.sample(3)
    refitted.fit(rows)
    fresh = make_sampler().fit(rows)
    for mine, other in zip(
        refitted.net_.get_all_learnable_params(),
        fresh.net_.get_all_learnable_params(),
        strict=True,
    ):
        assert torch.equal(mine[1], other[1])
    assert refitted.n_iter_ == fresh.n_iter_ == 5
    np.testing.assert_array_equal(refitted.sample(300), fresh.sample(300))
    assert refitted.score(rows) == fresh.score(rows)


def test_refit_on_another_number_of_columns():
    sampler = make_sampler().fit(make_rows())
    assert sampler.fit(make_rows()[:, :2]).sample(4).shape == (4, 2)


# -- n_samples


@pytest.mark.parametrize("n", [0, 1, np.int64(3), np.uint8(3)])
def test_n_samples(fitted, n):
    assert fitted.sample(n).shape == (int(n), 3)


@pytest.mark.parametrize(
    ("n", "error", "message"),
    [
        (-1, ValueError, "n_samples must be at least 0, got -1"),
        (1.5, TypeError, "n_samples must be an integer, got 1.5"),
        (2.0, TypeError, "n_samples must be an integer"),
        (True, TypeError, "n_samples must be an integer, got True"),
        (np.True_, TypeError, "n_samples must be an integer"),
        ("3", TypeError, "n_samples must be an integer"),
        (None, TypeError, "n_samples must be an integer"),
    ],
)
def test_wrong_n_samples(fitted, n, error, message):
    with pytest.raises(error, match=message):
        fitted.sample(n)


def test_no_rows_keep_columns_and_dtypes():
    columns = {"a": [1, 2, 3, 4], "b": [0.5, None, 1.5, 2.5], "c": [True, False] * 2}
    frame = pd.DataFrame(columns).astype({"a": "Int64", "b": "float32"})
    empty = make_sampler().fit(frame).sample(0)
    assert empty.shape == (0, 3)
    pd.testing.assert_series_equal(empty.dtypes, frame.dtypes)
    polars_frame = pl.DataFrame(columns)
    empty = make_sampler().fit(polars_frame).sample(0)
    assert empty.shape == (0, 3)
    assert empty.schema == polars_frame.schema
    images = np.zeros((5, 4, 3, 2), dtype=np.uint8)
    empty = make_sampler().fit(images).sample(0)
    assert (empty.shape, empty.dtype) == ((0, 4, 3, 2), np.uint8)


def test_what_is_given_names_columns(fitted):
    with pytest.raises(ValueError, match="'a', which is no column"):
        fitted.sample(3, given={"a": 1})
    with pytest.raises(TypeError, match="given must be a dict of columns"):
        fitted.sample(3, given=[1, 2])
    assert len(fitted.sample(3, given={})) == 3


# -- blocks


@pytest.mark.parametrize("n", [1, 255, 256, 257, 1023, 1024, 1025, 2048])
def test_a_short_draw_is_the_start_of_a_long_one(
    fitted, fitted_correlated, fitted_images, n
):
    for sampler in (fitted, fitted_correlated, fitted_images):
        long = sampler.sample(3000, random_state=1)
        np.testing.assert_array_equal(sampler.sample(n, random_state=1), long[:n])
        assert len(np.unique(long.reshape(3000, -1), axis=0)) > 2500


def test_frames_too():
    frame = pd.DataFrame(make_rows(), columns=list("abc"))
    frame.loc[::4, "a"] = np.nan
    sampler = make_sampler().fit(frame)
    long = sampler.sample(1500, random_state=1)
    pd.testing.assert_frame_equal(sampler.sample(1025, random_state=1), long[:1025])


def test_the_stream_of_blocks_is_independent_of_the_seed_order(fitted):
    seeds = [fitted.sample(2, random_state=seed) for seed in range(50)]
    assert len(np.unique(np.vstack(seeds), axis=0)) == 100


def peak_of(function):
    tracemalloc.start()
    try:
        result = function()
        return result, tracemalloc.get_traced_memory()[1]
    finally:
        tracemalloc.stop()


BLOCKS = 4 * 2**20  # what a few blocks of 1024 rows may take


def test_memory_is_that_of_the_result(fitted):
    fitted.sample(10)
    result, peak = peak_of(lambda: fitted.sample(400_000, random_state=0))
    assert result.nbytes > 9e6
    assert peak < result.nbytes + BLOCKS


def test_memory_of_a_frame_is_that_of_the_result():
    frame = pd.DataFrame(make_rows(), columns=list("abc")).astype({"a": "float32"})
    sampler = make_sampler().fit(frame)
    sampler.sample(10)
    result, peak = peak_of(lambda: sampler.sample(400_000, random_state=0))
    assert peak < result.memory_usage(deep=True).sum() + BLOCKS


def test_memory_of_nullable_columns_is_a_column_more():
    frame = pd.DataFrame(np.rint(make_rows())).astype("Int64")
    # Columns that are no copies, which would make a table of the frame.
    others = {name: frame[place].to_numpy()[::-1] for place, name in enumerate("de")}
    frame = frame.assign(**others).rename(columns=str)
    frame.iloc[::4] = pd.NA
    sampler = make_sampler().fit(frame)
    sampler.sample(10)
    result, peak = peak_of(lambda: sampler.sample(200_000, random_state=0))
    size = result.memory_usage(deep=True).sum()
    assert peak < 1.5 * size + BLOCKS


def test_the_generator_sees_blocks_of_one_size(fitted):
    sizes = []
    hook = fitted.net_.sampling_generator_.register_forward_pre_hook(
        lambda module, inputs: sizes.append(len(inputs[0]))
    )
    for n in (0, 1, 1000, 5000):
        fitted.sample(n)
    hook.remove()
    assert len(set(sizes)) == 1
    assert 5000 / sizes[0] <= len(sizes) < 5000 / sizes[0] + 4


# -- global streams


@pytest.mark.parametrize("seed", [0, None])
def test_global_streams_are_left_alone(seed):
    def state():
        numpy_state = np.random.get_state()
        return (
            numpy_state[1].tolist(),
            numpy_state[2:],
            torch.get_rng_state().tolist(),
            random.getstate(),
        )

    before = state()
    sampler = make_sampler(random_state=seed).fit(make_rows())
    sampler.sample(5)
    sampler.sample(5, random_state=1)
    sampler.score(make_rows())
    sampler.transform(make_rows())
    assert state() == before


def test_global_streams_are_not_read():
    draws = []
    for seed in (1, 2):
        np.random.seed(seed)
        torch.manual_seed(seed)
        draws.append(make_sampler().fit(make_rows()).sample(9))
    np.testing.assert_array_equal(*draws)


# -- containers, end to end (tests/encoding has the rest)


@pytest.mark.parametrize(
    "dtype",
    ["f2", "f4", "f8", "i1", "i2", "i4", "i8", "u1", "u2", "u4", "u8", "?", ">f4"],
)
def test_dtype_and_range_are_kept(dtype):
    rows = np.abs(np.rint(make_rows())).astype(dtype)
    drawn = make_sampler().fit(rows).sample(200)
    assert drawn.dtype == np.dtype(dtype).newbyteorder("=")
    assert (drawn >= rows.min(axis=0)).all()
    assert (drawn <= rows.max(axis=0)).all()
    np.testing.assert_array_equal(drawn, np.rint(drawn.astype(float)))


@pytest.mark.parametrize("shape", [(4, 5), (4, 5, 1), (4, 5, 3)])
@pytest.mark.parametrize("dtype", [np.uint8, np.float32, np.int16, bool])
def test_image_shapes_and_dtypes(shape, dtype):
    rng = np.random.default_rng(0)
    images = (rng.random((30, *shape)) * 200).astype(dtype)
    sampler = make_sampler().fit(images)
    drawn = sampler.sample(7)
    assert (drawn.shape, drawn.dtype) == ((7, *shape), dtype)
    assert sampler.n_features_in_ == images[0].size
    assert np.isfinite(sampler.score(images))


def test_flat_images():
    images = load_digits().data.astype(np.uint8)[:100]
    sampler = make_sampler(encoder=ImageEncoder(shape=(8, 8))).fit(images)
    assert sampler.encoder_.tensor_shape_ == (1, 8, 8)
    drawn = sampler.sample(7)
    assert (drawn.shape, drawn.dtype) == ((7, 64), np.uint8)


@pytest.mark.parametrize(
    ("name", "rows"),
    [
        ("one feature", make_rows()[:, :1]),
        ("more features than rows", np.random.default_rng(0).normal(size=(5, 40))),
        ("two rows", make_rows()[:2]),
        ("30 zeros", make_rows() * 1e30),
        ("300 zeros", make_rows() * 1e300),
        ("largest floats", np.array([[1.7e308], [-1.7e308], [1.7e308], [1e308]])),
        ("denormals", make_rows() * 1e-310),
        ("smallest floats", np.array([[5e-324], [0.0], [1e-323]])),
        ("tiny beside huge", make_rows() * [1e-30, 1, 1e30]),
    ],
)
def test_finite_and_in_range(name, rows):
    sampler = make_sampler().fit(rows)
    drawn = sampler.sample(50)
    assert np.isfinite(drawn).all()
    assert (drawn >= rows.min(axis=0)).all()
    assert (drawn <= rows.max(axis=0)).all()
    assert np.isfinite(sampler.score(rows))
    assert np.isfinite(sampler.transform(rows)).all()


def test_integers_beyond_float64_warn_and_stay_integers():
    rows = np.array([[2**62, 1], [2**62 + 1, 2], [2**61, 3]])
    with pytest.warns(UserWarning, match=r"beyond 2\*\*53"):
        sampler = make_sampler().fit(rows)
    drawn = sampler.sample(50)
    assert drawn.dtype == np.int64
    assert (drawn[:, 0] >= 2**61).all()
    assert (drawn[:, 0] <= 2**62 + 1).all()
    with pytest.warns(UserWarning, match=r"beyond 2\*\*53"):
        make_sampler().fit(np.array([[2**64 - 1], [2**63]], dtype=np.uint64))


def test_constant_columns_are_exact():
    rows = make_rows()
    rows[:, 1] = 0.1
    drawn = make_sampler().fit(rows).sample(50)
    assert (drawn[:, 1] == 0.1).all()
    assert len(np.unique(drawn[:, 0])) > 10
    all_constant = make_sampler().fit(np.full((9, 2), 1 / 3))
    assert (all_constant.sample(5) == 1 / 3).all()
    assert np.isfinite(all_constant.score(np.full((9, 2), 1 / 3)))


@pytest.mark.parametrize("prior", ["auto", "normal"])
@pytest.mark.parametrize("library", ["pandas", "polars"])
def test_missing_at_about_its_rate(library, prior):
    rng = np.random.default_rng(0)
    rows = rng.normal(size=(500, 3))
    frame = pd.DataFrame(rows, columns=list("abc"))
    frame.loc[rng.random(500) < 0.3, "a"] = np.nan
    frame["b"] = frame["b"].round().astype("Int64").mask(rng.random(500) < 0.7)
    if library == "polars":
        frame = pl.from_pandas(frame)
    sampler = GANSampler(
        max_iter=250,
        hidden_dims=(64,),
        learning_rate=2e-3,
        average_halflife=50,
        prior=prior,
        random_state=0,
    ).fit(frame)
    drawn = sampler.sample(2000, random_state=0)
    if library == "polars":
        assert drawn.schema == frame.schema
        missing = np.array([drawn[name].is_null().mean() for name in "abc"])
    else:
        pd.testing.assert_series_equal(drawn.dtypes, frame.dtypes)
        missing = drawn.isna().mean().to_numpy()
    np.testing.assert_allclose(missing[:2], [0.34, 0.71], atol=0.1)
    assert missing[2] == 0
    assert np.isfinite(sampler.score(frame))


# -- score


@pytest.fixture(scope="module")
def blobs():
    return make_blobs(600, centers=[[0, 0], [8, 3]], cluster_std=0.5, random_state=0)[0]


@pytest.fixture(scope="module")
def trained(blobs):
    return make_sampler(
        max_iter=400, hidden_dims=(64, 64), learning_rate=2e-3, average_halflife=50
    ).fit(blobs)


def test_learning_works(blobs, trained):
    untrained = make_sampler(max_iter=1, hidden_dims=(64, 64)).fit(blobs)
    near = energy_distance(blobs, trained.sample(600, random_state=0))
    far = energy_distance(blobs, untrained.sample(600, random_state=0))
    assert near < 0.1 * far
    drawn = trained.sample(1000, random_state=0)
    assert 0.25 < (drawn[:, 0] > 4).mean() < 0.75


def test_score_is_higher_for_a_better_sampler(blobs, trained):
    untrained = make_sampler(max_iter=1).fit(blobs)
    wrong = make_sampler(max_iter=50).fit(blobs[:, ::-1] * [1, -1])
    assert trained.score(blobs) > max(untrained.score(blobs), wrong.score(blobs)) + 0.2
    assert trained.score(blobs) > trained.score(blobs + 3)
    assert -0.3 < trained.score(blobs) < 0.05


def test_score_is_deterministic(blobs, trained):
    score = trained.score(blobs)
    trained.sample(10)
    assert trained.score(blobs) == score
    assert isinstance(score, float)


@pytest.mark.parametrize("unit", [1e-9, 1e9])
def test_score_has_no_unit(blobs, unit):
    scores = [make_sampler().fit(X).score(X) for X in (blobs, blobs * unit)]
    np.testing.assert_allclose(*scores, rtol=0.01)


@pytest.mark.parametrize(
    "encoder",
    [VectorEncoder(), VectorEncoder(clip=False), ImageEncoder(shape=(1, 2))],
)
def test_score_lives_in_the_space_of_standardised_training_rows(blobs, encoder):
    train, test = blobs[::2], blobs[1::2]
    sampler = make_sampler(encoder=encoder).fit(train)
    mean, scale = train.mean(axis=0), train.std(axis=0)
    by_hand = energy_distance(
        (test - mean) / scale,
        (sampler.sample(4000, random_state=0) - mean) / scale,
        standardize=False,
    )
    np.testing.assert_allclose(-sampler.score(test), by_hand, rtol=0.15)


def test_score_of_a_frame_with_missing_values():
    frame = pd.DataFrame(make_rows(), columns=list("abc"))
    frame.loc[::3, "b"] = np.nan
    sampler = make_sampler().fit(frame)
    assert np.isfinite(sampler.score(frame))
    full = pd.DataFrame(make_rows(), columns=list("abc"))
    assert np.isfinite(sampler.score(full))
    assert np.isfinite(make_sampler().fit(full).score(frame))


def test_score_of_many_rows(fitted):
    rows = np.tile(make_rows(), (100, 1))
    assert np.isfinite(fitted.score(rows))


# -- transform


def test_features(fitted):
    features = fitted.transform(make_rows())
    assert features.shape == (80, 16)
    assert features.dtype == np.float64
    assert np.isfinite(features).all()
    names = fitted.get_feature_names_out()
    assert names.tolist() == [f"gansampler{i}" for i in range(16)]
    few = fitted.transform(make_rows()[:3])
    np.testing.assert_allclose(features[:3], few, rtol=1e-12, atol=1e-14)


def test_features_of_float32_are_float64(fitted):
    assert fitted.transform(make_rows().astype(np.float32)).dtype == np.float64


def test_features_of_images(fitted_images):
    images = np.zeros((3, 18, 18), dtype=np.uint8)
    assert fitted_images.transform(images).shape == (3, 16)


def test_fit_transform(fitted):
    features = make_sampler().fit_transform(make_rows())
    np.testing.assert_array_equal(features, fitted.transform(make_rows()))


def test_set_output():
    frame = pd.DataFrame(make_rows(), columns=list("abc"))
    sampler = make_sampler().set_output(transform="pandas").fit(frame)
    features = sampler.transform(frame)
    assert list(features.columns) == list(sampler.get_feature_names_out())
    assert list(sampler.sample(2).columns) == list("abc")


# -- networks, net parameters, callbacks


class Generator(nn.Module):
    def __init__(self, latent_dim, output_shape, width=8, **kwargs):
        super().__init__()
        self.kwargs = kwargs
        self.layers = nn.Sequential(
            nn.Linear(latent_dim, width), nn.ReLU(), nn.Linear(width, output_shape[0])
        )

    def forward(self, z, condition=None):
        return self.layers(z)


class Discriminator(nn.Module):
    def __init__(self, input_shape, **kwargs):
        super().__init__()
        self.kwargs = kwargs
        self.layers = nn.Sequential(
            nn.Linear(input_shape[0], 8), nn.Tanh(), nn.Linear(8, 1)
        )

    def forward(self, x, condition=None):
        return self.layers(x)


class DiscriminatorWithFeatures(Discriminator):
    def features(self, x):
        return self.layers[:2](x)


def test_networks_by_class():
    sampler = make_sampler(
        generator=Generator,
        discriminator=DiscriminatorWithFeatures,
        net_params={"generator__width": 24},
    ).fit(make_rows())
    generator, discriminator = sampler.net_.generator_, sampler.net_.discriminator_
    assert type(generator) is Generator
    assert generator.layers[0].weight.shape == (24, 4)
    assert generator.kwargs == {"condition_dim": 0, "hidden_dims": (16,)}
    assert discriminator.kwargs == {"condition_dim": 0, "hidden_dims": (16,)}
    assert sampler.transform(make_rows()).shape == (80, 8)
    assert sampler.sample(3).shape == (3, 3)


def test_a_discriminator_without_features_still_samples():
    sampler = make_sampler(discriminator=Discriminator).fit(make_rows())
    assert sampler.sample(3).shape == (3, 3)
    assert np.isfinite(sampler.score(make_rows()))
    with pytest.raises(TypeError, match=r"Discriminator has no method features"):
        sampler.transform(make_rows())


@pytest.mark.parametrize("name", ["mlp", "residual_mlp"])
def test_registered_networks(name):
    sampler = make_sampler(generator=name, discriminator=name, hidden_dims=(8, 8))
    sampler.fit(make_rows())
    assert sampler.sample(3).shape == (3, 3)
    assert sampler.transform(make_rows()).shape == (80, 8)


def test_net_params_come_last():
    sampler = make_sampler(
        learning_rate=1e-3,
        net_params={
            "optimizer_generator": torch.optim.SGD,
            "optimizer_discriminator__lr": 0.125,
            "lr": 0.25,
            "generator__activation": "silu",
        },
        schedule="constant",
    ).fit(make_rows())
    assert type(sampler.net_.optimizer_generator_) is torch.optim.SGD
    assert sampler.net_.optimizer_generator_.param_groups[0]["lr"] == 0.25
    assert sampler.net_.optimizer_discriminator_.param_groups[0]["lr"] == 0.125
    activations = {type(m) for m in sampler.net_.generator_.layers}
    assert nn.SiLU in activations
    assert sampler.net_params["lr"] == 0.25


class Recorder(Callback):
    def initialize(self):
        self.events = []
        return self

    def on_train_begin(self, net, **kwargs):
        self.events.append("begin")

    def on_batch_end(self, net, **kwargs):
        self.events.append("batch")

    def on_train_end(self, net, **kwargs):
        self.events.append("end")


@pytest.mark.parametrize("where", ["callbacks", "net_params"])
def test_callbacks_are_called(where):
    recorder = Recorder()
    value = [recorder] if where == "callbacks" else {"callbacks": [recorder]}
    make_sampler(**{where: value}).fit(make_rows())
    assert recorder.events == ["begin", *["batch"] * 5, "end"]


def test_several_discriminator_steps_and_loss_functions():
    def discriminator_loss(real_logits, fake_logits):
        return (fake_logits - real_logits).mean()

    def generator_loss(real_logits, fake_logits):
        return -fake_logits.mean()

    sampler = make_sampler(
        loss=(discriminator_loss, generator_loss),
        penalty="wgan-gp",
        n_discriminator_steps=3,
        batch_size=8,
    ).fit(make_rows())
    assert sampler.n_iter_ == 5
    assert np.isfinite(sampler.sample(9)).all()


@pytest.mark.parametrize(
    "loss", ["minimax", "nonsaturating", "least_squares", "hinge", "wasserstein"]
)
def test_every_loss_trains(loss):
    sampler = make_sampler(loss=loss, penalty=None).fit(make_rows())
    assert np.isfinite(sampler.history_[:, "generator_loss"]).all()
    assert np.isfinite(sampler.sample(9)).all()


@pytest.mark.parametrize("batch_size", [1, 79, 80, 81, 10**6])
def test_every_batch_size(batch_size):
    sampler = make_sampler(batch_size=batch_size, max_iter=3).fit(make_rows())
    assert sampler.n_iter_ == 3
    assert np.isfinite(sampler.sample(9)).all()


@pytest.mark.parametrize("device", ["auto", "cpu", torch.device("cpu")])
def test_devices(device):
    sampler = make_sampler(device=device).fit(make_rows())
    if device != "auto":
        assert next(sampler.net_.generator_.parameters()).device.type == "cpu"
    assert np.isfinite(sampler.sample(9)).all()


def test_averaging_can_be_turned_off():
    last = make_sampler(average_halflife=None).fit(make_rows())
    assert last.net_.sampling_generator_ is last.net_.generator_
    averaged = make_sampler(average_halflife=100).fit(make_rows())
    assert averaged.net_.sampling_generator_ is not averaged.net_.generator_
    draws = [s.sample(9, random_state=0) for s in (last, averaged)]
    assert not np.array_equal(*draws)


# -- going on, breaking off, showing progress


@pytest.mark.parametrize("max_iter", [1, 5, 130])
def test_max_iter_counts_updates(max_iter):
    sampler = make_sampler(max_iter=max_iter, hidden_dims=(4,)).fit(make_rows())
    assert sampler.n_iter_ == max_iter
    losses = [b["generator_loss"] for e in sampler.history_ for b in e["batches"]]
    assert len(losses) == max_iter


def test_warm_start_goes_on():
    rows = make_rows()
    sampler = make_sampler(warm_start=True).fit(rows)
    net, encoder, n_epochs = sampler.net_, sampler.encoder_, len(sampler.history_)
    before = net.generator_.layers[0].weight.detach().clone()
    sampler.set_params(max_iter=7).fit(rows)
    assert sampler.net_ is net
    assert sampler.encoder_ is encoder
    assert sampler.n_iter_ == 12
    assert len(sampler.history_) > n_epochs
    after = net.generator_.layers[0].weight
    assert not torch.equal(before, after)
    # Adam moves a weight by about its learning rate a step: a fresh start is far.
    assert (before - after).abs().max() < 0.05
    sampler.set_params(warm_start=False).fit(rows)
    assert sampler.net_ is not net
    assert sampler.n_iter_ == 7


def test_warm_start_checks_the_columns():
    sampler = make_sampler(warm_start=True).fit(make_rows())
    with pytest.raises(ValueError, match="X has 2 features"):
        sampler.fit(make_rows()[:, :2])


def test_early_stopping_holds_rows_out():
    rows = make_rows(200)
    sampler = make_sampler(early_stopping=True, validation_fraction=0.25, max_iter=20)
    sampler.fit(rows)
    scores = [row["valid_score"] for row in sampler.history_ if "valid_score" in row]
    assert scores
    assert np.isfinite(scores).all()
    assert not np.array_equal(
        sampler.sample(9, random_state=0),
        make_sampler(max_iter=20).fit(rows).sample(9, random_state=0),
    )


def test_max_time_ends_a_fit():
    sampler = make_sampler(max_time=0.5, max_iter=10**6).fit(make_rows())
    assert 1 <= sampler.n_iter_ < 10**6
    assert np.isfinite(sampler.sample(9)).all()


class Interruption(Callback):
    def __init__(self, after):
        self.after = after

    def on_batch_end(self, net, **kwargs):
        self.after -= 1
        if self.after == 0:
            raise KeyboardInterrupt


@pytest.mark.parametrize("verbose", [0, 1])
def test_interrupted_fit_can_sample_and_go_on(verbose):
    rows = make_rows()
    sampler = make_sampler(
        max_iter=300, callbacks=[Interruption(20)], warm_start=True, verbose=verbose
    )
    with pytest.raises(KeyboardInterrupt):
        sampler.fit(rows)
    assert 19 <= sampler.n_iter_ <= 20
    assert sampler.sample(5).shape == (5, 3)
    assert np.isfinite(sampler.score(rows))
    assert sampler.transform(rows).shape == (80, 16)
    done = sampler.n_iter_
    sampler.set_params(max_iter=10).fit(rows)
    assert sampler.n_iter_ == done + 10
    pickle.dumps(sampler)


def test_verbose_0_is_silent(capfd):
    sampler = make_sampler().fit(make_rows())
    sampler.sample(5)
    sampler.score(make_rows())
    captured = capfd.readouterr()
    assert captured.out == captured.err == ""


def test_verbose_1_shows_one_bar(capfd):
    make_sampler(max_iter=50, verbose=1).fit(make_rows())
    captured = capfd.readouterr()
    assert captured.out == ""
    assert captured.err.count("\n") == 1
    last = captured.err.rstrip("\n").rsplit("\r", 1)[-1]
    assert "50/50" in last
    assert "D=" not in last


def test_fit_returns_self_and_ignores_y():
    rows = make_rows()
    sampler = make_sampler()
    assert sampler.fit(rows, np.arange(80)) is sampler
    np.testing.assert_array_equal(sampler.sample(9), make_sampler().fit(rows).sample(9))


def test_input_is_left_alone():
    rows = make_rows()
    copied = rows.copy()
    rows.flags.writeable = False
    sampler = make_sampler().fit(rows)
    sampler.score(rows)
    sampler.transform(rows)
    np.testing.assert_array_equal(rows, copied)
    drawn = sampler.sample(3)
    drawn[:] = 0
    assert sampler.sample(3).any()
