"""Files of rows: each drawn by itself, and together what `sample` returns."""

import errno
import ipaddress
import json
import logging
import multiprocessing
import os
import pickle
import time
from threading import Thread

import joblib
import numpy as np
import pytest

import skgan
from skgan import ConditionalGANSampler, GANSampler, InfoGANSampler, sample_to
from skgan.encoding import FixedCombinations, Inequality, TableEncoder, Unique
from skgan.samplers import SampleRows

pd = pytest.importorskip("pandas")
pl = pytest.importorskip("polars")
pytest.importorskip("pyarrow")
pytestmark = pytest.mark.filterwarnings("ignore:Almost all values")

N = 300
RNG = np.random.default_rng(0)
START = RNG.integers(0, 50, N)
PEOPLE = pd.DataFrame(
    {
        "id": [f"K{w:05d}" for w in RNG.permutation(90_000)[:N]],
        "start": START,
        "end": START + RNG.integers(0, 9, N),
        "city": RNG.choice(["Oslo", "Rome", "Bonn"], N),
        "size": RNG.normal(size=N).astype(np.float32),
        "group": pd.Categorical(RNG.choice(["u", "v"], N)),
    }
)
PEOPLE["land"] = PEOPLE["city"].str[:2]
X = RNG.normal(size=(N, 3)).astype(np.float32)
BRIEF = {"max_iter": 0, "random_state": 0}
# Labels and codes of every row, one after the other.
N_DRAWN = 9000
TURNS = np.array(["u", "v"])[np.arange(N_DRAWN) % 2]


@pytest.fixture(scope="module")
def people():
    encoder = TableEncoder(
        constraints=[Inequality("start", "end"), FixedCombinations("city", "land")]
    )
    return GANSampler(**BRIEF, encoder=encoder).fit(PEOPLE)


@pytest.fixture(scope="module")
def samplers(people):
    rows, labels = PEOPLE.drop(columns=["id", "group"]), PEOPLE["group"]
    return {
        "table": people,
        "polars": GANSampler(**BRIEF).fit(pl.from_pandas(PEOPLE.drop(columns="land"))),
        "labels": ConditionalGANSampler(**BRIEF).fit(rows, labels),
        "array": ConditionalGANSampler(**BRIEF).fit(X, labels.to_numpy()),
        "codes": InfoGANSampler(max_iter=1, n_categories=3, random_state=0).fit(X),
    }


def read(files, sampler):
    """Return the rows of files as `sample` gives them, labels behind them."""
    if sampler == "polars":
        return pl.concat([pl.read_parquet(file) for file in files])
    return pd.concat(map(pd.read_parquet, files), ignore_index=True)


def drawn_like(drawn):
    X, y = drawn if isinstance(drawn, tuple) else (drawn, None)
    if isinstance(X, np.ndarray):
        X = pd.DataFrame(X, columns=[f"x{j}" for j in range(X.shape[1])])
        return X if y is None else X.assign(y=y)
    return X if y is None else pd.concat([X, y], axis=1)


@pytest.mark.parametrize(
    ("name", "asked"),
    [
        ("table", {}),
        ("table", {"given": {"city": "Rome", "start": (10, 40)}}),
        ("table", {"given": lambda rows: rows["size"] > 0.5}),
        ("polars", {}),
        ("labels", {}),
        ("labels", {"y": "v"}),
        ("labels", {"y": TURNS}),
        ("array", {}),
        ("codes", {"codes": 1}),
        ("codes", {"codes": np.arange(N_DRAWN) % 3}),
    ],
)
def test_files_put_together_are_a_sample(name, asked, samplers, tmp_path):
    sampler = samplers[name]
    files = sample_to(
        sampler, tmp_path / "rows", N_DRAWN, rows_per_file=3100, random_state=7, **asked
    )
    found = read(files, name)
    wanted = drawn_like(sampler.sample(N_DRAWN, random_state=7, **asked))
    assert found.equals(wanted)
    assert list(found.columns) == list(wanted.columns)
    assert [len(read([file], name)) for file in files] == [3100, 3100, 2800]
    if "id" in found:
        assert len(set(found["id"])) == N_DRAWN and not set(found["id"]) & {
            *PEOPLE["id"]
        }


