"""CodeWatch: categories that were not found, or confused, are mended on the way."""

from __future__ import annotations

import logging
from math import isfinite
from typing import Any

import numpy as np
import torch
from skorch.callbacks import Callback

from skgan.callbacks import Annealing, Progress, find_divergence
from skgan.nets import is_first_process, read_hidden
from skgan.samplers._regrouping import N_COPIES, Reading, regroup

# A start is judged when this share of its schedule is done.
_JUDGED_AT = 1 / 3
# Mutual information of a row's category and that of its moved copy, as a share of its
# maximum: starts that have found categories have more, of images and of vectors, which
# are swapped for neighbors.
_ENOUGH_OF_IMAGES, _ENOUGH_OF_VECTORS = 0.3, 0.2
_MAX_RESTARTS = 2
# Losses beyond it count as diverged.
_LIMIT = 1e6
_MAX_ROWS = 1000
# Kinds of rows are looked for among more, from then on until this share is done.
_MAX_GROUPED_ROWS = 2000
_GROUPED_UNTIL = 2 / 3
_BLOCK = 1000
# Fewer updates are too few to be divided.
MIN_UPDATES = 600
_LOG = logging.getLogger("skgan")


class CodeWatch(Callback):
    """Judge a start by what its categories tell, and try others where it is little.

    A start is judged once, on rows that are trained on, without labels. The best one
    goes on, so that what was tried costs updates and never a better start. Where one of
    its categories then holds two kinds of rows and two hold one kind, they exchange.

    Parameters
    ----------
    rows : Tensor of shape (n, ...)
        Encoded training rows; up to 2000 of them are looked at.
    coordinates : Tensor of shape (n, d) or None
        Where they lie, as training gets it.
    progress : Progress
        Of the whole fit.
    seed : int
        Fixes the rows and the weights of other starts.
    verbose : int
        Whether restarts are printed.

    Attributes
    ----------
    found_ : list of float
        What was found of each start that was given up.
    n_regroupings_ : int
        How often categories exchanged kinds of rows.
    """

    def __init__(self, rows, coordinates, progress: Progress, seed: int, verbose: int):
        chosen = np.random.default_rng([seed, 11]).permutation(len(rows))
        places = torch.as_tensor(chosen[:_MAX_GROUPED_ROWS])
        self.rows = rows[places]
        self.coordinates = None if coordinates is None else coordinates[places]
        self.progress, self.seed, self.verbose = progress, seed, verbose
        are_vectors = coordinates is not None
        self.enough = _ENOUGH_OF_VECTORS if are_vectors else _ENOUGH_OF_IMAGES
        self.found_: list[float] = []
        self.kept_: dict[str, Any] = {}
        self.is_settled_ = False
        self.n_regroupings_ = 0

    @property
    def n_restarts_(self) -> int:
        """How often it started anew."""
        return len(self.found_)

    def get_training_state(self):
        """Return what was judged so far, and the best start that does not train."""
        return {
            "progress": self.progress.get_state(),
            "found": self.found_,
            "kept": self.kept_,
            "is_settled": self.is_settled_,
            "n_regroupings": self.n_regroupings_,
        }

    def set_training_state(self, net, state):
        """Go on from there."""
        self.progress.set_state(state["progress"])
        self.found_ = state["found"]
        self.kept_, self.is_settled_ = state["kept"], state["is_settled"]
        self.n_regroupings_ = state["n_regroupings"]

    def on_epoch_end(self, net, **kwargs):
        """Judge the start when it is time, and mend categories of the one chosen."""
        self.progress.n_updates += len(net.history[-1, "batches"])
        share = net.agree(self.progress.share)
        if share >= 1:
            return
        if not self.is_settled_:
            self._judge_start(net, share)
        if self.is_settled_ and share <= _GROUPED_UNTIL:
            self._regroup(net)

    def _judge_start(self, net, share: float) -> None:
        """Go on with the start, another or the best, or leave that for later."""
        is_last = len(self.found_) >= _MAX_RESTARTS
        cause = None
        if not is_last:
            cause = net.on_first_process(lambda: find_divergence(net, _LIMIT))
        if cause is not None:
            self._slow_down(net)
            self._start_anew(net, 0.0, f"{cause}: starting anew, half as fast")
        elif share >= _JUDGED_AT:
            found = net.on_first_process(lambda: self._judge(net))
            self._choose(net, found, is_last)

    def _choose(self, net, found: float, is_last: bool) -> None:
        """Go on with a start, with another, or with the best one."""
        best = max(self.found_, default=-1.0)
        if found >= self.enough or (is_last and found >= best):
            self.is_settled_, self.kept_ = True, {}
        elif is_last:
            net.go_back(self.kept_)
            net.history.record("started_anew", True)
            self._reschedule(net, _JUDGED_AT)
            self.is_settled_, self.kept_ = True, {}
            self._tell(f"categories tell {found:.0%}: back to the best, {best:.0%}")
        else:
            if found > best:
                self.kept_ = net.keep_start()
            self._start_anew(
                net,
                found,
                f"categories tell {found:.0%} of what they could, and "
                f"{self.enough:.0%} is wanted: starting anew",
            )

    def on_train_end(self, net, **kwargs):
        """Let go of the rows, which a pickle should not carry."""
        self.rows = self.coordinates = None
        self.kept_ = {}

    def _judge(self, net) -> float:
        net.eval()
        rows, near = self.rows[:_MAX_ROWS], self.coordinates
        near = None if near is None else near[:_MAX_ROWS]
        found = net.category_information(rows, near, self.seed)
        return found if isfinite(found) else 0.0

    def _regroup(self, net) -> None:
        """Let categories exchange kinds of rows where they tell more afterwards."""
        net.eval()
        seed = self.seed + self.progress.n_updates
        found = net.on_first_process(
            lambda: regroup(self._read(net, seed), net.code_head_, seed)
        )
        if found is None:
            return
        weights, message = found
        net.code_head_.load_state_dict(weights)
        net.history.record("regrouped", True)
        self.n_regroupings_ += 1
        self._tell(message)

    @torch.no_grad()
    def _read(self, net, seed: int) -> Reading:
        parts = net.rows_and_moved(self.rows, self.coordinates, seed, N_COPIES)
        reading = Reading([], [], [])
        for part in parts:
            hidden = [read_hidden(net.discriminator_, b) for b in part.split(_BLOCK)]
            features = torch.cat(hidden)
            for found, read in zip(
                reading, (features, *net.code_head_(features)), strict=True
            ):
                found.append(read)
        return reading

    def _start_anew(self, net, found: float, why: str) -> None:
        self.found_ = [*self.found_, found]
        entropy = np.random.SeedSequence([self.seed, 12, self.n_restarts_])
        net.start_anew(int(entropy.generate_state(1)[0] >> 1))
        net.history.record("started_anew", True)
        self._reschedule(net, 0.0)
        self._tell(why)

    @staticmethod
    def _slow_down(net) -> None:
        for optimizer in net.optimizers_.values():
            for group in optimizer.param_groups:
                group["lr"] = group["lr"] / 2
                if "initial_lr" in group:
                    group["initial_lr"] = group["initial_lr"] / 2

    def _reschedule(self, net, share: float) -> None:
        """Take the schedule from a share on, for what is left of the fit."""
        self.progress.go_back(share)
        for _, callback in net.callbacks_:
            if isinstance(callback, Annealing):
                callback.progress_.go_back(share)

    def _tell(self, what: str) -> None:
        n_updates = self.progress.n_updates
        message = f"InfoGAN, start {self.n_restarts_}, update {n_updates}: {what}."
        _LOG.info(message)
        if self.verbose and is_first_process():
            print(message)
