"""DiagnosisMixin: a fitted sampler says what is wrong with it, and what to try."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from sklearn.utils.validation import check_is_fitted

from skgan._validation import check_boolean, check_integer, check_stream
from skgan.frames import as_rows

# Its forests take long to import, and few samplers are asked.
if TYPE_CHECKING:
    from skgan.metrics import Diagnosis, ReferenceSpace


class DiagnosisMixin:
    """`diagnose`, for samplers of rows without labels."""

    # Of the sampler that it is mixed into.
    encoder_: Any
    net_: Any
    history_: Any
    _reference: ReferenceSpace
    _seeds: Any
    _check_rows: Any
    sample: Any

    def diagnose(
        self,
        X_holdout,
        X_train=None,
        *,
        attacks=False,
        max_samples=5000,
        random_state=None,
    ) -> Diagnosis:
        """Say in words what is wrong with samples, and what to try.

        Quality, collapse, copying, and how training went, each beside what real rows
        get; by trees and by the distances that ``score`` takes, never by the
        discriminator. See `skgan.metrics.diagnose` for what is measured and where
        verdicts come from.

        Parameters
        ----------
        X_holdout : array-like or DataFrame of shape (n_samples, ...)
            Rows like those given to ``fit``, but not seen by it; 100 or more.
        X_train : array-like or DataFrame of shape (n_samples, ...), default=None
            The rows given to ``fit``. None leaves out what only they can show: whether
            samples are copies of them.
        attacks : bool, default=False
            Whether to run `skgan.metrics.membership_attacks`, too, and to say what the
            worst of them achieves; some seconds more. They need `X_train`.
        max_samples : int, default=5000
            Rows to draw, and rows of each set to look at; at least 50. Of the
            training rows 20 000 are looked at.
        random_state : int, RandomState instance or None, default=None
            Fixes the diagnosis. None takes the seed that ``score`` draws with, fixed
            in ``fit``.

        Returns
        -------
        skgan.metrics.Diagnosis
            Printed, a few lines; each finding is an attribute.

        Raises
        ------
        sklearn.exceptions.NotFittedError
            Before ``fit``.
        ValueError
            If rows are not like those given to ``fit``, or `max_samples` is too small.

        Warns
        -----
        skgan.metrics.CopyingWarning
            If samples are copies of training rows.

        Examples
        --------
        >>> import numpy as np
        >>> from skgan import GANSampler
        >>> X, X_holdout = np.random.default_rng(0).normal(size=(2, 150, 2))
        >>> sampler = GANSampler(max_iter=20, random_state=0).fit(X)
        >>> diagnosis = sampler.diagnose(X_holdout, X)
        >>> diagnosis.is_copying, diagnosis.training.verdict
        (False, 'good')
        """
        from skgan.metrics.diagnosis import warn_of_copies

        diagnosis = self._diagnosis(
            X_holdout, X_train, attacks, max_samples, random_state
        )
        warn_of_copies(diagnosis, stacklevel=3)
        return diagnosis

    def _diagnosis(
        self, X_holdout, X_train, attacks, max_samples, random_state
    ) -> Diagnosis:
        """Judge rows, or pairs of rows and labels."""
        from skgan.metrics.diagnosis import MIN_ROWS, diagnose_rows, judge_training

        check_is_fitted(self, "net_")
        check_boolean("attacks", attacks)
        max_samples = check_integer("max_samples", max_samples, MIN_ROWS)
        seed = self._diagnosis_seed(random_state)
        holdout, train = self._read_rows(X_holdout), self._read_rows(X_train)
        callbacks = getattr(self.net_, "callbacks_", None) or ()
        was_restored = any(getattr(c, "diverged_", False) for _, c in callbacks)
        return diagnose_rows(
            holdout,
            self._drawn_beside(holdout, max_samples, seed),
            train,
            training=judge_training(self.history_, was_restored),
            reference=self._reference,
            max_samples=max_samples,
            random_state=seed,
            stage=getattr(self, "stage_", None),
            attacks=attacks,
        )

    def _diagnosis_seed(self, random_state) -> int:
        """Return the seed of the samples that are judged."""
        if random_state is None:
            return self._seeds.score
        return int(check_stream("random_state", random_state).randint(2**31 - 1))

    def _read_rows(self, rows):
        """Check rows, or a pair of rows and labels, against those of ``fit``."""
        if rows is None:
            return None
        X, *labels = rows if isinstance(rows, tuple) else (rows,)
        X = as_rows(X)
        self._check_rows(X, self.encoder_, reset=False)
        return (X, *labels) if labels else X

    def _drawn_beside(self, holdout, n_samples: int, seed: int):
        """Draw the samples that stand beside held-out rows."""
        drawn = self.sample(n_samples, random_state=seed)
        return drawn[0] if isinstance(drawn, tuple) else drawn
