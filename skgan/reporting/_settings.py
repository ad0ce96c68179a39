"""The end of the page: with what settings, and with what versions."""

from __future__ import annotations

import inspect
import platform
import re
from importlib.metadata import PackageNotFoundError, version
from typing import Any

from skgan.reporting._html import count, details, element, escape, paragraph, table

_LIBRARIES = ("skgan", "torch", "skorch", "scikit-learn", "numpy")
_MAX_LENGTH = 300


def settings(sampler: Any) -> list[str]:
    """Return the parameters of a sampler, those that were set first."""
    parts = []
    changed, rest = _parameters(sampler)
    if changed:
        parts.append(table(("parameter", "value"), changed, "Parameters that were set"))
    else:
        parts.append(paragraph("All parameters have their defaults."))
    if rest:
        defaults = table(("parameter", "value"), rest, "Parameters left as they are")
        parts.append(details("Defaults", defaults))
    return parts


def versions() -> str:
    """Return what the report was made with."""
    found = [(name, _version_of(name)) for name in _LIBRARIES]
    return _list([*found, ("Python", platform.python_version())])


def _version_of(name: str) -> str:
    from skgan import __version__

    if name == "skgan":
        return __version__
    try:
        return version(name)
    except PackageNotFoundError:  # installed by other means
        return "unknown"


def _list(pairs: list[tuple[str, str]]) -> str:
    return element(
        "dl",
        *(
            element("div", element("dt", escape(name)), element("dd", escape(value)))
            for name, value in pairs
        ),
        class_="facts",
    )


def facts(final_estimator: Any) -> str:
    """Return what was fitted, and how large it is."""
    found = [("sampler", type(final_estimator).__name__)]
    if hasattr(final_estimator, "n_iter_"):
        found.append(("updates", count(int(final_estimator.n_iter_))))
    if hasattr(final_estimator, "encoder_"):
        found.append(("encoder", type(final_estimator.encoder_).__name__))
    for name in ("generator", "discriminator"):
        module = getattr(getattr(final_estimator, "net_", None), f"{name}_", None)
        if module is not None:
            n_weights = sum(weight.numel() for weight in module.parameters())
            found.append((name, f"{type(module).__name__}, {count(n_weights)} weights"))
    return _list(found)


def _parameters(sampler: Any) -> tuple[list, list]:
    """Parameters by whether they differ from the defaults, as texts."""
    if not hasattr(sampler, "get_params"):
        return [], []
    signature = inspect.signature(type(sampler).__init__)
    defaults = {name: p.default for name, p in signature.parameters.items()}
    changed: list[tuple[str, str]] = []
    rest: list[tuple[str, str]] = []
    for name, value in sampler.get_params().items():
        text = describe(value)
        is_default = name in defaults and describe(defaults[name]) == text
        (rest if is_default else changed).append((name, text))
    return changed, rest


def describe(value: Any) -> str:
    """Return a value as text that is the same in every run."""
    if isinstance(value, type) or inspect.isroutine(value):
        return value.__qualname__
    # Addresses in memory differ from run to run.
    text = re.sub(r" at 0x[0-9a-fA-F]+", "", " ".join(repr(value).split()))
    return text if len(text) <= _MAX_LENGTH else f"{text[: _MAX_LENGTH - 1]}…"
