"""Repairs, sums, grids and functions between columns against what they are by hand."""

import numpy as np
import pytest

from skgan.encoding import FixedCombinations, Inequality, Positive, Range, Unique
from skgan.encoding.constraints import _joint_repairs, _repairs
from skgan.encoding.constraints._constraints import check_constraints
from skgan.encoding.constraints._joint_repairs import repeats
from skgan.encoding.constraints._repairs import frequencies, repair_all, step_of
from skgan.encoding.dependencies._dependencies import (
    _kind,
    _short_constants,
    _short_weights,
    find_dependencies,
    restore_all,
)
from skgan.encoding.dependencies._discovery import Factor, Table
from skgan.encoding.dependencies._relations import (
    FunctionDependency,
    LinearDependency,
    Rounding,
    weighted_sum,
)

NAN = np.nan


def rng():
    return np.random.default_rng(3)


def column(*values):
    return np.array(values, dtype=float)


@pytest.mark.parametrize(
    ("values", "decimals", "is_single"),
    [
        ([1, 2, NAN], 0, False),
        ([0.5, 0.25], 2, False),
        ([1e-9], 9, False),
        ([1.5e-10], None, False),
        ([np.float32(0.1), np.float32(0.7)], 1, True),
        ([np.float32(np.pi)], None, True),
        ([np.pi], None, False),
        ([1e20], 0, False),
        ([1234567.125], 3, False),
        ([1e12 + 0.5], 1, False),
        ([1e13 + 0.5], None, False),
        ([1.0] * 60 + [0.5], 1, False),
        ([], 0, False),
    ],
)
def test_grids(values, decimals, is_single):
    grid = Rounding.of(column(*values))
    assert (grid.decimals, grid.is_single) == (decimals, is_single)
    assert grid.holds(column(*values)[~np.isnan(column(*values))])
    assert grid.error == (
        0
        if decimals is not None
        else 8 * np.finfo(np.float32 if is_single else float).eps
    )
    assert step_of(grid) == (0 if decimals is None else 10.0**-decimals)


def test_values_of_a_grid():
    assert Rounding(1).apply(column(0.26, -0.24)).tolist() == [0.3, -0.2]
    single = Rounding(1, True).apply(column(0.26))
    assert single.tolist() == [float(np.float32(0.3))]
    assert Rounding(None, False).apply(column(np.pi)).tolist() == [np.pi]
    assert not Rounding(1).holds(column(0.5, 0.25))


def test_frequencies_are_thinned_evenly(monkeypatch):
    assert frequencies(column(3, NAN, 1, 3)).tolist() == [1, 3, 3]
    monkeypatch.setattr(_repairs, "_MAX_KEPT", 4)
    assert frequencies(column(3, 1, 4, 2)).tolist() == [1, 2, 3, 4]
    assert frequencies(np.arange(10.0)[::-1]).tolist() == [0, 3, 6, 9]


def inequality(low, high, strict=False):
    learnt = {"a": column(*low), "b": column(*high)}
    return Inequality("a", "b", strict).learn(learnt)


def mended(repair, a, b, fixed=frozenset()):
    columns, is_repaired = repair.repair({"a": column(*a), "b": column(*b)}, fixed)
    return columns["a"].tolist(), columns["b"].tolist(), is_repaired.tolist()


def test_an_inequality_is_broken_above_and_strictly_also_where_equal():
    columns = {"a": column(1, 2, 3, NAN), "b": column(2, 2, 2, 1)}
    loose, strict = inequality([1], [2]), inequality([1], [2], True)
    assert loose.find_violations(columns).tolist() == [False, False, True, False]
    assert strict.find_violations(columns).tolist() == [False, True, True, False]


