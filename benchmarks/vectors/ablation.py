"""Ablation: each part of GANSampler's default removed in turn.

The rotated grid is judged by modes, high quality and reverse KL, as in mixtures.py;
the bundled digits and mammography by energy distance, classifier two-sample test and
coverage on the half of the rows held out, as in vectors.py. Everything else stays as
the default has it.

    python -m benchmarks.vectors.ablation --jobs 2 --out runs/ablation.jsonl

takes about two hours on two cores; --max-iter 1000 shortens it, and the report says
so.
"""

from benchmarks.lib import harness, mixture_sets
from benchmarks.lib.vector_contenders import StandardEncoder
from benchmarks.vectors import sets as vectors
from skgan import GANSampler
from skgan.encoding import VectorEncoder

# The method's name, what the report calls it, and the settings that remove the part.
PARTS = {
    "default": ("nothing: the default", dict),
    "rotation": (
        "the encoder's rotation",
        lambda: {"encoder": VectorEncoder(rotate=False)},
    ),
    "normal-scores": (
        "normal scores, rotation and whitening: standardised columns",
        lambda: {"encoder": StandardEncoder()},
    ),
    "calibration": (
        "the calibration of moments",
        lambda: {"generator": "transport"},
    ),
    "transport": (
        "the transport generator: a residual perceptron",
        lambda: {"generator": "residual_mlp"},
    ),
    "transport-plain": (
        "the transport generator: a perceptron",
        lambda: {"generator": "mlp"},
    ),
    "critic": (
        "the discriminator's initialisation: a perceptron of PyTorch's",
        lambda: {"discriminator": "mlp"},
    ),
    "relativistic": (
        "the relativistic loss: non-saturating",
        lambda: {"loss": "nonsaturating"},
    ),
    "r2": ("R2: R1 alone", lambda: {"penalty": "r1"}),
    "penalty": ("both penalties", lambda: {"penalty": None}),
    "schedule": ("the schedule: constant", lambda: {"schedule": "constant"}),
    "average": ("the averaged generator", lambda: {"average_halflife": None}),
}
# The other sets have too many rows a column to be calibrated.
_CALIBRATED = ("digits",)
_GRID = "rotated-grid"
SETS = (_GRID, "digits", "mammography")
_N_ROWS = 20_000


def run(trial):
    """Fit the default less one part to one set and judge its rows."""
    seed, name = trial["seed"], trial["set"]
    _, settings = PARTS[trial["method"]]
    sampler = GANSampler(random_state=seed, **settings(), **harness.iterations(trial))
    if name == _GRID:
        truth = mixture_sets.SETS[name](seed, trial["n_rows"])
        train = truth.train
    else:
        train, held_out = vectors.split(name, seed)
    with harness.stopwatch() as seconds:
        sampler.fit(train)
    if name == _GRID:
        found = mixture_sets.judge(sampler.sample(len(train)), truth, seed)
    else:
        found = vectors.judge(train, held_out, sampler, lambda X: X, seed)
    return [{**found, **seconds}]


def grid_table(rows):
    """Return the lines of the grid's table: min / median / max of the seeds."""
    lines = []
    for method, (title, _) in PARTS.items():
        found = harness.select(rows, set=_GRID, method=method)
        percent = [{**row, "hq": 100 * row["hq"]} for row in found]
        if found:
            cells = [
                harness.spread(found, "modes", "{:.0f}"),
                harness.spread(percent, "hq", "{:.1f}"),
                harness.spread(found, "kl", "{:.4f}"),
            ]
            lines.append(
                [title, *cells, harness.middle(found, "cpu_seconds", "{:.0f}")]
            )
    columns = ["removed", "modes of 25", "high quality, %", "reverse KL"]
    return harness.table([*columns, "CPU s a fit"], lines)


def vectors_table(rows, name):
    """Return the lines of a real set's table: min / median / max of the seeds."""
    metrics = ("energy", "c2st", "coverage", "membership")
    lines = []
    for method, (title, _) in PARTS.items():
        found = harness.select(rows, set=name, method=method)
        if found:
            cells = [harness.spread(found, metric) for metric in metrics]
            lines.append(
                [title, *cells, harness.middle(found, "cpu_seconds", "{:.0f}")]
            )
    columns = ["removed", "energy distance", "C2ST", "coverage", "membership AUC"]
    return harness.table([*columns, "CPU s a fit"], lines)


def report(records):
    """Return the lines of the report."""
    rows = harness.rows_of(records)
    n_seeds = len({row["seed"] for row in rows})
    lines = [
        *harness.iterations_note(records),
        f"Smallest / median / largest of {n_seeds} seeds.",
        "",
    ]
    sets = {row["set"] for row in rows}
    if _GRID in sets:
        title = "**The grid of 25 Gaussians, rotated by an angle drawn per seed**"
        lines += [title, "", *grid_table(rows)]
    for name in SETS[1:]:
        if name in sets:
            lines += [f"**{name}**", "", *vectors_table(rows, name)]
    return [*lines, *harness.warnings_note(records)]


def main():
    parser = harness.argument_parser(__doc__, seeds=5)
    options = harness.parse(parser)
    chosen = harness.choose(parser, "sets", options.sets, SETS)
    methods = harness.choose(parser, "methods", options.methods, PARTS)
    there = [_GRID, *vectors.available(SETS[1:])]
    trials = [
        {
            "set": name,
            "method": method,
            "seed": seed,
            "n_rows": 2000 if options.quick else _N_ROWS,
            "max_iter": options.max_iter,
        }
        for seed in range(options.seeds)
        for method in methods
        for name in chosen
        if name in there and (method != "calibration" or name in _CALIBRATED)
    ]
    heading, records = harness.get_records("Ablation", run, trials, options)
    print("\n".join([*heading, *report(records)]), flush=True)


if __name__ == "__main__":
    main()
