"""What cannot be fitted, scored or drawn, and what the user is told."""

import re

import numpy as np
import pandas as pd
import pytest
import torch
from input_cases import (
    ARRAYS,
    FRAMES,
    MIXED,
    NO_NUMBERS,
    NO_TABLES,
    TABLES,
    N,
    frame,
    make_rows,
    mixed_frame,
    objects,
)
from skorch.callbacks import EpochTimer
from torch import nn

from skgan import GANSampler
from skgan.encoding import ImageEncoder, VectorEncoder

SMALL = {
    "generator": "mlp",
    "discriminator": "mlp",
    "hidden_dims": (8,),
    "latent_dim": 4,
    "batch_size": 16,
    "max_iter": 2,
    "random_state": 0,
}


def make_sampler(**params):
    return GANSampler(**{**SMALL, **params})


def make_table_sampler():
    return GANSampler(max_iter=1, hidden_dims=(4,), batch_size=8, random_state=0)


def flat(error):
    return re.sub(r"\s+", " ", str(error))


@pytest.mark.parametrize("name", ARRAYS)
def test_arrays_that_cannot_be_fitted(name):
    rows, error, message = ARRAYS[name]
    with pytest.raises(error) as raised:
        make_sampler().fit(rows)
    assert re.search(message, flat(raised.value))


@pytest.mark.parametrize("name", FRAMES)
def test_frames_that_vectors_cannot_be_made_of(name):
    rows, error, message = FRAMES[name]
    with pytest.raises(error) as raised:
        make_sampler(encoder=VectorEncoder()).fit(rows)
    assert re.search(message, flat(raised.value))


@pytest.mark.parametrize(
    "name", sorted({*FRAMES} - {*NO_NUMBERS} - TABLES - {*NO_TABLES})
)
def test_frames_of_numbers_that_cannot_be_fitted(name):
    rows, error, message = FRAMES[name]
    with pytest.raises(error) as raised:
        make_sampler().fit(rows)
    assert re.search(message, flat(raised.value))


@pytest.mark.parametrize("name", NO_TABLES)
def test_frames_that_no_encoder_takes(name):
    error, message = NO_TABLES[name]
    with pytest.raises(error, match=message):
        make_sampler().fit(FRAMES[name][0])


@pytest.mark.parametrize("name", sorted(({*NO_NUMBERS} | TABLES) - {*NO_TABLES}))
def test_frames_that_are_tables(name):
    rows = FRAMES[name][0]
    drawn = make_sampler().fit(rows).sample(5)
    assert list(drawn.columns) == list(rows.columns)
    assert list(drawn.dtypes) == list(rows.dtypes)


@pytest.mark.parametrize("name", MIXED)
def test_tables_that_cannot_be_fitted(name):
    rows, error, message = MIXED[name]
    with pytest.raises(error, match=message):
        make_sampler().fit(rows)


@pytest.mark.parametrize(
    "name", ["NaN", "infinity", "strings", "sparse matrix", "no rows"]
)
@pytest.mark.parametrize("method", ["score", "transform"])
def test_arrays_that_cannot_be_judged(name, method):
    rows, error, message = ARRAYS[name]
    sampler = make_sampler().fit(make_rows())
    with pytest.raises(error) as raised:
        getattr(sampler, method)(rows)
    assert re.search(message, flat(raised.value))


@pytest.mark.parametrize("method", ["score", "transform"])
def test_other_columns_than_in_fit(method):
    by_array, by_frame = (make_sampler().fit(X) for X in (make_rows(), frame(b=1.5)))
    with pytest.raises(ValueError, match="X has 3 features, but GANSampler is expect"):
        getattr(by_array, method)(make_rows(3))
    with pytest.raises(ValueError, match="feature names should match"):
        getattr(by_frame, method)(frame(c=1.5))
    with pytest.raises(ValueError, match="'b'"):
        getattr(by_frame, method)(frame(b=["x"] * N))


