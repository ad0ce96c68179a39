"""scikit-learn's callbacks beside skorch's, and the diagram that notebooks show."""

import pickle

import numpy as np
import pytest
from sklearn.linear_model import LogisticRegression
from sklearn.model_selection import GridSearchCV
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler
from skorch.callbacks import Callback

import skgan
from skgan import (
    AugmentedClassifier,
    ConditionalGANSampler,
    GANOutlierDetector,
    GANSampler,
    InfoGANSampler,
    make_sampler_pipeline,
)

UNTRAINED = {"hidden_dims": (8,), "batch_size": 32, "max_iter": 0, "random_state": 0}
# Three epochs, each far shorter than those of its own choice.
EPOCHS = {"max_epochs": 3, "iterator_train__n_batches": 10}
SMALL = UNTRAINED | {"max_iter": 30, "net_params": EPOCHS}
SHORT = SMALL | {"max_iter": 3, "net_params": EPOCHS | {"iterator_train__n_batches": 1}}
needs_callbacks = pytest.mark.skipif(
    not hasattr(StandardScaler(), "set_callbacks"),
    reason="THIS SCIKIT-LEARN HAS NO CALLBACKS; FROM 1.9 ON IT HAS",
)


class Recorder:
    """Remembers what it is told, and may end the fit."""

    def __init__(self, last_epoch=None, max_propagation_depth=None):
        self.last_epoch = last_epoch
        self.told, self.drawn = [], []

    def setup(self, estimator, context):
        self.told.append("setup")

    def teardown(self, estimator, context):
        self.told.append("teardown")

    def on_fit_task_begin(self, estimator, context, *, X=None):
        rows = "" if X is None else f", rows {len(X)}"
        self.told.append(f"{context.task_name} begins{rows}")

    def on_fit_task_end(self, estimator, context, *, fitted_estimator=None):
        self.told.append(f"{context.task_name} ends")
        if hasattr(fitted_estimator, "sample"):
            self.drawn.append(fitted_estimator.sample(4))
        return context.task_name == "epoch" and context.task_id == self.last_epoch


class Propagated(Recorder):
    """Set on an estimator that fits others, it is told of theirs."""

    max_propagation_depth = None


class Epochs(Callback):
    """A callback of skorch."""

    n_epochs = 0

    def on_epoch_end(self, net, **kwargs):
        self.n_epochs += 1


@pytest.fixture(scope="module")
def X():
    return np.random.default_rng(0).normal(size=(300, 3))


@needs_callbacks
@pytest.mark.parametrize("prior", ["trees", "normal"])
def test_each_epoch_is_told_of_and_nothing_is_changed(X, prior):
    recorder = Recorder()
    sampler = GANSampler(prior=prior, **SMALL)
    watched = sampler.set_callbacks(recorder).fit(X)
    epoch = ["epoch begins, rows 300", "epoch ends"]
    fit = ["fit begins, rows 300", *epoch * 3, "fit ends"]
    assert recorder.told == ["setup", *fit, "teardown"]
    assert len(recorder.drawn) == 4
    for rows in recorder.drawn:
        assert rows.shape == (4, 3) and np.isfinite(rows).all()
    assert (recorder.drawn[0] != recorder.drawn[2]).any()
    alone = GANSampler(prior=prior, **SMALL).fit(X)
    # Neither the weights nor the stream of later draws was touched by the draws above,
    # but for the last, which was the fitted sampler's own.
    same = (draw.sample(5, random_state=1) for draw in (watched, alone))
    np.testing.assert_array_equal(*same)


@needs_callbacks
def test_a_callback_ends_a_fit(X):
    sampler = GANSampler(**SMALL).set_callbacks(Recorder(last_epoch=1)).fit(X)
    assert sampler.n_iter_ == 20
    assert sampler.sample(3).shape == (3, 3)


@needs_callbacks
def test_skorchs_callbacks_stay_and_rows_are_let_go(X):
    own = Epochs()
    sampler = GANSampler(callbacks=[own], **SMALL).set_callbacks(Recorder()).fit(X)
    assert own.n_epochs == 3
    held = [vars(callback) for _, callback in sampler.net_.callbacks_]
    assert not any(value is sampler for values in held for value in values.values())
    sampler.set_callbacks()
    again = pickle.loads(pickle.dumps(sampler))
    np.testing.assert_array_equal(
        again.sample(3, random_state=0), sampler.sample(3, random_state=0)
    )


@needs_callbacks
def test_files_hold_no_callbacks(X, tmp_path):
    sampler = GANSampler(**SMALL).set_callbacks(Recorder()).fit(X)
    skgan.save(sampler, tmp_path / "watched.skgan")
    loaded = skgan.load(tmp_path / "watched.skgan")
    np.testing.assert_array_equal(
        loaded.sample(3, random_state=0), sampler.sample(3, random_state=0)
    )


