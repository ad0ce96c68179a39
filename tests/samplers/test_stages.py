"""Samplers that start from trees: which stage is kept, and what each holds to."""

import logging

import numpy as np
import pandas as pd
import pytest
import torch
from sklearn.ensemble import RandomForestClassifier

from skgan import ConditionalGANSampler, GANSampler
from skgan.encoding import VectorEncoder
from skgan.priors import NumberColumn
from skgan.samplers._stages import PriorColumns, choose_stage, copies_less

N = 500
STAGES = ("prior", "generator", "prior+rejection", "generator+rejection")


def make_frame(n=N):
    rng = np.random.default_rng(0)
    a = rng.normal(size=n)
    return pd.DataFrame(
        {
            "a": a,
            "grid": (a + rng.normal(size=n)).round(1),
            "kind": pd.Categorical(np.where(a > 0, "x", "y")),
            "gap": np.where(rng.random(n) < 0.2, np.nan, a**2),
            "count": rng.poisson(4, n),
        }
    )


def make_labels(n=N):
    return np.random.default_rng(1).choice(["p", "q", "r"], n)


def make_sampler(kind=GANSampler, **params):
    defaults = {"max_iter": 20, "hidden_dims": (16,), "random_state": 0}
    return kind(**{**defaults, **params})


FRAME, LABELS = make_frame(), make_labels()


@pytest.fixture(scope="module")
def fitted():
    return make_sampler().fit(FRAME)


class Refusal:
    """Stands in for a rule: rows below 0 are kept by a third."""

    share_ = 2 / 3

    def log_accept(self, columns):
        return np.where(columns[:, 0] < 0, np.log(1 / 3), 0.0)


@pytest.fixture(params=STAGES)
def staged(request, fitted):
    before = fitted.stage_, fitted.rejection_
    fitted.stage_ = request.param
    fitted.rejection_ = Refusal() if request.param.endswith("rejection") else None
    yield fitted
    fitted.stage_, fitted.rejection_ = before


def test_every_stage_keeps_the_form_and_the_order_of_rows(staged):
    states = np.random.get_state()[1].copy(), torch.get_rng_state()
    rows = staged.sample(4500, random_state=0)
    pd.testing.assert_frame_equal(staged.sample(4500, random_state=0), rows)
    for n in (0, 1, 300, 4097):
        pd.testing.assert_frame_equal(staged.sample(n, random_state=0), rows.head(n))
    assert not staged.sample(50, random_state=1).equals(rows.head(50))
    assert rows.dtypes.equals(FRAME.dtypes)
    assert (rows["grid"] == rows["grid"].round(1)).all()
    numbers = ["a", "grid", "gap", "count"]
    assert (rows[numbers].min() >= FRAME[numbers].min()).all()
    assert (rows[numbers].max() <= FRAME[numbers].max()).all()
    assert abs(rows["gap"].isna().mean() - 0.2) < 0.06
    assert np.array_equal(np.random.get_state()[1], states[0])
    assert torch.equal(torch.get_rng_state(), states[1])


def test_rows_do_not_depend_on_labels_of_later_rows():
    sampler = make_sampler(ConditionalGANSampler).fit(FRAME, LABELS)
    wanted = np.random.default_rng(2).choice(["p", "q", "r"], 600)
    for stage in ("prior", "generator"):
        sampler.stage_ = stage
        rows, labels = sampler.sample(y=wanted, random_state=0)
        assert labels.tolist() == wanted.tolist()
        short, _ = sampler.sample(y=wanted[:40], random_state=0)
        pd.testing.assert_frame_equal(short, rows.head(40))
        long, drawn = sampler.sample(400, random_state=0)
        short, start = sampler.sample(30, random_state=0)
        pd.testing.assert_frame_equal(short, long.head(30))
        assert start.tolist() == drawn[:30].tolist()


def test_a_seed_fixes_the_fit_and_the_stream(fitted):
    again = make_sampler().fit(FRAME)
    assert again.stage_scores_ == fitted.stage_scores_
    assert again.stage_ == fitted.stage_
    first = again.sample(5)
    assert not again.sample(5).equals(first)
    pd.testing.assert_frame_equal(make_sampler().fit(FRAME).sample(5), first)


def test_the_prior_alone_has_no_discriminator():
    sampler = make_sampler(max_iter=0).fit(FRAME)
    assert sampler.stage_ in ("prior", "prior+rejection")
    assert sampler.n_iter_ == 0 and len(sampler.sample(3)) == 3
    with pytest.raises(ValueError, match="No update has trained the discriminator"):
        sampler.transform(FRAME)
    sampler.set_params(max_iter=5, warm_start=True).fit(FRAME)
    assert sampler.n_iter_ == 5 and len(sampler.transform(FRAME)) == N
    sampler.set_params(max_iter=0).fit(FRAME)
    assert sampler.n_iter_ == 5


