"""The diagram of a sampler that notebooks show."""

from __future__ import annotations

from copy import copy
from typing import Any


class DataDiagramMixin:
    """Leaves out of the diagram what ``transform`` gives.

    scikit-learn lists the names of ``get_feature_names_out`` there, under "100 of 256
    features": beside a sampler these look like columns of its rows.
    """

    @property
    def _repr_html_(self):
        base: Any = super(DataDiagramMixin, without_features(self))
        return base._repr_html_

    def _repr_mimebundle_(self, **kwargs):
        base: Any = super(DataDiagramMixin, without_features(self))
        return base._repr_mimebundle_(**kwargs)


def without_features(estimator):
    """Return a copy of an estimator that does not know what ``transform`` gives."""
    twin = copy(estimator)
    vars(twin).pop("_n_features_out", None)
    return twin