@needs_callbacks
def test_a_refused_fit_and_one_without_updates(X):
    recorder = Recorder()
    with pytest.raises(ValueError, match="latent_dim"):
        GANSampler(latent_dim=0).set_callbacks(recorder).fit(X)
    assert recorder.told == []
    GANSampler(**UNTRAINED).set_callbacks(recorder).fit(X)
    assert recorder.told == ["setup", "fit begins, rows 300", "fit ends", "teardown"]


@needs_callbacks
def test_other_samplers_tell_too(X):
    y = np.arange(300) % 2
    for sampler in (ConditionalGANSampler(**SMALL), InfoGANSampler(**SMALL)):
        recorder = Recorder()
        sampler.set_callbacks(recorder).fit(X, y)
        assert recorder.told.count("epoch ends") == 3
        assert recorder.told[-1] == "teardown"


@needs_callbacks
def test_a_pipeline_and_a_search_hand_callbacks_on(X):
    recorder = Propagated()
    pipeline = make_sampler_pipeline(StandardScaler(), GANSampler(**SMALL))
    pipeline.set_callbacks(recorder).fit(X)
    assert recorder.told.count("epoch ends") == 3
    assert recorder.told.count("setup") == recorder.told.count("teardown") == 1

    recorder = Propagated()
    small = UNTRAINED | {"max_iter": 10}
    search = GridSearchCV(GANSampler(**small), {"loss": ["hinge"]}, cv=2)
    search.set_callbacks(recorder).fit(X)
    # Two folds and the refit.
    assert recorder.told.count("epoch ends") == 3


@needs_callbacks
def test_detectors_tell_of_their_fit_and_of_the_network_in_it(X):
    recorder = Propagated()
    detector = GANOutlierDetector(method="reconstruction", **SHORT)
    detector.set_callbacks(recorder).fit(X)
    assert recorder.told.count("epoch ends") == 3
    # The sampler tells of its fit itself; a tenth of the rows draws the line.
    assert recorder.told[1:3] == ["fit begins, rows 300", "fit begins, rows 270"]
    assert recorder.told.count("setup") == recorder.told.count("teardown") == 1
    detector.set_callbacks()
    alone = GANOutlierDetector(method="reconstruction", **SHORT).fit(X)
    np.testing.assert_array_equal(detector.score_samples(X), alone.score_samples(X))

    recorder = Recorder()
    GANOutlierDetector(random_state=0).set_callbacks(recorder).fit(X[:60])
    assert recorder.told == ["setup", "fit begins, rows 60", "fit ends", "teardown"]


@needs_callbacks
@pytest.mark.parametrize("sampler", [GANSampler, ConditionalGANSampler])
def test_augmentation_tells_of_sampler_and_estimator(X, sampler, tmp_path):
    y = np.arange(300) % 2
    recorder = Propagated()
    model = AugmentedClassifier(LogisticRegression(), sampler(**SHORT), random_state=0)
    model.set_callbacks(recorder).fit(X, y)
    # One sampler for each class, unless it takes labels.
    n_samplers = 2 if sampler is GANSampler else 1
    assert recorder.told.count("epoch ends") == 3 * n_samplers
    assert recorder.told.count("setup") == recorder.told.count("teardown") == 1
    assert recorder.told[1] == "fit begins, rows 300"
    assert recorder.told[-2:] == ["fit ends", "teardown"]
    skgan.save(model.sampler_, tmp_path / "sampler.skgan")
    alone = AugmentedClassifier(LogisticRegression(), sampler(**SHORT), random_state=0)
    alone.fit(X, y)
    np.testing.assert_array_equal(alone.predict_proba(X), model.predict_proba(X))


def test_the_diagram_lists_no_features_beside_a_sampler(X):
    sampler = GANSampler(**SMALL).fit(X)
    pipeline = make_sampler_pipeline(StandardScaler(), GANSampler(**SMALL)).fit(X)
    for estimator in (sampler, pipeline):
        html = estimator._repr_html_()
        assert "gansampler0" not in html and "8 features" not in html
        assert estimator._repr_mimebundle_()["text/html"].count("gansampler0") == 0
        assert "max_iter" in html
    # They are there all the same.
    assert list(sampler.get_feature_names_out())[:2] == ["gansampler0", "gansampler1"]
    frame = sampler.set_output(transform="pandas").transform(X)
    assert list(frame.columns) == list(sampler.get_feature_names_out())
    assert pipeline.get_feature_names_out().shape == (8,)


@needs_callbacks
def test_the_diagram_shows_what_was_fitted(X):
    html = GANSampler(**SMALL).fit(X)._repr_html_()
    assert "Fitted attributes" in html and "stage_" in html


def test_names_of_features_that_no_update_has_trained(X):
    sampler = GANSampler(**UNTRAINED).fit(X)
    with pytest.raises(ValueError, match="No update has trained the discriminator"):
        sampler.get_feature_names_out()
    steps = make_pipeline(StandardScaler(), sampler)
    assert "GANSampler" in steps._repr_html_()