@pytest.mark.parametrize(
    "call",
    [
        lambda s: s.fit_inverter(FRAME),
        lambda s: s.invert(FRAME),
        lambda s: s.reconstruct(FRAME),
        lambda s: s.generate(np.zeros((2, 3))),
        lambda s: s.interpolate(FRAME[:1], FRAME[1:2]),
        lambda s: s.interpolate([0.0], [1.0], space="latents"),
    ],
)
def test_latents_need_another_prior(fitted, call):
    with pytest.raises(TypeError, match="prior='normal'"):
        call(fitted)


def test_what_was_kept_is_told(capsys, caplog):
    with caplog.at_level(logging.INFO, logger="skgan"):
        sampler = make_sampler(verbose=1).fit(FRAME)
    line = next(r.message for r in caplog.records if "Kept the stage" in r.message)
    assert repr(sampler.stage_) in line and "100 held-out rows" in line
    for stage, score in sampler.stage_scores_.items():
        assert f"{stage} {score:.3f}" in line
    before, after = capsys.readouterr().out.splitlines()[-2:]
    assert "100 held-out rows" in before and after == line
    with caplog.at_level(logging.INFO, logger="skgan"):
        make_sampler(early_stopping=False).fit(FRAME)
    assert "'generator', unjudged" in caplog.records[-1].message
    assert "Kept" not in capsys.readouterr().out


def test_early_stopping_says_whether_stages_are_judged():
    unjudged = make_sampler(early_stopping=False).fit(FRAME)
    assert (unjudged.stage_, unjudged.stage_scores_) == ("generator", {})
    few = make_sampler().fit(FRAME.head(100))
    assert (few.stage_, few.stage_scores_) == ("prior", {})
    judged = make_sampler(early_stopping=True).fit(FRAME.head(200))
    assert set(judged.stage_scores_) >= {"prior", "generator"}
    # A prior that was judged learns from all rows afterwards.
    assert judged.prior_.n_rows_ == 200
    tiny = make_sampler(early_stopping=True).fit(FRAME.head(10))
    assert tiny.stage_ == "prior"
    with pytest.raises(ValueError, match="early_stopping"):
        make_sampler(early_stopping="never").fit(FRAME)


def test_rejection_is_named_and_can_be_another():
    rng = np.random.default_rng(0)
    a = rng.normal(size=1200)
    b = (a + rng.normal(size=1200)).round(1)
    # A square follows its root only as far as a tree has leaves.
    frame = pd.DataFrame({"a": a, "b": b, "kind": np.where(a > 0, "x", "y")})
    frame["square"] = np.where(rng.random(1200) < 0.2, np.nan, a**2)
    fitted = make_sampler(max_iter=0).fit(frame)
    assert fitted.stage_ == "prior+rejection"
    # Scores on so few rows are noise; the gain on held-out rows decides.
    assert set(fitted.stage_scores_) == {"prior", "prior+rejection"}
    assert fitted.rejection_.gain_ > fitted.rejection_.gain_error_ > 0
    assert 0 < fitted.rejection_.share_ < 1
    without = make_sampler(max_iter=0, rejection=None).fit(FRAME)
    assert (without.stage_, without.rejection_) == ("prior", None)
    forest = RandomForestClassifier(20, min_samples_leaf=20, random_state=0)
    other = make_sampler(rejection=forest, max_iter=0).fit(FRAME)
    assert other.stage_.endswith("+rejection") == (other.rejection_ is not None)
    with pytest.raises(ValueError, match="rejection must be"):
        make_sampler(rejection="no").fit(FRAME)


def test_partial_fit_learns_what_it_is_given(fitted):
    sampler = make_sampler(rejection=None).fit(FRAME)
    narrow = FRAME[FRAME["kind"] == "x"].head(150)
    sampler.partial_fit(narrow)
    assert sampler.n_iter_ == 40 and sampler.prior_.n_rows_ == 150
    sampler.stage_ = "prior"
    rows = sampler.sample(300, random_state=0)
    assert (rows["kind"] == "x").all() and rows["a"].min() >= narrow["a"].min() - 1e-9
    new = narrow.assign(kind="z")
    with pytest.warns(UserWarning, match=r"'kind' holds levels .* in 150 rows: 'z'"):
        sampler.partial_fit(new)
    assert set(sampler.sample(300, random_state=0)["kind"]) <= {"x", "y"}


class Fixed:
    """Stands in for draws: given rows for each stage, encoded as they are."""

    def __init__(self, **stages):
        self.stages = stages

    def draw(self, stage, n, rng):
        return self.stages[stage][:n]

    def rows_of(self, rows, seed):
        return torch.as_tensor(rows)


