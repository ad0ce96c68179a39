"""Attacks on samples of the default sampler: membership, and what is told of persons.

Of each table some rows are learnt from and as many are held out; as many samples as
training rows are handed out. Half of the held-out rows are what the attacker knows.
Figures are means over seeds, of intervals their ends: each seed splits the rows anew.
"fresh rows" are real rows in the place of samples, which nothing can be told from.
With `--holdout` so many rows are held out, and all others, up to `--rows`, are learnt
from; with `--samples 3` three samples are handed out for each training row.

The files are read from the folder that the environment variable SKGAN_DATA names.

    python -m benchmarks.tables.attacks --jobs 0 --out runs/attacks.jsonl
    python -m benchmarks.tables.attacks --rows 40000 --holdout 6000 --methods default
"""

import sys

import numpy as np

from benchmarks.lib import harness, table_sets
from skgan import GANSampler
from skgan.metrics import disclosure_attacks, membership_attacks

# Name -> its file. Adult's are 32 561, of which some thousands are taken.
SETS = {
    "auto_imports": "auto_imports",
    "credit_default": "credit_default",
    "adult": "adult_train",
}
METHODS = {"default": "GANSampler()", "fresh": "fresh rows"}
MEMBERSHIP, DISCLOSURE = "membership", "disclosure"
QUICK_ROWS = 100


def run(trial):
    """Draw samples of one table and attack them."""
    rows = table_sets.read_rows(SETS[trial["set"]])
    rows = rows.sample(frac=1, random_state=trial["seed"]).reset_index(drop=True)
    is_fitted = trial["method"] == "default"
    train, holdout, samples = _split(rows, trial)
    n = len(train)
    stage = "–"
    with harness.stopwatch() as spent:
        if is_fitted:
            limits = (
                {} if trial["max_iter"] is None else {"max_iter": trial["max_iter"]}
            )
            sampler = GANSampler(random_state=trial["seed"], **limits).fit(train)
            samples = sampler.sample(
                round(trial["samples"] * n), random_state=trial["seed"]
            )
            stage = sampler.stage_
    sets = (train, holdout, samples)
    shadow = GANSampler() if trial["shadow"] else None
    with harness.stopwatch() as attacked:
        powers = membership_attacks(*sets, shadow=shadow, random_state=trial["seed"])
        risks = disclosure_attacks(*sets, random_state=trial["seed"])
    known = {
        "n": n,
        "n_holdout": len(holdout),
        "n_samples": len(samples),
        "stage": stage,
        "fit_seconds": spent["cpu_seconds"],
        "attack_seconds": attacked["cpu_seconds"],
    }
    return [
        *({"attack": name, **_power(power), **known} for name, power in powers.items()),
        *({"attack": name, **_risk(risk), **known} for name, risk in risks.items()),
    ]


