"""The house keeps its shape: floors, sizes, and one place for each fact."""

import ast
import re
import tomllib
from importlib.metadata import version
from pathlib import Path

import pytest

import skgan

ROOT = Path(__file__).parent.parent
FILES = sorted((ROOT / "skgan").rglob("*.py"))
MAX_FILE_LINES = 400
MAX_FUNCTION_LINES = 60

# Ground first. What is not named lives with the estimators.
FLOORS = {
    "objectives": 0,
    "priors": 0,
    "modules": 0,
    "encoding": 0,
    "loader": 0,
    "metrics": 0,
    "datasets": 0,
    "storage": 0,
    "_validation": 0,
    "nets": 1,
    "callbacks": 1,
    "_base": 2,
    "_checkpoint": 2,
    "_defaults": 2,
    "_refusals": 2,
    "_tables": 2,
    "_training": 2,
    "imblearn": 4,
    "plotting": 4,
    "persistence": 4,
    "reporting": 5,
    "cli": 6,
    "__main__": 6,
    "__init__": 7,
}
ESTIMATORS_FLOOR = 3


def floor_of(room: str) -> int:
    return FLOORS.get(room, ESTIMATORS_FLOOR)


def room_of(file: Path) -> str:
    return file.relative_to(ROOT / "skgan").parts[0].removesuffix(".py")


def rooms_imported(file: Path) -> set[str]:
    """Rooms of skgan that a file imports, anywhere in it."""
    package = list(file.relative_to(ROOT).parts[:-1])
    names = []
    for node in ast.walk(ast.parse(file.read_text(encoding="utf-8"))):
        if isinstance(node, ast.Import):
            names += [alias.name for alias in node.names]
        elif isinstance(node, ast.ImportFrom):
            start = package[: len(package) - node.level + 1] if node.level else []
            module = ".".join(start + ([node.module] if node.module else []))
            names += [f"{module}.{alias.name}" for alias in node.names]
    return {name.split(".")[1] for name in names if name.startswith("skgan.")}


def body_lines(function: ast.FunctionDef) -> int:
    """Lines of a function without its docstring."""
    lines = (function.end_lineno or 0) - function.lineno + 1
    first = function.body[0]
    if ast.get_docstring(function) is not None:
        lines -= (first.end_lineno or 0) - first.lineno + 1
    return lines


@pytest.mark.parametrize("file", FILES, ids=lambda f: str(f.relative_to(ROOT)))
def test_no_room_knows_the_rooms_above(file):
    room = room_of(file)
    above = {
        other
        for other in rooms_imported(file)
        if floor_of(other) > floor_of(room) and other != "__version__"
    }
    assert not above, f"{room} must not import {sorted(above)}"


@pytest.mark.parametrize("file", FILES, ids=lambda f: str(f.relative_to(ROOT)))
def test_sizes(file):
    text = file.read_text(encoding="utf-8")
    assert len(text.splitlines()) <= MAX_FILE_LINES
    long = {
        node.name: body_lines(node)
        for node in ast.walk(ast.parse(text))
        if isinstance(node, ast.FunctionDef) and body_lines(node) > MAX_FUNCTION_LINES
    }
    assert not long


def test_every_name_in_all_exists_and_is_documented():
    for name in skgan.__all__:
        assert getattr(skgan, name).__doc__, f"skgan.{name} has no docstring"


def test_version_has_one_source():
    project = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))
    assert "version" in project["project"]["dynamic"]
    assert version("skgan") == skgan.__version__


def test_constraints_pin_everything_and_name_no_address():
    lines = (ROOT / "constraints.txt").read_text(encoding="utf-8").splitlines()
    pins = [line for line in lines if not line.startswith("#")]
    assert all(re.fullmatch(r"[\w.-]+==[\w.]+", pin) for pin in pins)
    assert "torch==2.13.0" in pins


def test_readme_and_ci_give_the_same_test_command():
    readme = (ROOT / "README.md").read_text(encoding="utf-8")
    assert re.search(r"^make test\b", readme, flags=re.MULTILINE)
    ci = (ROOT / ".ci" / "run").read_text(encoding="utf-8").splitlines()
    assert ci[-1] == "make test"
