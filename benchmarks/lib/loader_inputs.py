"""Honest files of every estimator, and ways to change them, for `fuzz_loader.py`."""

import json
import marshal
import random
import struct
from copy import deepcopy
from functools import cache
from pathlib import Path
from unittest.mock import patch

import numpy as np
import pandas as pd
import polars as pl
from sklearn.linear_model import LinearRegression, LogisticRegression

from skgan import (
    AugmentedClassifier,
    AugmentedRegressor,
    ConditionalGANSampler,
    GANOutlierDetector,
    GANSampler,
    InfoGANSampler,
    load,
    save,
)
from skgan.encoding import (
    FixedCombinations,
    ImageEncoder,
    Inequality,
    Positive,
    Range,
    TableEncoder,
    Unique,
    VectorEncoder,
)
from skgan.imblearn import GANOverSampler
from skgan.metrics import ImageFeatures
from skgan.storage import pack, unpack, write_json

N_ROWS = 60
SMALL = {"max_iter": 2, "hidden_dims": (2,), "random_state": 0}
# Estimators of another library: left out of the files, handed over to `load`.
OTHERS = {"estimator": None, "estimator_": None}
STRANGE = [
    *(None, True, -1, 0, 1, 10**6, 10**12, 2**63, 10**38, 0.5, 1e308, [], {}, [[]]),
    *("", "os.system", "fit", "__class__", "../../x"),
    *({"again": 0}, {"again": 5}, {"tuple": []}, {"float": "nan"}),
    *({"definition": "make_date"}, {"object": ["TakeLevel", {"levels": []}]}),
]
STRANGE_TENSORS = [
    *("F32", "F64", "I64", "U8", "BOOL", "BF16", "OBJECT", [], [2], [0], [1, 2]),
    *([10**9, 10**9], [-1], [0, 8], [0, 0], 2**60, -1, 0.5, None, {}, "../../x"),
]


def make_estimators():
    """Return fitted estimators, every public one, on every kind of rows."""
    rng = np.random.default_rng(0)
    X = rng.normal(size=(N_ROWS, 2))
    images = rng.integers(0, 9, (N_ROWS, 3, 3))
    codes = rng.integers(0, 3, N_ROWS)
    letters = np.array(["x", "y", "z"])[codes]
    table = pd.DataFrame({"a": X[:, 0].round(1), "b": letters, "c": X[:, 1] > 0})
    table["d"] = pd.Timestamp("2024-01-01") + pd.to_timedelta(range(N_ROWS), unit="D")
    numbers = pd.DataFrame({"low": codes, "high": codes + 1 + rng.random(N_ROWS)})
    numbers["id"] = [f"K{i:03d}" for i in rng.permutation(N_ROWS)]
    numbers["e"] = X[:, 1]
    constraints = [
        Inequality("low", "high"),
        Range("low", 0, 9),
        Positive("high"),
        Unique("high"),
        FixedCombinations("f", "g"),
    ]
    numbers["f"], numbers["g"] = letters, codes > 0
    constrained = TableEncoder(constraints=constraints, identifiers="draw")
    wide = SMALL | {"latent_dim": 16}
    # Those inside other estimators are plain, which is soon made.
    plain = SMALL | {"generator": "mlp", "average_halflife": None}
    labelled = ConditionalGANSampler(**plain)
    imbalanced = np.r_[np.zeros(40), np.ones(20)].astype(int)
    classifier = AugmentedClassifier(LogisticRegression(), labelled, random_state=0)
    regressor = AugmentedRegressor(LinearRegression(), labelled, random_state=0)
    over_sampler = GANOverSampler(sampler=labelled, random_state=0)
    per_class = AugmentedClassifier(
        LogisticRegression(), GANSampler(**plain), random_state=0
    )
    over_sampler.fit_resample(X, imbalanced)
    return {
        "vectors": GANSampler(warm_start=True, **SMALL).fit(X),
        "images": GANSampler(**SMALL).fit(images),
        "pandas": GANSampler(**wide).fit(table),
        "polars": GANSampler(**wide).fit(pl.from_pandas(table)),
        "constraints": GANSampler(encoder=constrained, **wide).fit(numbers),
        "labels": ConditionalGANSampler(**SMALL).fit(X, letters),
        "numbers": ConditionalGANSampler(**plain).fit(images, X),
        "labelled table": ConditionalGANSampler(**wide).fit(table[["a", "c"]], letters),
        "codes": InfoGANSampler(n_categories=2, n_continuous=1, **SMALL).fit(X),
        "outliers": GANOutlierDetector(**SMALL).fit(X),
        "outlying images": GANOutlierDetector(**SMALL).fit(images),
        "classifier": classifier.fit(X, letters),
        "a sampler per class": per_class.fit(X, codes > 0),
        "regressor": regressor.fit(X, X[:, 0]),
        "over-sampler": over_sampler,
        "features": ImageFeatures(max_iter=2, random_state=0).fit(images, codes),
        "vector encoder": VectorEncoder().fit(X),
        "image encoder": ImageEncoder().fit(images),
        "table encoder": TableEncoder().fit(table),
        "unfitted": GANSampler(net_params={"lr": 0.1}, random_state=0),
    }


