"""Conditions on any column: values, ranges, unions, rows of dicts, functions."""

import numpy as np
import pandas as pd
import polars as pl
import pytest

from skgan import GANSampler
from skgan.encoding import ImageEncoder, TableEncoder

N = 1500


def make_frame():
    rng = np.random.default_rng(0)
    a = rng.normal(size=N)
    kind = np.where(a + rng.normal(size=N) > 0, "x", "y")
    return pd.DataFrame(
        {
            "a": a.round(2),
            "kind": kind,
            "gap": np.where(rng.random(N) < 0.2, np.nan, (a**2).round(3)),
            "count": rng.poisson(5, N),
            "twin": pd.Series(kind).map({"x": "XX", "y": "YY"}),
            "same": 3,
            "day": pd.Timestamp("2024-01-01")
            + pd.to_timedelta(rng.integers(0, 300, N), "D"),
        }
    )


FRAME = make_frame()


@pytest.fixture(scope="module")
def trees():
    return GANSampler(max_iter=0, rejection=None, random_state=0).fit(FRAME)


@pytest.fixture(scope="module")
def networks():
    sampler = GANSampler(max_iter=5, hidden_dims=(16,), prior="normal", random_state=0)
    return sampler.fit(FRAME)


@pytest.fixture(scope="module")
def half_trained():
    """Trees and a generator, and a rule of rejection that was not learnt."""
    params = {"early_stopping": False, "rejection": None, "random_state": 0}
    sampler = GANSampler(max_iter=3, hidden_dims=(16,), **params).fit(FRAME)
    sampler.rejection_ = Refusal()
    return sampler


@pytest.fixture(params=["trees", "networks"])
def sampler(request):
    return request.getfixturevalue(request.param)


CONDITIONS = [
    ({"a": (1, None)}, lambda f: f["a"] >= 1),
    ({"a": (None, -0.5)}, lambda f: f["a"] <= -0.5),
    (
        {"a": [(None, -1), (1, 2)], "kind": "x"},
        lambda f: ((f["a"] <= -1) | f["a"].between(1, 2)) & (f["kind"] == "x"),
    ),
    ({"gap": None}, lambda f: f["gap"].isna()),
    ({"gap": [None, (0, 0.1)]}, lambda f: f["gap"].isna() | (f["gap"] <= 0.1)),
    ({"twin": "XX"}, lambda f: (f["kind"] == "x") & (f["twin"] == "XX")),
    ({"twin": ["XX", "YY"]}, lambda f: f["same"] == 3),
    ({"same": 3, "count": [1, 2]}, lambda f: f["count"].isin([1, 2])),
    (
        {"count": 5, "day": ("2024-03-01", None)},
        lambda f: (f["count"] == 5) & (f["day"] >= "2024-03-01"),
    ),
    (lambda f: f["a"] * f["count"] > 5, lambda f: f["a"] * f["count"] > 5),
    (lambda f: (f["kind"] == "y").to_numpy(), lambda f: f["twin"] == "YY"),
]


@pytest.mark.parametrize("given", range(len(CONDITIONS)))
def test_rows_are_what_is_given_and_start_longer_samples(sampler, given):
    given, holds = CONDITIONS[given]
    rows = sampler.sample(200, given=given, random_state=0)
    assert len(rows) == 200 and holds(rows).all()
    assert rows.dtypes.equals(FRAME.dtypes)
    short = sampler.sample(7, given=given, random_state=0)
    pd.testing.assert_frame_equal(short, rows.head(7))
    assert not sampler.sample(200, given=given, random_state=1).equals(rows)
    assert len(sampler.sample(0, given=given)) == 0


def test_each_row_has_its_own(sampler):
    given = [
        {"a": 1.0},
        {"kind": "y", "a": (0, 1)},
        {"twin": "XX", "gap": None},
        {},
        {"a": [(1, 2), (-2, -1)], "same": 3},
    ]
    rows = sampler.sample(5, given=given, random_state=0)
    assert rows.loc[0, "a"] == 1.0
    assert rows.loc[1, "kind"] == "y" and 0 <= rows.loc[1, "a"] <= 1
    assert rows.loc[2, "kind"] == "x" and np.isnan(rows.loc[2, "gap"])
    assert 1 <= abs(rows.loc[4, "a"]) <= 2


