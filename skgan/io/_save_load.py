"""`save` and `load`."""

from __future__ import annotations

import os
import platform
import warnings
from collections.abc import Callable, Collection, Iterable, Mapping
from importlib import import_module
from typing import IO, Any

import numpy as np
import torch
from sklearn.base import BaseEstimator

from skgan._torch_globals import torch_defaults
from skgan.io._codec import Decoder, Encoder, state_of
from skgan.io._memory_bound import MemoryBound
from skgan.io._registry import entry_of, find_entry
from skgan.io._smoke_test import check_sizes, smoke_test_sample
from skgan.storage import (
    ContentError,
    FileFormatError,
    MissingDefinitionError,
    SchemaError,
    TensorReader,
    UnsaveableError,
    describe,
    pack,
    read_json,
    unpack,
    write_json,
    write_whole,
)

SCHEMA = 1
# The functions that bring members from a schema to the next. They take and return a
# dict of members, JSON parsed.
MIGRATIONS: dict[int, Callable[[dict[str, Any]], dict[str, Any]]] = {}
_CONFIG, _STATE = "config.json", "state.json"
_ARRAYS, _WEIGHTS = "state.safetensors", "weights.safetensors"
_MEMBERS = {_CONFIG, _STATE, _ARRAYS, _WEIGHTS}
# Networks may make so many values for each byte of weights and arrays.
_VALUES_PER_BYTE = 4
_LEAST_VALUES = 2**24
_TENSORS_PER_WEIGHT, _LEAST_TENSORS = 4, 200
# Attributes of samplers that were saved before generators could start from trees.
_BEFORE_STAGES = {"prior_": None, "rejection_": None, "stage_": "generator"}
PathOrFile = str | os.PathLike | IO[bytes]


def save(estimator: Any, path: PathOrFile, *, leave_out: Collection[str] = ()) -> None:
    """Save an estimator of skgan to a file from which nothing is ever executed.

    Parameters
    ----------
    estimator : estimator
        Of skgan, fitted or not.
    path : str, path-like or binary file object
        The file; what was there is replaced once the new one is complete. A file
        object, opened by ``open(path, "wb")`` or an `io.BytesIO`, is written to.
    leave_out : collection of str, default=()
        Attributes of the estimator, or of what is inside it, that the file shall not
        hold, such as a fitted classifier of another library; they are handed over
        again in ``load``. Parameters that are estimators of another library, not
        fitted, are left out without being named.

    Raises
    ------
    UnsaveableError
        If the estimator holds what a file cannot hold: it says what and where.
    ValueError
        If `leave_out` names what the estimator does not have.
    OSError
        If the file cannot be written; what was there before is untouched.
    OverflowError
        If the file would be larger than 2 GB.

    Warns
    -----
    UserWarning
        If callbacks are set, or a place for checkpoints: they are not saved.

    See Also
    --------
    load : Gives the estimator back.

    Notes
    -----
    The file is a ZIP archive of JSON, of arrays and weights in the safetensors format,
    and of their SHA-256. Nothing of the training rows is in it but what the encoder
    has learnt of them: levels, extremes, quantiles and combinations of levels. The
    moments of the optimizers are in it where ``warm_start=True``, so that training
    goes on as it would have.

    Examples
    --------
    >>> import tempfile
    >>> import numpy as np
    >>> import skgan
    >>> X = np.random.default_rng(0).normal(size=(100, 2))
    >>> sampler = skgan.GANSampler(max_iter=10, random_state=0).fit(X)
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     skgan.save(sampler, f"{folder}/normal.skgan")
    ...     loaded = skgan.load(f"{folder}/normal.skgan")
    >>> bool((loaded.sample(5) == sampler.sample(5)).all())
    True
    """
    _check_place(path, "write")
    if isinstance(leave_out, str):
        raise TypeError(f"leave_out must be a list of names, got {leave_out!r}.")
    entry = find_entry(type(estimator))
    if entry is None or not isinstance(estimator, BaseEstimator):
        advice = " Save its last step, pipeline[-1]." if _is_pipeline(estimator) else ""
        raise UnsaveableError(
            f"save takes an estimator of skgan, got a {type(estimator).__module__}."
            f"{type(estimator).__qualname__}.{advice}"
        )
    encoder = Encoder(leave_out)
    parameters = estimator.get_params(deep=False)
    rest = {k: v for k, v in state_of(estimator).items() if k not in parameters}
    config = {
        "estimator": entry.name,
        "written_by": _versions(),
        "parameters": encoder.encode_attributes(parameters, entry),
    }
    encoder.is_warm_start = bool(parameters.get("warm_start", False))
    state = {"attributes": encoder.encode_attributes(rest, entry)}
    unknown = sorted(encoder.leave_out - encoder.left_out)
    if unknown:
        raise ValueError(f"leave_out names no attribute of the estimator: {unknown}.")
    members = {
        _CONFIG: write_json(config),
        _STATE: write_json(state),
        _ARRAYS: encoder.arrays.to_bytes(),
        _WEIGHTS: encoder.weights.to_bytes(),
    }
    data = pack(members, SCHEMA)
    if isinstance(path, str | os.PathLike):
        write_whole(path, [data])
    else:
        path.write(data)


def _check_place(path: Any, method: str) -> None:
    """Raise a TypeError unless something is a path or a file object."""
    if not isinstance(path, str | os.PathLike) and not hasattr(path, method):
        raise TypeError(
            "path must be a str, an os.PathLike or a binary file object, got "
            f"{path!r:.80}."
        )


