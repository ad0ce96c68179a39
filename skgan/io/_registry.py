"""Which classes and functions a file may name, and what it may hold of instances.

Both follow from what `skgan._estimator.persistent` declares where they are defined. A
file names a class by a key, never by where it is found. An instance is made without
calling anything, and none of its attributes is a method or a property of its class.
"""

from __future__ import annotations

import inspect
import re
import sys
from collections.abc import Callable, Container, Iterator
from dataclasses import fields, is_dataclass
from functools import cache
from importlib import import_module
from pkgutil import iter_modules, walk_packages
from types import ModuleType
from typing import Any, NamedTuple

import torch
from torch import nn

import skgan
from skgan import modules as networks
from skgan._estimator import Persistence, VersionedEstimator
from skgan.storage import ContentError

# Where such classes are defined: in modules of these rooms; no other is imported, and
# these only for a class that no module imported so far defines.
_ROOMS = (
    *("frames", "objectives", "modules", "priors", "rejection", "encoding", "metrics"),
    *("samplers", "augmentation"),
)
# Estimators in rooms that need another library, which only a file of theirs imports.
_OPTIONAL = {"GANOverSampler": "imblearn"}
# What names stood for: to look through all modules takes milliseconds.
_FOUND: dict[str, Any] = {}
# The room whose functions may be named in files.
_FUNCTIONS = "frames"
# Rooms whose functions, or classes, are values: losses, penalties, loaders.
_DEFINED: dict[str, Callable] = {
    "objectives": inspect.isfunction,
    "loader": inspect.isclass,
}
_OPTIMIZERS = ("Adam", "AdamW", "NAdam", "RAdam", "Adamax", "Adagrad", "RMSprop", "SGD")
_LEARNT = re.compile(r"[a-z][a-z0-9_]{0,60}_")


class Entry(NamedTuple):
    """A class, and what a file may hold of its instances."""

    name: str
    kind: Any
    fields: frozenset[str]
    rebuilt: frozenset[str]
    values: dict[str, Container]

    def may_hold(self, name: str) -> bool:
        """Whether an attribute of that name is saved."""
        return name in self.fields or _LEARNT.fullmatch(name) is not None

    def check_name(self, name: str) -> None:
        """Raise a ContentError unless an instance can have an attribute of a name."""
        if not self.may_hold(name) or not is_plain(self.kind, name):
            raise ContentError(f"A {self.name} has no {name!r:.80}.")

    def check_value(self, name: str, value: Any) -> None:
        """Raise a ContentError unless an attribute can have a value."""
        allowed = self.values.get(name)
        if allowed is None:
            return
        kinds = (int,) if isinstance(allowed, range) else (str, type(None))
        if type(value) not in kinds or value not in allowed:
            raise ContentError(f"{name} cannot be {value!r:.80}.")


def find_entry(kind: Any) -> Entry | None:
    """Return the entry of a class; None if files do not hold its instances."""
    name = _name_of(kind)
    is_ours = kind.__module__.partition(".")[0] == "skgan"
    if name is None or not is_ours or _find(name) is not kind:
        return None
    return _entry(name, kind)


@cache
def _entry(name: str, kind: Any) -> Entry:
    declared = [vars(base).get("__persistent__") for base in kind.__mro__]
    declared = [one for one in declared if isinstance(one, Persistence)]
    values: dict[str, Container] = {}
    for one in reversed(declared):
        values |= one.values
    fields = frozenset(_parameters(kind)).union(*(one.fields for one in declared))
    rebuilt = frozenset[str]().union(*(one.rebuilt for one in declared))
    return Entry(name, kind, fields - rebuilt, rebuilt, values)


def _name_of(kind: Any) -> str | None:
    """Return the key of a class or function; None if files do not name it."""
    persistence = vars(kind).get("__persistent__")
    if inspect.isclass(kind) and issubclass(kind, VersionedEstimator):
        # Classes that others are built on are no estimators themselves.
        if inspect.isabstract(kind) or kind.__name__.startswith("Base"):
            return None
        return persistence.name if persistence else kind.__name__
    return persistence.name if persistence else None


