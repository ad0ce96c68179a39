"""Samplers fitted to rows that are named instead of held."""

import errno
import logging
import os

import numpy as np
import pandas as pd
import pytest
import torch
from skorch.callbacks import Callback

import skgan.samplers._base
import skgan.samplers._named_rows
from skgan import ConditionalGANSampler, GANSampler, InfoGANSampler, RowSource
from skgan._packed_rows import RowPacking
from skgan.callbacks import TrainingCheckpoint

pyarrow = pytest.importorskip("pyarrow")
pytest.importorskip("pyarrow.dataset")
pytest.importorskip("pyarrow.parquet")
samplers = skgan.samplers
N = 300
UNJUDGED = {"early_stopping": False, "rejection": None}


def make_frame(n=N, seed=0):
    rng = np.random.default_rng(seed)
    return pd.DataFrame(
        {
            "age": rng.integers(18, 90, n),
            "city": rng.choice(["Rome", "Oslo", None], n),
            "price": np.where(rng.random(n) < 0.1, np.nan, rng.normal(size=n).round(2)),
            "is_member": rng.random(n) < 0.3,
        }
    )


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    folder, frame = tmp_path_factory.mktemp("rows"), make_frame()
    frame.to_csv(folder / "rows.csv", index=False)
    frame.to_parquet(folder / "rows.parquet")
    for part in range(3):
        rows = frame[part * 100 : part * 100 + 100].reset_index(drop=True)
        rows.to_parquet(folder / f"part{part}.parquet")
    return folder


def draw(X, y=None, kind=GANSampler, **params):
    sampler = kind(max_iter=3, random_state=0, **params).fit(X, y)
    return sampler, sampler.sample(50, random_state=1)


def test_a_table_read_by_path_gives_the_sampler_of_the_table_in_memory(folder):
    wanted, rows = draw(pd.read_parquet(folder / "rows.parquet"))
    for path in folder / "rows.parquet", f"{folder}/part*.parquet":
        sampler, drawn = draw(path)
        pd.testing.assert_frame_equal(drawn, rows)
        assert sampler.n_features_in_ == wanted.n_features_in_ == 4
        assert list(sampler.feature_names_in_) == list(rows.columns)
    _, rows = draw(pd.read_csv(folder / "rows.csv"))
    pd.testing.assert_frame_equal(draw(f"{folder}/rows.csv")[1], rows)


@pytest.mark.parametrize("y", ["is_member", ["city", "is_member"]])
def test_labels_are_columns_that_are_named(folder, y):
    frame = make_frame().fillna({"city": "none"})
    frame.to_parquet(folder / "labelled.parquet")
    names = [y] if isinstance(y, str) else y
    _, wanted = draw(frame.drop(columns=names), frame[y], ConditionalGANSampler)
    _, drawn = draw(folder / "labelled.parquet", y, ConditionalGANSampler)
    pd.testing.assert_frame_equal(drawn[0].astype(wanted[0].dtypes), wanted[0])
    assert np.array_equal(drawn[1], wanted[1])


def test_of_many_rows_a_sample_is_learnt_and_told_of(tmp_path, caplog, capsys):
    frame = make_frame(5000)
    frame.to_parquet(tmp_path / "rows.parquet")
    rows = RowSource(tmp_path / "rows.parquet", max_rows=1000)
    with caplog.at_level(logging.INFO, "skgan"):
        sampler, drawn = draw(rows, verbose=1, **UNJUDGED)
    assert "Read 5000 rows of 1 file; kept 100" in caplog.text
    assert "Read 5000 rows of 1 file; kept 100" in capsys.readouterr().out
    assert 1000 <= sampler.prior_.n_rows_ <= 1010
    assert list(drawn.dtypes) == list(pd.read_parquet(rows.rows).dtypes)
    again = sampler.sample(5, random_state=0)
    other = draw(rows, **UNJUDGED)[0]
    pd.testing.assert_frame_equal(other.sample(5, random_state=0), again)


