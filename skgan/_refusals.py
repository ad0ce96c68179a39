"""A fit that is refused leaves an estimator as it was."""

from __future__ import annotations

from functools import wraps

# What validation learns of the columns, and what training learns after it.
_FEATURES, _LEARNT = ("n_features_in_", "feature_names_in_"), ("net_", "sampler_")


def keeps_features(fit):
    """Let a fit that was refused leave an estimator with the columns that it knew.

    Validation learns the columns before rows are refused; what was fitted on others
    goes on with those.
    """

    @wraps(fit)
    def fit_or_leave(self, X, y=None):
        before = dict(vars(self))
        try:
            return fit(self, X, y)
        except BaseException:
            now = vars(self)
            if all(now.get(name) is before.get(name) for name in _LEARNT):
                for name in _FEATURES:
                    now.pop(name, None)
                now.update({k: v for k, v in before.items() if k in _FEATURES})
            raise

    return fit_or_leave
