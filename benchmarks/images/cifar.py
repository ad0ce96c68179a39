"""Colour photographs: GANSampler and three other GANs, each given as many seconds.

Every contender learns from 10 000 photographs of 32 x 32 x 3, of ten classes, for the
same seconds of the process's clock on one thread. Two thousand of its images are
compared with the 2000 test images by features of a network trained on the training
images and their labels, whose accuracy is told; two thousand training images, compared
in the same way, give the floor.

ConditionalGANSampler is trained with labels: does a classifier taught on the real
images see the class that was asked for? "scarce" asks what synthetic images are worth:
the sampler learns from 100 images a class alone and makes 400 more, and a small
classifier is taught on both, on the 100 alone, and on 500 real ones.

    python -m benchmarks.images.cifar --jobs 0 --threads 1 \\
        --out runs/cifar.jsonl --sheets runs/cifar

takes four hours of one core for the unconditional contenders and two for the others.
With `--held-out` training images stand in for the test images: for choosing.
"""

from functools import cache, partial
from pathlib import Path

import numpy as np

from benchmarks.lib import harness
from benchmarks.lib.cifar_contenders import CONTENDERS, conditional
from benchmarks.lib.cifar_judge import N_CLASSES, CifarJury, classes_of
from benchmarks.lib.image_judge import write_sheet

SECONDS = 1200
N_JUDGED = 2000
N_REAL, N_SCARCE = 500, 100  # images of each class
CONDITIONAL, SCARCE = "conditional", "scarce"
WITH_LABELS = {
    CONDITIONAL: "ConditionalGANSampler",
    SCARCE: "ConditionalGANSampler, 100 images a class",
}
SHARES = ("precision", "recall", "density", "coverage")
LEAST_AS_ASKED = 0.6
MOST_OF_DCGAN = 0.5

jury_of = cache(CifarJury)


def run(trial, sheets=None):
    """Fit one sampler and judge its images."""
    jury = jury_of(trial["held_out"])
    judges = {CONDITIONAL: _conditional, SCARCE: _scarce}
    images, row = judges.get(trial["contender"], _unconditional)(trial, jury)
    if sheets is not None:
        write_sheet(images, sheets, f"{trial['contender']}-{trial['seed']}")
    return [{**row, **jury.figures(images), **jury.accuracies()}]


def _unconditional(trial, jury):
    fit, _ = CONTENDERS[trial["contender"]]
    with harness.stopwatch() as spent:
        sampler = fit(trial["seconds"], trial["seed"], jury.photographs.data)
    return sampler.sample(trial["n_judged"]), _spent(sampler, spent)


def _conditional(trial, jury):
    photographs = jury.photographs
    with harness.stopwatch() as spent:
        sampler = conditional(
            trial["seconds"], trial["seed"], photographs.data, photographs.target
        )
    asked = np.arange(trial["n_judged"]) % N_CLASSES
    images = sampler.sample(y=asked)[0]
    return images, {**_spent(sampler, spent), **_as_asked(jury, images, asked)}


def _scarce(trial, jury):
    photographs, rng = jury.photographs, np.random.default_rng(trial["seed"])
    many = _of_each_class(photographs.target, N_REAL, rng)
    few = _of_each_class(photographs.target[many], N_SCARCE, rng)
    X, y = photographs.data[many], photographs.target[many]
    with harness.stopwatch() as spent:
        sampler = conditional(trial["seconds"], trial["seed"], X[few], y[few])
    made = np.repeat(np.arange(N_CLASSES), N_REAL - N_SCARCE)
    images = sampler.sample(y=made)[0]
    both = np.concatenate([X[few], images]), np.concatenate([y[few], made])
    row = {
        "taught_scarce": jury.right_about_test(X[few], y[few]),
        "taught_both": jury.right_about_test(*both),
        "taught_real": jury.right_about_test(X, y),
    }
    order = rng.permutation(len(images))[: trial["n_judged"]]
    images, asked = images[order], made[order]
    return images, {**_spent(sampler, spent), **row, **_as_asked(jury, images, asked)}


def _of_each_class(labels, n, rng):
    """Return the places of `n` images of each class, drawn at random."""
    places = [
        rng.permutation(np.flatnonzero(labels == k))[:n] for k in np.unique(labels)
    ]
    return np.concatenate(places)


def _as_asked(jury, images, asked):
    shown, _ = classes_of(jury.classifier, images)
    of_class = [(shown[asked == k] == k).mean() for k in range(N_CLASSES)]
    return {
        "as_asked": float((shown == asked).mean()),
        "as_asked_worst": float(min(of_class)),
    }


def _spent(sampler, spent):
    """Seconds as measured; `seconds` of a trial are those that it was given."""
    cpu, wall = spent["cpu_seconds"], spent["seconds"]
    return {"updates": sampler.n_iter_, "wall": wall, "cpu": cpu}


