"""Augmentation that sets in slowly."""

from __future__ import annotations

from functools import partial

from skorch.callbacks import Callback


class AugmentationRamp(Callback):
    """Raise the share of images that are augmented from 0 to where it stays.

    A network that has just begun learns more from clean images; one that has seen
    them all often needs them changed. The share follows the updates alone: how sure
    the discriminator is says nothing under a relativistic loss.

    Parameters
    ----------
    n_updates : int
        Generator updates until the share is reached.
    probability : float, default=0.5
        The share, in [0, 1]. The net's ``augmentation`` must take it as a keyword, as
        those of images in `skgan.objectives.AUGMENTATIONS` do.

    References
    ----------
    .. [1] Karras et al., "Training Generative Adversarial Networks with Limited
       Data", NeurIPS 2020, section 3.

    Examples
    --------
    >>> from skgan import GANSampler
    >>> from skgan.callbacks import AugmentationRamp
    >>> sampler = GANSampler(
    ...     net_params={"augmentation": "translation"},
    ...     callbacks=[AugmentationRamp(1000, probability=0.4)],
    ... )
    """

    def __init__(self, n_updates: int, probability: float = 0.5):
        self.n_updates = n_updates
        self.probability = probability

    def on_train_begin(self, net, **kwargs):
        """Start from clean images."""
        if net.augmentation_ is None:
            raise ValueError(
                "AugmentationRamp raises the share of images that the net augments, "
                "and it augments none; set net_params={'augmentation': 'translation'}."
            )
        self.augment_ = net.augmentation_
        self.n_done_ = 0

    def on_batch_begin(self, net, training=True, **kwargs):
        """Set the share of the step that comes."""
        if not training:
            return
        share = min(1.0, self.n_done_ / max(1, self.n_updates))
        net.augmentation_ = partial(self.augment_, probability=share * self.probability)
        self.n_done_ += 1

    def on_train_end(self, net, **kwargs):
        """Give the net its augmentation back."""
        net.augmentation_ = self.augment_