def test_any_of_a_billion_rows_is_drawn_at_once(samplers):
    rows = SampleRows(samplers["labels"], 10**9, 7, y="v")
    sent = pickle.dumps(rows)
    assert len(sent) < 2**20
    X, y = pickle.loads(sent).draw(10**9 - 5, 10**9)
    assert len(X) == 5 and set(y) == {"v"}
    ids = SampleRows(samplers["table"], 10**9, 7).draw(10**9 - 3, 10**9)["id"]
    assert ids.is_unique and not set(ids) & set(PEOPLE["id"])


def test_what_is_told_of_rows_is_told_once_and_not_kept(samplers, caplog):
    rows = SampleRows(samplers["table"], 10**9, 7, given={"city": "Rome"})
    for start in (0, 10**8):
        with caplog.at_level(logging.INFO, "skgan"):
            rows.draw(start, start + 5)
        assert not rows._asked.drawn_with.sizes
    assert len([r for r in caplog.records if "effective sample" in r.message]) == 1


def test_what_is_missing_is_drawn_and_nothing_else(people, tmp_path):
    folder = str(tmp_path / "rows")
    options = {"rows_per_file": 100}
    files = sample_to(people, folder, 350, random_state=1, **options)
    wanted = read(files, "table")
    manifest = json.loads((tmp_path / "rows" / "_manifest.json").read_text())
    assert manifest["random_state"] == 1 and manifest["n_samples"] == 350
    os.unlink(files[1])
    with open(files[2], "r+b") as file:
        file.truncate(200)
    kept = [os.stat(file).st_mtime_ns for file in (files[0], files[3])]
    # Without a seed, from a file, in threads.
    skgan.save(people, tmp_path / "people.skgan")
    again = skgan.load(tmp_path / "people.skgan")
    with joblib.parallel_config("threading"):
        assert sample_to(again, folder, 350, n_jobs=2, **options) == files
    assert [os.stat(file).st_mtime_ns for file in (files[0], files[3])] == kept
    assert read(files, "table").equals(wanted)
    assert pd.read_parquet(folder).equals(wanted)
    assert sample_to(people, tmp_path / "none", 0, random_state=1)
    none = pd.read_parquet(tmp_path / "none")
    assert not len(none) and list(none.columns) == list(wanted.columns)


def test_a_folder_of_another_sample_is_left_alone(people, samplers, tmp_path):
    options = {"rows_per_file": 100, "random_state": 1}
    files = sample_to(people, tmp_path, 150, **options)
    before = [os.stat(file).st_mtime_ns for file in files]

    def refused(match, sampler=people, n=150, **changed):
        with pytest.raises(ValueError, match=match):
            sample_to(sampler, tmp_path, n, **(options | changed))

    refused("n_samples=150, and not 151", n=151)
    refused("rows_per_file=100, and not 50", rows_per_file=50)
    refused("random_state=1, and not this one", random_state=2)
    refused("other columns", sampler=samplers["labels"])
    refused("given, y or codes", given={"city": "Rome"})
    assert [os.stat(file).st_mtime_ns for file in files] == before
    (tmp_path / "_manifest.json").unlink()
    with pytest.raises(FileExistsError, match="Name another one"):
        sample_to(people, tmp_path, 150, **options)
    (tmp_path / "_manifest.json").write_text("{")
    refused("cannot be read")
    (tmp_path / "_manifest.json").write_text("{}")
    refused("this version")


def test_a_full_disk_leaves_whole_files(people, tmp_path, monkeypatch):
    synced = []

    def is_full(descriptor):
        synced.append(descriptor)
        if len(synced) > 4:
            raise OSError(errno.ENOSPC, "No space left on device")

    monkeypatch.setattr(os, "fsync", is_full)
    options = {"rows_per_file": 100, "random_state": 1}
    with pytest.raises(OSError, match=r"no room .* 1 of 3 files are written") as caught:
        sample_to(people, tmp_path, 300, **options)
    assert caught.value.errno == errno.ENOSPC
    assert sorted(os.listdir(tmp_path)) == ["_manifest.json", "rows-00000.parquet"]
    monkeypatch.undo()
    files = sample_to(people, tmp_path, 300, **options)
    assert read(files, "table").equals(people.sample(300, random_state=1))