OTHER_TABLES = {
    "missing column": (lambda f: f.drop(columns="count"), ValueError, "count"),
    "one more": (lambda f: f.assign(more=1), ValueError, "more"),
    "renamed": (lambda f: f.rename(columns={"real": "x"}), ValueError, "real|x"),
    "reordered": (lambda f: f[["real", "word", "count"]], ValueError, "order"),
    "repeated": (lambda f: f[["word", "real", "real"]], ValueError, "repeated: real"),
    "no rows": (lambda f: f.head(0), ValueError, r"0 sample\(s\)"),
    "words for numbers": (
        lambda f: f.assign(real="tall"),
        TypeError,
        "'real' held number values in fit and holds level values now",
    ),
    "infinity": (lambda f: f.assign(real=np.inf), ValueError, "'real' contains inf"),
    "nested": (lambda f: f.assign(word=[[1]] * N), TypeError, "'word' holds nested"),
}


@pytest.fixture(scope="module")
def of_tables():
    return make_table_sampler().fit(mixed_frame(count=np.arange(N)))


@pytest.mark.parametrize("method", ["score", "transform"])
@pytest.mark.parametrize("name", OTHER_TABLES)
def test_tables_that_cannot_be_judged(of_tables, name, method):
    change, error, message = OTHER_TABLES[name]
    with pytest.raises(error, match=message):
        getattr(of_tables, method)(change(mixed_frame(count=np.arange(N))))


def test_one_row_of_a_table_cannot_be_scored(of_tables):
    with pytest.raises(ValueError, match="needs at least 2 of X, got 1"):
        of_tables.score(mixed_frame(count=np.arange(N)).head(1))


def test_one_row_cannot_be_scored():
    sampler = make_sampler().fit(make_rows())
    with pytest.raises(ValueError, match="needs at least 2 of X, got 1"):
        sampler.score(make_rows()[:1])
    assert sampler.transform(make_rows()[:1]).shape == (1, 8)


class NeedsMore(nn.Module):
    def __init__(self, something, **kwargs):
        super().__init__()