def test_an_inequality_draws_the_only_value_that_fits():
    repair = inequality([1, 2, 9], [2, 5, 10])
    assert mended(repair, [3, 1], [2, 1]) == ([2, 1], [3, 1], [True, False])
    # Beside a value that stays: 10 alone is above 6, 1 alone below 1.5.
    assert mended(repair, [6], [2], {"a"}) == ([6], [10], [True])
    assert mended(repair, [6], [1.5], {"b"}) == ([1], [1.5], [True])
    assert mended(repair, [12], [2], {"a"}) == ([12], [12], [True])
    assert mended(repair, [3], [0], {"b"}) == ([0], [0], [True])
    assert mended(repair, [12.5], [2], {"a"}) == ([12.5], [13], [True])
    some = {"a": np.array([True, False])}
    assert mended(repair, [6, 6], [2, 2], some) == ([6, 2], [10, 6], [True, True])
    strict = inequality([1, 2, 9], [2, 5, 10], True)
    assert mended(strict, [5], [5], {"a"}) == ([5], [10], [True])
    assert mended(strict, [2], [2], {"b"}) == ([1], [2], [True])
    assert mended(strict, [10], [10], {"a"}) == ([10], [11], [True])
    assert mended(strict, [1], [1], {"b"}) == ([0], [1], [True])
    assert mended(strict, [3], [2], set()) == ([2], [3], [True])
    # Equal ones are free: the high one is drawn, if there is one above.
    a, b, _ = mended(strict, [5], [5])
    assert (a, b) == ([5], [10])
    a, b, _ = mended(strict, [10], [10])
    assert a[0] in (1, 2, 9) and b == [10]


def test_an_inequality_of_values_off_any_grid():
    repair = inequality([np.pi], [np.e + 1], True)
    a, b, _ = mended(repair, [5], [5], {"a"})
    assert a == [5] and b == [np.nextafter(5, 6)]
    a, b, _ = mended(repair, [1], [1], {"b"})
    assert b == [1] and a == [np.nextafter(1, 0)]
    with pytest.raises(ValueError, match=r"in 1 row, the first at position 1 .*a=5"):
        mended(repair, [1, 5], [2, 5], {"a", "b"})


def test_ranges_take_the_nearest_seen():
    repair = Range("a", 2, 8).learn({"a": column(3, 7, NAN)})
    violations = repair.find_violations({"a": column(1.9, 2, 8, 8.1, NAN)})
    assert violations.tolist() == [True, False, False, True, False]
    columns, is_repaired = repair.repair({"a": column(1, 2, 9), "b": column(1, 2, 3)})
    assert columns["a"].tolist() == [3, 2, 7] and columns["b"].tolist() == [1, 2, 3]
    assert is_repaired.tolist() == [True, False, True]
    empty = Range("a", 2, 8).learn({"a": column(NAN)})
    assert empty.repair({"a": column(1, 9)})[0]["a"].tolist() == [2, 8]
    strict = Positive("a").learn({"a": column(0.5, 4)})
    loose = Positive("a", strict=False).learn({"a": column(0, 4)})
    zero = {"a": column(0, -1, 1)}
    assert strict.find_violations(zero).tolist() == [True, True, False]
    assert loose.find_violations(zero).tolist() == [False, True, False]


def test_repairs_go_round_until_all_hold():
    first = inequality([1, 3], [3, 4])
    second = Range("a", 2, None).learn({"a": column(3, 4)})
    columns = {"a": column(1, 9, 5), "b": column(4, 2, 6)}
    result, is_repaired = repair_all([second, first], columns)
    assert (result["a"] <= result["b"]).all() and (result["a"] >= 2).all()
    assert result["a"].tolist()[:2] == [3, 2] and result["b"].tolist()[1] == 9
    assert is_repaired.tolist() == [True, True, False]
    result, is_repaired = repair_all([], {"a": column(1)})
    assert result["a"].tolist() == [1] and is_repaired.tolist() == [False]


