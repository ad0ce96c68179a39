"""Images on the command line: from a folder of files, to a sheet or to a folder."""

import re
import warnings
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

import skgan
from skgan.__main__ import main

FIT = ("--max-iter", "2", "--seed", "0", "--quiet")
SEED = ("--seed", "1")


def write_photos(folder, labels=("sea", "sun"), n_each=30, shape=(6, 5, 3), seed=0):
    rng = np.random.default_rng(seed)
    for label in labels:
        place = Path(folder, label)
        place.mkdir(parents=True)
        for i in range(n_each):
            pixels = rng.integers(0, 256, shape, dtype=np.uint8)
            Image.fromarray(pixels).save(place / f"{i:02}.png")


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    """A folder of photos by label, and a model that learnt them for a moment."""
    folder = tmp_path_factory.mktemp("images")
    write_photos(folder / "photos")
    model = str(folder / "photos.skgan")
    assert main(["fit", str(folder / "photos"), "-o", model, *FIT]) == 0
    return folder


@pytest.fixture
def here(folder, tmp_path, monkeypatch):
    """A folder to work in, which holds those photos and that model."""
    (tmp_path / "photos").symlink_to(folder / "photos")
    (tmp_path / "photos.skgan").write_bytes((folder / "photos.skgan").read_bytes())
    monkeypatch.chdir(tmp_path)
    return tmp_path


def run(*arguments):
    assert main([str(argument) for argument in arguments]) == 0


def fail(capsys, *arguments):
    capsys.readouterr()
    assert main([str(argument) for argument in arguments]) == 1
    line = capsys.readouterr().err.splitlines()[-1]
    assert line.startswith(f"skgan {arguments[0]}: error: ")
    return line


def open_image(path):
    with Image.open(path) as image:
        return np.asarray(image)


# -- fitting


def test_sub_folders_are_labels(here, capsys):
    sampler = skgan.load("photos.skgan")
    assert isinstance(sampler, skgan.ConditionalGANSampler)
    X, y = sampler.sample(4, y="sea")
    assert (X.shape, X.dtype) == ((4, 6, 5, 3), np.uint8)
    assert y.tolist() == ["sea"] * 4
    run("fit", "photos/", "-o", "m", "--no-labels", *FIT[:-1])
    assert "photos/: 60 rows of 6 x 5 x 3\n" in capsys.readouterr().err
    assert isinstance(skgan.load("m"), skgan.GANSampler)


def test_one_sub_folder_is_no_label(here, capsys):
    write_photos("all", ["faces"], 4)
    run("fit", "all", "-o", "m", *FIT)
    assert "one label says nothing" in capsys.readouterr().err
    assert isinstance(skgan.load("m"), skgan.GANSampler)


@pytest.mark.parametrize(
    ("typed", "shape"),
    [
        (["--size", "4"], (4, 4, 3)),
        (["--size", "4x7", "--mode", "L"], (4, 7)),
        (["--size", "3", "--mode", "RGBA"], (3, 3, 4)),
    ],
)
def test_sizes_and_modes(typed, shape, here):
    run("fit", "photos", "-o", "m", *typed, *FIT)
    assert skgan.load("m").sample(2)[0].shape == (2, *shape)


def test_what_is_left_out_is_said(here, capsys):
    write_photos("mixed", ["a", "b"], 4)
    Path("mixed/a/notes.txt").write_text("no image")
    with warnings.catch_warnings():
        warnings.simplefilter("always")
        run("fit", "mixed", "-o", "m", *FIT[:-1])
    said = capsys.readouterr().err
    assert "warning: 1 left out of 'mixed': a/notes.txt (no PNG, JPEG" in said
    assert "mixed: labels by folder: a 4, b 4; fewer than 10 images of a, b: " in said


def test_a_label_of_two_images(here, capsys):
    write_photos("pets", ["cats"], 12)
    write_photos("pets", ["dogs"], 2)
    run("fit", "pets", "-o", "m", *FIT[:-1])
    said = capsys.readouterr().err
    assert "cats 12, dogs 2; fewer than 10 images of dogs: what is drawn" in said
    X, y = skgan.load("m").sample(3, y="dogs")
    assert X.shape == (3, 6, 5, 3) and y.tolist() == ["dogs"] * 3