BELOW_1 = "must be at least 1, got 0"
NO_INTEGER = "must be an integer, got"
PARAMETERS = [
    ("latent_dim", 0, ValueError, BELOW_1),
    ("latent_dim", 1.5, TypeError, NO_INTEGER),
    ("latent_dim", True, TypeError, NO_INTEGER),
    ("latent_dim", "big", TypeError, NO_INTEGER),
    ("hidden_dims", 64, TypeError, "must be a sequence of integers, got 64"),
    ("hidden_dims", "wide", TypeError, "must be a sequence of integers"),
    ("hidden_dims", None, TypeError, "must be a sequence of integers"),
    ("hidden_dims", (8, 0), ValueError, BELOW_1),
    ("hidden_dims", (8, 1.5), TypeError, NO_INTEGER),
    ("generator", "transformer", ValueError, "is not known; choose one of .*'mlp'"),
    ("generator", nn.Linear(2, 2), TypeError, "not an instance"),
    ("generator", None, TypeError, "must be a registered name or a torch.nn.Module"),
    ("discriminator", "nope", ValueError, "is not known; choose one of .*'mlp'"),
    ("discriminator", nn.Linear(2, 2), TypeError, "not an instance"),
    ("discriminator", dict, TypeError, "must be a registered name"),
    ("loss", "nope", ValueError, "is not known; choose one of .*'relativistic'"),
    ("loss", None, TypeError, "must be a name or a tuple"),
    ("loss", ("a", "b"), TypeError, "must be a name or a tuple"),
    ("penalty", "nope", ValueError, "is not known; choose one of .*'wgan-gp'"),
    ("penalty", 5, TypeError, "must be a name, None or a tuple"),
    ("penalty_weight", -1, ValueError, "must be finite and at least 0, got -1"),
    ("penalty_weight", np.inf, ValueError, "must be finite"),
    ("penalty_weight", "much", TypeError, "must be a number, got 'much'"),
    ("learning_rate", 0, ValueError, "must be finite and greater than 0"),
    ("learning_rate", np.nan, ValueError, "must be finite"),
    ("learning_rate", "fast", TypeError, "must be a number"),
    ("learning_rate", True, TypeError, "must be a number"),
    ("batch_size", 0, ValueError, BELOW_1),
    ("batch_size", 2.5, TypeError, NO_INTEGER),
    ("max_iter", -1, ValueError, "max_iter must be at least 0"),
    ("prior", "tree", ValueError, "prior must be 'auto', 'normal' or 'trees'"),
    ("rejection", "yes", ValueError, "rejection must be 'auto', None or a"),
    ("max_iter", None, TypeError, NO_INTEGER),
    ("max_iter", 1e3, TypeError, NO_INTEGER),
    ("n_discriminator_steps", 0, ValueError, BELOW_1),
    ("n_discriminator_steps", "auto", TypeError, NO_INTEGER),
    ("average_halflife", -1, ValueError, "must be finite and at least 0"),
    ("average_halflife", "long", TypeError, "must be a number"),
    ("encoder", "pca", TypeError, "must be 'auto' or an encoder of skgan.encoding"),
    ("encoder", VectorEncoder, TypeError, "must be 'auto' or an encoder"),
    ("encoder", np.zeros(3), TypeError, "must be 'auto' or an encoder"),
    ("callbacks", 5, TypeError, "must be None or a list of callbacks"),
    ("callbacks", "best", TypeError, "must be None or a list of callbacks"),
    ("callbacks", EpochTimer(), TypeError, "must be None or a list of callbacks"),
    ("callbacks", [print], TypeError, "must hold skorch callbacks"),
    ("net_params", 5, TypeError, "must be None or a dict"),
    ("net_params", [("lr", 1)], TypeError, "must be None or a dict"),
    ("net_params", {1: 2}, TypeError, "must be None or a dict"),
    ("net_params", {"nope": 1}, ValueError, "nope"),
    ("warm_start", "yes", TypeError, "must be True or False, got 'yes'"),
    ("warm_start", 1, TypeError, "must be True or False"),
    ("checkpoint", 5, TypeError, "must be None, a folder or a TrainingCheckpoint"),
    ("checkpoint", ["a"], TypeError, "must be None, a folder or a TrainingCheckpoint"),
    ("device", "nonsense", ValueError, "device='nonsense' cannot be used"),
    ("device", None, TypeError, "must be a name such as 'cpu', got None"),
    ("device", 1.5, TypeError, "must be a name such as 'cpu'"),
    ("random_state", "x", ValueError, "must be None, an integer"),
    ("random_state", -1, ValueError, "must be None, an integer"),
    ("random_state", 1.5, ValueError, "must be None, an integer"),
    ("verbose", -1, ValueError, "must be at least 0, got -1"),
    ("verbose", "loud", TypeError, NO_INTEGER),
    ("schedule", "nope", ValueError, "is not known; choose one of"),
    ("schedule", 5, TypeError, "must be a name or a dict"),
    ("schedule", {"nope": 1}, ValueError, "unknown keys"),
    ("max_time", 0, ValueError, "must be finite and greater than 0"),
    ("max_time", "1h", TypeError, "must be a number"),
    ("early_stopping", "yes", TypeError, "must be True or False"),
    ("validation_fraction", 0.0, ValueError, "validation_fraction"),
    ("validation_fraction", 1.0, ValueError, "validation_fraction"),
    ("validation_fraction", "half", TypeError, "validation_fraction"),
    ("n_iter_no_change", 0, ValueError, BELOW_1),
    ("n_iter_no_change", 1.5, TypeError, NO_INTEGER),
]


@pytest.mark.parametrize(
    ("name", "value", "error", "message"),
    PARAMETERS,
    ids=[f"{name}={value!r}"[:50] for name, value, *_ in PARAMETERS],
)
def test_bad_parameters(name, value, error, message):
    params = {name: value}
    if name in ("validation_fraction", "n_iter_no_change"):
        params["early_stopping"] = True
    with pytest.raises(error) as raised:
        make_sampler(**params).fit(make_rows())
    assert re.search(message, flat(raised.value))
    if name != "net_params" or value != {"nope": 1}:
        assert name in str(raised.value)


