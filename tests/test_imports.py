"""What is imported, and when: nothing that takes a while before it is needed."""

import ast
import json
import os
import subprocess
import sys
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

import skgan
import skgan.metrics
from skgan._lazy import load_on_first_use
from skgan.cli import _arguments

ROOT = Path(skgan.__file__).parents[1]
# Most take longer than a tenth of a second to import.
HEAVY = {"matplotlib", "numpy", "pandas", "polars", "pyarrow", "scipy", "sklearn"}
HEAVY |= {"skorch", "torch"}
# What scikit-learn's and skorch's own bases do without, or most uses of skgan.
RARE = {"IPython", "matplotlib", "polars", "skgan.cli", "skgan.datasets", "skgan.io"}
RARE |= {"skgan.metrics._classifier", "skgan.metrics.diagnosis", "skgan.plotting"}
RARE |= {"skgan.reporting", "sklearn.cluster", "sklearn.decomposition", "tensorboard"}
RARE |= {"sklearn.ensemble", "sklearn.linear_model", "sklearn.neighbors"}
RARE |= {"skorch.cli", "skorch.helper", "torch._dynamo", "torch._inductor"}


def imported(code, *arguments):
    """Names of the modules that a script has imported at its end, without `bare`."""
    script = f"""
import sys
bare = set()
try:
{code}
except SystemExit:
    pass
import json
print(json.dumps(list(set(sys.modules) - bare)), file=sys.__stderr__)
"""
    done = subprocess.run(
        [sys.executable, "-c", script, *arguments],
        check=True,
        capture_output=True,
        text=True,
    )
    return set(json.loads(done.stderr.splitlines()[-1]))


def test_import_skgan_imports_nothing():
    found = imported("    import skgan; dir(skgan)")
    assert not found & HEAVY
    assert {name for name in found if name.startswith("skgan")} == {
        "skgan",
        "skgan._lazy",
    }


@pytest.mark.parametrize(
    "arguments",
    [
        ["--help"],
        ["--version"],
        ["fit", "--help"],
        ["score", "m.skgan", "x.csv", "--metric", "beauty"],
        ["sample", "m.skgan", "-o", "x.csv", "--given", "age"],
        ["dream"],
    ],
)
def test_the_command_line_is_read_before_anything_is_imported(arguments):
    found = imported("    from skgan.__main__ import main; main()", *arguments)
    assert not found & HEAVY
    verbs = {"skgan.cli._fit", "skgan.cli._sample", "skgan.cli._score"}
    assert "skgan.cli" in found and not found & verbs


@pytest.fixture(scope="module")
def drawn_with(tmp_path_factory):
    """Modules that `GANSampler` is imported with, and those that have drawn a table.

    One process takes both steps, since to import PyTorch takes seconds.
    """
    frame = pd.DataFrame({"a": np.arange(40) % 7 / 2, "b": list("xxxy") * 10})
    model = tmp_path_factory.mktemp("model") / "m.skgan"
    skgan.save(skgan.GANSampler(max_iter=1, random_state=0).fit(frame), model)
    script = """
import json, sys
import torch, sklearn.base
before = set(sys.modules)
from skgan import GANSampler
with_sampler = set(sys.modules) - before
from skgan.__main__ import main
assert main() == 0
for names in (with_sampler, sys.modules):
    print(json.dumps(list(names)), file=sys.__stderr__)
"""
    asked = ("sample", str(model), "-n", "5", "-o", "-", "--seed", "0")
    done = subprocess.run(
        [sys.executable, "-c", script, *asked],
        check=True,
        capture_output=True,
        text=True,
    )
    return [set(json.loads(line)) for line in done.stderr.splitlines()[-2:]]


def test_a_sampler_imports_what_it_needs(drawn_with):
    """Beside what `import torch, sklearn.base` imports anyway."""
    found = drawn_with[0]
    assert "skgan.samplers._gan" in found
    assert not found & (RARE | {"skgan.rejection"})
    assert not {name for name in found if name.startswith("scipy.stats")}
    # 84 of them are skorch's and what it imports of scikit-learn.
    assert len(found) < 280


