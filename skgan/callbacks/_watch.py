"""Watching a fit: held-out score, steepness of the discriminator, divergence."""

from __future__ import annotations

import math
import warnings
from copy import deepcopy
from typing import Any

import torch
from sklearn.exceptions import ConvergenceWarning
from skorch.callbacks import Callback

from skgan.callbacks._processes import on_first_process
from skgan.callbacks._stopping import StopTraining


class HeldOutScore(Callback):
    """Score the generator at intervals, keep the best one and restore it.

    Parameters
    ----------
    scorer : callable
        ``scorer(net) -> float``, higher is better; it draws with a fixed seed, from
        ``net.sampling_generator_``.
    every : int, default=5
        Epochs between scores; the last epoch is scored too.
    patience : int or None, default=None
        Scores in a row without an improvement by more than `tol` after which
        training ends; None never ends it.
    tol : float, default=0.0
        Improvements up to this count as none.

    Attributes
    ----------
    best_score_ : float
        The best score.
    best_epoch_ : int
        The epoch, counted from 1, it was reached in.
    """

    best_state_: dict | None

    def __init__(self, scorer, every: int = 5, patience=None, tol: float = 0.0):
        self.scorer = scorer
        self.every = every
        self.patience = patience
        self.tol = tol

    def on_train_begin(self, net, **kwargs):
        """Forget earlier scores."""
        self._forget()
        self.n_epochs_ = 0

    def on_epoch_end(self, net, **kwargs):
        """Score, where it is time to."""
        self.n_epochs_ += 1
        if net.history[-1].get("started_anew"):
            # A generator that was given up is not to come back, nor to be beaten.
            self._forget()
        elif self.n_epochs_ % self.every == 0:
            self._score(net)
            if self.patience is not None and self.n_misses_ >= self.patience:
                raise StopTraining

    def on_train_end(self, net, **kwargs):
        """Restore the best generator."""
        if net.history and "valid_score" not in net.history[-1]:
            self._score(net)
        if self.best_state_ is not None:
            net.sampling_generator_.load_state_dict(self.best_state_)
        self.best_state_ = None

    def _forget(self):
        self.best_score_ = -float("inf")
        self.best_epoch_ = None
        self.best_state_ = None
        self.n_misses_ = 0

    def _score(self, net):
        score = on_first_process(net, lambda: self.scorer(net))
        net.history.record("valid_score", score)
        is_best = score > self.best_score_
        net.history.record("valid_score_best", is_best)
        self.n_misses_ = (
            0 if score > self.best_score_ + self.tol else self.n_misses_ + 1
        )
        if is_best:
            self.best_score_, self.best_epoch_ = score, len(net.history)
            self.best_state_ = deepcopy(net.sampling_generator_.state_dict())


class GradientNorms(Callback):
    """Record the median norm of the logit's gradient, on real and on fake rows.

    One extra pass at the end of each epoch, on its last batch. The norm on fake rows
    is what explodes first when training diverges. The history gets
    ``real_gradient_norm`` and ``fake_gradient_norm``.
    """

    def on_batch_end(self, net, batch=None, training=True, **kwargs):
        """Remember the last batch."""
        if training:
            self.batch_ = batch

    def on_train_begin(self, net, **kwargs):
        """Know that no batch was seen yet."""
        self.batch_ = None

    def on_train_end(self, net, **kwargs):
        """Forget the batch of an epoch that was broken off: it holds rows."""
        self.batch_ = None

    def on_epoch_end(self, net, **kwargs):
        """Measure both norms; an epoch without a batch has none."""
        if self.batch_ is None:
            return
        # A stream of its own: watching must not change what is watched.
        stream = torch.Generator().manual_seed(0)
        real, condition = net.rows_and_condition(self.batch_, stream)
        self.batch_ = None
        latents = net.draw_latents(len(real), stream)
        with torch.no_grad():
            fake = net.call(net.generator_, latents, condition)
        for name, rows in (("real", real), ("fake", fake)):
            norms = net.squared_gradient_norms(rows, condition).detach().sqrt()
            net.history.record(f"{name}_gradient_norm", norms.median().item())


