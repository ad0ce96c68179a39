"""ExplanationMixin: what moves the discriminator's verdict on a row."""

from __future__ import annotations

from collections.abc import Callable
from copy import deepcopy
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from sklearn.utils.validation import check_consistent_length, check_is_fitted
from torch import Tensor

from skgan._torch_globals import torch_defaults
from skgan._validation import check_integer
from skgan.encoding import BaseEncoder
from skgan.frames import as_rows, take_rows
from skgan.nets import AdversarialNet

# Rows that verdicts are compared with.
_N_BASELINES = 8
# Entries of encoded rows that are judged at once.
_MAX_ENTRIES = 2**18


class ExplanationMixin:
    """`explain`, for samplers with a discriminator."""

    # Of the sampler that it is mixed into.
    net_: AdversarialNet
    encoder_: BaseEncoder
    prior_: Any
    n_iter_: int
    _conditions: Any
    _seeds: Any
    _check_rows: Callable[..., None]
    sample: Any

    @torch_defaults()
    def explain(self, X, y=None, *, baselines=None, n_steps=16):
        """Return what each column or pixel adds to the discriminator's verdict.

        Integrated gradients [1]_ of the logit: its gradients along the straight way
        from a baseline to the row, times the way, averaged over baselines, which are
        rows that the sampler draws. What makes a row look more real than these is
        positive, what gives it away negative.

        Parameters
        ----------
        X : array-like or DataFrame of shape (n_samples, ...)
            Rows like those given to ``fit``, real or drawn.
        y : array-like, Series or DataFrame, default=None
            Labels of the rows, which a `ConditionalGANSampler` judges them with;
            None judges them as ``transform`` does, of which nothing counts as given.
            Other samplers ignore it.
        baselines : array-like or DataFrame of shape (n_baselines, ...), default=None
            Rows to compare with, such as one black image. None draws 8 rows, of
            any label, always the same. The time taken grows with their number.
        n_steps : int, default=16
            Gradients on each way. More come closer to the sum below.

        Returns
        -------
        ndarray of shape (n_samples, n_features) or (n_samples, height, width[, \
                channels]), float64
            In the shape of the rows. The sum of a row is its logit minus the mean
            logit of the baselines, up to the steps of the sum. Logits themselves
            have no zero: with the default loss only differences mean anything.

        Raises
        ------
        sklearn.exceptions.NotFittedError
            Before ``fit``.
        TypeError
            If an encoder of the user's own does not say whose its entries are.
        ValueError
            If rows or labels are not like those given to ``fit``, no update has
            trained the discriminator, or `n_steps` is below 1.

        See Also
        --------
        skgan.plotting.AttributionDisplay : The same as a picture.

        Notes
        -----
        The way is straight in encoded rows, between which the discriminator sees. A
        column of a table may take up several entries of one, and those that say which
        cells are missing are shared by all columns that may be. A discriminator is
        trained on rows near the sampler's: far from them its verdict says little.

        References
        ----------
        .. [1] Sundararajan, Taly and Yan, "Axiomatic Attribution for Deep Networks",
           ICML 2017, eq. 1 and 3; several baselines as in Erion et al., "Improving
           performance of deep learning models with axiomatic attribution priors and
           expected gradients", Nature Machine Intelligence 3, 2021, eq. 2.

        Examples
        --------
        >>> import numpy as np
        >>> from skgan import GANSampler
        >>> X = np.random.default_rng(0).normal(size=(200, 3))
        >>> sampler = GANSampler(max_iter=50, random_state=0).fit(X)
        >>> odd = [[0.1, 6.0, 0.2]]
        >>> int(sampler.explain(odd)[0].argmin())
        1
        """
        check_is_fitted(self, "net_")
        if not self.n_iter_:
            raise ValueError(
                "No update has trained the discriminator, whose verdict explain "
                "explains; fit with max_iter of at least 1."
            )
        n_steps = check_integer("n_steps", n_steps, 1)
        X = as_rows(X)
        self._check_rows(X, self.encoder_, reset=False)
        if baselines is None:
            baselines = self._draw_compared()
        starts = as_rows(baselines)
        self._check_rows(starts, self.encoder_, reset=False)
        labels = self._encoded_labels(X, y)
        ends = self.encoder_.encode(X).astype(np.float64)
        judge = _Judge(self, labels)
        total: Any = 0.0
        for place in range(len(starts)):
            start = take_rows(starts, np.array([place]))
            slopes = judge.mean_slopes(ends, self.encoder_.encode(start), n_steps)
            total = total + self.encoder_.share_out(X, start, slopes)
        shape = getattr(self.encoder_.output_builder_, "row_shape", ())
        return (total / len(starts)).reshape(len(X), *(shape or total.shape[1:]))

    def _draw_compared(self):
        """Draw the rows that verdicts are compared with."""
        drawn = self.sample(_N_BASELINES, random_state=self._seeds.score)
        return drawn[0] if isinstance(drawn, tuple) else drawn

    def _encoded_labels(self, X, y) -> Tensor | None:
        """Return labels as the discriminator is shown them; None where there are none.

        Of a table that starts from normal latents they are entries of the row, and
        none is known.
        """
        labels = getattr(self._conditions, "labels", None)
        is_table = hasattr(self.encoder_, "n_given_labels")
        if labels is None or y is None or is_table:
            return None
        check_consistent_length(X, y)
        return torch.as_tensor(labels.encode(labels.read(y)))


