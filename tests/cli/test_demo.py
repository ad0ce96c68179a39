"""The demo, run as a user runs it."""

import os
import re
import subprocess
import sysconfig
from pathlib import Path

import matplotlib.image
import numpy as np
import pytest

from skgan.__main__ import main

PROGRAM = Path(sysconfig.get_path("scripts")) / "skgan"
SETTINGS = {"OMP_NUM_THREADS": "1", "MPLBACKEND": "", "PYTHONWARNINGS": "error"}


def run(*arguments):
    return subprocess.run(
        [PROGRAM, *arguments],
        env=os.environ | SETTINGS,
        check=False,
        capture_output=True,
        text=True,
        timeout=120,
    )


def scores(output):
    found = re.findall(r"^  (.+?) +(-?\d+\.\d{4})$", output, flags=re.MULTILINE)
    return {name: float(score) for name, score in found}


DEMO = """
    import os, sys, warnings

    from skgan.__main__ import main

    os.chdir(sys.argv.pop(1))
    if sys.argv[1] == "without matplotlib":
        for name in [n for n in sys.modules if n.startswith("matplotlib")]:
            del sys.modules[name]
        sys.modules["matplotlib"] = None
        del sys.argv[1]
    warnings.simplefilter("error")
    status = main(sys.argv[1:])
    if status:
        print("exit code", status)
"""


@pytest.fixture(scope="module")
def demo(tmp_path_factory, run_script):
    """The demo with few updates: what it printed, and its picture."""
    folder = tmp_path_factory.mktemp("demo")
    printed = run_script(DEMO, folder, "demo", "--max-iter", 30, MPLBACKEND="")
    return *printed, folder / "demo.png"


def test_demo_prints_three_scores_on_stdout(demo):
    output, errors, picture = demo
    assert "exit" not in output + errors, errors
    assert str(picture.name) in output
    found = scores(output)
    assert list(found) == ["real digits", "GANSampler", "GaussianMixture"]
    # Real digits are at no distance, a mixture at some, an untrained GAN far off.
    assert abs(found["real digits"]) < 0.05
    assert -0.2 < found["GaussianMixture"] < found["real digits"]
    assert found["GANSampler"] < found["GaussianMixture"]


def test_demo_shows_one_progress_bar_on_stderr(demo):
    output, errors, _ = demo
    assert "update" not in output
    lines = errors.replace("\r", "\n").splitlines()
    bars = [line for line in lines if " updates" in line]
    assert any("30/30" in line for line in bars)
    assert all("/30" in line for line in bars)
    assert any(re.search(r"\d+ s left", line) for line in bars)
    assert len([line for line in lines if line.strip() and line not in bars]) == 1


def test_demo_picture_shows_real_digits_to_the_left(demo):
    *_, picture = demo
    pixels = matplotlib.image.imread(picture)[..., :3]
    assert pixels.shape[1] > 1.8 * pixels.shape[0] > 900
    left, right = np.array_split(pixels.mean(axis=2), 2, axis=1)
    # Ink, paper and gaps on both sides; an untrained generator has little contrast.
    assert left.std() > right.std() > 0.02


def test_demo_repeats_itself_for_a_seed(demo, tmp_path, capsys):
    output, _, picture = demo
    again = ["--max-iter", "30", "--seed", "0", "--output", tmp_path / "again.png"]
    assert main(["demo", *map(str, again)]) == 0
    assert scores(capsys.readouterr().out) == scores(output)
    first, second = map(matplotlib.image.imread, (picture, tmp_path / "again.png"))
    assert (first == second).all()


def test_demo_with_mnist(tmp_path, monkeypatch, capsys):
    """A folder with a small file in MNIST's format is read through SKGAN_DATA."""
    rng = np.random.default_rng(0)
    parts = {}
    for part, n in (("train", 150), ("test", 40)):
        parts[f"x_{part}"] = rng.integers(0, 256, (n, 28, 28), dtype=np.uint8)
        parts[f"y_{part}"] = rng.integers(0, 10, n)
    np.savez(tmp_path / "mnist.npz", **parts)
    monkeypatch.setenv("SKGAN_DATA", str(tmp_path))
    monkeypatch.chdir(tmp_path)
    assert main(["demo", "--data", "mnist", "--max-iter", "3", "--device", "cpu"]) == 0
    printed = capsys.readouterr()
    assert "150 images to learn from, 40 held out" in printed.err
    assert len(scores(printed.out)) == 3
    assert (tmp_path / "demo.png").stat().st_size > 10_000


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ([], "VERB"),
        (["dream"], "'dream'"),
        (["demo", "--data", "cifar"], "'cifar'.*digits.*mnist"),
        (["demo", "--max-iter", "0"], "'0' is not a whole number of at least 1"),
        (["demo", "--max-iter", "many"], "'many' is not a whole number"),
        (["demo", "--seed", "-1"], "--seed: '-1' is not a whole number"),
        (["demo", "--colour"], "--colour"),
    ],
)
def test_wrong_usage_exits_with_2_and_one_line(arguments, message, capsys):
    with pytest.raises(SystemExit) as stopped:
        main(arguments)
    printed = capsys.readouterr()
    assert (stopped.value.code, printed.out) == (2, "")
    (line,) = printed.err.splitlines()
    assert re.search(f"^skgan.*: error: .*{message}", line)


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["--output", "nowhere/demo.png"], "'nowhere/demo.png'.*folder that exists"),
        (["--output", "folder.png"], "'folder.png'.*--output"),
        (["--output", "demo.xyz"], r"'demo.xyz'.*\.png"),
        (["--output", "demo"], r"'demo'.*\.png"),
        (["--device", "toaster"], "device='toaster'"),
    ],
)
def test_errors_exit_with_1_and_one_line(
    arguments, message, tmp_path, monkeypatch, capsys
):
    (tmp_path / "folder.png").mkdir()
    monkeypatch.chdir(tmp_path)
    assert main(["demo", *arguments]) == 1
    printed = capsys.readouterr()
    assert printed.out == ""
    line = printed.err.splitlines()[-1]
    assert re.search(f"^skgan demo: error: .*{message}", line)
    assert "Traceback" not in printed.err


def test_the_program_gives_the_exit_codes():
    """Those of errors are in `test_command_line.py`."""
    done = run("demo", "--data", "cifar")
    assert (done.returncode, len(done.stderr.splitlines())) == (2, 1)


def test_debug_shows_the_traceback():
    with pytest.raises(OSError, match="nowhere"):
        main(["demo", "--output", "nowhere/demo.png", "--debug"])


def test_breaking_off_is_no_error(monkeypatch, capsys):
    def break_off(self, X, y=None):
        raise KeyboardInterrupt

    monkeypatch.setattr("skgan.GANSampler.fit", break_off)
    assert main(["demo"]) == 130
    assert capsys.readouterr().err.splitlines()[-1] == "skgan demo: interrupted"


def test_without_matplotlib_the_error_names_the_install_command(tmp_path, run_script):
    output, errors = run_script(DEMO, tmp_path, "without matplotlib", "demo")
    assert output == "exit code 1"
    (line,) = errors.splitlines()
    assert 'pip install "skgan[plot]"' in line


def test_help_names_every_option(capsys):
    with pytest.raises(SystemExit) as stopped:
        main(["demo", "--help"])
    assert stopped.value.code == 0
    printed = capsys.readouterr().out
    for option in ("--data", "--output", "--seed", "--max-iter", "--device", "--debug"):
        assert option in printed
