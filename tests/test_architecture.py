"""The house keeps its shape: floors, sizes, and one place for each fact."""

import ast
import re
import tomllib
from collections import Counter
from functools import cache
from graphlib import TopologicalSorter
from importlib.metadata import version
from pathlib import Path

import pytest

import skgan

ROOT = Path(__file__).parent.parent
FILES = sorted((ROOT / "skgan").rglob("*.py"))
# Lines of code: docstrings, comments and blanks do not count.
MAX_FILE_LINES = 450
MAX_FUNCTION_LINES = 60

# Ground first. What is not named lives with the estimators.
FLOORS = {
    room: floor
    for floor, rooms in enumerate(
        (
            "_version _lazy _show_versions _diagram _deadline _torch_globals "
            "_tree_threads _mixing _packed_rows _callback_tasks _messages frames "
            "storage objectives modules priors rejection loader datasets _validation "
            "_estimator",
            "encoding",
            "metrics callbacks",
            "nets",
            "samplers",
            "augmentation imblearn _pipeline plotting io",
            "reporting",
            "cli __main__",
            "__init__",
        )
    )
    for room in rooms.split()
}


def room_of(file: Path) -> str:
    return file.relative_to(ROOT / "skgan").parts[0].removesuffix(".py")


@cache
def imported_names(file: Path) -> set[str]:
    """Dotted names that a file imports, anywhere in it, types included."""
    package = list(file.relative_to(ROOT).parts[:-1])
    names = []
    for node in ast.walk(ast.parse(file.read_text(encoding="utf-8"))):
        if isinstance(node, ast.Import):
            names += [alias.name for alias in node.names]
        elif isinstance(node, ast.ImportFrom):
            start = package[: len(package) - node.level + 1] if node.level else []
            module = ".".join(start + ([node.module] if node.module else []))
            names += [f"{module}.{alias.name}" for alias in node.names]
    return {name for name in names if name.startswith("skgan.")}


def rooms_imported(file: Path) -> set[str]:
    """Rooms of skgan that a file imports."""
    return {name.split(".")[1] for name in imported_names(file)}


def private_names(names: set[str], room: str) -> set[str]:
    """Names that belong to another room, and are private in it."""
    return {
        name
        for name in names
        if name.split(".")[1] != room
        and any(re.match("_[^_]", part) for part in name.split(".")[2:])
    }


def code_lines(node: ast.AST, text: str) -> int:
    """Lines of code of a module or function."""
    documented: set[int] = set()
    for inner in ast.walk(node):
        if isinstance(inner, ast.Module | ast.ClassDef | ast.FunctionDef):
            first = inner.body[0] if inner.body else None
            if first is not None and ast.get_docstring(inner, clean=False) is not None:
                documented |= set(range(first.lineno, (first.end_lineno or 0) + 1))
    lines = text.splitlines()
    start = getattr(node, "lineno", 1)
    end = getattr(node, "end_lineno", None) or len(lines)
    return sum(
        bool(line.strip()) and not line.strip().startswith("#") and i not in documented
        for i, line in enumerate(lines[start - 1 : end], start)
    )


@pytest.mark.parametrize("file", FILES, ids=lambda f: str(f.relative_to(ROOT)))
def test_no_room_knows_the_rooms_above(file):
    room = room_of(file)
    above = {
        other for other in rooms_imported(file) if FLOORS.get(other, -1) > FLOORS[room]
    }
    assert not above, f"{room} must not import {sorted(above)}"


@pytest.mark.parametrize("file", FILES, ids=lambda f: str(f.relative_to(ROOT)))
def test_no_room_imports_what_is_private_in_another(file):
    stub = file.with_suffix(".pyi")
    names = imported_names(file) | (imported_names(stub) if stub.exists() else set())
    assert not private_names(names, room_of(file)), (
        "import from the room's __init__, which lists what other rooms use"
    )


def test_what_counts_as_private_in_another_room():
    names = {
        "skgan.encoding._base.BaseEncoder",
        "skgan.encoding.table._table.TableEncoder",
        "skgan.frames._library",
        "skgan.metrics.diagnosis.diagnose",
        "skgan._validation.check_integer",
        "skgan.samplers._base.BaseGANSampler",
    }
    assert private_names(names, "samplers") == {
        "skgan.encoding._base.BaseEncoder",
        "skgan.encoding.table._table.TableEncoder",
        "skgan.frames._library",
    }


def test_a_file_name_says_what_it_holds_and_stands_once():
    """But for what the classes of a room share, and the report with its verb."""
    names = Counter(file.name for file in FILES)
    repeated = {name for name, n in names.items() if n > 1}
    assert repeated == {"__init__.py", "_base.py", "_report.py"}


def test_imports_go_in_no_circle():
    """Of rooms of one floor, and of the modules of a room."""
    rooms: dict[str, set[str]] = {}
    modules: dict[str, set[str]] = {}
    for file in FILES:
        names = imported_names(file)
        room = room_of(file)
        rooms.setdefault(room, set()).update({n.split(".")[1] for n in names} - {room})
        if file.name != "__init__.py":
            name = ".".join(file.relative_to(ROOT).with_suffix("").parts)
            owners = {name.rpartition(".")[0] for name in names}
            modules[name] = (names | owners) - {name}
    # They raise, and say which imports make the circle.
    TopologicalSorter(rooms).prepare()
    TopologicalSorter(modules).prepare()


@pytest.mark.parametrize("file", FILES, ids=lambda f: str(f.relative_to(ROOT)))
def test_sizes(file):
    text = file.read_text(encoding="utf-8")
    tree = ast.parse(text)
    assert code_lines(tree, text) <= MAX_FILE_LINES
    long = {
        node.name: code_lines(node, text)
        for node in ast.walk(tree)
        # A constructor only keeps its parameters, however many they are.
        if isinstance(node, ast.FunctionDef)
        and node.name != "__init__"
        and code_lines(node, text) > MAX_FUNCTION_LINES
    }
    assert not long


def test_the_plan_of_the_house_names_every_room():
    plan = (ROOT / "docs" / "architecture.rst").read_text(encoding="utf-8")
    named = set(re.findall(r"`(\w+?)(?:/|\.py)`", plan))
    assert FLOORS.keys() - {"__init__"} <= named
    rows = re.findall(
        r"^\| (\d) \| (.*) \|$",
        (ROOT / "CONTRIBUTING.md").read_text(encoding="utf-8"),
        flags=re.MULTILINE,
    )
    floors = {
        room: int(n) for n, rooms in rows for room in re.findall(r"`(\w+)`", rooms)
    }
    assert floors == {room: FLOORS[room] for room in floors}
    folders = {file.parent.name for file in FILES if file.name == "__init__.py"}
    assert folders & FLOORS.keys() <= floors.keys()


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