def test_a_tie_goes_to_the_stage_that_copies_less():
    rng = np.random.default_rng(0)
    values = rng.normal(size=(800, 2))
    columns = PriorColumns(values, (NumberColumn(), NumberColumn()))
    columns.is_held_out = np.arange(800) < 400
    copies = columns.train
    near = copies + 1e-3 * rng.normal(size=copies.shape)
    fresh, other = rng.normal(size=(2, 400, 2))
    for ours, theirs, less in [
        (fresh, copies, True),
        (fresh, near, True),
        (copies, fresh, False),
        (fresh, other, False),
        (np.vstack([fresh[:200], copies[:200]]), copies, True),
    ]:
        draws = Fixed(prior=theirs, generator=ours)
        assert copies_less(columns, draws, ours, theirs, 0) == less
        kept, scores = choose_stage(columns, draws, ("prior", "generator"), 0)
        assert kept == ("generator" if less else "prior")
        assert set(scores) == {"prior", "generator"}
    # What is clearly worse is not kept for its copying nothing.
    draws = Fixed(prior=copies, generator=fresh + 3)
    assert choose_stage(columns, draws, ("prior", "generator"), 0)[0] == "prior"
    draws = Fixed(prior=fresh + 3, generator=copies)
    assert choose_stage(columns, draws, ("prior", "generator"), 0)[0] == "generator"


BAD = {
    "two rows": pd.DataFrame({"a": [1.5, 2.5], "b": ["u", "v"]}),
    "two equal rows": pd.DataFrame({"a": [1.5, 1.5], "b": ["u", "u"]}),
    "one column": np.random.default_rng(0).normal(size=(60, 1)),
    "one column of levels": pd.DataFrame({"a": list("uvw") * 30}),
    "all rows equal": np.ones((60, 3)),
    "levels only": pd.DataFrame({c: list("uvuw") * 30 for c in "abc"}),
    "a level seen once": FRAME.assign(rare=["once", *["often"] * (N - 1)]),
    "repeated rows": pd.concat([FRAME.head(30)] * 5, ignore_index=True),
    "missing numbers": FRAME[["a", "count"]].assign(none=np.nan),
    "missing levels": FRAME.head(90).assign(none=None),
    "missing dates": FRAME.head(90).assign(none=pd.NaT),
    "missing integers": FRAME.head(90).assign(none=pd.array([None] * 90, "Int64")),
    "nothing else": pd.DataFrame({"none": [np.nan] * 40}),
    "more columns than rows": np.random.default_rng(0).normal(size=(30, 60)),
}


@pytest.mark.parametrize("name", BAD)
def test_poor_input_gives_rows_like_it(name):
    X = BAD[name]
    sampler = make_sampler(max_iter=3).fit(X)
    rows = sampler.sample(40, random_state=0)
    assert rows.shape == (40, X.shape[1])
    if isinstance(X, pd.DataFrame):
        assert rows.dtypes.equals(X.dtypes)
        for column in X:
            seen = set(X[column].dropna())
            if X[column].dtype == object:
                assert set(rows[column].dropna()) <= seen
        assert (rows.isna().all() >= X.isna().all()).all()
        assert not rows.loc[:, ~X.isna().any()].isna().any().any()
    else:
        assert (rows.min(0) >= X.min(0)).all() and (rows.max(0) <= X.max(0)).all()


def test_a_class_of_one_row_or_one_class():
    X = FRAME[["a", "count"]].to_numpy()
    one = make_sampler(ConditionalGANSampler).fit(X, np.zeros(N, int))
    assert set(one.sample(20)[1].tolist()) == {0}
    rare = np.r_[1, np.zeros(N - 1, int)]
    sampler = make_sampler(ConditionalGANSampler).fit(X, rare)
    rows, labels = sampler.sample(y=np.ones(5, int))
    assert rows.shape == (5, 2) and (labels == 1).all()


def test_a_rare_level_comes_wherever_its_column_stands():
    rng = np.random.default_rng(0)
    n = 2000
    columns = {f"flag {j}": rng.choice(["yes", "no"], n) for j in range(3)}
    columns |= {f"x{j}": rng.normal(size=n) for j in range(3)}
    columns["what"] = np.where(np.arange(n) % 200 == 0, "fraud", "fine")
    frame, names = pd.DataFrame(columns), list(columns)
    for order in (names, names[::-1], [*names[3:], *names[:3]]):
        sampler = make_sampler(max_iter=0, rejection=None).fit(frame[order])
        count = (sampler.sample(20_000, random_state=0)["what"] == "fraud").sum()
        # Of 100, within four standard deviations.
        assert 60 <= count <= 140


def test_names_of_stages_without_columns():
    sampler = make_sampler(prior="normal").fit(FRAME[["a"]])
    assert (sampler.prior_, sampler.stage_) == (None, "generator")
    assert sampler.stage_scores_ == {} and sampler.rejection_ is None
    own = make_sampler(latent_dim=8).fit(FRAME)
    assert own.prior_ is None
    vectors = make_sampler(encoder=VectorEncoder()).fit(FRAME[["a", "count"]])
    assert vectors.prior_ is not None