def test_missing_in_a_frame_is_drawn(trees):
    given = pd.DataFrame({"kind": ["x", None] * 50, "gap": [np.nan, 0.5] * 50})
    rows = trees.sample(100, given=given, random_state=0)
    assert (rows["kind"][::2] == "x").all() and (rows["gap"][1::2] == 0.5).all()
    assert rows["kind"][1::2].nunique() == 2 and rows["gap"][::2].nunique() > 20
    dependent = trees.sample(2, given=pd.DataFrame({"twin": ["YY", "XX"]}))
    assert dependent["kind"].tolist() == ["y", "x"]


def test_conditionals_are_those_of_a_large_draw(trees):
    large = trees.sample(60_000, random_state=1)
    for given, chosen in [
        ({"count": 5}, large["count"] == 5),
        (
            {"day": ("2024-06-01", "2024-07-01")},
            large["day"].between("2024-06-01", "2024-07-01"),
        ),
        ({"kind": "y"}, large["kind"] == "y"),
        ({"a": (1, 2)}, large["a"].between(1, 2)),
        ({"gap": (1.0, 3.0)}, large["gap"].between(1, 3)),
    ]:
        expected = large[chosen]
        rows = trees.sample(3000, given=given, random_state=2)
        error = 4 * np.sqrt(1 / 3000 + 1 / len(expected))
        for name in ("a", "count"):
            gap = abs(rows[name].mean() - expected[name].mean())
            assert gap <= error * max(expected[name].std(), 1e-9), (given, name)
        share, wanted = ((f["kind"] == "x").mean() for f in (rows, expected))
        assert abs(share - wanted) <= error * 0.5, given


@pytest.mark.parametrize(
    ("given", "message"),
    [
        ({"same": 4}, r"'same'\] cannot be 4: all rows that fit saw hold 3"),
        ({"twin": "ZZ"}, "no level 'ZZ'; it has 'XX', 'YY'"),
        ({"nothing": 1}, "no column. Columns that can be given: 'a', 'kind', 'gap'"),
        ({"a": 99}, "cannot be 99. Possible: "),
        ({"a": None}, "never was in fit"),
        ({"a": (2, 1)}, "holds nothing"),
        ({"a": []}, "is empty"),
        ({"twin": []}, "is empty"),
        ({"kind": "x", "twin": "YY"}, r"'twin' holds for 0 of \d+ rows drawn"),
        (lambda f: f["a"] > 100, r"the function holds for 0 of \d+ rows drawn"),
        (lambda f: 3, "a mask of 4096 booleans"),
        (lambda f: f["a"], "a mask of 4096 booleans"),
        ([{"a": 1.0}, {}], "2 rows for 1 sample;"),
    ],
)
def test_what_cannot_be_is_told(sampler, given, message):
    with pytest.raises(ValueError, match=message):
        sampler.sample(1, given=given)


def test_a_combination_never_seen_is_told():
    frame = pd.DataFrame({"a": ["p", "q"] * 200, "b": ["u", "v"] * 200})
    frame["b"] = frame["b"].where(np.arange(400) % 40 > 1, "w")
    encoder = TableEncoder(dependencies=False)
    sampler = GANSampler(max_iter=0, encoder=encoder, random_state=0).fit(frame)
    with pytest.raises(ValueError, match=r"no row of what was learnt holds .*'a', 'b'"):
        sampler.sample(3, given={"a": "p", "b": "v"})


def test_columns_of_arrays_and_of_numeric_frames():
    rng = np.random.default_rng(0)
    X = rng.normal(size=(500, 3))
    X[:, 2] = np.rint(3 * X[:, 2])
    X[:, 1] = 7.0
    sampler = GANSampler(max_iter=0, rejection=None, random_state=0).fit(X)
    rows = sampler.sample(5, given={0: (1, 2), 2: 3})
    assert ((rows[:, 0] >= 1) & (rows[:, 0] <= 2)).all() and (rows[:, 2] == 3).all()
    rows = sampler.sample(2, given=[{0: 0.25}, {2: [1, (3, 5)], 1: 7}])
    assert rows[0, 0] == 0.25 and rows[1, 2] in (1, 3, 4, 5)
    for given, message in [
        ({5: 1}, "Columns that can be given: 0, 1, 2"),
        ({0: 99}, "Possible: "),
        ({2: 0.5}, "in whole steps"),
        ({0: "x"}, "holds numbers, got 'x'"),
        ({1: 8}, "hold 7"),
    ]:
        with pytest.raises(ValueError, match=message):
            sampler.sample(1, given=given)
    frame = pl.DataFrame(X, schema=["p", "q", "r"])
    sampler = GANSampler(max_iter=0, rejection=None, random_state=0).fit(frame)
    rows = sampler.sample(40, given={"p": (None, 0), 2: [0, 1]})
    assert isinstance(rows, pl.DataFrame) and (rows["p"] <= 0).all()
    assert set(rows["r"].to_list()) == {0.0, 1.0}
    assert (sampler.sample(9, given=lambda f: f["r"] > 2)["r"] > 2).all()
    given = pl.DataFrame({"r": [1.0, None]})
    assert sampler.sample(2, given=given)["r"][0] == 1