@pytest.fixture
def visited(monkeypatch):
    """Return a list of the rows that training got."""
    rows, train = [], samplers._base.train
    monkeypatch.setattr(
        samplers._base,
        "train",
        lambda net, *args: rows.append(args[0][:]) or train(net, *args),
    )
    return rows


def test_long_training_reads_more_rows_than_were_kept(tmp_path, monkeypatch, visited):
    frame = make_frame(5000)
    frame.to_parquet(tmp_path / "rows.parquet", row_group_size=1000)
    scratch = tmp_path / "scratch"
    scratch.mkdir()
    rows = RowSource(tmp_path / "rows.parquet", max_rows=1000, scratch=scratch)
    draw(rows, **UNJUDGED)
    assert len(visited[-1]) <= 1010
    params = {"max_iter": 10, "random_state": 0, **UNJUDGED}
    drawn, encoded, pack = [], [], RowPacking.pack
    monkeypatch.setattr(
        RowPacking, "pack", lambda self, X: encoded.append(X) or pack(self, X)
    )
    for max_bytes, folder in (2**30, None), (0, None), (0, scratch):
        monkeypatch.setattr(samplers._named_rows, "MAX_BYTES", max_bytes)
        rows.scratch = folder
        sampler = GANSampler(**params).fit(rows)
        drawn.append(sampler.sample(50, random_state=0))
        # Packed rows are those that were encoded, to the bit.
        assert torch.equal(visited[-1], encoded[-1]) and len(visited[-1]) == 10 * 256
    assert torch.equal(visited[-1], visited[-3])
    assert len(torch.unique(visited[-1], dim=0)) > 2000
    pd.testing.assert_frame_equal(*drawn[::2])
    pd.testing.assert_frame_equal(*drawn[:2])
    labelled = ConditionalGANSampler(**params).fit(rows, "is_member")
    assert torch.equal(visited[-1], encoded[-1]) and len(visited[-1]) == 10 * 256
    assert labelled.sample(3)[0].shape == (3, 3)
    assert not list(scratch.iterdir())


class BreakOff(Callback):
    def on_epoch_begin(self, net, **kwargs):
        if len(net.history) == 3:
            raise RuntimeError("the power went")


def test_a_long_fit_that_broke_off_goes_on_with_the_rows_it_encoded(
    tmp_path, monkeypatch, visited, caplog
):
    scratch, encode = tmp_path / "scratch", samplers._named_rows.NamedRows._encode
    scratch.mkdir()
    make_frame(3000).to_parquet(tmp_path / "rows.parquet")
    rows = RowSource(tmp_path / "rows.parquet", max_rows=1000, scratch=scratch)
    passes = []
    monkeypatch.setattr(
        samplers._named_rows.NamedRows,
        "_encode",
        lambda *args: passes.append(args) or encode(*args),
    )

    def fit(**params):
        epochs = {"max_epochs": 4, "iterator_train__n_batches": 5}
        sizes = {"hidden_dims": (8,), "batch_size": 128, "max_iter": 20}
        sampler = GANSampler(
            random_state=0, net_params=epochs, **sizes, **UNJUDGED, **params
        )
        return sampler.fit(rows)

    with pytest.raises(RuntimeError, match="the power went"):
        checkpoint = TrainingCheckpoint(tmp_path / "fit", updates=1)
        fit(checkpoint=checkpoint, callbacks=[BreakOff()])
    assert [file.name for file in scratch.iterdir()] == ["skgan-encoded.rows"]
    with caplog.at_level(logging.INFO, logger="skgan"):
        resumed = fit(checkpoint=tmp_path / "fit")
    assert "Going on from update 10" in caplog.text and len(passes) == 1
    assert f"encoded rows that '{scratch}" in caplog.text
    assert not list(scratch.iterdir())
    whole = fit()
    assert torch.equal(visited[-1], visited[-3]) and len(visited[-1]) == 2560
    pd.testing.assert_frame_equal(
        *(s.sample(9, random_state=0) for s in (resumed, whole))
    )


