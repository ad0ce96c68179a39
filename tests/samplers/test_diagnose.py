"""`diagnose` of fitted samplers: of every kind, repeatable, with clear errors."""

import warnings

import numpy as np
import pandas as pd
import pytest
import torch
from sklearn.exceptions import NotFittedError
from skorch.callbacks import Callback
from torch import nn

import skgan
from skgan import ConditionalGANSampler, GANSampler, InfoGANSampler
from skgan.callbacks import DivergenceWarning
from skgan.metrics import (
    CopyingWarning,
    Diagnosis,
    ReferenceSpace,
    energy_distance,
)
from skgan.metrics.diagnosis import _quality

PARAMS = {"max_iter": 30, "hidden_dims": (16,), "random_state": 0}
DRAWN = {"max_samples": 300}


def labelled(seed=0, n=200):
    rng = np.random.default_rng(seed)
    y = rng.integers(3, size=n)
    return rng.normal(size=(n, 2)) + 6 * y[:, None], y


# Trees that learnt from 200 rows draw close to them, of which diagnose would warn.
@pytest.fixture(scope="module")
def sampler():
    return GANSampler(**PARAMS, prior="normal").fit(labelled()[0])


@pytest.fixture(scope="module")
def conditional():
    return ConditionalGANSampler(**PARAMS, prior="normal").fit(*labelled())


@pytest.fixture(autouse=True)
def no_trees(monkeypatch):
    """Trees are most of the time; where they are tested, this is undone."""
    monkeypatch.setattr(_quality, "held_out_auc", lambda *args, **params: (0.5, 0))


def test_a_sampler_of_vectors(sampler, monkeypatch):
    monkeypatch.undo()
    (X, _), (X_holdout, _) = labelled(), labelled(1)
    diagnosis = sampler.diagnose(X_holdout, X, **DRAWN)
    assert isinstance(diagnosis, Diagnosis)
    assert diagnosis.n_rows == {
        "X_train": 200,
        "X_holdout": 200,
        "X_synthetic": 300,
    }
    assert diagnosis.training.verdict == "good"
    assert not diagnosis.is_copying
    without = ("levels", "decimals", "orders")
    assert "not judged" not in {f.verdict for f in diagnosis if f.name not in without}
    assert "give X_train" in sampler.diagnose(X_holdout, **DRAWN).dcr_share.message


def test_distances_are_those_of_score(sampler):
    (X, _), (X_holdout, _) = labelled(), labelled(1)
    diagnosis = sampler.diagnose(X_holdout, X, max_samples=200, random_state=5)
    seed = np.random.RandomState(5).randint(2**31 - 1)
    drawn = sampler.sample(200, random_state=int(seed))
    space = ReferenceSpace().fit(X)
    expected = energy_distance(
        space.transform(X_holdout), space.transform(drawn), standardize=False
    )
    assert diagnosis.energy_distance.value == pytest.approx(expected, abs=1e-4)


def test_a_sampler_that_copies_warns(sampler, monkeypatch):
    (X, _), (X_holdout, _) = labelled(), labelled(1)
    monkeypatch.setattr(
        sampler, "sample", lambda n, random_state: X[np.arange(n) % 200]
    )
    with pytest.warns(CopyingWarning, match="copies training rows") as caught:
        diagnosis = sampler.diagnose(X_holdout, X, **DRAWN)
    assert diagnosis.is_copying
    assert caught[0].filename == __file__


def test_a_sampler_that_lost_a_mode(sampler, monkeypatch):
    (X, _), (X_holdout, _) = labelled(), labelled(1)
    X_more, y_more = labelled(2, 400)
    monkeypatch.setattr(sampler, "sample", lambda n, random_state: X_more[y_more > 0])
    assert sampler.diagnose(X_holdout, X, **DRAWN).modes.verdict == "bad"


