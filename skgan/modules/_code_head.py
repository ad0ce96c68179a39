"""The head that reads the code of a row off the discriminator's hidden layer."""

from __future__ import annotations

from collections.abc import Sequence

from torch import Tensor, nn

from skgan.modules._convolutional import dense_stack
from skgan.modules._mlp import apply_head


class CodeHead(nn.Module):
    """Q of InfoGAN: features of a row to the distribution of its code.

    Parameters
    ----------
    n_features : int
        Of the hidden layer that it reads.
    n_categories : int, default=10
        Values of the categorical code.
    n_continuous : int, default=2
        Continuous codes.
    hidden_dims : sequence of int, default=(128,)
        Widths of the dense layers between the features and the code.
    activation : str, default="leaky_relu"
        A key of ``skgan.modules._mlp.ACTIVATIONS``.
    **ignored
        Keywords meant for other heads.

    References
    ----------
    .. [1] Chen et al., "InfoGAN: Interpretable Representation Learning by Information
       Maximizing Generative Adversarial Nets", NeurIPS 2016, section 6.

    Examples
    --------
    >>> import torch
    >>> from skgan.modules import CodeHead
    >>> logits, means = CodeHead(5, n_categories=3, n_continuous=2)(torch.zeros(4, 5))
    >>> logits.shape, means.shape
    (torch.Size([4, 3]), torch.Size([4, 2]))
    """

    def __init__(
        self,
        n_features: int,
        n_categories: int = 10,
        n_continuous: int = 2,
        hidden_dims: Sequence[int] = (128,),
        activation: str = "leaky_relu",
        **ignored,
    ):
        super().__init__()
        dims = [n_features, *hidden_dims]
        self.sizes = (n_categories, n_continuous)
        self.layers = dense_stack(dims, activation)
        self.head = nn.Linear(dims[-1], n_categories + n_continuous)

    def forward(self, features: Tensor) -> tuple[Tensor, Tensor]:
        """Return the categories' logits, and the means of the continuous codes."""
        logits, means = apply_head(self.head, self.layers(features)).split(
            self.sizes, dim=1
        )
        return logits, means