def test_combinations_of_training_rows():
    learnt = {"a": column(0, 0, 1, NAN), "b": column(0, 1, 2, 5)}
    repair = FixedCombinations("a", "b").learn(learnt)
    columns = {"a": column(0, 1, 1, NAN, NAN, 7), "b": column(1, 2, 0, 5, 0, 5)}
    assert repair.find_violations(columns).tolist() == [
        *(False, False, True, False, True, True)
    ]
    # The column with the fewer levels gives way: b stays.
    result, _ = repair.repair(columns)
    assert result["b"].tolist() == [1, 2, 0, 5, 0, 5]
    np.testing.assert_array_equal(result["a"], [0, 1, 0, NAN, 0, NAN])
    result, _ = repair.repair({"a": column(1), "b": column(0)}, {"a"})
    assert (result["a"].tolist(), result["b"].tolist()) == ([1], [2])
    with pytest.raises(ValueError, match="do not hold the given values together"):
        repair.repair({"a": column(7), "b": column(0)}, {"a"})


def test_combinations_are_drawn_as_often_as_seen():
    learnt = {"a": column(*[0] * 30, *[1] * 10), "b": column(*[0, 1] * 15, *[0] * 10)}
    repair = FixedCombinations("a", "b").learn(learnt)
    n = 4000
    columns = {"a": np.full(n, 9.0), "b": np.zeros(n)}
    result, is_repaired = repair.repair(columns, {"b"}, rng())
    assert is_repaired.all() and (result["b"] == 0).all()
    assert result["a"].mean() == pytest.approx(10 / 25, abs=0.03)


def test_what_repeats_an_earlier_row():
    a, b = column(1, 1, 2, 1, NAN, NAN), column(5, 5, 5, 6, 5, 5)
    assert repeats([a, b]).tolist() == [False, True, False, False, False, False]
    later = np.array([False, True, False, False, False, False])
    assert repeats([a, b], later).tolist() == [True, *[False] * 5]
    assert repeats([a]).tolist() == [False, True, False, True, False, False]


def test_unique_fills_the_gaps_of_a_grid():
    repair = Unique("a").learn({"a": column(1, 3, 5)})
    result, is_repaired = repair.repair({"a": column(3, 3, 3, 3, 3)}, rng=rng())
    assert sorted(result["a"].tolist()) == [1, 2, 3, 4, 5] and result["a"][0] == 3
    assert is_repaired.tolist() == [False, True, True, True, True]
    with pytest.warns(UserWarning, match="between 1 and 5 are used up; 2 rows got"):
        result, _ = repair.repair({"a": np.full(7, 3.0)}, rng=rng())
    assert sorted(result["a"].tolist()) == [1, 2, 3, 4, 5, 6, 7]
    halves = Unique("a").learn({"a": column(0.5, 1.0)})
    with pytest.warns(UserWarning, match="1 row got larger ones"):
        result, _ = halves.repair({"a": np.full(7, 0.5)}, rng=rng())
    np.testing.assert_allclose(np.sort(result["a"]), 0.5 + 0.1 * np.arange(7))


def test_unique_levels_run_out():
    learnt = {"a": column(0, 1, 2)}
    repair = Unique("a").learn(learnt, {"a"})
    result, _ = repair.repair({"a": column(1, 1, 1, NAN, NAN)}, rng=rng())
    assert sorted(result["a"].tolist()[:3]) == [0, 1, 2] and result["a"][0] == 1
    with pytest.raises(ValueError, match="4 rows need as many levels of 'a', and 3 we"):
        repair.repair({"a": column(1, 1, 1, 1)}, rng=rng())
    pairs = Unique("a", "b").learn({"a": column(0, 1), "b": column(0, 1)}, {"a", "b"})
    result, _ = pairs.repair({"a": np.zeros(4), "b": np.zeros(4)}, rng=rng())
    found = set(zip(result["a"].tolist(), result["b"].tolist(), strict=True))
    assert found == {(0, 0), (0, 1), (1, 0), (1, 1)}
    with pytest.raises(ValueError, match="all combinations of the values seen"):
        pairs.repair({"a": np.zeros(5), "b": np.zeros(5)}, rng=rng())
    # A given value stays, its partner is drawn.
    result, _ = pairs.repair({"a": np.zeros(2), "b": np.zeros(2)}, {"a"}, rng())
    assert result["a"].tolist() == [0, 0] and sorted(result["b"].tolist()) == [0, 1]