class DivergenceWarning(ConvergenceWarning):
    """Training diverged and was put back to its last good state."""


class DivergenceGuard(Callback):
    """Stop at divergence and restore the last good state, with one warning.

    At the end of each epoch the losses, the weights and, where `GradientNorms`
    recorded them, the gradients of the discriminator on fake rows are looked at; so
    they are at the end of training, if its last epoch was broken off.

    Parameters
    ----------
    limit : float, default=1e6
        Losses and gradient norms beyond it count as diverged, as do NaN and
        infinity in them or in any weight.

    Attributes
    ----------
    diverged_ : bool
        Whether training was stopped.
    """

    def __init__(self, limit: float = 1e6):
        self.limit = limit

    def on_train_begin(self, net, **kwargs):
        """Keep the state that training starts from."""
        self.diverged_ = False
        self.n_good_ = 0
        self.n_epochs_ = len(net.history)
        self._keep(net)

    def on_epoch_end(self, net, **kwargs):
        """Keep a good state, or go back to the last one and stop."""
        self.n_epochs_ = len(net.history)
        # Losses of an epoch in which the net started anew are those of the net before.
        is_anew = net.history[-1].get("started_anew")
        cause = None
        if not is_anew:
            cause = on_first_process(net, lambda: self._cause(net))
        if cause is None:
            self.n_good_ += len(net.history[-1, "batches"])
            self._keep(net)
            return
        self._go_back(net, cause)
        raise StopTraining

    def get_training_state(self):
        """Return the updates that were good; at an epoch's end, the net is, too."""
        return {"n_good": self.n_good_, "n_epochs": self.n_epochs_}

    def set_training_state(self, net, state):
        """Keep the state that training goes on from."""
        self.n_good_, self.n_epochs_ = state["n_good"], state["n_epochs"]
        self._keep(net)

    def on_train_end(self, net, **kwargs):
        """Look at what a user or a callback broke off; let go of what was kept."""
        if len(net.history) > self.n_epochs_:
            cause = self._cause(net)
            if cause is not None:
                self._go_back(net, cause)
        self.kept_ = {}

    def _go_back(self, net, cause: str) -> None:
        self.diverged_ = True
        for name, part in _networks_and_optimizers(net).items():
            part.load_state_dict(self.kept_[name])
        warnings.warn(
            f"Training diverged: {cause}. The weights of update {self.n_good_} were "
            "restored. Try a lower learning_rate, a higher penalty_weight, or "
            "penalty='r1+r2'.",
            DivergenceWarning,
            stacklevel=2,
        )

    def _cause(self, net) -> str | None:
        return find_divergence(net, self.limit)

    def _keep(self, net):
        self.kept_ = {
            name: deepcopy(part.state_dict())
            for name, part in _networks_and_optimizers(net).items()
        }


def find_divergence(net, limit: float) -> str | None:
    """Say in words what of the last epoch has diverged; None if nothing has."""
    epoch = net.history[-1]
    for name in ("generator_loss", "discriminator_loss", "fake_gradient_norm"):
        values = [batch[name] for batch in epoch["batches"] if name in batch]
        values += [epoch[name]] if name in epoch else []
        worst = next((v for v in values if not abs(v) <= limit), None)
        if worst is not None:
            return f"the {name.replace('_', ' ')} reached {worst:.3g}"
    weights = [p for module in net.modules_.values() for p in module.parameters()]
    total = torch.stack(torch._foreach_norm(weights)).sum().item()
    return None if math.isfinite(total) else "a weight is no longer finite"


def _networks_and_optimizers(net) -> dict[str, Any]:
    """Return the networks and the optimizers, by name."""
    return {**net.modules_, **net.optimizers_}
