"""TrainingDisplay: both losses over the updates."""

from __future__ import annotations

import numpy as np
from sklearn.utils.validation import check_is_fitted

from skgan.plotting._matplotlib import FIRST_COLOR, SECOND_COLOR, get_axes


class TrainingDisplay:
    """Losses of the discriminator and the generator over generator updates.

    Make it with `from_estimator` or `from_history`. All parameters are stored as
    attributes.

    Parameters
    ----------
    n_updates : array-like of shape (n_epochs,)
        Generator updates done at the end of each epoch.
    discriminator_loss : array-like of shape (n_epochs,)
        Mean over the epoch, the penalty included.
    generator_loss : array-like of shape (n_epochs,)
        Mean over the epoch.

    Attributes
    ----------
    ax_ : matplotlib Axes
        Axes with both curves.
    figure_ : matplotlib Figure
        Figure that holds the axes.
    discriminator_line_ : matplotlib Line2D
        The discriminator's loss.
    generator_line_ : matplotlib Line2D
        The generator's loss.

    See Also
    --------
    SamplesDisplay : What the generator draws.

    Notes
    -----
    The losses of a game do not fall as the samples get better: steady curves of
    both are a good sign, and only samples, or ``score``, say how good they are.

    Examples
    --------
    >>> import numpy as np
    >>> from skgan import GANSampler
    >>> from skgan.plotting import TrainingDisplay
    >>> X = np.random.default_rng(0).normal(size=(100, 2))
    >>> sampler = GANSampler(max_iter=20, random_state=0).fit(X)
    >>> TrainingDisplay.from_estimator(sampler).generator_line_.get_xdata()[-1]
    np.int64(20)
    """

    def __init__(self, *, n_updates, discriminator_loss, generator_loss):
        self.n_updates = n_updates
        self.discriminator_loss = discriminator_loss
        self.generator_loss = generator_loss

    @classmethod
    def from_estimator(cls, sampler, *, ax=None, **kwargs):
        """Draw the losses of a fitted sampler.

        Parameters
        ----------
        sampler : GANSampler
            Fitted.
        ax : matplotlib Axes or None, default=None
            Axes to draw on; None makes a new figure.
        **kwargs
            Keywords of ``matplotlib.axes.Axes.plot``, for both curves.

        Returns
        -------
        TrainingDisplay

        Raises
        ------
        ImportError
            If matplotlib is not installed.
        sklearn.exceptions.NotFittedError
            If the sampler is not fitted.
        """
        check_is_fitted(sampler, "history_")
        return cls.from_history(sampler.history_, ax=ax, **kwargs)

    @classmethod
    def from_history(cls, history, *, ax=None, **kwargs):
        """Draw the losses that a net's history holds.

        Parameters
        ----------
        history : skorch.history.History
            Of a `skgan.nets.AdversarialNet`, with at least one epoch.
        ax : matplotlib Axes or None, default=None
            Axes to draw on; None makes a new figure.
        **kwargs
            Keywords of ``matplotlib.axes.Axes.plot``, for both curves.

        Returns
        -------
        TrainingDisplay

        Raises
        ------
        ImportError
            If matplotlib is not installed.
        ValueError
            If the history has no epoch.
        """
        # An epoch that was broken off has batches but no mean.
        epochs = [epoch for epoch in history if "generator_loss" in epoch]
        if not epochs:
            raise ValueError("The history holds no finished epoch: train first.")
        losses = {
            name: np.array([epoch[name] for epoch in epochs])
            for name in ("discriminator_loss", "generator_loss")
        }
        n_updates = np.cumsum([epoch["train_batch_count"] for epoch in epochs])
        return cls(n_updates=n_updates, **losses).plot(ax=ax, **kwargs)

    def plot(self, ax=None, **kwargs):
        """Draw both curves.

        Parameters
        ----------
        ax : matplotlib Axes or None, default=None
            Axes to draw on; None makes a new figure.
        **kwargs
            Keywords of ``matplotlib.axes.Axes.plot``, for both curves.

        Returns
        -------
        TrainingDisplay
            The display itself.

        Raises
        ------
        ImportError
            If matplotlib is not installed.
        """
        self.ax_ = get_axes(ax, "TrainingDisplay", (6.0, 3.5))
        self.figure_ = self.ax_.figure
        self.discriminator_line_, self.generator_line_ = (
            self.ax_.plot(
                self.n_updates, losses, **{"color": color, "label": label} | kwargs
            )[0]
            for losses, color, label in (
                (self.discriminator_loss, FIRST_COLOR, "discriminator"),
                (self.generator_loss, SECOND_COLOR, "generator"),
            )
        )
        self.ax_.set(xlabel="generator updates", ylabel="loss")
        self.ax_.legend(frameon=False)
        return self
