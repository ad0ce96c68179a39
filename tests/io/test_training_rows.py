"""What pickles and files of a sampler hold of the rows that it was fitted on."""

import io
import pickle
import struct

import numpy as np
import pandas as pd
import pytest

from skgan import GANSampler, save
from skgan.encoding import TableEncoder

N = 600
LARGEST_PICKLE = LARGEST_FILE = 2**20


@pytest.fixture(scope="module")
def frame():
    """A continuum, numbers that repeat, identifiers, and pairs of levels."""
    rng = np.random.default_rng(0)
    return pd.DataFrame(
        {
            "amount": rng.lognormal(size=N) * np.pi,
            "count": rng.integers(0, 9, N),
            "name": [f"secret-{i:04d}" for i in range(N)],
            "place": rng.choice(["north", "south"], N),
        }
    )


@pytest.fixture(scope="module")
def sampler(frame):
    encoder = TableEncoder(identifiers=["name"])
    sampler = GANSampler(max_iter=20, random_state=0, prior="trees", encoder=encoder)
    return sampler.fit(frame)


def held_values(data, dtype):
    """All numbers that bytes could be read as, wherever they begin."""
    size = np.dtype(dtype).itemsize
    parts = [
        np.frombuffer(data[start : len(data) - (len(data) - start) % size], dtype)
        for start in range(size)
    ]
    return np.concatenate(parts)


def test_few_values_of_a_continuum(sampler, frame):
    """Its ends are held, and no more."""
    amounts = np.sort(frame["amount"].to_numpy())
    buffer = io.BytesIO()
    save(sampler, buffer)
    for data in (pickle.dumps(sampler), buffer.getvalue()):
        found = np.intersect1d(held_values(data, "<f8"), amounts)
        assert set(found) <= {amounts[0], amounts[-1]}
        # Nor in single precision, in which six digits would still tell.
        inner = amounts[1:-1].astype(np.float32)
        assert len(np.intersect1d(held_values(data, "<f4"), inner)) <= 2
        for value in amounts[1:-1]:
            assert repr(float(value)).encode() not in data
            assert struct.pack(">d", value) not in data


def test_no_value_but_the_ends_in_a_prior(sampler, frame):
    """As the docstring of TreesPrior promises."""
    amounts = np.sort(frame["amount"].to_numpy())
    found = np.intersect1d(held_values(pickle.dumps(sampler.prior_), "<f8"), amounts)
    assert set(found) <= {amounts[0], amounts[-1]}


def test_no_identifier_in_encoders_and_priors(sampler, frame):
    """Identifiers are drawn anew from their shapes."""
    for part in (sampler.encoder_, sampler.prior_):
        data = pickle.dumps(part)
        # Shapes have zeros for digits.
        assert not any(name.encode() in data for name in frame["name"][1:])


def test_they_are_small(sampler):
    buffer = io.BytesIO()
    save(sampler, buffer)
    assert len(buffer.getvalue()) < LARGEST_FILE
    assert len(pickle.dumps(sampler)) < LARGEST_PICKLE


def test_what_is_made_anew_is_not_pickled(sampler):
    copy = pickle.loads(pickle.dumps(sampler))
    assert copy.net_.latents is None and copy.net_.latent_pool_ is None
    drawn = [one.sample(30, random_state=1) for one in (sampler, copy)]
    pd.testing.assert_frame_equal(*drawn)
