"""Values stay on the grid that they came on: offset, step and endings."""

from decimal import Decimal

import numpy as np
import pandas as pd
import polars as pl
import pytest

from skgan.encoding import TableEncoder, VectorEncoder
from skgan.encoding._grid import Grid, find_decimals, find_grid, find_single_grid

N = 1000
rng = np.random.default_rng(0)
WHOLE = rng.integers(1, 900, N)
ENDINGS = rng.choice([0.99, 0.95, 0.0], N, p=[0.6, 0.3, 0.1])
COLUMNS = {
    "x.99": WHOLE + 0.99,
    "x.49 and x.99": WHOLE + rng.choice([0.49, 0.99], N),
    "halves below zero": WHOLE - 450.5,
    "1e6 and a half": 1e6 + WHOLE + 0.5,
    "few endings": WHOLE + ENDINGS,
    "single precision": (WHOLE + 0.99).astype(np.float32),
    "single halves beyond 1e6": (1e6 + WHOLE + 0.5).astype(np.float32),
    "hundredths": rng.integers(0, 10_000, N) / 100,
    "twentieths as k * 0.05": rng.integers(0, 2000, N) * 0.05,
    "sevens with an offset": WHOLE * 7 + 3,
    "x.99 beyond six digits": (1e5 + WHOLE + 0.99).astype(np.float32),
    "sums that are rounded": WHOLE - 450 + 0.99,
}


def new_values(encoder, frame):
    """Return rows decoded from noise and rows of a prior's moved columns."""
    rng = np.random.default_rng(1)
    encoder.fit(frame)
    Z = rng.standard_normal((N, encoder.tensor_shape_[0]))
    columns = encoder.encode_columns(frame)
    moved = columns + rng.normal(size=columns.shape) * np.nanstd(columns, axis=0)
    buffer = encoder.output_builder_.make_buffer(N)
    encoder.write_columns(buffer, 0, encoder.snap_columns(moved))
    return encoder.inverse_transform(Z), encoder.output_builder_.build(buffer)


def assert_on_grid(real, new, step):
    assert new.dtype == real.dtype
    assert real.min() <= new.min() and new.max() <= real.max()
    exact = {"float32": 1e-4}.get(str(real.dtype), 1e-8)
    steps = (new.astype(float) - float(real.min())) / step
    np.testing.assert_allclose(steps, np.rint(steps), atol=exact / step)
    assert len(set(np.asarray(new).tolist())) > 50


STEPS = {
    "x.99 beyond six digits": 1,
    "sums that are rounded": 1,
    "x.99": 1,
    "x.49 and x.99": 0.5,
    "halves below zero": 1,
    "1e6 and a half": 1,
    "few endings": 0.01,
    "single precision": 1,
    "single halves beyond 1e6": 1,
    "hundredths": 0.01,
    "twentieths as k * 0.05": 0.05,
    "sevens with an offset": 7,
}


