"""Real vectors: GANSampler against two densities and two classical GANs.

Half of the rows train, the other half judges, by `skgan.metrics`; the split is the
seed's. As many rows are drawn as are held out, several times over where those are
few: C2ST, coverage and precision are means of the draws; the energy distance and the
membership attack take all of them. The densities and the classical GANs learn on
standardised columns. GANSampler and the GANs return whole numbers where the data
are whole, within the range seen; the densities do not, so each is judged a second
time with its rows rounded and clipped in the same way.

    python -m benchmarks.vectors.sets --jobs 2 --out runs/vectors.jsonl

takes about an hour on two cores. Mammography and abalone are read from the folder
that the environment variable SKGAN_DATA names; without them, they are left out.
"""

import os
import sys
from pathlib import Path

import numpy as np
from sklearn import datasets
from sklearn.model_selection import train_test_split

from benchmarks.lib import harness
from benchmarks.lib.vector_contenders import (
    Finish,
    Kernel,
    Mixture,
    textbook_gan,
    wgan_gp,
)
from skgan import GANSampler
from skgan.metrics import (
    c2st,
    confidence_interval,
    coverage,
    energy_distance,
    membership_auc,
    precision,
)

METHODS = {
    "skgan": "GANSampler",
    "gmm": "GaussianMixture, BIC",
    "kde": "KernelDensity, cross-validated",
    "textbook": "textbook GAN",
    "wgan-gp": "WGAN-GP",
}
GANS = {"skgan": GANSampler, "textbook": textbook_gan, "wgan-gp": wgan_gp}
DENSITIES = {"gmm": Mixture, "kde": Kernel}
FINISHED = ", rounded and clipped"
# Metrics, whether more is better, and how a table shows them.
METRICS = {
    "energy": ("energy distance", False, "{:.4f}"),
    "c2st": ("C2ST", True, "{:.3f}"),
    "coverage": ("coverage", True, "{:.3f}"),
    "precision": ("precision", True, "{:.3f}"),
}
# With few rows held out, chance decides unless several draws, about so many rows in
# all, are judged.
_FEW_ROWS = 1000
_MAX_DRAWS = 5


def _shared(name, columns):
    """Return columns of a file of the shared folder, None if it is not there."""
    beside = Path(__file__).resolve().parents[3] / "shared" / "data"
    file = Path(os.environ.get("SKGAN_DATA") or beside) / f"{name}.csv.gz"
    if not file.is_file():
        return None
    names = np.genfromtxt(file, delimiter=",", dtype=str, max_rows=1)
    wanted = [list(names).index(column) for column in columns]
    return np.genfromtxt(file, delimiter=",", skip_header=1, usecols=wanted)


def _abalone():
    measures = ["length", "diameter", "height"]
    weights = ["whole_weight", "shucked_weight", "viscera_weight", "shell_weight"]
    return _shared("abalone", [*measures, *weights, "target"])


SETS = {
    "digits": lambda: datasets.load_digits().data,
    "wine": lambda: datasets.load_wine().data,
    "breast-cancer": lambda: datasets.load_breast_cancer().data,
    "diabetes": lambda: datasets.load_diabetes(scaled=False).data,
    "mammography": lambda: _shared("mammography", [f"x{i}" for i in range(6)]),
    "abalone": _abalone,
}


def split(name, seed):
    """Return rows to train on and rows held out."""
    return train_test_split(SETS[name](), test_size=0.5, random_state=seed)


