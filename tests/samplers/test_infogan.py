"""InfoGANSampler: codes that steer what is drawn, and are read off rows."""

import ast
import inspect
import pickle

import numpy as np
import pandas as pd
import pytest
import torch
from scipy.optimize import linear_sum_assignment
from sklearn.base import clone
from sklearn.exceptions import NotFittedError
from sklearn.metrics import confusion_matrix
from skorch.callbacks import Callback
from torch import nn

from skgan import GANSampler, InfoGANSampler, load, save
from skgan.callbacks import TrainingCheckpoint
from skgan.datasets import load_digit_images
from skgan.nets import InfoGANNet
from skgan.objectives import translation
from skgan.samplers._auto import automatic_values

SMALL = {"hidden_dims": (16,), "batch_size": 32, "max_iter": 5, "random_state": 0}
N = 60


def make_sampler(**params):
    return InfoGANSampler(**{**SMALL, "n_categories": 3, **params})


@pytest.fixture(scope="module")
def rows():
    rng = np.random.default_rng(0)
    return rng.normal(size=(N, 2)) + 9 * np.eye(3, 2)[np.arange(N) % 3]


@pytest.fixture(scope="module")
def images():
    return np.random.default_rng(0).integers(0, 256, (N, 8, 8), dtype=np.uint8)


@pytest.fixture(scope="module")
def fitted(rows):
    return make_sampler().fit(rows)


def matched_accuracy(y, clusters):
    """Share of rows that are right under the best assignment of clusters to labels."""
    counts = confusion_matrix(y, clusters)
    lines, columns = linear_sum_assignment(-counts)
    return counts[lines, columns].sum() / len(y)


# --- what a user types


def test_parameters_are_those_of_the_sampler_and_few_more():
    own = set(inspect.signature(InfoGANSampler).parameters)
    shared = set(inspect.signature(GANSampler).parameters)
    assert own - shared == {
        "n_categories",
        "n_continuous",
        "code_weight",
        "continuous_code_weight",
        "clustering_weight",
    }
    # Codes go with normal latents, of which trees have none.
    assert shared - own == {"prior", "rejection"}
    ours, theirs = InfoGANSampler().get_params(), GANSampler().get_params()
    # Only stages that start from trees hold rows out by themselves.
    assert {name for name in shared & own if ours[name] != theirs[name]} == {
        "early_stopping"
    }
    assert ours["early_stopping"] is False


def test_init_only_assigns():
    source = inspect.getsource(InfoGANSampler.__init__)
    body = ast.parse(inspect.cleandoc(source)).body[0].body
    assert all(isinstance(line, ast.Assign) for line in body)


def test_fit_gives_categories_of_the_rows(rows):
    sampler = make_sampler()
    labels = sampler.fit_predict(rows)
    assert labels.shape == (N,) and labels.dtype == np.int64
    assert labels is sampler.labels_ and (labels == sampler.predict(rows)).all()
    assert set(labels) <= {0, 1, 2}
    assert isinstance(sampler.net_, InfoGANNet)
    assert np.isfinite(sampler.history_[-1, "code_loss"])


def test_transform_gives_posteriors_then_means(fitted, rows):
    codes = fitted.transform(rows)
    assert codes.shape == (N, 5) and codes.dtype == np.float64
    assert codes[:, :3].sum(1) == pytest.approx(1) and (codes[:, :3] >= 0).all()
    assert (codes[:, :3].argmax(1) == fitted.predict(rows)).all()
    names = fitted.get_feature_names_out()
    assert names.tolist() == [f"infogansampler{i}" for i in range(5)]
    framed = clone(fitted).set_output(transform="pandas").fit(rows).transform(rows)
    assert framed.columns.tolist() == names.tolist()


def test_score_is_a_distance(fitted, rows):
    assert -5 < fitted.score(rows) < 0.1


@pytest.mark.parametrize("n_continuous", [0, 1, 3])
def test_any_number_of_continuous_codes(rows, n_continuous):
    sampler = make_sampler(n_continuous=n_continuous).fit(rows)
    assert sampler.transform(rows).shape == (N, 3 + n_continuous)
    assert sampler.sample(4).shape == (4, 2)
    codes = np.zeros((2, 1 + n_continuous))
    assert sampler.sample(codes=codes).shape == (2, 2)


# --- samples with codes


