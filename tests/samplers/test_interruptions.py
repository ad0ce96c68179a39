"""What can break a fit off: what was learnt samples, is saved, and goes on."""

import errno
import os
import tempfile
import warnings

import numpy as np
import pytest
import torch
from skorch.callbacks import Callback
from torch import nn

from skgan import ConditionalGANSampler, GANSampler, load, save
from skgan.callbacks import CheckpointWarning, DivergenceWarning, TrainingCheckpoint
from skgan.callbacks._checkpoint import FILE_NAME, read_checkpoint
from skgan.modules import MLPDiscriminator, MLPGenerator

N_EPOCHS, PER_EPOCH = 4, 3
EPOCHS = {"max_epochs": N_EPOCHS, "iterator_train__n_batches": PER_EPOCH}
NETWORKS = ("generator_", "discriminator_", "averaged_generator_")
LABELS = np.repeat(["oak", "elm", "ash"], 20)


def make_rows():
    return np.random.default_rng(0).normal([5.0, -3.0], 2.0, (60, 2))


def make_sampler(kind=GANSampler, **params):
    defaults = {
        "hidden_dims": (8,),
        "batch_size": 16,
        "max_iter": N_EPOCHS * PER_EPOCH,
        "random_state": 0,
        "net_params": EPOCHS,
    }
    return kind(**{**defaults, **params})


def weights_of(sampler):
    return {
        (name, key): value.clone()
        for name in NETWORKS
        for key, value in getattr(sampler.net_, name).state_dict().items()
    }


def assert_same(ours, theirs):
    ours, theirs = weights_of(ours), weights_of(theirs)
    assert all(torch.equal(value, theirs[key]) for key, value in ours.items())


def assert_sound(sampler, tmp_path, *data):
    """It draws, judges, is saved, and goes on."""
    rows = data[0] if data else make_rows()
    drawn = sampler.sample(50, random_state=0)
    drawn = drawn[0] if isinstance(drawn, tuple) else drawn
    assert np.isfinite(drawn).all() and drawn.shape == (50, 2)
    assert np.isfinite(sampler.score(rows))
    if sampler.n_iter_:
        assert np.isfinite(sampler.transform(rows)).all()
    else:
        with pytest.raises(ValueError, match="No update has trained"):
            sampler.transform(rows)
    assert not sampler.net_.generator_.training
    # The pool of rows that training started from is not kept.
    assert sampler.net_.latents is None
    for parameter in sampler.net_.discriminator_.parameters():
        assert parameter.requires_grad
    save(sampler.set_params(callbacks=None, checkpoint=None), tmp_path / "kept.skgan")
    twin = load(tmp_path / "kept.skgan").sample(50, random_state=0)
    twin = twin[0] if isinstance(twin, tuple) else twin
    np.testing.assert_array_equal(twin, drawn)
    done = sampler.n_iter_
    sampler.set_params(warm_start=True).fit(*(data or (make_rows(),)))
    assert sampler.n_iter_ == done + N_EPOCHS * PER_EPOCH
    assert len(sampler.history_) > N_EPOCHS or done < PER_EPOCH


class Raise(Callback):
    """Raise at the third call of a hook, or at the first of those called once."""

    def __init__(self, hook, exception):
        self.hook, self.exception, self.n_calls = hook, exception, 0
        setattr(self, hook, self.call)

    def call(self, net, **kwargs):
        self.n_calls += 1
        if self.n_calls == (1 if "train" in self.hook else 3):
            raise self.exception


HOOKS = [
    "on_train_begin",
    "on_epoch_begin",
    "on_batch_begin",
    "on_grad_computed",
    "on_batch_end",
    "on_epoch_end",
    "on_train_end",
]


# -- Ctrl-C


@pytest.mark.parametrize("prior", ["auto", "normal"])
@pytest.mark.parametrize("hook", HOOKS)
def test_ctrl_c_wherever_it_comes(hook, prior, tmp_path):
    sampler = make_sampler(callbacks=[Raise(hook, KeyboardInterrupt)], prior=prior)
    with pytest.raises(KeyboardInterrupt):
        sampler.fit(make_rows())
    assert (sampler.n_iter_ == 0) == (hook == "on_train_begin")
    assert_sound(sampler, tmp_path)


