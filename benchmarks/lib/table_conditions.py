"""Whether what was not given is spread as it is among real rows with what was."""

import numpy as np
import pandas as pd

from benchmarks.lib import harness

# What is given together on Adult; each combination with enough real rows is a group.
ADULT = (
    ("income",),
    ("sex",),
    ("income", "sex"),
    ("marital-status", "sex"),
    ("race", "income"),
    ("workclass", "income"),
)
N_BINS = 10
MIN_ROWS = 500
N_DRAWN = 20_000  # so that chance is that of the real rows alone
WANTED = 0.05


def check_conditions(sampler, real, seed, conditions=ADULT):
    """Return one dict a group and column that was not given in it.

    Parameters
    ----------
    sampler : GANSampler
        Fitted to rows like the real ones.
    real : DataFrame
        All real rows there are, seen and not seen.
    seed : int
        Of the draws.
    conditions : sequence of tuple of str
        Columns that are given together.

    Returns
    -------
    rows : list of dict
        ``group``, ``n_real``, ``column``, ``distance``: the total variation distance
        of the column's levels, of numbers in 10 bins cut at the quantiles of all
        real rows; ``chance``: what it is expected to be for a perfect sampler, given
        so few real rows; ``kept``: whether what was given came back in every row.
    """
    codes = {name: _bins(column) for name, column in real.items()}
    rows = []
    for given, is_in in _groups(real, conditions):
        drawn = sampler.sample(N_DRAWN, given=given, random_state=seed)
        is_kept = all((drawn[name] == level).all() for name, level in given.items())
        for name, code in codes.items():
            if name in given:
                continue
            distance, chance = _distance(code(real[name][is_in]), code(drawn[name]))
            rows.append(
                {
                    "group": ", ".join(f"{k}={v}" for k, v in given.items()),
                    "n_real": int(is_in.sum()),
                    "column": name,
                    "distance": distance,
                    "chance": chance,
                    "kept": bool(is_kept),
                }
            )
    return rows


def _groups(real, conditions):
    """Give what is given, and which real rows have it."""
    for names in conditions:
        for levels in real[list(names)].dropna().drop_duplicates().to_numpy():
            given = dict(zip(names, levels.tolist(), strict=True))
            is_in = np.logical_and.reduce([real[k] == v for k, v in given.items()])
            if is_in.sum() >= MIN_ROWS:
                yield given, is_in


def _bins(column):
    """Return a function that turns a column like this one into codes."""
    if column.dtype.kind in "iuf":
        edges = np.unique(column.quantile(np.linspace(0, 1, N_BINS + 1)[1:-1]))
        return lambda values: np.searchsorted(edges, values, "left")
    levels = {level: i for i, level in enumerate(column.dropna().unique())}
    return lambda values: values.map(levels).fillna(len(levels)).to_numpy(dtype=int)


def _distance(real, drawn):
    """Total variation, and its expectation if the real ones are a fair sample."""
    n_codes = 1 + max(real.max(), drawn.max())
    shares, drawn_shares = (
        np.bincount(codes, minlength=n_codes) / len(codes) for codes in (real, drawn)
    )
    variances = shares * (1 - shares) * (1 / len(real) + 1 / len(drawn))
    # The mean of the size of a normal of that variance, halved as distances are.
    chance = np.sqrt(2 / np.pi * variances).sum() / 2
    return float(np.abs(shares - drawn_shares).sum() / 2), float(chance)


def condition_report(rows):
    """Return the lines about conditions, none if no trial checked them."""
    rows = [row for row in rows if row["method"] == "given"]
    if not rows:
        return []
    near, nearer = _shares_within(rows)
    return [
        "**Given**: total variation distance to the real rows of a group, medians over "
        "seeds; in brackets what chance alone leaves.",
        "",
        *harness.table(_COLUMNS, _lines(rows)),
        f"Of all groups' columns, {near:.1%} are within {WANTED} of the real rows, and "
        f"{nearer:.1%} are less than that beyond chance.",
        "",
    ]


_COLUMNS = [
    "given",
    "real rows",
    "hours-per-week",
    "mean of columns",
    "worst column",
    f"columns within {WANTED}",
    "given came back",
]


def _lines(rows):
    """Return the rows of the table, one a group: medians over seeds."""
    lines = []
    for group, here in pd.DataFrame(rows).groupby("group", sort=False):
        columns = here.groupby("column")[["distance", "chance"]].median()
        worst = columns["distance"].idxmax()
        lines.append(
            [
                group,
                str(here["n_real"].iloc[0]),
                _cell(columns.loc["hours-per-week"]),
                _cell(columns.mean()),
                f"{_cell(columns.loc[worst])}, {worst}",
                f"{(columns['distance'] <= WANTED).sum()} of {len(columns)}",
                "yes" if here["kept"].all() else "**no**",
            ]
        )
    return lines


def _cell(found):
    return f"{found['distance']:.3f} ({found['chance']:.3f})"


def _shares_within(rows):
    """Return the shares of columns within the limit: as they are, beyond chance."""
    frame = pd.DataFrame(rows)
    cells = frame.groupby(["group", "column"])[["distance", "chance"]].median()
    excess = cells["distance"] - cells["chance"]
    return (cells["distance"] <= WANTED).mean(), (excess <= WANTED).mean()
