"""BaseLabelledSampler: the hooks of the base, filled for rows that have labels."""

from __future__ import annotations

import numpy as np
from sklearn.model_selection import train_test_split
from sklearn.utils import resample
from sklearn.utils.validation import check_consistent_length

from skgan._base import MAX_WATCHED_ROWS, BaseGANSampler
from skgan._label_conditions import (
    LabelConditions,
    LabelledRows,
    LabelledTableConditions,
    label_conditions,
)
from skgan.encoding import TableEncoder
from skgan.encoding._labelled_table import LabelledTableEncoder
from skgan.encoding._labels import Labels
from skgan.metrics import energy_distance


class BaseLabelledSampler(BaseGANSampler):
    """A sampler of rows under labels, which are read, held out and scored with them.

    A subclass has the parameters `y_kind` and `condition_sampling`.
    """

    _conditions: LabelConditions | LabelledTableConditions

    def _read_target(self, X, y, goes_on: bool):
        check_consistent_length(X, y)
        if goes_on:
            labels = self._conditions.labels
            return labels, labels.read(y)
        labels = Labels(self.y_kind)
        return labels, labels.fit(y)

    def _split(self, X, labels, target, seed: int):
        n_held_out = self._count_held_out(X)
        if not n_held_out:
            return X, target, None
        X, X_held_out, target, held_out = train_test_split(
            X,
            target,
            test_size=n_held_out,
            random_state=seed,
            stratify=labels.strata(target, n_held_out),
        )
        return X, target, (X_held_out, held_out)

    def _make_encoder(self, X):
        encoder = super()._make_encoder(X)
        if isinstance(encoder, TableEncoder):
            return LabelledTableEncoder(**encoder.get_params(deep=False))
        return encoder

    def _fit_encoder(self, encoder, X, labels, target) -> None:
        if isinstance(encoder, LabelledTableEncoder):
            encoder.fit_labelled(X, labels, target)
        else:
            encoder.fit(X)

    def _encode(self, encoder, X, target, seed: int):
        if isinstance(encoder, LabelledTableEncoder):
            return encoder.encode_labelled(X, target, seed)
        return super()._encode(encoder, X, target, seed)

    def _make_conditions(self, encoder, encoded, labels, target):
        sampling = self.condition_sampling
        return label_conditions(encoder, encoded, labels, target, sampling)

    def _data_params(self, encoder, rows, conditions, settings) -> dict:
        return conditions.params(encoder, rows, settings)

    def _read_scored(self, X, y):
        if y is None:
            return None
        check_consistent_length(X, y)
        return self._conditions.labels.read(y)

    def _watched_score(self, held_out, net) -> float:
        net._set_training(False)
        X, target = held_out
        return self._score_rows(X, target, MAX_WATCHED_ROWS)

    def _score_rows(self, X, target, max_rows: int) -> float:
        seed, conditions = self._seeds.score, self._conditions
        if len(X) > max_rows:
            options = {"replace": False, "n_samples": max_rows, "random_state": seed}
            target = None if target is None else resample(target, **options)
            X = resample(X, **options)
        values = target
        if target is None:
            values = conditions.draw_labels(len(X), seed)
        real = self._reference.transform(X)
        drawn = self._reference.transform(self._draw_labelled(values, seed))
        if target is not None:
            vectors = conditions.labels.reference(target)
            real, drawn = np.hstack([real, vectors]), np.hstack([drawn, vectors])
        return -energy_distance(real, drawn, standardize=False)

    def _draw_labelled(self, values, seed: int):
        return self._draw(len(values), seed, LabelledRows(values))
