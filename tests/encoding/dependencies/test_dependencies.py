"""Dependencies: found where they hold, exact, and never by chance."""

import pickle

import numpy as np
import pandas as pd
import pytest

from skgan.encoding.dependencies._dependencies import find_dependencies, restore_all
from skgan.encoding.dependencies._relations import Rounding

N = 2000


def rng(seed=0):
    return np.random.default_rng(seed)


def with_gaps(column, share, seed):
    return np.where(rng(seed).random(len(column)) < share, np.nan, column)


normal = rng(1).normal(size=N)
whole = rng(2).integers(0, 1000, N).astype(float)
price = rng(3).integers(100, 9999, N) / 100
tax = rng(4).integers(100, 9999, N) / 100
level = rng(5).integers(0, 12, N).astype(float)
gain = np.where(rng(6).random(N) < 0.8, 0, rng(7).integers(1, 40, N) * 100.0)
gapped, other_gapped = with_gaps(price, 0.3, 8), with_gaps(tax, 0.2, 9)
level_gapped = with_gaps(level, 0.1, 10)
parts = rng(11).multinomial(100, [0.14] * 7 + [0.02], N).T.astype(float)
single = normal.astype(np.float32)

# Columns, the names of the categories, and what is found, with its kind.
TABLES = {
    "copy": ({"a": normal, "b": normal}, "", {"b is a copy of a": "copy"}),
    "offset": ({"a": whole, "b": whole + 7}, "", {"b = a + 7": "constant offset"}),
    "negative offset": (
        {"a": whole, "b": whole - 7},
        "",
        {"b = a - 7": "constant offset"},
    ),
    "offset of floats": (
        {"a": normal, "b": normal + 7.1},
        "",
        {"b = a + 7.1": "constant offset"},
    ),
    "scale": ({"a": normal, "b": normal * 2.54}, "", {"b = 2.54 * a": "scale"}),
    "tiny scale": ({"a": whole, "b": whole / 1e9}, "", {"b = 1e-09 * a": "scale"}),
    "scale, rounded": (
        {"net": price, "gross": np.round(price * 1.19, 2)},
        "",
        {"gross = 1.19 * net": "scale"},
    ),
    "linear, rounded": (
        {"c": np.round(normal, 1), "f": np.round(np.round(normal, 1) * 1.8 + 32, 1)},
        "",
        {"f = 1.8 * c + 32": "linear"},
    ),
    "single precision": (
        {"a": single.astype(float), "b": (single * np.float32(0.5)).astype(float)},
        "",
        {"b = 0.5 * a": "scale"},
    ),
    "dates": (
        {"start": 18000 + whole, "end": 18000 + whole + level, "days": level},
        "",
        {"end = start + days": "sum"},
    ),
    "sum": (
        {"a": price, "b": tax, "c": np.round(price + tax, 2)},
        "",
        {"c = a + b": "sum"},
    ),
    "total first": (
        {"c": np.round(price + tax, 2), "a": price, "b": tax},
        "",
        {"c = a + b": "sum"},
    ),
    "sum of floats": (
        {"a": normal, "b": price * 1.1, "c": normal + price * 1.1},
        "",
        {"c = a + b": "sum"},
    ),
    "difference": (
        {"a": price, "b": tax, "c": np.round(price - tax, 2)},
        "",
        {"a = b + c": "sum"},
    ),
    "fixed total of two": (
        {"a": price, "b": np.round(100 - price, 2)},
        "",
        {"b = 100 - a": "sum"},
    ),
    "fixed total of eight": (
        {f"p{i}": part for i, part in enumerate(parts)},
        "",
        {"p7 = 100 - p0 - p1 - p2 - p3 - p4 - p5 - p6": "sum"},
    ),
    "sum with gaps": (
        {"a": gapped, "b": other_gapped, "c": np.round(gapped + other_gapped, 2)},
        "",
        {"c = a + b": "sum"},
    ),
    "pairs with gaps": (
        {"a": gapped, "b": gapped * 2 + 1, "x": other_gapped, "y": other_gapped},
        "",
        {"b = 2 * a + 1": "linear", "y is a copy of x": "copy"},
    ),
    "number of a category": (
        {"years": level + 3, "degree": level * 5 % 12},
        ("degree",),
        {"years is a function of degree": "function"},
    ),
    "renamed levels": (
        {"x": level, "y": level * 5 % 12},
        "xy",
        {"y is a copy of x": "copy"},
    ),
    "many to one": (
        {"y": np.floor(level / 3), "x": level},
        "xy",
        {"y is a function of x": "function"},
    ),
    "number of a number": (
        {"x": level, "y": level**2},
        "",
        {"y is a function of x": "function"},
    ),
    "flag of a number": (
        {"gain": gain, "flag": (gain > 0) * 1.0},
        ("flag",),
        {"flag is a function of gain": "function"},
    ),
    "missing is a value": (
        {
            "x": level_gapped,
            "y": np.where(np.isnan(level_gapped), 5, level_gapped % 2),
            "z": np.where(level_gapped < 2, np.nan, level_gapped // 3),
        },
        "xyz",
        {"y is a function of x": "function", "z is a function of x": "function"},
    ),
    "chain": (
        {"country": whole // 200, "region": whole // 20, "city": whole // 2},
        ("country", "region", "city"),
        {
            "region is a function of city": "function",
            "country is a function of region": "function",
        },
    ),
    "sums of sums": (
        {"c": whole + level, "a": whole, "b": level, "d": price, "e": whole + price},
        "",
        {"c = a + b": "sum", "e = a + d": "sum"},
    ),
}
each_table = pytest.mark.parametrize("name", TABLES)


@each_table
def test_found_and_restored_exactly(name):
    columns, discrete, expected = TABLES[name]
    found = find_dependencies(columns, discrete)
    targets = {dependency.target for dependency in found}
    assert {str(d): d.kind for d in found} == expected
    kept = {key: value for key, value in columns.items() if key not in targets}
    restored = restore_all(pickle.loads(pickle.dumps(found)), kept)
    for key, column in columns.items():
        np.testing.assert_array_equal(restored[key], column)
        assert restored[key].dtype == np.float64


@each_table
def test_one_row_that_differs_is_enough_to_break_it(name):
    columns, discrete, _ = TABLES[name]
    for dependency in find_dependencies(columns, discrete):
        column = columns[dependency.target].copy()
        row = int(np.flatnonzero(~np.isnan(column))[N // 3])
        column[row] = column[(column != column[row]) & ~np.isnan(column)][0]
        for found in find_dependencies(columns | {dependency.target: column}, discrete):
            assert (found.target, set(found.sources)) != (
                dependency.target,
                set(dependency.sources),
            )


@each_table
def test_columns_to_keep_are_no_targets(name):
    columns, discrete, expected = TABLES[name]
    assert find_dependencies(columns, discrete, keep=columns.keys()) == []
    first = find_dependencies(columns, discrete)[0]
    for dependency in find_dependencies(columns, discrete, keep={first.target}):
        assert dependency.target != first.target
    assert expected


def test_of_two_that_determine_each_other_the_better_one_stays():
    columns = {"years": level + 3, "degree": level * 5 % 12, "code": level * 7 % 12}
    discrete = {"degree", "code"}

    def targets(keep=()):
        return {d.target for d in find_dependencies(columns, discrete, keep)}

    assert targets() == {"years", "code"}
    assert targets({"years"}) == {"degree", "code"}
    assert targets({"code"}) == {"years", "degree"}
    assert targets({"code", "years"}) == {"degree"}


def test_the_column_that_determines_is_never_the_one_left_out():
    """With the coarser of two kept, the finer cannot be restored from it."""
    columns = {"x": level, "y": np.floor(level / 3)}
    assert find_dependencies(columns, "xy", keep={"y"}) == []


@pytest.mark.parametrize("seed", range(10))
def test_restoring_in_order_never_lacks_a_source(seed):
    """Copies, sums and functions of one another, in any order of columns."""
    stream = rng(seed)
    a, b = stream.integers(0, 40, (2, N)).astype(float)
    columns = {
        "a": a,
        "a2": a * 2 + 1,
        "b": b,
        "s": a + b,
        "t": a + b + 5,
        "u": 80 - a - b,
        "coarse": a // 7,
        "coarser": a // 21,
        "name": a * 3 % 41,
    }
    order = stream.permutation(list(columns))
    columns = {str(name): columns[name] for name in order}
    found = find_dependencies(columns, {"name", "coarser"})
    targets = {dependency.target for dependency in found}
    # Two numbers make up the table, or the name and one of them.
    assert len(targets) == len(found) == len(columns) - 2
    restored = restore_all(
        found, {k: v for k, v in columns.items() if k not in targets}
    )
    for name, column in columns.items():
        np.testing.assert_array_equal(restored[name], column)


def test_values_that_the_table_does_not_hold():
    number = np.repeat([1.0, 2.0, 10.0, 20.0], 50)
    (by_number,) = find_dependencies({"x": number, "y": np.sqrt(number)})
    new = {"x": np.array([-5, 1.4, 1.6, 7, 14.0, 99, np.nan])}
    expected = [1, 1, *np.sqrt([2, 10, 10, 20]), 1]
    np.testing.assert_array_equal(by_number.restore(new), expected)

    codes = np.repeat([0.0, 1.0, 3.0], [60, 50, 70])
    missing = np.repeat([4.0, np.nan, 8.0], [60, 50, 70])
    (by_level,) = find_dependencies({"x": codes, "y": missing}, {"x"})
    new = {"x": np.array([2.0, 9.0, np.nan, 1.0, 0.0])}
    np.testing.assert_array_equal(by_level.restore(new), [8, 8, 8, np.nan, 4])


def test_sums_go_on_to_new_rows_in_the_decimals_of_the_column():
    columns, discrete, _ = TABLES["sum"]
    (total,) = find_dependencies(columns, discrete)
    new = {"a": np.array([0.1, 1.1, np.nan]), "b": np.array([0.2, 2.2, 1.0])}
    np.testing.assert_array_equal(total.restore(new), [0.3, 3.3, np.nan])


def random_table(seed):
    """Columns of every kind, of the same rows, many of them correlated."""
    stream = rng(seed)
    n = int(stream.choice([1, 2, 3, 5, 10, 20, 50, 100, 300, 1000]))
    common = stream.normal(size=n)
    columns, discrete = {}, set()
    for name in range(int(stream.integers(2, 12))):
        rho = stream.choice([0, 0.5, 0.9])
        x = rho * common + np.sqrt(1 - rho**2) * stream.normal(size=n)
        kind = stream.integers(8)
        if kind == 1:
            x = np.round(x, 1)
        elif kind == 2:
            x = np.round(x * 3)
        elif kind == 3:
            x = (x > stream.choice([0, 1, 2, 2.5])) * 1.0
        elif kind == 4:
            x = np.where(stream.random(n) < 0.95, 0, np.round(np.exp(2 * x) * 100))
        elif kind == 5:
            x = stream.integers(stream.choice([2, 10, 100, 1000]), size=n) * 1.0
        elif kind == 6:
            x = stream.zipf(1.5, size=n).clip(max=10**5) * 1.0
        elif kind == 7:
            x = stream.permutation(n) * 1.0
        if kind in (3, 5, 6):
            discrete.add(name)
        if stream.random() < 0.2:
            x = np.where(stream.random(n) < stream.choice([0.01, 0.3]), np.nan, x)
        columns[name] = x
    return columns, discrete


@pytest.mark.parametrize("block", range(10))
def test_nothing_is_found_in_random_tables(block):
    for seed in range(30 * block, 30 * block + 30):
        columns, discrete = random_table(seed)
        assert find_dependencies(columns, discrete) == [], f"seed {seed}"


@pytest.mark.parametrize("n_copies", [1, 2, 4, 10])
@pytest.mark.parametrize("seed", range(5))
def test_rows_drawn_twice_prove_nothing(seed, n_copies):
    """A bootstrap repeats near-unique numbers together with all else."""
    stream = rng(seed)
    n = 500
    columns = {
        "id": stream.permutation(n) * 1.0,
        "x": stream.normal(size=n),
        "class": stream.integers(5, size=n) * 1.0,
    }
    rows = stream.integers(n, size=n_copies * n)
    drawn = {name: column[rows] for name, column in columns.items()}
    assert find_dependencies(drawn, {"class"}) == []
    real = drawn | {"coarse": drawn["class"] // 2}
    (found,) = find_dependencies(real, {"class", "coarse"})
    assert str(found) == "coarse is a function of class"


@pytest.mark.parametrize("seed", range(5))
def test_a_near_unique_source_or_near_constant_target_proves_nothing(seed):
    stream = rng(seed)
    n = 3000
    amount = np.round(np.exp(stream.normal(3, 2, n)))
    columns = {
        "amount": amount,
        # True only far out, where hardly any amount repeats.
        "is fraud": (amount > np.quantile(amount, 0.99)) * 1.0,
        "serial": stream.integers(0, 4 * n, n) * 1.0,
        "rare": (np.arange(n) == 5) * 1.0,
        "as rare": (np.arange(n) == 5) * 7.0,
        "group": stream.integers(4, size=n) * 1.0,
    }
    assert find_dependencies(columns, {"is fraud", "group"}) == []


@pytest.mark.parametrize(
    ("is_discrete", "n_values", "is_found"),
    [
        (False, 3000, False),
        (False, 1200, False),
        (False, 300, True),
        (True, 3000, False),
        (True, 1200, True),
    ],
)
def test_the_source_of_a_function_repeats_its_values(is_discrete, n_values, is_found):
    """Most of the rows; more of them where values have neighbours."""
    x = rng().integers(n_values, size=3000).astype(float)
    columns = {"x": x, "y": np.floor(x % 97 / 20), "z": rng(1).normal(size=3000)}
    found = find_dependencies(columns, {"x", "y"} if is_discrete else {"y"})
    assert [d.target for d in found] == ["y"] * is_found


def test_few_rows_are_no_evidence_and_more_are():
    def found(n):
        codes = np.arange(n) % 3 * 1.0
        return find_dependencies({"x": codes, "y": codes + 1}, {"x", "y"})

    assert [n for n in (1, 2, 3, 6, 12, 24) if found(n)] == []
    assert len(found(90)) == 1
    values = rng().normal(size=60)
    assert find_dependencies({"a": values[:6], "b": values[:6] + 1}) == []
    assert len(find_dependencies({"a": values, "b": values + 1})) == 1


@pytest.mark.parametrize(
    "columns",
    [
        {},
        {"a": np.zeros(0)},
        {"a": np.zeros(1), "b": np.ones(1)},
        {"a": np.full(50, np.nan), "b": np.full(50, np.nan)},
        {"a": np.ones(50), "b": np.full(50, 2.0)},
        {"a": np.r_[np.ones(49), np.nan], "b": np.arange(50.0)},
        {"a": 1.7e308 * rng().uniform(-1, 1, 50), "b": rng(1).normal(size=50)},
    ],
    ids=["none", "no rows", "a row", "missing", "constant", "a gap", "huge"],
)
def test_odd_tables_hold_nothing(columns):
    assert find_dependencies(columns) == []


@pytest.mark.parametrize(
    ("column", "expected"),
    [
        ([3.0, -4.0, np.nan], Rounding(0)),
        ([3.25, 4.1], Rounding(2)),
        ([0.1, 0.30000000000000004], Rounding(None)),
        (np.float32([0.1, 2.34]).astype(float), Rounding(2, True)),
        (np.float32([0.1, 1 / 3]).astype(float), Rounding(None, True)),
        ([np.nan], Rounding(0)),
    ],
)
def test_the_grid_of_a_column(column, expected):
    assert Rounding.of(np.asarray(column)) == expected


def as_arrays(frame):
    columns, discrete = {}, set()
    for name in frame:
        if frame[name].dtype.kind in "if":
            columns[name] = frame[name].to_numpy(float)
        else:
            codes = pd.factorize(frame[name], sort=True)[0].astype(float)
            columns[name] = np.where(codes < 0, np.nan, codes)
            discrete.add(name)
    return columns, discrete


@pytest.mark.data
@pytest.mark.parametrize(
    ("name", "expected"),
    [
        ("adult_train", ["education-num is a function of education"]),
        ("abalone", []),
        ("mammography", []),
    ],
)
def test_data_sets(name, expected, read_data):
    frame = read_data(name)
    columns, discrete = as_arrays(frame)
    found = find_dependencies(columns, discrete)
    # An order of magnitude above what it takes on a machine with nothing else to do.
    assert list(map(str, found)) == expected
    for dependency in found:
        restored = dependency.restore(columns)
        np.testing.assert_array_equal(restored, columns[dependency.target])
    # Half of the rows, and rows drawn with replacement, tell the same.
    for again in (frame[::2], frame.sample(len(frame), replace=True, random_state=0)):
        assert list(map(str, find_dependencies(*as_arrays(again)))) == expected


def test_a_hundred_columns_take_a_few_seconds():
    stream = rng()
    n = 10_000
    columns = {}
    for i in range(0, 99, 3):
        columns[f"{i}"] = stream.normal(size=n)
        columns[f"{i + 1}"] = stream.integers(3000, size=n) * 1.0
        columns[f"{i + 2}"] = stream.integers(i + 2, size=n) * 1.0
    columns["sum"] = columns["0"] + columns["51"]
    columns["last"] = columns["98"] // 9
    discrete = {f"{i + 2}" for i in range(0, 99, 3)} | {"last"}
    found = find_dependencies(columns, discrete)
    assert {str(d) for d in found} == {"sum = 0 + 51", "last is a function of 98"}
