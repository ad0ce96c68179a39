"""MNIST: GANSampler and four other GANs, each given as many seconds.

Every contender learns from the 60 000 training images for the same seconds of the
process's clock on one thread; the default may end before. Ten thousand of its images
are compared with the 10 000 test images by features of a network trained on the
training images and their labels; ten thousand training images, compared in the same
way, give the floor that stands beside every figure. A classifier of more than 98 %
says which digits they show. The discriminators have no say. The samples of a sheet
differ: the least distance between two of them is shown.

ConditionalGANSampler is trained with labels: are its digits those that were asked for,
and what does a classifier know of real digits that has seen 20 000 of its digits alone?

    python -m benchmarks.images.mnist --threads 1 \\
        --out runs/mnist.jsonl --sheets runs/mnist

takes some forty minutes of one core for each seed.
"""

from functools import partial
from pathlib import Path

import numpy as np

from benchmarks.lib import harness
from benchmarks.lib.image_contenders import CONTENDERS, ProcessTime
from benchmarks.lib.image_judge import Jury, write_sheet
from benchmarks.lib.mnist_judge import recognised
from skgan import ConditionalGANSampler

SECONDS = 300
N_JUDGED = 10_000
N_TAUGHT = 20_000
N_EPOCHS_TAUGHT = 9  # as many updates as three epochs of all of MNIST
CONDITIONAL = "conditional"
PARTS = ("unconditional", CONDITIONAL, "all")
SHARES = ("precision", "recall", "density", "coverage")
LEAST_SHARE, MOST_SHARE = 0.07, 0.13
LEAST_AS_ASKED = LEAST_TAUGHT = 0.97


def run(trial, sheets=None):
    """Fit one sampler and judge its digits."""
    jury = Jury()
    judge = _conditional if trial["contender"] == CONDITIONAL else _unconditional
    images, row = judge(trial, jury)
    if sheets is not None:
        write_sheet(images, sheets, f"{trial['contender']}-{trial['seed']}")
    return [{**row, **jury.figures(images)}]


def _unconditional(trial, jury):
    make, _ = CONTENDERS[trial["contender"]]
    sampler = make(trial["seconds"], trial["seed"], trial["max_iter"])
    with harness.stopwatch() as spent:
        sampler.fit(jury.mnist.data)
    images = sampler.sample(trial["n_judged"])
    return images, {"updates": sampler.n_iter_, **_renamed(spent)}


def _conditional(trial, jury):
    mnist, n_taught = jury.mnist, trial["n_taught"]
    sampler = ConditionalGANSampler(
        max_iter=trial["max_iter"] or "auto",
        callbacks=[ProcessTime(trial["seconds"])],
        random_state=trial["seed"],
    )
    with harness.stopwatch() as spent:
        sampler.fit(mnist.data, mnist.target)
    images, asked = sampler.sample(max(trial["n_judged"], n_taught))
    shown = jury.judge.probabilities(images / np.float32(255)).argmax(axis=1)
    of_class = [(shown[asked == k] == k).mean() for k in range(10)]
    test = mnist.data_test, mnist.target_test
    synthetic = images[:n_taught], asked[:n_taught]
    chosen = np.random.default_rng(0).choice(len(mnist.data), n_taught, replace=False)
    real = mnist.data[chosen], mnist.target[chosen]
    row = {
        "updates": sampler.n_iter_,
        "as_asked": float((shown == asked).mean()),
        "as_asked_worst": float(min(of_class)),
        "taught": recognised(synthetic, test, N_EPOCHS_TAUGHT),
        "taught_real": recognised(real, test, N_EPOCHS_TAUGHT),
    }
    return images[: trial["n_judged"]], {**row, **_renamed(spent)}


def _renamed(spent):
    """Seconds as measured; `seconds` of a trial are those that it was given."""
    return {"wall": spent["seconds"], "cpu": spent["cpu_seconds"]}


def contender_table(rows):
    """Return the lines that set the contenders side by side: medians over seeds."""
    lines = []
    for name, title in _titles().items():
        found = harness.select(rows, contender=name)
        if not found:
            continue
        is_even = all(
            row["rarest"] >= LEAST_SHARE and row["commonest"] <= MOST_SHARE
            for row in found
        )
        even = " – ".join(
            harness.middle(found, key, "{:.1%}") for key in ("rarest", "commonest")
        )
        lines.append(
            [
                title,
                harness.middle(found, "updates", "{:.0f}"),
                harness.middle(found, "wall", "{:.0f}"),
                harness.middle(found, "cpu", "{:.0f}"),
                harness.spread(found, "frechet_distance", "{:.3f}"),
                harness.middle(found, "frechet_ratio", "{:.1f}"),
                harness.middle(found, "kernel_distance", "{:.4f}"),
                *(harness.middle(found, key) for key in SHARES),
                harness.middle(found, "dcr_share"),
                even if is_even else f"**{even}**",
                harness.middle(found, "sure", "{:.1%}"),
                f"{harness.values(found, 'closest_pair').min():.0f}",
                str(len(found)),
            ]
        )
    lines += _floor_line(rows)
    columns = ["", "updates", "s", "CPU s", "Fréchet", "÷ floor", "kernel", *SHARES]
    columns += ["closer to train", "rarest – commonest digit", "sure", "closest pair"]
    return harness.table([*columns, "seeds"], lines)


