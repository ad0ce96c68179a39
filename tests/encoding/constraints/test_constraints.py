"""Constraints: checked at fit, kept exactly, at the least change."""

import copy
import pickle

import numpy as np
import pytest
from sklearn.base import BaseEstimator, clone

from skgan.encoding import FixedCombinations, Inequality, Positive, Range, Unique
from skgan.encoding.constraints._constraints import check_constraints
from skgan.encoding.constraints._repairs import repair_all

N = 5000
NAN = np.nan


def rng(seed=0):
    return np.random.default_rng(seed)


def train(n=N, seed=0):
    """Start and end of a stay, a city in a country in a continent, an id, a price."""
    stream = rng(seed)
    start = stream.integers(0, 300, n).astype(float)
    city = np.floor(40 * stream.random(n) ** 2)
    return {
        "start": start,
        "end": start + stream.integers(0, 30, n),
        "city": city,
        "country": city // 4,
        "continent": city // 20,
        "id": stream.permutation(2 * n)[:n].astype(float),
        "price": np.round(np.exp(stream.normal(3, 1, n)), 2),
        "gapped": np.where(stream.random(n) < 0.2, NAN, stream.normal(5, 1, n)),
    }


def sampled(n=N, seed=1):
    """The columns of `train`, each shuffled by itself."""
    stream = rng(seed)
    return {name: stream.choice(column, n) for name, column in train(seed=seed).items()}


DISCRETE = {"city", "country", "continent"}
CONSTRAINTS = [
    Inequality("start", "end"),
    Inequality("start", "end", strict=True),
    FixedCombinations("city", "country"),
    FixedCombinations("city", "country", "continent"),
    Range("start", low=5, high=200),
    Range("gapped", high=6.5),
    Positive("price"),
    Positive("gapped", strict=False),
    Unique("id"),
    Unique("price", "start"),
    Unique("city", "start", "country"),
]
each = pytest.mark.parametrize("constraint", CONSTRAINTS, ids=repr)


def training_rows(constraint, n=N):
    """Rows of `train` that keep to the constraint."""
    columns = train(n)
    if isinstance(constraint, Inequality) and constraint.strict:
        columns["end"] = columns["end"] + 1
    elif isinstance(constraint, Unique):
        rows = np.column_stack([columns[name] for name in constraint.columns])
        kept = np.sort(np.unique(rows, axis=0, return_index=True)[1])
        columns = {name: column[kept] for name, column in columns.items()}
    elif isinstance(constraint, Range):
        column = columns[constraint.column]
        low = -np.inf if constraint.low is None else constraint.low
        high = np.inf if constraint.high is None else constraint.high
        columns[constraint.column] = np.clip(column, low, high)
    elif constraint == Positive("gapped", strict=False):
        columns["gapped"] = np.abs(columns["gapped"])
    return columns


def is_kept(constraint, columns):
    """Whether each row keeps to it, from its definition alone."""
    values = [columns[name] for name in constraint.columns]
    gaps = np.isnan(np.column_stack(values)).any(axis=1)
    if isinstance(constraint, Inequality):
        low, high = values
        return gaps | (low < high if constraint.strict else low <= high)
    if isinstance(constraint, Range | Positive):
        (x,) = values
        if isinstance(constraint, Positive):
            return gaps | (x > 0 if constraint.strict else x >= 0)
        is_low = constraint.low is not None and x < constraint.low
        is_high = constraint.high is not None and x > constraint.high
        return gaps | ~(is_low | is_high)
    rows = list(map(tuple, np.column_stack(values).tolist()))
    if isinstance(constraint, Unique):
        present = [row for row, gap in zip(rows, gaps, strict=True) if not gap]
        return np.full(len(rows), len(set(present)) == len(present))
    learnt = training_rows(constraint)
    known = set(zip(*(learnt[n].tolist() for n in constraint.columns), strict=True))
    return np.array([row in known for row in rows])


