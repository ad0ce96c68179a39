"""The pair for encoded tables: numbers beside one-hot blocks."""

from __future__ import annotations

from collections.abc import Sequence
from math import prod

import torch
from torch import Tensor, nn

from skgan.modules._mlp import apply_head, concatenate, shape_rows
from skgan.modules._residual_latent import KaimingMLPDiscriminator, kaiming_layers

# Further apart than this, the rarer of two levels is never drawn anyway.
_LARGEST_LOGIT = 60.0
# Of more blocks a product of all would cost their square.
_BLOCKS_A_PRODUCT = 64


class ConditionMask(nn.Module):
    """Turns partial rows into conditions, and puts what was given back into rows.

    A *unit* is what can be given or not: the entries of an encoded row that one
    column takes up. A condition holds the entries of all units, zero where they are
    not given, and then one indicator a unit.

    Parameters
    ----------
    units : sequence of sequences of int
        Positions in an encoded row, a unit at a time.
    width : int
        Entries of an encoded row.

    Attributes
    ----------
    n_units : int
        Number of units.
    condition_dim : int
        Width of a condition.

    Examples
    --------
    >>> import torch
    >>> from skgan.modules import ConditionMask
    >>> given = ConditionMask([(0,), (2, 3)], width=4)
    >>> rows = torch.tensor([[5.0, 6.0, 0.0, 1.0]])
    >>> condition = given.condition(rows, torch.tensor([[False, True]]))
    >>> condition.tolist()
    [[0.0, 0.0, 1.0, 0.0, 1.0]]
    >>> given.write(torch.zeros(1, 4), condition).tolist()
    [[0.0, 0.0, 0.0, 1.0]]
    """

    positions: Tensor
    unit_of: Tensor
    sources: Tensor

    def __init__(self, units: Sequence[Sequence[int]], width: int):
        super().__init__()
        self.n_units = len(units)
        sizes = torch.tensor([len(unit) for unit in units], dtype=torch.long)
        unit_of = torch.repeat_interleave(torch.arange(self.n_units), sizes)
        positions = torch.tensor([p for unit in units for p in unit], dtype=torch.long)
        self.n_entries = len(positions)
        self.condition_dim = self.n_entries + self.n_units
        # Where in a condition, made longer by a zero, each entry of a row and its
        # indicator are found; gathering is faster than writing to places.
        sources = torch.full((2, width), self.condition_dim)
        sources[0, positions] = torch.arange(self.n_entries)
        sources[1, positions] = self.n_entries + unit_of
        self.register_buffer("positions", positions, persistent=False)
        self.register_buffer("unit_of", unit_of, persistent=False)
        self.register_buffer("sources", sources, persistent=False)

    def condition(self, rows: Tensor, is_given: Tensor) -> Tensor:
        """Return conditions that give the units of `rows` where `is_given`.

        Parameters
        ----------
        rows : Tensor of shape (n, width)
            Encoded rows.
        is_given : Tensor of shape (n, n_units)
            Which units are given.

        Returns
        -------
        Tensor of shape (n, condition_dim)
        """
        is_given = is_given.to(rows.dtype)
        return torch.cat(
            [rows[:, self.positions] * is_given[:, self.unit_of], is_given], dim=1
        )

    def write(self, rows: Tensor, condition: Tensor) -> Tensor:
        """Return `rows` with the given entries of `condition` in their places."""
        padded = nn.functional.pad(condition, (0, 1))
        values = padded.index_select(1, self.sources[0])
        is_given = padded.index_select(1, self.sources[1])
        return torch.where(is_given > 0, values, rows)


