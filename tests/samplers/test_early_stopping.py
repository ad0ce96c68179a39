"""early_stopping: what is held out, what is restored, when it ends, what is kept."""

import pickle
from copy import deepcopy

import numpy as np
import pandas as pd
import polars as pl
import pytest
import torch
from skorch.callbacks import Callback

from skgan import GANSampler
from skgan.samplers._training import epoch_length

N = 120
# Epochs as short as they are made.
EPOCH = epoch_length(1000)
N_EPOCHS = 3
MAX_ITER = N_EPOCHS * EPOCH


def make_rows(n=N):
    """Rows whose first column numbers them."""
    rng = np.random.default_rng(0)
    return np.column_stack([np.arange(n) + 0.25, rng.normal(size=n), rng.random(n)])


class Spied(GANSampler):
    """Keeps what was held out and scored; `planted` takes the place of the score."""

    planted = None

    def _hold_out(self, X, seed):
        self.trained_on, self.held_out = super()._hold_out(X, seed)
        self.scored = []
        return self.trained_on, self.held_out

    def _watched_score(self, X, net):
        self.scored.append(X)
        if self.planted is not None:
            return float(self.planted[len(self.scored) - 1])
        return super()._watched_score(X, net)


class States(Callback):
    """The generator to draw from at each epoch's end, and every row trained on."""

    def __init__(self):
        self.states, self.batches = [], []

    def on_batch_end(self, net, batch=None, **kwargs):
        self.batches.append(batch[0].clone())

    def on_epoch_end(self, net, **kwargs):
        self.states.append(deepcopy(net.sampling_generator_.state_dict()))


def make_sampler(planted=None, **params):
    defaults = {
        "hidden_dims": (8,),
        "batch_size": 16,
        "max_iter": MAX_ITER,
        "learning_rate": 2e-3,
        "early_stopping": True,
        "prior": "normal",
        "random_state": 0,
    }
    sampler = Spied(**{**defaults, **params})
    sampler.planted = planted
    return sampler


def equal(ours, theirs):
    return all(torch.equal(ours[name], theirs[name]) for name in ours)


def numbers(rows):
    return set(np.floor(np.asarray(rows)[:, 0]).astype(int).tolist())


# -- what is held out


@pytest.mark.parametrize("share", [0.1, 0.25, 0.5, 0.99, 0.001])
def test_rows_held_out_are_never_trained_on(share):
    states = States()
    sampler = make_sampler(
        validation_fraction=share, callbacks=[states], max_iter=60
    ).fit(make_rows())
    n_held_out = min(max(2, round(share * N)), N - 2)
    held_out = numbers(sampler.held_out)
    assert len(held_out) == len(sampler.held_out) == n_held_out
    seen = sampler.encoder_.inverse_transform(torch.cat(states.batches).numpy())
    assert numbers(seen + 0.01) == set(range(N)) - held_out
    # What is scored is what was held out, the whole of it.
    assert all(numbers(rows) == held_out for rows in sampler.scored)


def test_nothing_is_learnt_from_rows_held_out():
    sampler = make_sampler(max_iter=60).fit(make_rows())
    kept = make_rows()[sorted(numbers(sampler.trained_on))]
    np.testing.assert_array_equal(sampler.encoder_.minimum_, kept.min(axis=0))
    np.testing.assert_array_equal(sampler.encoder_.maximum_, kept.max(axis=0))
    drawn = sampler.sample(500)
    assert (drawn >= kept.min(axis=0)).all() and (drawn <= kept.max(axis=0)).all()


def test_the_split_is_of_the_seed():
    splits = [
        numbers(make_sampler(max_iter=5, random_state=s).fit(make_rows()).held_out)
        for s in (0, 0, 1)
    ]
    assert splits[0] == splits[1] != splits[2]


def test_going_on_holds_out_the_same_rows():
    sampler = make_sampler(max_iter=5, warm_start=True).fit(make_rows())
    first = numbers(sampler.held_out)
    sampler.fit(make_rows())
    assert numbers(sampler.held_out) == first
    assert sampler.n_iter_ == 10


def test_without_it_no_row_is_held_out():
    states = States()
    sampler = make_sampler(early_stopping=False, callbacks=[states]).fit(make_rows())
    assert sampler.held_out is None and sampler.scored == []
    seen = sampler.encoder_.inverse_transform(torch.cat(states.batches).numpy())
    assert numbers(seen + 0.01) == set(range(N))
    assert not any("valid_score" in epoch for epoch in sampler.history_)


def containers():
    rows = make_rows(40)
    yield "array", rows
    yield "float32", rows.astype(np.float32)
    yield "pandas", pd.DataFrame(rows, columns=list("abc"), index=np.arange(40)[::-1])
    yield "polars", pl.DataFrame(rows, schema=list("abc"))
    yield "list", rows.tolist()
    yield "images", np.random.default_rng(0).random((40, 4, 4))
    yield "colour", np.random.default_rng(0).integers(0, 256, (40, 4, 3, 3), np.uint8)
    missing = pd.DataFrame(rows, columns=list("abc"))
    missing.loc[::3, "b"] = np.nan
    yield "missing", missing


@pytest.mark.parametrize(
    "rows", [pytest.param(rows, id=name) for name, rows in containers()]
)
def test_any_container(rows):
    sampler = make_sampler(max_iter=10).fit(rows)
    assert len(sampler.trained_on) == 36 and len(sampler.held_out) == 4
    assert np.isfinite(sampler.history_[-1]["valid_score"])
    drawn = sampler.sample(7)
    expected = np.asarray(rows).shape[1:]
    assert np.asarray(drawn).shape == (7, *expected)
    assert type(drawn) is type(np.asarray(rows) if isinstance(rows, list) else rows)