def broken_sample(constraint, n=N):
    columns = sampled(n)
    if isinstance(constraint, Positive | Range):
        name = constraint.columns[0]
        columns[name] = columns[name] - np.nanmedian(columns[name])
        if constraint == Range("gapped", high=6.5):
            columns[name] = columns[name] + 6.5
    elif constraint == Unique("price", "start"):
        columns["price"], columns["start"] = np.full(n, 20.0), np.full(n, 100.0)
    return columns


@each
def test_kept_exactly_and_nothing_else_touched(constraint):
    learnt = training_rows(constraint)
    repair = pickle.loads(pickle.dumps(constraint.learn(learnt, DISCRETE)))
    columns = broken_sample(constraint)
    before = copy.deepcopy(columns)
    assert not is_kept(constraint, columns).all()
    repaired, is_repaired = repair.repair(columns, rng=rng())
    assert is_kept(constraint, repaired).all()
    assert not repair.find_violations(repaired).any()
    assert repaired.keys() == columns.keys()
    changed = np.zeros(N, dtype=bool)
    for name, column in before.items():
        np.testing.assert_array_equal(columns[name], column)
        if name not in constraint.columns:
            assert repaired[name] is columns[name]
        same = (repaired[name] == column) | (
            np.isnan(repaired[name]) & np.isnan(column)
        )
        changed |= ~same
    np.testing.assert_array_equal(changed, is_repaired)
    # Rows that broke it, and no others, were changed; but what is to be unique may be
    # taken from rows further down.
    find_violations = repair.find_violations(columns)
    assert is_repaired[find_violations].all()
    if not isinstance(constraint, Unique):
        np.testing.assert_array_equal(find_violations, is_repaired)
    again, none = repair.repair(repaired, rng=rng())
    assert not none.any()
    assert all(again[name] is repaired[name] for name in again)


@each
def test_repairs_are_repeatable_and_come_from_the_stream_given(constraint):
    repair = constraint.learn(training_rows(constraint), DISCRETE)
    columns = broken_sample(constraint)
    state = np.random.get_state()[1].copy()
    first, _ = repair.repair(columns, rng=rng(3))
    second, _ = repair.repair(columns, rng=rng(3))
    for name in first:
        np.testing.assert_array_equal(first[name], second[name])
    assert (np.random.get_state()[1] == state).all()


@each
@pytest.mark.parametrize("n", [1, 40])
def test_repairs_of_some_rows_are_the_start_of_those_of_more(constraint, n):
    repair = constraint.learn(training_rows(constraint), DISCRETE)
    columns = broken_sample(constraint)
    head = {name: column[:n] for name, column in columns.items()}
    short, _ = repair_all([repair], head, rng=rng(3))
    long, _ = repair_all([repair], columns, rng=rng(3))
    for name in short:
        np.testing.assert_array_equal(short[name], long[name][:n])


def test_the_last_unused_values_go_to_rows_in_order():
    learnt = {"a": np.repeat(np.arange(12.0), 9), "b": np.tile(np.arange(9.0), 12)}
    repair = Unique("a", "b").learn(learnt, {"a", "b"})
    columns = {"a": np.zeros(108), "b": np.zeros(108)}
    long, _ = repair.repair(columns, rng=rng())
    for n in (5, 100):
        head = {name: column[:n] for name, column in columns.items()}
        short, _ = repair.repair(head, rng=rng())
        for name in short:
            np.testing.assert_array_equal(short[name], long[name][:n])


@each
def test_training_rows_that_break_it_are_an_error(constraint):
    columns = training_rows(constraint)
    constraint.check(columns, DISCRETE)
    if isinstance(constraint, FixedCombinations):
        return
    if isinstance(constraint, Inequality):
        columns["end"][[7, 9]] = columns["start"][[7, 9]] - 1
    elif isinstance(constraint, Unique):
        for name in constraint.columns:
            columns[name][[7, 9]] = columns[name][0]
    else:
        columns[constraint.column][[7, 9]] = -9
        if constraint == Range("gapped", high=6.5):
            columns["gapped"][[7, 9]] = 6.6
    n_rows = len(columns["start"])
    message = f"broken by 2 of {n_rows} training rows, .* positions 7, 9"
    with pytest.raises(ValueError, match=message) as error:
        constraint.check(columns, DISCRETE)
    assert str(error.value).startswith(repr(constraint))


