"""Write the files of `tests/data`, which every later version has to load.

    python tests/io/make_golden.py              # where the format of files has changed
    python tests/io/make_golden.py --new-draws  # where what is learnt has changed, too

Without ``--new-draws`` the estimators fitted anew have to draw what the old ones drew,
which is in `draws.json`; draws of estimators that are not in it yet are added.
"""

import argparse
import json
from pathlib import Path

import numpy as np

from skgan import (
    ConditionalGANSampler,
    GANImputer,
    GANOutlierDetector,
    GANSampler,
    InfoGANSampler,
    save,
)
from skgan.encoding import TableEncoder
from skgan.io import SCHEMA
from skgan.rejection import DensityRatio, MarginCorrection, RejectionRule

DATA = Path(__file__).parents[1] / "data"
DRAWS = "draws.json"
N = 60
SMALL = {"hidden_dims": (4,), "max_iter": 5, "random_state": 0, "device": "cpu"}


def make_estimators():
    """Return small fitted estimators, by the names of their files."""
    rng = np.random.default_rng(0)
    X = rng.normal(size=(N, 2)).round(3)
    y = np.arange(N) % 2
    columns = [rng.integers(0, 3, N), rng.integers(0, 9, N), y, X[:, 0].round(1)]
    table = np.stack(columns, 1)
    images = rng.integers(0, 256, (N, 4, 4), dtype=np.uint8)
    related = rng.normal(size=(N, 2)) @ rng.normal(size=(2, 6))
    related = (related + 1.5 * rng.normal(size=(N, 6))).round(3)
    codes = {"n_categories": 2, "n_continuous": 1}
    incomplete = np.where(np.arange(2) == np.arange(N)[:, None] % 5, np.nan, X)
    normal, trees = SMALL | {"prior": "normal"}, SMALL | {"prior": "trees"}
    return {
        "vectors": GANSampler(**normal).fit(X),
        "table": GANSampler(encoder=TableEncoder(), **normal).fit(table),
        "labels": ConditionalGANSampler(**normal).fit(X, y),
        "images": GANSampler(**SMALL).fit(images),
        "codes": InfoGANSampler(**codes, **SMALL).fit(X),
        "outliers": GANOutlierDetector(**SMALL).fit(images),
        "trees_vectors": GANSampler(**trees).fit(X),
        "trees_table": GANSampler(encoder=TableEncoder(), **trees).fit(table),
        "trees_labels": ConditionalGANSampler(**trees).fit(X, y),
        "trees_rejection": with_rejection(
            GANSampler(encoder=TableEncoder(), **trees).fit(table), table
        ),
        "trees_moments": GANSampler(**trees).fit(related),
        "imputer": GANImputer(random_state=0).fit(incomplete),
    }


def with_rejection(sampler, X):
    """Give a sampler that starts from trees a small rule of which rows are kept."""
    schema, real = sampler.encoder_.schema_, sampler.encoder_.encode_columns(X)
    drawn = sampler.prior_.sample(5 * len(X), 0)
    ratio = DensityRatio(3).fit(real, drawn, schema, random_state=0)
    scores = ratio.log_ratio(drawn) - 0.5
    margins = MarginCorrection().fit(real, drawn, schema, scores)
    numbers = {"log_cap": 0.5, "temperature": 1.0, "quantile": 0.9, "n_trees": 3}
    sampler.rejection_ = RejectionRule.from_state(
        {
            **{"gain": 0.1, "gain_error": 0.01, "share": 0.6, **numbers},
            **{f"ratio_{name}": value for name, value in ratio.get_state().items()},
            **{f"margins_{name}": value for name, value in margins.get_state().items()},
        }
    )
    return sampler


def draw(estimator):
    """Return rows that a sampler draws, a list each, or scores of a detector."""
    if isinstance(estimator, GANOutlierDetector):
        images = np.arange(5 * 16, dtype=np.uint8).reshape(5, 4, 4)
        return estimator.score_samples(images)
    if isinstance(estimator, GANImputer):
        return estimator.transform([[0.5, np.nan], [np.nan, 0.5], [np.nan, np.nan]])
    drawn = estimator.sample(5, random_state=0)
    # Rows, and the labels or codes that they were drawn for.
    rows = drawn[0] if isinstance(drawn, tuple) else drawn
    return np.reshape(rows, (5, -1)).astype(float)


def check(name, made, recorded):
    """Raise an AssertionError unless draws are those recorded, but for rounding."""
    # Pixels are whole numbers, which rounding may end on either side of. Vectors of
    # three decimals were recorded when samples of them had more.
    atol = 1 if name == "images" else 6e-4
    np.testing.assert_allclose(made, recorded, rtol=1e-4, atol=atol, err_msg=name)


def main():
    """Write the files, and what is drawn from them."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--new-draws", action="store_true")
    parser.add_argument("--folder", type=Path, default=DATA)
    arguments = parser.parse_args()
    folder = arguments.folder
    estimators = make_estimators()
    draws = {name: draw(estimator) for name, estimator in estimators.items()}
    if not arguments.new_draws:
        recorded = json.loads((DATA / DRAWS).read_text(encoding="utf-8"))
        for name in draws.keys() & recorded.keys():
            check(name, draws[name], recorded[name])
        # What is recorded stays; of new estimators what they draw is added.
        draws = {name: recorded.get(name, draws[name]) for name in draws}
    lists = {name: np.asarray(made).tolist() for name, made in draws.items()}
    (folder / DRAWS).write_text(f"{json.dumps(lists)}\n", encoding="utf-8")
    for name, estimator in estimators.items():
        save(estimator, folder / f"{name}_schema_{SCHEMA}.zip")
    print(f"{len(estimators)} files in {folder}")


if __name__ == "__main__":
    main()
