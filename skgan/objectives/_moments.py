"""Matching what the discriminator sees last: shares of levels and of pairs of them."""

from __future__ import annotations

from collections.abc import Sequence

import torch
from torch import Tensor

from skgan._estimator import persistent

# Cells rarer than this count no more than this one.
_RAREST_CELL = 1e-3
_ROWS_AT_ONCE = 4096
_OUTERMOST_BIN = 2.0
# Alone, a number is looked at more finely than in pairs.
_FINE_BINS = (-3.0, 3.0, 31)


@persistent(
    "n_numbers",
    "centres",
    "fine_centres",
    "paired",
    "shares",
    "pairs",
    "share_weights",
    "pair_weights",
)
class MomentMatching:
    """Squared distance between the contingency tables of generated and of real rows.

    Each number is spread softly over bins of normal scores, so that it too has
    levels. Over all pairs of columns, and over the columns alone, the shares p of
    the generated rows are compared with the shares q of the training rows::

        weight * sum((p - q) ^ 2 / (q + 0.001))

    The expectation of this in a batch exceeds its value; the product of the
    differences of two halves of the batch does not (as in the unbiased estimate of
    the squared maximum mean discrepancy, of which this is one with a quadratic
    kernel). A generator that says how likely levels are, instead of drawing one,
    has exact gradients.

    Parameters
    ----------
    rows : Tensor of shape (n, n_numbers + sum(block_widths))
        Encoded training rows: numbers, roughly standard normal, then one-hot blocks.
    block_widths : sequence of int
        Levels of the blocks.
    weight : float, default=0.3
        Factor of the result.
    n_bins : int, default=9
        Bins of a number.
    max_features : int, default=1024
        Levels and bins that enter pairs, columns of few first; the others are
        matched alone.
    left_out : float, default=0.0
        Share of a batch, its last rows, that is not looked at: rows drawn under
        other conditions than those of samples, whose errors could make up for
        theirs.

    References
    ----------
    .. [1] Gretton et al., "A Kernel Two-Sample Test", JMLR 13, 2012, eq. 3.
    .. [2] Salimans et al., "Improved Techniques for Training GANs", NeurIPS 2016,
       section 3.1: feature matching.

    Examples
    --------
    >>> import torch
    >>> from skgan.objectives import MomentMatching
    >>> rows = torch.eye(2).repeat(50, 1)
    >>> matching = MomentMatching(rows, block_widths=(2,), weight=1.0)
    >>> float(matching(torch.full((8, 2), 0.5))), float(matching(rows[:1].repeat(8, 1)))
    (0.0, 0.998...)
    """

    def __init__(
        self,
        rows: Tensor,
        block_widths: Sequence[int],
        weight: float = 0.3,
        n_bins: int = 9,
        max_features: int = 1024,
        left_out: float = 0.0,
    ):
        self.weight = weight
        self.left_out = left_out
        self.n_numbers = rows.shape[1] - sum(block_widths)
        self.centres = torch.linspace(-_OUTERMOST_BIN, _OUTERMOST_BIN, n_bins)
        self.fine_centres = torch.linspace(*_FINE_BINS)
        widths = torch.tensor([n_bins] * self.n_numbers + list(block_widths))
        column_of = torch.repeat_interleave(torch.arange(len(widths)), widths)
        order = torch.argsort(widths, stable=True)
        is_paired = torch.zeros(len(widths), dtype=torch.bool)
        is_paired[order] = widths[order].cumsum(0) <= max_features
        self.paired = is_paired[column_of].nonzero()[:, 0]
        self._learn(rows, column_of[self.paired])

    def _learn(self, rows: Tensor, column_of: Tensor) -> None:
        n_paired = len(self.paired)
        pairs = rows.new_zeros(n_paired, n_paired)
        shares = torch.zeros(())
        for block in rows.split(_ROWS_AT_ONCE):
            features = self.features(block)
            shares = shares + self.alone(block, features).sum(0)
            chosen = features[:, self.paired]
            pairs += chosen.T @ chosen
        self.shares, self.pairs = shares / len(rows), pairs / len(rows)
        self.share_weights = self.weight / (self.shares + _RAREST_CELL)
        # Both halves of a symmetric table are summed; a column is no pair with itself.
        is_pair = column_of[:, None] != column_of
        self.pair_weights = is_pair * (self.weight / 2) / (self.pairs + _RAREST_CELL)

    def features(self, rows: Tensor) -> Tensor:
        """Return coarse bins and levels of `rows`, which enter pairs."""
        return torch.cat([self._bins(rows, self.centres), self._levels(rows)], dim=1)

    def alone(self, rows: Tensor, features: Tensor) -> Tensor:
        """Return fine bins and all `features` of `rows`, which are matched alone."""
        return torch.cat([self._bins(rows, self.fine_centres), features], dim=1)

    def _levels(self, rows: Tensor) -> Tensor:
        return rows[:, self.n_numbers :]

    def _bins(self, rows: Tensor, centres: Tensor) -> Tensor:
        distances = rows[:, : self.n_numbers, None] - centres
        distances = distances / (centres[1] - centres[0])
        return (-0.5 * distances.square()).softmax(dim=2).flatten(1)

    def __call__(self, expected: Tensor) -> Tensor:
        """Return the estimate for generated rows, a scalar that may be negative.

        Parameters
        ----------
        expected : Tensor of shape (n, width)
            Rows with probabilities in their blocks.

        Returns
        -------
        Tensor of shape ()
        """
        if self.shares.device != expected.device:
            self._move(expected.device)
        n_left_out = round(self.left_out * len(expected))
        halves = expected[: len(expected) - n_left_out].chunk(2)
        if len(halves) < 2:
            return expected.new_zeros(())
        alone, together = [], []
        for half in halves:
            features = self.features(half)
            alone.append(self.alone(half, features).mean(0) - self.shares)
            chosen = features[:, self.paired]
            together.append(chosen.T @ chosen / len(half) - self.pairs)
        return (self.share_weights * alone[0] * alone[1]).sum() + (
            self.pair_weights * together[0] * together[1]
        ).sum()

    def _move(self, device: torch.device) -> None:
        for name, value in vars(self).items():
            if isinstance(value, Tensor):
                setattr(self, name, value.to(device))
