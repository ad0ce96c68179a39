"""What a chain of trees draws, as who calls it sees it."""

import numpy as np
import pytest
from scipy.stats import chisquare, ks_2samp

from skgan.priors import PRIORS, LevelColumn, NumberColumn, TreesPrior

NUMBER = NumberColumn()


def share_bounds(share, n, k=4.5):
    """An interval that a share of n draws hardly ever leaves."""
    width = k * np.sqrt(share * (1 - share) / n) + 1 / n
    return share - width, share + width


def test_it_is_found_by_name():
    assert PRIORS["trees"] is TreesPrior


def test_marginals_are_those_of_training(mixed):
    columns, schema = mixed
    drawn = TreesPrior().fit(columns, schema, random_state=0).sample(6000, 1)
    for index, column in enumerate(schema):
        real, synthetic = columns[:, index], drawn[:, index]
        low, high = share_bounds(np.isnan(real).mean(), 3000)
        assert low <= np.isnan(synthetic).mean() <= high
        real, synthetic = real[~np.isnan(real)], synthetic[~np.isnan(synthetic)]
        if isinstance(column, NumberColumn):
            assert ks_2samp(real, synthetic).statistic < 0.05
        else:
            for level in range(column.n_levels):
                low, high = share_bounds(np.mean(real == level), 3000)
                assert low <= np.mean(synthetic == level) <= high


def test_columns_depend_on_each_other_as_in_training(mixed):
    columns, schema = mixed
    drawn = TreesPrior().fit(columns, schema, random_state=0).sample(6000, 1)
    for level in range(3):
        real, synthetic = columns[columns[:, 0] == level], drawn[drawn[:, 0] == level]
        assert abs(np.nanmean(real[:, 2]) - np.nanmean(synthetic[:, 2])) < 0.2
        assert abs(np.mean(real[:, 1] == 0) - np.mean(synthetic[:, 1] == 0)) < 0.06
    lost = np.isnan(drawn[:, 2])
    assert lost[drawn[:, 1] > 0].mean() > 3 * lost[drawn[:, 1] == 0].mean()


def test_a_linear_relation_of_many_columns_is_kept():
    rng = np.random.default_rng(0)
    loadings = rng.normal(size=(3, 12)) / np.sqrt(3)
    columns = rng.normal(size=(1500, 3)) @ loadings + 0.2 * rng.normal(size=(1500, 12))
    drawn = TreesPrior().fit(columns, (NUMBER,) * 12, random_state=0).sample(6000, 1)
    error = np.abs(np.corrcoef(columns.T) - np.corrcoef(drawn.T))
    assert error[np.triu_indices(12, 1)].mean() < 0.02
    # Of twelve directions nine carry the noise alone.
    spectrum = np.linalg.eigvalsh(np.cov(drawn.T))
    assert spectrum[:9].max() < 2.5 * np.linalg.eigvalsh(np.cov(columns.T))[:9].max()


def few_rounded_rows():
    """Rows of one factor and noise, rounded so that values come several times."""
    rng = np.random.default_rng(0)
    return np.round(8 * (rng.normal(size=(150, 1)) + 0.3 * rng.normal(size=(150, 3))))


def test_few_rows_of_rounded_numbers_keep_their_correlations():
    columns = few_rounded_rows()
    drawn = TreesPrior().fit(columns, (NUMBER,) * 3, random_state=0).sample(4000, 1)
    real, synthetic = (
        np.corrcoef(rows.T)[np.triu_indices(3, 1)] for rows in (columns, drawn)
    )
    assert synthetic.mean() > 0.95 * real.mean()
    np.testing.assert_allclose(drawn.std(axis=0), columns.std(axis=0), rtol=0.05)


def test_of_few_rounded_rows_what_stands_out_stays_exact():
    columns = few_rounded_rows()[:, :2]
    columns[:40, 0] = 3.0
    drawn = TreesPrior().fit(columns, (NUMBER,) * 2, random_state=0).sample(4000, 1)
    low, high = share_bounds(np.mean(columns[:, 0] == 3), 1000)
    assert low <= np.mean(drawn[:, 0] == 3) <= high
    assert np.mean(drawn[:, 1] == np.round(drawn[:, 1])) < 0.01


