"""Tables through GANSampler: frames in, frames out, and rows under conditions."""

import pickle

import numpy as np
import pandas as pd
import pytest
import torch
from sklearn.base import clone

from skgan import GANSampler
from skgan.encoding import TableEncoder, TableLayout
from skgan.modules import ConditionMask
from skgan.samplers._conditions import RandomConditionMask, TableConditions


def people(n=600, seed=0):
    """Return a frame in which columns of every kind hang together."""
    rng = np.random.default_rng(seed)
    sex = rng.choice(["f", "m"], n)
    city = rng.choice(["Bern", "Oslo", "Rome"], n, p=[0.5, 0.3, 0.2])
    size = rng.normal(np.where(sex == "f", 165, 180), 6).round(1)
    children = rng.poisson(np.where(city == "Rome", 3, 1))
    income = np.where(rng.random(n) < 0.2, np.nan, rng.lognormal(8, 0.5, n))
    return pd.DataFrame(
        {
            "sex": sex,
            "city": pd.Categorical(city, categories=["Rome", "Oslo", "Bern", "Nice"]),
            "size": size,
            "children": children,
            "income": income,
            "is_tall": size > 175,
        }
    )


@pytest.fixture(scope="module")
def frame():
    return people()


@pytest.fixture(scope="module")
def sampler(frame):
    return GANSampler(max_iter=60, random_state=0).fit(frame)


def test_a_frame_comes_back_as_it_was(sampler, frame):
    drawn = sampler.sample(300, random_state=1)
    assert (drawn.dtypes == frame.dtypes).all()
    assert list(drawn.columns) == list(frame.columns)
    assert list(drawn["city"].cat.categories) == ["Rome", "Oslo", "Bern", "Nice"]
    assert "Nice" not in set(drawn["city"])
    assert drawn.drop(columns="income").notna().all(axis=None)
    assert 0.05 < drawn["income"].isna().mean() < 0.4
    assert (drawn["size"] * 10 == (drawn["size"] * 10).round()).all()


def test_untrained_shares_are_right_already(frame):
    drawn = GANSampler(max_iter=1, random_state=0).fit(frame).sample(3000)
    for name in ("sex", "city", "is_tall"):
        own = drawn[name].value_counts(normalize=True)
        real = frame[name].value_counts(normalize=True)
        assert (own - real).abs().max() < 0.06, name


def test_a_sample_is_the_start_of_a_longer_one(sampler):
    short, long = (sampler.sample(n, random_state=3) for n in (5, 1500))
    pd.testing.assert_frame_equal(short, long.head(5))


def test_same_seed_same_fit(frame, sampler):
    again = GANSampler(max_iter=60, random_state=0).fit(frame)
    pd.testing.assert_frame_equal(
        again.sample(50, random_state=0), sampler.sample(50, random_state=0)
    )


def test_given_values_come_back_and_the_rest_follows(frame):
    sampler = GANSampler(hidden_dims=(64, 64), max_iter=400, random_state=0).fit(frame)
    sizes = {}
    for sex in ("f", "m"):
        drawn = sampler.sample(500, given={"sex": sex}, random_state=0)
        assert (drawn["sex"] == sex).all()
        sizes[sex] = drawn["size"].mean()
    assert 8 < sizes["m"] - sizes["f"] < 22
    drawn = sampler.sample(400, given={"city": ["Rome", "Oslo"]}, random_state=0)
    assert set(drawn["city"]) == {"Rome", "Oslo"}
    assert 0.2 < (drawn["city"] == "Rome").mean() < 0.6


def test_partial_rows_are_completed_one_by_one(sampler):
    given = pd.DataFrame({"sex": ["m", None, "f"], "city": [None, "Rome", "Oslo"]})
    drawn = sampler.sample(3, given=given)
    assert drawn["sex"][0] == "m"
    assert drawn["sex"][2] == "f"
    assert list(drawn["city"][1:]) == ["Rome", "Oslo"]


def test_ranges_of_numbers_are_kept(frame):
    encoder = TableEncoder(condition_on=["size", "sex"])
    sampler = GANSampler(max_iter=60, encoder=encoder, random_state=0).fit(frame)
    drawn = sampler.sample(300, given={"size": (170.0, 175.5), "sex": "f"})
    assert drawn["size"].between(170, 175.5).all()
    assert drawn["size"].nunique() > 10
    assert (drawn["sex"] == "f").all()


@pytest.mark.parametrize(
    ("given", "message"),
    [
        ({"sex": "x"}, r"'sex' has no level 'x'.*'f', 'm'"),
        ({"colour": "red"}, r"(?s)'colour'.*sex"),
        ({"size": (100, 110)}, r"Possible: 14"),
        ({"city": []}, r"empty"),
        (pd.DataFrame({"sex": ["f"] * 4}), r"4 rows for 3 samples"),
    ],
)
def test_what_cannot_be_given_says_what_can(sampler, given, message):
    with pytest.raises(ValueError, match=message):
        sampler.sample(3, given=given)


def test_vectors_without_trees_are_searched_for_what_is_given():
    X = np.random.default_rng(0).normal(size=(30, 2))
    sampler = GANSampler(max_iter=2, prior="normal", random_state=0).fit(X)
    rows = sampler.sample(20, given={0: (0, 1)})
    assert rows.shape == (20, 2) and (rows[:, 0] >= 0).all() and (rows[:, 0] <= 1).all()
    with pytest.raises(ValueError, match=r"condition on 0 holds for 0 of .* too rare"):
        sampler.sample(2, given={0: 1.0})
    trees = GANSampler(max_iter=2, random_state=0).fit(X)
    assert (trees.sample(2, given={0: 1.0})[:, 0] == 1).all()


