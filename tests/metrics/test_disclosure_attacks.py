"""Singling out, linkability and attribute inference: found in copies, not in others."""

import math
import re

import numpy as np
import pandas as pd
import polars as pl
import pytest

from skgan.metrics import disclosure_attacks

ON_PERSONS = ("linkability", "attribute_inference")


def planted(share, noise=0.0, n=500, seed=0):
    """Training rows, held-out rows, and samples of which a share is copied."""
    rng = np.random.default_rng(seed)
    train, holdout, synthetic = rng.normal(size=(3, n, 4))
    n_copies = int(share * n)
    synthetic[:n_copies] = train[:n_copies]
    synthetic[:n_copies] += noise * rng.normal(size=(n_copies, 4))
    return train, holdout, synthetic


@pytest.mark.parametrize("noise", [0.0, 1e-3])
def test_planted_copies(noise):
    lows = {}
    for share in (0.01, 0.05, 0.2, 1.0):
        found = disclosure_attacks(
            *planted(share, noise, n=300), n_attacks=200, random_state=0
        )
        for name in ON_PERSONS:
            assert found[name].risk == pytest.approx(share, abs=0.08), (share, name)
        lows[share] = {name: risk.interval[0] for name, risk in found.items()}
    for name in ON_PERSONS:
        # One copy in a hundred is within chance of none.
        assert lows[0.01][name] == 0 < lows[0.05][name] < lows[0.2][name], name
        assert lows[0.2][name] < lows[1.0][name], name
    # What stands out is singled out if it was copied to the digit, by one column where
    # 1 in 20 is, by several where 1 in 5 is.
    for name, share in (("singling_out_univariate", 0.05), ("singling_out", 0.2)):
        assert lows[0.01][name] == 0, name
        assert (lows[share][name] > 0) == (noise == 0), name
        assert (lows[1.0][name] > 0.9) == (noise == 0), name


def test_fresh_rows_seldom_look_told():
    told = {}
    for seed in range(20):
        sets = planted(0.0, n=100, seed=seed)
        found = disclosure_attacks(*sets, n_attacks=50, random_state=seed)
        for name, risk in found.items():
            told.setdefault(name, []).append(risk.interval[0] > 0)
    # Half of one in twenty is expected, one-sided.
    assert all(sum(found) <= 2 for found in told.values())


def test_the_risk_is_that_of_the_paper():
    found = disclosure_attacks(
        *planted(0.2), random_state=0, n_attacks=300, secrets=[0]
    )
    for name in ON_PERSONS:
        risk, z, n = found[name], 1.959964, 300
        centres, halves = [], []
        for rate in (risk.success, risk.control):
            count = rate * n
            centres.append((count + z**2 / 2) / (n + z**2))
            spread = math.sqrt(count * (n - count) / n + z**2 / 4)
            halves.append(z / (n + z**2) * spread)
        main, control = centres
        assert risk.n_attacks == n
        assert risk.risk == pytest.approx((main - control) / (1 - control))
        by_main = halves[0] / (1 - control)
        by_control = (1 - main) / (1 - control) ** 2 * halves[1]
        width = math.hypot(by_main, by_control)
        assert risk.interval == pytest.approx((risk.risk - width, risk.risk + width))


def people(n, rng):
    frame = pd.DataFrame(
        {
            "name": [f"{i:x}" for i in rng.integers(1 << 60, size=n)],
            "region": rng.choice(list("nsew"), n),
            "age": rng.integers(18, 90, n),
            "income": rng.normal(size=n),
        }
    )
    frame.loc[rng.random(n) < 0.2, "income"] = np.nan
    frame.loc[rng.random(n) < 0.2, "region"] = None
    return frame


