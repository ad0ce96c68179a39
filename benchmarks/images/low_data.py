"""Few digits of MNIST: what augmentation is worth to GANSampler, and if it copies.

A fit learns from 100, 500 or 2000 training digits, the seed's choice, with the same
networks and as many updates with augmentation as without. Ten thousand of its images
are compared with the 10 000 test images by features of a network trained on all of
MNIST's training images; the floor is that of 10 000 training images, of which the fit
has seen few. Beside it, whether images repeat the digits learnt from: the share that
is closer to them than to as many test digits, and the nearest-neighbour membership
attack; both are .5 where nothing is repeated.

    python -m benchmarks.images.low_data --sizes 500 --out runs/low_data.jsonl

With `--held-out`, training digits that no fit has seen stand in for the test images,
and seeds are others: for choosing among methods.
"""

import numpy as np

from benchmarks.lib import harness
from benchmarks.lib.image_judge import Jury
from skgan import GANSampler
from skgan.callbacks import AugmentationRamp
from skgan.metrics import dcr_share, image_scores, membership_auc

SIZES = (100, 500, 2000)
MAX_ITER = 1600
N_JUDGED = 10_000
# Training digits that fits may learn from; the others are for choosing.
N_LEARNABLE = 50_000
WANTED_FALL = 0.30
# Name -> title, augmentation, share of the images it falls on, share of the updates
# over which it sets in.
METHODS = {
    "none": ("without", None, None, None),
    "translation": ("translation", "translation", 1.0, 0.1),
    "translation-half": ("translation of a half", "translation", 0.5, 0.1),
    "cutout": ("cutout", "cutout", 0.5, 0.1),
}
DEFAULT_METHODS = ["none", "translation"]


def make_sampler(method, max_iter, seed):
    """Return `GANSampler`, with its defaults but for updates and augmentation."""
    _, augmentation, probability, ramp = METHODS[method]
    params = {}
    if augmentation is not None:
        params = {
            "net_params": {"augmentation": augmentation},
            "callbacks": [AugmentationRamp(round(ramp * max_iter), probability)],
        }
    return GANSampler(max_iter=max_iter, random_state=seed, **params)


def choose_digits(mnist, size, seed):
    """Return training digits, as many of each class as there are of it by chance."""
    rng = np.random.default_rng(seed)
    return mnist.data[rng.choice(N_LEARNABLE, size, replace=False)]


def run(trial):
    """Fit with or without augmentation, and judge the digits."""
    jury, seed, n_judged = Jury(), trial["seed"], trial["n_judged"]
    mnist = jury.mnist
    train = choose_digits(mnist, trial["size"], seed)
    real = mnist.data[N_LEARNABLE:] if trial["held_out"] else mnist.data_test
    sampler = make_sampler(trial["method"], trial["max_iter"], seed)
    with harness.stopwatch() as seconds:
        sampler.fit(train)
    images = sampler.sample(n_judged)
    scores = image_scores(
        mnist.data[:N_LEARNABLE],
        real,
        images,
        features=jury.features,
        n_images=n_judged,
        random_state=0,
    )
    frechet = scores["frechet_distance"]
    apart = np.random.default_rng(seed).permutation(real)[: trial["size"]]
    sets = (train, apart, images)
    row = {
        "frechet": frechet.synthetic,
        "floor": frechet.floor,
        "ratio": frechet.ratio,
        **{name: scores[name].synthetic for name in ("precision", "coverage")},
        "dcr_share": dcr_share(
            *sets, standardize=False, max_samples=2000, random_state=seed
        ),
        "membership": membership_auc(*sets, standardize=False, random_state=seed),
    }
    return [{**row, **jury.digits(images), **seconds}]


def size_table(rows, methods):
    """Return the lines that compare the methods at each number of digits."""
    lines = []
    for size in SIZES:
        for method in methods:
            found = harness.select(rows, size=size, method=method)
            if not found:
                continue
            lines.append(
                [
                    str(size),
                    METHODS[method][0],
                    harness.spread(found, "frechet", "{:.2f}"),
                    harness.middle(found, "ratio", "{:.1f}"),
                    _fall(rows, size, method),
                    *(harness.middle(found, k) for k in ("precision", "coverage")),
                    harness.middle(found, "sure", "{:.1%}"),
                    harness.middle(found, "dcr_share"),
                    harness.middle(found, "membership"),
                    harness.middle(found, "cpu_seconds", "{:.0f}"),
                    str(len(found)),
                ]
            )
    columns = ["digits", "augmentation", "Fréchet", "÷ floor", "lower by"]
    columns += ["precision", "coverage", "sure", "closer to train", "membership AUC"]
    return harness.table([*columns, "CPU s a fit", "seeds"], lines)


def _fall(rows, size, method):
    """By how much the Fréchet distance falls, seed by seed, against none."""
    if method == "none":
        return ""
    pairs = [
        harness.values(harness.select(rows, size=size, method=m), "frechet")
        for m in ("none", method)
    ]
    if not len(pairs[0]) or len(pairs[0]) != len(pairs[1]):
        return "–"
    falls = 1 - pairs[1] / pairs[0]
    return " / ".join(f"{fall:.0%}" for fall in np.sort(falls))


def target(rows):
    """Return the line that says whether the fall at 500 digits is what is wanted."""
    pairs = [
        harness.values(harness.select(rows, size=500, method=m), "frechet")
        for m in ("none", "translation")
    ]
    if not len(pairs[0]) or len(pairs[0]) != len(pairs[1]):
        return []
    fall = float(np.median(1 - pairs[1] / pairs[0]))
    met = "yes" if fall >= WANTED_FALL else "**no**"
    return [
        f"500 digits, translation: lower by {fall:.0%} in the median (wanted: "
        f"{WANTED_FALL:.0%}): {met}.",
        "",
    ]


def main():
    parser = harness.argument_parser(__doc__, seeds=3)
    add = parser.add_argument
    add("--sizes", nargs="+", type=int, default=list(SIZES), help="numbers of digits")
    add("--held-out", action="store_true", help="for choosing: judge by other digits")
    options = harness.parse(parser)
    methods = harness.choose(
        parser, "methods", options.methods or DEFAULT_METHODS, METHODS
    )
    n_judged = 1000 if options.quick else 2000 if options.held_out else N_JUDGED
    first = 100 if options.held_out else 0
    trials = [
        {
            "size": size,
            "method": method,
            "seed": seed,
            "max_iter": options.max_iter or MAX_ITER,
            "n_judged": n_judged,
            "held_out": options.held_out,
        }
        for seed in range(first, first + options.seeds)
        for size in options.sizes
        for method in methods
    ]
    if not options.table:
        Jury()  # the networks of the judges are trained before fits are timed
    heading, records = harness.get_records("Few digits", run, trials, options)
    rows = harness.rows_of(records)
    lines = [
        *heading,
        *harness.iterations_note(records),
        "Medians over seeds; of the Fréchet distance smallest / median / largest; by "
        "how much augmentation lowers it, seed by seed in order of size.",
        "",
        *size_table(rows, methods),
        *target(rows),
        *harness.warnings_note(records),
    ]
    print("\n".join(lines), flush=True)


if __name__ == "__main__":
    main()