def _titles():
    titles = {name: title for name, (_, title) in CONTENDERS.items()}
    return {**titles, CONDITIONAL: "ConditionalGANSampler"}


def _floor_line(rows):
    """Real training digits in the place of a sampler's."""
    if not rows:
        return []
    shares = (harness.middle(rows, f"{key}_floor") for key in SHARES)
    distances = [
        harness.middle(rows, "frechet_distance_floor", "{:.3f}"),
        "1",
        harness.middle(rows, "kernel_distance_floor", "{:.4f}"),
    ]
    return [["training digits", *[""] * 3, *distances, *shares, ".500", *[""] * 4]]


def label_table(rows):
    """Return the lines on what labels are worth, and whether it is what is wanted."""
    found = harness.select(rows, contender=CONDITIONAL)
    if not found:
        return []
    wanted = {
        "samples that show the digit asked for": ("as_asked", LEAST_AS_ASKED),
        "the same, of the worst digit": ("as_asked_worst", None),
        "test digits that a classifier knows from synthetic ones alone": (
            "taught",
            LEAST_TAUGHT,
        ),
        "the same, from as many real ones": ("taught_real", None),
    }
    lines = []
    for title, (key, least) in wanted.items():
        worst = harness.values(found, key).min()
        met = "" if least is None else "yes" if worst >= least else "**no**"
        wanted_cell = "" if least is None else f"≥ {least:.0%}"
        lines.append([title, harness.spread(found, key, "{:.2%}"), wanted_cell, met])
    return harness.table(["with labels", "", "wanted", "met"], lines)


def checks(rows):
    """Return the lines that say what does not hold of every sampler alike."""
    equal = [row["contender"] for row in rows if row["closest_pair"] == 0]
    if not equal:
        return ["No two of the 64 samples of a sheet are equal.", ""]
    return [
        f"**Sheets with the same image twice: {', '.join(sorted(set(equal)))}.**",
        "",
    ]


def make_trials(options, contenders):
    """Return the trials, contender after contender within each seed."""
    n_judged, n_taught = (1000, 2000) if options.quick else (N_JUDGED, N_TAUGHT)
    return [
        {
            "contender": name,
            "seed": seed,
            "seconds": options.seconds,
            "max_iter": options.max_iter if name in ("default", CONDITIONAL) else None,
            "n_judged": n_judged,
            "n_taught": n_taught if name == CONDITIONAL else None,
        }
        for seed in range(options.first_seed, options.first_seed + options.seeds)
        for name in contenders
    ]


def main():
    parser = harness.argument_parser(__doc__, seeds=3)
    add = parser.add_argument
    add("--part", choices=PARTS, default="all", help="(default: %(default)s)")
    add("--contenders", nargs="+", metavar="NAME", help="only these")
    add("--seconds", type=float, help=f"of each fit (default: {SECONDS})")
    add("--first-seed", type=int, default=0, help="(default: %(default)s)")
    add("--sheets", type=Path, metavar="DIR", help="write 64 samples of each fit here")
    options = harness.parse(parser)
    if options.quick:
        options.max_iter = None
    options.seconds = options.seconds or (20 if options.quick else SECONDS)
    known = {
        "unconditional": list(CONTENDERS),
        CONDITIONAL: [CONDITIONAL],
        "all": [*CONTENDERS, CONDITIONAL],
    }[options.part]
    contenders = harness.choose(parser, "contenders", options.contenders, known)
    if not options.table:
        Jury()  # the networks of the judges are trained before fits are timed
    heading, records = harness.get_records(
        "MNIST",
        partial(run, sheets=options.sheets),
        make_trials(options, contenders),
        options,
    )
    rows = harness.rows_of(records)
    lines = [
        *heading,
        "Medians over seeds; of the Fréchet distance smallest / median / largest.",
        "",
        *contender_table(rows),
        *label_table(rows),
        *checks(rows),
        *harness.warnings_note(records),
    ]
    print("\n".join(lines), flush=True)


if __name__ == "__main__":
    main()