def test_a_sample_is_the_start_of_a_longer_one(fitted):
    long = fitted.sample(1500, random_state=1)
    assert np.array_equal(fitted.sample(40, random_state=1), long[:40])
    codes = np.arange(1500) % 3
    coded = fitted.sample(codes=codes, random_state=1)
    assert np.array_equal(fitted.sample(codes=codes[:40], random_state=1), coded[:40])
    assert np.array_equal(fitted.sample(random_state=1), long[:1])


def spy(sampler, monkeypatch):
    """Let each draw leave its latents and conditions behind."""
    seen = []
    call = sampler.net_.call

    def watch(module, x, condition):
        seen.append((x.clone(), condition.clone()))
        return call(module, x, condition)

    monkeypatch.setattr(sampler.net_, "call", watch)
    return seen


def test_other_codes_leave_the_latents_as_they_are(fitted, monkeypatch):
    seen = spy(fitted, monkeypatch)
    numbers = [[2, 0.5, -1.0], [0, -0.25, 1.0]]
    for codes in (None, [2, 2], [0, 1], numbers):
        fitted.sample(2, codes=codes, random_state=3)
    (z, prior), *others = seen
    assert all(torch.equal(z, latents) for latents, _ in others)
    for _, condition in others[:2]:
        # Only categories were asked for, and only two of them.
        assert torch.equal(condition[:, 3:], prior[:, 3:])
        assert torch.equal(condition[2:], prior[2:])
    assert others[0][1][:2, :3].argmax(1).tolist() == [2, 2]
    assert others[2][1][:2].tolist() == [[0, 0, 1, 0.5, -1], [1, 0, 0, -0.25, 1]]
    assert not torch.equal(z[0], z[1])
    assert set(prior[:, :3].argmax(1).tolist()) == {0, 1, 2}
    assert prior[:, 3:].min() < -0.9 and prior[:, 3:].max() > 0.9


def test_one_category_for_all(fitted):
    drawn = fitted.sample(7, codes=1, random_state=0)
    assert np.array_equal(drawn, fitted.sample(codes=[1] * 7, random_state=0))
    assert fitted.sample(0, codes=1).shape == (0, 2)


@pytest.mark.parametrize(
    ("codes", "message"),
    [
        ([0, 3], "3 is no category; .* from 0 to 2"),
        ([-1], "-1 is no category"),
        ([0.5], "0.5 is no category"),
        ([np.nan], "nan is no category"),
        (["a"], "codes must hold numbers"),
        ([[0, 0.0, 1.5]], "1.5 is no continuous code"),
        ([[0, np.nan, 0.0]], "nan is no continuous code"),
        ([[0, 0.0]], r"codes has shape \(1, 2\)"),
        (np.zeros((2, 3, 1)), r"codes has shape \(2, 3, 1\)"),
    ],
)
def test_codes_that_do_not_exist_are_refused(fitted, codes, message):
    with pytest.raises(ValueError, match=message):
        fitted.sample(codes=codes)


def test_a_code_for_each_row(fitted):
    with pytest.raises(ValueError, match="2 rows for n_samples=5"):
        fitted.sample(5, codes=[0, 1])
    assert fitted.sample(2, codes=[0, 1]).shape == (2, 2)


def test_the_stream_of_draws_goes_on(rows):
    first, second = (make_sampler().fit(rows) for _ in range(2))
    draws = [first.sample(3, codes=0) for _ in range(2)]
    assert not np.array_equal(*draws)
    assert np.array_equal(draws, [second.sample(3, codes=0) for _ in range(2)])


# --- what goes in


def test_images_keep_shape_and_dtype(images):
    sampler = make_sampler().fit(images)
    drawn = sampler.sample(codes=[0, 1, 2])
    assert drawn.shape == (3, 8, 8) and drawn.dtype == np.uint8
    assert sampler.predict(images).shape == (N,)
    assert sampler.net_.perturb is not None


def test_larger_images_and_half_precision():
    images = np.random.default_rng(0).integers(0, 256, (20, 18, 18, 3), np.uint8)
    sampler = make_sampler(max_iter=2).fit(images)
    assert sampler.net_.lr == 1e-3
    assert sampler._adapt(automatic_values(20, (3, 18, 18)))["max_iter"] == 1500
    small = automatic_values(20, (1, 8, 8))
    changed = {"learning_rate": 2e-3, "max_iter": 1000}
    assert sampler._adapt(small) == {**small, **changed}
    assert sampler.sample(2).shape == (2, 18, 18, 3)
    assert sampler.transform(images).shape == (20, 5)


def test_frames_of_numbers_are_vectors(rows):
    frame = pd.DataFrame(rows, columns=["a", "b"])
    sampler = make_sampler().fit(frame)
    assert sampler.sample(2).columns.tolist() == ["a", "b"]
    assert (sampler.predict(frame) == sampler.labels_).all()


