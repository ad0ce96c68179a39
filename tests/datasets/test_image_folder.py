"""Folders of images: what comes of files of every kind, and what is left out."""

import os
import re
import struct
import sys
import tracemalloc
import warnings
import zlib

import numpy as np
import pytest
from PIL import Image, ImageOps

from skgan.datasets import load_image_folder

RNG = np.random.default_rng(0)
COLORS = RNG.integers(0, 256, (6, 8, 3), dtype=np.uint8)
GREYS = COLORS[..., 0]


def save(path, pixels, mode=None, **options):
    path.parent.mkdir(parents=True, exist_ok=True)
    image = Image.fromarray(np.asarray(pixels))
    (image if mode is None else image.convert(mode)).save(path, **options)


def make_png(width, height, depth=8, color=0, pixels=bytes(100)):
    """Return a PNG of what Pillow does not write, which holds next to nothing."""

    def chunk(name, data):
        check = struct.pack(">I", zlib.crc32(name + data))
        return struct.pack(">I", len(data)) + name + data + check

    head = struct.pack(">IIBBBBB", width, height, depth, color, 0, 0, 0)
    return b"\x89PNG\r\n\x1a\n" + b"".join(
        chunk(name, data)
        for name, data in (
            (b"IHDR", head),
            (b"IDAT", zlib.compress(pixels)),
            (b"IEND", b""),
        )
    )


# -- what comes of it


def test_pixels_come_back_in_the_order_of_the_names(tmp_path):
    for name, pixels in (("b.png", COLORS), ("a.png", 255 - COLORS)):
        save(tmp_path / name, pixels)
    photos = load_image_folder(tmp_path)
    assert photos.filenames == ["a.png", "b.png"] and photos.skipped == {}
    np.testing.assert_array_equal(photos.data, [255 - COLORS, COLORS])
    assert photos.data.dtype == np.uint8 and photos.data.flags.c_contiguous
    assert photos.target is None and photos.target_names is None
    assert "2 images of 6 x 8 pixels" in photos.DESCR
    X, y = load_image_folder(str(tmp_path), return_X_y=True)
    np.testing.assert_array_equal(X, photos.data)
    assert y is None


def test_sub_folders_are_labels(tmp_path):
    for name in ("sun/1.png", "sun/old/2.png", "moon/1.png", ".hidden/1.png"):
        save(tmp_path / name, COLORS)
    (tmp_path / "stars").mkdir()
    with pytest.warns(UserWarning, match=r"stars/ \(it holds no images\)"):
        photos = load_image_folder(tmp_path)
    assert photos.filenames == ["moon/1.png", "sun/1.png", "sun/old/2.png"]
    assert photos.target_names == ["moon", "sun"]
    np.testing.assert_array_equal(photos.target, [0, 1, 1])
    assert photos.target.dtype == np.int64
    assert load_image_folder(tmp_path, labels=None).target is None
    save(tmp_path / "beside.png", COLORS)
    with pytest.raises(ValueError, match=r"moon/1.*beside\.png.*labels=None"):
        load_image_folder(tmp_path)
    assert len(load_image_folder(tmp_path, labels=None).data) == 4