def test_drawing_imports_no_judges(drawn_with):
    """Of a model of trees, by the program: neither metrics nor scikit-learn's trees."""
    found = drawn_with[1]
    assert "skgan.cli._sample" in found
    rare = RARE - {"skgan.cli", "skgan.datasets", "skgan.io"} | {"sklearn.tree"}
    assert not found & rare


@pytest.mark.parametrize("package", [skgan, skgan.metrics], ids=lambda p: p.__name__)
def test_names_of_the_stub_are_those_that_load(package):
    stub = Path(package.__file__).with_suffix(".pyi")
    tree = ast.parse(stub.read_text(encoding="utf-8"))
    places, exported = {}, []
    for node in tree.body:
        if isinstance(node, ast.ImportFrom):
            places |= {alias.name: node.module for alias in node.names}
        else:
            exported = ast.literal_eval(node.value)
    assert sorted(exported) == sorted(package.__all__)
    assert set(exported) <= set(places)
    for name, place in places.items():
        assert name in dir(package)
        value = getattr(package, name)
        # Read from the place that the stub names.
        found = vars(sys.modules[place]).get(name) or sys.modules[f"{place}.{name}"]
        assert value is found, name


def test_a_name_that_is_not_there():
    with pytest.raises(AttributeError, match="'skgan' has no attribute 'GANSampeler'"):
        _ = skgan.GANSampeler
    with pytest.raises(ImportError, match="cannot import name 'beauty'"):
        exec("from skgan.metrics import beauty")


def test_a_module_is_loaded_once(tmp_path, monkeypatch):
    package = tmp_path / "shop"
    package.mkdir()
    (package / "__init__.py").write_text("")
    (package / "_till.py").write_text("count = []\ncount.append(1)\n")
    (package / "door.py").write_text("width = 2\n")
    monkeypatch.syspath_prepend(tmp_path)
    import shop

    find, list_all, names = load_on_first_use("shop", {"count": "_till"}, {"door": ""})
    monkeypatch.setattr(shop, "__getattr__", find, raising=False)
    assert names == ["count"] and {"count", "door"} <= set(list_all())
    assert "shop._till" not in sys.modules
    assert shop.count == [1] and vars(shop)["count"] is shop.count
    assert shop.door.width == 2
    for name in [name for name in sys.modules if name.partition(".")[0] == "shop"]:
        del sys.modules[name]


def test_what_the_parser_knows_is_what_the_verbs_have():
    from skgan.cli._demo import DATA
    from skgan.metrics import SCORERS
    from skgan.metrics.diagnosis import MIN_ROWS

    assert list(_arguments.DEMO_DATA) == sorted(DATA)
    assert list(_arguments.SCORES) == sorted(SCORERS)
    assert _arguments.MIN_REPORT_ROWS == MIN_ROWS


@pytest.mark.skipif(os.name == "nt", reason="WINDOWS HAS NO SIGINT TO SEND")
def test_ctrl_c_while_starting(tmp_path):
    """It is pressed while a library is being imported that takes its time."""
    (tmp_path / "torch.py").write_text(
        "import os, signal\n"
        "try:\n"
        "    os.kill(os.getpid(), signal.SIGINT)\n"
        "    raise ImportError('nothing came of it')\n"
        "except KeyboardInterrupt:\n"
        "    raise ImportError('as some libraries make of it')\n"
    )
    done = subprocess.run(
        [sys.executable, "-m", "skgan", "fit", "x.csv", "-o", "m.skgan"],
        env=os.environ | {"PYTHONPATH": f"{tmp_path}{os.pathsep}{ROOT}"},
        check=False,
        capture_output=True,
        text=True,
    )
    assert done.returncode == 130
    assert done.stderr == "skgan fit: interrupted\n" and done.stdout == ""