def test_many_columns_try_prefixes_and_what_is_fixed():
    learnt = {f"c{i}": rng().permutation(8.0 * np.arange(8)) + i for i in range(8)}
    repair = FixedCombinations(*learnt).learn(learnt)
    fixed = np.zeros((1, 8), bool)
    fixed[0, [2, 5]] = True
    subsets = repair._subsets(fixed)
    assert [len(s) for s in subsets[:8]] == [7] * 8 and subsets[-1] == []
    assert [2, 5] in subsets and len(subsets) == 8 + 7 + 1
    small = FixedCombinations("a", "b", "c").learn(
        {n: column(0, 1) for n in ("a", "b", "c")}
    )
    assert len(small._subsets(np.zeros((1, 3), bool))) == 3 + 3 + 1


def test_joint_keys_at_the_end_of_64_bits():
    sizes = 2**31
    known = np.array([[0, 0], [sizes - 3, sizes - 3], [0, sizes - 3]])
    keys, others = _joint_repairs._joint_keys(known, known[[2, 0, 1]])
    assert len(set(keys.tolist())) == 3 and min(keys) >= 0
    assert others.tolist() == keys[[2, 0, 1]].tolist()


def test_sums_are_said_as_they_are():
    def said(weights, constant, kind, names=("x", "y")):
        names = names[: len(weights)]
        return str(LinearDependency("t", names, kind, weights, constant, Rounding(1)))

    assert said((1.0,), 0.0, "copy") == "t is a copy of x"
    assert said((1.0,), 2.5, "constant offset") == "t = x + 2.5"
    assert said((1.0,), -2.5, "constant offset") == "t = x - 2.5"
    assert said((-1.0,), 0.0, "sum") == "t = -x"
    assert said((-1.0, 2.0), 1.0, "sum") == "t = 2 * y + 1 - x"
    assert said((-1.0, -0.5), 0.0, "sum") == "t = -x - 0.5 * y"
    columns = {"x": column(1, NAN, -0.0), "y": column(0.25, 1, 0)}
    total = LinearDependency("t", ("x", "y"), "sum", (2.0, -1.0), 0.5, Rounding(1))
    np.testing.assert_array_equal(total.restore(columns), [2.2, NAN, 0.5])
    assert not np.signbit(
        LinearDependency("t", ("x",), "copy", (1.0,), 0.0, Rounding()).restore(columns)
    )[2]
    three = weighted_sum([column(1), column(2), column(4)], (1.0, 10.0, 100.0))
    assert three.tolist() == [421]
    kinds = {(1.0, 0.0): "copy", (1.0, 2.0): "constant offset", (-1.0, 0.0): "sum"}
    kinds |= {(2.0, 0.0): "scale", (2.0, 1.0): "linear", (-1.0, 3.0): "sum"}
    assert {args: _kind((args[0],), args[1]) for args in kinds} == kinds
    assert _kind((1.0, 1.0), 0.0) == "sum"


def test_short_weights_and_constants():
    weights = list(_short_weights(np.array([1 / 3]), False))
    assert weights[:2] == [(0.3,), (1 / 3,)] and (0.3333,) in weights
    assert (0.33333,) not in weights and (0.333333,) in weights
    assert all(len(w) == 2 for w in _short_weights(np.array([0.5, 1 / 7]), False))
    single = list(_short_weights(np.array([0.1]), True))
    assert (0.1,) in single and (float(np.float32(0.1)),) in single
    assert next(_short_constants(column(0.01, -0.01), Rounding(1))) == 0
    assert next(_short_constants(column(4.99, 5.01), Rounding(1))) == 5
    assert list(_short_constants(column(1, 1.2), Rounding(1))) == []
    assert 1.1 in list(_short_constants(column(1.05, 1.15), Rounding(1)))
    assert 2 in list(_short_constants(column(1, 3), Rounding()))


