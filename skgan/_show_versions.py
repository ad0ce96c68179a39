"""What a bug report has to say of the system and of the libraries."""

from __future__ import annotations

import os
import platform
from importlib.metadata import PackageNotFoundError, version

from skgan._version import __version__

_REQUIRED = ("numpy", "scikit-learn", "scipy", "joblib", "skorch", "torch", "tqdm")
_OPTIONAL = ("pandas", "polars", "pyarrow", "dask", "matplotlib", "imbalanced-learn")
_VARIABLES = ("OMP_NUM_THREADS", "MKL_NUM_THREADS", "CUDA_VISIBLE_DEVICES")


def show_versions() -> None:
    """Print the versions of skgan and of the libraries it uses, for a bug report.

    It names the system, the libraries, the devices that PyTorch sees and the
    environment variables that change results or speed. Nothing of your data, no path
    and no name of the computer or of its user is printed.

    See Also
    --------
    sklearn.show_versions : What scikit-learn asks for in its own reports.

    Examples
    --------
    >>> import skgan
    >>> skgan.show_versions()  # doctest: +ELLIPSIS
    System
        python                3...
        platform              ...
        processors            ...
    <BLANKLINE>
    Libraries
        skgan                 ...
        numpy                 ...
    """
    print(_listed("System", _system()))
    libraries = {"skgan": __version__}
    libraries |= {name: _version_of(name) for name in _REQUIRED + _OPTIONAL}
    print(_listed("\nLibraries", libraries))
    print(_listed("\nPyTorch", _torch()))
    environment = {name: os.environ.get(name, "not set") for name in _VARIABLES}
    print(_listed("\nEnvironment", environment))


def _system() -> dict[str, object]:
    return {
        "python": platform.python_version(),
        "platform": platform.platform(),
        "processors": os.cpu_count(),
    }


def _version_of(name: str) -> str:
    try:
        return version(name)
    except PackageNotFoundError:
        return "not installed"


def _torch() -> dict[str, object]:
    """Devices and threads; why not, where PyTorch cannot be imported."""
    try:
        import torch
    except (ImportError, OSError) as error:
        return {"import": f"fails: {error}"}
    n_devices = torch.cuda.device_count()
    devices = [torch.cuda.get_device_name(place) for place in range(n_devices)]
    return {
        "built for CUDA": torch.version.cuda or "no",
        "GPUs": ", ".join(devices) or "none",
        "MPS": "yes" if torch.backends.mps.is_available() else "no",
        "threads": torch.get_num_threads(),
    }


def _listed(title: str, values: dict[str, object] | dict[str, str]) -> str:
    return "\n".join([title, *(f"    {key:<21} {values[key]}" for key in values)])
