"""Saved and loaded: the same rows, the same scores, the same way on."""

import datetime
import errno
import importlib.util
import io
import json
import os
import zipfile
from decimal import Decimal
from pathlib import Path

import numpy as np
import pandas as pd
import polars as pl
import pytest
import torch
from sklearn.linear_model import LinearRegression, LogisticRegression
from sklearn.pipeline import make_pipeline
from torch import nn

import skgan
from skgan import (
    AugmentedClassifier,
    AugmentedRegressor,
    ConditionalGANSampler,
    GANSampler,
    load,
    save,
)
from skgan.datasets import load_adult
from skgan.encoding import (
    FixedCombinations,
    ImageEncoder,
    Inequality,
    Positive,
    Range,
    TableEncoder,
    Unique,
    VectorEncoder,
)
from skgan.io import (
    MissingDefinitionError,
    SchemaError,
    StructureError,
    UnsaveableError,
    _save_load,
)
from skgan.modules import MLPGenerator
from skgan.storage import TensorReader, TensorWriter, pack, unpack

_path = Path(__file__).with_name("make_golden.py")
_spec = importlib.util.spec_from_file_location("make_golden", _path)
make_golden = importlib.util.module_from_spec(_spec)
_spec.loader.exec_module(make_golden)
DATA, check, draw = make_golden.DATA, make_golden.check, make_golden.draw
N = 60
SMALL = {"max_iter": 3, "hidden_dims": (8,), "random_state": 0}


def assert_same(first, second):
    if isinstance(first, tuple):
        for one, other in zip(first, second, strict=True):
            assert_same(one, other)
        return
    assert type(first) is type(second)
    if isinstance(first, pd.DataFrame):
        pd.testing.assert_frame_equal(first, second)
    elif isinstance(first, pd.Series):
        pd.testing.assert_series_equal(first, second)
    elif isinstance(first, pl.DataFrame):
        assert first.schema == second.schema
        assert str(first.rows()) == str(second.rows())
    else:
        assert first.dtype == second.dtype
        np.testing.assert_array_equal(first, second)


def round_trip(estimator, path, **handed_over):
    save(estimator, path)
    return load(path, **handed_over)


def assert_goes_on_alike(sampler, path, *data):
    """Draw, score and train further: the loaded sampler does what the saved does."""
    sampler.set_params(warm_start=True)
    sampler.sample(3)
    loaded = round_trip(sampler, path)
    assert repr(loaded) == repr(sampler)
    # More than one block of rows.
    assert_same(
        sampler.sample(1100, random_state=7), loaded.sample(1100, random_state=7)
    )
    for _ in range(2):
        assert_same(sampler.sample(5), loaded.sample(5))
    assert sampler.score(*data) == loaded.score(*data)
    assert_same(sampler.transform(data[0]), loaded.transform(data[0]))
    assert loaded.n_iter_ == sampler.n_iter_
    sampler.fit(*data)
    loaded.fit(*data)
    pairs = zip(
        sampler.net_.get_all_learnable_params(),
        loaded.net_.get_all_learnable_params(),
        strict=True,
    )
    for (name, weight), (_, other) in pairs:
        assert torch.equal(weight, other), name
    assert_same(sampler.sample(5), loaded.sample(5))
    losses = [
        [record["generator_loss"] for record in estimator.history_]
        for estimator in (sampler, loaded)
    ]
    assert losses[0] == losses[1]
    return loaded


@pytest.fixture
def path(tmp_path):
    return tmp_path / "sampler.skgan"


def rows(kind):
    rng = np.random.default_rng(0)
    return {
        "floats": lambda: rng.normal(size=(N, 3)),
        "singles": lambda: rng.normal(size=(N, 3)).astype(np.float32),
        "integers": lambda: rng.integers(0, 50, (N, 2)),
        "one column": lambda: rng.exponential(size=(N, 1)),
        "rotated": lambda: rng.uniform(size=(N, 2)) @ np.array([[1, 1], [-1, 1]]),
        "grey images": lambda: rng.integers(0, 256, (N, 6, 6), dtype=np.uint8),
        "color images": lambda: rng.random((N, 4, 4, 3)),
        "frame": lambda: pd.DataFrame(
            {"a": rng.normal(size=N), "b": pd.array(range(N), dtype="Int64")}
        ),
        "polars frame": lambda: pl.DataFrame(
            {"a": rng.normal(size=N).astype("f4"), "b": [None, *range(N - 1)]}
        ),
        "arrays as tables": lambda: rng.integers(0, 5, (N, 3)).astype(float),
    }[kind]()