def test_functions_look_values_up():
    table = FunctionDependency(
        *("t", ("s",), "function"),
        column(0, 10, 20),
        column(5, 6, 7),
        *(-1.0, 6.0, False),
    )
    source = column(-3, 4, 5, 5.1, 10, 15, 15.1, 99, NAN)
    assert table.restore({"s": source}).tolist() == [5, 5, 6, 6, 6, 7, 7, 7, -1]
    levels = FunctionDependency(
        *("t", ("s",), "function"), column(0, 1), column(5, 6), -1.0, 6.0, True
    )
    assert levels.restore({"s": column(0, 1, -1, NAN)}).tolist() == [5, 6, 6, -1]
    empty = FunctionDependency(
        *("t", ("s",), "copy"), column(), column(), 3.0, 6.0, True
    )
    assert empty.restore({"s": column(1, NAN)}).tolist() == [3, 3]
    assert str(empty) == "t is a copy of s" and "function of" in str(levels)


def test_factors_and_their_surprise():
    factor = Factor(column(2, 5, NAN, 2, 2.0))
    assert factor.values.tolist() == [2, 5] and factor.codes.tolist() == [0, 1, 2, 0, 0]
    assert factor.counts.tolist() == [3, 1, 1] and factor.n_levels == 3
    np.testing.assert_allclose(factor.self_information(), [0, np.log(5), np.log(5)])
    for values in ([0.5, 0.25, 0.5], [1e15, -1e15, 1e15], [7.0, -2, 7]):
        factor = Factor(column(*values))
        assert factor.values.tolist() == sorted(set(values))
        assert factor.values[factor.codes].tolist() == values
    assert Factor(column(NAN, NAN)).n_levels == 1


def test_which_of_two_columns_is_kept():
    columns = {
        "few": column(0, 1, 0, 1),
        "many": column(0, 1, 2, 1),
        "level": column(0, 1, 1, 0),
        "kept": column(3, 4, 3, 3),
        "constant": column(1, 1, 1, 1),
    }
    table = Table(columns, {"level"}, {"kept"})
    assert list(table.columns) == ["few", "many", "level", "kept"] and table.n_rows == 4
    ranked = sorted(table.columns, key=table.rank)
    assert ranked == ["kept", "level", "many", "few"]


def test_relations_are_found_where_there_is_evidence():
    draw = rng()
    net = draw.integers(100, size=400) / 4
    city = draw.integers(5, size=400).astype(float)
    tax = draw.integers(100, size=400) / 4
    columns = {
        "net": net,
        "tax": tax,
        "total": net + tax + 2,
        "double": 2 * net,
        "less": tax - 1.5,
        "city": city,
        "land": column(7, 3, 3, 9, 7)[city.astype(int)],
        "name": (city * 3) % 5,
    }
    found = find_dependencies(columns, {"city", "name", "land"})
    said = {d.target: (str(d), d.kind) for d in found}
    assert set(said) == {"total", "double", "less", "land", "name"}
    assert said["total"] == ("total = net + tax + 2", "sum")
    assert said["double"] == ("double = 2 * net", "scale")
    assert said["less"] == ("less = tax - 1.5", "constant offset")
    assert said["land"] == ("land is a function of city", "function")
    assert said["name"] == ("name is a copy of city", "copy")
    restored = restore_all(found, {k: columns[k] for k in ("net", "tax", "city")})
    for name, values in columns.items():
        np.testing.assert_array_equal(restored[name], values)
    kept = find_dependencies({"net": net, "double": 2 * net}, keep={"double"})
    assert [str(d) for d in kept] == ["net = 0.5 * double"]
    few = {name: values[:4] for name, values in columns.items()}
    assert find_dependencies(few, {"city", "name", "land"}) == []


def test_constraints_are_a_list():
    assert check_constraints(None) == []
    key = Unique("a")
    assert check_constraints((key,)) == [key]
    for wrong in ("a", 5, [5], [key, "b"]):
        with pytest.raises(TypeError, match="constraints must be"):
            check_constraints(wrong)
