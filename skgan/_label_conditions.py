"""What rows are conditioned on by their labels, in training and in drawing."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from skgan._defaults import Settings
from skgan._tables import TableConditions, table_params
from skgan.encoding._labelled_table import LabelledTableEncoder
from skgan.encoding._labels import Labels
from skgan.modules import GENERATORS, resolve_network

CONDITION_SAMPLINGS = ("auto", "empirical", "balanced")


class LabelledRows(NamedTuple):
    """Labels of rows that are to be drawn, in canonical form.

    Attributes
    ----------
    values : ndarray of shape (n, n_columns)
        The labels.
    """

    values: NDArray

    def rows(self, start: int, stop: int) -> LabelledRows:
        """Return those of some rows; beyond the last one the first is repeated."""
        values = self.values[start:stop]
        missing = stop - start - len(values)
        filling = np.repeat(self.values[:1], missing, axis=0)
        return LabelledRows(np.vstack([values, filling]))


class LabelShares:
    """How often labels come, in training and in drawing.

    Parameters
    ----------
    labels : Labels
        Fitted.
    target : ndarray of shape (n, n_columns)
        Labels of the training rows, in canonical form.
    sampling : {"empirical", "balanced"}
        How often labels come in training.
    """

    def __init__(self, labels: Labels, target: NDArray, sampling: str):
        self.labels = labels
        self.rows_, counts = np.unique(target, axis=0, return_counts=True)
        self.ends_ = np.cumsum(counts)
        groups = labels.groups(target) if sampling == "balanced" else None
        self.groups = None if groups is None else torch.as_tensor(groups)

    def draw_labels(self, n: int, seed: int) -> NDArray:
        """Draw labels of `n` rows as often as they were seen, of shape (n, columns).

        Fewer rows have the first of these labels.
        """
        places = np.random.default_rng([seed, 1, 0]).random(n) * self.ends_[-1]
        return self.rows_[np.searchsorted(self.ends_, places, side="right")]


class LabelConditions(LabelShares):
    """Labels as conditions of networks of vectors and images.

    Parameters
    ----------
    labels : Labels
        Fitted.
    target : ndarray of shape (n, n_columns)
        Labels of the training rows, in canonical form.
    sampling : {"empirical", "balanced"}
        How often labels come in training.

    Attributes
    ----------
    condition_dim : int
        Width of a condition.
    """

    def __init__(self, labels: Labels, target: NDArray, sampling: str):
        super().__init__(labels, target, sampling)
        self.condition_dim = labels.condition_dim_
        self.encoded = torch.as_tensor(labels.encode(target))

    def training(self) -> tuple[Tensor, Tensor | None]:
        """Return the conditions of the training rows, and what is to be balanced."""
        return self.encoded, self.groups

    def draw_for(self, encoder, n: int, rng: np.random.Generator, given) -> Tensor:
        """Return the conditions of rows whose labels are `given`."""
        return torch.as_tensor(self.labels.encode(given.values))

    def params(self, encoder, rows: Tensor, settings: Settings) -> dict:
        """Return parameters of the net that follow from labels.

        Parameters
        ----------
        encoder : BaseEncoder
            What encoded the rows.
        rows : Tensor of shape (n, *tensor_shape)
            Encoded training rows.
        settings : Settings
            What to train with.

        Returns
        -------
        dict
        """
        params = {
            "generator__condition_dim": self.condition_dim,
            "discriminator__condition_dim": self.condition_dim,
        }
        generator = resolve_network(settings.generator, GENERATORS, "generator")
        if hasattr(generator, "moments_of"):
            widths = self.labels.class_widths_
            moments = generator.moments_of(rows.flatten(1), self.encoded, widths)
            params["generator__class_widths"] = widths
            params["generator__moments"] = moments
        return params


class LabelledTableConditions(TableConditions, LabelShares):
    """Labels as columns of a table that are always given.

    Other condition columns are handed to the generator, too, at the frequency of
    their levels among the rows of the labels.

    Parameters
    ----------
    labels : Labels
        Fitted.
    target : ndarray of shape (n, n_columns)
        Labels of the training rows, in canonical form.
    sampling : {"empirical", "balanced"}
        How often labels come in training.
    encoder : LabelledTableEncoder
        Fitted.
    encoded : ndarray of shape (n, width)
        Encoded training rows.
    """

    def __init__(
        self,
        labels: Labels,
        target: NDArray,
        sampling: str,
        encoder: LabelledTableEncoder,
        encoded: NDArray,
    ):
        LabelShares.__init__(self, labels, target, sampling)
        n_labels = encoder.n_given_labels
        TableConditions.__init__(self, encoded, encoder.layout_, n_labels)

    def training(self) -> tuple[Tensor, Tensor | None]:
        """Return what is given of the training rows, and what is to be balanced."""
        return torch.as_tensor(self.masks), self.groups

    def draw_for(self, encoder, n: int, rng: np.random.Generator, given) -> Tensor:
        """Return the conditions of rows whose labels are `given`."""
        # Apart, so that a row's levels do not depend on how many rows follow.
        own = np.random.default_rng(rng.integers(2**63))
        return self.draw(own, *encoder.encode_labels(given.values, rng))

    def params(self, encoder, rows: Tensor, settings: Settings) -> dict:
        """Return parameters of the net that follow from a table and its labels."""
        if self.groups is not None:
            # What is matched comes as often as in the batches.
            rows = rows[balanced_indices(self.groups)]
        has_conditions = self.given.n_units > 0
        return table_params(encoder, rows, self if has_conditions else None)


def balanced_indices(groups: Tensor) -> Tensor:
    """Return the places of equally many rows of each group, about n in all.

    Parameters
    ----------
    groups : Tensor of shape (n,), int64
        Group of each row; none is empty.

    Returns
    -------
    Tensor of shape (n_groups * ceil(n / n_groups),), int64
        Rows of rare groups several times, of common ones an even selection.
    """
    counts = torch.bincount(groups)
    size = -(-len(groups) // len(counts))
    within = torch.arange(size) * counts[:, None] // size
    first = counts.cumsum(0) - counts
    return torch.argsort(groups, stable=True)[(first[:, None] + within).flatten()]


def label_conditions(
    encoder, encoded: NDArray, labels: Labels, target: NDArray, sampling: str
) -> LabelConditions | LabelledTableConditions:
    """Return what rows are conditioned on by their labels.

    Parameters
    ----------
    encoder : BaseEncoder
        Fitted.
    encoded : ndarray of shape (n, width)
        Encoded training rows.
    labels : Labels
        Fitted.
    target : ndarray of shape (n, n_columns)
        Labels of the training rows, in canonical form.
    sampling : {"auto", "empirical", "balanced"}
        How often labels come in training; "auto" is "balanced" for tables.

    Returns
    -------
    LabelConditions or LabelledTableConditions
    """
    is_table = isinstance(encoder, LabelledTableEncoder)
    if sampling == "auto":
        # Vectors have a start for each class; rows of tables are learnt by seeing.
        sampling = "balanced" if is_table else "empirical"
    if is_table:
        return LabelledTableConditions(labels, target, sampling, encoder, encoded)
    return LabelConditions(labels, target, sampling)