def test_ctrl_c_while_rows_are_held_out(tmp_path):
    sampler = make_sampler(
        early_stopping=True, callbacks=[Raise("on_epoch_begin", KeyboardInterrupt)]
    )
    with pytest.raises(KeyboardInterrupt):
        sampler.fit(make_rows())
    scores = [row["valid_score"] for row in sampler.history_]
    assert len(scores) == 3 and np.isfinite(scores).all()
    assert_sound(sampler, tmp_path)


def test_ctrl_c_with_labels(tmp_path):
    sampler = make_sampler(
        ConditionalGANSampler, callbacks=[Raise("on_batch_end", KeyboardInterrupt)]
    )
    with pytest.raises(KeyboardInterrupt):
        sampler.fit(make_rows(), LABELS)
    assert set(sampler.sample(20)[1]) <= set(LABELS)
    assert_sound(sampler, tmp_path, make_rows(), LABELS)


def test_ctrl_c_in_partial_fit(tmp_path):
    sampler = make_sampler().fit(make_rows())
    sampler.set_params(callbacks=[Raise("on_batch_end", KeyboardInterrupt)])
    with pytest.raises(KeyboardInterrupt):
        sampler.partial_fit(make_rows())
    assert sampler.warm_start is False
    assert sampler.n_iter_ == N_EPOCHS * PER_EPOCH + 3
    assert_sound(sampler, tmp_path)


def test_ctrl_c_while_a_checkpoint_is_written(tmp_path, monkeypatch):
    folder = tmp_path / "checkpoint"
    fsync, calls = os.fsync, []

    def interrupt(descriptor):
        calls.append(descriptor)
        # A file and its folder the first time, the file the second.
        if len(calls) == 3:
            raise KeyboardInterrupt
        fsync(descriptor)

    monkeypatch.setattr(os, "fsync", interrupt)
    sampler = make_sampler(checkpoint=TrainingCheckpoint(folder, updates=1))
    with pytest.raises(KeyboardInterrupt):
        sampler.fit(make_rows())
    monkeypatch.undo()
    assert len(sampler.history_) == 2
    assert [file.name for file in folder.iterdir()] == [FILE_NAME]
    assert read_checkpoint(folder / FILE_NAME)["progress"] == [1, PER_EPOCH]
    resumed = make_sampler(checkpoint=folder).fit(make_rows())
    assert_same(resumed, make_sampler().fit(make_rows()))
    assert_sound(sampler, tmp_path)


SIGNALS = """
    import os, random, signal, sys, threading, time, warnings
    import numpy as np
    import skgan

    warnings.simplefilter("error")
    rows = np.random.default_rng(0).normal(size=(60, 2))
    def make(prior="auto"):
        return skgan.GANSampler(
            hidden_dims=(8,), batch_size=16, max_iter=100_000, random_state=0,
            warm_start=True, early_stopping=True, prior=prior,
            net_params={"max_epochs": 10_000, "iterator_train__n_batches": 10},
        )
    make().set_params(max_iter=10, net_params=None).fit(rows)
    moments = random.Random(0)
    for prior in ["trees", "normal", "normal", "normal"]:
        sampler = make(prior)
        def interrupt():
            while not hasattr(sampler, "net_"):
                time.sleep(0.001)
            time.sleep(moments.uniform(0, 0.3))
            os.kill(os.getpid(), signal.SIGINT)
        thread = threading.Thread(target=interrupt)
        thread.start()
        try:
            sampler.fit(rows)
        except KeyboardInterrupt:
            thread.join()
        else:
            raise AssertionError("it was not raised again")
        done = sampler.n_iter_
        drawn = sampler.sample(20, random_state=0)
        assert np.isfinite(drawn).all()
        skgan.save(sampler, sys.argv[1])
        twin = skgan.load(sys.argv[1])
        assert (twin.sample(20, random_state=0) == drawn).all()
        sampler.set_params(max_iter=10, net_params=None).fit(rows)
        assert sampler.n_iter_ == done + 10
    print("sound")
"""


def test_ctrl_c_at_random_moments(run_script, tmp_path):
    output, errors = run_script(SIGNALS, tmp_path / "a.skgan")
    assert output == "sound", errors


# -- memory


class Hungry:
    """Run out of a GPU's memory at a call, as PyTorch says it."""

    def __init__(self, fails_at):
        self.fails_at, self.n_calls = fails_at, 0

    def __call__(self):
        self.n_calls += 1
        if self.n_calls == self.fails_at:
            raise torch.cuda.OutOfMemoryError(
                "CUDA out of memory. Tried to allocate 20.00 GiB"
            )


def make_hungry(base, fails_at):
    hungry = Hungry(fails_at)

    class Network(base):
        def forward(self, *args):
            hungry()
            return super().forward(*args)

    return Network