@pytest.mark.parametrize("is_table", [True, False])
@pytest.mark.parametrize("name", STEPS)
def test_offset_and_step(name, is_table):
    frame = pd.DataFrame({"a": COLUMNS[name]})
    if is_table:
        frame["s"] = list("ab") * (N // 2)
    encoder = TableEncoder() if is_table else VectorEncoder()
    for new in new_values(encoder, frame):
        assert_on_grid(frame["a"], new["a"], STEPS[name])
        # Values are those that the dtype has for the decimals.
        if name in ("few endings", "hundredths", "x.99", "single precision"):
            places = np.round(new["a"].to_numpy().astype(float), 2)
            assert (places.astype(new["a"].dtype) == new["a"]).all()


SINGLES = {
    "x.99 across 2**17": (rng.integers(100_000, 160_000, N) + 0.99),
    "x.49 and x.99 to 2**19": rng.integers(90_000, 500_000, N)
    + rng.choice([0.49, 0.99], N),
    "x.99 below zero": -rng.integers(100_000, 160_000, N) - 0.99,
}


@pytest.mark.parametrize("is_object", [False, True])
@pytest.mark.parametrize("is_table", [True, False])
@pytest.mark.parametrize("name", SINGLES)
def test_endings_that_single_precision_rounds(name, is_table, is_object):
    """Beyond 131 072 single numbers are more than a hundredth apart."""
    values = SINGLES[name].astype(np.float32)
    column = pd.Series(list(values), dtype=object) if is_object else values
    frame = pd.DataFrame({"a": column, "n": rng.normal(size=N)})
    if is_table:
        frame["s"] = list("ab") * (N // 2)
    for new in new_values(TableEncoder() if is_table else VectorEncoder(), frame):
        drawn = new["a"].to_numpy()
        assert new["a"].dtype == frame["a"].dtype
        assert {type(value) for value in drawn} == {np.float32}
        drawn, whole = drawn.astype(np.float32), np.floor(drawn.astype(float))
        endings = (0.49, 0.99) if "and" in name else (0.99,)
        signed = [-e - 1 if "zero" in name else e for e in endings]
        near = [w + e for w in (whole - 1, whole, whole + 1, whole + 2) for e in signed]
        is_price = np.any([drawn == price.astype(np.float32) for price in near], axis=0)
        assert is_price.all() and len(np.unique(drawn)) > N // 2


def test_single_numbers_without_endings_are_left_alone():
    prices = rng.integers(10_000, 20_000_000, N) / 100
    assert find_single_grid(prices.astype(np.float32).astype(float)) is None
    assert find_single_grid(rng.normal(size=N) * 2e5) is None
    assert find_single_grid(np.array([140_000.984375])) is None


@pytest.mark.parametrize("kind", [np.float32, np.float16])
def test_objects_of_fewer_digits_keep_them(kind):
    values = (rng.integers(0, 60, N) + 0.75).astype(kind)
    frame = pd.DataFrame({"a": pd.Series(list(values), dtype=object), "n": WHOLE / 7})
    drawn = new_values(VectorEncoder(), frame)[1]["a"]
    assert {type(value) for value in drawn} == {kind}
    assert (drawn.astype(float) % 1 == 0.75).all()


@pytest.mark.parametrize("is_table", [True, False])
def test_endings_keep_their_shares(is_table):
    frame = pd.DataFrame({"a": COLUMNS["few endings"]})
    if is_table:
        frame["s"] = list("ab") * (N // 2)
    for new in new_values(TableEncoder() if is_table else VectorEncoder(), frame):
        # What was clipped to an extreme has the ending of that one.
        inside = new["a"][new["a"].between(frame["a"].min(), 898)]
        ending = np.round(inside % 1, 2)
        share = [(ending == e).mean() for e in (0.99, 0.95, 0.0)]
        np.testing.assert_allclose(share, [0.6, 0.3, 0.1], atol=0.07)
        assert sum(share) == pytest.approx(1)


def test_rare_endings_are_kept_and_a_spread_is_none():
    some = np.where(rng.random(5000) < 0.9, 0.99, rng.integers(0, 100, 5000) / 100)
    grid = Grid(2).fit(rng.integers(0, 300, 5000) + some)
    new = grid.snap(np.sort(rng.uniform(0, 300, 20_000)))
    ending = np.round(new % 1, 2)
    assert 0.88 < (ending == 0.99).mean() < 0.93 and len(set(ending)) > 80
    # Shares, lengths: values within one unit have a shape of their own.
    for spread in (rng.beta(2, 5, 5000).round(2), rng.exponential(3, 5000).round(2)):
        values = rng.uniform(spread.min(), spread.max(), 999)
        assert (Grid(2).fit(spread).snap(values) == values.round(2)).all()


@pytest.mark.parametrize("is_table", [True, False])
@pytest.mark.parametrize("dtype", ["Float64", "object", "arrow", "polars"])
def test_dtypes_of_decimals(dtype, is_table):
    pytest.importorskip("pyarrow")
    values = COLUMNS["few endings"].round(2)
    decimals = [Decimal(f"{value:.2f}") for value in values]
    if dtype == "polars":
        column = pl.Series(decimals, dtype=pl.Decimal(10, 2))
        frame = pl.DataFrame({"a": column, "b": WHOLE})
    else:
        import pyarrow as pa

        column = {
            "Float64": lambda: pd.array(values, dtype="Float64"),
            "object": lambda: decimals,
            "arrow": lambda: pd.array(decimals, pd.ArrowDtype(pa.decimal128(10, 2))),
        }[dtype]()
        frame = pd.DataFrame({"a": column, "b": WHOLE})
    for new in new_values(TableEncoder() if is_table else VectorEncoder(), frame):
        assert new["a"].dtype == frame["a"].dtype
        kind = {type(value) for value in new["a"].to_list()}
        assert kind == {type(value) for value in frame["a"].to_list()}
        ending = {round(float(value) % 1, 2) for value in new["a"].to_list()}
        assert ending <= {0.99, 0.95, 0.0}
        if dtype in ("object", "arrow"):
            assert {value.as_tuple().exponent for value in new["a"]} == {-2}


def test_arrays_and_missing_values():
    X = np.column_stack([COLUMNS["x.99"], COLUMNS["hundredths"]])
    new = VectorEncoder().fit(X).snap_columns(X + 0.213)
    assert (np.round(new % 1, 2)[:, 0] == 0.99).all() and (new == new.round(2)).all()
    free = VectorEncoder(clip=False).fit(X).snap_columns(X + 1)
    assert (free == (X + 1).round(2)).all()
    frame = pd.DataFrame({"a": np.where(np.arange(N) % 7, X[:, 0], np.nan)})
    encoder = VectorEncoder().fit(frame)
    new = encoder.snap_columns(encoder.encode_columns(frame) + 0.2)
    assert np.isnan(new).sum() == frame["a"].isna().sum()
    assert (np.round(new[~np.isnan(new)] % 1, 2) == 0.99).all()


def test_what_has_no_grid():
    values = rng.normal(size=N)
    assert find_decimals(values) is None and find_grid(values, None) is None
    assert find_decimals(values.astype(np.float32)) is None
    # A sum of floats that is no multiple of a step.
    assert find_grid(np.where(values > 0, values, 0.1 + 0.2), None) is None
    assert Grid(2).fit(np.array([1.0, 3.0])).step is None


@pytest.mark.parametrize("dtype", ["int64", "timedelta64[s]"])
def test_few_values_keep_a_step_that_is_none_by_chance(dtype):
    values = np.array([900, 2700, 4500, 8100, 11700, 900, 4500, 19800]).astype(dtype)
    frame = pd.DataFrame({"a": np.tile(values, 3), "t": ["u", "v", "w"] * 8})
    for new in new_values(TableEncoder(), frame):
        whole = np.asarray(new["a"]).astype(dtype).astype(np.int64)
        assert not (whole % 900).any()


@pytest.mark.parametrize("kind", [VectorEncoder, TableEncoder])
def test_quarters_of_hours_stay_quarters(kind):
    rng = np.random.default_rng(0)
    times = 100 * rng.integers(0, 24, 300) + 15 * rng.integers(0, 4, 300)
    frame = pd.DataFrame({"time": times, "x": rng.normal(size=300)})
    encoder = kind().fit(frame)
    noise = rng.normal(size=(500, encoder.transform(frame).shape[1]))
    drawn = encoder.inverse_transform(noise.astype(np.float32))["time"]
    assert set(drawn % 100) == {0, 15, 30, 45}