@each
def test_unknown_columns_are_an_error(constraint):
    columns = training_rows(constraint)
    missing = constraint.columns[-1]
    del columns[missing]
    with pytest.raises(ValueError, match=f"names '{missing}', which X does not have"):
        constraint.check(columns, DISCRETE)


@pytest.mark.parametrize(
    "constraint", [Inequality("start", "city"), Range("city", 0, 2), Positive("city")]
)
def test_categories_do_not_compare(constraint):
    with pytest.raises(ValueError, match="'city' holds categories"):
        constraint.check(train(), DISCRETE)


@each
def test_declared_constraints_are_plain_values(constraint):
    assert eval(repr(constraint)) == constraint
    assert pickle.loads(pickle.dumps(constraint)) == constraint
    assert copy.deepcopy(constraint) == constraint
    assert hash(constraint) == hash(eval(repr(constraint)))
    assert sum(constraint == other for other in CONSTRAINTS) == 1
    with pytest.raises(AttributeError):
        constraint.strict = True

    class Encoder(BaseEstimator):
        def __init__(self, constraints=()):
            self.constraints = constraints

    assert clone(Encoder([constraint])).constraints == [constraint]


@pytest.mark.parametrize(
    ("declare", "error", "message"),
    [
        (lambda: Inequality("a", "a"), ValueError, "two columns, got 'a' as both"),
        (lambda: Inequality("a", "b", strict=1), TypeError, "strict must be True or"),
        (lambda: Positive("a", strict="no"), TypeError, "strict must be True or False"),
        (lambda: FixedCombinations("a"), ValueError, "at least 2 column names, got 1"),
        (lambda: FixedCombinations(["a", "b"]), ValueError, "at least 2 column names"),
        (lambda: Unique(["a", "b"]), TypeError, r"one by one, Unique\('a', 'b'\)"),
        (Unique, ValueError, "at least 1 column names, got 0"),
        (lambda: Unique("a", "b", "a"), ValueError, "names a column twice"),
        (lambda: Range("a"), ValueError, "'a' needs low, high or both"),
        (lambda: Range("a", 3, 2), ValueError, "low=3 must not be above high=2"),
        (lambda: Range("a", 3, "x"), ValueError, "cannot be compared"),
        (lambda: Range("a", NAN), ValueError, "bound of column 'a' is missing"),
        (lambda: Range("start", "x").check(train()), ValueError, "'x' of column 'st"),
        (lambda: check_constraints(Positive("a")), TypeError, "must be a list"),
        (lambda: check_constraints(["a"]), TypeError, "must be Inequality, Fixed"),
        (lambda: check_constraints(3), TypeError, "must be a list"),
    ],
)
def test_what_makes_no_sense_is_refused(declare, error, message):
    with pytest.raises(error, match=message):
        declare()


def test_check_constraints():
    assert check_constraints(None) == check_constraints(()) == []
    assert check_constraints(tuple(CONSTRAINTS)) == CONSTRAINTS


def test_bounds_are_read_by_the_columns_own_reader():
    dates = {"day": np.arange(10.0)}
    constraint = Range("day", low=np.datetime64("2020-01-01"))

    def read(column, bound):
        assert column == "day"
        return float((bound - np.datetime64("2020-01-03")).astype(int))

    repair = constraint.learn(dates, read=read)
    assert repair.find_violations({"day": np.array([-3.0, -2, 5])}).tolist() == [
        True,
        0,
        0,
    ]


# Inequality