# A step calls the discriminator once in its own turn, for both halves and the
# penalty's points, and once or twice in the generator's; before training it is tried
# five times.
PLACES = {
    "the generator": {"generator": make_hungry(MLPGenerator, 5)},
    "the discriminator's step": {"discriminator": make_hungry(MLPDiscriminator, 9)},
    "the generator's step": {"discriminator": make_hungry(MLPDiscriminator, 10)},
}


@pytest.mark.parametrize("name", PLACES)
def test_a_step_that_does_not_fit_into_memory(name, tmp_path):
    places = {k: type(v.__name__, (v,), {}) for k, v in PLACES[name].items()}
    sampler = make_sampler(**places, penalty=None, verbose=1)
    with pytest.raises(torch.cuda.OutOfMemoryError) as raised:
        sampler.fit(make_rows())
    message = str(raised.value)
    assert message.startswith("CUDA out of memory. Tried to allocate 20.00 GiB")
    for word in ("batch_size", "hidden_dims", "device='cpu'", "warm_start"):
        assert word in message
    assert 1 <= len(sampler.history_) <= 2 and sampler.n_iter_ >= 1
    # The gradients of the step are given back, and the bar is closed.
    for network in (sampler.net_.generator_, sampler.net_.discriminator_):
        assert all(parameter.grad is None for parameter in network.parameters())
    assert dict(sampler.net_.callbacks_)["progress"].bar_ is None
    drawn = sampler.sample(50)
    assert np.isfinite(drawn).all()
    done = sampler.n_iter_
    sampler.set_params(warm_start=True, batch_size=4, verbose=0).fit(make_rows())
    assert sampler.n_iter_ == done + N_EPOCHS * PER_EPOCH


def test_memory_that_lacks_leaves_the_checkpoint(tmp_path):
    whole = make_sampler().fit(make_rows())
    error = torch.cuda.OutOfMemoryError("CUDA out of memory.")
    sampler = make_sampler(
        checkpoint=TrainingCheckpoint(tmp_path, updates=1),
        callbacks=[Raise("on_epoch_begin", error)],
    )
    with pytest.raises(torch.cuda.OutOfMemoryError, match="lower batch_size"):
        sampler.fit(make_rows())
    resumed = make_sampler(checkpoint=tmp_path).fit(make_rows())
    assert_same(resumed, whole)


@pytest.mark.parametrize("given", [None, "labels"])
def test_blocks_that_do_not_fit_are_drawn_by_halves(given, monkeypatch):
    if given is None:
        sampler = make_sampler(generator="mlp").fit(make_rows())
    else:
        sampler = make_sampler(ConditionalGANSampler, prior="normal")
        sampler.fit(make_rows(), LABELS)
    net, sizes = sampler.net_, []
    call = type(net).call

    def hungry(self, module, x, condition):
        sizes.append(len(x))
        if len(x) > 300:
            raise torch.cuda.OutOfMemoryError("CUDA out of memory.")
        return call(self, module, x, condition)

    whole = sampler.sample(1500, random_state=0)
    monkeypatch.setattr(type(net), "call", hungry)
    parts = sampler.sample(1500, random_state=0)
    assert sizes == [1024, 512, 256, 256, 512, 256, 256] * 2
    if given is None:
        whole, parts = (whole,), (parts,)
    np.testing.assert_allclose(parts[0], whole[0], rtol=1e-4, atol=1e-4)
    assert all(map(np.array_equal, parts[1:], whole[1:]))


def test_blocks_that_start_from_trees_are_drawn_by_halves(monkeypatch):
    # Without early stopping the trained generator is kept.
    sampler = make_sampler(early_stopping=False).fit(make_rows())
    assert sampler.stage_ == "generator" and sampler.prior_ is not None
    net, sizes = type(sampler.net_), []
    call = net.call

    def hungry(self, module, x, condition):
        sizes.append(len(x))
        if len(x) > 1500:
            raise torch.cuda.OutOfMemoryError("CUDA out of memory.")
        return call(self, module, x, condition)

    whole = sampler.sample(1500, random_state=0)
    monkeypatch.setattr(net, "call", hungry)
    parts = sampler.sample(1500, random_state=0)
    assert sizes == [4096, 2048, 1024, 1024, 2048, 1024, 1024]
    np.testing.assert_allclose(parts, whole, rtol=1e-4, atol=1e-4)