def test_labels(conditional):
    (X, y), (X_holdout, y_holdout) = labelled(), labelled(1)
    known = {"y_holdout": y_holdout, "y_train": y}
    diagnosis = conditional.diagnose(X_holdout, X, **known, **DRAWN)
    # The labels are a column of levels.
    assert diagnosis.levels.verdict == "good"
    alone = conditional.diagnose(X_holdout, X, **DRAWN)
    assert alone.levels.verdict == "not judged"
    # Samples are drawn for the labels of the rows held out.
    X_holdout, y_holdout = labelled(1, n=600)
    zeros = y_holdout == 0
    of_zeros = conditional.diagnose(X_holdout[zeros], y_holdout=y_holdout[zeros])
    assert of_zeros.levels.verdict == "good"
    assert "1 level is" in of_zeros.levels.message


def test_labels_that_do_not_go_with_their_rows(conditional, monkeypatch):
    (X, y), (X_holdout, y_holdout) = labelled(), labelled(1)
    draw = conditional.sample

    def swapped(y, random_state):
        return draw(y=y, random_state=random_state)[0], (np.asarray(y) + 1) % 3

    monkeypatch.setattr(conditional, "sample", swapped)
    known = {"y_holdout": y_holdout, "y_train": y}
    diagnosis = conditional.diagnose(X_holdout, X, **known, **DRAWN)
    assert diagnosis.coverage.verdict == "bad"


def test_labels_that_are_frames():
    X, y = labelled(n=120)
    frame = pd.DataFrame({"kind": y.astype(str), "size": X[:, 0] / 7})
    sampler = ConditionalGANSampler(**PARAMS).fit(
        pd.DataFrame(X, columns=["a", "b"]), frame
    )
    X_holdout = pd.DataFrame(X[::-1] + 0.01, columns=["a", "b"])
    diagnosis = sampler.diagnose(X_holdout, y_holdout=frame[::-1], **DRAWN)
    assert diagnosis.levels.verdict == "good"


def test_labels_have_to_fit(conditional, sampler):
    (X, y), (X_holdout, y_holdout) = labelled(), labelled(1)
    with pytest.raises(ValueError, match="both y_holdout and y_train"):
        conditional.diagnose(X_holdout, X, y_holdout=y_holdout)
    with pytest.raises(ValueError, match="both y_holdout and y_train"):
        conditional.diagnose(X_holdout, X, y_train=y)
    with pytest.raises(ValueError, match="inconsistent numbers of samples"):
        conditional.diagnose(X_holdout, y_holdout=y_holdout[:-1])
    with pytest.raises(ValueError, match="7"):
        conditional.diagnose(X_holdout, y_holdout=np.full(200, 7))
    with pytest.raises(TypeError, match="y_holdout"):
        sampler.diagnose(X_holdout, y_holdout=y_holdout)


def test_codes():
    X = labelled()[0]
    sampler = InfoGANSampler(n_categories=3, **PARAMS).fit(X)
    assert len(sampler.diagnose(labelled(1)[0], X, **DRAWN).findings) == 14


def test_tables():
    rng = np.random.default_rng(0)

    def people(n):
        frame = pd.DataFrame(
            {"age": rng.integers(18, 90, n), "region": rng.choice(["n", "s"], n)}
        )
        return frame.mask(rng.uniform(size=(n, 2)) < 0.1)

    train, holdout = people(200), people(200)
    diagnosis = GANSampler(**PARAMS).fit(train).diagnose(holdout, train, **DRAWN)
    assert diagnosis.levels.verdict != "not judged"
    assert not diagnosis.is_copying


def test_images():
    rng = np.random.default_rng(0)
    X, X_holdout = rng.integers(0, 256, size=(2, 120, 4, 4), dtype=np.uint8)
    diagnosis = GANSampler(**PARAMS).fit(X).diagnose(X_holdout, X, **DRAWN)
    assert "not judged" not in {diagnosis.modes.verdict, diagnosis.variance.verdict}


class Poison(Callback):
    def on_batch_end(self, net, **kwargs):
        nn.init.constant_(next(net.generator_.parameters()), np.nan)


def test_a_fit_that_diverged():
    sampler = GANSampler(callbacks=[Poison()], prior="normal", **PARAMS)
    with pytest.warns(DivergenceWarning):
        sampler.fit(labelled()[0])
    finding = sampler.diagnose(labelled(1)[0], **DRAWN).training
    assert finding.verdict == "bad"
    assert "restored" in finding.message