def test_a_rare_class_that_no_row_kept_has_is_not_learnt(tmp_path, visited):
    frame = make_frame(5000).assign(kind=np.arange(5000) % 2 * 2)
    frame.loc[2500, "kind"] = 1
    frame.to_parquet(tmp_path / "rows.parquet")
    rows = RowSource(tmp_path / "rows.parquet", max_rows=1000)
    params = {"max_iter": 20, "random_state": 0, **UNJUDGED}
    sampler = ConditionalGANSampler(**params).fit(rows, "kind")
    assert sampler.classes_.tolist() == [0, 2]
    assert len(visited[-1]) == 4999


def test_rows_that_come_or_go_while_fit_runs(folder):
    none = np.empty(0, dtype=np.int64)
    for n_before in (N - 1, N + 1):
        rows = RowSource(folder / "rows.parquet")
        named = samplers._named_rows.NamedRows(rows, None, none, n_before)
        with pytest.raises(ValueError, match=f"there were {n_before}, and now .* {N}"):
            encode_numbers(named, [], n=50)


@pytest.mark.parametrize("what", ["gone", "new", "changed"])
def test_files_that_come_go_or_change_before_rows_are_encoded(
    tmp_path, monkeypatch, what
):
    make_frame(3000).to_parquet(tmp_path / "0.parquet")
    make_frame(3000).to_parquet(tmp_path / "1.parquet")
    scratch, encode = tmp_path / "scratch", samplers._named_rows.NamedRows.encode
    scratch.mkdir()

    def encode_later(named, *arguments):
        if what == "gone":
            (tmp_path / "1.parquet").unlink()
        else:
            make_frame(9).to_parquet(tmp_path / f"{'12'[what == 'new']}.parquet")
        return encode(named, *arguments)

    monkeypatch.setattr(samplers._named_rows.NamedRows, "encode", encode_later)
    rows = RowSource(f"{tmp_path}/*.parquet", max_rows=1000, scratch=scratch)
    name, said = ("2" if what == "new" else "1"), what.replace("ch", "has ch")
    with pytest.raises(ValueError, match=rf"{name}\.parquet' (is )?{said} since fit"):
        GANSampler(max_iter=10, random_state=0, **UNJUDGED).fit(rows)
    assert not list(scratch.iterdir())


def encode_numbers(named, passes, n=100, seed=0):
    """Encode ages, note it, and let go of the folder as a fit that broke off does."""

    def encode(X, y):
        passes.append(len(X))
        return torch.tensor(X["age"].to_numpy(dtype="float32")[:, None])

    none, kept = np.empty(0, dtype=np.int64), torch.zeros(2, 1)
    rows = named.encode(n, none, encode, seed, RowPacking(1, []), kept)
    named.__exit__(RuntimeError, None, None)
    return rows[:]


def test_encoded_rows_are_taken_again_of_the_same_files_alone(folder, tmp_path):
    path, none, passes = tmp_path / "rows.parquet", np.empty(0, dtype=np.int64), []
    make_frame().to_parquet(path)
    rows = RowSource(pyarrow.dataset.dataset(path), scratch=tmp_path)
    named = samplers._named_rows.NamedRows(rows, None, none, N)
    wanted = encode_numbers(named, passes)
    assert torch.equal(encode_numbers(named, passes), wanted) and len(passes) == 1
    assert not torch.equal(encode_numbers(named, passes, seed=1), wanted)
    encode_numbers(named, passes)
    os.utime(path, (0, 0))
    encode_numbers(named, passes)
    assert len(passes) == 4
    # Nobody knows whether rows in memory are those of another time.
    named.source.rows = pyarrow.dataset.dataset(pyarrow.parquet.read_table(path))
    assert torch.equal(encode_numbers(named, passes), wanted)
    assert torch.equal(encode_numbers(named, passes), wanted) and len(passes) == 6