def _split(rows, trial):
    """Return rows to learn from, held-out ones, and fresh ones as samples."""
    is_fitted = trial["method"] == "default"
    n_holdout = trial["holdout"]
    if n_holdout is None:
        n = n_holdout = min(trial["rows"], len(rows) // (2 if is_fitted else 3))
    else:
        left = len(rows) - n_holdout
        n = min(trial["rows"], left if is_fitted else left // 2)
    sizes = [n, n_holdout, n]
    ends = np.cumsum(sizes)
    return [rows[end - size : end] for end, size in zip(ends, sizes, strict=True)]


def _power(power):
    rare = power.rare
    return {
        "kind": MEMBERSHIP,
        "auc": power.auc,
        "auc_ends": power.auc_interval,
        "tpr": power.tpr,
        "tpr_ends": power.tpr_interval,
        "rare_auc": rare.auc,
        "rare_auc_ends": rare.auc_interval,
        "rare_tpr": rare.tpr,
        "rare_tpr_ends": rare.tpr_interval,
        "p_value": min(power.p_value, rare.p_value),
    }


def _risk(risk):
    return {
        "kind": DISCLOSURE,
        "risk": risk.risk,
        "risk_ends": risk.interval,
        "success": risk.success,
        "control": risk.control,
        "baseline": risk.baseline,
    }


def membership_table(rows):
    """Return the lines of what attacks on membership achieve."""
    lines = []
    for name, method in _places(rows):
        here = harness.select(rows, set=name, method=method, kind=MEMBERSHIP)
        for attack in dict.fromkeys(row["attack"] for row in here):
            found = harness.select(here, attack=attack)
            cells = [
                _mean(found, key) for key in ("auc", "tpr", "rare_auc", "rare_tpr")
            ]
            least = np.median(harness.values(found, "p_value"))
            cells.append(f"{min(1.0, 2 * least):.2g}")
            lines.append([name, METHODS[method], attack, *cells])
    columns = ["AUC", "found at 1 % false", "AUC, rare", "found, rare", "p, median"]
    return harness.table(["table", "samples", "attack", *columns], lines)


def disclosure_table(rows):
    """Return the lines of what is told of persons."""
    lines = []
    for name, method in _places(rows):
        here = harness.select(rows, set=name, method=method, kind=DISCLOSURE)
        for attack in dict.fromkeys(row["attack"] for row in here):
            found = harness.select(here, attack=attack)
            shares = [
                f"{harness.values(found, key).mean():.3f}"
                for key in ("success", "control", "baseline")
            ]
            cells = [_mean(found, "risk"), *shares]
            lines.append([name, METHODS[method], attack, *cells])
    columns = ["risk", "success", "on held-out rows", "mere guesses"]
    return harness.table(["table", "samples", "attack", *columns], lines)


def fits_table(rows):
    """Return the lines that say how many rows were learnt from, and the time taken."""
    lines = []
    for name, method in _places(rows):
        here = harness.select(rows, set=name, method=method)
        seeds = {row["seed"] for row in here}
        stages = sorted({row["stage"] for row in here})
        fit, attacked = (
            f"{harness.values(here, key).mean():.0f}"
            for key in ("fit_seconds", "attack_seconds")
        )
        sizes = [str(here[0][key]) for key in ("n", "n_holdout", "n_samples")]
        line = [name, METHODS[method], *sizes, str(len(seeds)), ", ".join(stages)]
        lines.append([*line, fit, attacked])
    sizes = ["learnt from", "held out", "drawn"]
    columns = [*sizes, "seeds", "stage", "CPU s, fit", "CPU s, attacks"]
    return harness.table(["table", "samples", *columns], lines)


def _mean(rows, key):
    """Return a mean over seeds, and of the ends of intervals."""
    ends = np.array([row[f"{key}_ends"] for row in rows], dtype=float).mean(axis=0)
    value = harness.values(rows, key).mean()
    return f"{value:.3f} ({ends[0]:.3f} to {ends[1]:.3f})"


def _places(rows):
    return list(dict.fromkeys((row["set"], row["method"]) for row in rows))


def main():
    parser = harness.argument_parser(__doc__, seeds=1)
    parser.add_argument(
        "--rows",
        type=int,
        default=8000,
        help="rows to learn from, at most half of a table (default: %(default)s)",
    )
    parser.add_argument(
        "--holdout", type=int, help="rows held out (default: as many as learnt from)"
    )
    parser.add_argument(
        "--samples",
        type=float,
        default=1.0,
        help="samples for each training row (default: %(default)s)",
    )
    parser.add_argument(
        "--shadow", action="store_true", help="fit shadow models, too: four more fits"
    )
    options = harness.parse(parser)
    sets = harness.choose(parser, "sets", options.sets, SETS)
    methods = harness.choose(parser, "methods", options.methods, METHODS)
    if not all(table_sets.path_of(SETS[name]) for name in sets) and not options.table:
        print("Set SKGAN_DATA to the folder with the files.", file=sys.stderr)
        sys.exit(1)
    trials = [
        {
            "set": name,
            "method": method,
            "seed": seed,
            "rows": QUICK_ROWS if options.quick else options.rows,
            "holdout": options.holdout,
            "samples": options.samples,
            "shadow": options.shadow and method == "default",
            "max_iter": options.max_iter,
        }
        for name in sets
        for method in methods
        for seed in range(options.seeds)
    ]
    heading, records = harness.get_records("Attacks on samples", run, trials, options)
    rows = harness.rows_of(records)
    lines = [*heading, *fits_table(rows), *membership_table(rows)]
    print("\n".join([*lines, *disclosure_table(rows)]), flush=True)


if __name__ == "__main__":
    main()
