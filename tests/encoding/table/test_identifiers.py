"""Columns that name single rows are not copied, whatever their dtype."""

import ipaddress
import uuid
import warnings

import numpy as np
import pandas as pd
import polars as pl
import pytest

from skgan import GANSampler, report
from skgan.encoding import Inequality, TableEncoder, Unique, make_encoder
from skgan.encoding.table._fresh_values import LAST_ATTEMPT, learn_fresh

N = 300
rng = np.random.default_rng(0)
WHOLE = rng.permutation(900_000)[:N] + 100_000
LETTERS = np.array([*"abcdefghijklmnopqrstuvwxyz"])


def word():
    return "".join(rng.choice(LETTERS, rng.integers(3, 9)))


def isbn(i):
    digits = f"{WHOLE[i]:06d}{i % 1000:03d}"
    return digits + "X" if i % 5 == 0 else int(digits + "3")


COLUMNS = {
    "names": [f"{word().title()}, {word().title()}" for _ in range(N)],
    "isbn": [isbn(i) for i in range(N)],
    "uuid": [uuid.UUID(bytes=rng.bytes(16), version=4) for _ in range(N)],
    "ipv4": [
        ipaddress.ip_address(f"10.0.{i % 256}.{w % 256}") for i, w in enumerate(WHOLE)
    ],
    "ipv6": [ipaddress.IPv6Address(b"\x20\x01" + rng.bytes(14)) for _ in range(N)],
    "bytes": [rng.bytes(8) for _ in range(N)],
    "text bytes": [f"K{w}".encode() for w in WHOLE],
    "tuples": [("order", int(w), word()) for w in WHOLE],
}
COLUMNS["ipv4"] = [ipaddress.IPv4Address(0x0A000000 + int(w)) for w in WHOLE]


def as_frame(values, library):
    x = rng.normal(size=len(values))
    if library == "polars":
        kind = {str: pl.String, bytes: pl.Binary}.get(type(values[0]), pl.Object)
        kind = pl.Object if len(set(map(type, values))) > 1 else kind
        return pl.DataFrame({"id": pl.Series(values, dtype=kind), "x": x})
    column = np.empty(len(values), dtype=object)
    column[:] = values
    return pd.DataFrame({"id": pd.Series(column, dtype=object), "x": x})


def draw(encoder, n, seed=1):
    Z = np.random.default_rng(seed).standard_normal((n, encoder.tensor_shape_[0]))
    return encoder.inverse_transform(Z)


@pytest.mark.parametrize("library", ["pandas", "polars"])
@pytest.mark.parametrize("name", COLUMNS)
def test_every_dtype_is_drawn_fresh_and_told_of(name, library):
    values = COLUMNS[name]
    frame = as_frame(values, library)
    with pytest.warns(UserWarning, match=r"Almost all values of 'id' are different"):
        encoder = TableEncoder(constraints=[Unique("id")]).fit(frame)
    drawn = draw(encoder, 500)["id"].to_list()
    assert set(map(type, drawn)) == set(map(type, values))
    assert len(set(drawn)) == 500 and not set(drawn) & set(values)
    with pytest.raises(ValueError, match=r"'id' holds almost unique values"):
        TableEncoder(identifiers="raise").fit(frame)


