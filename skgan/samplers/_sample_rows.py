"""The rows of one call of ``sample``, of which any stretch can be drawn by itself."""

from __future__ import annotations

from inspect import signature
from typing import Any

import numpy as np
from sklearn.utils.validation import check_is_fitted

from skgan._messages import counted
from skgan._validation import check_integer
from skgan.samplers._base import BaseGANSampler
from skgan.samplers._prior_conditions import PriorConditions


class SampleRows:
    """What ``sampler.sample(n_samples, random_state=..., **asked)`` returns, not drawn.

    Parameters
    ----------
    sampler : estimator
        A fitted sampler.
    n_samples : int
        Rows in all.
    random_state : int, RandomState instance or None, default=None
        As in ``sample``.
    seed : int or None, default=None
        In place of `random_state`: what `seed` of another such object is.
    **asked : object
        ``given``, ``y`` or ``codes`` of ``sample``.

    Attributes
    ----------
    seed : int
        Together with a row's number and the sampler it fixes the row.

    Raises
    ------
    TypeError
        If the estimator is no sampler, or is not asked so.
    ValueError
        If a row of it depends on all rows before it.
    """

    def __init__(
        self,
        sampler: Any,
        n_samples: int,
        random_state: Any = None,
        *,
        seed: int | None = None,
        **asked: Any,
    ):
        if not isinstance(sampler, BaseGANSampler):
            raise TypeError(
                "sampler must be a GANSampler, a ConditionalGANSampler or an "
                f"InfoGANSampler, got {type(sampler).__name__}."
            )
        check_is_fitted(sampler, "net_")
        self.sampler = sampler
        self.n_samples = check_integer("n_samples", n_samples, 0)
        _check_independent(sampler)
        self._asked = self._read(asked)
        self._is_told = False
        self.seed = sampler._next_seed(random_state) if seed is None else seed

    def _read(self, asked: dict[str, Any]) -> Any:
        sampler = self.sampler
        asked = {name: value for name, value in asked.items() if value is not None}
        known = signature(sampler.sample).parameters
        for name in asked:
            if name not in known:
                others = [key for key in known if key not in ("n_samples", name)]
                raise TypeError(
                    f"{type(sampler).__name__} draws rows without {name}=; what it can "
                    f"be asked for: {', '.join(others)}."
                )
        read = sampler._read_asked(self.n_samples, **asked)
        values = getattr(read, "values", read)
        if isinstance(values, np.ndarray) and len(values) != self.n_samples:
            (name,) = asked
            raise ValueError(
                f"{name} has {counted(len(values), 'row')} for n_samples="
                f"{self.n_samples}; it needs one for each, or one for all."
            )
        return read

    def draw(self, start: int, stop: int) -> Any:
        """Return rows `start` to `stop`; the blocks before them are not drawn."""
        rows = self.sampler._draw_asked(self._asked, start, stop, self.seed)
        prior = self.sampler.prior_
        drawn_with = getattr(self._asked, "drawn_with", None)
        if prior is not None and isinstance(drawn_with, PriorConditions):
            if not self._is_told and drawn_with.sizes:
                drawn_with.tell_sizes(prior.n_particles)
                self._is_told = True
            # Of a billion rows they would fill the memory.
            drawn_with.sizes.clear()
        return rows

    def __getstate__(self) -> dict[str, Any]:
        """Return what a worker needs: one label for all rows travels as one."""
        state = dict(vars(self))
        values = getattr(self._asked, "values", self._asked)
        if isinstance(values, np.ndarray) and len(values) and not values.strides[0]:
            state["_asked"] = _Repeated(type(self._asked), values[:1].copy())
        return state

    def __setstate__(self, state: dict[str, Any]) -> None:
        """Take what a worker was sent."""
        vars(self).update(state)
        if isinstance(self._asked, _Repeated):
            self._asked = self._asked.expand(self.n_samples)


class _Repeated:
    """Values that are the same for all rows."""

    def __init__(self, kind: type, values: np.ndarray):
        self.kind = kind
        self.values = values

    def expand(self, n: int) -> Any:
        values = np.broadcast_to(self.values, (n, self.values.shape[1]))
        return values if self.kind is np.ndarray else self.kind(values)


def _check_independent(sampler: BaseGANSampler) -> None:
    """Raise where a row depends on those before it."""
    repairs = getattr(sampler.encoder_.output_builder_, "repairs", ())
    tied = [repair.title for repair in repairs if repair.needs_all_rows]
    if tied:
        raise ValueError(
            f"The constraint {tied[0]} compares each row with all rows before it, so "
            "that no file can be drawn by itself. Draw with sample(), or fit without "
            "it; columns in identifiers= stay unique in any case."
        )
