"""The page of the documentation that names tests names tests that are there."""

import ast
import re
import tomllib
import warnings
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
PAGE = ROOT / "docs" / "reliability.rst"
FILES = ("test_input.py", "test_faults.py", "test_processes.py")


def names_in(file):
    """Names of tests in a file, those of classes behind the class."""
    found = set()
    for node in ast.parse(file.read_text(encoding="utf-8")).body:
        inside = node.body if isinstance(node, ast.ClassDef) else [node]
        prefix = f"{node.name}::" if isinstance(node, ast.ClassDef) else ""
        functions = (item for item in inside if isinstance(item, ast.FunctionDef))
        found |= {f"{prefix}{f.name}" for f in functions if f.name.startswith("test")}
    return found


def named():
    text = PAGE.read_text(encoding="utf-8")
    pairs = re.findall(r"``(tests/[\w/.]+\.py)::([\w:]+)``", text)
    assert len(pairs) > 40 and text.count("tests/") == len(pairs) + 1
    return pairs


def test_every_test_that_is_named_exists():
    for file, name in named():
        assert name in names_in(ROOT / file), f"{file}::{name}"


def test_every_test_of_the_battery_is_named():
    pairs = set(named())
    for file in FILES:
        path = f"tests/battery/{file}"
        missing = {
            name for name in names_in(ROOT / path) if (path, name) not in pairs
        } - {"test_the_list_has_every_public_estimator"}
        assert not missing, f"{path}: {sorted(missing)}"


def test_the_page_is_linked():
    index = (ROOT / "docs" / "index.rst").read_text(encoding="utf-8")
    assert re.search(r"\breliability\b", index)


def test_warnings_are_errors():
    project = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))
    kinds = project["tool"]["pytest"]["ini_options"]["filterwarnings"]
    # All but one, of older versions of hypothesis.
    assert kinds[0] == "error" and len(kinds) == 2 and "register_random" in kinds[1]
    for kind in (UserWarning, DeprecationWarning, FutureWarning, ResourceWarning):
        with pytest.raises(kind):
            warnings.warn("an error in tests", kind, stacklevel=1)