def test_every_parameter_has_a_bad_value_above():
    assert {name for name, *_ in PARAMETERS} == set(GANSampler().get_params())


def test_no_parameter_is_checked_before_fit():
    for name, value, *_ in PARAMETERS:
        make_sampler(**{name: value})


@pytest.mark.skipif(torch.cuda.is_available(), reason="there is a CUDA device")
def test_a_device_that_is_not_there():
    with pytest.raises(ValueError, match="device='cuda' cannot be used"):
        make_sampler(device="cuda").fit(make_rows())


def test_a_network_that_wants_other_keywords():
    with pytest.raises(TypeError, match="something"):
        make_sampler(generator=NeedsMore).fit(make_rows())
    sampler = make_sampler(generator=NeedsMore, net_params={"generator__something": 1})
    with pytest.raises(ValueError, match="parameter"):
        sampler.fit(make_rows())


def test_a_misspelt_keyword():
    with pytest.raises(TypeError, match="latent_dims"):
        GANSampler(latent_dims=3)


ENCODERS = [
    (ImageEncoder(shape=(3, 3)), ValueError, r"shape=\(3, 3\) must be .* of 4 pixels"),
    (ImageEncoder(shape=(4,)), ValueError, r"shape=\(4,\) must be \(height, width"),
    (ImageEncoder(shape=(2, 2, 1, 1)), ValueError, "must be .height, width"),
    (ImageEncoder(shape=4), ValueError, r"shape must be .* got 4"),
    (ImageEncoder(shape="28"), ValueError, r"shape must be .* got '28'"),
    (ImageEncoder(shape=(-2, -2)), ValueError, "shape must be"),
    (ImageEncoder(shape=(2.5, 2)), ValueError, "shape must be"),
    (ImageEncoder(value_range=(1, 0)), ValueError, "value_range must be .*low < high"),
    (ImageEncoder(value_range=(0, 0)), ValueError, "value_range must be"),
    (ImageEncoder(value_range=(0, np.inf)), ValueError, "value_range must be .*finite"),
    (ImageEncoder(value_range=(1,)), ValueError, "value_range must be"),
    (ImageEncoder(value_range=None), ValueError, "value_range must be"),
    (VectorEncoder(clip="yes"), TypeError, "clip must be True or False, got 'yes'"),
]


@pytest.mark.parametrize(
    ("encoder", "error", "message"), ENCODERS, ids=[str(e) for e, *_ in ENCODERS]
)
def test_bad_parameters_of_encoders(encoder, error, message):
    with pytest.raises(error, match=message):
        encoder.fit(make_rows(4))
    with pytest.raises(error, match=message):
        make_sampler(encoder=encoder).fit(make_rows(4))


def test_pixels_cannot_be_missing():
    rows = frame(bad=[np.nan, *range(N - 1)])
    with pytest.raises(ValueError, match=r"NaN in column 1 \('bad'\); ImageEncoder"):
        make_sampler(encoder=ImageEncoder(shape=(1, 2))).fit(rows)


@pytest.mark.parametrize("seed", ["x", -1, 1.5, 2**40])
def test_bad_seed_of_a_draw(seed):
    sampler = make_sampler().fit(make_rows())
    with pytest.raises(ValueError, match="random_state must be None, an integer"):
        sampler.sample(3, random_state=seed)


@pytest.mark.parametrize("X", [np.arange(500.0), pd.Series(np.arange(500.0))])
def test_one_axis_is_refused_in_a_line(X):
    with pytest.raises(ValueError, match=r"shape \(500,\).* X.to_frame") as caught:
        make_sampler().fit(X)
    assert "\n" not in str(caught.value) and len(str(caught.value)) < 250


def test_objects_are_better_off_in_a_frame():
    with pytest.raises(ValueError, match="or pass a DataFrame, whose columns may be"):
        make_sampler().fit(objects("a"))