@pytest.mark.parametrize(
    ("kind", "encoder"),
    [
        ("floats", "auto"),
        ("singles", VectorEncoder(rotate=False)),
        ("integers", "auto"),
        ("one column", "auto"),
        ("rotated", "auto"),
        ("grey images", "auto"),
        ("color images", ImageEncoder(value_range=(0, 1))),
        ("frame", "auto"),
        ("polars frame", "auto"),
        ("arrays as tables", TableEncoder()),
    ],
)
def test_rows_of_every_kind(kind, encoder, path):
    X = rows(kind)
    sampler = GANSampler(encoder=encoder, **SMALL).fit(X)
    assert_goes_on_alike(sampler, path, X)


def pandas_columns():
    import pyarrow as pa

    rng = np.random.default_rng(0)
    day = datetime.date(2024, 1, 1)
    days = [day + datetime.timedelta(int(i)) for i in rng.integers(0, 99, N)]
    moments = pd.Series(pd.to_datetime(days))
    few = rng.integers(0, 4, N)
    objects = np.array([1, "a", None, 2.5, True, datetime.date(2020, 1, 1)], object)
    quarters = [Decimal(int(i)) / 4 for i in rng.integers(0, 99, N)]
    zoned = [
        datetime.datetime(d.year, d.month, d.day, tzinfo=datetime.UTC) for d in days
    ]
    letters = np.array(["x", "y", "ü", ""])[few]
    frame = pd.DataFrame(
        {
            "float": rng.normal(size=N).round(2),
            "int": rng.integers(0, 50, N),
            "large int": 2**60 + rng.integers(0, 50, N),
            "uint8": rng.integers(0, 250, N).astype("u1"),
            "bool": rng.random(N) < 0.5,
            "Int32": pd.array(few, dtype="Int32"),
            "boolean": pd.array(rng.random(N) < 0.5, dtype="boolean"),
            "Float32": pd.array(rng.random(N), dtype="Float32"),
            "string": pd.array(letters, dtype="string"),
            "missing": np.where(few > 2, None, letters),
            "object": pd.Series(letters, dtype=object),
            "mixed": pd.Series(rng.choice(objects, N), dtype=object),
            "ordered": pd.Categorical(letters, ["z", "y", "x", "ü", ""], ordered=True),
            "category of ints": pd.Categorical(few),
            "date": pd.Series(days, dtype=object),
            "time": pd.Series([datetime.time(int(i)) for i in few], dtype=object),
            "decimal": pd.Series(quarters, dtype=object),
            "zoned object": pd.Series(zoned, dtype=object),
            "moment": moments,
            "zoned": (moments + pd.Timedelta(hours=1)).dt.tz_localize("Europe/Rome"),
            "midnight": moments.dt.tz_localize("America/New_York"),
            "utc": moments.dt.tz_localize("UTC"),
            "offset": moments.dt.tz_localize(
                datetime.timezone(datetime.timedelta(0, 3600))
            ),
            "duration": pd.to_timedelta(rng.integers(0, 1000, N), unit="s"),
            "period": pd.PeriodIndex.from_ordinals(few + 600, freq="M"),
            "sparse": pd.arrays.SparseArray(few),
            "interval": pd.arrays.IntervalArray.from_breaks(np.arange(5.0))[few],
            "arrow int": pd.Series(few).astype("int64[pyarrow]"),
            "arrow string": pd.Series(letters).astype("string[pyarrow]"),
            "arrow moment": moments.astype("timestamp[us][pyarrow]"),
            "arrow date": moments.astype("timestamp[us][pyarrow]").astype(
                "date32[pyarrow]"
            ),
            "constant": np.ones(N),
        }
    )
    decimal = pd.ArrowDtype(pa.decimal128(8, 2))
    frame["arrow decimal"] = pd.array(quarters, dtype=decimal)
    levels = pd.ArrowDtype(pa.dictionary(pa.int32(), pa.string()))
    frame["arrow dictionary"] = pd.Series(letters).astype(levels)
    frame["triple"] = frame["int"] * 3
    frame["copy"] = frame["string"]
    frame["id"] = [f"K{i:05d}" for i in rng.permutation(N)]
    return frame


