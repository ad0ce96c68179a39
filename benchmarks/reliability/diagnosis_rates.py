"""How often a diagnosis is wrong: alarms where all is well, and diseases not found.

No sampler is trained. Where all is well, "samples" are fresh draws of the very
distribution of training and held-out rows: whatever is not "good" is a false alarm.
Diseases are planted into such draws; one is found if a finding that is meant for it
says "warn" or "bad". Shares stand with their 95 % interval, Clopper and Pearson's.

    OMP_NUM_THREADS=1 python -m benchmarks.reliability.diagnosis_rates --threads 1
"""

import time
import warnings
from collections import Counter

import numpy as np
import pandas as pd
from scipy.stats import beta

from benchmarks.lib import report_page
from skgan.metrics import CopyingWarning, diagnose

FEW, MORE, MANY = (200, 100, 200), (1000, 500, 1000), (5000, 2000, 5000)
COPIES = ("duplicates", "dcr_share", "membership_auc")
DIFFERENCES = (
    *("c2st", "energy_distance", "coverage", "modes", "variance"),
    *("associations", "columns", "decimals", "levels"),
)
ALARMS = ("warn", "bad")


def normal(rng, n):
    """Three correlated columns."""
    return rng.normal(size=(n, 3)) @ (np.tri(3) / np.arange(1, 4))


def modes(rng, n):
    """Four modes in four dimensions."""
    return rng.normal(size=(n, 4)) + 6 * np.eye(4)[rng.integers(4, size=n)]


def tails(rng, n):
    """Long tails, to the left and to the right."""
    columns = rng.standard_t(2, n), rng.lognormal(size=n), rng.exponential(size=n)
    return np.column_stack([*columns, rng.lognormal(sigma=2, size=n)])


def mixed(rng, n):
    """Categories, one of them rare; counts; a column with missing values."""
    group = rng.choice(6, n, p=[0.4, 0.3, 0.15, 0.1, 0.04, 0.01])
    return pd.DataFrame(
        {
            "group": np.array(list("abcdef"))[group],
            "size": rng.normal(group, 1),
            "count": rng.poisson(3, n),
            "side": rng.choice(["left", "right"], n),
            "pay": np.where(rng.random(n) < 0.1, np.nan, rng.lognormal(size=n)),
        }
    )


def rare(rng, n):
    """Numbers that are mostly 0, and few rows that differ in more than one of them."""
    return pd.DataFrame(
        {
            "gain": np.where(rng.random(n) < 0.03, rng.lognormal(8, 1, n), 0.0),
            "flag": (rng.random(n) < 0.01) * 1,
            "events": rng.poisson(0.05, n),
            "hours": rng.normal(40, 12, n).round(),
            "kind": rng.choice(["often", "seldom"], n, p=[0.98, 0.02]),
        }
    )


def people(rng, n):
    """Levels that go with numbers, numbers that go with each other, decimals."""
    job = rng.choice(5, n, p=[0.4, 0.3, 0.15, 0.1, 0.05])
    pay = rng.lognormal(2 + 0.3 * job, 0.4).round(2)
    return pd.DataFrame(
        {
            "job": np.array(list("abcde"))[job],
            "age": rng.integers(18, 80, n),
            "pay": pay,
            "debt": (pay * rng.uniform(0.5, 2, n)).round(2),
            "price": rng.poisson(20, n) + 0.99,
            "height": rng.normal(170, 10, n).round(1),
        }
    )


# The rows, how many of them for training, held out and drawn, and how often.
HEALTHY = [
    (normal, FEW, 95),
    (tails, FEW, 95),
    (mixed, FEW, 95),
    (rare, FEW, 95),
    (people, FEW, 95),
    (modes, (None, 100, 200), 60),
    (modes, MORE, 27),
    (mixed, MORE, 27),
    (people, MORE, 27),
    (modes, MANY, 6),
]


def copied(share):
    """That share of samples is training rows."""

    def plant(rng, train, fresh):
        twins = train[rng.integers(len(train), size=len(fresh))]
        return np.where(rng.random((len(fresh), 1)) < share, twins, fresh)

    return plant


def jittered(rng, train, fresh):
    twins = train[rng.integers(len(train), size=len(fresh))]
    return twins + rng.normal(scale=0.02, size=twins.shape)


def dropped(rng, train, fresh):
    return fresh[fresh.argmax(axis=1) > 0]


def shrunk(rng, train, fresh):
    """Half of the standard deviation within each mode."""
    centres = 6 * np.eye(4)[fresh.argmax(axis=1)]
    return centres + (fresh - centres) / 2


def narrowed(rng, train, fresh):
    """Half of the variance of the first column."""
    return np.column_stack([fresh[:, :1] / np.sqrt(2), fresh[:, 1:]])


def shifted(rng, train, fresh):
    """The first column, by a standard deviation of a mode."""
    return fresh + np.eye(4)[0]


def noisy(rng, train, fresh):
    """Noise as large as the modes are wide."""
    return fresh + rng.normal(size=fresh.shape)


DISEASES = {
    "5 % copies": (copied(0.05), COPIES),
    "20 % copies": (copied(0.2), COPIES),
    "100 % copies": (copied(1.0), COPIES),
    "copies and a little noise": (jittered, COPIES),
    "a mode of four dropped": (dropped, DIFFERENCES),
    "modes half as wide": (shrunk, DIFFERENCES),
    "a column of half the variance": (narrowed, DIFFERENCES),
    "a column shifted": (shifted, DIFFERENCES),
    "noise": (noisy, DIFFERENCES),
}