def test_inequality_swaps_what_is_free():
    constraint = Inequality("start", "end")
    columns = sampled()
    repair = constraint.learn(train())
    repaired, is_repaired = repair.repair(columns, rng=rng())
    start, end = columns["start"], columns["end"]
    np.testing.assert_array_equal(repaired["start"], np.minimum(start, end))
    np.testing.assert_array_equal(repaired["end"], np.maximum(start, end))
    assert 0.3 < is_repaired.mean() < 0.6


@pytest.mark.parametrize("strict", [False, True])
@pytest.mark.parametrize("kept", ["start", "end"])
def test_inequality_draws_from_what_fits_beside_a_given_value(kept, strict):
    constraint = Inequality("start", "end", strict)
    learnt = training_rows(constraint)
    drawn = {"start": "end", "end": "start"}[kept]
    columns = sampled()
    repair = constraint.learn(learnt)
    repaired, is_repaired = repair.repair(columns, {kept}, rng())
    assert is_kept(constraint, repaired).all()
    assert repaired[kept] is not columns[drawn]
    np.testing.assert_array_equal(repaired[kept], columns[kept])
    # Spread over all that fits, not piled up at the bound.
    new = repaired[drawn][is_repaired]
    assert np.isin(new, learnt[drawn]).mean() > 0.99
    assert (new == columns[kept][is_repaired]).mean() < 0.1
    assert len(np.unique(new)) > 200


@pytest.mark.parametrize("strict", [False, True])
def test_inequality_finds_a_value_even_where_none_was_seen(strict):
    learnt = {"a": np.array([1.0, 2.0, 3.0]), "b": np.array([2.5, 2.5, 4.0])}
    repair = Inequality("a", "b", strict).learn(learnt)
    columns = {"a": np.array([9.0, 3.0]), "b": np.array([4.0, -2.25])}
    above, _ = repair.repair(columns, {"a"}, rng())
    np.testing.assert_array_equal(above["b"], [9.1 if strict else 9.0, 4.0])
    below, _ = repair.repair(columns, {"b"}, rng())
    # Whole numbers stay whole.
    assert below["a"][1] == -3.0
    assert below["a"][0] in ([1, 2, 3] if strict else [1, 2, 3, 4])


def test_inequality_never_swaps_a_fraction_into_a_whole_column():
    learnt = {"a": np.arange(10.0), "b": np.arange(10.0) + 0.5}
    repair = Inequality("a", "b").learn(learnt)
    columns = {"a": np.array([7.0, 9.0]), "b": np.array([2.5, 0.5])}
    repaired, is_repaired = repair.repair(columns, rng=rng())
    assert is_repaired.all()
    assert (repaired["a"] <= repaired["b"]).all()
    assert np.isin(repaired["a"], learnt["a"]).all()
    assert np.isin(repaired["b"], learnt["b"]).all()


def test_strict_inequality_parts_equal_values():
    learnt = {"a": np.array([0.0, 1, 2]), "b": np.array([1.0, 2, 3])}
    repair = Inequality("a", "b", strict=True).learn(learnt)
    columns = {"a": np.array([1.0, 3.0, 7.0]), "b": np.array([1.0, 3.0, 7.0])}
    repaired, _ = repair.repair(columns, rng=rng())
    assert repaired["a"][0] == 1 and repaired["b"][0] in (2, 3)
    assert repaired["b"][1] == 3 and repaired["a"][1] in (0, 1, 2)
    assert repaired["a"][2] < 7 and repaired["b"][2] == 7


def test_missing_values_keep_to_an_inequality():
    repair = Inequality("a", "b").learn({"a": np.array([NAN]), "b": np.array([NAN])})
    columns = {"a": np.array([5.0, NAN, 5.0]), "b": np.array([NAN, 1.0, 1.0])}
    repaired, is_repaired = repair.repair(columns, rng=rng())
    assert is_repaired.tolist() == [False, False, True]
    np.testing.assert_array_equal(repaired["a"], [5, NAN, 1])


# What is given