def _is_pipeline(estimator: Any) -> bool:
    return hasattr(estimator, "steps") and hasattr(estimator, "named_steps")


def _versions() -> dict[str, str]:
    return {
        "skgan": import_module("skgan").__version__,
        "python": platform.python_version(),
        "numpy": np.__version__,
        "torch": torch.__version__.partition("+")[0],
        "scikit-learn": import_module("sklearn").__version__,
    }


@torch_defaults()
def load(
    path: PathOrFile,
    *,
    classes: Iterable[Any] = (),
    objects: Mapping[str, Any] | None = None,
) -> Any:
    """Load an estimator that `save` wrote.

    A loaded sampler draws the rows that the saved one would have drawn, scores the
    same, and goes on where it was.

    Parameters
    ----------
    path : str, path-like or binary file object
        The file. It need not be trusted: nothing in it is executed or imported, and
        it takes no more memory than its own size calls for. A file object is read
        from where it is to its end.
    classes : iterable of classes and functions, default=()
        Your own that the estimator was made with, such as a network or a loss; the
        file names them, and what you hand over under these names is used.
    objects : dict of str to object, default=None
        What was left out of the file, by the attribute's name.

    Returns
    -------
    estimator

    Raises
    ------
    FileFormatError
        If the file is not what `save` writes, was changed or damaged, follows a later
        schema, or needs what was not handed over: one of its subclasses.
    OSError
        If there is no such file, or it cannot be read.

    Warns
    -----
    UserWarning
        If the estimator was on a device that is not here: it is on the CPU now.

    See Also
    --------
    save : Writes the file.
    """
    named = {}
    for item in classes:
        named[getattr(item, "__name__", repr(item))] = item
    _check_place(path, "read")
    try:
        schema, packed = unpack(path)
        return _build(_migrate(schema, packed), named, objects or {})
    except FileFormatError as error:
        raise describe(path, error) from error.__cause__


def _migrate(schema: int, packed: dict[str, bytes]) -> dict[str, Any]:
    """Return the members of this schema, those of JSON parsed."""
    if schema > SCHEMA:
        raise SchemaError(
            f"It follows schema {schema}, written by a later version of skgan; this "
            f"one, {import_module('skgan').__version__}, reads up to {SCHEMA}. Install "
            "a later version."
        )
    if not all(number in MIGRATIONS for number in range(schema, SCHEMA)):
        raise SchemaError(f"Schema {schema} is not known.")
    members: dict[str, Any] = {
        name: read_json(data, name) if name.endswith(".json") else data
        for name, data in packed.items()
    }
    for number in range(schema, SCHEMA):
        members = MIGRATIONS[number](members)
    if set(members) != _MEMBERS:
        raise ContentError(f"Its members are {sorted(members)}.")
    return members


def _build(members: dict[str, Any], classes: dict, objects: Mapping) -> Any:
    """Return the estimator that members describe."""
    arrays = TensorReader(members[_ARRAYS], _ARRAYS)
    weights = TensorReader(members[_WEIGHTS], _WEIGHTS)
    config, state = members[_CONFIG], members[_STATE]
    if not isinstance(config, dict) or set(config) != {
        "estimator",
        "written_by",
        "parameters",
    }:
        raise ContentError(f"{_CONFIG} has other parts than an estimator's.")
    if not isinstance(state, dict) or set(state) != {"attributes"}:
        raise ContentError(f"{_STATE} has other parts than attributes.")
    n_bytes = len(members[_ARRAYS]) + len(members[_WEIGHTS])
    bound = MemoryBound(
        max(_LEAST_VALUES, _VALUES_PER_BYTE * n_bytes),
        _LEAST_TENSORS + _TENSORS_PER_WEIGHT * len(weights.names("")),
    )
    decoder = Decoder(arrays, weights, classes, objects, bound)
    entry = entry_of(decoder.text(config["estimator"]))
    if not hasattr(entry.kind, "get_params"):
        raise ContentError(f"A {entry.name} is no estimator.")
    try:
        estimator = decoder.decode_attributes(
            config["parameters"], state["attributes"], entry
        )
        arrays.check_all_read()
        _finish(decoder)
    except FileFormatError:
        raise
    except ImportError as error:
        raise MissingDefinitionError(f"It needs a library: {error}") from error
    except Exception as error:
        # A file written by hand can be wrong in any way.
        raise ContentError(
            f"Its parts do not fit together: {type(error).__name__}: {error!s:.300}"
        ) from error
    if decoder.missing_devices:
        warnings.warn(
            f"It was saved on a device that is not here, "
            f"{sorted(decoder.missing_devices)!r:.80}: it is on the CPU now.",
            stacklevel=4,
        )
    return estimator


def _finish(decoder: Decoder) -> None:
    """Make the nets, once all else is known to fit, and let them draw."""
    for sampler in decoder.samplers:
        learnt = vars(sampler)
        learnt.update({**_BEFORE_STAGES, "stage_scores_": {}, **learnt})
    for net in decoder.nets:
        net.begin()
    for sampler in decoder.samplers:
        check_sizes(sampler)
    for net in decoder.nets:
        net.finish(decoder)
    decoder.weights.check_all_read()
    with decoder.bound:
        for sampler in decoder.samplers:
            smoke_test_sample(sampler)
