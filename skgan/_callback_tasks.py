"""scikit-learn's callbacks, where the installed version has them.

`set_callbacks` sets them on an estimator. They are told of its fit and, where it fits
others, of the fits of these.
"""

from __future__ import annotations

from typing import Any

from sklearn.frozen import FrozenEstimator


def _of_scikit_learn() -> tuple[Any, Any]:
    """Return the base class of what takes callbacks, and what decorates its fit."""
    try:
        from sklearn.callback import CallbackSupportMixin, with_callbacks
    except ImportError:  # scikit-learn before 1.9
        return type("NoCallbacks", (), {}), lambda fit: fit
    return CallbackSupportMixin, with_callbacks


CallbackSupport: Any
with_callbacks: Any
CallbackSupport, with_callbacks = _of_scikit_learn()


def fit_untold(name: str, inner, *args, **params):
    """Fit an estimator as `InnerFits.fit` does, and tell nobody."""
    return inner.fit(*args, **params)


class InnerFits:
    """The fits of other estimators within a fit, told to callbacks if there are any.

    Parameters
    ----------
    estimator : CallbackSupport
        The one that fits others.
    n_fits : int or None
        How many there will be; None if that is not known yet.
    X, y : array-like
        What it is fitted to, which callbacks may ask for.
    """

    def __init__(self, estimator, n_fits: int | None, X, y=None):
        self.estimator, self.data = estimator, {"X": X, "y": y}
        self.fit_ = None
        if getattr(estimator, "_skl_callbacks", None):
            self.fit_ = estimator._init_callback_context(max_subtasks=n_fits)
            self.fit_.call_on_fit_task_begin(estimator=estimator, **self.data)

    def fit(self, name: str, inner, *args, **params):
        """Fit an estimator, which is handed the callbacks that go on to others."""
        if self.fit_ is None or isinstance(inner, FrozenEstimator):
            return inner.fit(*args, **params)
        task = self.fit_.subcontext(task_name=name)
        with task.propagate_callback_context(inner):
            task.call_on_fit_task_begin(estimator=self.estimator, **self.data)
            inner.fit(*args, **params)
            task.call_on_fit_task_end(estimator=self.estimator, **self.data)
        return inner

    def finish(self) -> None:
        """Tell of the end of the fit."""
        if self.fit_ is not None:
            self.fit_.call_on_fit_task_end(
                estimator=self.estimator, reconstruction_attributes=dict, **self.data
            )
