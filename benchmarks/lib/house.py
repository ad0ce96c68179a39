"""The shape of a tree of skgan, in figures: rooms, imports, and what a call enters.

``python -m benchmarks.lib.house [TREE ...]`` prints a table for each tree, the one
that it is started in by default. A second tree is one that `git worktree add` made.
"""

import argparse
import ast
import os
import subprocess
import sys
from collections import Counter
from graphlib import CycleError, TopologicalSorter
from pathlib import Path

# What is counted in a process of its own, which imports the tree that is looked at.
_CALLS = """
import json, sys, warnings
import numpy as np
import pandas as pd
from skgan import GANSampler

warnings.simplefilter("ignore")
rng = np.random.default_rng(0)
X = rng.normal(size=(300, 3))
frame = pd.DataFrame(
    {
        "size": rng.normal(size=300).round(2),
        "kind": rng.choice(["a", "b", "c"], 300),
        "n": rng.integers(0, 9, 300),
    }
)


def entered(call):
    seen = set()

    def note(event_frame, event, _):
        code = event_frame.f_code
        if event == "call" and "/skgan/" in code.co_filename.replace("\\\\", "/"):
            # Bodies of modules and classes are no functions.
            if code.co_name != "<module>":
                seen.add((code.co_filename, code.co_qualname))

    sys.setprofile(note)
    try:
        result = call()
    finally:
        sys.setprofile(None)
    return result, [len({file for file, _ in seen}), len(seen)]


def sampler():
    return GANSampler(max_iter=3, random_state=0)


# Whatever is loaded on first use is there before a call is looked at.
sampler().fit(X).sample(5), sampler().fit(frame).sample(5)
array_sampler, fit_array = entered(lambda: sampler().fit(X))
frame_sampler, fit_frame = entered(lambda: sampler().fit(frame))
_, sample_array = entered(lambda: array_sampler.sample(10))
_, sample_frame = entered(lambda: frame_sampler.sample(10))
print(
    json.dumps(
        {
            "fit(array)": fit_array,
            "fit(frame)": fit_frame,
            "sample, of an array": sample_array,
            "sample, of a frame": sample_frame,
        }
    )
)
"""


def code_lines(text):
    """Return how many lines are neither docstring nor comment nor blank."""
    documented = set()
    for node in ast.walk(ast.parse(text)):
        is_documented = isinstance(node, ast.Module | ast.ClassDef | ast.FunctionDef)
        if is_documented and ast.get_docstring(node, clean=False) is not None:
            first = node.body[0]
            documented |= set(range(first.lineno, first.end_lineno + 1))
    return sum(
        bool(line.strip()) and not line.strip().startswith("#") and i not in documented
        for i, line in enumerate(text.splitlines(), 1)
    )


def room_of(root, file):
    """Return the first folder or file of `skgan/` that a file is in."""
    return file.relative_to(root / "skgan").parts[0].removesuffix(".py")


def imported_names(root, file):
    """Return the names of skgan that a file imports, those for types among them."""
    package, names = list(file.relative_to(root).parts[:-1]), []
    for node in ast.walk(ast.parse(file.read_text(encoding="utf-8"))):
        if isinstance(node, ast.Import):
            names += [alias.name for alias in node.names]
        elif isinstance(node, ast.ImportFrom):
            start = package[: len(package) - node.level + 1] if node.level else []
            module = ".".join(start + ([node.module] if node.module else []))
            names += [f"{module}.{alias.name}" for alias in node.names]
    return [name for name in names if name.startswith("skgan.")]


def import_graph(root):
    """Return which modules each module imports, packages' own files left out."""
    files = {
        ".".join(file.relative_to(root).with_suffix("").parts): file
        for file in sorted((root / "skgan").rglob("*.py"))
        if file.name != "__init__.py"
    }
    graph = {}
    for module, file in files.items():
        names = set(imported_names(root, file))
        names |= {name.rpartition(".")[0] for name in names}
        graph[module] = names & set(files) - {module}
    return graph


def circles(graph):
    """Return circles of a graph, each broken where it was found."""
    graph, found = {node: set(others) for node, others in graph.items()}, []
    while True:
        try:
            TopologicalSorter(graph).prepare()
        except CycleError as error:
            circle = error.args[1]
            found.append(circle)
            # The sorter names predecessors first.
            graph[circle[1]].discard(circle[0])
        else:
            return found


def measure(root):
    """Return rows of the table of rooms, and figures of the whole tree."""
    rows, graph, private = {}, {}, 0
    for file in sorted((root / "skgan").rglob("*.py")):
        text, room = file.read_text(encoding="utf-8"), room_of(root, file)
        row = rows.setdefault(room, Counter())
        row["files"] += 1
        row["lines"] += len(text.splitlines())
        row["code"] += code_lines(text)
        nodes = list(ast.walk(ast.parse(text)))
        row["classes"] += sum(isinstance(node, ast.ClassDef) for node in nodes)
        row["functions"] += sum(isinstance(node, ast.FunctionDef) for node in nodes)
        names = imported_names(root, file)
        graph.setdefault(room, set()).update(name.split(".")[1] for name in names)
        private += sum(
            name.split(".")[1] != room
            and any(
                part.startswith("_") and not part.startswith("__")
                for part in name.split(".")[2:]
            )
            for name in names
        )
    rooms = {room: (others - {room}) & set(rows) for room, others in graph.items()}
    tests = sorted((root / "tests").rglob("*.py"))
    modules = import_graph(root)
    figures = {
        "rooms": len(rows),
        "arrows between rooms": sum(map(len, rooms.values())),
        "circles of rooms": len(circles(rooms)),
        "circles of modules": len(circles(modules)),
        "private names of other rooms imported": private,
        "lines of tests": sum(
            len(file.read_text(encoding="utf-8").splitlines()) for file in tests
        ),
        "test files": sum(file.name.startswith("test_") for file in tests),
        **calls(root),
    }
    return rows, figures


def calls(root):
    """Return files and functions that `fit` and `sample` enter."""
    done = subprocess.run(
        [sys.executable, "-c", _CALLS],
        cwd=root,
        env=os.environ | {"PYTHONPATH": str(root), "OMP_NUM_THREADS": "1"},
        check=True,
        capture_output=True,
        text=True,
    )
    counted = ast.literal_eval(done.stdout.splitlines()[-1])
    return {
        f"{name} enters": f"{files} files, {functions} functions"
        for name, (files, functions) in counted.items()
    }


def table(root):
    """Return the lines that are printed of a tree."""
    rows, figures = measure(root)
    columns = ("files", "lines", "code", "classes", "functions")
    lines = [f"{'room':16}" + "".join(f"{name:>11}" for name in columns)]
    for room, row in sorted(rows.items(), key=lambda entry: -entry[1]["code"]):
        lines.append(f"{room:16}" + "".join(f"{row[name]:11}" for name in columns))
    total = sum(rows.values(), Counter())
    lines.append(f"{'together':16}" + "".join(f"{total[name]:11}" for name in columns))
    return [*lines, "", *(f"{name}: {value}" for name, value in figures.items())]


def main():
    """Print the table of each tree."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("trees", nargs="*", type=Path, default=[Path()])
    for tree in parser.parse_args().trees:
        print(f"# {tree.resolve().name}", *table(tree.resolve()), "", sep="\n")


if __name__ == "__main__":
    main()