def test_patterns():
    def fresh(values, n=200):
        frame = pd.DataFrame({"id": values, "x": rng.normal(size=len(values))})
        return draw(TableEncoder(identifiers=["id"]).fit(frame), n)["id"]

    codes = [f"AB-{w:06d}-{'xyz'[w % 3]}" for w in WHOLE]
    assert fresh(codes).str.fullmatch(r"AB-\d{6}-[xyz]").all()
    mail = [f"{word()}{i}@mail.example" for i in range(N)]
    assert fresh(mail).str.fullmatch(r"[a-z]+\d+@mail\.example").all()
    running = [f"INV{i:05d}" for i in range(7, 7 + N)]
    assert fresh(running, 3).tolist() == ["INV00307", "INV00308", "INV00309"]
    hexadecimal = [str(value) for value in COLUMNS["uuid"]]
    assert {uuid.UUID(value).version for value in fresh(hexadecimal)} == {4}
    assert {value.version for value in fresh(COLUMNS["uuid"])} == {4}
    assert all(
        value in ipaddress.ip_network("10.0.0.0/8") for value in fresh(COLUMNS["ipv4"])
    )
    assert {type(v) for v in fresh(COLUMNS["isbn"])} == {int, str}
    assert all(v[0] == "order" for v in fresh(COLUMNS["tuples"]))
    # Whole numbers are identifiers where the user says so.
    keys = fresh(np.arange(5000, 5000 + N, dtype=np.int32), 4)
    assert keys.tolist() == [5300, 5301, 5302, 5303] and keys.dtype == np.int32
    spread = fresh(WHOLE)
    assert spread.is_unique and not set(spread) & set(WHOLE)
    assert WHOLE.min() <= spread.min() and spread.max() <= WHOLE.max()


def test_longer_samples_start_with_shorter_ones():
    for name in ("names", "isbn", "uuid", "tuples"):
        frame = as_frame(COLUMNS[name], "pandas")
        encoder = TableEncoder(identifiers=["id"]).fit(frame)
        column = encoder._columns[0]
        long, short = (column.draw(n, np.random.default_rng(3)) for n in (90, 40))
        assert long[:40].tolist() == short.tolist()
        # Rows that are drawn apart are those that are drawn together.
        later = column.draw(30, np.random.default_rng(3), first_row=60)
        assert later.tolist() == long[60:].tolist()


