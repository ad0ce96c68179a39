"""Columns that others determine: found or declared, left out, and right in samples."""

import io
import pickle

import numpy as np
import pytest

import skgan
from skgan import ConditionalGANSampler, GANSampler
from skgan.encoding import (
    DateParts,
    Derived,
    Inequality,
    Product,
    TableEncoder,
    Threshold,
)

pd = pytest.importorskip("pandas")
pl = pytest.importorskip("polars")

N = 400
PRIORS = pytest.mark.parametrize("prior", ["trees", "normal"])


@pytest.fixture
def sales():
    rng = np.random.default_rng(0)
    frame = pd.DataFrame(
        {
            "price": rng.integers(50, 5000, N) / 100,
            "count": rng.integers(1, 30, N),
            "day": pd.Timestamp("2022-03-01")
            + pd.to_timedelta(rng.integers(900, size=N), unit="D"),
            "income": rng.integers(0, 5000, N),
            "shop": rng.choice(["a", "b", "c"], N),
        }
    )
    frame["total"] = (frame["price"] * frame["count"]).round(2)
    frame["year"] = frame["day"].dt.year.astype("int16")
    frame["weekday"] = frame["day"].dt.day_name()
    frame["tax"] = np.where(frame["income"] < 1000, 0, frame["income"] // 7)
    frame["label"] = label(frame)
    return frame


def label(frame):
    """A text of almost as many values as rows."""
    return frame["shop"] + "-" + frame["count"].astype(str) + frame["year"].astype(str)


def fit(frame, prior="trees", **params):
    n = {"max_iter": 0} if prior == "trees" else {"max_iter": 20}
    sampler = GANSampler(
        prior=prior, encoder=TableEncoder(**params), random_state=0, **n
    )
    return sampler.fit(frame)


def ties(sampler):
    return {str(tie) for tie in sampler.encoder_.dependencies_}


@PRIORS
def test_products_and_parts_of_dates_are_found(sales, prior):
    frame = sales.drop(columns=["label", "tax"])
    sampler = fit(frame, prior)
    assert ties(sampler) == {
        "total = price * count",
        "year is the year of day",
        "weekday is the weekday of day",
    }
    drawn = sampler.sample(500, random_state=1)
    assert (drawn.dtypes == frame.dtypes).all()
    # A product of two decimals may fall between two of the grid.
    off = (drawn["total"] - drawn["price"] * drawn["count"]).abs()
    assert off.max() <= 0.0051
    assert (drawn["year"] == drawn["day"].dt.year).all()
    assert (drawn["weekday"] == drawn["day"].dt.day_name()).all()


def test_a_quotient_is_found_and_missing_where_its_factors_are(sales):
    frame = sales[["price", "count", "shop"]].copy()
    frame.loc[::9, "price"] = np.nan
    frame["rate"] = (frame["price"] / frame["count"]).round(3)
    sampler = fit(frame)
    assert ties(sampler) == {"rate = price / count"}
    drawn = sampler.sample(500)
    assert (drawn["rate"].isna() == drawn["price"].isna()).all()
    assert drawn["rate"].isna().any()


def test_nothing_is_found_by_chance():
    rng = np.random.default_rng(1)
    frame = pd.DataFrame(rng.integers(1, 13, size=(N, 6)), columns=list("abcdef"))
    frame["text"], frame["day"] = "x", pd.Timestamp("2024-01-01")
    frame["day"] += pd.to_timedelta(rng.integers(900, size=N), unit="D")
    frame["text"] = rng.choice(["u", "v"], N)
    assert not ties(fit(frame))


@PRIORS
def test_what_is_declared_holds_in_every_row(sales, prior):
    constraints = [
        Product("price", "count", "total"),
        DateParts("day", year="year", weekday="weekday"),
        Threshold("tax", by="income", below=1000),
        Derived("label", label),
    ]
    sampler = fit(sales, prior, constraints=constraints, dependencies=False)
    drawn = sampler.sample(700, random_state=3)
    assert list(drawn.columns) == list(sales.columns)
    assert (drawn.dtypes == sales.dtypes).all()
    assert (drawn["total"] - drawn["price"] * drawn["count"]).abs().max() <= 0.0051
    assert (drawn["year"] == drawn["day"].dt.year).all()
    assert (drawn["weekday"] == drawn["day"].dt.day_name()).all()
    assert (drawn["tax"][drawn["income"] < 1000] == 0).all()
    assert (drawn["tax"] > 0).any() and (drawn["income"] < 1000).any()
    assert (drawn["label"] == label(drawn)).all()
    assert drawn[:50].equals(sampler.sample(50, random_state=3))
    # Of the text that is computed nothing is learnt: new ones occur.
    assert not set(drawn["label"]) <= set(sales["label"])


def test_derived_columns_are_computed_in_the_library_that_came(sales):
    frame = pl.from_pandas(sales[["price", "count", "shop"]]).with_columns(
        twice=pl.col("count") * 2, both=pl.col("shop") + pl.col("count").cast(pl.String)
    )

    def compute(rows):
        assert isinstance(rows, pl.DataFrame) and "twice" not in rows.columns
        return {
            "twice": rows["count"] * 2,
            "both": rows["shop"] + rows["count"].cast(pl.String),
        }

    sampler = fit(frame, constraints=[Derived(["twice", "both"], compute)])
    drawn = sampler.sample(100)
    assert drawn.schema == frame.schema
    assert (drawn["twice"] == drawn["count"] * 2).all()
    assert (drawn["both"] == compute(drawn.drop("twice", "both"))["both"]).all()


def test_derived_columns_may_build_on_each_other_and_on_labels(sales):
    frame = sales[["price", "count"]].assign(half=sales["price"] / 2)
    frame["quarter"] = frame["half"] / 2
    encoder = TableEncoder(
        constraints=[
            Derived("half", lambda rows: rows["price"] / 2),
            Derived("quarter", lambda rows: (rows["half"] / 2).to_numpy()),
        ],
        dependencies=False,
    )
    sampler = ConditionalGANSampler(encoder=encoder, max_iter=0, random_state=0)
    drawn, _ = sampler.fit(frame, sales["shop"]).sample(50)
    assert np.allclose(drawn["quarter"], drawn["price"] / 4)


@PRIORS
def test_what_is_computed_can_be_given_by_drawing_more(sales, prior):
    constraints = [Derived("label", label), Product("price", "count", "total")]
    sampler = fit(sales, prior, constraints=constraints)
    wanted = sales["label"].mode()[0]
    drawn = sampler.sample(3, given={"label": wanted})
    assert (drawn["label"] == wanted).all() and (label(drawn) == wanted).all()
    drawn = sampler.sample(20, given={"total": (None, 200)})
    assert (drawn["total"] <= 200).all()
    with pytest.raises(ValueError, match="too rare"):
        sampler.sample(1, given={"total": (10**7, None)})


def test_files_name_the_function_and_pickles_hold_it(sales):
    sampler = fit(sales, constraints=[Derived("label", label)])
    drawn = sampler.sample(30, random_state=0)
    file = io.BytesIO()
    skgan.save(sampler, file)
    file.seek(0)
    with pytest.raises(skgan.io.MissingDefinitionError, match=r"'label'.*classes"):
        skgan.load(file)
    file.seek(0)
    loaded = skgan.load(file, classes=[label])
    assert loaded.sample(30, random_state=0).equals(drawn)
    assert pickle.loads(pickle.dumps(sampler)).sample(30, random_state=0).equals(drawn)
    unnamed = Derived("label", lambda rows: label(rows) + "")
    with pytest.raises(skgan.io.UnsaveableError, match="Define it with `def`"):
        skgan.save(fit(sales, constraints=[unnamed]), io.BytesIO())


def test_files_hold_what_is_found(sales):
    sampler = fit(sales, constraints=[Threshold("tax", "income", 1000)])
    file = io.BytesIO()
    skgan.save(sampler, file)
    file.seek(0)
    drawn = skgan.load(file).sample(30, random_state=0)
    assert drawn.equals(sampler.sample(30, random_state=0))


@pytest.mark.parametrize(
    ("constraint", "message"),
    [
        (Product("price", "count", "income"), "broken by 400 of 400 training rows"),
        (Product("price", "shop", "total"), "needs numbers.*'shop'"),
        (Product("price", "day", "total"), "needs numbers.*'day'"),
        (Product("price", "nope", "total"), r"names \['nope'\]"),
        (DateParts("day", month="weekday"), "broken by"),
        (DateParts("price", month="year"), "needs dates"),
        (Threshold("tax", "income", 3000), "broken by"),
        (Threshold("tax", "shop", 3), "holds categories"),
        (Derived("label", lambda rows: rows["shop"]), "other values of 'label'"),
        (Derived("label", lambda rows: rows["nope"]), "KeyError.*nope"),
        (Derived("label", lambda rows: rows["shop"][:3]), "3 values for 400 rows"),
        (Derived("nope", label), r"names \['nope'\]"),
    ],
)
def test_what_does_not_hold_is_refused(sales, constraint, message):
    with pytest.raises(ValueError, match=message):
        fit(sales, constraints=[constraint])


def test_what_cannot_be_declared():
    with pytest.raises(ValueError, match="both sides"):
        Product("a", "b", "a")
    with pytest.raises(ValueError, match=r"weekday.*\['century'\]"):
        DateParts("day", century="c")
    with pytest.raises(ValueError, match="two columns"):
        Threshold("a", "a", 3)
    with pytest.raises(TypeError, match="needs a function"):
        Derived("a", "b")
    with pytest.raises(TypeError, match="Derived computes columns of frames"):
        TableEncoder(constraints=[Derived(0, len)]).fit(np.eye(3))


def test_what_is_computed_is_named_by_nothing_else(sales):
    product = Product("price", "count", "total")
    with pytest.raises(ValueError, match=r"\['total'\] are computed"):
        fit(sales, constraints=[product, Inequality("price", "total")])
    with pytest.raises(ValueError, match=r"compute \['total'\] twice"):
        fit(sales, constraints=[product, Product("count", "price", "total")])
    with pytest.raises(ValueError, match=r"\['total'\] are computed"):
        fit(sales, constraints=[product], condition_on=["total"])


def test_a_threshold_that_is_given_moves_the_other_column(sales):
    sampler = fit(sales, constraints=[Threshold("tax", by="income", below=1000)])
    wanted = int(sales["tax"].max())
    drawn = sampler.sample(5, given={"tax": (wanted - 50, wanted)})
    assert (drawn["income"] >= 1000).all()