@each
def test_rows_of_columns_that_are_given_stay(constraint):
    """Half of the rows give the first column, as partial rows would."""
    learnt = training_rows(constraint)
    repair = constraint.learn(learnt, DISCRETE)
    if isinstance(constraint, Range | Positive) or constraint == Unique("id"):
        return
    columns = broken_sample(constraint)
    if constraint == Unique("price", "start"):
        columns["price"] = np.floor(sampled()["price"]) + 1
    name = constraint.columns[0]
    is_given = np.arange(N) % 2 == 0
    repaired, _ = repair.repair(columns, {name: is_given}, rng())
    assert is_kept(constraint, repaired).all()
    np.testing.assert_array_equal(repaired[name][is_given], columns[name][is_given])


@pytest.mark.parametrize(
    ("constraint", "columns"),
    [
        (Inequality("start", "end"), {"start": 5.0, "end": 4.0}),
        (Range("start", 0, 300), {"start": 301.0}),
        (Positive("price"), {"price": -1.0}),
        (FixedCombinations("city", "country"), {"city": 0.0, "country": 3.0}),
        (Unique("id"), {"id": 4.0}),
    ],
    ids=str,
)
def test_given_values_that_break_it_are_an_error(constraint, columns):
    repair = constraint.learn(train(), DISCRETE)
    columns = {name: np.full(3, value) for name, value in columns.items()}
    message = "cannot be kept in . rows, the first at position . .*given values"
    with pytest.raises(ValueError, match=message):
        repair.repair(columns, columns.keys(), rng())


def test_a_given_value_without_any_combination_is_an_error():
    repair = FixedCombinations("city", "country").learn(train(), DISCRETE)
    columns = {"city": np.array([99.0]), "country": np.array([0.0])}
    with pytest.raises(ValueError, match=r"city=99, country=0\): the training"):
        repair.repair(columns, {"city"}, rng())


# FixedCombinations


