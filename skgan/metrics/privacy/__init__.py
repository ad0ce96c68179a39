"""Attacks on samples: who was trained on, and what they tell of persons."""

from skgan.metrics.privacy._attack_power import AttackPower
from skgan.metrics.privacy._disclosure import DisclosureRisk, disclosure_attacks
from skgan.metrics.privacy._membership import membership_attacks

__all__ = [
    "AttackPower",
    "DisclosureRisk",
    "disclosure_attacks",
    "membership_attacks",
]