def test_what_repeats_stays_exact_and_what_does_not_is_new(mixed):
    columns, schema = mixed
    drawn = TreesPrior().fit(columns, schema, random_state=0).sample(3000, 1)
    low, high = share_bounds(np.mean(columns[:, 1] == 0), 3000)
    assert low <= np.mean(drawn[:, 1] == 0) <= high
    assert np.isin(drawn[:, 3], columns[:, 3]).all()
    new = drawn[drawn[:, 1] != 0, 1]
    assert np.isin(new, columns[:, 1]).mean() < 0.01
    assert np.nanmin(columns[:, 2]) <= np.nanmin(drawn[:, 2])
    assert np.nanmax(columns[:, 2]) >= np.nanmax(drawn[:, 2])


def test_a_discrete_column_draws_no_new_value():
    rng = np.random.default_rng(0)
    columns = rng.normal(size=(200, 2))
    schema = (NumberColumn(discrete=True), NUMBER)
    drawn = TreesPrior().fit(columns, schema, random_state=0).sample(500, 0)
    assert np.isin(drawn[:, 0], columns[:, 0]).all()
    assert not np.isin(drawn[:, 1], columns[:, 1]).any()


def test_little_is_drawn_between_separated_clusters():
    rng = np.random.default_rng(0)
    side = rng.integers(0, 2, 400)
    columns = np.column_stack([rng.normal(size=400), 100.0 * side])
    columns[:, 1] += rng.normal(size=400)
    drawn = TreesPrior().fit(columns, (NUMBER, NUMBER), random_state=0).sample(20_000)
    between = (drawn[:, 1] > 5) & (drawn[:, 1] < 95)
    assert between.mean() < 0.01


@pytest.mark.parametrize("order", ["levels_first", "position"])
def test_rare_levels_are_kept(order):
    rng = np.random.default_rng(3)
    n = 2000
    answers = rng.random((n, 3)) < [0.5, 0.2, 0.7]
    numbers = rng.normal(size=(n, 3)) + answers
    fraud = np.zeros(n)
    fraud[rng.choice(n, 10, replace=False)] = 1
    columns = np.column_stack([answers, numbers, fraud]).astype(float)
    schema = (LevelColumn(2),) * 3 + (NUMBER,) * 3 + (LevelColumn(2),)
    prior = TreesPrior(order=order).fit(columns, schema, random_state=0)
    drawn = prior.sample(40_000, 1)
    for index in (0, 1, 2, 6):
        # As far off as a fresh sample of as many rows as there were in training.
        low, high = share_bounds(columns[:, index].mean(), n, 3)
        assert low <= drawn[:, index].mean() <= high
    assert drawn[:, 6].mean() > 0.002


def test_numbers_close_together_stay_apart():
    rng = np.random.default_rng(0)
    bit = rng.integers(0, 2, 1000)
    columns = np.column_stack([1e9 + 0.5 * bit, bit])
    schema = (NUMBER, LevelColumn(2))
    prior = TreesPrior(order="position").fit(columns, schema, random_state=0)
    drawn = prior.sample(1000, 0)
    assert np.array_equal(drawn[:, 1], 2 * (drawn[:, 0] - 1e9))


def test_many_levels_foretell_what_follows():
    rng = np.random.default_rng(0)
    code = rng.integers(0, 200, 6000)
    effect = rng.integers(0, 2, 200)
    columns = np.column_stack([code, effect[code], 5 * effect[code]]).astype(float)
    columns[:, 2] += rng.normal(size=6000)
    schema = (LevelColumn(200), LevelColumn(2), NUMBER)
    drawn = TreesPrior().fit(columns, schema, random_state=0).sample(4000, 0)
    agree = effect[drawn[:, 0].astype(int)] == drawn[:, 1]
    assert agree.mean() > 0.95
    assert np.corrcoef(drawn[:, 1], drawn[:, 2])[0, 1] > 0.85


def test_one_seed_the_same_rows(mixed):
    columns, schema = mixed
    state = np.random.get_state()[1].copy()
    first = TreesPrior().fit(columns, schema, random_state=5)
    second = TreesPrior().fit(columns, schema, random_state=5)
    assert np.array_equal(first.sample(50, 2), second.sample(50, 2), equal_nan=True)
    by_generator = first.sample(50, np.random.default_rng(2))
    assert np.array_equal(by_generator, first.sample(50, 2), equal_nan=True)
    assert not np.array_equal(first.sample(50, 3), first.sample(50, 2), equal_nan=True)
    assert np.array_equal(np.random.get_state()[1], state)