# -- drawing


def test_a_sheet(here, capsys):
    run("sample", "photos.skgan", "-n", 7, "-o", "sheet.png", *SEED)
    pattern = r"sheet.png: 7 images; labels: sea (\d), sun (\d)"
    said = re.search(pattern, capsys.readouterr().err)
    X, y = skgan.load("photos.skgan").sample(7, random_state=1)
    assert [int(n) for n in said.groups()] == [(y == "sea").sum(), (y == "sun").sum()]
    sheet = open_image("sheet.png")
    # 3 by 3 images, 11 times as large, with 2 pixels between them.
    assert sheet.shape == (3 * 66 + 4, 3 * 55 + 4, 3)
    np.testing.assert_array_equal(sheet[0:66:11, 0:55:11], X[y == "sea"][0])
    np.testing.assert_array_equal(sheet[136::11, 0:55:11], X[y == "sun"][-1])
    assert (sheet[66:68] == 255).all() and (sheet[136:, 57:] == 255).all()


def test_a_folder(here, capsys):
    run("sample", "photos.skgan", "-n", 9, "-o", "drawn/", *SEED)
    X, y = skgan.load("photos.skgan").sample(9, random_state=1)
    files = sorted(Path("drawn").rglob("*.png"), key=lambda file: file.name)
    assert [file.as_posix() for file in files] == [
        f"drawn/{label}/{i:04}.png" for i, label in enumerate(y)
    ]
    for file, image in zip(files, X, strict=True):
        np.testing.assert_array_equal(open_image(file), image)
    assert {file.name for file in here.iterdir()} == {"drawn", "photos", "photos.skgan"}
    line = fail(capsys, "sample", "photos.skgan", "-o", "drawn", "--force")
    assert "'drawn' holds files, which are left as they are" in line
    assert len(list(Path("drawn").rglob("*.png"))) == 9
    # What was drawn can be read again; an empty folder is filled.
    run("score", "photos.skgan", "drawn")
    Path("empty").mkdir()
    arguments = ["-n", 3, "-o", "empty", "--given", "y=sun", *SEED]
    run("sample", "photos.skgan", *arguments)
    assert [file.name for file in Path("empty").iterdir()] == ["sun"]


@pytest.mark.parametrize(
    ("low", "high", "expected"),
    [(0, 1, 255), (-1, 1, 255), (0, 16, 255), (0, 200, 200)],
)
def test_floats_are_drawn_in_their_range(low, high, expected, here):
    X = np.full((20, 4, 4), low, np.float32)
    X[:, :2] = high
    np.savez("x.npz", X=X)
    run("fit", "x.npz", "-o", "x.skgan", *FIT)
    run("sample", "x.skgan", "-n", 40, "-o", "drawn/", *SEED)
    X = skgan.load("x.skgan").sample(40, random_state=1)
    images = np.stack([open_image(f"drawn/{i:04}.png") for i in range(40)])
    shares = (X - low) / (high - low)
    assert np.abs(images - shares * expected).max() <= 0.51


def test_opacity_and_one_channel(here):
    for n_channels in (1, 4):
        X = np.random.default_rng(0).integers(0, 256, (20, 4, 4, n_channels))
        np.savez("x.npz", X=X.astype(np.uint8))
        run("fit", "x.npz", "-o", "x.skgan", "--force", *FIT)
        run("sample", "x.skgan", "-n", 2, "-o", "s.png", "--force", *SEED)
        sheet = open_image("s.png")
        assert sheet.shape == (64, 130) + ((4,) if n_channels == 4 else ())
        assert (sheet[:, 64:66] == (0 if n_channels == 4 else 255)).all()


# -- judging