@pytest.mark.parametrize("n", [2, 9])
def test_too_few_rows(n):
    with pytest.raises(
        ValueError, match=rf"early_stopping=True .* needs 10 .* got {n}"
    ):
        make_sampler(max_iter=3).fit(make_rows(n))
    assert make_sampler(max_iter=3, early_stopping=False).fit(make_rows(n)).n_iter_ == 3
    assert make_sampler(max_iter=3).fit(make_rows(10)).n_iter_ == 3


# -- what is restored, and when it ends


@pytest.mark.parametrize("average_halflife", [None, 30.0])
@pytest.mark.parametrize("best", [0, 2, N_EPOCHS - 1])
def test_the_best_generator_is_restored(best, average_halflife):
    scores = -np.ones(N_EPOCHS)
    scores[best] = 0.0
    states = States()
    sampler = make_sampler(
        scores, callbacks=[states], average_halflife=average_halflife
    ).fit(make_rows())
    assert sampler.n_iter_ == MAX_ITER and len(states.states) == N_EPOCHS
    assert equal(sampler.net_.sampling_generator_.state_dict(), states.states[best])
    assert not equal(states.states[best], states.states[best - 1])
    assert sampler.history_[:, "valid_score"] == scores.tolist()


@pytest.mark.parametrize("patience", [1])
def test_scores_without_improvement_end_training(patience):
    states = States()
    sampler = make_sampler(
        [1.0, *[0.5] * N_EPOCHS], n_iter_no_change=patience, callbacks=[states]
    ).fit(make_rows())
    assert len(sampler.history_) == 1 + patience
    assert sampler.n_iter_ == EPOCH * (1 + patience) < MAX_ITER
    assert equal(sampler.net_.sampling_generator_.state_dict(), states.states[0])


def test_improvements_keep_it_going():
    sampler = make_sampler(range(N_EPOCHS), n_iter_no_change=1).fit(make_rows())
    assert sampler.n_iter_ == MAX_ITER


def test_the_best_score_is_that_of_the_restored_sampler():
    sampler = make_sampler().fit(make_rows())
    scores = [epoch["valid_score"] for epoch in sampler.history_]
    assert len(set(scores)) == N_EPOCHS
    assert sampler.score(sampler.held_out) == max(scores)


def test_the_last_score_is_that_of_the_averaged_generator():
    """The same rows, drawn with the same seed, from the weights at that time."""
    sampler = make_sampler().fit(make_rows())
    free = make_sampler(early_stopping=False).fit(sampler.trained_on)
    assert free.score(sampler.held_out) == sampler.history_[-1]["valid_score"]


def test_watching_does_not_change_the_training():
    watched = make_sampler(n_iter_no_change=99).fit(make_rows())
    alone = make_sampler(early_stopping=False).fit(watched.trained_on)
    for name in ("generator_", "discriminator_"):
        states = (getattr(s.net_, name).state_dict() for s in (watched, alone))
        assert equal(*states)
    losses = [s.history_[:, "generator_loss"] for s in (watched, alone)]
    assert losses[0] == losses[1]


def test_a_fit_is_scored_about_twenty_times(monkeypatch):
    # Epochs of ten updates stand for those of a hundred.
    monkeypatch.setattr("skgan.samplers._training._MIN_UPDATES", 10)
    sampler = make_sampler(range(99), max_iter=210).fit(make_rows())
    assert 18 <= len(sampler.scored) <= 24
    assert "valid_score" in sampler.history_[-1]


def test_repeatable():
    first, again = (make_sampler().fit(make_rows()) for _ in range(2))
    assert first.history_[:, "valid_score"] == again.history_[:, "valid_score"]
    np.testing.assert_array_equal(first.sample(50), again.sample(50))


def test_global_streams_are_left_alone():
    before = torch.get_rng_state(), np.random.get_state()[1].copy()
    make_sampler(max_iter=60).fit(make_rows())
    assert torch.equal(torch.get_rng_state(), before[0])
    np.testing.assert_array_equal(np.random.get_state()[1], before[1])


# -- what is kept


class Breaks(Callback):
    def __init__(self, exception):
        self.exception = exception

    def on_batch_end(self, net, **kwargs):
        if len(net.history) == 2:
            raise self.exception


@pytest.mark.parametrize("exception", [None, KeyboardInterrupt, ZeroDivisionError])
def test_no_row_held_out_is_kept(exception):
    rows = make_rows()
    params = {} if exception is None else {"callbacks": [Breaks(exception)]}
    params["average_halflife"] = 10.0
    sampler = GANSampler(**{**make_sampler().get_params(), **params})
    if exception is None:
        sampler.fit(rows)
    else:
        with pytest.raises(exception):
            sampler.fit(rows)
    saved = pickle.dumps(sampler)
    for row in rows:
        assert row.tobytes() not in saved
    if exception is not ZeroDivisionError:
        twin = pickle.loads(saved)
        np.testing.assert_array_equal(twin.sample(9), sampler.sample(9))


def test_a_warm_start_takes_up_changed_settings():
    X = np.random.default_rng(0).normal(size=(200, 2))
    sampler = GANSampler(
        max_iter=4, hidden_dims=(8,), learning_rate=1e-3, warm_start=True
    ).fit(X)
    sampler.set_params(learning_rate=5e-4, loss="hinge", schedule="constant").fit(X)
    assert sampler.net_.loss == "hinge"
    assert sampler.net_.loss_.discriminator.__name__ == "hinge_discriminator"
    for name in ("generator", "discriminator"):
        (group,) = getattr(sampler.net_, f"optimizer_{name}_").param_groups
        assert group["lr"] == 5e-4
    assert sampler.n_iter_ == 8
