"""The finding of a diagnosis that says what the worst membership attack achieves."""

from __future__ import annotations

import numpy as np

from skgan.metrics.diagnosis._compared_rows import Rows
from skgan.metrics.diagnosis._findings import (
    BAD,
    GOOD,
    NOT_JUDGED,
    SMALL_SHARE,
    WARN,
    Finding,
    not_judged,
    percent,
)
from skgan.metrics.diagnosis._quality import LEVEL, misplaced_share
from skgan.metrics.privacy._attack_power import MAX_FALSE_POSITIVES, AttackPower
from skgan.metrics.privacy._attacked_rows import choose_rows
from skgan.metrics.privacy._membership import guess_members, measure_guesses

ATTACKS = "attacks"
# Of more rows a diagnosis would take minutes.
_MAX_ATTACKED = 2000
_WORDS = {
    "distance": "distance to the nearest sample",
    "relative_distance": "relative distance",
    "calibrated_distance": "calibrated distance",
    "neighbor_ratio": "density ratio of neighbours",
    "classifier_ratio": "density ratio of boosted trees",
    "domias_kernels": "DOMIAS with kernels",
    "domias_trees": "DOMIAS with chains of trees",
    "shadow": "shadow models",
}
_ADVICE = (
    "more training rows, fewer samples handed out, rare levels merged and numbers "
    "rounded before fit, or a higher penalty_weight and fewer updates (max_iter); "
    "prior='normal' where stage_ starts with 'prior'."
)


def attack(
    train: Rows, holdout: Rows, synthetic: Rows, rng: np.random.RandomState
) -> Finding:
    """Run all membership attacks and say what the worst of them achieves."""
    sets = {"X_train": train, "X_holdout": holdout, "X_synthetic": synthetic}
    blocks = {name: rows.blocks for name, rows in sets.items()}
    rows = choose_rows(blocks, _MAX_ATTACKED, rng)
    scores = guess_members(rows, None, rng)
    return judge_attacks(measure_guesses(rows, scores, 0.95, 200, rng))


def attack_where_judged(
    found: list[Finding], train: Rows, holdout: Rows, synthetic: Rows, rng
) -> Finding:
    """Attack, unless membership could not be judged for a reason that holds here."""
    for finding in found:
        if finding.name == "membership_auc" and finding.verdict == NOT_JUDGED:
            return not_judged(finding.message, ATTACKS)[0]
    return attack(train, holdout, synthetic, rng)


def judge_attacks(found: dict[str, AttackPower]) -> Finding:
    """Return the worst of some attacks in words, corrected for their number.

    Each was run on all rows and on the rarest, so twice as many tests were made.
    """
    cases = [
        (name, power, where)
        for name, whole in found.items()
        for power, where in ((whole, ""), (whole.rare, " among the rarest rows"))
        if power is not None
    ]
    name, worst, where = min(cases, key=lambda case: (case[1].p_value, -case[1].auc))
    figures = (
        f"AUC {worst.auc:.2f}, 95 % interval {worst.auc_interval[0]:.2f} to "
        f"{worst.auc_interval[1]:.2f}, and {percent(worst.tpr)} of training rows are "
        f"found with {percent(MAX_FALSE_POSITIVES)} false alarms"
    )
    words = f"{_WORDS.get(name, name)}{where}"
    if worst.p_value * len(cases) >= LEVEL:
        message = f"None of {len(found)} attacks tells training from held-out rows; "
        message += f"the best is that by {words} ({figures})."
        return Finding(ATTACKS, GOOD, message, worst.auc, 0.5)
    # The lower end of the interval counts: an accusation has to be certain.
    share = max(
        misplaced_share(worst.auc_interval[0]),
        worst.tpr_interval[0] - MAX_FALSE_POSITIVES,
    )
    verdict = BAD if share >= SMALL_SHARE else WARN
    message = f"An attack by {words} tells training from held-out rows ({figures})."
    return Finding(ATTACKS, verdict, message, worst.auc, 0.5, None, _ADVICE)