def test_folders_are_read_as_the_model_learnt_them(here, capsys):
    """Whatever their size and colour is."""
    write_photos("larger", shape=(60, 50), seed=1)
    run("score", "photos.skgan", "larger", "--metric", "energy_distance")
    assert len(capsys.readouterr().out.splitlines()) == 2
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", skgan.metrics.CopyingWarning)
        run("report", "photos.skgan", "larger", "--train", "photos", "-n", 50, "-q")
    page = Path("report.html").read_text("utf-8")
    assert "images of 6 × 5 × 3" in page and "training rows: photos" in page
    assert "from the top: sea, sun" in page and "Latent walk" in page


# -- what is wrong


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["fit", "empty", "-o", "m"], "'empty' holds no files to read as images"),
        (
            ["fit", "x.npz", "-o", "m", "--size", "8"],
            "one folder of images.*'x.npz' is",
        ),
        (
            ["fit", "photos", "-o", "m", "--max-iter", "0"],
            "are drawn by networks",
        ),
        (["fit", "photos", "-o", "m", "--na", "?"], "'photos' is a folder.*tables"),
        (["fit", "photos", "-o", "m", "--target", "x"], "or the sub-folders"),
        (["fit", "photos", "-o", "m", "--condition-on", "x"], "the rows are arrays"),
        (["fit", "one", "-o", "m"], "'one' holds one image.* 1.png; at least 2"),
        (["fit", "nowhere/", "-o", "m"], "nowhere/: No such file"),
        (["sample", "photos.skgan", "-o", "a.csv"], r"write \.npz, \.png or a folder/"),
        (["sample", "photos.skgan", "-n", "0", "-o", "a.png"], "of no images"),
        (["sample", "photos.skgan", "-o", "no/a/"], "no folder that exists"),
        (["sample", "photos.skgan", "-o", "x.npz/"], "'x.npz/' is a file"),
        (["sample", "photos.skgan", "-o", "a.png", "--given", "y=moon"], "'moon'"),
        (["sample", "x.skgan", "-o", "a.png"], "arrays of 2, and no images"),
        (["score", "x.skgan", "photos"], "the model's rows are no images"),
        (["score", "floats.skgan", "photos"], "uint8.*float64: give an npz"),
        (["score", "photos.skgan", "one"], "'one' holds one image.*at least 2"),
    ],
)
def test_errors(arguments, message, here, capsys):
    Path("empty").mkdir()
    Path("one").mkdir()
    Image.fromarray(np.zeros((6, 5, 3), np.uint8)).save("one/1.png")
    np.savez("x.npz", X=np.random.default_rng(0).normal(size=(30, 2)))
    for name, X in (
        ("x", np.random.default_rng(0).normal(size=(30, 2))),
        ("floats", np.random.default_rng(0).uniform(size=(30, 4, 4))),
    ):
        if f"{name}.skgan" in arguments:
            sampler = skgan.GANSampler(max_iter=1, hidden_dims=(4,), prior="normal")
            skgan.save(sampler.fit(X), f"{name}.skgan")
    before = {file.name for file in here.iterdir()}
    assert re.search(message, fail(capsys, *arguments))
    assert {file.name for file in here.iterdir()} == before


@pytest.mark.parametrize("label", ["a/b", "..", ""])
def test_labels_that_name_no_folder(label, here, capsys):
    X = np.random.default_rng(0).integers(0, 256, (20, 4, 4), dtype=np.uint8)
    np.savez("x.npz", X=X, y=np.array([label, "b"] * 10))
    run("fit", "x.npz", "-o", "x.skgan", *FIT)
    line = fail(capsys, "sample", "x.skgan", "-n", 20, "-o", "drawn/", *SEED)
    assert f"the label {label!r} names no sub-folder" in line
    assert not Path("drawn").exists()


@pytest.mark.parametrize("size", ["0", "8x", "8x8x3", "large", "-4"])
def test_sizes_that_are_none(size, capsys):
    with pytest.raises(SystemExit) as stopped:
        main(["fit", "photos", "-o", "m", f"--size={size}"])
    assert stopped.value.code == 2
    assert "is no size of images, such as 32 or 48x64" in capsys.readouterr().err