def contender_table(rows):
    """Return the lines that set the contenders side by side."""
    titles = {name: title for name, (_, title) in CONTENDERS.items()} | WITH_LABELS
    lines = []
    for name, title in titles.items():
        found = harness.select(rows, contender=name)
        if not found:
            continue
        lines.append(
            [
                title,
                harness.middle(found, "updates", "{:.0f}"),
                harness.middle(found, "cpu", "{:.0f}"),
                harness.spread(found, "frechet_distance", "{:.2f}"),
                harness.middle(found, "frechet_ratio", "{:.1f}"),
                harness.spread(found, "kernel_distance", "{:.4f}"),
                *(harness.middle(found, key) for key in SHARES),
                harness.middle(found, "dcr_share"),
                f"{harness.values(found, 'closest_pair').min():.0f}",
                str(len(found)),
            ]
        )
    if rows:
        shares = (harness.middle(rows, f"{key}_floor") for key in SHARES)
        floors = [
            harness.middle(rows, "frechet_distance_floor", "{:.2f}"),
            "1",
            harness.middle(rows, "kernel_distance_floor", "{:.4f}"),
        ]
        lines.append(["training images", "", "", *floors, *shares, ".500", "", ""])
    columns = ["", "updates", "CPU s", "Fréchet", "÷ floor", "kernel", *SHARES]
    return harness.table([*columns, "closer to train", "closest pair", "seeds"], lines)


def goal_table(rows):
    """Return the lines that say what was wanted, what was found, and if it is met."""
    lines = []
    ours, theirs = (
        harness.values(harness.select(rows, contender=name), "frechet_distance")
        for name in ("default", "dcgan")
    )
    if len(ours) and len(theirs):
        share = ours.mean() / theirs.mean()
        lines.append(
            [
                "Fréchet distance over DCGAN's, means over seeds",
                f"{share:.2f}",
                f"≤ {MOST_OF_DCGAN}",
                _met(share <= MOST_OF_DCGAN),
            ]
        )
    wanted = harness.select(rows, contender=CONDITIONAL)
    if wanted:
        is_met = harness.values(wanted, "as_asked").min() >= LEAST_AS_ASKED
        lines += [
            [
                "images in which the class asked for is seen",
                harness.spread(wanted, "as_asked", "{:.1%}"),
                f"≥ {LEAST_AS_ASKED:.0%}",
                _met(is_met),
            ],
            [
                "the same, of the worst class",
                harness.spread(wanted, "as_asked_worst", "{:.1%}"),
                "",
                "",
            ],
        ]
    return harness.table(["", "found", "wanted", "met"], lines + _scarce_lines(rows))


def _scarce_lines(rows):
    found = harness.select(rows, contender=SCARCE)
    if not found:
        return []
    gains = harness.values(found, "taught_both") - harness.values(
        found, "taught_scarce"
    )
    titles = {
        "taught_scarce": "test images known, taught on 100 real ones a class",
        "taught_both": "the same, with 400 synthetic ones a class",
        "taught_real": "the same, taught on 500 real ones a class",
    }
    lines = [
        [title, harness.spread(found, key, "{:.1%}"), "", ""]
        for key, title in titles.items()
    ]
    lines[1][2:] = ["more than without", _met(gains.min() > 0)]
    return lines


def _met(is_met):
    return "yes" if is_met else "**no**"


def accuracy_lines(rows):
    """Return the lines that say how good the judges are."""
    if not rows:
        return []
    return [
        "Of the test images the feature network is right about "
        f"{harness.middle(rows, 'feature_accuracy', '{:.1%}')}, the classifier that "
        f"judges classes about {harness.middle(rows, 'judge_accuracy', '{:.1%}')}.",
        "",
    ]


def make_trials(options, contenders):
    """Return the trials, contender after contender within each seed."""
    return [
        {
            "contender": name,
            "seed": seed,
            "seconds": options.seconds,
            "n_judged": N_JUDGED,
            "held_out": options.held_out,
        }
        for seed in range(options.first_seed, options.first_seed + options.seeds)
        for name in contenders
    ]


def main():
    parser = harness.argument_parser(__doc__, seeds=3)
    add = parser.add_argument
    known = [*CONTENDERS, *WITH_LABELS]
    add("--contenders", nargs="+", metavar="NAME", help=f"only these of {known}")
    add("--seconds", type=float, help=f"of each fit (default: {SECONDS})")
    add("--first-seed", type=int, default=0, help="(default: %(default)s)")
    add("--sheets", type=Path, metavar="DIR", help="write 64 samples of each fit here")
    add("--held-out", action="store_true", help="judge by training images held out")
    options = harness.parse(parser)
    options.seconds = options.seconds or (10 if options.quick else SECONDS)
    contenders = harness.choose(parser, "contenders", options.contenders, known)
    if not options.table:
        CifarJury(options.held_out)  # the judges are taught before fits are timed
    heading, records = harness.get_records(
        "Colour photographs",
        partial(run, sheets=options.sheets),
        make_trials(options, contenders),
        options,
    )
    rows = harness.rows_of(records)
    lines = [
        *heading,
        "Medians over seeds; of the distances smallest / median / largest.",
        "",
        *accuracy_lines(rows),
        *contender_table(rows),
        *goal_table(rows),
        *harness.warnings_note(records),
    ]
    print("\n".join(lines), flush=True)


if __name__ == "__main__":
    main()