@pytest.mark.parametrize(
    "values",
    [
        *COLUMNS.values(),
        [f"{i:03d}" for i in range(0, 900, 3)],  # a third of all there are
        ["Al", "Bo", "Ann", "Bob-", "A1", "7"],
        [bytes([i % 4, i // 4]) for i in range(60)],
        (np.arange(60) ** 2).tolist(),
    ],
    ids=[*COLUMNS, "dense", "short", "few bytes", "squares"],
)
def test_no_two_of_many_rows_share_one(values):
    drawer, rows = learn_fresh(values), np.arange(1000)
    owners: dict = {}
    for start in (0, 1000, 2000, 10**9):
        for attempt in range(LAST_ATTEMPT + 1):
            drawn = drawer.draw(start + rows, 7, attempt).tolist()
            # Neither in this attempt nor in another has another row the same.
            for row, value in zip((start + rows).tolist(), drawn, strict=True):
                assert owners.setdefault(value, row) == row
        assert not set(drawn) & set(values)


def test_missing_ones_and_nine_of_ten():
    values = [f"{word()}{i}" for i in range(N)]
    some = pd.DataFrame({"id": values, "x": rng.normal(size=N)})
    some.loc[::5, "id"] = None
    with pytest.warns(UserWarning, match="identifiers"):
        encoder = TableEncoder().fit(some)
    assert 0 < draw(encoder, 400)["id"].isna().mean() < 1
    nine = [*values[:270], *values[:30]]
    with pytest.warns(UserWarning, match="identifiers"):
        TableEncoder().fit(some.assign(id=nine))
    with pytest.raises(ValueError, match=r"Unique\('id'\) does not hold"):
        TableEncoder(identifiers=["id"], constraints=[Unique("id")]).fit(
            some.assign(id=nine)
        )


def test_what_stays_a_level():
    values = [f"{word()}{i}" for i in range(N)]
    frame = pd.DataFrame({"id": values, "x": rng.normal(size=N)})
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        named = TableEncoder(categorical_features=["id"]).fit(frame)
        none = TableEncoder(identifiers=[]).fit(frame)
    assert set(draw(named, 50)["id"]) | set(draw(none, 50)["id"]) <= set(values)
    # A dtype that lists its levels cannot hold fresh ones: the user is told.
    closed = frame.astype({"id": "category"})
    with pytest.warns(UserWarning, match="samples copy them"):
        encoder = TableEncoder().fit(closed)
    assert draw(encoder, 50)["id"].dtype == closed["id"].dtype
    with pytest.raises(ValueError, match="no fresh values"):
        TableEncoder(identifiers=["id"]).fit(closed)
    with pytest.raises(ValueError, match="no fresh values"):
        TableEncoder(identifiers=["x"]).fit(frame)
    with pytest.raises(ValueError, match=r"identifiers names \['no'\]"):
        TableEncoder(identifiers=["no"]).fit(frame)


def make_keyed(name="id"):
    rng = np.random.default_rng(0)
    group = rng.choice(["a", "b", "c"], 200)
    size = rng.normal(size=200) + 3 * (group == "a")
    return pd.DataFrame({name: range(1, 201), "group": group, "size": size})


@pytest.mark.filterwarnings("ignore:Almost all values")
def test_different_counts_are_no_numbers_of_rows():
    rng = np.random.default_rng(0)
    frame = make_keyed("sales number")
    frame["sales number"] = rng.choice(100_000, 200, replace=False)
    assert TableEncoder().fit(frame).identifiers_ == []
    frame["sales number"] = rng.permutation(frame["sales number"].rank().astype(int))
    assert TableEncoder().fit(frame).identifiers_ == ["sales number"]


@pytest.mark.parametrize(
    ("name", "is_named"),
    [
        *((name, True) for name in ("id", "ID", "order_id", "Unnamed: 0", "index")),
        *((name, True) for name in ("customerId", "row id", "foreign key")),
        *((name, True) for name in ("Bestell-Nr.", "respondent", "InvoiceNo")),
        *((name, False) for name in ("paid", "valid", "year", "monkey", "idea")),
        *((name, False) for name in ("users", "volcano", "enumber", "order size")),
    ],
)
@pytest.mark.filterwarnings("ignore:Almost all values")
def test_different_whole_numbers_with_the_name_of_a_key(name, is_named):
    frame = make_keyed(name)
    assert TableEncoder().fit(frame).identifiers_ == [name] * is_named
    numbers = frame.drop(columns="group")
    encoder = make_encoder("auto", numbers)
    assert isinstance(encoder, TableEncoder) == is_named
    for other in (
        frame.assign(**{name: frame[name] // 2}),
        frame.assign(**{name: frame[name] + 0.5}),
        frame[:40],
    ):
        assert TableEncoder().fit(other).identifiers_ == []
    declared = TableEncoder(categorical_features=[name]).fit(frame)
    assert declared.identifiers_ == []


def test_keys_that_a_constraint_compares_are_numbers():
    frame = pd.DataFrame({"first_id": range(100), "last_id": range(5, 105)})
    frame["kind"] = ["a", "b"] * 50
    encoder = TableEncoder(constraints=[Inequality("first_id", "last_id")]).fit(frame)
    assert encoder.identifiers_ == []


def test_keys_are_refused_where_identifiers_are():
    with pytest.raises(ValueError, match="'id' holds almost unique values"):
        TableEncoder(identifiers="raise").fit(make_keyed())


@pytest.mark.filterwarnings("ignore:Almost all values")
def test_keys_have_no_part_in_scores_and_verdicts():
    frame = make_keyed().sample(frac=1, random_state=0)
    train, holdout = frame[:100], frame[100:]
    sampler = GANSampler(max_iter=0, random_state=0).fit(train)
    assert not set(sampler.sample(100)["id"]) & set(train["id"])
    far = holdout.assign(id=holdout["id"] + 10**6)
    assert sampler.score(far) == sampler.score(holdout)
    found = sampler.diagnose(far, train, max_samples=100, random_state=0)
    assert found.columns.verdict == "good"
    assert [f.name for f in found if "'id'" in f.message] == ["identifiers"]
    page = report(sampler, far, train, random_state=0).html
    assert ">group<" in page and ">id<" not in page


@pytest.mark.filterwarnings("ignore:Almost all values", "ignore::UserWarning")
def test_a_fresh_key_hides_no_copy():
    frame = make_keyed().sample(frac=1, random_state=0)
    train, holdout = frame[:100], frame[100:]
    sampler = GANSampler(max_iter=0, random_state=0).fit(train)
    sampler.sample = lambda n, **params: train.assign(id=range(1000, 1100))
    assert sampler.diagnose(holdout, train, random_state=0).is_copying


@pytest.fixture(scope="module")
def orders():
    """Return orders and samples of them, whose columns of keys are tied."""
    rng = np.random.default_rng(0)
    n = 100
    frame = pd.DataFrame({"order_id": rng.choice(10**7, n, replace=False)})
    frame["slip"] = frame["order_id"] + 500
    frame["token"] = [f"{i:08x}" for i in rng.choice(2**32, n, replace=False)]
    frame["token again"] = frame["token"]
    bytes_ = np.c_[rng.choice([10, 192], n), rng.integers(0, 256, (n, 3))]
    frame["address"] = [".".join(map(str, row)) for row in bytes_]
    frame["number"] = [f"2023-{i:05d}" for i in rng.permutation(n) + 1]
    frame["by year"] = [f"{2022 + i % 2}-{i:04d}" for i in range(n)]
    frame["respondent"] = rng.permutation(n)
    frame["group"] = rng.choice(list("ab"), n)
    with pytest.warns(UserWarning, match="'order_id', 'token'"):
        encoder = TableEncoder().fit(frame)
    rows = encoder.transform(frame.sample(400, replace=True, random_state=0))
    return frame, encoder, encoder.inverse_transform(rows)


def test_keys_that_follow_from_others_still_do(orders):
    frame, encoder, drawn = orders
    assert set(frame.columns) - {"group"} == set(encoder.identifiers_)
    assert (drawn["slip"] - drawn["order_id"] == 500).all()
    assert (drawn["token"] == drawn["token again"]).all()
    for name in encoder.identifiers_:
        assert drawn[name].is_unique and not set(drawn[name]) & set(frame[name])


def test_fresh_texts_are_as_long_as_those_seen(orders):
    _, _, drawn = orders
    for address in drawn["address"]:
        assert str(ipaddress.IPv4Address(address)) == address
    assert drawn["number"].tolist()[:2] == ["2023-00101", "2023-00102"]
    assert drawn["by year"].str.fullmatch(r"20\d\d-\d{4}").all()


def test_names_of_few_rows_are_not_copied():
    few = pd.DataFrame({"name": [f"{c}arl {c}sson" for c in "abcdefghijklmnopqrstu"]})
    few["x"] = range(len(few))
    with pytest.warns(UserWarning, match="Almost all values of 'name'"):
        assert TableEncoder().fit(few).identifiers_ == ["name"]
    assert TableEncoder().fit(few[:19]).identifiers_ == []
    few.loc[1, "name"] = few.loc[0, "name"]
    assert TableEncoder().fit(few).identifiers_ == []


def test_a_dtype_that_has_no_fresh_values_left_is_told_of():
    frame = pd.DataFrame({"id": np.arange(200, dtype="uint8"), "x": np.arange(200.0)})
    encoder = TableEncoder(identifiers=["id"]).fit(frame)
    rows = encoder.transform(frame)
    assert encoder.inverse_transform(rows[:56])["id"].is_unique
    with pytest.warns(UserWarning, match="'id' is of uint8.* left for 144 rows"):
        encoder.inverse_transform(rows)


def test_the_warning_is_of_the_line_that_fits():
    with pytest.warns(UserWarning, match="Almost all values") as caught:
        GANSampler(max_iter=0).fit(make_keyed())
    assert [warning.filename for warning in caught] == [__file__]