@pytest.mark.parametrize("ending", ["png", "jpg"])
@pytest.mark.parametrize(("size", "shape"), [(10, (10, 10)), ((4, 12), (4, 12))])
def test_images_are_scaled_and_their_middle_is_kept(ending, size, shape, tmp_path):
    """A wide image and a high one, dark but for the square in the middle."""
    wide = np.zeros((40, 100), np.uint8)
    wide[:, 30:70] = 200
    save(tmp_path / f"wide.{ending}", wide)
    save(tmp_path / f"high.{ending}", wide.T)
    high, wide = load_image_folder(tmp_path, size).data.astype(int)
    assert high.shape == wide.shape == shape
    assert np.abs(high - 200).max() < 20
    columns = wide.mean(axis=0)
    assert np.abs(columns[shape[1] // 2] - 200) < 20
    assert (columns[0] < 20) == (shape[0] < shape[1])


def test_sizes_that_are_found(tmp_path):
    save(tmp_path / "1.png", COLORS)
    assert load_image_folder(tmp_path).data.shape == (1, 6, 8, 3)
    save(tmp_path / "2.png", COLORS[:5])
    assert load_image_folder(tmp_path).data.shape == (2, 32, 32, 3)
    save(tmp_path / "large" / "1.png", np.zeros((65, 20), np.uint8))
    assert load_image_folder(tmp_path / "large").data.shape == (1, 32, 32)


@pytest.mark.parametrize(
    ("name", "mode", "tolerance"),
    [
        ("1.png", "L", 0),
        ("1.png", "RGB", 0),
        ("1.jpg", "L", 40),
        ("1.bmp", "RGB", 0),
        ("1.gif", "L", 0),
        ("1.webp", "RGB", 40),
        ("16.png", "I;16", 0),
        ("16.tif", "I;16", 0),
    ],
)
@pytest.mark.filterwarnings("ignore:1 of .* read otherwise than they are")
def test_greys_of_every_kind_are_one_channel(name, mode, tolerance, tmp_path):
    if mode.startswith("I"):
        values = GREYS.astype(np.uint16) * 257
        save(tmp_path / name, values)
    else:
        save(tmp_path / name, GREYS, mode, quality=95)
    images = load_image_folder(tmp_path).data
    assert images.shape == (1, 6, 8)
    assert np.abs(images[0].astype(int) - GREYS).max() <= tolerance
    colors = load_image_folder(tmp_path, mode="RGB").data
    assert colors.shape == (1, 6, 8, 3) and np.ptp(colors, axis=3).max() <= 1


def test_one_colour_among_greys_makes_all_colour(tmp_path):
    for i in range(3):
        save(tmp_path / f"{i}.png", GREYS, "RGB")
    assert load_image_folder(tmp_path).data.shape == (3, 6, 8)
    save(tmp_path / "3.png", COLORS)
    images = load_image_folder(tmp_path).data
    assert images.shape == (4, 6, 8, 3)
    np.testing.assert_array_equal(images[0], np.stack([GREYS] * 3, axis=2))
    greys = load_image_folder(tmp_path, mode="L").data
    np.testing.assert_array_equal(greys[0], GREYS)
    np.testing.assert_array_equal(greys[3], Image.fromarray(COLORS).convert("L"))


def test_palettes_cmyk_and_animations(tmp_path):
    flat = np.full((6, 8, 3), (200, 40, 40), np.uint8)
    Image.fromarray(flat).quantize(4).save(tmp_path / "palette.png")
    save(tmp_path / "cmyk.jpg", flat, "CMYK", quality=95)
    frames = [Image.fromarray(255 - flat), Image.fromarray(flat)]
    for name in ("animated.gif", "animated.png", "animated.webp"):
        frames[1].save(tmp_path / name, save_all=True, append_images=frames[:1])
    save(tmp_path / "grey.png", np.zeros((6, 8), np.uint16))
    # A photograph that holds a second one, as telephones write them.
    options = {"save_all": True, "append_images": frames[:1], "quality": 95}
    frames[1].save(tmp_path / "phone.jpg", "MPO", **options)
    row = bytes(1) + (flat[0].astype(">u2") * 257).tobytes()
    (tmp_path / "colour.png").write_bytes(make_png(8, 6, 16, 2, 6 * row))
    first, words = "the first of several pictures", "16 bits as 8"
    with pytest.warns(UserWarning, match=r"6 of .* read.*animated\.gif \(the first"):
        photos = load_image_folder(tmp_path)
    assert photos.changed == {
        **dict.fromkeys(("animated.gif", "animated.png", "animated.webp"), first),
        "cmyk.jpg": "CMYK as RGB, without its colour profile",
        "colour.png": words,
        "grey.png": words,
    }
    images = photos.data[np.array(photos.filenames) != "grey.png"]
    assert images.shape == (7, 6, 8, 3)
    assert np.abs(images.astype(int) - flat).max() < 15


def test_opacity(tmp_path):
    pixels = np.concatenate([COLORS, np.zeros((6, 8, 1), np.uint8)], axis=2)
    pixels[:3, :, 3] = 255
    save(tmp_path / "1.png", pixels)
    images = load_image_folder(tmp_path).data
    np.testing.assert_array_equal(images[0, :3], COLORS[:3])
    assert (images[0, 3:] == 255).all()
    kept = load_image_folder(tmp_path, mode="RGBA").data
    assert kept.shape == (1, 6, 8, 4)
    np.testing.assert_array_equal(kept[0, ..., 3], pixels[..., 3])
    # Palettes and greys have it, too.
    save(tmp_path / "2.png", GREYS, "P", transparency=int(GREYS[0, 0]))
    grey = np.stack([GREYS, pixels[..., 3]], axis=2)
    Image.fromarray(grey, "LA").save(tmp_path / "3.png")
    images = load_image_folder(tmp_path, mode="L").data
    assert images[1, 0, 0] == 255 and images[1, 5, 7] == GREYS[5, 7]
    assert (images[2, 3:] == 255).all()
    np.testing.assert_array_equal(images[2, :3], GREYS[:3])


@pytest.mark.parametrize("orientation", range(1, 9))
def test_photographs_are_turned(orientation, tmp_path):
    corner = np.zeros((32, 48), np.uint8)
    corner[:16, :8] = 255
    image = Image.fromarray(corner)
    notes = image.getexif()
    notes[0x0112] = orientation
    image.save(tmp_path / "1.jpg", exif=notes, quality=95)
    with Image.open(tmp_path / "1.jpg") as image:
        seen = np.asarray(ImageOps.exif_transpose(image))
    images = load_image_folder(tmp_path).data
    assert images.shape == (1, *seen.shape)
    np.testing.assert_array_equal(images[0], seen)


# -- what is left out


@pytest.fixture
def broken(tmp_path):
    """A folder with one image and much else."""
    save(tmp_path / "good.png", COLORS)
    save(tmp_path / "whole.jpg", RNG.integers(0, 256, (64, 64, 3), dtype=np.uint8))
    data = (tmp_path / "whole.jpg").read_bytes()
    (tmp_path / "whole.jpg").unlink()
    (tmp_path / "cut.jpg").write_bytes(data[: len(data) // 2])
    (tmp_path / "cut.png").write_bytes((tmp_path / "good.png").read_bytes()[:60])
    (tmp_path / "empty.png").touch()
    (tmp_path / "notes.txt").write_text("no image")
    (tmp_path / "huge.png").write_bytes(make_png(40_000, 40_000))
    (tmp_path / "large.png").write_bytes(make_png(10_000, 10_000))
    save(tmp_path / "floats.tif", np.zeros((4, 4), np.float32))
    (tmp_path / ".DS_Store").write_bytes(b"x")
    (tmp_path / "Thumbs.db").write_bytes(b"x")
    return tmp_path


def test_what_cannot_be_read_is_left_out_and_named(broken):
    with pytest.warns(UserWarning, match="7 left out.*cut.jpg.* and 2 more") as caught:
        photos = load_image_folder(broken)
    assert len(caught) == 1 and caught[0].filename == __file__
    assert photos.filenames == ["good.png"] and photos.data.shape == (1, 32, 32, 3)
    reasons = {
        "cut.jpg": "truncated",
        "cut.png": "truncated|broken",
        "empty.png": "an empty file",
        "floats.tif": "'F', whose range",
        "huge.png": "more pixels than the .*MAX_IMAGE_PIXELS",
        "large.png": "more pixels than the .*MAX_IMAGE_PIXELS",
        "notes.txt": "no PNG, JPEG,.* image",
    }
    assert list(photos.skipped) == list(reasons)
    for name, reason in reasons.items():
        assert re.search(reason, photos.skipped[name]), name


def test_a_file_that_breaks_behind_others_leaves_no_gap(tmp_path):
    for i in range(4):
        save(tmp_path / f"{i}.png", COLORS + np.uint8(i))
    whole = (tmp_path / "1.png").read_bytes()
    (tmp_path / "1.png").write_bytes(whole[:60])
    with pytest.warns(UserWarning, match=r"1 left out of .*: 1\.png \("):
        photos = load_image_folder(tmp_path)
    assert photos.filenames == ["0.png", "2.png", "3.png"]
    np.testing.assert_array_equal(photos.data[1], COLORS + np.uint8(2))


@pytest.mark.skipif(sys.platform == "win32", reason="WINDOWS HAS NO SUCH FILES")
def test_links_and_pipes(tmp_path):
    save(tmp_path / "1.png", COLORS)
    (tmp_path / "linked.png").symlink_to(tmp_path / "1.png")
    (tmp_path / "lost.png").symlink_to(tmp_path / "nowhere.png")
    os.mkfifo(tmp_path / "pipe.png")
    with pytest.warns(UserWarning, match="2 left out"):
        photos = load_image_folder(tmp_path)
    assert photos.filenames == ["1.png", "linked.png"]
    assert photos.skipped == {
        "lost.png": "a link to nothing",
        "pipe.png": "no plain file",
    }


def test_warnings_of_pillow_are_not_passed_on(tmp_path):
    """Such as that of a palette whose opacity is written as bytes."""
    image = Image.fromarray(GREYS).convert("P")
    image.save(tmp_path / "1.png", transparency=bytes(range(256)))
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        assert load_image_folder(tmp_path).data.shape[0] == 1


def test_nothing_is_in_memory_twice(tmp_path):
    """Neither while colour is found to be none nor where a file is left out."""
    for i in range(40):
        save(tmp_path / f"{i:02}.png", np.full((60, 60, 3), i, np.uint8))
    load_image_folder(tmp_path)  # what is imported is not counted
    (tmp_path / "x.png").write_bytes((tmp_path / "00.png").read_bytes()[:50])
    tracemalloc.start()
    try:
        with pytest.warns(UserWarning, match="x.png"):
            X, _ = load_image_folder(tmp_path, size=300, return_X_y=True)
        kept, peak = tracemalloc.get_traced_memory()
    finally:
        tracemalloc.stop()
    assert X.shape == (40, 300, 300) and (X[7] == 7).all()
    assert peak < 3.4 * X.nbytes and kept < 1.3 * X.nbytes


# -- what is wrong


@pytest.mark.parametrize(
    ("arguments", "error", "message"),
    [
        ({"size": 0}, ValueError, "size must be at least 1"),
        ({"size": 2.5}, TypeError, "size must be an integer"),
        ({"size": (4, 4, 3)}, ValueError, r"one side or \(height, width\)"),
        ({"size": "large"}, ValueError, "size must be 'auto' or"),
        ({"mode": "CMYK"}, ValueError, "mode must be one of.*'RGBA'"),
        ({"mode": 3}, ValueError, "mode must be one of"),
        ({"labels": "folders"}, ValueError, "labels must be 'auto' or None"),
        ({"return_X_y": 1}, TypeError, "return_X_y"),
    ],
)
def test_bad_arguments(arguments, error, message, tmp_path):
    save(tmp_path / "1.png", COLORS)
    with pytest.raises(error, match=message):
        load_image_folder(tmp_path, **arguments)


def test_bad_folders(tmp_path):
    with pytest.raises(FileNotFoundError, match="'nowhere' is no folder"):
        load_image_folder("nowhere")
    with pytest.raises(ValueError, match="holds no files to read as images"):
        load_image_folder(tmp_path)
    (tmp_path / "notes.txt").write_text("no image")
    with pytest.raises(ValueError, match=r"can be read as an image: notes\.txt \("):
        load_image_folder(tmp_path)
    with pytest.raises(NotADirectoryError, match=r"notes\.txt' is no folder"):
        load_image_folder(tmp_path / "notes.txt")
    save(tmp_path / "a" / "1.png", COLORS)
    cut = (tmp_path / "a" / "1.png").read_bytes()[:60]
    (tmp_path / "a" / "1.png").write_bytes(cut)
    with pytest.raises(ValueError, match=r"No file of .*a/1\.png \("):
        load_image_folder(tmp_path)


def test_without_pillow_the_error_names_the_install_command(tmp_path, monkeypatch):
    monkeypatch.setitem(sys.modules, "PIL.Image", None)
    with pytest.raises(ImportError, match=r'pip install "skgan\[images\]"'):
        load_image_folder(tmp_path)