@pytest.mark.filterwarnings("ignore:Almost all values")
def test_a_pandas_table_of_every_dtype(path):
    frame = pandas_columns()
    frame["row"] = np.random.default_rng(1).normal(size=N)
    encoder = TableEncoder(
        identifiers="draw",
        max_levels=4,
        constraints=[
            Range("int", 0, 50),
            Range("moment", low=datetime.date(2023, 1, 1)),
            Inequality("int", "triple"),
            FixedCombinations("string", "ordered"),
            Unique("row"),
            Positive("triple", strict=False),
        ],
    )
    sampler = GANSampler(encoder=encoder, **SMALL).fit(frame)
    loaded = assert_goes_on_alike(sampler, path, frame)
    own, other = sampler.encoder_, loaded.encoder_
    assert list(map(str, own.dependencies_)) == list(map(str, other.dependencies_))
    assert own.constraints == other.constraints
    assert own.repaired_share_ == other.repaired_share_
    given = {"bool": True, "ordered": ["x", "y"]}
    assert_same(sampler.sample(20, given=given), loaded.sample(20, given=given))
    with pytest.raises(ValueError, match="has no level 'nine'"):
        loaded.sample(given={"ordered": "nine"})


def test_a_polars_table_of_every_dtype(path):
    rng = np.random.default_rng(0)
    letters = np.array(["x", "y"])[rng.integers(0, 2, N)].tolist()
    moments = [
        datetime.datetime(2024, 3, 1) + datetime.timedelta(hours=int(i))
        for i in rng.integers(0, 900, N)
    ]
    moments = pl.Series(moments)
    quarters = [Decimal(int(i)) / 4 for i in rng.integers(0, 99, N)]
    frame = pl.DataFrame(
        {
            "float": rng.normal(size=N),
            "small": rng.integers(0, 9, N).astype("i2"),
            "bool": rng.random(N) < 0.5,
            "string": letters,
            "missing": [None, *letters[1:]],
            "category": pl.Series(letters, dtype=pl.Categorical),
            "enum": pl.Series(letters, dtype=pl.Enum(["z", "x", "y"])),
            "date": moments.dt.date(),
            "moment": moments,
            "zoned": moments.dt.replace_time_zone("Asia/Tokyo"),
            "midnight": moments.dt.truncate("1d").dt.replace_time_zone("Europe/Rome"),
            "duration": moments - moments[0],
            "time": moments.dt.time(),
            "decimal": pl.Series(quarters, dtype=pl.Decimal(10, 2)),
            "binary": [letter.encode() for letter in letters],
            "null": pl.Series([None] * N),
            "object": pl.Series([1, 2] * (N // 2), dtype=pl.Object),
        }
    )
    encoder = TableEncoder(condition_on=["string", "float"])
    sampler = GANSampler(encoder=encoder, **SMALL).fit(frame)
    loaded = assert_goes_on_alike(sampler, path, frame)
    given = {"string": "x", "float": (0, None)}
    assert_same(sampler.sample(20, given=given), loaded.sample(20, given=given))


@pytest.mark.filterwarnings("ignore:Almost all values")
def test_columns_with_strange_labels(path):
    X = rows("floats")
    for columns in (
        pd.MultiIndex.from_tuples([("a", 1), ("a", 2), ("b", 1)], names=["u", None]),
        pd.RangeIndex(3, name="n"),
        pd.DatetimeIndex(["2024-01-01", "2024-01-02", "2024-01-03"], name="t"),
        pd.Index([1, 2.5, (2, "c")]),
    ):
        frame = pd.DataFrame(X, columns=columns)
        if not all(isinstance(name, str) for name in columns):
            frame = frame.astype({columns[2]: "category"})
        sampler = GANSampler(**SMALL).fit(frame)
        sampled = round_trip(sampler, path).sample(4, random_state=0)
        assert_same(sampled, sampler.sample(4, random_state=0))


def test_strings_of_any_kind(path):
    levels = ["a\x00", "\ud800", "𝔘", "", '"', "\\", "\n" * 5] + [
        f"level {i}" for i in range(40)
    ]
    frame = pd.DataFrame({"s": pd.Series(levels * 5, dtype=object), "x": range(235)})
    sampler = GANSampler(**SMALL).fit(frame)
    loaded = round_trip(sampler, path)
    assert_same(loaded.sample(300, random_state=1), sampler.sample(300, random_state=1))
    assert set(loaded.sample(300)["s"]) <= set(levels)


@pytest.mark.parametrize(
    ("kind", "labels"),
    [
        ("floats", "classes"),
        ("floats", "numbers"),
        ("grey images", "frame"),
        ("table", "classes"),
        ("table", "numbers"),
        ("table", "polars"),
    ],
)
def test_conditional_samplers(kind, labels, path):
    table = pandas_columns()[["float", "ordered", "missing", "int"]]
    X = table if kind == "table" else rows(kind)
    letters = np.array(["a", "b", "c"])[np.arange(N) % 3]
    y = {
        "classes": letters,
        "numbers": np.random.default_rng(0).normal(size=N),
        "frame": pd.DataFrame({"u": pd.Categorical(letters), "v": range(N)}),
        "polars": pl.Series("u", letters.tolist()),
    }[labels]
    sampler = ConditionalGANSampler(**SMALL).fit(X, y)
    loaded = assert_goes_on_alike(sampler, path, X, y)
    if labels == "classes":
        assert_same(loaded.classes_, sampler.classes_)
        wanted = ["c", "a", "a"]
        assert_same(sampler.sample(y=wanted), loaded.sample(y=wanted))
    # The labels of training rows stay where they are.
    assert b"iterator_train__groups" not in path.read_bytes()


def test_conditional_sampler_of_balanced_classes(path):
    X, y = rows("floats"), np.r_[np.zeros(N - 20), np.ones(20)].astype(int)
    sampler = ConditionalGANSampler(condition_sampling="balanced", **SMALL).fit(X, y)
    assert_goes_on_alike(sampler, path, X, y)


@pytest.mark.parametrize("meta", [AugmentedClassifier, AugmentedRegressor])
def test_meta_estimators_say_what_can_be_saved(meta, path):
    is_classifier = meta is AugmentedClassifier
    inner = LogisticRegression() if is_classifier else LinearRegression()
    X, y = rows("floats"), np.arange(N) % 2
    y = y if is_classifier else y + rows("floats")[:, 0]
    model = meta(inner, ConditionalGANSampler(**SMALL), random_state=0).fit(X, y)
    with pytest.raises(
        UnsaveableError, match=r"`sampler_`.*leave_out=\['estimator_'\]"
    ):
        save(model, path)
    assert not path.exists()
    sampler = round_trip(model.sampler_, path)
    assert_same(
        sampler.sample(4, random_state=0), model.sampler_.sample(4, random_state=0)
    )
    save(model, path, leave_out=["estimator", "estimator_"])
    with pytest.raises(MissingDefinitionError, match="'estimator' was left out"):
        load(path)
    objects = {"estimator": inner, "estimator_": model.estimator_}
    loaded = load(path, objects=objects)
    assert loaded.estimator_ is model.estimator_
    assert_same(loaded.predict(X), model.predict(X))
    assert_same(
        loaded.sampler_.sample(4, random_state=0),
        model.sampler_.sample(4, random_state=0),
    )
    with pytest.raises(TypeError, match="a list of names"):
        save(model, path, leave_out="estimator")
    with pytest.raises(ValueError, match=r"no attribute of the estimator: \['typo'\]"):
        save(model, path, leave_out=["estimator", "estimator_", "typo"])


def test_an_estimator_of_another_library_is_a_definition_until_it_is_fitted(path):
    model = AugmentedClassifier(LogisticRegression(), GANSampler(**SMALL))
    save(model, path)
    with pytest.raises(MissingDefinitionError, match="'estimator' was left out"):
        load(path)
    handed = LogisticRegression(C=2)
    assert load(path, objects={"estimator": handed}).estimator is handed
    for estimator in (LogisticRegression(), make_pipeline(LogisticRegression())):
        estimator.fit(rows("floats"), np.arange(N) % 2)
        with pytest.raises(UnsaveableError, match=r"leave_out=\['estimator'\]"):
            save(model.set_params(estimator=estimator), path)


def test_a_sampler_for_each_class(path):
    X, y = rows("floats"), np.arange(N) % 2
    model = AugmentedClassifier(LogisticRegression(), GANSampler(**SMALL))
    model.set_params(random_state=0).fit(X, y)
    loaded = round_trip(model.sampler_, path)
    for name, sampler in model.sampler_.samplers_.items():
        other = loaded.samplers_[name]
        assert_same(other.sample(4, random_state=0), sampler.sample(4, random_state=0))


def test_over_sampler(path):
    imblearn = pytest.importorskip("skgan.imblearn")
    X, y = rows("floats"), np.r_[np.zeros(N - 20), np.ones(20)].astype(int)
    sampler = imblearn.GANOverSampler(
        sampler=ConditionalGANSampler(**SMALL), random_state=0
    )
    drawn = sampler.fit_resample(X, y)
    loaded = round_trip(sampler, path)
    assert_same(
        loaded.sampler_.sample(4, random_state=0),
        sampler.sampler_.sample(4, random_state=0),
    )
    assert_same(drawn, loaded.fit_resample(X, y))


@pytest.mark.filterwarnings("ignore:Almost all values")
def test_unfitted_estimators_and_encoders(path):
    sampler = GANSampler(
        encoder=TableEncoder(constraints=[Range("a", low=np.float32(1))]),
        net_params={"generator__activation": "silu", "lr": 0.1},
        schedule={"learning_rate": ("cosine", 0.5)},
        random_state=np.random.RandomState(3),
    )
    loaded = round_trip(sampler, path)
    assert loaded.random_state.randint(10**9) == sampler.random_state.randint(10**9)
    loaded.random_state = sampler.random_state = None
    assert repr(loaded) == repr(sampler)
    frame = pandas_columns()
    encoder = TableEncoder(identifiers="draw", dependencies=False).fit(frame)
    encoded = encoder.transform(frame)
    other = round_trip(encoder, path)
    assert_same(encoded, other.transform(frame))
    assert_same(encoder.inverse_transform(encoded), other.inverse_transform(encoded))


def test_an_encoder_that_learns_by_parts_keeps_no_rows(path):
    frame = pandas_columns()[["float", "int", "ordered"]]
    encoder = TableEncoder().partial_fit(frame[:50]).partial_fit(frame[50:])
    loaded = round_trip(encoder, path)
    assert "_reservoir" not in vars(loaded)
    assert_same(loaded.transform(frame), encoder.transform(frame))


def own_cost(squared_norms):
    return squared_norms.mean()


def own_discriminator_loss(real_logits, fake_logits):
    return nn.functional.softplus(fake_logits - real_logits).mean()


def own_generator_loss(real_logits, fake_logits):
    return nn.functional.softplus(-fake_logits).mean()


class OwnGenerator(MLPGenerator):
    pass


def test_definitions_of_ones_own_are_handed_over(path):
    loss = (own_discriminator_loss, own_generator_loss)
    sampler = GANSampler(generator=OwnGenerator, loss=loss, **SMALL)
    X = rows("floats")
    sampler.fit(X)
    save(sampler, path)
    with pytest.raises(MissingDefinitionError, match="OwnGenerator"):
        load(path)
    with pytest.raises(MissingDefinitionError, match="own_discriminator_loss"):
        load(path, classes=[OwnGenerator])
    loaded = load(path, classes=[OwnGenerator, *loss])
    assert loaded.loss == loss
    assert type(loaded.net_.generator_) is OwnGenerator
    assert_same(loaded.sample(4, random_state=0), sampler.sample(4, random_state=0))

    class OwnGenerator2(OwnGenerator):
        def __init__(self, hidden_dims, **kwargs):
            super().__init__(hidden_dims=(9,), **kwargs)

    OwnGenerator2.__name__ = "OwnGenerator"
    with pytest.raises(ValueError, match=r"\(8, .*in the file, but \(9, "):
        load(path, classes=[OwnGenerator2, *loss])


def test_what_is_no_data_is_refused_at_saving(path):
    X = rows("floats")
    sampler = GANSampler(loss=(lambda r, f: f.mean(), own_generator_loss), **SMALL)
    sampler.fit(X)
    with pytest.raises(UnsaveableError, match=r"loss.*lambda.*Define it"):
        save(sampler, path)
    sampler = GANSampler(**SMALL).fit(X)
    sampler.note = "mine"
    with pytest.raises(UnsaveableError, match="note is no attribute"):
        save(sampler, path)
    del sampler.note
    with torch.no_grad():
        next(sampler.net_.generator_.parameters())[:] = np.nan
    with pytest.raises(UnsaveableError, match="not finite"):
        save(sampler, path)
    with pytest.raises(UnsaveableError, match=r"of skgan, got a sklearn.*Logistic"):
        save(LogisticRegression(), path)
    with pytest.raises(UnsaveableError, match=r"pipeline\[-1\]"):
        save(make_pipeline(GANSampler()), path)
    assert not path.exists()


def test_callbacks_are_not_saved_and_said_so(path):
    from skorch.callbacks import EpochTimer

    sampler = GANSampler(callbacks=[("timer", EpochTimer())], **SMALL)
    with pytest.warns(UserWarning, match="callbacks are code"):
        save(sampler, path)
    assert load(path).callbacks is None


def test_training_state_is_saved_where_training_shall_go_on(path):
    X = rows("floats")
    sampler = GANSampler(**SMALL).fit(X)
    save(sampler, path)
    size = path.stat().st_size
    save(sampler.set_params(warm_start=True), path)
    assert path.stat().st_size > size + 8 * sum(
        weight.numel() for _, weight in sampler.net_.get_all_learnable_params()
    )


def test_the_same_sampler_gives_the_same_file(path, tmp_path):
    sampler = GANSampler(**SMALL).fit(pandas_columns().drop(columns="id"))
    save(sampler, path)
    save(sampler, tmp_path / "other")
    assert path.read_bytes() == (tmp_path / "other").read_bytes()
    save(load(path), tmp_path / "other")
    assert path.read_bytes() == (tmp_path / "other").read_bytes()


def test_a_device_that_is_not_here(path):
    sampler = GANSampler(**SMALL).fit(rows("floats"))
    save(sampler, path)
    schema, members = unpack(path)
    state = members["state.json"]
    assert state.count(b'"device":"cpu"') == 1
    elsewhere = state.replace(b'"device":"cpu"', b'"device":"xpu:0"')
    path.write_bytes(pack({**members, "state.json": elsewhere}, schema))
    with pytest.warns(UserWarning, match=r"not here, \['xpu'\].*on the CPU") as caught:
        loaded = load(path)
    assert caught[0].filename == __file__
    assert_same(loaded.sample(5, random_state=0), sampler.sample(5, random_state=0))


def test_global_streams_are_left_alone(path):
    sampler = GANSampler(**SMALL).fit(rows("floats"))
    numpy_state, torch_state = np.random.get_state()[1].copy(), torch.get_rng_state()
    round_trip(sampler, path)
    assert (np.random.get_state()[1] == numpy_state).all()
    assert torch.equal(torch.get_rng_state(), torch_state)


def test_any_tool_reads_the_file(path):
    sampler = GANSampler(**SMALL).fit(rows("floats"))
    save(sampler, path)
    with zipfile.ZipFile(path) as archive:
        assert archive.testzip() is None
        names = archive.namelist()
        config = json.loads(archive.read("config.json"))
        weights = archive.read("weights.safetensors")
    assert names == [
        "manifest.json",
        "config.json",
        "state.json",
        "state.safetensors",
        "weights.safetensors",
    ]
    assert config["estimator"] == "GANSampler"
    assert config["written_by"]["skgan"] == skgan.__version__
    state = sampler.net_.generator_.state_dict()
    reader = TensorReader(weights, "weights")
    for name, value in state.items():
        assert torch.equal(reader.tensor(f"generator.{name}"), value)


def test_weights_are_safetensors():
    safetensors = pytest.importorskip(
        "safetensors.torch", reason="pip install safetensors to check the format"
    )
    tensors = {
        "a": torch.arange(6.0).reshape(2, 3),
        "half": torch.ones(3, dtype=torch.bfloat16),
        "count": torch.tensor(5),
        "none": torch.empty(0, 4, dtype=torch.float64),
        "flags": torch.tensor([True, False]),
    }
    writer = TensorWriter()
    for name, value in tensors.items():
        writer.add(name, value)
    written = safetensors.load(writer.to_bytes())
    reader = TensorReader(safetensors.save(tensors), "theirs")
    for name, value in tensors.items():
        assert torch.equal(written[name], value)
        assert written[name].dtype == value.dtype
        assert torch.equal(reader.tensor(name), value)
        assert reader.tensor(name).dtype == value.dtype


def golden(name):
    recorded = json.loads((DATA / "draws.json").read_text(encoding="utf-8"))
    return DATA / f"{name}_schema_1.zip", np.array(recorded[name])


GOLDEN = (
    *("vectors", "table", "labels", "images", "codes", "outliers"),
    *("trees_vectors", "trees_table", "trees_labels", "trees_rejection"),
    *("trees_moments", "imputer"),
)


@pytest.mark.parametrize("name", GOLDEN)
def test_files_of_schema_1_load(name):
    file, recorded = golden(name)
    check(name, draw(load(file)), recorded)


def test_every_file_of_an_older_version_is_loaded():
    files = {file.name for file in DATA.glob("*.zip")}
    assert files == {f"{name}_schema_1.zip" for name in GOLDEN}


def test_older_schemas_are_brought_up_to_date(monkeypatch):
    file, recorded = golden("vectors")
    seen = []

    def rename(members):
        seen.append(sorted(members))
        members["config.json"]["parameters"]["verbose"] = 1
        return members

    monkeypatch.setattr(_save_load, "SCHEMA", 2)
    with pytest.raises(SchemaError, match="Schema 1 is not known"):
        load(file)
    monkeypatch.setitem(_save_load.MIGRATIONS, 1, rename)
    loaded = load(file)
    assert loaded.verbose == 1
    assert len(seen) == 1
    check("vectors", draw(loaded), recorded)


def test_newer_schemas_say_so(path):
    _, members = unpack(golden("vectors")[0])
    path.write_bytes(pack({**members, "news.json": b"{}"}, 2))
    with pytest.raises(SchemaError, match=r"schema 2.*later version.*reads up to 1"):
        load(path)


@pytest.mark.parametrize("kind", [str, Path])
def test_paths_of_every_kind(kind, path):
    sampler = GANSampler(**SMALL)
    save(sampler, kind(path))
    assert repr(load(kind(path))) == repr(sampler)


def test_file_objects(path):
    sampler = GANSampler(**SMALL).fit(rows("floats"))
    save(sampler, path)
    buffer = io.BytesIO()
    save(sampler, buffer)
    assert buffer.getvalue() == path.read_bytes()
    # It is read from where it stands.
    buffer = io.BytesIO(b"before" + buffer.getvalue())
    buffer.seek(6)
    with path.open("rb") as file:
        for source in (buffer, file):
            loaded = load(source)
            assert_same(loaded.sample(3), GANSampler.sample(load(path), 3))
    with path.open("wb") as file:
        save(sampler, file)
        assert not file.closed
    with path.open("rb") as file:
        load(file)


def test_file_objects_that_are_refused(path):
    with pytest.raises(StructureError, match=r"'a BytesIO' cannot be loaded.*begins"):
        load(io.BytesIO(b"other bytes"))
    path.write_bytes(b"other bytes")
    with (
        path.open("rb") as file,
        pytest.raises(StructureError, match=r"sampler\.skgan' cannot be loaded"),
    ):
        load(file)
    for file in (io.StringIO("text"), path.open("r")):
        with file, pytest.raises(TypeError, match="binary mode"):
            load(file)
    with pytest.raises(TypeError, match="bytes"):
        save(GANSampler(), io.StringIO())


class TestWriting:
    @pytest.fixture
    def sampler(self):
        return GANSampler(**SMALL)

    def test_modes_links_and_leftovers(self, sampler, path, tmp_path):
        save(sampler, str(path))
        mask = os.umask(0)
        os.umask(mask)
        assert path.stat().st_mode & 0o777 == 0o666 & ~mask
        path.chmod(0o600)
        link = tmp_path / "link"
        link.symlink_to(path)
        before = path.read_bytes()
        save(sampler.set_params(verbose=1), link)
        assert link.is_symlink()
        assert path.read_bytes() != before
        assert path.stat().st_mode & 0o777 == 0o600
        assert sorted(tmp_path.iterdir()) == sorted([link, path])

    @pytest.mark.parametrize("failing", ["fsync", "replace"])
    def test_a_full_disk_leaves_the_old_file(self, sampler, path, monkeypatch, failing):
        save(sampler, path)
        before = path.read_bytes()

        def fail(*args):
            raise OSError(errno.ENOSPC, "No space left on device")

        monkeypatch.setattr(os, failing, fail)
        with pytest.raises(OSError, match="No space left"):
            save(sampler.set_params(verbose=1), path)
        assert path.read_bytes() == before
        assert list(path.parent.iterdir()) == [path]

    def test_limited_file_size_leaves_the_old_file(self, sampler, path):
        resource = pytest.importorskip("resource")
        save(sampler, path)
        before = path.read_bytes()
        limits = resource.getrlimit(resource.RLIMIT_FSIZE)
        resource.setrlimit(resource.RLIMIT_FSIZE, (100, limits[1]))
        try:
            with pytest.raises(OSError, match="too large"):
                save(sampler.set_params(verbose=1), path)
        finally:
            resource.setrlimit(resource.RLIMIT_FSIZE, limits)
        assert path.read_bytes() == before
        assert list(path.parent.iterdir()) == [path]

    def test_everything_is_synchronised_before_the_name_changes(
        self, sampler, path, monkeypatch
    ):
        calls = []
        fsync, replace = os.fsync, os.replace
        monkeypatch.setattr(os, "fsync", lambda f: calls.append("sync") or fsync(f))
        monkeypatch.setattr(
            os, "replace", lambda a, b: calls.append("replace") or replace(a, b)
        )
        save(sampler, path)
        assert calls == ["sync", "replace", "sync"]

    def test_places_that_cannot_be_written(self, sampler, tmp_path):
        with pytest.raises(IsADirectoryError, match="name a file"):
            save(sampler, tmp_path)
        with pytest.raises(FileNotFoundError, match=r"no folder .*missing'"):
            save(sampler, tmp_path / "missing" / "file")

    @pytest.mark.parametrize("path", [0, None, ["file"]])
    def test_what_is_no_path(self, sampler, path):
        with pytest.raises(TypeError, match="PathLike"):
            save(sampler, path)
        with pytest.raises(TypeError, match="PathLike"):
            load(path)

    def test_a_read_only_folder(self, sampler, tmp_path):
        tmp_path.chmod(0o500)
        try:
            if os.access(tmp_path, os.W_OK):
                pytest.skip("this user may write anywhere")
            with pytest.raises(PermissionError):
                save(sampler, tmp_path / "file")
        finally:
            tmp_path.chmod(0o700)


@pytest.mark.data
def test_adult(adult_folder, path):
    people = load_adult(adult_folder).train[:700]
    sampler = GANSampler(max_iter=5, random_state=0).fit(people)
    loaded = round_trip(sampler, path)
    assert path.stat().st_size < 1.5e6
    assert_same(
        loaded.sample(2000, random_state=7), sampler.sample(2000, random_state=7)
    )
