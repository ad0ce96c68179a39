"""Writing down, again and again, where training is, so that it can go on from there."""

from __future__ import annotations

import os
import platform
import tempfile
import time
import warnings
from collections import OrderedDict
from collections.abc import Iterator
from contextlib import contextmanager
from importlib import import_module
from inspect import signature
from pathlib import Path
from typing import Any

import numpy as np
import torch
from skorch.callbacks import Callback

from skgan._validation import check_integer, check_real
from skgan.callbacks._processes import is_first_process
from skgan.callbacks._progress import TrainingProgress
from skgan.loader import BatchLoader
from skgan.storage import (
    ContentError,
    FileFormatError,
    SchemaError,
    TensorReader,
    UnsaveableError,
    ValueDecoder,
    ValueEncoder,
    describe,
    pack,
    read_json,
    unpack,
    write_json,
    write_whole,
)

FILE_NAME = "training.checkpoint"
SCHEMA = 1
_CONTENT, _ARRAYS = "checkpoint.json", "arrays.safetensors"
_FIELDS = {
    "written_by": dict,
    "identity": dict,
    "seeds": list,
    "progress": list,
    "net": dict,
    "callbacks": dict,
}
# Writing takes at most this share of the time of training.
_MAX_SHARE = 0.03


class CheckpointWarning(UserWarning):
    """A checkpoint could not be written or removed; training is not affected."""


class TrainingCheckpoint(Callback):
    """Write down at intervals where a fit is, so that one that breaks off can go on.

    To be handed over as ``checkpoint`` of a sampler, which takes the name of a folder
    for one with these defaults. The next ``fit`` to the same rows with the same
    parameters goes on from there.

    Parameters
    ----------
    directory : str or path-like
        A folder of the fit's own; it is made if it is not there. It holds one file,
        ``training.checkpoint``, as long as the fit has not ended.
    seconds : float, default=10.0
        Time between two checkpoints. They are written at the end of an epoch, a
        hundredth of the fit or a hundred updates, and as much more rarely as it takes
        for training not to be held up by more than three parts in a hundred.
    updates : int or None, default=None
        Generator updates between two checkpoints, in place of seconds.

    See Also
    --------
    skgan.save : Saves what a fit has led to.

    Notes
    -----
    A checkpoint holds networks, averaged weights, optimizers, random streams, the
    order of the rows, history, and the state of callbacks: what their
    ``get_training_state()`` returns, for ``set_training_state(net, state)`` to be
    given when a fit goes on, or, without these methods, attributes that are plain
    values, arrays and tensors, and no parameters of theirs. It holds no rows, and
    reading it executes nothing.

    Examples
    --------
    >>> import tempfile
    >>> import numpy as np
    >>> from skgan import GANSampler
    >>> from skgan.callbacks import TrainingCheckpoint
    >>> X = np.random.default_rng(0).normal(size=(100, 2))
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     checkpoint = TrainingCheckpoint(folder, seconds=60)
    ...     sampler = GANSampler(max_iter=10, checkpoint=checkpoint).fit(X)
    """

    def __init__(
        self,
        directory: str | os.PathLike,
        seconds: float = 10.0,
        updates: int | None = None,
    ):
        self.directory = directory
        self.seconds = seconds
        self.updates = updates

    @property
    def path(self) -> Path:
        """The file."""
        return Path(self.directory) / FILE_NAME

    def prepare(self) -> dict[str, Any] | None:
        """Check the parameters and the folder, and read what is there.

        Returns
        -------
        dict or None
            The last checkpoint of a fit that did not end; None without one.

        Raises
        ------
        TypeError
            If a parameter is of the wrong type.
        ValueError
            If an interval is out of its range, or the file is no checkpoint or damaged.
        OSError
            If the folder cannot be made, read or written to.
        """
        check_real("seconds of a TrainingCheckpoint", self.seconds, 0)
        if self.updates is not None:
            check_integer("updates of a TrainingCheckpoint", self.updates, 1)
        folder = Path(self.directory)
        folder.mkdir(parents=True, exist_ok=True)
        # A folder that cannot be written to is refused before training, not after.
        with tempfile.TemporaryFile(dir=folder):
            pass
        for leftover in folder.glob(f".{FILE_NAME}.*.tmp"):
            leftover.unlink(missing_ok=True)
        return read_checkpoint(self.path) if self.path.exists() else None

    def begin(self, identity: dict, seeds: list[int], earlier: dict | None) -> None:
        """Say which fit this is, and the earlier checkpoint that it goes on from."""
        self.identity_, self.seeds_, self.earlier_ = identity, seeds, earlier

    def on_train_begin(self, net, **kwargs):
        """Go on from the earlier checkpoint, if there is one."""
        earlier = getattr(self, "earlier_", None)
        if not hasattr(self, "identity_"):
            raise ValueError(
                "A TrainingCheckpoint among the callbacks does not know which fit it "
                "is of; hand it over as checkpoint=TrainingCheckpoint(...)."
            )
        loader = net.iterator_train
        if not (isinstance(loader, type) and issubclass(loader, BatchLoader)):
            raise ValueError(
                f"checkpoint={os.fspath(self.directory)!r} has to know where in the "
                f"order of its rows a fit is, and iterator_train={loader!r:.80} does "
                "not tell; leave it as it is, or set checkpoint=None."
            )
        self.n_epochs_ = self.n_updates_ = self.n_written_ = 0
        self.has_failed_ = False
        self.next_ = time.perf_counter() + self.seconds
        if earlier is not None:
            self.n_epochs_, self.n_updates_ = earlier["progress"]
            self.n_written_ = self.n_updates_
            net.load_training_state(earlier["net"], self.n_epochs_)
            _load_callbacks(net, earlier["callbacks"], self)
            for _, callback in net.callbacks_:
                # A progress bar starts at the updates done in the earlier process.
                if isinstance(callback, TrainingProgress) and is_first_process(net):
                    callback.start_at(self.n_updates_)
            self.earlier_ = None

    def on_epoch_end(self, net, **kwargs):
        """Write a checkpoint, where it is time to."""
        self.n_epochs_ += 1
        self.n_updates_ += len(net.history[-1, "batches"])
        start = time.perf_counter()
        if self.updates is None:
            is_due = start >= self.next_
        else:
            is_due = self.n_updates_ - self.n_written_ >= self.updates
        if is_due and is_first_process(net):
            with self._warning("written"):
                write_whole(self.path, [self._pack(net)])
                self.n_written_ = self.n_updates_
            end = time.perf_counter()
            self.next_ = end + max(self.seconds, (end - start) / _MAX_SHARE)

    def finish(self) -> None:
        """Remove the file of a fit that has come to its end."""
        with self._warning("removed"):
            self.path.unlink(missing_ok=True)

    def _pack(self, net) -> bytes:
        encoder = ValueEncoder()
        content = {
            "written_by": {
                "skgan": import_module("skgan").__version__,
                "torch": torch.__version__.partition("+")[0],
                "python": platform.python_version(),
            },
            "identity": self.identity_,
            "seeds": self.seeds_,
            "progress": [self.n_epochs_, self.n_updates_],
            "net": net.training_state(),
            "callbacks": _states_of_callbacks(net, self),
        }
        nodes = {name: encoder.encode_at(name, part) for name, part in content.items()}
        members = {_CONTENT: write_json(nodes), _ARRAYS: encoder.arrays.to_bytes()}
        return pack(members, SCHEMA)

    @contextmanager
    def _warning(self, what: str) -> Iterator[None]:
        """Warn, once in a row, of what goes wrong with the file, and go on."""
        try:
            yield
            self.has_failed_ = False
        except (OSError, OverflowError, UnsaveableError) as error:
            if self.has_failed_:
                return
            self.has_failed_ = True
            warnings.warn(
                f"The checkpoint {str(self.path)!r} could not be {what}: {error}. "
                "Training is not affected; the file is as it was.",
                CheckpointWarning,
                stacklevel=3,
            )


