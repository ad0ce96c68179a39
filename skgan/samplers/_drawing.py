"""How a sampler draws: any stretch of a sample, in blocks drawn by themselves."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from typing import Any

import numpy as np
import torch

from skgan._torch_globals import torch_defaults, training_threads
from skgan._validation import check_real
from skgan.encoding import BaseEncoder
from skgan.frames import drop_rows
from skgan.nets import AdversarialNet
from skgan.priors import BasePrior
from skgan.samplers._conditional_draws import draw_selected, read_conditions
from skgan.samplers._conditions import TableConditions

_WIDE_TABLE = 2048


class DrawingMixin:
    """Rows of a sampler, of the sampler that it is mixed into."""

    encoder_: BaseEncoder
    net_: AdversarialNet
    prior_: BasePrior | None
    _conditions: Any
    _draw_stage: Callable[..., Any]

    # `_read_asked` reads once what `sample` is asked for. `_draw_asked` draws its rows
    # `start` to `stop`, which are the same however many are drawn in all.
    def _read_asked(self, n_samples: int, given=None) -> Any:
        if given is None:
            return None
        return read_conditions(self.encoder_, given, n_samples, self.prior_ is not None)

    def _draw_asked(self, asked, start: int, stop: int, seed: int, truncation=None):
        draw = partial(self._draw, truncation=truncation)
        if asked is None:
            return draw(stop, seed, start=start)
        if asked.selects:
            return draw_selected(draw, self.encoder_, asked, start, stop, seed)
        return draw(stop, seed, asked.drawn_with, start)

    def _draw(self, stop: int, seed: int, given=None, start: int = 0, truncation=None):
        """Draw rows in blocks of one size, block i seeded by (seed, i).

        Blocks are always generated whole: the bits of a matrix product depend on
        its size. No block needs another, so the first one is that of row `start`.
        """
        with torch_defaults(), training_threads():
            if self.prior_ is not None:
                return self._draw_stage(start, stop, seed, given)
            return self._draw_blocks(start, stop, seed, given, truncation)

    def _draw_blocks(self, start: int, stop: int, seed: int, given, truncation):
        """Draw rows of a generator of normal latents."""
        net, encoder = self.net_, self.encoder_
        width = int(np.prod(encoder.tensor_shape_))
        size = 1024 if width <= 256 else 256
        # Of wide tables fewer, so that a few rows are not waited for.
        if isinstance(self._conditions, TableConditions) and width <= _WIDE_TABLE:
            size = 4096
        first = start - start % size
        buffer = encoder.output_builder_.make_buffer(stop - first, seed, first)
        for begin in range(first, stop, size):
            entropy = np.random.SeedSequence([seed, begin // size])
            stream = torch.Generator()
            stream.manual_seed(int(entropy.generate_state(1, np.uint64)[0]))
            latents = draw_latents(net, size, stream, truncation)
            block = None if given is None else given.rows(begin, begin + size)
            condition = self._draw_condition(
                size, np.random.default_rng(entropy), block
            )
            with torch.inference_mode():
                drawn = net.call_in_parts(net.sampling_generator_, latents, condition)
            rows = drawn.flatten(1).cpu().numpy()
            encoder.write_decoded(buffer, begin - first, rows, stop - begin)
            if block is not None and hasattr(encoder, "write_given"):
                n_rows = min(size, stop - begin)
                encoder.write_given(buffer, begin - first, block, rows[:n_rows])
        return drop_rows(encoder.output_builder_.build(buffer), start - first)

    def _draw_condition(self, n: int, rng: np.random.Generator, given):
        """Draw what rows are conditioned on; None where nothing is."""
        if self._conditions is None:
            return None
        condition = self._conditions.draw_for(self.encoder_, n, rng, given)
        return condition.to(self.net_.device)


def read_truncation(truncation: Any, sampler) -> float | None:
    """Return the threshold of latents, if the generator starts from normal ones."""
    if truncation is None:
        return None
    threshold = check_real("truncation", truncation, 0, strict=True)
    if sampler.prior_ is not None:
        raise ValueError(
            f"truncation={truncation!r} bounds normal latents, and this generator "
            "starts from a prior of trees; fit with prior='normal', or leave "
            "truncation out."
        )
    if sampler.net_.latent_pool_ is not None:
        raise ValueError(
            f"truncation={truncation!r} bounds normal latents, and this generator "
            "draws from the pool that net_params={'latents': ...} gave; fit without "
            "it, or leave truncation out."
        )
    return threshold


def draw_latents(
    net, n: int, stream: torch.Generator, threshold: float | None
) -> torch.Tensor:
    """Draw latents of `n` rows, within the threshold if there is one."""
    latents = net.draw_latents(n, stream)
    if threshold is None:
        return latents
    return truncate(latents, net.latent_dim, threshold)


def truncate(latents: torch.Tensor, width: int, threshold: float) -> torch.Tensor:
    """Return latents whose first `width` values follow the truncated normal.

    It is the distribution of values drawn anew until they lie within the threshold
    (Brock et al., 2019, section 3.1), reached without drawing: a value keeps its rank,
    so a row of one seed changes smoothly with the threshold.
    """
    values = latents[:, :width].double()
    low, high = torch.special.ndtr(values.new_tensor([-threshold, threshold]))
    ranks = low + (high - low) * torch.special.ndtr(values)
    bounded = torch.special.ndtri(ranks).clamp(-threshold, threshold)
    return torch.cat([bounded.to(latents.dtype), latents[:, width:]], dim=1)
