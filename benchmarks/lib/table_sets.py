"""Tables to learn from: rows to train on, rows held out, and a column to predict."""

import os
import sys
from pathlib import Path
from typing import NamedTuple

import numpy as np
import pandas as pd
from sklearn.datasets import load_diabetes
from sklearn.model_selection import train_test_split


class Table(NamedTuple):
    train: pd.DataFrame
    test: pd.DataFrame
    target: str


def path_of(name):
    """Path of a file of the folder that SKGAN_DATA names, None if it is not there."""
    beside = Path(__file__).resolve().parents[3] / "shared" / "data"
    file = Path(os.environ.get("SKGAN_DATA") or beside) / f"{name}.csv.gz"
    return file if file.is_file() else None


def read_rows(name):
    """Rows of a file; a question mark is how these sets write a missing value."""
    return pd.read_csv(path_of(name), na_values="?")


def _third(rows, target, seed):
    return Table(*train_test_split(rows, test_size=1 / 3, random_state=seed), target)


def _diabetes():
    """Of 442 patients, with sex as a category and measures missing together."""
    rows = load_diabetes(as_frame=True, scaled=False).frame
    rng = np.random.default_rng(0)
    rows["sex"] = rows["sex"].map({1.0: "a", 2.0: "b"}).astype("category")
    rows["age"] = rows["age"].astype("int64")
    rows["weight"] = pd.cut(
        rows["bmi"], [0, 18.5, 25, 30, 99], labels=["under", "normal", "over", "obese"]
    )
    rows["target"] = rows["target"].astype("int64")
    # A blood sample is lost more often from the old; the pressure by itself.
    is_lost = rng.random(len(rows)) < 0.05 + 0.15 * (rows["age"] > 55)
    rows.loc[is_lost, ["s1", "s2", "s3", "s4"]] = np.nan
    rows.loc[rng.random(len(rows)) < 0.07, "bp"] = np.nan
    return rows


_REGION = np.array(["north", "north", "south", "east", "east", "west"] * 2)
_PRODUCTS = np.array(list("ABCDEFGHIJKLMNOP"))


def _orders(n_rows=9000):
    """Generated orders of a shop: dates, prices, categories, whole and missing ones."""
    rng = np.random.default_rng(20)
    city = np.minimum(rng.zipf(1.5, n_rows) - 1, 11)
    region = _REGION[city]
    is_member = rng.random(n_rows) < np.where(region == "north", 0.6, 0.25)
    product = (rng.poisson(3 + 4 * is_member + city % 3)) % 16
    price = np.round(np.exp(1.5 + 0.2 * product) * rng.choice([0.8, 1.0], n_rows), 2)
    quantity = 1 + rng.negative_binomial(1, 1 / (1 + 12 / (price + 2)))
    has_discount = rng.random(n_rows) < 0.08 + 0.3 * is_member
    discount = np.where(has_discount, rng.choice([5, 10, 10, 25], n_rows), 0)
    day = rng.integers(0, 730, n_rows)
    is_weekend = (day + 5) % 7 >= 5  # the first day is a Saturday
    day = np.where(is_weekend & (rng.random(n_rows) < 0.7), day - day % 7 + 3, day)
    late = rng.gamma(2, 1.5 + 2 * (region == "west"))
    days = np.floor(1 + late).astype(int)
    is_open = (rng.random(n_rows) < 0.04) | (day > 720)
    odds = -3 + 0.25 * late + 0.6 * (price > 40) - 0.8 * is_member + 0.03 * discount
    is_returned = (rng.random(n_rows) < 1 / (1 + np.exp(-odds))) & ~is_open
    has_rating = (rng.random(n_rows) < 0.35 + 0.3 * is_returned) & ~is_open
    rating = np.clip(np.round(4.6 - 0.3 * late + rng.normal(0, 0.8, n_rows)), 1, 5)
    ordered = pd.Timestamp("2022-01-01") + pd.to_timedelta(day, unit="D")
    delivered = pd.Series(ordered + pd.to_timedelta(days, unit="D"))
    weight = np.exp(rng.normal(np.log(price) / 2, 0.4)).round(3)
    sizes = np.array(["small", "medium", "large"])[np.digitize(weight, [3, 7])]
    return pd.DataFrame(
        {
            "ordered": ordered,
            "delivered": delivered.mask(is_open).to_numpy(),
            "city": pd.Series(city).map("city {}".format),
            "region": pd.Categorical(region),
            "member": is_member,
            "product": _PRODUCTS[product],
            "price": price,
            "quantity": quantity,
            "discount": discount,
            "weight": np.where(rng.random(n_rows) < 0.06, np.nan, weight),
            "size": pd.Categorical(sizes, ["small", "medium", "large"], ordered=True),
            "rating": pd.array(rating, dtype="Int64"),
            "returned": np.where(is_returned, "yes", "no"),
        }
    ).assign(rating=lambda rows: rows["rating"].mask(~has_rating))


def _adult(seed):
    """The official split, whatever the seed."""
    return Table(read_rows("adult_train"), read_rows("adult_test"), "income")


# Name -> function of a seed, and the file without which it cannot be had.
SETS = {
    "adult": (_adult, "adult_train"),
    "abalone": (lambda seed: _third(read_rows("abalone"), "target", seed), "abalone"),
    "mammography": (
        lambda seed: _third(read_rows("mammography"), "target", seed),
        "mammography",
    ),
    "orders": (lambda seed: _third(_orders(), "returned", seed), None),
    "diabetes": (lambda seed: _third(_diabetes(), "target", seed), None),
}


def load(name, seed, is_quick=False):
    """Return the table of a name; a quick one has few rows."""
    table = SETS[name][0](seed)
    if is_quick:
        train, test = (
            rows.sample(min(n, len(rows)), random_state=seed)
            for rows, n in ((table.train, 2000), (table.test, 1000))
        )
        return Table(train, test, table.target)
    return table


def available(names):
    """Return the sets that are there; say which are not."""
    found = [name for name in names if SETS[name][1] is None or path_of(SETS[name][1])]
    for name in names:
        if name not in found:
            print(
                f"*** {name} IS LEFT OUT: set SKGAN_DATA to the folder with its "
                f"file. ***",
                file=sys.stderr,
            )
    return found
