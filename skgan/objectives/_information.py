"""What a code tells of a row: mutual information, of generated and of real rows."""

from __future__ import annotations

from torch import Tensor
from torch.nn.functional import cross_entropy

_LEAST_PROBABILITY = 1e-8


def categorical_code_loss(logits: Tensor, categories: Tensor) -> Tensor:
    """-E log Q(c | x) of a categorical code: Chen et al. (2016), eq. 5.

    Parameters
    ----------
    logits : Tensor of shape (n, n_categories)
        Of Q, for generated rows.
    categories : Tensor of shape (n, n_categories)
        One-hot codes that the rows were generated from.

    Returns
    -------
    Tensor
        A scalar; minus the lower bound of the mutual information, without the
        entropy of the code, which is constant.

    Examples
    --------
    >>> import torch
    >>> from skgan.objectives import categorical_code_loss
    >>> round(float(categorical_code_loss(torch.zeros(2, 2), torch.eye(2))), 4)  # log 2
    0.6931
    """
    return cross_entropy(logits, categories)


def continuous_code_loss(means: Tensor, codes: Tensor) -> Tensor:
    """-E log Q(c | x) of continuous codes: Chen et al. (2016), eq. 5.

    Q is a normal distribution of unit variance, so that this is half the squared
    distance, up to a constant.

    Parameters
    ----------
    means : Tensor of shape (n, n_continuous)
        Of Q, for generated rows.
    codes : Tensor of shape (n, n_continuous)
        Codes that the rows were generated from.

    Returns
    -------
    Tensor
        A scalar, summed over the codes.
    """
    return (means - codes).square().sum(dim=1).mean() / 2


def entropy(probabilities: Tensor) -> Tensor:
    """Entropy, in nats, of distributions along the last axis."""
    logs = probabilities.clamp_min(_LEAST_PROBABILITY).log()
    return -(probabilities * logs).sum(dim=-1)


def clustering_loss(
    logits: Tensor,
    moved_logits: Tensor,
    information_weight: float = 0.1,
    balance_weight: float = 4.0,
) -> Tensor:
    """Information-maximising, self-consistent clusters: Hu et al. (2017), eq. 4 and 9.

    ``KL(Q(x), Q(T(x))) - weight * (balance * H(E Q(x)) - E H(Q(x)))``: what Q says of
    a row shall not change if the row is moved a little, shall be certain, and differ
    from row to row so that all categories come equally often.

    Parameters
    ----------
    logits : Tensor of shape (n, n_categories)
        Of Q, for real rows.
    moved_logits : Tensor of shape (n, n_categories)
        For the same rows, moved.
    information_weight : float, default=0.1
        Times the information; more decides earlier and less well.
    balance_weight : float, default=4.0
        Times the entropy of the categories' shares in the batch.

    Returns
    -------
    Tensor
        A scalar.

    References
    ----------
    .. [1] Hu et al., "Learning Discrete Representations via Information Maximizing
       Self-Augmented Training", ICML 2017.
    """
    probabilities = logits.softmax(dim=1)
    # The row itself is what its moved copy shall agree with.
    divergence = cross_entropy(moved_logits, probabilities.detach())
    divergence = divergence - entropy(probabilities.detach()).mean()
    certainty = entropy(probabilities).mean()
    balance = entropy(probabilities.mean(dim=0))
    return divergence + information_weight * (certainty - balance_weight * balance)