def test_neighbors_are_taken_in_the_users_units_and_forgotten(rows):
    sampler = make_sampler()
    seen = []
    original = InfoGANNet._moved

    def watch(net, x, coordinates, *stream):
        seen.append(coordinates)
        return original(net, x, coordinates, *stream)

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(InfoGANNet, "_moved", watch)
        sampler.fit(rows)
    spread = torch.cat(seen).std(0)
    assert spread.numpy() == pytest.approx([1, 1], abs=0.2)
    # Gaps between the groups of rows are seen: no value lies in the middle.
    first = torch.cat(seen)[:, 0]
    assert ((first > 0.3) & (first < 0.6)).float().mean() < 0.05
    assert sampler._conditions.coordinates is None


def test_tables_are_refused_before_anything_is_learnt():
    frame = pd.DataFrame({"size": np.arange(20.0), "kind": ["a", "b"] * 10})
    with pytest.raises(ValueError, match="takes vectors and images"):
        make_sampler().fit(frame)


@pytest.mark.parametrize(
    ("params", "error"),
    [
        ({"n_categories": 1}, ValueError),
        ({"n_categories": 2.0}, TypeError),
        ({"n_continuous": -1}, ValueError),
        ({"code_weight": -0.1}, ValueError),
        ({"continuous_code_weight": "much"}, TypeError),
        ({"clustering_weight": np.inf}, ValueError),
    ],
)
def test_parameters_are_checked_by_name(rows, params, error):
    with pytest.raises(error, match=next(iter(params))):
        make_sampler(**params).fit(rows)


class Closed(nn.Module):
    def __init__(self, input_shape, **ignored):
        super().__init__()
        self.layer = nn.Linear(input_shape[0], 1)

    def forward(self, x, condition=None):
        return self.layer(x)


class Hidden(Closed):
    def hidden(self, x):
        return x


def test_a_discriminator_of_ones_own(rows):
    with pytest.raises(TypeError, match=r"hidden\(x\)"):
        make_sampler(discriminator=Closed).fit(rows)
    sampler = make_sampler(discriminator=Hidden).fit(rows)
    assert sampler.transform(rows).shape == (N, 5)


def test_another_move(images):
    sampler = make_sampler(net_params={"perturb": translation}).fit(images)
    assert sampler.net_.perturb is translation


@pytest.mark.parametrize("method", ["sample", "predict", "transform", "score"])
def test_unfitted(rows, method):
    with pytest.raises(NotFittedError):
        getattr(make_sampler(), method)(*([] if method == "sample" else [rows]))


# --- kept and gone on with


def test_pickled_and_saved_it_is_the_same(fitted, rows, images, tmp_path):
    for sampler, X in ((fitted, rows), (make_sampler().fit(images), images)):
        save(sampler, tmp_path / "info.skgan")
        for again in (
            pickle.loads(pickle.dumps(sampler)),
            load(tmp_path / "info.skgan"),
        ):
            assert np.array_equal(again.transform(X), sampler.transform(X))
            assert np.array_equal(again.labels_, sampler.labels_)
            drawn = [s.sample(codes=[0, 1], random_state=5) for s in (again, sampler)]
            assert np.array_equal(*drawn)
            assert type(again.net_) is InfoGANNet


def test_training_goes_on(rows):
    sampler = make_sampler(warm_start=True).fit(rows)
    head = [p.detach().clone() for p in sampler.net_.code_head_.parameters()]
    net = sampler.net_
    sampler.fit(rows)
    assert sampler.net_ is net and sampler.n_iter_ == 10
    assert not all(
        torch.equal(p, q)
        for p, q in zip(head, net.code_head_.parameters(), strict=True)
    )
    other = make_sampler().partial_fit(rows).partial_fit(rows)
    assert other.n_iter_ == 10
    assert np.array_equal(other.transform(rows), sampler.transform(rows))


def test_saved_with_its_training_it_goes_on_the_same(rows, tmp_path):
    sampler = make_sampler(warm_start=True).fit(rows)
    save(sampler, tmp_path / "info.skgan")
    loaded = load(tmp_path / "info.skgan")
    assert np.array_equal(
        loaded.fit(rows).transform(rows), sampler.fit(rows).transform(rows)
    )


class Break(Callback):
    """Break training off in its third epoch."""

    def on_batch_end(self, net, **kwargs):
        if len(net.history) == 3:
            raise KeyboardInterrupt