class OneHotBlocks(nn.Module):
    """Draws one level a block from logits, all blocks at once.

    Parameters
    ----------
    widths : sequence of int
        Levels of each block.
    """

    ends: Tensor
    block_of: Tensor

    def __init__(self, widths: Sequence[int]):
        super().__init__()
        self.n_blocks = len(widths)
        sizes = torch.tensor(list(widths), dtype=torch.long)
        blocks = torch.arange(self.n_blocks)
        self.register_buffer("ends", sizes.cumsum(0) - 1, persistent=False)
        self.register_buffer(
            "block_of", torch.repeat_interleave(blocks, sizes), persistent=False
        )
        # Sums over some blocks at a time are products with these.
        parts = sizes.split(_BLOCKS_A_PRODUCT) if self.n_blocks else (sizes,)
        self._widths = [int(part.sum()) for part in parts]
        for place, part in enumerate(parts):
            members = torch.repeat_interleave(torch.eye(len(part)), part, dim=0)
            self.register_buffer(f"members_{place}", members, persistent=False)
            self.register_buffer(f"shares_{place}", members / part, persistent=False)

    def probabilities(self, logits: Tensor) -> Tensor:
        """Return the softmax of `logits`, of shape (n, sum(widths)), in each block."""
        if len(self._widths) == 1:
            return self._softmax(logits, 0)
        parts = logits.split(self._widths, dim=1)
        soft = [self._softmax(part, place) for place, part in enumerate(parts)]
        return torch.cat(soft, dim=1)

    def _softmax(self, logits: Tensor, place: int) -> Tensor:
        members = getattr(self, f"members_{place}")
        shares = getattr(self, f"shares_{place}")
        # Sums over blocks are matrix products: no loop, and no padding.
        centred = logits - (logits @ shares) @ members.T
        weights = centred.clamp(-_LARGEST_LOGIT, _LARGEST_LOGIT).exp()
        return weights / ((weights @ members) @ members.T)

    def draw(self, probabilities: Tensor, uniforms: Tensor) -> Tensor:
        """Return one-hot rows: in block k, the level at quantile ``uniforms[:, k]``."""
        top = probabilities.cumsum(dim=1)
        # Block k ends at k + 1 but for rounding, which must not lose a level.
        marks = torch.arange(1, self.n_blocks + 1, device=top.device, dtype=top.dtype)
        top[:, self.ends] = marks
        bottom = torch.cat([top.new_zeros(len(top), 1), top[:, :-1]], dim=1)
        level = uniforms.clamp(max=1 - 1e-6) + (marks - 1)
        level = level[:, self.block_of]
        return ((bottom <= level) & (level < top)).to(probabilities.dtype)


class TableDiscriminator(KaimingMLPDiscriminator):
    """A critic of rows in which what is given has been written already.

    Of a condition it reads the indicators only: the values stand in the row.

    Parameters
    ----------
    input_shape : tuple of int
        Shape of one row: its width.
    condition_dim : int, default=0
        Width of the condition.
    hidden_dims : sequence of int, default=(256, 256, 256)
        Widths of the hidden layers.
    n_units : int or None, default=None
        Indicators at the end of the condition; None reads all of it.
    activation : str, default="leaky_relu"
        A key of ``skgan.modules._mlp.ACTIVATIONS``.
    **ignored
        Keywords meant for other networks.

    Examples
    --------
    >>> import torch
    >>> from skgan.modules import TableDiscriminator
    >>> critic = TableDiscriminator((4,), condition_dim=5, n_units=2)
    >>> critic(torch.zeros(3, 4), torch.zeros(3, 5)).shape
    torch.Size([3, 1])
    """

    def __init__(
        self,
        input_shape: Sequence[int],
        condition_dim: int = 0,
        hidden_dims: Sequence[int] = (256, 256, 256),
        n_units: int | None = None,
        activation: str = "leaky_relu",
        **ignored,
    ):
        n_read = condition_dim if n_units is None else min(n_units, condition_dim)
        super().__init__(input_shape, n_read, hidden_dims, activation)
        self.n_unread = condition_dim - n_read

    def features(self, x: Tensor, condition: Tensor | None = None) -> Tensor:
        """Return the last hidden layer, of shape (n, hidden_dims[-1])."""
        if condition is not None:
            condition = condition[:, self.n_unread :]
        return super().features(x, condition)