def _parameters(kind: type) -> list[str]:
    if is_dataclass(kind):
        return [field.name for field in fields(kind)]
    return list(getattr(kind, "_fields", inspect.signature(kind).parameters))


def _find(name: str) -> Any:
    if name in _OPTIONAL:
        return getattr(import_module(f"skgan.{_OPTIONAL[name]}"), name)
    if name in _FOUND:
        return _FOUND[name]
    if name in skgan.__all__ and name[0].isupper():
        getattr(skgan, name)  # imports the module of a class
    for module in _imported():
        found = _declared(module).get(name)
        if found is not None:
            _FOUND[name] = found
            return found
    return named().get(name)


def _imported() -> Iterator[ModuleType]:
    """Yield the modules, of rooms in which classes declare, that are there already."""
    for name, module in list(sys.modules.items()):
        if not name.startswith("skgan.") or name.split(".")[1] not in _ROOMS:
            continue
        # Another thread may be importing it.
        if not getattr(module.__spec__, "_initializing", False):
            yield module


def entry_of(name: str) -> Entry:
    """Return the entry of a key."""
    kind = _find(name)
    entry = find_entry(kind) if inspect.isclass(kind) else None
    if entry is None:
        raise ContentError(f"{name!r:.80} is no class that files may hold.")
    return entry


@cache
def named() -> dict[str, Any]:
    """Return the classes and functions that declare themselves, by key."""
    result: dict[str, Any] = {}
    for module in _modules():
        declared = _declared(module)
        if twice := result.keys() & declared.keys():
            raise RuntimeError(f"Two definitions are called {twice} in files.")
        result |= declared
    return result


@cache
def _declared(module: ModuleType) -> dict[str, Any]:
    """Return what a module defines and declares, by key."""
    result: dict[str, Any] = {}
    for value in vars(module).values():
        is_own = getattr(value, "__module__", None) == module.__name__
        if not is_own or not (inspect.isclass(value) or inspect.isfunction(value)):
            continue
        name = _name_of(value)
        if name in result:
            raise RuntimeError(f"Two definitions are called {name!r} in files.")
        if name is not None:
            result[name] = value
    return result


def _modules(*rooms: str) -> Iterator[ModuleType]:
    """Import the modules of rooms, by default of all in which classes declare."""
    for room in iter_modules(skgan.__path__, "skgan."):
        if room.name.partition(".")[2] in (rooms or _ROOMS):
            module = import_module(room.name)
            yield module
            path = getattr(module, "__path__", ())
            for part in walk_packages(path, f"{room.name}."):
                yield import_module(part.name)


@cache
def is_plain(kind: Any, attribute: str) -> bool:
    """Whether an attribute is data: no method, property or dunder of its class."""
    if attribute.startswith("__"):
        return False
    definition = inspect.getattr_static(kind, attribute, None)
    return not (callable(definition) or hasattr(definition, "__get__"))


@cache
def definitions() -> dict[str, Any]:
    """Return the classes and functions that files may name as values.

    Networks and objectives of skgan, loaders and what else declares itself, optimizers.
    """
    result: dict[str, Any] = {kind.__name__: kind for kind in (bool, int, float)}
    result |= {name: getattr(torch.optim, name) for name in _OPTIMIZERS}
    for module in _modules(_FUNCTIONS):
        declared = _declared(module).items()
        result |= {k: v for k, v in declared if inspect.isfunction(v)}
    for name in networks.__all__:
        value = getattr(networks, name)
        if inspect.isclass(value) and issubclass(value, nn.Module):
            result[name] = value
    for room, is_wanted in _DEFINED.items():
        for module in _modules(room):
            result |= {
                name: value
                for name, value in vars(module).items()
                if is_wanted(value) and value.__module__ == module.__name__
            }
    return result
