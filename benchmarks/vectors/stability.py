"""Stability: which share of random, reasonable settings trains, here and by hand?

Each setting is drawn at random: a learning rate, a batch size, a width and a depth of
both networks, and a dimension of the latent. With it, and as many updates, a
`GANSampler(prior="normal")` and a plain loop by hand (perceptrons with ReLU, the
non-saturating loss, Adam with betas of .5 and .999, standardised rows) learn 2000 rows
of a ring of eight Gaussians. A fit has trained if every mode has at least a fifth of
its fair share and 80 % of what is drawn lies within three standard deviations of a
centre. What `GANSampler` sets by itself, its loss, penalty, schedule, average and the
kind of its networks, stays as it is; `trees` is its default, with a prior.

    python -m benchmarks.vectors.stability --seeds 50 --out runs/stability.jsonl
"""

import numpy as np
import torch
from torch import nn
from torch.nn.functional import softplus

from benchmarks.lib import harness, mixture_sets
from skgan import GANSampler

N_ROWS, N_DRAWN, MAX_ITER = 2000, 2000, 1000
HIGH_QUALITY = 0.8
METHODS = {
    "skgan": 'GANSampler(prior="normal")',
    "trees": "GANSampler, as it comes",
    "plain": "a loop by hand",
}


def draw_setting(seed):
    """Return random settings within what tutorials use."""
    rng = np.random.default_rng([seed, 1])
    low, high = np.log([1e-4, 5e-3])
    return {
        "learning_rate": float(np.exp(rng.uniform(low, high))),
        "batch_size": int(rng.choice([64, 128, 256])),
        "hidden_dims": (int(rng.choice([64, 128])),) * int(rng.integers(2, 4)),
        "latent_dim": int(rng.choice([2, 8, 32])),
    }


def perceptron(n_in, hidden_dims, n_out):
    """Return a perceptron with ReLU."""
    widths = (n_in, *hidden_dims)
    layers = [
        layer
        for a, b in zip(widths, hidden_dims, strict=False)
        for layer in (nn.Linear(a, b), nn.ReLU())
    ]
    return nn.Sequential(*layers, nn.Linear(widths[-1], n_out))


def by_hand(X, setting, max_iter, seed):
    """Train the plain loop, and return what it draws."""
    center, scale = X.mean(axis=0), X.std(axis=0)
    rows = torch.as_tensor((X - center) / scale, dtype=torch.float32)
    torch.manual_seed(seed)
    width, batch = setting["latent_dim"], setting["batch_size"]
    generator = perceptron(width, setting["hidden_dims"], X.shape[1])
    discriminator = perceptron(X.shape[1], setting["hidden_dims"], 1)
    both = [
        torch.optim.Adam(m.parameters(), setting["learning_rate"], betas=(0.5, 0.999))
        for m in (generator, discriminator)
    ]
    for _ in range(max_iter):
        real = rows[torch.randint(len(rows), (batch,))]
        fake = generator(torch.randn(batch, width))
        of_real, of_fake = discriminator(real), discriminator(fake.detach())
        loss = softplus(-of_real).mean() + softplus(of_fake).mean()
        both[1].zero_grad()
        loss.backward()
        both[1].step()
        loss = softplus(-discriminator(fake)).mean()
        both[0].zero_grad()
        loss.backward()
        both[0].step()
    with torch.no_grad():
        drawn = generator(torch.randn(N_DRAWN, width)).numpy()
    return drawn.astype(float) * scale + center


def by_sampler(X, setting, max_iter, seed, prior):
    """Fit the sampler, and return what it draws."""
    if prior == "auto":
        # A generator that starts from trees has no latent of its own.
        setting = {k: v for k, v in setting.items() if k != "latent_dim"}
    params = {**setting, "max_iter": max_iter, "prior": prior, "random_state": seed}
    return GANSampler(**params).fit(X).sample(N_DRAWN)


def run(trial):
    """Train with one setting, and judge the modes."""
    truth = mixture_sets.SETS["ring"](trial["seed"], N_ROWS)
    setting, max_iter = draw_setting(trial["seed"]), trial["max_iter"] or MAX_ITER
    with harness.stopwatch() as seconds:
        if trial["method"] == "plain":
            drawn = by_hand(truth.train, setting, max_iter, trial["seed"])
        else:
            prior = "normal" if trial["method"] == "skgan" else "auto"
            drawn = by_sampler(truth.train, setting, max_iter, trial["seed"], prior)
    found = mixture_sets.judge_modes(drawn, truth)
    trained = found["modes"] == found["of"] and found["hq"] >= HIGH_QUALITY
    return [{**setting, **found, "trained": bool(trained), **seconds}]


def report(rows):
    """Return the lines of the table: the shares, by method."""
    lines = []
    for method, title in METHODS.items():
        found = harness.select(rows, method=method)
        if found:
            n = sum(row["trained"] for row in found)
            full = sum(row["modes"] == row["of"] for row in found)
            lines.append(
                [
                    title,
                    f"{n} of {len(found)}",
                    f"{full} of {len(found)}",
                    harness.spread(found, "hq"),
                    harness.middle(found, "cpu_seconds", "{:.1f}"),
                ]
            )
    columns = ["", "settings that train", "with every mode", "high quality"]
    return harness.table([*columns, "CPU s a fit"], lines)


def main():
    parser = harness.argument_parser(__doc__, seeds=50)
    options = harness.parse(parser)
    methods = harness.choose(parser, "methods", options.methods, METHODS)
    trials = [
        {"method": method, "seed": seed, "max_iter": options.max_iter}
        for seed in range(options.seeds)
        for method in methods
    ]
    heading, records = harness.get_records("Stability", run, trials, options)
    rows = harness.rows_of(records)
    lines = [*heading, *harness.iterations_note(records), *report(rows)]
    print("\n".join([*lines, *harness.warnings_note(records)]), flush=True)


if __name__ == "__main__":
    main()
