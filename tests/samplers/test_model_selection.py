"""The sampler inside scikit-learn: clones, pipelines, searches."""

import numpy as np
import pandas as pd
import pytest
from sklearn.base import clone
from sklearn.datasets import make_blobs
from sklearn.linear_model import LogisticRegression
from sklearn.model_selection import GridSearchCV, cross_val_score
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler

from skgan import GANSampler
from skgan.encoding import ImageEncoder, VectorEncoder

SMALL = {
    "generator": "mlp",
    "discriminator": "mlp",
    "hidden_dims": (16,),
    "latent_dim": 4,
    "batch_size": 32,
    "max_iter": 5,
    "random_state": 0,
}


def make_sampler(**params):
    return GANSampler(**{**SMALL, **params})


@pytest.fixture(scope="module")
def blobs():
    return make_blobs(120, centers=[[0, 0], [8, 3]], random_state=0)


def test_clone_keeps_parameters_and_nothing_else(blobs):
    sampler = make_sampler(
        encoder=VectorEncoder(clip=False),
        net_params={"generator__activation": "silu"},
        loss="hinge",
        penalty=None,
        device="cpu",
    ).fit(blobs[0])
    cloned = clone(sampler)
    assert not hasattr(cloned, "net_")
    assert cloned.get_params()["encoder__clip"] is False
    for name, value in sampler.get_params(deep=False).items():
        if name != "encoder":
            assert cloned.get_params()[name] == value
    np.testing.assert_array_equal(cloned.fit(blobs[0]).sample(9), sampler.sample(9))


def test_fit_changes_no_parameter(blobs):
    sampler = make_sampler(encoder=ImageEncoder(shape=(1, 2)), callbacks=[])
    before = sampler.get_params()
    sampler.fit(blobs[0])
    after = sampler.get_params()
    assert all(after[name] is value for name, value in before.items())
    assert not hasattr(sampler.encoder, "tensor_shape_")
    assert sampler.encoder_ is not sampler.encoder


def test_set_params(blobs):
    sampler = make_sampler(encoder=VectorEncoder())
    assert sampler.set_params(latent_dim=7, encoder__clip=False) is sampler
    sampler.fit(blobs[0])
    assert sampler.net_.latent_dim == 7
    assert sampler.encoder_.clip is False
    with pytest.raises(ValueError, match="Invalid parameter 'width'"):
        sampler.set_params(width=3)


def test_last_in_a_pipeline(blobs):
    X = blobs[0] * [1, 1000]
    pipeline = make_pipeline(StandardScaler(), make_sampler()).fit(X)
    assert np.isfinite(pipeline.score(X))
    drawn = pipeline[0].inverse_transform(pipeline[-1].sample(50))
    assert drawn.shape == (50, 2)
    assert (drawn >= X.min(axis=0) - 1e-9).all()
    assert (drawn <= X.max(axis=0) + 1e-9).all()


def test_features_for_a_classifier(blobs):
    X, y = blobs
    pipeline = make_pipeline(StandardScaler(), make_sampler(), LogisticRegression())
    pipeline.fit(X, y)
    assert pipeline.score(X, y) > 0.9
    names = pipeline[:-1].get_feature_names_out()
    assert names.tolist() == [f"gansampler{i}" for i in range(16)]


def test_frames_through_a_pipeline(blobs):
    frame = pd.DataFrame(blobs[0], columns=["left", "right"])
    scaler = StandardScaler().set_output(transform="pandas")
    pipeline = make_pipeline(scaler, make_sampler()).fit(frame)
    assert list(pipeline[-1].sample(3).columns) == ["left", "right"]
    assert np.isfinite(pipeline.score(frame))


def test_cross_val_score_is_finite_without_y(blobs):
    scores = cross_val_score(make_sampler(), blobs[0], cv=3, error_score="raise")
    assert scores.shape == (3,)
    assert np.isfinite(scores).all()


def test_search_finds_the_better_setting(blobs):
    search = GridSearchCV(
        make_sampler(hidden_dims=(32, 32), learning_rate=2e-3, average_halflife=20),
        {"max_iter": [1, 100]},
        cv=2,
        error_score="raise",
    ).fit(blobs[0])
    assert search.best_params_ == {"max_iter": 100}
    assert search.best_estimator_.sample(4).shape == (4, 2)
