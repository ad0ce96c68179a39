"""Files and pickles of samplers hold no identifier of a training row."""

import io
import ipaddress
import pickle
import uuid
import zipfile

import numpy as np
import pytest

import skgan
from skgan import ConditionalGANSampler, GANSampler

pd = pytest.importorskip("pandas")

N = 120
RNG = np.random.default_rng(0)
NAMES = [f"Zq{number:09d}x" for number in RNG.choice(10**9, N, replace=False)]
UUIDS = [uuid.UUID(bytes=RNG.bytes(16)) for _ in range(N)]
ADDRESSES = [
    ipaddress.IPv6Address(int.from_bytes(RNG.bytes(16), "big")) for _ in range(N)
]

# How identifiers come, and the spellings in which each would be found.
KINDS = {
    "text": (NAMES, lambda v: [v]),
    "bytes": ([name.encode() for name in NAMES], lambda v: [v.decode()]),
    "UUIDs": (UUIDS, lambda v: [str(v), v.hex, str(v.int)]),
    "addresses": (ADDRESSES, lambda v: [str(v), v.exploded, str(int(v))]),
    "tuples": ([(name, "k") for name in NAMES], lambda v: [v[0]]),
}


def make_frame(values):
    return pd.DataFrame(
        {
            "key": pd.Series(values, dtype=object),
            "a": RNG.normal(size=N).round(2),
            "c": RNG.choice(["u", "v"], N),
        }
    )


def everything_saved(sampler):
    file = io.BytesIO()
    skgan.save(sampler, file)
    file.seek(0)
    with zipfile.ZipFile(file) as archive:
        members = [archive.read(name) for name in archive.namelist()]
    return b"".join([pickle.dumps(sampler), *members]), file


@pytest.mark.filterwarnings("ignore:Almost all values")
@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("prior", ["trees", "normal"])
def test_no_identifier_is_in_a_file_or_a_pickle(kind, prior):
    values, spell = KINDS[kind]
    sampler = GANSampler(
        prior=prior, max_iter=0 if prior == "trees" else 2, random_state=0
    ).fit(make_frame(values))
    drawn = sampler.sample(20, random_state=0)
    assert not set(drawn["key"]) & set(values)
    data, file = everything_saved(sampler)
    for value in values:
        for spelling in spell(value):
            for encoding in ("utf-8", "utf-16-le", "utf-32-le"):
                assert spelling.encode(encoding) not in data
        packed = getattr(value, "bytes", getattr(value, "packed", None))
        assert packed is None or packed not in data
    file.seek(0)
    again = skgan.load(file).sample(20, random_state=0)
    assert again["key"].tolist() == drawn["key"].tolist()


@pytest.mark.filterwarnings("ignore:Almost all values")
def test_nor_in_those_of_a_sampler_by_labels():
    frame = make_frame(NAMES)
    sampler = ConditionalGANSampler(max_iter=0, random_state=0)
    data, _ = everything_saved(sampler.fit(frame[["key", "a"]], frame["c"]))
    assert not any(name.encode() in data for name in NAMES)