def test_a_state_brings_back_the_same_bits(mixed):
    columns, schema = mixed
    prior = TreesPrior(n_particles=16).fit(columns, schema, random_state=0)
    state = prior.get_state()
    assert all(isinstance(value, np.ndarray) for value in state.values())
    assert len(state) < 12
    other = TreesPrior.from_state({key: value.copy() for key, value in state.items()})
    assert other.schema_ == schema and other.order_ == prior.order_
    same = {"equal_nan": True}
    assert np.array_equal(prior.sample(200, 1), other.sample(200, 1), **same)
    assert np.array_equal(prior.score_columns(columns), other.score_columns(columns))
    is_given = np.zeros((5, 5), bool)
    is_given[:, 3] = True
    draws = [p.sample_given(columns[:5], is_given, 0) for p in (prior, other)]
    assert np.array_equal(draws[0].columns, draws[1].columns, **same)


def test_a_state_holds_no_single_value_but_the_ends():
    rng = np.random.default_rng(0)
    columns = rng.normal(size=(400, 3)) @ rng.normal(size=(3, 3))
    prior = TreesPrior().fit(columns, (NUMBER,) * 3, random_state=0)
    held = np.concatenate([member.ravel() for member in prior.get_state().values()])
    ends = {columns[:, j].min() for j in range(3)} | {
        columns[:, j].max() for j in range(3)
    }
    assert set(np.intersect1d(held, columns)) == ends


@pytest.mark.parametrize(
    "columns, schema",
    [
        (np.array([[1.0, 2.0], [3.0, 5.0]]), (NUMBER, NUMBER)),
        (np.array([[1.0, 0.0]]), (NUMBER, LevelColumn(2))),
        (np.arange(30.0)[:, None], (NUMBER,)),
        (np.ones((40, 3)), (NUMBER, NumberColumn(discrete=True), LevelColumn(2))),
        (np.full((40, 2), np.nan), (NUMBER, NumberColumn(discrete=True))),
        (np.eye(40)[:, :3], (LevelColumn(2),) * 3),
        (np.c_[np.arange(40.0), np.arange(40.0)], (LevelColumn(5000), NUMBER)),
        (np.c_[np.full(40, np.nan), np.arange(40.0)], (NUMBER, NUMBER)),
    ],
    ids=str,
)
def test_little_to_learn_from(columns, schema):
    if columns.shape[0] == 40 and isinstance(schema[0], LevelColumn):
        columns = columns.copy()
    prior = TreesPrior().fit(columns, schema, random_state=0)
    drawn = prior.sample(100, 0)
    assert drawn.shape == (100, columns.shape[1])
    for index in range(columns.shape[1]):
        real = columns[:, index]
        assert np.isnan(drawn[:, index]).any() == np.isnan(real).any()
        if not np.isnan(real).any():
            assert real.min() <= drawn[:, index].min()
            assert real.max() >= drawn[:, index].max()
    assert np.isfinite(prior.score_samples(columns)).all()
    assert prior.sample(0, 0).shape == (0, columns.shape[1])


def test_more_columns_than_rows():
    rng = np.random.default_rng(0)
    columns = rng.normal(size=(60, 200)) + 3 * rng.normal(size=(60, 1))
    drawn = TreesPrior().fit(columns, (NUMBER,) * 200, random_state=0).sample(400, 0)
    assert np.corrcoef(drawn[:, [0, 199]].T)[0, 1] > 0.5


def test_many_rows_are_reduced():
    columns = np.random.default_rng(0).normal(size=(1000, 2))
    prior = TreesPrior(max_fit_rows=100).fit(columns, (NUMBER, NUMBER), random_state=0)
    assert prior.n_rows_ == 100


def test_the_chain_starts_as_it_is_told(mixed):
    columns, schema = mixed
    prior = TreesPrior().fit(columns, schema, first=(4, 2), random_state=0)
    assert prior.order_ == (4, 2, 0, 1, 3)
    assert TreesPrior(order="position").fit(columns, schema).order_ == (0, 1, 2, 3, 4)


@pytest.mark.parametrize(
    "change, message",
    [
        ({"schema": (NUMBER,)}, "shape"),
        ({"schema": ()}, "at least one column"),
        ({"columns": np.array([[0.0, 2.0]])}, "column 1 must hold codes from 0 to 1"),
        ({"columns": np.array([[np.inf, 0.0]])}, "column 0 holds an infinite"),
        ({"columns": np.empty((0, 2))}, "at least one row"),
        ({"first": (0, 0)}, "once"),
        ({"first": (2,)}, "each of first"),
    ],
)
def test_wrong_input_is_named(change, message):
    given = {
        "columns": np.zeros((3, 2)),
        "schema": (NUMBER, LevelColumn(2)),
        "first": (),
    } | change
    with pytest.raises(ValueError, match=message):
        TreesPrior().fit(given["columns"], given["schema"], first=given["first"])


