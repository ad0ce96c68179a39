"""How often attacks on samples find copies that were planted, and that were not.

Rows are four columns, one of them whole numbers that repeat. Of each kind of samples
the table has the share of rounds in which an attack on membership has a p-value below
.05, on all rows and on the rarest, or the interval of a risk does not hold 0.

    python -m benchmarks.reliability.attack_rates

takes about two minutes of CPU.
"""

import argparse

import numpy as np

from benchmarks.lib import harness, report_page
from skgan.metrics import disclosure_attacks, membership_attacks

# Name -> share of samples that are copies, and the deviation of noise on them.
KINDS = {
    "fresh rows": (0.0, 0.0),
    "1 % copies": (0.01, 0.0),
    "5 % copies": (0.05, 0.0),
    "20 % copies": (0.2, 0.0),
    "20 %, noise .01": (0.2, 0.01),
}
LEVEL = 0.05


def make_sets(n, share, noise, seed):
    """Return training rows, held-out rows and samples, some of which are copied."""
    rng = np.random.default_rng(seed)
    sets = rng.normal(size=(3, n, 4))
    sets[:, :, 3] = np.floor(np.abs(sets[:, :, 3]) * 2)
    train, holdout, samples = sets
    n_copies = round(share * n)
    samples[:n_copies] = train[:n_copies]
    samples[:n_copies] += noise * rng.normal(size=(n_copies, 4))
    return train, holdout, samples


def rates(n, kind, rounds):
    """Return for each attack in how many rounds it is above chance, as a text."""
    found = {}
    for seed in range(rounds):
        sets = make_sets(n, *KINDS[kind], seed)
        powers = membership_attacks(*sets, random_state=seed, n_resamples=20)
        for name, power in powers.items():
            told = (power.p_value < LEVEL, power.rare.p_value < LEVEL)
            found.setdefault(name, []).append(told)
        risks = disclosure_attacks(*sets, random_state=seed, n_attacks=100)
        for name, risk in risks.items():
            found.setdefault(name, []).append((risk.interval[0] > 0,))
    return {
        name: " / ".join(f"{share:.2f}" for share in np.mean(told, axis=0))
        for name, told in found.items()
    }


def main():
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--rows", type=int, default=200, help="of each set")
    parser.add_argument("--rounds", type=int, default=100, help="with fresh rows")
    parser.add_argument("--planted", type=int, default=10, help="rounds with copies")
    options = parser.parse_args()
    columns = {
        kind: rates(
            options.rows, kind, options.planted if KINDS[kind][0] else options.rounds
        )
        for kind in KINDS
    }
    lines = [
        [name, *(columns[kind][name] for kind in KINDS)]
        for name in columns["fresh rows"]
    ]
    title = "How often attacks find what was copied"
    table = harness.table(["all rows / rarest", *KINDS], lines)
    print("\n".join([*report_page.heading(title), *table]))


if __name__ == "__main__":
    main()