class Refusal:
    """Stands in for a rule that keeps two thirds of the rows of few counts."""

    share_ = 0.8

    def log_accept(self, columns):
        return np.where(columns[:, FRAME.columns.get_loc("count")] < 5, 0.0, -0.4)


@pytest.mark.parametrize(
    "stage", ["prior", "generator", "prior+rejection", "generator+rejection"]
)
def test_every_stage_keeps_to_what_is_given(half_trained, stage):
    half_trained.stage_ = stage
    given = {"a": (0.5, 1), "kind": "y"}
    rows = half_trained.sample(300, given=given, random_state=0)
    assert rows["a"].between(0.5, 1).all() and (rows["kind"] == "y").all()
    pd.testing.assert_frame_equal(
        half_trained.sample(5, given=given, random_state=0), rows.head(5)
    )


def test_whole_numbers_come_at_their_shares_where_several_are_given():
    rng = np.random.default_rng(0)
    age = np.round(40 + 12 * rng.normal(size=200))
    frame = pd.DataFrame({"age": age.astype(int), "x": age + rng.normal(size=200)})
    sampler = GANSampler(max_iter=0, rejection=None, random_state=0).fit(frame)
    free = sampler.sample(20_000, random_state=1)["age"]
    for given, is_met in (
        ([30, 40], free.isin([30, 40])),
        ((29.6, 40.2), free.between(30, 40)),
    ):
        drawn = sampler.sample(2000, given={"age": given}, random_state=2)["age"]
        for end in (30, 40):
            share = np.mean(free[is_met] == end)
            assert abs(np.mean(drawn == end) - share) < 0.015 + 0.1 * share


def test_images_are_selected_by_a_function():
    X = np.random.default_rng(0).integers(0, 256, (60, 4, 4), dtype=np.uint8)
    sampler = GANSampler(max_iter=2, hidden_dims=(8,), encoder=ImageEncoder()).fit(X)
    rows = sampler.sample(5, given=lambda images: images[:, 0, 0] > 100)
    assert rows.shape == (5, 4, 4) and (rows[:, 0, 0] > 100).all()
    with pytest.raises(ValueError, match=r"given=.* does not condition"):
        sampler.sample(5, given={0: 1})


def test_few_candidates_that_count_are_told_with_their_number(caplog):
    rng = np.random.default_rng(0)
    x = rng.normal(size=(1200, 1))
    X = x + 0.01 * rng.normal(size=(1200, 6))
    sampler = GANSampler(max_iter=0, rejection=None, random_state=0).fit(X)
    caplog.set_level("INFO", "skgan")
    # The last of the chain says all about the first: few candidates for it fit.
    with pytest.warns(UserWarning, match=r"at most \d\.\d of 64 candidates") as told:
        narrow = sampler.sample(300, given={5: 0.5})
    assert len(told) == 1 and "effective sample size" in caplog.text
    assert np.abs(narrow[:, 0] - 0.5).mean() < 0.5
    # What stands first is exact, without weights.
    caplog.clear()
    sampler.sample(300, given={0: 0.5})
    assert "64.0 of 64 candidates" in caplog.text
    caplog.clear()
    sampler.sample(300)
    assert "candidates" not in caplog.text


@pytest.mark.parametrize("kind", ["table", "vector"])
def test_what_is_missing_with_another_column_cannot_be_given(kind):
    start = np.where(np.arange(90) % 15, np.arange(90.0) % 7, np.nan)
    frame = pd.DataFrame({"start": start, "end": start + np.sin(np.arange(90))})
    frame = frame.assign(kind="a") if kind == "table" else frame
    sampler = GANSampler(max_iter=0, rejection=None, random_state=0).fit(frame)
    rows = sampler.sample(3000, random_state=0)
    assert (rows["start"].isna() == rows["end"].isna()).all()
    for given in (
        {"start": None, "end": 1.0},
        {"start": None, "end": (0, 9)},
        {"start": [None], "end": [1.0]},
        [{"start": None, "end": 1.0}],
    ):
        with pytest.raises(ValueError, match="'start', 'end' together"):
            sampler.sample(1, given=given)
    given = {"start": None, "end": [None, 1.0]}
    assert sampler.sample(5, given=given)[["start", "end"]].isna().all(axis=None)