def test_the_column_that_tells_more_stays():
    repair = FixedCombinations("country", "city").learn(train(), DISCRETE)
    columns = sampled()
    repaired, _ = repair.repair(columns, rng=rng())
    np.testing.assert_array_equal(repaired["city"], columns["city"])
    np.testing.assert_array_equal(repaired["country"], columns["city"] // 4)


def test_what_is_drawn_has_the_training_frequency():
    learnt = train(20_000)
    repair = FixedCombinations("city", "country").learn(learnt, DISCRETE)
    n = 40_000
    columns = {"city": np.full(n, 39.0), "country": np.zeros(n)}
    repaired, is_repaired = repair.repair(columns, {"country"}, rng())
    assert is_repaired.all()
    expected = np.bincount(learnt["city"][learnt["country"] == 0].astype(int))
    drawn = np.bincount(repaired["city"].astype(int))
    np.testing.assert_allclose(drawn / n, expected / expected.sum(), atol=0.01)


def test_as_few_columns_as_possible_are_drawn_again():
    """One of three is wrong: the other two stay, whichever it is."""
    learnt = train()
    names = ("city", "country", "continent")
    repair = FixedCombinations(*names).learn(learnt, DISCRETE)
    for wrong in names:
        columns = {name: learnt[name].copy() for name in names}
        columns[wrong] = (columns[wrong] + 1) % (columns[wrong].max() + 1)
        repaired, is_repaired = repair.repair(columns, rng=rng())
        n_changed = sum(repaired[name] != columns[name] for name in names)
        assert n_changed.max() == 1
        assert (n_changed == 1).tolist() == is_repaired.tolist()


def test_missing_is_a_value_of_a_combination():
    learnt = {"a": np.array([0.0, 1, NAN]), "b": np.array([5.0, NAN, 6])}
    repair = FixedCombinations("a", "b").learn(learnt, {"a"})
    columns = {"a": np.array([1.0, NAN, NAN, 0]), "b": np.array([5.0, 6, NAN, 5])}
    repaired, is_repaired = repair.repair(columns, {"a"}, rng())
    assert is_repaired.tolist() == [True, False, True, False]
    np.testing.assert_array_equal(repaired["b"], [NAN, 6, 6, 5])


def test_many_columns_of_many_levels():
    """More subsets and more combinations than can be gone through or numbered."""
    stream = rng()
    names = [f"c{i}" for i in range(12)]
    base = stream.integers(0, 500, 3000)
    learnt = {name: (base * 7919 + i) % 3001.0 for i, name in enumerate(names)}
    repair = FixedCombinations(*names).learn(learnt, set(names))
    columns = {name: column.copy() for name, column in learnt.items()}
    columns["c3"] = stream.permutation(columns["c3"])
    columns["c8"][:1000] = stream.permutation(columns["c8"])[:1000]
    repaired, _ = repair.repair(columns, rng=rng())
    rows = set(zip(*learnt.values(), strict=True))
    assert set(zip(*repaired.values(), strict=True)) <= rows
    fixed, _ = repair.repair(columns, {"c3"}, rng())
    np.testing.assert_array_equal(fixed["c3"], columns["c3"])
    assert set(zip(*fixed.values(), strict=True)) <= rows


# Range and Positive


def test_out_of_range_goes_to_the_nearest_training_value():
    learnt = {"x": np.array([2.0, 4, 6, NAN])}
    columns = {"x": np.array([-3.0, 0.5, 1.5, 5, 9, NAN])}
    repaired, is_repaired = Range("x", 1.5, 7.5).learn(learnt).repair(columns)
    np.testing.assert_array_equal(repaired["x"], [2, 2, 1.5, 5, 6, NAN])
    assert is_repaired.tolist() == [True, True, False, False, True, False]
    only_low, _ = Range("x", low=1).learn(learnt).repair(columns)
    np.testing.assert_array_equal(only_low["x"], [2, 2, 1.5, 5, 9, NAN])


def test_zero_is_positive_unless_strict():
    learnt = {"x": np.array([0.5, 4])}
    columns = {"x": np.array([-1.0, 0, 3])}
    strict, _ = Positive("x").learn(learnt).repair(columns)
    np.testing.assert_array_equal(strict["x"], [0.5, 0.5, 3])
    loose, _ = Positive("x", strict=False).learn(learnt).repair(columns)
    np.testing.assert_array_equal(loose["x"], [0.5, 0, 3])
    with pytest.raises(ValueError, match="broken by 1 of 2 training rows"):
        Positive("x").check({"x": np.array([0.0, 1])})


# Unique


def test_unique_numbers_follow_the_training_distribution():
    stream = rng()
    learnt = {"x": np.unique(np.round(np.exp(stream.normal(5, 1, 20_000)), 2))}
    values = stream.choice(learnt["x"], 5000)
    repair = Unique("x").learn(learnt)
    repaired, is_repaired = repair.repair({"x": values}, rng=rng())
    assert len(np.unique(repaired["x"])) == 5000
    new = repaired["x"][is_repaired]
    assert is_repaired.sum() >= 5000 - len(np.unique(values))
    np.testing.assert_array_equal(np.round(new, 2), new)
    for q in (0.1, 0.5, 0.9):
        assert abs((new < np.quantile(learnt["x"], q)).mean() - q) < 0.06


def test_unique_fills_a_range_to_the_last_value_and_goes_on_with_a_warning():
    repair = Unique("id").learn({"id": np.arange(1.0, 1001)})
    values = rng().integers(1, 1001, 1000).astype(float)
    full, _ = repair.repair({"id": values}, rng=rng())
    assert sorted(full["id"]) == list(range(1, 1001))
    with pytest.warns(UserWarning, match="between 1 and 1000 are used up; 500 rows"):
        more, _ = repair.repair({"id": np.r_[values, values[:500]]}, rng=rng())
    assert sorted(more["id"]) == list(range(1, 1501))


def test_unique_levels_are_those_seen_or_an_error():
    learnt = {"name": rng().permutation(300).astype(float) * 2}
    repair = Unique("name").learn(learnt, {"name"})
    values = rng(1).choice(learnt["name"], 300)
    repaired, _ = repair.repair({"name": values}, rng=rng())
    assert sorted(repaired["name"]) == sorted(learnt["name"])
    message = "301 rows need as many levels of 'name', and 300 were seen. Sample fewer"
    with pytest.raises(ValueError, match=message):
        repair.repair({"name": np.r_[values, values[:1]]}, rng=rng())


def test_unique_keeps_given_rows_and_gaps():
    repair = Unique("id").learn({"id": np.arange(100.0)})
    columns = {"id": np.array([7.0, NAN, 7.0, NAN, 8.0])}
    is_given = np.array([False, False, True, False, True])
    repaired, is_repaired = repair.repair(columns, {"id": is_given}, rng())
    assert is_repaired.tolist() == [True, False, False, False, False]
    np.testing.assert_array_equal(repaired["id"][1:], columns["id"][1:])
    assert repaired["id"][0] not in (7, 8)


def test_unique_combinations_to_the_last_one():
    a, b = np.meshgrid(np.arange(12.0), np.arange(9.0))
    learnt = {"a": a.ravel(), "b": b.ravel()}
    repair = Unique("a", "b").learn(learnt, {"a", "b"})
    columns = {"a": np.zeros(108), "b": np.arange(108) % 9 * 1.0}
    repaired, _ = repair.repair(columns, {"b"}, rng())
    assert set(zip(*repaired.values(), strict=True)) == set(
        zip(*learnt.values(), strict=True)
    )
    np.testing.assert_array_equal(repaired["b"], columns["b"])
    columns = {"a": np.zeros(109), "b": np.zeros(109)}
    with pytest.raises(ValueError, match=r"Unique\('a', 'b'\) cannot be kept in 1 row"):
        repair.repair(columns, rng=rng())


# Together


def test_all_repairs_together():
    constraints = [
        Unique("id"),
        Inequality("start", "end"),
        Range("end", high=310),
        FixedCombinations("city", "country"),
        Positive("price"),
    ]
    learnt = train()
    rows = learnt["end"] <= 310
    learnt = {name: column[rows] for name, column in learnt.items()}
    repairs = [constraint.learn(learnt, DISCRETE) for constraint in constraints]
    columns = sampled()
    columns["price"] = columns["price"] - 5
    repaired, is_repaired = repair_all(repairs, columns, frozenset(), rng())
    assert all(is_kept(constraint, repaired).all() for constraint in constraints)
    same = np.logical_and.reduce(
        [
            (repaired[name] == columns[name]) | np.isnan(columns[name])
            for name in columns
        ]
    )
    np.testing.assert_array_equal(is_repaired, ~same)
    untouched, none = repair_all(repairs, learnt)
    assert not none.any() and untouched.keys() == learnt.keys()


def test_repairs_that_undo_one_another_are_an_error():
    learnt = {"a": np.array([1.0, 2]), "b": np.array([1.0, 2])}
    repairs = [
        Inequality("a", "b").learn(learnt),
        FixedCombinations("a", "b").learn(learnt),
        Range("b", 2, 2).learn({"b": np.array([2.0])}),
        Range("a", 1, 1).learn({"a": np.array([1.0])}),
    ]
    columns = {"a": np.array([1.0]), "b": np.array([2.0])}
    with pytest.raises(ValueError, match="cannot be kept together with the other"):
        repair_all(repairs, columns, rng=rng())


@each
def test_a_hundred_thousand_rows_are_repaired(constraint):
    n = 2 * N if isinstance(constraint, Unique) else 100_000
    repair = constraint.learn(training_rows(constraint), DISCRETE)
    columns = {name: np.resize(c, n) for name, c in broken_sample(constraint).items()}
    if constraint == Unique("id"):
        columns["id"][N:] += 0.5
    repaired, _ = repair.repair(columns, rng=rng())
    assert not repair.find_violations(repaired).any()
