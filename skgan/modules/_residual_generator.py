"""A generator that moves the rows of a prior, and starts by leaving them alone."""

from __future__ import annotations

from collections.abc import Sequence
from math import prod

import torch
from torch import Tensor, nn

from skgan.modules._affine_maps import identities, optimal_map
from skgan.modules._mlp import apply_head, concatenate, shape_rows
from skgan.modules._residual_latent import kaiming_layers
from skgan.modules._table_networks import OneHotBlocks


class ResidualGenerator(nn.Module):
    """Rows of a prior, displaced by a perceptron: ``G(x, e) = x + h(x, e)``.

    Of a latent the first part is a row x of the prior, encoded as the rows to be
    generated are; the rest is noise e. The displacement h of the numbers starts at
    zero, so that the generator starts as the prior, to the bit. Levels stay as they
    were drawn, unless `level_margin` is given: then the largest logit of
    ``level_margin * x + h(x, e)`` in its block decides, and in training the gradient
    is that of the softmax (the straight-through estimator [1]_). In evaluation mode
    an affine map, the identity until `calibrate` sets it, gives the numbers the
    moments that they should have; training does not see it.

    Parameters
    ----------
    latent_dim : int
        Size of a row of the prior.
    output_shape : tuple of int
        Shape of one row: its width.
    condition_dim : int, default=0
        Width of the condition, concatenated to z; 0 when unconditional.
    hidden_dims : sequence of int, default=(128, 128)
        Widths of the hidden layers.
    n_numbers : int or None, default=None
        How many of a row's entries, its first, are numbers; None: all that is not
        in a block.
    block_widths : sequence of int, default=()
        Levels of the one-hot blocks that follow.
    largest_move : float or None, default=None
        Bound of h on every number; None sets none.
    level_margin : float or None, default=None
        How far logits must change before a level does; None leaves levels alone.
    fixed : sequence of sequences of (low, high), default=()
        For each number, intervals without overlap, in rising order, in which an
        entry is not moved: such as those of a value that repeats. Empty: none.
    noise_dim : int, default=8
        Normal entries behind the prior's row.
    activation : str, default="leaky_relu"
        A key of ``skgan.modules._mlp.ACTIVATIONS``.
    **ignored
        Keywords meant for other networks.

    Attributes
    ----------
    mixing : Tensor of shape (n_numbers, n_numbers), or (n_numbers,) of more than 1000
        Matrix of the affine map, or its diagonal.
    shift : Tensor of shape (n_numbers,)
        Its constant.

    Raises
    ------
    ValueError
        If the latent is smaller than a row, the widths do not add up, or the
        intervals are not those of every number.

    See Also
    --------
    TableGenerator : Starts from independent columns.

    References
    ----------
    .. [1] Bengio, Léonard, Courville, "Estimating or Propagating Gradients Through
       Stochastic Neurons for Conditional Computation", arXiv:1308.3432, 2013.
    .. [2] Peyré and Cuturi, "Computational Optimal Transport", 2019, remark 2.31.

    Examples
    --------
    >>> import torch
    >>> from skgan.modules import ResidualGenerator
    >>> generator = ResidualGenerator(
    ...     latent_dim=4, output_shape=(4,), n_numbers=2, block_widths=(2,), noise_dim=2
    ... )
    >>> z = torch.tensor([[0.5, -1.0, 0.0, 1.0, 0.3, -0.2]])
    >>> generator(z).tolist()
    [[0.5, -1.0, 0.0, 1.0]]
    """

    mixing: Tensor
    shift: Tensor
    edges: Tensor

    def __init__(
        self,
        latent_dim: int,
        output_shape: Sequence[int],
        condition_dim: int = 0,
        hidden_dims: Sequence[int] = (128, 128),
        n_numbers: int | None = None,
        block_widths: Sequence[int] = (),
        largest_move: float | None = None,
        level_margin: float | None = None,
        fixed: Sequence[Sequence[tuple[float, float]]] = (),
        noise_dim: int = 8,
        activation: str = "leaky_relu",
        **ignored,
    ):
        super().__init__()
        self.output_shape = tuple(output_shape)
        self.width = prod(self.output_shape)
        n_levels = sum(block_widths)
        self.n_numbers = self.width - n_levels if n_numbers is None else n_numbers
        if self.n_numbers + n_levels != self.width:
            raise ValueError(
                f"{self.n_numbers} numbers and blocks of {n_levels} levels make no "
                f"row of {self.width} entries."
            )
        if latent_dim < self.width:
            raise ValueError(
                f"latent_dim={latent_dim} is smaller than a row of {self.width} "
                "entries, which the generator starts from; raise latent_dim."
            )
        self.noise_dim = noise_dim
        self.largest_move = largest_move
        self.level_margin = level_margin
        self.blocks = OneHotBlocks(block_widths)
        self.register_buffer("edges", _interval_edges(fixed, self.n_numbers))
        self.register_buffer("mixing", identities(1, self.n_numbers)[0])
        self.register_buffer("shift", torch.zeros(self.n_numbers))
        n_moved = self.n_numbers if level_margin is None else self.width
        dims = [latent_dim + noise_dim + condition_dim, *hidden_dims]
        self.layers = kaiming_layers(dims, activation)
        self.head = nn.Linear(dims[-1], n_moved)
        nn.init.zeros_(self.head.weight)
        nn.init.zeros_(self.head.bias)

    def forward(self, z: Tensor, condition: Tensor | None = None) -> Tensor:
        """Turn latents, prior rows and noise, into rows of `output_shape`."""
        return self.with_expectation(z, condition)[0]

    def with_expectation(
        self, z: Tensor, condition: Tensor | None = None
    ) -> tuple[Tensor, Tensor]:
        """Return rows, and the same rows with probabilities where levels can move."""
        prior_numbers, prior_levels = z[:, : self.width].tensor_split(
            [self.n_numbers], dim=1
        )
        outputs = apply_head(self.head, self.layers(concatenate(z, condition)))
        moves, logits = outputs.tensor_split([self.n_numbers], dim=1)
        numbers = self._moved(prior_numbers, moves)
        if self.level_margin is None or not self.blocks.n_blocks:
            rows = self._assemble(numbers, prior_levels)
            return rows, rows
        logits = self.level_margin * prior_levels + logits
        probabilities = self.blocks.probabilities(logits)
        levels = self._largest(logits)
        if self.training:
            levels = levels + (probabilities - probabilities.detach())
        return (
            self._assemble(numbers, levels),
            self._assemble(numbers, probabilities),
        )

    def _moved(self, numbers: Tensor, moves: Tensor) -> Tensor:
        if self.largest_move is not None:
            moves = self.largest_move * torch.tanh(moves / self.largest_move)
        moved = numbers + moves
        if not self.training:
            # In half precision the identity would round.
            with torch.autocast(moved.device.type, enabled=False):
                moved = self._mix(moved) + self.shift
        return torch.where(self.is_fixed(numbers), numbers, moved)

    @property
    def has_variances(self) -> bool:
        """Whether `calibrate` takes variances in place of a covariance."""
        return self.mixing.ndim == 1

    def _mix(self, rows: Tensor) -> Tensor:
        return rows * self.mixing if self.has_variances else rows @ self.mixing

    def is_fixed(self, numbers: Tensor) -> Tensor:
        """Say which of a prior's `numbers` lie in an interval that is left alone."""
        # Edges alternate between low and high: an odd place is inside.
        columns = numbers.detach().T.contiguous()
        place = torch.searchsorted(self.edges, columns, right=True)
        return (place % 2 == 1).T

    @torch.no_grad()
    def _largest(self, logits: Tensor) -> Tensor:
        """One-hot rows: in each block the first of the largest logits."""
        block_of = self.blocks.block_of.expand(len(logits), -1)
        shape = (len(logits), self.blocks.n_blocks)
        top = logits.new_full(shape, -torch.inf)
        top = top.scatter_reduce(1, block_of, logits, "amax")
        n_levels = logits.shape[1]
        places = torch.arange(n_levels, device=logits.device).expand(len(logits), -1)
        places = torch.where(logits == top.gather(1, block_of), places, n_levels)
        first = places.new_full(shape, n_levels)
        first = first.scatter_reduce(1, block_of, places, "amin")
        return torch.zeros_like(logits).scatter_(1, first, 1.0)

    def _assemble(self, numbers: Tensor, blocks: Tensor) -> Tensor:
        return shape_rows(torch.cat([numbers, blocks], dim=1), self.output_shape)

    @torch.no_grad()
    def calibrate(self, z: Tensor, mean: Tensor, covariance: Tensor) -> None:
        """Give the numbers of the rows of latents `z` these moments.

        By the optimal transport between two normal distributions (reference 2 of the
        class). An entry in an interval that is left alone stays, and the moments with
        it.

        Parameters
        ----------
        z : Tensor of shape (n, latent_dim + noise_dim)
            Latents, many more than a row has numbers.
        mean : Tensor of shape (d,)
            Of rows of d entries; only numbers count.
        covariance : Tensor of shape (d, d), or (d,) of more than 1000 numbers
            Of the same; variances of many.
        """
        n = self.n_numbers
        was_training = self.training
        numbers = self.train()(z).flatten(1)[:, :n].double()
        self.train(was_training)
        if not n or not numbers.isfinite().all():
            return
        if self.has_variances:
            now, wanted = numbers.var(0, correction=0), covariance[:n]
        else:
            now = torch.atleast_2d(torch.cov(numbers.T, correction=0))
            wanted = covariance[:n, :n]
        mixing, centre = optimal_map(now, wanted.double()), numbers.mean(0)
        moved = centre * mixing if self.has_variances else centre @ mixing
        self.mixing.copy_(mixing)
        self.shift.copy_(mean[:n].double() - moved)


def _interval_edges(
    fixed: Sequence[Sequence[tuple[float, float]]], n_numbers: int
) -> Tensor:
    """Edges of each number's intervals, low and high in turn, padded with infinity."""
    if len(fixed) not in (0, n_numbers):
        raise ValueError(
            f"fixed has intervals of {len(fixed)} numbers; a row has {n_numbers}."
        )
    most = max((len(intervals) for intervals in fixed), default=0)
    edges = torch.full((n_numbers, 2 * most), torch.inf)
    for row, intervals in zip(edges, fixed, strict=False):
        flat = torch.tensor([edge for pair in intervals for edge in pair])
        if (flat.diff() < 0).any():
            raise ValueError("fixed: intervals must rise and must not overlap.")
        row[: len(flat)] = flat
    return edges
