"""Perceptrons with one idea more: spectral normalisation, packing."""

from __future__ import annotations

from collections.abc import Sequence

from torch import Tensor, nn
from torch.nn.utils.parametrizations import spectral_norm

from skgan.modules._mlp import MLPDiscriminator


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
        for layer in [*self.layers, self.head]:
            if isinstance(layer, nn.Linear):
                spectral_norm(layer)


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
