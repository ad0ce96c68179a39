"""What files hold of a class, and pickles that remember the version they are of."""

from __future__ import annotations

import warnings
from collections.abc import Callable, Container, Mapping
from importlib import import_module
from typing import Any, NamedTuple, TypeVar

from sklearn.base import BaseEstimator
from sklearn.exceptions import InconsistentVersionWarning as _OfScikitLearn

_KEY = "_skgan_version"
_Definition = TypeVar("_Definition")


class Persistence(NamedTuple):
    """What files of `skgan.save` may hold of the instances of a class.

    They hold parameters of the constructor, attributes that end with an underscore, as
    what a fit learns does, and `fields`; subclasses inherit these. Of a class with
    `get_state` and `from_state` they hold what the one returns, a dict of arrays,
    numbers and strings, and the other checks.
    """

    # The name of the class in files.
    name: str
    fields: frozenset[str]
    # Not saved, since those who need these attributes work them out anew.
    rebuilt: frozenset[str]
    # The only values that a file may give: ranges of sizes, which memory is taken by,
    # and names of libraries, which are imported.
    values: Mapping[str, Container]


def persistent(
    *fields: str,
    rebuilt: tuple[str, ...] = (),
    values: Mapping[str, Container] | None = None,
    name: str | None = None,
) -> Callable[[_Definition], _Definition]:
    """Let files hold instances of a class, or name a function: see `Persistence`."""

    def declare(kind: _Definition) -> _Definition:
        own_name = name or kind.__name__.lstrip("_")  # type: ignore[attr-defined]
        kind.__persistent__ = Persistence(  # type: ignore[attr-defined]
            own_name, frozenset(fields), frozenset(rebuilt), values or {}
        )
        return kind

    return declare


class InconsistentVersionWarning(_OfScikitLearn):
    """A pickle was made by another version of skgan.

    A pickle holds attributes as one version named them, and another may read them
    otherwise, or not at all. Files of `skgan.save` are for keeping: later versions
    read them.

    Parameters
    ----------
    estimator_name : str
        The class of what was unpickled.
    current_version : str
        The version of skgan that unpickles it.
    original_version : str
        The version that it was pickled by.

    See Also
    --------
    sklearn.exceptions.InconsistentVersionWarning : The class above it, of estimators of
        scikit-learn; a filter for that one is a filter for this one.

    Examples
    --------
    >>> from skgan.io import InconsistentVersionWarning
    >>> warning = InconsistentVersionWarning("GANSampler", "0.2.0", "0.1.0")
    >>> print(str(warning).partition(":")[0])
    A GANSampler was pickled by skgan 0.1.0, and this is skgan 0.2.0
    """

    def __init__(
        self, estimator_name: str, current_version: str, original_version: str
    ):
        self.estimator_name = estimator_name
        self.current_version = current_version
        self.original_version = original_version

    def __str__(self) -> str:
        is_known = self.original_version != _UNKNOWN
        maker = f"skgan {self.original_version}" if is_known else _UNKNOWN
        return (
            f"A {self.estimator_name} was pickled by {maker}, and this is skgan "
            f"{self.current_version}: it may fail, or give other results. To keep it, "
            f"load it with {maker}, and write it with skgan.save, which later versions "
            "read."
        )

    def __reduce__(self):
        parts = (self.estimator_name, self.current_version, self.original_version)
        return type(self), parts


_UNKNOWN = "an early version of skgan"


@persistent(
    "_n_features_out",
    values={"n_features_in_": range(2**30), "_n_features_out": range(2**30)},
)
class VersionedEstimator(BaseEstimator):
    """An estimator that files can hold, whose pickles warn in another version of skgan.

    scikit-learn's own check is for scikit-learn's estimators alone.
    """

    def __getstate__(self) -> dict[str, Any]:
        return {**super().__getstate__(), _KEY: _current()}

    def __setstate__(self, state: dict[str, Any]) -> None:
        state = dict(state)
        original, current = state.pop(_KEY, _UNKNOWN), _current()
        if original != current:
            warnings.warn(
                InconsistentVersionWarning(type(self).__name__, current, original),
                stacklevel=2,
            )
        super().__setstate__(state)


def _current() -> str:
    return import_module("skgan").__version__
