"""Watching a fit: the held-out score, and the steepness of the discriminator."""

from __future__ import annotations

from copy import deepcopy

import torch
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
