"""`diagnose(..., attacks=True)`: the worst attack in words, corrected for how many."""

import warnings

import numpy as np
import pytest

from skgan.metrics import AttackPower, CopyingWarning, diagnose
from skgan.metrics.diagnosis import _quality as quality
from skgan.metrics.diagnosis import advise, judge_attacks


@pytest.fixture(scope="module")
def rows():
    return np.random.default_rng(0).normal(size=(3, 300, 3))


@pytest.fixture(autouse=True)
def no_trees(monkeypatch):
    monkeypatch.setattr(quality, "held_out_auc", lambda *args, **params: (0.5, 0))


def quietly(*args, **params):
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", CopyingWarning)
        return diagnose(*args, random_state=0, **params)


def test_copies_are_said_in_words(rows):
    train, holdout, fresh = rows
    copied = np.vstack([train[:100], fresh[100:]])
    finding = quietly(holdout, copied, train, attacks=True).attacks
    assert finding.verdict == "bad" and finding.value > 0.55
    assert finding.message.startswith("An attack by ")
    assert "tells training from held-out rows (AUC 0." in finding.message
    assert "of training rows are found with 1 % false alarms" in finding.message
    assert "more training rows" in finding.advice


def test_fresh_rows_are_good_and_other_findings_stay(rows):
    train, holdout, fresh = rows
    plain = quietly(holdout, fresh, train)
    assert "attacks" not in plain.findings
    attacked = quietly(holdout, fresh, train, attacks=True)
    assert list(attacked.findings)[-2:] == ["attacks", "training"]
    assert attacked.attacks.verdict == "good" and not attacked.attacks.advice
    assert attacked.attacks.message.startswith("None of 7 attacks tells training")
    others = {name: f for name, f in attacked.findings.items() if name != "attacks"}
    assert others == plain.findings


def test_what_cannot_be_attacked_is_said(rows):
    train, holdout, fresh = rows
    for sets, message in (
        ((holdout, fresh), "give X_train"),
        ((holdout[:30], fresh, train), "X_holdout has 30 rows"),
        ((train[:200], fresh, train), "are rows of X_train, too"),
    ):
        finding = quietly(*sets, attacks=True).attacks
        assert finding.verdict == "not judged" and message in finding.message
    with pytest.raises(TypeError, match="attacks must be True or False"):
        diagnose(holdout, fresh, train, attacks="all")


def power(p_value, auc=0.5, low=0.45, rare=None):
    return AttackPower(auc, (low, 1.0), 0.01, (0.0, 0.02), p_value, 100, rare)


def test_p_values_count_as_often_as_attacks_were_made():
    one = {"distance": power(0.0004, rare=power(0.5))}
    assert judge_attacks(one).verdict == "warn"
    many = one | {f"another {i}": power(0.5) for i in range(9)}
    assert judge_attacks(many).verdict == "good"


def test_rare_rows_count_and_advice_knows_the_stage():
    found = {"domias_trees": power(0.4, rare=power(1e-9, auc=0.9, low=0.8))}
    finding = judge_attacks(found)
    assert finding.verdict == "bad"
    assert "DOMIAS with chains of trees among the rarest rows" in finding.message
    (advised,) = advise([finding], "prior")
    assert advised.advice != finding.advice and "prior='normal'" in advised.advice