def test_tables_of_any_library():
    rng = np.random.default_rng(0)
    train, holdout, synthetic = (people(200, rng) for _ in range(3))
    synthetic.iloc[:100] = train.iloc[:100]
    params = {"random_state": 0, "n_attacks": 100}
    params |= {"halves": (["name", "age"], ["region", "income"])}
    found = disclosure_attacks(train, holdout, synthetic, **params)
    assert found["singling_out_univariate"].interval[0] > 0.2
    inferred = found["attribute_inference"].columns
    assert list(inferred) == list(train.columns)
    assert inferred["name"].risk > 0.3 and inferred["name"].control == 0
    for risk in (*found.values(), *inferred.values()):
        assert 0 <= risk.interval[0] <= risk.risk <= risk.interval[1] <= 1
        assert risk.baseline < 1
    others = [pl.from_pandas(X) for X in (train, holdout, synthetic)]
    assert disclosure_attacks(*others, **params) == found
    few = disclosure_attacks(train, holdout, synthetic, secrets=["age"], **params)
    assert list(few["attribute_inference"].columns) == ["age"]
    assert few["linkability"] == found["linkability"]


def test_numbers_are_right_within_the_tolerance():
    rng = np.random.default_rng(0)
    key = np.arange(40.0)
    rows = np.column_stack([key, 100 + rng.random(40)])
    near = rows * [1, 1.04]
    sets = rows, rows + 1000, near
    for tolerance, is_right in ((0.05, True), (0.01, False)):
        found = disclosure_attacks(
            *sets, secrets=[1], tolerance=tolerance, n_attacks=40
        )
        success = found["attribute_inference"].columns[1].success
        assert (success > 0.9) == is_right


def test_one_column_and_constant_columns():
    X = np.random.default_rng(0).normal(size=(3, 30, 1))
    found = disclosure_attacks(*X, n_attacks=20)
    assert found["linkability"].n_attacks == 0
    assert math.isnan(found["attribute_inference"].risk)
    constant = disclosure_attacks(*np.ones((3, 30, 2)), n_attacks=20)
    # Nothing stands out.
    assert constant["singling_out"].n_attacks == 0


def test_two_columns_can_be_linked():
    train, holdout = np.random.default_rng(0).normal(size=(2, 60, 2))
    found = disclosure_attacks(train, holdout, train, n_attacks=40, random_state=0)
    assert found["linkability"].n_attacks == 40
    assert found["linkability"].risk > 0.9


def test_seeds():
    sets = planted(0.1, n=60)
    first, same, other = (
        disclosure_attacks(*sets, random_state=seed, n_attacks=30) for seed in (1, 1, 2)
    )
    assert first == same != other


def test_too_few_rows_and_images():
    train, holdout, synthetic = np.random.default_rng(0).normal(size=(3, 40, 2))
    with pytest.raises(ValueError, match=r"X_holdout has 19 rows.*20 at least"):
        disclosure_attacks(train, holdout[:19], synthetic)
    with pytest.raises(ValueError, match=r"X_train has rows of shape \(3, 3\)"):
        disclosure_attacks(np.ones((40, 3, 3)), holdout, synthetic)


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"secrets": ["age"]}, r"secrets names \['age'\].*\[0, 1\]"),
        ({"halves": ([0], [2])}, r"halves names \[2\]"),
        ({"halves": ([0], [0])}, "none twice"),
        ({"halves": ([0], [])}, "a column each"),
        ({"halves": ("01", "1")}, "pair of sequences"),
        ({"n_attacks": 0}, "n_attacks"),
        ({"n_columns": 1.5}, "n_columns"),
        ({"n_neighbors": 0}, "n_neighbors"),
        ({"tolerance": -1}, "tolerance"),
        ({"max_samples": 3}, "max_samples"),
        ({"confidence_level": 0}, "confidence_level"),
    ],
)
def test_bad_arguments(options, message):
    sets = np.random.default_rng(0).normal(size=(3, 40, 2))
    with pytest.raises((ValueError, TypeError), match=re.compile(message, re.S)):
        disclosure_attacks(*sets, **options)
