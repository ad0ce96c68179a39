"""Planted faults: does the largest share of a verdict lie where the fault is?

A sampler or a detector learns half of the rows of a set. Each of 300 rows of the other
half gets one fault, at a place drawn at random: of digits of 8 x 8 pixels a square of 2
x 2 is lightened, or darkened where it was light; of columns one gets a value beyond all
of those learnt from ("extreme"), or that of another row, at least a standard deviation
off ("swapped"), which is usual in its column. `explain` is right about a row if the
pixel, or column, that tells most against it is one of those changed.

Beside `GANSampler.explain`, whose shares are of the discriminator's verdict, and
`GANOutlierDetector.explain`: the distance of each pixel or column from its mean in
standard deviations (pixels' have a tenth of the brightness range added), and chance.

    python -m benchmarks.images.attributions --out runs/attributions.jsonl
"""

import numpy as np
from sklearn.datasets import load_breast_cancer, load_wine

from benchmarks.lib import harness
from skgan import GANOutlierDetector, GANSampler
from skgan.datasets import load_digit_images

N_FAULTS, SIDE, WHITE = 300, 2, 16
METHODS = {
    "sampler": "GANSampler.explain",
    "detector": "GANOutlierDetector.explain",
    "distance": "distance from the mean",
}
FAULTS = {
    "digits": ("square",),
    "tumours": ("extreme", "swapped"),
    "wine": ("extreme", "swapped"),
    "factors": ("extreme", "swapped"),
}


def make_rows(name, seed):
    """Return the rows to learn from, and those that get faults."""
    rng = np.random.default_rng([seed, 1])
    if name == "digits":
        rows = load_digit_images(return_X_y=True)[0]
    elif name == "tumours":
        rows, kind = load_breast_cancer(return_X_y=True)
        rows = rows[kind == 1]
    elif name == "wine":
        rows = load_wine(return_X_y=True)[0]
    else:
        loadings = rng.normal(size=(3, 8))
        rows = rng.normal(size=(2000, 3)) @ loadings + 0.4 * rng.normal(size=(2000, 8))
    rows = rows[rng.permutation(len(rows))]
    half = len(rows) // 2
    return rows[:half], rows[half:]


def plant(fault, train, rows, seed):
    """Return rows with a fault each, and where: booleans of their shape."""
    rng = np.random.default_rng([seed, 2])
    rows = rows[rng.integers(len(rows), size=N_FAULTS)].copy()
    is_fault = np.zeros(rows.shape, dtype=bool)
    for row, place in zip(rows, is_fault, strict=True):
        if fault == "square":
            top, left = rng.integers(row.shape[0] - SIDE + 1, size=2)
            square = np.s_[top : top + SIDE, left : left + SIDE]
            row[square] = 0 if row[square].mean() > WHITE / 2 else WHITE
            place[square] = True
            continue
        column = rng.integers(len(row))
        values = train[:, column]
        if fault == "extreme":
            ends = values.min(), values.max()
            way = rng.integers(2)
            row[column] = ends[way] + (2 * way - 1) * values.std()
        else:
            far = values[np.abs(values - row[column]) >= values.std()]
            row[column] = rng.choice(far)
        place[column] = True
    return rows, is_fault


def oddness(trial, train):
    """Return a function of rows that says how much each pixel tells against them."""
    method, seed = trial["method"], trial["seed"]
    if method == "distance":
        scale = train.std(axis=0) + (WHITE / 10 if train.ndim > 2 else 0)
        return lambda rows: np.abs(rows - train.mean(axis=0)) / scale
    if method == "detector":
        return GANOutlierDetector(random_state=seed).fit(train).explain
    sampler = GANSampler(random_state=seed, **harness.iterations(trial)).fit(train)
    return lambda rows: -sampler.explain(rows)


def run(trial):
    """Learn once, and look for faults of each kind."""
    train, others = make_rows(trial["set"], trial["seed"])
    with harness.stopwatch() as seconds:
        find = oddness(trial, train)
    found = []
    for fault in FAULTS[trial["set"]]:
        rows, is_fault = plant(fault, train, others, trial["seed"])
        is_fault = is_fault.reshape(N_FAULTS, -1)
        shares = np.asarray(find(rows)).reshape(N_FAULTS, -1)
        order = np.argsort(-shares, axis=1)
        hits = np.take_along_axis(is_fault, order, axis=1)
        row = {
            "fault": fault,
            "first": float(hits[:, 0].mean()),
            "among_three": float(hits[:, :3].any(axis=1).mean()),
            "chance": float(is_fault.mean()),
        }
        found.append({**row, **seconds})
    return found


def report(rows):
    """Return the lines of the table: a line a set and a fault."""
    lines = []
    for name, faults in FAULTS.items():
        for fault in faults:
            cells, chance = [], "–"
            for method in METHODS:
                found = harness.select(rows, set=name, fault=fault, method=method)
                firsts = harness.values(found, "first")
                threes = harness.values(found, "among_three")
                if not len(found):
                    cells.append("–")
                    continue
                chance = f"{found[0]['chance']:.1%}"
                cells.append(f"{firsts.mean():.1%} ({threes.mean():.1%})")
            lines.append([name, fault, *cells, chance])
    return harness.table(["set", "fault", *METHODS.values(), "chance"], lines)


def main():
    parser = harness.argument_parser(__doc__, seeds=3)
    options = harness.parse(parser)
    sets = harness.choose(parser, "sets", options.sets, FAULTS)
    methods = harness.choose(parser, "methods", options.methods, METHODS)
    trials = [
        {"set": name, "method": method, "seed": seed, "max_iter": options.max_iter}
        for name in sets
        for method in methods
        for seed in range(options.seeds)
    ]
    heading, records = harness.get_records("Attributions", run, trials, options)
    rows = harness.rows_of(records)
    lines = [*heading, *harness.iterations_note(records)]
    lines += [
        "Share of faults at which the largest share of a row's verdict lies (in "
        "brackets: one of the three largest); means over the seeds.",
        "",
        *report(rows),
    ]
    print("\n".join([*lines, *harness.warnings_note(records)]), flush=True)


if __name__ == "__main__":
    main()
