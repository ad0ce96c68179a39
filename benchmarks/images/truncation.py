"""Fidelity against variety: precision and recall of digits as latents are bounded.

GANSampler learns half of scikit-learn's 1797 digits, and draws 800 with each
`truncation`, of one seed. Precision and density say how many lie where real digits are,
recall and coverage how many of the real ones, the other half, the samples reach; all by
features of a network that was taught the digits of the first half.

    python -m benchmarks.images.truncation --out runs/truncation.jsonl

takes about a minute of CPU a seed.
"""

from sklearn.model_selection import train_test_split

from benchmarks.lib import harness
from skgan import GANSampler
from skgan.datasets import load_digit_images
from skgan.metrics import ImageFeatures, image_scores

BOUNDS = (0.1, 0.25, 0.5, 0.75, 1.0, 1.5, 2.0, None)
N_JUDGED = 800
SHOWN = ("precision", "density", "recall", "coverage", "frechet_distance")


def run(trial):
    """Fit one sampler, and judge what it draws within each bound."""
    X, y = load_digit_images(return_X_y=True)
    train, test, y_train, _ = train_test_split(
        X, y, test_size=0.5, stratify=y, random_state=trial["seed"]
    )
    features = ImageFeatures(random_state=0).fit(train, y_train)
    sampler = GANSampler(random_state=trial["seed"], **harness.iterations(trial))
    with harness.stopwatch() as seconds:
        sampler.fit(train)
    rows = []
    for bound in BOUNDS:
        drawn = sampler.sample(N_JUDGED, truncation=bound, random_state=0)
        scores = image_scores(
            train, test, drawn, features=features, n_images=N_JUDGED, random_state=0
        )
        found = {name: scores[name].synthetic for name in SHOWN}
        floors = {f"{name}_floor": scores[name].floor for name in SHOWN}
        rows.append({"bound": bound, **found, **floors, **seconds})
    return rows


def report(rows):
    """Return the lines of the table: medians over the seeds, a line a bound."""
    lines = []
    for bound in BOUNDS:
        found = [row for row in rows if row["bound"] == bound]
        name = "none" if bound is None else f"{bound:g}"
        lines.append([name, *[harness.middle(found, key, "{:.3f}") for key in SHOWN]])
    floors = [harness.middle(rows, f"{key}_floor", "{:.3f}") for key in SHOWN]
    lines.append(["real digits", *floors])
    return harness.table(["truncation", *SHOWN], lines)


def main():
    parser = harness.argument_parser(__doc__, seeds=3)
    options = harness.parse(parser)
    trials = [
        {"seed": seed, "max_iter": options.max_iter} for seed in range(options.seeds)
    ]
    heading, records = harness.get_records("Truncation", run, trials, options)
    rows = harness.rows_of(records)
    lines = [*heading, *harness.iterations_note(records)]
    lines += ["Medians over the seeds.", "", *report(rows)]
    print("\n".join([*lines, *harness.warnings_note(records)]), flush=True)


if __name__ == "__main__":
    main()