def test_a_fit_that_broke_off_goes_on_where_it_was(rows, tmp_path):
    epochs = {"max_epochs": 5, "iterator_train__n_batches": 4}
    params = {"max_iter": 20, "net_params": epochs}
    whole = make_sampler(**params).fit(rows)
    params["checkpoint"] = TrainingCheckpoint(tmp_path, updates=1)
    violations = make_sampler(**params, callbacks=[Break()])
    with pytest.raises(KeyboardInterrupt):
        violations.fit(rows)
    assert violations.sample(3).shape == (3, 2)
    assert violations.transform(rows).shape == (N, 5)
    resumed = make_sampler(**params).fit(rows)
    assert resumed.n_iter_ == 20
    assert np.array_equal(resumed.transform(rows), whole.transform(rows))
    assert np.array_equal(resumed.labels_, whole.labels_)


def test_seeds_fix_all_and_the_global_streams_stay(rows):
    np.random.seed(3)
    torch.manual_seed(3)
    first = make_sampler().fit(rows)
    np.random.seed(4)
    torch.manual_seed(4)
    before = np.random.get_state()[1].copy(), torch.get_rng_state()
    second = make_sampler().fit(rows)
    second.sample(3), second.predict(rows)
    assert np.array_equal(first.transform(rows), second.transform(rows))
    assert np.array_equal(before[0], np.random.get_state()[1])
    assert torch.equal(before[1], torch.get_rng_state())
    other = make_sampler(random_state=1).fit(rows)
    assert not np.allclose(first.transform(rows), other.transform(rows))


def test_early_stopping_labels_every_row(rows):
    sampler = make_sampler(early_stopping=True).fit(rows)
    assert len(sampler.labels_) == N
    assert "valid_score" in sampler.history_[-1]


# --- what it learns


@pytest.fixture(scope="module")
def digits():
    images, y = load_digit_images(return_X_y=True)
    return InfoGANSampler(max_iter=300, random_state=0).fit(images), images, y


def test_categories_of_digits_are_mostly_digits(digits):
    sampler, _, y = digits
    # Chance gives about .15.
    assert matched_accuracy(y, sampler.labels_) > 0.7
    assert np.bincount(sampler.labels_, minlength=10).min() > 50


def test_codes_steer_digits_and_are_read_back(digits):
    sampler, _, _ = digits
    asked = np.arange(500) % 10
    drawn = sampler.sample(codes=asked, random_state=0)
    assert (sampler.predict(drawn) == asked).mean() > 0.85
    # Digits of a category are more alike than those of one latent are.
    means = np.array([drawn[asked == k].mean(axis=0) for k in range(10)])
    within = np.mean([drawn[asked == k].std(axis=0).mean() for k in range(10)])
    assert means.std(axis=0).mean() > 0.5 * within


def test_continuous_codes_steer_and_are_read_back(digits):
    sampler, _, _ = digits
    values = np.linspace(-1, 1, 500)
    codes = np.column_stack([np.arange(500) % 10, values, -values])
    read = sampler.transform(sampler.sample(codes=codes, random_state=0))[:, 10:]
    for column, wanted in zip(read.T, (values, -values), strict=True):
        assert np.corrcoef(column, wanted)[0, 1] > 0.9


def test_continuous_codes_change_much_of_what_differs_within_a_category(digits):
    sampler, _, _ = digits
    others = np.random.default_rng(0).uniform(-1, 1, (200, 2))
    for code in (0, 1):
        steps = []
        for value in (-1, -0.5, 0, 0.5, 1):
            numbers = others.copy()
            numbers[:, code] = value
            codes = np.column_stack([np.arange(200) % 10, numbers])
            steps.append(sampler.sample(codes=codes, random_state=0))
        pixels = np.array(steps).reshape(5, 20, 10, 64) / 16
        along, within = pixels.var(axis=0), pixels.var(axis=(0, 1))
        # With a weight of 1, one of the two explains less than a tenth.
        assert along.mean(axis=(0, 1)).sum() > 0.15 * within.mean(axis=0).sum()


def test_blobs_are_found_though_encoded_columns_have_no_gaps(rows):
    rows = np.tile(rows, (4, 1)) + np.random.default_rng(1).normal(size=(4 * N, 2)) / 4
    sampler = InfoGANSampler(
        n_categories=3, hidden_dims=(64, 64), max_iter=150, random_state=0
    )
    found = matched_accuracy(np.arange(4 * N) % 3, sampler.fit_predict(rows))
    assert found > 0.9