class TableGenerator(nn.Module):
    """A generator of numbers beside one-hot blocks, on which entries can be given.

    Numbers are latents displaced by a perceptron, as in `ResidualLatentGenerator`; in
    each block the same perceptron's logits say how likely a level is. Both start
    from what is right without any dependence: the identity and the shares of the
    levels. One level a block is drawn; in training its gradient is that of its
    probability (the straight-through estimator).

    Parameters
    ----------
    latent_dim : int
        Dimension of the latent z, at least the number of numbers.
    output_shape : tuple of int
        Shape of one row: its width.
    condition_dim : int, default=0
        Width of the condition, concatenated to z: that of `units`, or 0.
    hidden_dims : sequence of int, default=(256, 256, 256)
        Widths of the hidden layers.
    n_numbers : int or None, default=None
        How many of a row's entries, its first, are numbers; None: all that is not
        in a block.
    block_widths : sequence of int, default=()
        Levels of the one-hot blocks that follow.
    shares : sequence of float or None, default=None
        Shares of the levels, one behind the other, that the blocks start from; None
        starts from equal ones.
    units : sequence of sequences of int, default=()
        Entries that can be given, as in `ConditionMask`.
    activation : str, default="leaky_relu"
        A key of ``skgan.modules._mlp.ACTIVATIONS``.
    **ignored
        Keywords meant for other networks.

    Raises
    ------
    ValueError
        If the latent is smaller than the numbers, or the widths do not add up.

    References
    ----------
    .. [1] Bengio, Léonard, Courville, "Estimating or Propagating Gradients Through
       Stochastic Neurons for Conditional Computation", arXiv:1308.3432, 2013.

    Examples
    --------
    >>> import torch
    >>> from skgan.modules import TableGenerator
    >>> generator = TableGenerator(2, (4,), n_numbers=1, block_widths=(3,)).eval()
    >>> z = torch.tensor([[0.5, -1.0, -2.0], [0.25, 1.0, 2.0]])
    >>> generator(z).tolist()
    [[0.5, 1.0, 0.0, 0.0], [0.25, 0.0, 0.0, 1.0]]
    """

    def __init__(
        self,
        latent_dim: int,
        output_shape: Sequence[int],
        condition_dim: int = 0,
        hidden_dims: Sequence[int] = (256, 256, 256),
        n_numbers: int | None = None,
        block_widths: Sequence[int] = (),
        shares: Sequence[float] | None = None,
        units: Sequence[Sequence[int]] = (),
        activation: str = "leaky_relu",
        **ignored,
    ):
        super().__init__()
        self.output_shape = tuple(output_shape)
        width = prod(self.output_shape)
        n_levels = sum(block_widths)
        self.n_numbers = width - n_levels if n_numbers is None else n_numbers
        if self.n_numbers + n_levels != width:
            raise ValueError(
                f"{self.n_numbers} numbers and blocks of {n_levels} levels make no "
                f"row of {width} entries."
            )
        if latent_dim < self.n_numbers:
            raise ValueError(
                f"latent_dim={latent_dim} is smaller than the {self.n_numbers} numbers "
                "of a row, which the generator starts from; raise latent_dim."
            )
        self.latent_dim = latent_dim
        self.blocks = OneHotBlocks(block_widths)
        self.given = ConditionMask(units, width) if condition_dim else None
        dims = [latent_dim + condition_dim, *hidden_dims]
        self.layers = kaiming_layers(dims, activation)
        self.head = nn.Linear(dims[-1], width)
        nn.init.zeros_(self.head.weight)
        nn.init.zeros_(self.head.bias)
        if shares is not None:
            logits = torch.tensor(shares, dtype=torch.float32).clamp_min(1e-6).log()
            with torch.no_grad():
                self.head.bias[self.n_numbers :] = logits

    @property
    def noise_dim(self) -> int:
        """Normal numbers behind the latent that decide which levels are drawn."""
        return self.blocks.n_blocks

    def forward(self, z: Tensor, condition: Tensor | None = None) -> Tensor:
        """Turn latents of shape (n, latent_dim + noise_dim) into rows."""
        numbers, levels, _ = self._outputs(z, condition)
        return self._assemble(numbers, levels, condition)

    def with_expectation(
        self, z: Tensor, condition: Tensor | None = None
    ) -> tuple[Tensor, Tensor]:
        """Return rows, and the same rows with probabilities in place of levels."""
        numbers, levels, probabilities = self._outputs(z, condition)
        return (
            self._assemble(numbers, levels, condition),
            self._assemble(numbers, probabilities, condition),
        )

    def _outputs(self, z: Tensor, condition: Tensor | None) -> tuple[Tensor, ...]:
        """Numbers, levels drawn and their probabilities."""
        z, noise = z[:, : self.latent_dim], z[:, self.latent_dim :]
        outputs = apply_head(self.head, self.layers(concatenate(z, condition)))
        numbers = z[:, : self.n_numbers] + outputs[:, : self.n_numbers]
        probabilities = self.blocks.probabilities(outputs[:, self.n_numbers :])
        with torch.no_grad():
            levels = self.blocks.draw(probabilities, torch.special.ndtr(noise))
        if self.training:
            levels = levels + probabilities - probabilities.detach()
        return numbers, levels, probabilities

    def _assemble(
        self, numbers: Tensor, blocks: Tensor, condition: Tensor | None
    ) -> Tensor:
        rows = torch.cat([numbers, blocks], dim=1)
        if self.given is not None and condition is not None:
            rows = self.given.write(rows, condition)
        return shape_rows(rows, self.output_shape)