@pytest.mark.parametrize("params", [{"prior": "normal"}, {"early_stopping": False}])
def test_one_row_that_does_not_fit(params, monkeypatch):
    sampler = make_sampler(**params).fit(make_rows())

    def hungry(*args):
        raise torch.cuda.OutOfMemoryError("CUDA out of memory.")

    monkeypatch.setattr(type(sampler.net_), "call", hungry)
    with pytest.raises(torch.cuda.OutOfMemoryError):
        sampler.sample(1)


# -- whatever else is raised


@pytest.mark.parametrize("prior", ["auto", "normal"])
@pytest.mark.parametrize("hook", [hook for hook in HOOKS if "train" not in hook])
def test_errors_of_callbacks_leave_what_was_learnt(hook, prior, tmp_path, capfd):
    sampler = make_sampler(
        callbacks=[Raise(hook, ZeroDivisionError("theirs"))],
        early_stopping=True,
        verbose=1,
        prior=prior,
    )
    with pytest.raises(ZeroDivisionError, match=r"^theirs$"):
        sampler.fit(make_rows())
    callbacks = dict(sampler.net_.callbacks_)
    assert callbacks["progress"].bar_ is None
    # No row, nor what follows from one, is kept by a callback.
    assert callbacks["watch"].scorer is None and callbacks["watch"].best_state_ is None
    assert ("calibration" in callbacks) == (prior == "normal")
    if prior == "normal":
        assert callbacks["calibration"].wanted_ is None
    assert callbacks["gradient_norms"].batch_ is None
    assert callbacks["guard"].kept_ == {}
    assert_sound(sampler.set_params(verbose=0), tmp_path)


def test_a_fit_that_fails_twice_says_why_it_failed_first():
    class AlsoAtTheEnd(Callback):
        def on_batch_end(self, net, **kwargs):
            raise ZeroDivisionError("first")

        def on_train_end(self, net, **kwargs):
            raise ValueError("second")

    sampler = make_sampler(callbacks=[AlsoAtTheEnd()])
    with pytest.raises(ZeroDivisionError, match=r"^first$"):
        sampler.fit(make_rows())
    assert np.isfinite(sampler.sample(5)).all()


# -- disks


def fail_with(number):
    def fail(*args, **kwargs):
        raise OSError(number, os.strerror(number))

    return fail


@pytest.mark.parametrize("failing", ["fsync", "replace"])
@pytest.mark.parametrize("number", [errno.ENOSPC, errno.EIO, errno.EROFS])
def test_a_disk_that_fills_up_costs_no_training(number, failing, tmp_path, monkeypatch):
    plain = make_sampler().fit(make_rows())
    contents = []

    class Fill(Callback):
        def on_epoch_begin(self, net, **kwargs):
            if len(net.history) == 3:
                monkeypatch.setattr(os, failing, fail_with(number))
            if len(net.history) >= 3:
                contents.append((tmp_path / FILE_NAME).read_bytes())

    sampler = make_sampler(
        checkpoint=TrainingCheckpoint(tmp_path, updates=1), callbacks=[Fill()]
    )
    with pytest.warns(CheckpointWarning) as caught:
        sampler.fit(make_rows())
    monkeypatch.undo()
    message = str(caught[0].message)
    assert len(caught) == 1 and os.strerror(number) in message
    assert FILE_NAME in message and "Training is not affected" in message
    # What was there stayed whole, and nothing beside it.
    assert len(contents) == 2 and contents[0] == contents[1]
    assert list(tmp_path.iterdir()) == []
    assert_same(sampler, plain)


def test_room_that_is_there_again_is_used(tmp_path, monkeypatch):
    progress = []

    class Fill(Callback):
        def on_epoch_begin(self, net, **kwargs):
            if len(net.history) == 2:
                monkeypatch.setattr(os, "fsync", fail_with(errno.ENOSPC))
            if len(net.history) == 3:
                monkeypatch.undo()
            if len(net.history) == 4:
                progress.append(read_checkpoint(tmp_path / FILE_NAME)["progress"])

    checkpoint = TrainingCheckpoint(tmp_path, updates=1)
    with pytest.warns(CheckpointWarning):
        make_sampler(checkpoint=checkpoint, callbacks=[Fill()]).fit(make_rows())
    assert progress == [[3, 3 * PER_EPOCH]]