@pytest.mark.parametrize(
    "parameter",
    [
        {"min_samples_leaf": 0},
        {"split_cost": -1.0},
        {"max_features": 0},
        {"order": "best"},
        {"max_fit_rows": 1},
        {"n_particles": 1},
        {"match_moments": "yes"},
    ],
)
def test_wrong_parameters_are_named(parameter):
    with pytest.raises(ValueError, match=next(iter(parameter))):
        TreesPrior(**parameter).fit(np.zeros((3, 1)), (NUMBER,))


def test_a_drawn_joint_is_that_of_training():
    rng = np.random.default_rng(0)
    joint = rng.dirichlet(np.ones(24)).reshape(2, 3, 4)
    cells = rng.choice(24, 20_000, p=joint.ravel())
    columns = np.stack(np.unravel_index(cells, joint.shape), axis=1).astype(float)
    schema = (LevelColumn(2), LevelColumn(3), LevelColumn(4))
    prior = TreesPrior(split_cost=0.0).fit(columns, schema, random_state=0)
    drawn = prior.sample(5000, 1).astype(int)
    counts = np.bincount(np.ravel_multi_index(drawn.T, joint.shape), minlength=24)
    expected = np.bincount(cells, minlength=24) / 20_000 * 5000
    used = expected > 0
    assert chisquare(counts[used], expected[used]).pvalue > 1e-3


def test_a_block_in_which_a_column_is_missing_throughout_is_drawn():
    """Then no row goes to the tree of what a sum leaves over."""
    rng = np.random.default_rng(0)
    x = rng.normal(size=(3000, 3))
    y = x[:, 0] + x[:, 1] + 2 * (x[:, 2] > 0) + 0.1 * rng.normal(size=3000)
    y[rng.random(3000) < 0.7] = np.nan
    prior = TreesPrior().fit(np.column_stack([x, y]), (NUMBER,) * 4, random_state=0)
    drawn = np.vstack([prior.sample(1, random_state=seed) for seed in range(30)])
    assert 0 < np.isnan(drawn[:, 3]).sum() < 30


def test_few_rows_keep_the_share_of_what_is_missing_by_chance():
    """No leaf tells missing rows by what a sum of other columns holds of themselves."""
    off = []
    for seed in range(30):
        rng = np.random.default_rng(seed)
        columns = rng.normal(size=(60, 3))
        columns[rng.random(60) < 0.5, 2] = np.nan
        prior = TreesPrior().fit(columns, (NUMBER,) * 3, random_state=0)
        drawn = prior.sample(2000, 1)
        off.append(np.isnan(drawn[:, 2]).mean() - np.isnan(columns[:, 2]).mean())
    assert np.abs(off).max() < 0.08


@pytest.mark.parametrize("n", [20, 60])
def test_few_rows_keep_the_share_of_a_rare_flag_among_numbers(n):
    off = []
    for seed in range(40):
        rng = np.random.default_rng(seed)
        columns = rng.normal(size=(n, 3))
        columns[:, 2] = 1.0
        columns[rng.choice(n, 2, replace=False), 2] = 0.0
        prior = TreesPrior().fit(columns, (NUMBER,) * 3, random_state=0)
        off.append((prior.sample(2000, 1)[:, 2] == 0).mean() - 2 / n)
    assert np.abs(off).max() < 0.08


def test_forms_are_taken_from_another_prior():
    rng = np.random.default_rng(0)
    first = rng.normal(size=(300, 2))
    columns = np.column_stack([first, first.sum(axis=1)])
    schema = (NumberColumn(), NumberColumn(), NumberColumn())
    plain = TreesPrior(linear=False).fit(columns, schema, random_state=0)
    told = TreesPrior().fit(columns, schema, random_state=0, forms_of=plain)
    chosen = TreesPrior().fit(columns, schema, random_state=0)

    assert (told.sample(50, 1) == plain.sample(50, 1)).all()
    off = [np.ptp(p.sample(500, 1) @ [1, 1, -1]) for p in (told, chosen)]
    assert off[1] < off[0] / 2


def test_forms_of_other_columns_are_refused():
    prior = TreesPrior().fit(np.zeros((5, 1)), (NumberColumn(),))
    with pytest.raises(ValueError, match="forms_of must be a prior of the same"):
        TreesPrior().fit(np.zeros((5, 1)), (LevelColumn(1),), forms_of=prior)
