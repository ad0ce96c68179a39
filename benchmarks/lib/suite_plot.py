"""The plot of the tables' suite: C2ST against the cost of the fit, a panel a set."""

import numpy as np

from benchmarks.lib import harness, suite_samplers, suite_sets

N_COLUMNS = 4
MARKERS = "osD^v<>PX*"
# Fits that cost less are drawn here, at the left edge.
LEAST_SECONDS = 1e-3


def draw(rows, file):
    """Plot medians over seeds, with least and greatest; False without matplotlib."""
    try:
        from matplotlib.figure import Figure
    except ImportError:
        return False
    sets = [name for name in suite_sets.SETS if harness.select(rows, set=name)]
    n_columns = min(N_COLUMNS, len(sets))
    n_rows = -(-len(sets) // n_columns)
    figure = Figure(figsize=(3.2 * n_columns, 2.6 * n_rows + 0.7), layout="constrained")
    axes = figure.subplots(n_rows, n_columns, sharex=True, sharey=True, squeeze=False)
    axes = axes.ravel()
    labels = {}
    for ax, name in zip(axes, sets, strict=False):
        here = harness.select(rows, set=name)
        for i, (sampler, title) in enumerate(suite_samplers.SAMPLERS.items()):
            found = harness.select(here, sampler=sampler)
            if found:
                labels[title] = _point(ax, found, i)
        train = suite_sets.load(name, here[0]["quick"]).train
        size = f"{len(train):,} × {train.shape[1]}".replace(",", " ")
        ax.set_title(f"{name}, {size}", fontsize="medium")
        ax.grid(color="0.92")
        ax.set_axisbelow(True)
    axes[0].set(xscale="log", ylim=(-0.03, 1.05))
    for ax in axes[len(sets) :]:
        ax.remove()
    for ax in axes[max(len(sets) - n_columns, 0) : len(sets)]:
        ax.tick_params(labelbottom=True)
        ax.set_xlabel("fit, CPU s")
    for ax in axes[: len(sets) : n_columns]:
        ax.set_ylabel("C2ST, trees")
    ordered = {t: labels[t] for t in suite_samplers.SAMPLERS.values() if t in labels}
    figure.legend(
        ordered.values(), ordered, loc="outside lower center", ncols=n_columns + 1
    )
    figure.savefig(file, dpi=110)
    return True


def _point(ax, rows, i):
    """Draw one sampler of one set; return what stands for it in the legend."""
    scores = harness.values(rows, "c2st")
    middle, seconds = np.median(scores), harness.values(rows, "fit_cpu_seconds")
    if not len(seconds):  # real rows are not fitted
        return ax.axhline(middle, color="0.5", linestyle="--")
    is_ours = i == len(suite_samplers.SAMPLERS) - 1
    return ax.errorbar(
        max(np.median(seconds), LEAST_SECONDS),
        middle,
        [[middle - min(scores)], [max(scores) - middle]],
        fmt=MARKERS[i],
        color="black" if is_ours else f"C{i}",
        markersize=11 if is_ours else 7,
        elinewidth=1,
    )
