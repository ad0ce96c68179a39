"""Perceptrons with one idea more: spectral normalisation, packing."""

from __future__ import annotations

from collections.abc import Sequence

import torch
from torch import Tensor, nn
from torch.nn.functional import linear, normalize

from skgan.modules._mlp import MLPDiscriminator


class SpectralLinear(nn.Linear):
    """A linear layer whose weight is divided by its largest singular value.

    The singular value is followed by one step of power iteration a forward pass in
    training: Miyato et al. (2018), algorithm 1. PyTorch's own parametrization does
    the same but cannot be pickled.

    Parameters
    ----------
    in_features, out_features : int
        As in `torch.nn.Linear`.
    """

    left: Tensor
    right: Tensor

    def __init__(self, in_features: int, out_features: int):
        super().__init__(in_features, out_features)
        self.register_buffer("left", normalize(torch.randn(out_features), dim=0))
        self.register_buffer("right", normalize(torch.randn(in_features), dim=0))
        for _ in range(15):
            self._iterate()

    @torch.no_grad()
    def _iterate(self) -> None:
        # New tensors, not new values: a backward pass may still want the old ones.
        self.right = normalize(self.weight.T @ self.left, dim=0)
        self.left = normalize(self.weight @ self.right, dim=0)

    def forward(self, x: Tensor) -> Tensor:
        """Apply the layer to rows of shape (n, in_features)."""
        if self.training:
            self._iterate()
        norm = torch.dot(self.left, self.weight @ self.right)
        return linear(x, self.weight / norm, self.bias)


class SpectralMLPDiscriminator(MLPDiscriminator):
    """A perceptron whose every layer has spectral norm one.

    It is 1-Lipschitz where its activation is, and needs no gradient penalty.

    Parameters
    ----------
    input_shape, condition_dim, hidden_dims, activation, **ignored
        As in `MLPDiscriminator`; the activation is "leaky_relu" by default.

    References
    ----------
    .. [1] Miyato, Kataoka, Koyama, Yoshida, "Spectral Normalization for Generative
       Adversarial Networks", ICLR 2018, eq. 8.

    Examples
    --------
    >>> import torch
    >>> from skgan.modules import SpectralMLPDiscriminator
    >>> discriminator = SpectralMLPDiscriminator(input_shape=(2,)).eval()
    >>> slope = discriminator(torch.ones(1, 2)) - discriminator(torch.zeros(1, 2))
    >>> bool(slope.abs() < 2**0.5 + 0.1)
    True
    """

    def __init__(
        self,
        input_shape: Sequence[int],
        condition_dim: int = 0,
        hidden_dims: Sequence[int] = (256,),
        activation: str = "leaky_relu",
        **ignored,
    ):
        super().__init__(input_shape, condition_dim, hidden_dims, activation)
        for i, layer in enumerate(self.layers):
            if isinstance(layer, nn.Linear):
                self.layers[i] = SpectralLinear(layer.in_features, layer.out_features)
        self.head = SpectralLinear(self.head.in_features, 1)


class PackedMLPDiscriminator(MLPDiscriminator):
    """A perceptron that judges several rows at once, and so sees a lack of variety.

    Parameters
    ----------
    input_shape, condition_dim, hidden_dims, activation, **ignored
        As in `MLPDiscriminator`; conditions are not supported.
    pack_size : int, default=2
        Rows judged together. A batch left with fewer than that at its end is filled
        up from its start.

    Raises
    ------
    ValueError
        If `condition_dim` is not 0 or `pack_size` is below 1.

    References
    ----------
    .. [1] Lin, Khetan, Fanti, Oh, "PacGAN: The power of two samples in generative
       adversarial networks", NeurIPS 2018, section 2.

    Examples
    --------
    >>> import torch
    >>> from skgan.modules import PackedMLPDiscriminator
    >>> PackedMLPDiscriminator(input_shape=(2,), pack_size=2)(torch.zeros(6, 2)).shape
    torch.Size([3, 1])
    """

    # Real and fake rows must not get into one pack.
    couples_batch = True

    def __init__(
        self,
        input_shape: Sequence[int],
        condition_dim: int = 0,
        hidden_dims: Sequence[int] = (256,),
        activation: str = "relu",
        pack_size: int = 2,
        **ignored,
    ):
        if condition_dim:
            raise ValueError("Packed rows cannot be conditioned: condition_dim is 0.")
        if pack_size < 1:
            raise ValueError(f"pack_size must be at least 1, got {pack_size}.")
        super().__init__((pack_size, *input_shape), 0, hidden_dims, activation)
        self.pack_size = pack_size

    def features(self, x: Tensor, condition: Tensor | None = None) -> Tensor:
        """Return features of each row, packed with copies of itself."""
        return self.layers(x.flatten(1).repeat(1, self.pack_size))

    def forward(self, x: Tensor, condition: Tensor | None = None) -> Tensor:
        """Return logits of shape (ceil(n / pack_size), 1), one a pack."""
        rows = x.flatten(1)
        missing = -len(rows) % self.pack_size
        rows = rows[[*range(len(rows)), *(i % len(rows) for i in range(missing))]]
        packs = rows.reshape(-1, self.pack_size * rows.shape[1])
        return self.head(self.layers(packs))
