"""A table as a CSV file has it: what of its texts, keys and ties samples keep.

Orders with a key, two dates and two amounts as text, a word for what is missing, and a
total that is missing in rows of its own; `pandas.read_csv` is told nothing.

    python -m benchmarks.tables.csv_texts --seeds 3

takes a CPU minute. Each figure is a share of the samples; it would be 0 of real rows.
"""

import argparse
import time
import warnings
from io import StringIO

import numpy as np
import pandas as pd

from skgan import GANSampler

N_ROWS = 600
DATE = "%d.%m.%Y"


def make_orders(seed):
    """Return a frame as it is read from the file."""
    rng = np.random.default_rng(seed)
    ordered = pd.Timestamp("2024-01-01") + pd.to_timedelta(
        rng.integers(365, size=N_ROWS), "D"
    )
    sent = ordered + pd.to_timedelta(rng.gamma(2, 2, N_ROWS).astype(int), "D")
    orders = pd.DataFrame(
        {
            "order_id": range(1, N_ROWS + 1),
            "ordered": ordered.strftime(DATE),
            "sent": sent.strftime(DATE),
            "price": rng.lognormal(3, 1, N_ROWS).round(2),
            "count": rng.integers(1, 6, N_ROWS),
            "discount": [f"{share:.1f}%" for share in rng.beta(2, 8, N_ROWS) * 100],
            "weight": [f"{kilos:.1f}" for kilos in rng.gamma(2, 3, N_ROWS)],
        }
    )
    orders["total"] = (orders["price"] * orders["count"]).round(2)
    orders.loc[rng.random(N_ROWS) < 0.05, "weight"] = "?"
    orders.loc[rng.random(N_ROWS) < 0.05, "price"] = np.nan
    return pd.read_csv(StringIO(orders.to_csv(index=False)))


def judge(rows, real):
    """Return shares of rows that are not as a real row could be."""
    dates = rows[["ordered", "sent"]].apply(
        pd.to_datetime, format=DATE, errors="coerce"
    )
    total = (rows["price"] * rows["count"]).round(2)
    is_off = (total - rows["total"]).abs() > 0.011
    share = rows["discount"].str.removesuffix("%").astype(float)
    return {
        "key seen before": (
            rows["order_id"].duplicated() | rows["order_id"].isin(real["order_id"])
        ).mean(),
        "no date": dates.isna().any(axis=1).mean(),
        "sent before it was ordered": (dates["sent"] < dates["ordered"]).mean(),
        "more than 100 % off": (share > 100).mean(),
        "total is no price times count": is_off[total.notna()].mean(),
    }


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--seeds", type=int, default=3)
    options = parser.parse_args()
    warnings.simplefilter("ignore")
    found = []
    for seed in range(options.seeds):
        real, start = make_orders(seed), time.process_time()
        sampler = GANSampler(random_state=seed).fit(real)
        spent = time.process_time() - start
        rows = sampler.sample(2000, random_state=seed)
        found.append({**judge(rows, real), "CPU s of the fit": spent})
    for name, values in pd.DataFrame(found).items():
        print(f"| {name} | {' | '.join(f'{value:.3f}' for value in values)} |")


if __name__ == "__main__":
    main()