@pytest.mark.skipif(not hasattr(os, "fork"), reason="processes are started anew")
@pytest.mark.filterwarnings("ignore:This process")
def test_a_killed_process_and_two_at_once(people, tmp_path):
    options = {"rows_per_file": 10_000, "random_state": 1}

    def draw():
        sample_to(people, tmp_path, 50_000, **options)

    child = multiprocessing.get_context("fork").Process(target=draw)
    child.start()
    while child.is_alive() and not list(tmp_path.glob(".rows-00001*.tmp")):
        time.sleep(0.002)
    child.kill()
    child.join()
    files = list(tmp_path.glob("*.parquet"))
    assert files and {len(pd.read_parquet(file)) for file in files} == {10_000}
    threads = [Thread(target=draw) for _ in range(2)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert pd.read_parquet(tmp_path).equals(people.sample(50_000, random_state=1))
    assert not list(tmp_path.glob(".*"))


def test_a_cluster_draws_the_same(people, tmp_path):
    distributed = pytest.importorskip("distributed", reason="needs skgan[scale]")
    options = {"rows_per_file": 100, "random_state": 1}
    with (
        distributed.LocalCluster(
            n_workers=2, threads_per_worker=1, processes=False, dashboard_address=None
        ) as cluster,
        distributed.Client(cluster) as client,
    ):
        files = sample_to(people, tmp_path, 350, scheduler=client, **options)
        os.unlink(files[0])
        sample_to(people, tmp_path, 350, scheduler=cluster.scheduler_address, **options)
        assert len(client.scheduler_info()["workers"]) == 2
        chosen = {"given": lambda rows: rows["size"] > 0.5, "random_state": 1}
        (some,) = sample_to(people, tmp_path / "some", 9, scheduler=client, **chosen)
    assert read([some], "table").equals(people.sample(9, **chosen))
    assert read(files, "table").equals(people.sample(350, random_state=1))


def test_what_cannot_be_drawn_into_files(people, tmp_path):
    def refused(error, match, sampler=people, path=tmp_path / "rows", n=10, **asked):
        with pytest.raises(error, match=match):
            sample_to(sampler, path, n, **asked)
        assert not (tmp_path / "rows").exists()

    rows = PEOPLE[["start", "size"]]
    unique = TableEncoder(constraints=[Unique("start", "size")])
    refused(
        ValueError,
        r"Unique\('start', 'size'\) compares each row with all rows before it",
        GANSampler(**BRIEF, encoder=unique).fit(rows),
    )
    images = RNG.normal(size=(20, 8, 8))
    refused(
        ValueError,
        r"shape \(8, 8\).*ImageEncoder\(shape=\(8, 8\)\)",
        GANSampler(max_iter=1, random_state=0).fit(images),
    )
    keys = PEOPLE.assign(id=[ipaddress.ip_address(9 * i) for i in range(N)])
    refused(ValueError, "column id", GANSampler(**BRIEF).fit(keys))
    refused(TypeError, "must be a GANSampler.*got KMeans", type("KMeans", (), {})())
    refused(TypeError, "without y=; .*given", y=1)
    refused(TypeError, "n_samples", n=1.5)
    refused(ValueError, "rows_per_file", rows_per_file=0)
    refused(ValueError, "n_jobs or scheduler", n_jobs=1, scheduler="tcp://x:1")
    refused(FileNotFoundError, "no folder that exists", path=tmp_path / "no" / "rows")
    (tmp_path / "file").touch()
    refused(NotADirectoryError, "is a file", path=tmp_path / "file")


def test_schedulers_that_are_none(people, tmp_path, monkeypatch):
    pytest.importorskip("distributed", reason="needs skgan[scale]")
    with pytest.raises(TypeError, match="scheduler must be the address"):
        sample_to(people, tmp_path, 10, scheduler=5)
    monkeypatch.setattr("skgan.io._cluster._SECONDS_TO_CONNECT", 0.2)
    with pytest.raises(ConnectionError, match="does not answer"):
        sample_to(people, tmp_path, 10, scheduler="tcp://127.0.0.1:9")
    with pytest.raises(ConnectionError, match="does not answer"):
        sample_to(people, tmp_path, 10, scheduler="carrier pigeon")


def test_labels_of_the_wrong_number_and_name(samplers, tmp_path):
    with pytest.raises(ValueError, match="y has 9000 labels for n_samples=10"):
        sample_to(samplers["labels"], tmp_path / "rows", 10, y=TURNS)
    with pytest.raises(ValueError, match="codes has 3 rows"):
        sample_to(samplers["codes"], tmp_path / "rows", 1, codes=[0, 1, 2])
    sampler = ConditionalGANSampler(**BRIEF).fit(
        PEOPLE[["start", "size"]], PEOPLE["group"].rename("size")
    )
    with pytest.raises(ValueError, match="both have a column 'size'"):
        sample_to(sampler, tmp_path / "rows", 10)