def make_corpus(folder):
    """Return the members of small honest files, by name."""
    corpus = {}
    # How long epochs took is in the files, too.
    with patch("skorch.callbacks.logging.time.time", return_value=0.0):
        estimators = make_estimators()
    for name, estimator in estimators.items():
        path = Path(folder) / "honest"
        has_others = hasattr(estimator, "estimator")
        save(estimator, path, leave_out=OTHERS if has_others else ())
        load(path, objects=OTHERS)
        corpus[name] = unpack(path)[1]
        path.unlink()
    return corpus


@cache
def _parsed(data):
    return marshal.dumps(json.loads(data))


@cache
def _packed(members):
    return pack(dict(members), 1)


def parse(data):
    """Return parsed JSON, which may be changed; the second time sooner."""
    return marshal.loads(_parsed(data))


def change_bytes(rng, data):
    """Return data with some bytes changed, moved, doubled or lost."""
    changed = bytearray(data)
    for _ in range(rng.choice((1, 1, 2, 4, 16))):
        place, other = rng.randrange(len(changed)), rng.randrange(len(changed))
        action, size = rng.randrange(6), rng.choice((1, 2, 4, 8, 64))
        if action == 0:
            changed[place] ^= 1 << rng.randrange(8)
        elif action == 1:
            changed[place : place + size] = rng.randbytes(size)
        elif action == 2 and len(changed) > 2 * size:
            del changed[place : place + size]
        elif action == 3:
            changed[place:place] = changed[other : other + size]
        elif action == 4:
            changed[place : place + size] = changed[other : other + size]
        else:
            changed[place : place + size] = bytes([255]) * size
    return bytes(changed)


def walk(rng, node):
    """Return an object or list somewhere in `node`, and a key of it; or None."""
    while node:
        # It ends the sooner, the higher it is.
        key = rng.choice(list(node) if isinstance(node, dict) else range(len(node)))
        child = node[key]
        if not (isinstance(child, dict | list) and child and rng.random() < 0.9):
            return node, key
        node = child
    return None


def change_values(rng, root, strange=STRANGE):
    """Change, rename, repeat or remove some values of parsed JSON."""
    for _ in range(rng.choice((1, 1, 1, 2, 4))):
        found = walk(rng, root)
        if found is None:
            return
        node, key = found
        child = node[key]
        others = list(node) if isinstance(node, dict) else range(len(node))
        action = rng.randrange(4)
        if action == 0:
            node[key] = deepcopy(rng.choice(strange))
        elif action == 1:
            del node[key]
        elif action == 2 and isinstance(node, list):
            node.insert(key, deepcopy(rng.choice(node)))
        elif action == 2:
            node[rng.choice(("fit", "x", "__class__", "net_"))] = deepcopy(child)
        elif isinstance(child, int) and not isinstance(child, bool):
            node[key] = child * rng.choice((-1, 2, 1000, 10**9))
        else:
            node[key] = deepcopy(node[rng.choice(others)])


def graft(rng, root, other):
    """Put a part of another file into parsed JSON, under its own key if it can."""
    source, target = walk(rng, other), walk(rng, root)
    if source is None or target is None:
        return
    (giver, name), (node, key) = source, target
    is_named = isinstance(node, dict) and isinstance(name, str) and rng.random() < 0.5
    node[name if is_named else key] = giver[name]


def change_header(rng, data):
    """Return a file of tensors whose header was changed, its size made right."""
    size = struct.unpack_from("<Q", data)[0]
    header = parse(data[8 : 8 + size])
    change_values(rng, header, STRANGE_TENSORS)
    text = write_json(header)
    return struct.pack("<Q", len(text)) + text + data[8 + size :]


def whole(rng, corpus, members):
    """Bytes of the file, anywhere."""
    honest = _packed(tuple(members.items()))
    changed = change_bytes(rng, honest)
    return None if changed == honest else changed


def in_bytes(rng, corpus, members):
    """Bytes of a member; sizes, checksums and hashes made right again."""
    name = rng.choice(list(members))
    return repack(members, name, change_bytes(rng, members[name]))


def in_values(rng, corpus, members):
    """Parsed values of a member of JSON."""
    name = rng.choice(("config.json", "state.json", "state.json"))
    root = parse(members[name])
    change_values(rng, root)
    return repack(members, name, write_json(root))


def in_headers(rng, corpus, members):
    """Names, dtypes, shapes and offsets of tensors."""
    name = rng.choice(("state.safetensors", "weights.safetensors"))
    return repack(members, name, change_header(rng, members[name]))


def in_grafts(rng, corpus, members):
    """Parts of another honest file in the place of its own."""
    name = rng.choice(("config.json", "state.json", "state.json"))
    other = rng.choice(list(corpus.values()))
    root = parse(members[name])
    graft(rng, root, parse(other[name]))
    return repack(members, name, write_json(root))


def repack(members, name, data):
    """Return a file with one member changed; None if it is the same."""
    if data == members[name]:
        return None
    return pack({**members, name: data}, 1)


KINDS = {
    "anywhere": whole,
    "bytes": in_bytes,
    "tensor headers": in_headers,
    "values": in_values,
    "grafts": in_grafts,
}
# In hundredths: what is refused late takes long.
SHARES = dict(zip(KINDS, (40, 22, 20, 9, 9), strict=True))


def make_input(corpus, i):
    """Return the kind of input `i`, the file that it was made of, and its bytes."""
    rng = random.Random(i)
    (kind,) = rng.choices(list(SHARES), list(SHARES.values()))
    name = rng.choice(list(corpus))
    members = corpus[name]
    while True:
        data = KINDS[kind](rng, corpus, members)
        if data is not None:
            return kind, name, data