def permuted(rng, train, fresh):
    """Each column by itself: nothing goes with anything."""
    return fresh.apply(rng.permutation)


def level_lost(rng, train, fresh):
    """A level of a twentieth of the rows becomes another."""
    return fresh.assign(job=fresh["job"].replace("e", "a"))


def level_invented(rng, train, fresh):
    chosen = rng.random(len(fresh)) < 0.05
    return fresh.assign(job=fresh["job"].mask(chosen, "z"))


def column_narrowed(rng, train, fresh):
    """Half of the standard deviation, to the old decimals."""
    return fresh.assign(height=(170 + (fresh["height"] - 170) / 2).round(1))


def endings_lost(rng, train, fresh):
    """Prices at whole numbers instead of .99."""
    return fresh.assign(price=fresh["price"].round())


def decimals_added(rng, train, fresh):
    return fresh.assign(debt=fresh["debt"] + rng.uniform(0.001, 0.009, len(fresh)))


def row_copies(rng, train, fresh):
    return train.sample(len(fresh), replace=True, random_state=rng)


# Each has to be found by the finding that names it.
TABLE_FAULTS = {
    "columns permuted": (permuted, ("associations",)),
    "a level of 5 % lost": (level_lost, ("levels",)),
    "a level of 5 % invented": (level_invented, ("levels",)),
    "a column half as wide": (column_narrowed, ("variance", "columns")),
    "endings of .99 lost": (endings_lost, ("decimals",)),
    "decimals added": (decimals_added, ("decimals",)),
    "copies": (row_copies, COPIES),
}


def interval(count, n):
    """The share, and its 95 % interval, in words."""
    low = beta.ppf(0.025, count, n - count + 1) if count else 0.0
    high = beta.ppf(0.975, count + 1, n - count) if count < n else 1.0
    return f"{count / n:.1%} ({low:.1%} to {high:.1%})"


def draw(make, sizes, seed):
    rng = np.random.default_rng(seed)
    return rng, [None if n is None else make(rng, n) for n in sizes]


def judge(holdout, synthetic, train, seed):
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", CopyingWarning)
        return diagnose(holdout, synthetic, train, random_state=seed)


def false_alarms(share, seed):
    """Rows of the table, one for each kind of rows and one for all."""
    lines, totals, by_finding = [], Counter(), Counter()
    for k, (make, sizes, n) in enumerate(HEALTHY):
        n, counts = max(1, round(n * share)), Counter()
        for i in range(n):
            _, (train, holdout, fresh) = draw(make, sizes, [seed, k, i])
            found = judge(holdout, fresh, train, i)
            alarms = [f for f in found if f.verdict in ALARMS]
            counts["any"] += bool(alarms)
            counts["bad"] += found.verdict == "bad"
            counts["copying"] += found.is_copying
            by_finding.update(f"{f.name}: {f.verdict}" for f in alarms)
        totals.update({"n": n, **counts})
        size = " / ".join("-" if s is None else str(s) for s in sizes)
        shares = [f"{counts[name]} of {n}" for name in ("any", "bad", "copying")]
        lines.append([make.__name__, size, *shares])
    n = totals["n"]
    shares = [interval(totals[name], n) for name in ("any", "bad", "copying")]
    return [*lines, ["all", str(n), *shares]], by_finding


def found_diseases(faults, make, n, seed):
    """Rows of a table, one for each fault."""
    lines = []
    for k, (name, (plant, findings)) in enumerate(faults.items()):
        line = [name]
        for sizes in (FEW, MORE):
            n_found = n_bad = 0
            for i in range(n):
                rng, (train, holdout, fresh) = draw(make, sizes, [seed, 100 + k, i])
                found = judge(holdout, plant(rng, train, fresh), train, i)
                verdicts = {getattr(found, name).verdict for name in findings}
                n_found += bool(verdicts & set(ALARMS))
                n_bad += "bad" in verdicts
            line += [f"{n_found} of {n}", f"{n_bad} of {n}"]
        lines.append(line)
    return lines


def main():
    parser = report_page.argument_parser(__doc__)
    parser.add_argument(
        "--share", type=float, default=1, help="of all diagnoses without a fault"
    )
    parser.add_argument("--seed", type=int, default=2026, help="of the draws")
    options = report_page.parse(parser)
    began = time.process_time()
    alarms, by_finding = false_alarms(
        0.03 if options.quick else options.share, options.seed
    )
    n = 1 if options.quick else 5
    diseases = found_diseases(DISEASES, modes, n, options.seed)
    named = found_diseases(TABLE_FAULTS, people, n, options.seed)
    lines = report_page.heading("How often a diagnosis is wrong", numpy=np.__version__)
    sizes = "training / held out / drawn"
    lines += ["Diagnoses of draws of the very distribution: false alarms", ""]
    lines += report_page.table(["rows", sizes, "any", '"bad"', "copying"], alarms)
    said = ", ".join(f"{name} {count}" for name, count in by_finding.most_common())
    lines += [f"By finding: {said or 'none'}.", ""]
    lines += ["Planted diseases, of four modes in four dimensions: found", ""]
    few, more = (" / ".join(map(str, s)) for s in (FEW, MORE))
    columns = ["disease", few, '"bad"', more, '"bad"']
    lines += report_page.table(columns, diseases)
    lines += ["Planted faults of a table: named by the finding meant for it", ""]
    lines += report_page.table(columns, named)
    lines += [f"{time.process_time() - began:.0f} CPU seconds.", ""]
    report_page.publish(lines, options)


if __name__ == "__main__":
    main()