def read_checkpoint(path: Path) -> dict[str, Any]:
    """Return the content of a checkpoint, of which nothing is executed, or raise."""
    try:
        schema, members = unpack(path)
        if schema != SCHEMA:
            raise SchemaError(f"It follows schema {schema}, and this is {SCHEMA}.")
        if set(members) != {_CONTENT, _ARRAYS}:
            raise ContentError(f"It is no checkpoint, but holds {sorted(members)}.")
        content = read_json(members[_CONTENT], _CONTENT)
        if not isinstance(content, dict) or set(content) != set(_FIELDS):
            raise ContentError("It has other parts than a checkpoint.")
        decoder = ValueDecoder(TensorReader(members[_ARRAYS], _ARRAYS))
        parts = {name: decoder.decode(content[name]) for name in _FIELDS}
        if not all(isinstance(parts[name], kind) for name, kind in _FIELDS.items()):
            raise ContentError("A part of it is of another kind than it should be.")
        return parts
    except FileFormatError as error:
        advice = "Delete it to train anew."
        raise describe(path, type(error)(f"{error} {advice}")) from error


def _states_of_callbacks(net, itself: Callback) -> dict[str, list]:
    return {
        name: [type(callback).__name__, _state_of(callback)]
        for name, callback in net.callbacks_
        if callback is not itself
    }


def _load_callbacks(net, states: dict[str, list], itself: Callback) -> None:
    """Give callbacks their states; one that was not there before starts anew."""
    for name, callback in net.callbacks_:
        kind, state = states.get(name, ("", {}))
        if callback is not itself and kind == type(callback).__name__:
            _load_state(callback, net, state)


def _state_of(callback: Callback) -> dict[str, Any]:
    if hasattr(callback, "get_training_state"):
        return callback.get_training_state()
    # By the signature: skorch counts every attribute without an underscore.
    parameters = signature(type(callback)).parameters
    plain, parts = {}, {}
    for name, value in vars(callback).items():
        if name in parameters:
            continue
        if _has_state(value):
            parts[name] = {k: v for k, v in value.state_dict().items() if _is_plain(v)}
        elif _is_plain(value):
            plain[name] = value
    return {"plain": plain, "parts": parts}


def _load_state(callback: Callback, net, state: dict[str, Any]) -> None:
    if hasattr(callback, "set_training_state"):
        callback.set_training_state(net, state)
        return
    vars(callback).update(state["plain"])
    for name, part in state["parts"].items():
        # A scheduler, say, was made anew when training began.
        if _has_state(vars(callback).get(name)):
            vars(callback)[name].load_state_dict(part)


def _has_state(value: Any) -> bool:
    if isinstance(value, type):
        return False
    return hasattr(value, "state_dict") and hasattr(value, "load_state_dict")


def _is_plain(value: Any, depth: int = 0) -> bool:
    """Whether a value is data, as far as a file is concerned."""
    kind = type(value)
    if value is None or kind in (bool, int, float, str, torch.Generator):
        return True
    if kind in (torch.Tensor, np.ndarray) or isinstance(value, np.generic):
        return not getattr(value.dtype, "hasobject", False)
    if depth > 8 or kind not in (list, tuple, dict, OrderedDict):
        return False
    items = [*value, *value.values()] if isinstance(value, dict) else value
    return all(_is_plain(item, depth + 1) for item in items)
