"""What else than arrays and frames is read, and what is refused with advice."""

import datetime
from decimal import Decimal

import numpy as np
import pandas as pd
import polars as pl
import pytest
import torch
from input_cases import CONTAINERS, Plain, X
from sklearn.base import clone
from sklearn.naive_bayes import GaussianNB
from sklearn.preprocessing import StandardScaler
from torch.utils.data import (
    ConcatDataset,
    Subset,
    TensorDataset,
)

from skgan import (
    AugmentedClassifier,
    ConditionalGANSampler,
    GANImputer,
    GANOutlierDetector,
    GANSampler,
    SamplerPipeline,
    metrics,
)
from skgan.encoding import TableEncoder, VectorEncoder
from skgan.frames import as_rows
from skgan.imblearn import GANOverSampler

pa = pytest.importorskip("pyarrow")
N = 60


def make_table():
    return pa.table(
        {
            "whole": [None, *range(2**60, 2**60 + N - 1)],
            "small": pa.array([*range(N - 1), None], pa.uint8()),
            "number": X[:, 0],
            "flag": [True, None] * (N // 2),
            "word": ["a", "b"] * (N // 2),
            "day": [datetime.date(2024, 1, 1 + i % 28) for i in range(N)],
            "price": [Decimal(i) / 100 for i in range(N)],
        }
    )


class Exported:
    """A table of another library."""

    def __init__(self, table):
        self.table = table

    def __arrow_c_stream__(self, requested_schema=None):
        return self.table.__arrow_c_stream__(requested_schema)


def test_tables_of_arrow_become_frames_without_a_loss():
    table = make_table()
    batch = table.to_batches()[0]
    for given in (table, batch, Exported(table)):
        frame = as_rows(given)
        assert isinstance(frame, pd.DataFrame)
        assert frame["whole"].dtype == "Int64" and frame["small"].dtype == "UInt8"
        assert frame["flag"].dtype == "boolean" and frame["number"].dtype == "float32"
        for name in table.column_names:
            values = [None if pd.isna(v) else v for v in frame[name]]
            assert values == table[name].to_pylist()
        encoder = TableEncoder().fit(given)
        back = encoder.inverse_transform(encoder.transform(given))
        pd.testing.assert_frame_equal(back, frame)
    frame = pl.DataFrame({"a": [1, 2]})
    assert as_rows(frame) is frame


def test_samplers_read_tables_and_datasets():
    small = {"max_iter": 2, "hidden_dims": (4,), "random_state": 0}
    sampler = GANSampler(**small).fit(make_table())
    assert list(sampler.sample(5).columns) == make_table().column_names
    sampler = GANSampler(**small).fit(TensorDataset(torch.from_numpy(X)))
    assert sampler.sample(5).shape == (5, 2) and sampler.sample(5).dtype == np.float32


def test_datasets_of_equal_tensors():
    whole = TensorDataset(torch.from_numpy(X))
    for dataset, rows in (
        (whole, X),
        (Plain(), X),
        (Subset(whole, range(10)), X[:10]),
        (ConcatDataset([whole, Plain()]), np.vstack([X, X])),
    ):
        np.testing.assert_array_equal(as_rows(dataset), rows)
    VectorEncoder().fit(whole)


@pytest.mark.parametrize("name", CONTAINERS)
def test_refused_in_one_line(name):
    given, message = CONTAINERS[name]
    for use in (as_rows, VectorEncoder().fit, TableEncoder().fit, GANSampler().fit):
        with pytest.raises(TypeError, match=message) as raised:
            use(given)
        assert "\n" not in str(raised.value)


def doors():
    """What takes rows beside samplers: metrics, scorers, pipelines and the like."""
    rows, classes = np.random.default_rng(0).normal(size=(40, 2)), np.arange(40) % 2
    sampler = GANSampler(max_iter=0, rejection=None, early_stopping=False).fit(rows)
    steps = [("scale", StandardScaler()), ("sampler", clone(sampler))]
    pipeline = SamplerPipeline(steps).fit(rows)
    model = AugmentedClassifier(GaussianNB(), n_synthetic=0).fit(rows, classes)
    return {
        "energy_distance": lambda bad: metrics.energy_distance(rows, bad),
        "precision": lambda bad: metrics.precision(rows, bad),
        "c2st": lambda bad: metrics.c2st(rows, bad),
        "column_shapes": lambda bad: metrics.column_shapes(rows, bad),
        "real": lambda bad: metrics.sliced_wasserstein(bad, rows),
        "pair": lambda bad: metrics.train_on_synthetic(*[(bad, classes)] * 3),
        "scorer": lambda bad: metrics.make_sampler_scorer("c2st")(sampler, bad),
        "diagnose": sampler.diagnose,
        "sampler.score": sampler.score,
        "pipeline": lambda bad: SamplerPipeline(steps).fit(bad),
        "pipeline.score": pipeline.score,
        "augmented": lambda bad: clone(model).fit(bad, classes),
        "augmented.predict": model.predict,
        "augmented.score": lambda bad: model.score(bad, classes),
        "over": lambda bad: GANOverSampler().fit_resample(bad, classes),
        "imputer": GANImputer().fit,
        "outliers": GANOutlierDetector().fit,
    }


@pytest.mark.parametrize("name", ["None", "dict", "dicts", "structured", "loader"])
def test_every_door_refuses_in_the_same_words(name):
    given, message = CONTAINERS[name]
    message = message.removeprefix("X ").replace(r"\(X\)", r"\(X\w*\)")
    for use in doors().values():
        with pytest.raises(TypeError, match=message):
            use(given)
        with pytest.raises(TypeError, match="is a generator, which is read once"):
            use(row for row in X)


@pytest.mark.parametrize("y", ["dict", "dicts", "structured", "loader"])
def test_labels_that_are_none_are_refused_by_name(y):
    given, message = CONTAINERS[y]
    message = message.replace("X is", "y is").replace(r"\(X\)", r"\(y\)")
    with pytest.raises(TypeError, match=message):
        ConditionalGANSampler(max_iter=0).fit(X, given)


def test_metrics_read_tables_of_arrow_by_their_names():
    frame = pd.DataFrame({"a": X[:, 0], "s": list("ab") * (N // 2)})
    table = pa.table({"s": frame["s"], "a": frame["a"]})
    for given in (table, table.to_batches()[0]):
        distance = metrics.energy_distance(frame, given)
        assert distance == metrics.energy_distance(frame, frame)
        assert metrics.column_shapes(given, frame) == 1