def test_repeatable_and_without_traces(sampler):
    X_holdout = labelled(1)[0]
    states = [np.random.get_state()[1].copy(), torch.get_rng_state()]
    stream = sampler._stream.get_state()[1].copy()
    first, again = (sampler.diagnose(X_holdout, **DRAWN) for _ in range(2))
    assert first.to_dict() == again.to_dict()
    seeded = [sampler.diagnose(X_holdout, random_state=s, **DRAWN) for s in (1, 1, 2)]
    assert seeded[0].to_dict() == seeded[1].to_dict() != seeded[2].to_dict()
    assert (np.random.get_state()[1] == states[0]).all()
    assert torch.equal(torch.get_rng_state(), states[1])
    # Later draws are what they would have been.
    assert (sampler._stream.get_state()[1] == stream).all()


def test_a_loaded_sampler_says_the_same(sampler, tmp_path):
    (X, _), (X_holdout, _) = labelled(), labelled(1)
    skgan.save(sampler, tmp_path / "sampler.skgan")
    loaded = skgan.load(tmp_path / "sampler.skgan")
    said = [s.diagnose(X_holdout, X, **DRAWN) for s in (sampler, loaded)]
    assert said[0].to_dict() == said[1].to_dict()


@pytest.mark.parametrize("kind", [GANSampler, ConditionalGANSampler])
def test_samplers_on_trees(kind, tmp_path):
    (X, y), (X_holdout, y_holdout) = labelled(), labelled(1)
    sampler = kind(**PARAMS).fit(X, y)
    assert sampler.prior_ is not None
    known = {"y_holdout": y_holdout} if kind is ConditionalGANSampler else {}
    skgan.save(sampler, tmp_path / "sampler.skgan")
    loaded = skgan.load(tmp_path / "sampler.skgan")
    said = [s.diagnose(X_holdout, **known, **DRAWN) for s in (sampler, loaded)]
    assert said[0].to_dict() == said[1].to_dict()
    for name in ("training", "energy_distance", "coverage", "modes", "variance"):
        assert getattr(said[0], name).verdict == "good", name


def test_the_discriminator_has_no_say(sampler, monkeypatch):
    X_holdout = labelled(1)[0]
    said = sampler.diagnose(X_holdout, **DRAWN)
    monkeypatch.setattr(sampler.net_, "discriminator_", None)
    assert sampler.diagnose(X_holdout, **DRAWN).to_dict() == said.to_dict()


def test_errors(sampler):
    X_holdout = labelled(1)[0]
    with pytest.raises(NotFittedError):
        GANSampler().diagnose(X_holdout)
    with pytest.raises(ValueError, match="3 features"):
        sampler.diagnose(np.ones((100, 3)))
    with pytest.raises(ValueError, match="3 features"):
        sampler.diagnose(X_holdout, np.ones((100, 3)))
    with pytest.raises(ValueError, match="max_samples"):
        sampler.diagnose(X_holdout, max_samples=10)
    with pytest.raises((TypeError, ValueError), match="random_state"):
        sampler.diagnose(X_holdout, random_state="seed")


def test_tables_lack_columns():
    rng = np.random.default_rng(0)
    frame = pd.DataFrame({"a": rng.normal(size=120), "b": rng.choice(["x", "y"], 120)})
    sampler = GANSampler(**PARAMS).fit(frame)
    with pytest.raises(ValueError, match=r"(?s)feature names.*b"):
        sampler.diagnose(frame[["a"]])
    with warnings.catch_warnings():
        warnings.simplefilter("error", CopyingWarning)
        few = sampler.diagnose(frame[:20], frame)
    assert "X_holdout has 20 rows; 50 are needed." in few.c2st.message


def test_a_fit_that_went_well_does_not_make_samples_good(sampler):
    X, _ = labelled(seed=2, n=10)
    diagnosis = sampler.diagnose(X)
    assert diagnosis.training.verdict == "good"
    assert diagnosis.verdict == "not judged"
    assert str(diagnosis).startswith("NOT JUDGED")