def test_warnings_that_are_errors_leave_what_was_learnt(tmp_path, monkeypatch):
    monkeypatch.setattr(os, "fsync", fail_with(errno.ENOSPC))
    sampler = make_sampler(checkpoint=TrainingCheckpoint(tmp_path / "c", updates=1))
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        with pytest.raises(CheckpointWarning):
            sampler.fit(make_rows())
    monkeypatch.undo()
    assert_sound(sampler, tmp_path)


def test_a_file_that_cannot_be_removed_goes_on_to_the_same_end(tmp_path, monkeypatch):
    sampler = make_sampler(checkpoint=TrainingCheckpoint(tmp_path, updates=1))
    with monkeypatch.context() as patched:
        patched.setattr("pathlib.Path.unlink", fail_with(errno.EROFS))
        with pytest.warns(CheckpointWarning, match="could not be removed"):
            sampler.fit(make_rows())
    assert (tmp_path / FILE_NAME).exists()
    again = make_sampler(checkpoint=tmp_path).fit(make_rows())
    assert_same(again, sampler)
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize("number", [errno.EROFS, errno.EACCES, errno.ENOSPC])
def test_a_folder_that_cannot_be_written_is_told_before_training(
    number, tmp_path, monkeypatch
):
    fitted = make_sampler().fit(make_rows())
    before = weights_of(fitted)
    monkeypatch.setattr(tempfile, "TemporaryFile", fail_with(number))
    with pytest.raises(OSError, match=os.strerror(number)):
        fitted.set_params(checkpoint=tmp_path).fit(make_rows())
    # A refit that was refused leaves the sampler as it was.
    assert all(torch.equal(v, before[k]) for k, v in weights_of(fitted).items())


@pytest.mark.skipif(
    not hasattr(os, "geteuid") or os.geteuid() == 0, reason="may write anywhere"
)
def test_a_read_only_folder(tmp_path):
    tmp_path.chmod(0o500)
    with pytest.raises(PermissionError):
        make_sampler(checkpoint=tmp_path).fit(make_rows())
    with pytest.raises(PermissionError):
        make_sampler(checkpoint=tmp_path / "inside").fit(make_rows())
    tmp_path.chmod(0o700)


def test_a_folder_that_is_none(tmp_path):
    file = tmp_path / "file"
    file.write_text("here")
    with pytest.raises(FileExistsError):
        make_sampler(checkpoint=file).fit(make_rows())
    with pytest.raises(NotADirectoryError):
        make_sampler(checkpoint=file / "inside").fit(make_rows())
    assert file.read_text() == "here"


# -- divergence


class Poison(Callback):
    """Write NaN into the generator after so many updates of a fit."""

    def __init__(self, after):
        self.after = after

    def on_train_begin(self, net, **kwargs):
        self.n_updates = 0

    def on_batch_end(self, net, **kwargs):
        self.n_updates += 1
        if self.n_updates == self.after:
            nn.init.constant_(next(net.generator_.parameters()), np.nan)


def test_divergence_after_a_fit_went_on(tmp_path):
    poison = Poison(3 * PER_EPOCH + 1)
    with pytest.warns(DivergenceWarning, match=f"update {3 * PER_EPOCH} were restored"):
        whole = make_sampler(callbacks=[("poison", poison)]).fit(make_rows())
    callbacks = [("poison", poison), Raise("on_epoch_begin", KeyboardInterrupt)]
    checkpoint = TrainingCheckpoint(tmp_path, updates=1)
    with pytest.raises(KeyboardInterrupt):
        make_sampler(callbacks=callbacks, checkpoint=checkpoint).fit(make_rows())
    assert (tmp_path / FILE_NAME).exists()
    resumed = make_sampler(callbacks=[("poison", poison)], checkpoint=tmp_path)
    with pytest.warns(DivergenceWarning, match=f"update {3 * PER_EPOCH} were restored"):
        resumed.fit(make_rows())
    assert_same(resumed, whole)
    # Diverged is ended, too.
    assert list(tmp_path.iterdir()) == []
    assert_sound(resumed, tmp_path)


def test_divergence_writes_no_checkpoint(tmp_path):
    written = []

    class Look(Callback):
        def on_train_end(self, net, **kwargs):
            written.append(read_checkpoint(tmp_path / FILE_NAME)["progress"])

    sampler = make_sampler(
        callbacks=[Poison(PER_EPOCH + 1), Look()],
        checkpoint=TrainingCheckpoint(tmp_path, updates=1),
    )
    with pytest.warns(DivergenceWarning):
        sampler.fit(make_rows())
    assert written == [[1, PER_EPOCH]]
    assert np.isfinite(sampler.sample(50)).all()
