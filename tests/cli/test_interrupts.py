"""Ctrl-C in `skgan fit`, and the same command given again."""

import os
import signal
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from skorch.callbacks import Callback

import skgan
from skgan.__main__ import main
from skgan.cli import _fit
from skgan.cli._interrupts import FinishEpoch

FIT = ("fit", "rows.csv", "-o", "m.skgan", "--max-iter", "300")

pytestmark = pytest.mark.skipif(os.name == "nt", reason="WINDOWS HAS NO SIGINT TO SEND")


@pytest.fixture
def here(tmp_path, monkeypatch):
    """A folder with small rows, and networks that train in a moment."""
    rng = np.random.default_rng(0)
    frame = pd.DataFrame(rng.normal(size=(60, 2)), columns=["a", "b"])
    frame.to_csv(tmp_path / "rows.csv", index=False)
    monkeypatch.chdir(tmp_path)

    def make(options, rows, seed):
        params = _make(options, rows, seed).get_params(deep=False)
        small = {"generator": "mlp", "discriminator": "mlp", "batch_size": 8}
        return skgan.GANSampler(**params | small | {"hidden_dims": (8,)})

    _make = _fit._make_sampler
    monkeypatch.setattr(_fit, "_make_sampler", make)
    return tmp_path


@pytest.fixture
def press(monkeypatch):
    """Return a function that has Ctrl-C pressed in the middle of training."""
    counts = []
    before = signal.getsignal(signal.SIGINT)  # a shell's background jobs ignore it
    train = FinishEpoch.on_train_begin

    class Presses(Callback):
        def __init__(self, moments):
            self.moments = moments

        def on_train_begin(self, net, **kwargs):
            self.n_ = 0

        def on_batch_end(self, net, **kwargs):
            self.n_ += 1
            counts.append(self.n_)
            if self.n_ in self.moments:
                signal.raise_signal(signal.SIGINT)

    def set_moments(*moments):
        def begin(self, net, **kwargs):
            train(self, net, **kwargs)
            presses = Presses(moments).initialize()
            presses.on_train_begin(net)
            net.callbacks_.append(("presses", presses))

        monkeypatch.setattr(FinishEpoch, "on_train_begin", begin)
        return counts

    yield set_moments
    assert signal.getsignal(signal.SIGINT) is before


def test_the_epoch_is_finished_and_the_model_saved(here, press, capfd):
    press(130)
    assert main([*FIT, "--seed", "0"]) == 130
    lines = capfd.readouterr().err.splitlines()
    assert any("finishing the epoch" in line for line in lines)
    assert lines[-1] == (
        "skgan fit: interrupted; m.skgan holds the GANSampler so far, after 200 updates"
    )
    sampler = skgan.load("m.skgan")
    assert sampler.n_iter_ == 200 and sampler.net_.interrupted_
    assert [len(epoch["batches"]) for epoch in sampler.history_] == [100, 100]
    assert main(["sample", "m.skgan", "-n", "3", "-o", "s.csv", "--seed", "0"]) == 0
    said = capfd.readouterr().err
    assert "m.skgan: training was interrupted after 200 updates" in said


def test_pressed_again_it_ends_at_once(here, press, capfd):
    counts = press(130, 133)
    assert main([*FIT, "--seed", "0"]) == 130
    assert capfd.readouterr().err.splitlines()[-1] == "skgan fit: interrupted"
    assert counts[-1] == 133 and not Path("m.skgan").exists()


def test_in_the_last_epoch_nothing_is_lost(here, press, capfd):
    press(250)
    assert main([*FIT, "--seed", "0"]) == 0
    assert not skgan.load("m.skgan").net_.interrupted_


def test_before_training_it_ends_at_once(here, monkeypatch, capfd):
    def fit(self, X, y=None):
        signal.raise_signal(signal.SIGINT)

    monkeypatch.setattr(skgan.GANSampler, "fit", fit)
    assert main([*FIT, "--seed", "0"]) == 130
    assert capfd.readouterr().err.splitlines()[-1] == "skgan fit: interrupted"
    assert not Path("m.skgan").exists()


@pytest.mark.parametrize("seed", [("--seed", "4"), ()])
def test_the_same_command_goes_on(here, press, capfd, seed):
    command = [*FIT, "--checkpoint", "state", *seed]
    press(130)
    assert main(command) == 130
    said = capfd.readouterr()
    assert "the same command goes on from there" in said.err
    drawn = said.err.partition("seed ")[2].split("\n")[0] if not seed else "4"
    counts = press()
    counts.clear()
    assert main(command) == 0
    said = capfd.readouterr()
    assert "Going on from update 200" in said.err and said.out == ""
    assert len(counts) == 100 and not list(Path("state").iterdir())
    # As if it had never been broken off.
    assert main([*FIT[:3], "whole.skgan", *FIT[4:], "--seed", drawn, "-q"]) == 0
    ours, whole = skgan.load("m.skgan"), skgan.load("whole.skgan")
    assert ours.n_iter_ == whole.n_iter_ == 300 and not ours.net_.interrupted_
    pd.testing.assert_frame_equal(
        ours.sample(50, random_state=0), whole.sample(50, random_state=0)
    )


def test_a_model_that_was_not_interrupted_is_left_alone(here, press, capfd):
    command = [*FIT, "--checkpoint", "state", "--seed", "0"]
    press(130)
    assert main(command) == 130
    Path("m.skgan").write_bytes(b"mine")
    assert main(command) == 1
    assert "--force replaces it" in capfd.readouterr().err
    assert Path("m.skgan").read_bytes() == b"mine"


def test_a_limit_of_time_is_no_interruption(here, capfd):
    assert main([*FIT[:4], "--time", "0.01", "--seed", "0"]) == 0
    assert not skgan.load("m.skgan").net_.interrupted_


OUTSIDE = """
    import os, signal, sys, warnings
    from skgan.__main__ import main

    warnings.simplefilter("error")
    reader, writer = os.pipe()
    child = os.fork()
    if child == 0:
        os.close(reader)
        os.dup2(writer, 2)
        code = main(sys.argv[1:])
        sys.stderr.flush()
        os._exit(code)
    os.close(writer)
    seen = read = b""
    while b" left" not in seen:
        read = os.read(reader, 4096)
        assert read, seen
        seen += read
    os.kill(child, signal.SIGINT)
    while read:
        read = os.read(reader, 4096)
        seen += read
    print(os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]))
    print(seen.decode())
"""


@pytest.mark.skipif(not hasattr(os, "fork"), reason="it forks")
def test_a_signal_from_outside(tmp_path, run_script):
    """Such as a terminal sends to the whole program."""
    rng = np.random.default_rng(0)
    frame = pd.DataFrame(rng.normal(size=(60, 2)), columns=["a", "b"])
    frame.to_csv(tmp_path / "rows.csv", index=False)
    command = ["fit", tmp_path / "rows.csv", "-o", tmp_path / "m.skgan"]
    command += ["--time", "200", "--max-iter", "6000"]
    output, errors = run_script(OUTSIDE, *command)
    assert output.startswith("130\n") and not errors
    last = output.splitlines()[-1]
    assert last.startswith("skgan fit: interrupted; ") and "GANSampler so far" in last
    assert "Traceback" not in output
    assert skgan.load(tmp_path / "m.skgan").net_.interrupted_