def test_no_room_in_scratch_is_told_before_rows_are_encoded(tmp_path, monkeypatch):
    make_frame(5000).to_parquet(tmp_path / "rows.parquet")
    rows = RowSource(tmp_path / "rows.parquet", max_rows=1000, scratch=tmp_path)

    def refuse(*_):
        raise OSError(errno.ENOSPC, "No space left on device")

    monkeypatch.setattr(os, "posix_fallocate", refuse, raising=False)
    with pytest.raises(
        OSError, match=r"MiB of encoded rows have no room in .*scratch="
    ):
        GANSampler(max_iter=10, random_state=0).fit(rows)
    assert [path.name for path in tmp_path.iterdir()] == ["rows.parquet"]


@pytest.mark.parametrize("n", [3, 40, 90])
def test_rows_that_are_drawn_are_none_held_out(n):
    held_out = np.array([0, 7, 8, 50, 51, 52, 53, 54, 55, 99])
    counts = np.zeros(100)
    for seed in range(300):
        drawn = samplers._named_rows.draw_places(n, 100, held_out, seed)
        places = np.concatenate([drawn(0, 33), drawn(33, 34), drawn(34, 100)])
        assert len(np.unique(places)) == n
        assert (np.diff(places) > 0).all()
        counts[places] += 1
    assert not counts[held_out].any()
    free = np.delete(counts, held_out)
    error = np.sqrt(300 * n / 90 * (1 - n / 90))
    assert (np.abs(free - 300 * n / 90) <= 4.5 * error).all()


def test_vectors_are_learnt_from_files_of_numbers(tmp_path):
    rows = np.random.default_rng(0).normal(size=(100, 3))
    frame = pd.DataFrame(rows, columns=[*"abc"])
    frame.to_parquet(tmp_path / "rows.parquet")
    drawn = draw(tmp_path / "rows.parquet")[1]
    pd.testing.assert_frame_equal(drawn, draw(frame)[1])


@pytest.mark.parametrize(
    "rows, error, message",
    [
        ("rows.parquet", ValueError, "Expected 2D array, got the string.*Only fit of"),
        (RowSource("rows.parquet"), TypeError, "X is a RowSource, which names rows"),
    ],
)
def test_what_needs_each_row_takes_none_that_are_named(rows, error, message):
    sampler, _ = draw(make_frame(50))
    for method in InfoGANSampler().fit, sampler.score, sampler.transform:
        with pytest.raises(error, match=message):
            method(rows)


@pytest.mark.parametrize(
    "X, message",
    [
        (["a.csv", "b.pq"], r"list of files, 'a\.csv' the first.*RowSource\(files"),
        (list("rows.csv"), "single letters.*Searches need rows in memory"),
        (np.array(["first", "second"]), "Expected 2D array, got 1D|Reshape your data"),
    ],
)
def test_lists_of_names_say_what_to_pass(X, message):
    with pytest.raises(ValueError, match=message):
        GANSampler().fit(X)


def test_a_refused_file_leaves_a_sampler_as_it_was(folder, tmp_path):
    sampler, rows = draw(folder / "rows.parquet")
    (tmp_path / "rows.parquet").write_bytes(b"PAR1")
    with pytest.raises(ValueError, match=r"rows\.parquet' cannot be read as Parquet"):
        sampler.fit(tmp_path / "rows.parquet")
    pd.testing.assert_frame_equal(sampler.sample(50, random_state=1), rows)


@pytest.mark.parametrize(
    "y, error, message",
    [
        ("town", ValueError, r"y names \['town'\], which the rows do not have"),
        (np.zeros(N), TypeError, "y must be the name of a column.*got a ndarray"),
    ],
)
def test_labels_that_name_no_column(folder, y, error, message):
    with pytest.raises(error, match=message):
        ConditionalGANSampler().fit(folder / "rows.parquet", y)