class _Judge:
    """The discriminator of encoded rows, in float64."""

    def __init__(self, sampler, labels: Tensor | None):
        self.net = sampler.net_
        self.discriminator = deepcopy(self.net.discriminator_).double().eval()
        self.discriminator.requires_grad_(False)
        self.has_prior, self.labels = sampler.prior_ is not None, labels
        self.tensor_shape = sampler.encoder_.tensor_shape_
        conditions = sampler._conditions
        self.condition_dim = getattr(conditions, "condition_dim", 0)
        if not self.net.shows_condition(self.net.discriminator_):
            self.condition_dim = 0

    def mean_slopes(self, ends: NDArray, start: NDArray, n_steps: int) -> NDArray:
        """Return gradients of the logit, averaged over the ways to `ends`."""
        slopes = np.zeros(ends.shape)
        size = max(1, _MAX_ENTRIES // max(ends.shape[1], 1))
        for first in range(0, len(ends), size):
            part = slice(first, first + size)
            for step in range(n_steps):
                share = (step + 0.5) / n_steps
                points = start + share * (ends[part] - start)
                slopes[part] += self._gradients(points, part) / n_steps
        return slopes

    def _gradients(self, points: NDArray, part: slice) -> NDArray:
        options: dict[str, Any] = {"dtype": torch.float64, "device": self.net.device}
        flat = torch.as_tensor(points, **options).requires_grad_()
        condition = None
        if self.condition_dim or self.labels is not None:
            condition = torch.zeros(len(points), self.condition_dim, **options)
            if self.labels is not None:
                condition = self.labels[part].to(**options)
        logits = self._judge(flat, condition)
        (gradients,) = torch.autograd.grad(logits.sum(), flat)
        return gradients.cpu().numpy()

    def _judge(self, flat: Tensor, condition: Tensor | None) -> Tensor:
        if self.has_prior:
            # Labels stand behind the row, zeros where none is known.
            (width,) = self.net.get_params_for("discriminator")["input_shape"]
            missing = width - flat.shape[1]
            if condition is None or condition.shape[1] != missing:
                condition = flat.new_zeros(len(flat), missing)
            return self.discriminator(torch.cat([flat, condition], dim=1))
        rows = flat.reshape(len(flat), *self.tensor_shape)
        if condition is None:
            return self.discriminator(rows)
        return self.discriminator(rows, condition)