def test_score_and_features_take_frames(sampler, frame):
    held_out = people(200, seed=9)
    assert -0.5 < sampler.score(held_out) < 0.05
    features = sampler.transform(held_out)
    assert features.shape == (200, 128)
    assert np.isfinite(features).all()
    assert sampler.get_feature_names_out().shape == (128,)


@pytest.mark.parametrize(
    ("change", "message"),
    [
        (lambda frame: frame.drop(columns="sex"), r"sex|features"),
        (lambda frame: frame[frame.columns[::-1]], r"order"),
        (lambda frame: frame.head(0), r"0 sample"),
    ],
)
@pytest.mark.parametrize("method", ["score", "transform"])
def test_other_columns_are_refused(sampler, frame, method, change, message):
    with pytest.raises(ValueError, match=message):
        getattr(sampler, method)(change(frame))


def test_a_fitted_sampler_pickles_clones_and_goes_on(frame):
    sampler = GANSampler(max_iter=5, random_state=0, warm_start=True).fit(frame)
    copy = pickle.loads(pickle.dumps(sampler))
    pd.testing.assert_frame_equal(
        copy.sample(20, random_state=0), sampler.sample(20, random_state=0)
    )
    assert clone(sampler).get_params().keys() == sampler.get_params().keys()
    sampler.fit(frame)
    assert sampler.n_iter_ == 10


def test_early_stopping_watches_a_table(frame):
    sampler = GANSampler(
        hidden_dims=(16,), max_iter=200, early_stopping=True, random_state=0
    ).fit(frame)
    assert any("valid_score" in epoch for epoch in sampler.history_)


def test_a_network_of_ones_own_trains_on_a_table(frame):
    class Linear(torch.nn.Module):
        def __init__(self, latent_dim, output_shape, condition_dim, **ignored):
            super().__init__()
            self.layer = torch.nn.Linear(latent_dim + condition_dim, output_shape[0])

        def forward(self, z, condition=None):
            return self.layer(torch.cat([z, condition], dim=1))

    sampler = GANSampler(generator=Linear, max_iter=5, random_state=0).fit(frame)
    drawn = sampler.sample(20, given={"sex": "f"})
    assert (drawn["sex"] == "f").all()
    assert (drawn.dtypes == frame.dtypes).all()


# The room between encoder and net.
LAYOUT = TableLayout(1, (2, 3), ((1, 2), (3, 4, 5)))


def rows_of(pairs):
    rows = np.zeros((len(pairs), 6), dtype=np.float32)
    first, second = np.array(pairs).T
    rows[np.arange(len(rows)), 1 + first] = 1
    rows[np.arange(len(rows)), 3 + second] = 1
    return rows


@pytest.fixture(scope="module")
def conditions():
    # The pair (1, 2) is too rare to be handed over whole.
    return TableConditions(
        rows_of([(0, 0)] * 60 + [(0, 1)] * 20 + [(1, 0)] * 30 + [(1, 2)] * 3), LAYOUT
    )


def drawn(conditions, n, values=None, is_given=None):
    if values is None:
        values, is_given = conditions.nothing(n)
    condition = conditions.draw(np.random.default_rng(0), values, is_given).numpy()
    return condition[:, :5], condition[:, 5:]


def test_combinations_are_drawn_at_their_frequency(conditions):
    values, masks = drawn(conditions, 20_000)
    pairs = values[:, :2].argmax(1) * 3 + values[:, 2:].argmax(1)
    both = masks.all(axis=1)
    assert masks[:, 0].all()
    assert both.mean() == pytest.approx(110 / 113, abs=0.01)
    shares = np.bincount(pairs[both], minlength=6) / len(pairs)
    expected = np.array([60, 20, 0, 30, 0, 0]) / 113
    np.testing.assert_allclose(shares, expected, atol=0.012)


def test_a_rare_combination_is_not_handed_over(conditions):
    values, masks = drawn(conditions, 20_000)
    rare = ~masks.all(axis=1)
    assert rare.any()
    assert (values[rare, 2:] == 0).all()
    assert (values[rare, 1] == 1).all()


def test_given_levels_are_completed_from_rows_that_have_them(conditions):
    values, is_given = conditions.nothing(6000)
    values[:, 3] = 1
    is_given[:, 1] = True
    entries, masks = drawn(conditions, 6000, values, is_given)
    assert masks.all()
    assert (entries[:, 2] == 1).all()
    assert entries[:, 0].mean() == pytest.approx(60 / 90, abs=0.03)


def test_an_unseen_combination_is_left_as_it_is(conditions):
    values, is_given = conditions.nothing(10)
    values[:, [1, 5]] = 1
    is_given[:] = True
    entries, masks = drawn(conditions, 10, values, is_given)
    assert masks.all()
    assert (entries == [1, 0, 0, 0, 1]).all()


def test_training_conditions_are_parts_of_the_rows():
    given = ConditionMask(LAYOUT.condition_units, LAYOUT.width)
    rows = torch.as_tensor(rows_of([(0, 1), (1, 2)] * 500))
    masks = torch.tensor([[1.0, 0.0]]).expand(1000, 2)
    stream = torch.Generator().manual_seed(0)
    condition = RandomConditionMask(given)(rows, masks, stream)
    is_given = condition[:, 5:]
    patterns = {tuple(row) for row in is_given.tolist()}
    assert patterns == {(0.0, 0.0), (0.0, 1.0), (1.0, 0.0), (1.0, 1.0)}
    assert torch.equal(is_given[:800], masks[:800])
    assert not torch.equal(is_given[800:], masks[800:])
    written = given.write(torch.zeros(1000, 6), condition)
    first = is_given[:, 0] > 0
    assert torch.equal(written[first, 1:3], rows[first, 1:3])
    assert (written[~first, 1:3] == 0).all()