def judge(train, held_out, sampler, finish, seed):
    """Return the metrics of a sampler whose rows are passed through `finish`."""
    n = len(held_out)
    n_draws = min(max(_FEW_ROWS // n, 1), _MAX_DRAWS)
    X = finish(np.asarray(sampler.sample(n_draws * n)))
    if not np.isfinite(X).all():
        return {"finite": False}
    draws = np.split(X, n_draws)
    sets = (train, held_out, X)
    low, high = confidence_interval(membership_auc, *sets, random_state=seed)
    return {
        "energy": energy_distance(held_out, X, max_samples=5000, random_state=seed),
        "c2st": float(
            np.mean([c2st(held_out, draw, random_state=seed) for draw in draws])
        ),
        "coverage": float(np.mean([coverage(held_out, draw) for draw in draws])),
        "precision": float(np.mean([precision(held_out, draw) for draw in draws])),
        "membership": membership_auc(*sets),
        "low": low,
        "high": high,
        "finite": True,
    }


def run(trial):
    """Fit one method to one set and judge its rows; densities also finished."""
    seed, method = trial["seed"], trial["method"]
    train, held_out = split(trial["set"], seed)
    with harness.stopwatch() as seconds:
        if method in GANS:
            sampler = GANS[method](random_state=seed, **harness.iterations(trial))
        else:
            sampler = DENSITIES[method](seed)
        sampler.fit(train)
    facts = {"n_train": len(train), "d": train.shape[1], **seconds}
    row = judge(train, held_out, sampler, lambda X: X, seed) | facts
    if method in GANS:
        return [row]
    row["chosen"] = sampler.describe()
    finished = judge(train, held_out, sampler, Finish(train), seed) | facts
    return [row, {**finished, "method": method + FINISHED}]


def no_worse(ours, theirs, more_is_better):
    """Whether the median over seeds is as good, or within one standard error.

    The standard error is that of the mean of the seeds' differences.
    """
    sign = 1 if more_is_better else -1
    if np.median(sign * ours) >= np.median(sign * theirs):
        return True
    if len(ours) < 2 or len(ours) != len(theirs):
        return False
    gain = sign * (ours - theirs)
    return bool(np.median(gain) >= -gain.std(ddof=1) / np.sqrt(len(gain)))


def compare(rows, rivals, metric):
    """Return a cell that sets GANSampler against the best of `rivals`, and if it held.

    None if there is nothing to compare.
    """
    _, more_is_better, form = METRICS[metric]
    ours = harness.values(harness.select(rows, method="skgan"), metric)
    found = {
        rival: harness.values(harness.select(rows, method=rival), metric)
        for rival in rivals
    }
    found = {rival: theirs for rival, theirs in found.items() if len(theirs)}
    if not len(ours) or not found:
        return "–", None
    sign = 1 if more_is_better else -1
    best = max(found, key=lambda rival: np.median(sign * found[rival]))
    holds = no_worse(ours, found[best], more_is_better)
    cell = (
        f"{form.format(np.median(ours))} against {form.format(np.median(found[best]))} "
        f"({best.split(',')[0]}){'' if holds else ', **worse**'}"
    )
    return cell, holds


def holds_half(rows):
    """Return how many of GANSampler's membership intervals hold .5, of how many."""
    ours = [row for row in harness.select(rows, method="skgan") if row["finite"]]
    return sum(row["low"] <= 0.5 <= row["high"] for row in ours), len(ours)


def verdict_table(rows, suffix):
    """Return the lines that say set by set whether GANSampler is no worse."""
    lines, n_met = [], 0
    rivals = [name + suffix for name in DENSITIES]
    for name in SETS:
        here = harness.select(rows, set=name)
        cells, held = zip(
            *(compare(here, rivals, metric) for metric in ("c2st", "energy")),
            strict=True,
        )
        if None in held:
            continue
        n_inside, n_seeds = holds_half(here)
        is_met = all(held) and 2 * n_inside > n_seeds
        n_met += is_met
        inside = f"{n_inside} of {n_seeds}"
        lines.append([name, *cells, inside, "yes" if is_met else "**no**"])
    columns = ["set", "C2ST", "energy distance", "membership intervals with .5"]
    return [
        *harness.table([*columns, "no worse, and no copy"], lines),
        f"**{n_met} of {len(lines)} sets.**",
        "",
    ]


def set_table(rows):
    """Return the lines of one set's table: medians of the seeds."""
    lines = []
    finished = {name + FINISHED: METHODS[name] + FINISHED for name in DENSITIES}
    for method, title in {**METHODS, **finished}.items():
        found = harness.select(rows, method=method)
        if not found:
            continue
        intervals = [
            f"{row['membership']:.3f} [{row['low']:.3f}, {row['high']:.3f}]"
            if row["finite"]
            else "not finite"
            for row in found
        ]
        lines.append(
            [
                title,
                *(harness.middle(found, key, METRICS[key][2]) for key in METRICS),
                "; ".join(intervals),
                "; ".join(row["chosen"] for row in found if "chosen" in row),
                harness.middle(found, "seconds", "{:.0f}"),
                harness.middle(found, "cpu_seconds", "{:.0f}"),
            ]
        )
    columns = ["sampler", *(title for title, *_ in METRICS.values())]
    columns += ["membership AUC [95 %] of each seed", "chosen", "s a fit"]
    return harness.table([*columns, "CPU s a fit"], lines)


def report(records):
    """Return the lines of the report."""
    rows = harness.rows_of(records)
    lines = harness.iterations_note(r for r in records if r["trial"]["method"] in GANS)
    for name in SETS:
        here = harness.select(rows, set=name)
        if here:
            size = f"{here[0]['n_train']} rows to train on, {here[0]['d']} columns"
            lines += [f"**{name}**, {size}", "", *set_table(here)]
    return [
        *lines,
        "No worse than the better of GaussianMixture and KernelDensity, metric by "
        "metric: the median over seeds is at least as good, or the median of the "
        "seeds' differences is within one standard error of their mean. No copy: on "
        "most seeds the membership AUC's 95 % interval holds .5.",
        "",
        *verdict_table(rows, ""),
        "The same against the densities with their rows rounded and clipped:",
        "",
        *verdict_table(rows, FINISHED),
        *harness.warnings_note(records),
    ]


def available(names):
    """Return the sets that are there; say which are not."""
    found = [name for name in names if SETS[name]() is not None]
    for name in set(names) - set(found):
        print(
            f"*** {name} IS LEFT OUT: set SKGAN_DATA to the folder with its file. ***",
            file=sys.stderr,
        )
    return found


def main():
    parser = harness.argument_parser(__doc__, seeds=3)
    options = harness.parse(parser)
    sets = available(harness.choose(parser, "sets", options.sets, SETS))
    methods = harness.choose(parser, "methods", options.methods, METHODS)
    trials = [
        {
            "set": name,
            "method": method,
            "seed": seed,
            "max_iter": options.max_iter if method in GANS else None,
        }
        for seed in range(options.seeds)
        for name in sets
        for method in methods
    ]
    heading, records = harness.get_records("Vectors", run, trials, options)
    print("\n".join([*heading, *report(records)]), flush=True)


if __name__ == "__main__":
    main()
