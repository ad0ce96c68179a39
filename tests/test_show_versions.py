"""What a bug report is asked for."""

import getpass
import os
import platform
import subprocess
import sys
from importlib.metadata import PackageNotFoundError, version

import sklearn
import torch

import skgan
from skgan import show_versions


def printed(capsys) -> dict[str, str]:
    show_versions()
    pairs = (
        line.strip().split(None, 1) for line in capsys.readouterr().out.split("\n")
    )
    return {pair[0]: pair[1] for pair in pairs if len(pair) == 2}


def test_versions_are_those_that_run(capsys):
    shown = printed(capsys)
    assert shown["skgan"] == skgan.__version__
    assert shown["scikit-learn"] == sklearn.__version__ == version("scikit-learn")
    assert shown["torch"] == version("torch")
    assert shown["python"] == platform.python_version()
    assert shown["threads"] == str(torch.get_num_threads())


def test_what_is_not_installed_or_not_set_is_said(capsys, monkeypatch):
    def version_without_polars(name):
        if name == "polars":
            raise PackageNotFoundError(name)
        return version(name)

    monkeypatch.setattr("skgan._show_versions.version", version_without_polars)
    monkeypatch.delenv("MKL_NUM_THREADS", raising=False)
    monkeypatch.setenv("OMP_NUM_THREADS", "7")
    shown = printed(capsys)
    assert shown["polars"] == "not installed"
    assert shown["MKL_NUM_THREADS"] == "not set"
    assert shown["OMP_NUM_THREADS"] == "7"


def test_a_broken_torch_is_reported(tmp_path):
    (tmp_path / "torch.py").write_text("raise ImportError('a library is missing')\n")
    root = os.path.dirname(os.path.dirname(skgan.__file__))
    done = subprocess.run(
        [sys.executable, "-c", "import skgan; skgan.show_versions()"],
        env=os.environ | {"PYTHONPATH": f"{tmp_path}{os.pathsep}{root}"},
        check=True,
        capture_output=True,
        text=True,
    )
    assert "fails: a library is missing" in done.stdout
    assert f"skgan                 {skgan.__version__}" in done.stdout


def test_nothing_private_is_printed(capsys):
    show_versions()
    text = capsys.readouterr().out
    assert os.path.expanduser("~") not in text.split()
    assert sys.prefix not in text
    assert platform.node() not in text.split() and getpass.getuser() not in text.split()
