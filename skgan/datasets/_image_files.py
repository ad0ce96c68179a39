"""One image file: what it is, and its pixels at a size, read by Pillow."""

from __future__ import annotations

from importlib import import_module
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

# Channels of what images can be read as.
MODES = {"L": 1, "RGB": 3, "RGBA": 4}
# No others: some of Pillow's readers run programs.
_FORMATS = ("PNG", "JPEG", "GIF", "WEBP", "BMP", "TIFF", "PPM")
_GREY = ("1", "L", "LA", "I", "I;16", "I;16B", "I;16L", "I;16N")
_OF_WORDS = ("PNG", "TIFF")  # 16 bits of a BMP are those of three channels
_ORIENTATION = 0x0112  # of EXIF
_TURNED = (5, 6, 7, 8)
_REDUCING_GAP = 3.0  # as Pillow's documentation has it for quality that is not seen


class Header(NamedTuple):
    """What an image says of itself before its pixels are read."""

    size: tuple[int, int]  # height and width
    is_grey: bool
    change: str | None = None  # what reading leaves out


def import_pillow(what: str) -> Any:
    """Return Pillow's Image, or say how to get it."""
    try:
        return import_module("PIL.Image")
    except ImportError as error:
        raise ImportError(
            f"{what} needs Pillow, which is not installed. Install it with: pip "
            'install "skgan[images]"'
        ) from error


def read_header(file: Path) -> Header:
    """Return what a file says of its image."""
    with _open(file) as image:
        change = _change(image)  # before anything decodes pixels
        width, height = image.size
        if _orientation(image) in _TURNED:
            width, height = height, width
        return Header((height, width), image.mode in _GREY, change)


def _change(image: Any) -> str | None:
    """Return what of an image is read otherwise than it is."""
    # A photograph may hold a smaller copy of itself, in a second picture.
    if image.format != "MPO" and getattr(image, "is_animated", False):
        return "the first of several pictures"
    if image.mode == "CMYK":
        return "CMYK as RGB, without its colour profile"
    has_words = any(";16" in str(tile[3]) for tile in image.tile)
    return "16 bits as 8" if has_words and image.format in _OF_WORDS else None


def read_pixels(file: Path, size: tuple[int, int], mode: str) -> NDArray[np.uint8]:
    """Return the pixels of a file at a size: a row a pixel, a column a channel."""
    with _open(file) as image:
        orientation = _orientation(image)
        # A JPEG is read at half its size, or less, where that is enough.
        share = min(1.0, 2 * max(size) / min(image.size))
        image.draft(None, tuple(int(np.ceil(side * share)) for side in image.size))
        plain = _to_plain(image)
    plain = _cover(_turned(plain, orientation), size)
    if mode != "RGBA" and plain.mode == "RGBA":
        paper = import_pillow("").new("RGBA", plain.size, "white")
        paper.alpha_composite(plain)
        plain = paper.convert("RGB")
    return np.asarray(plain.convert(mode)).reshape(-1, MODES[mode])


def reason_of(error: Exception) -> str:
    """Return in a few words why a file cannot be read."""
    name = type(error).__name__
    if name.startswith("DecompressionBomb"):
        limit = import_pillow("").MAX_IMAGE_PIXELS
        return f"more pixels than the {limit} of PIL.Image.MAX_IMAGE_PIXELS"
    if name == "UnidentifiedImageError":
        return f"no {', '.join(_FORMATS[:-1])} or {_FORMATS[-1]} image"
    if isinstance(error, OSError) and error.strerror:
        return error.strerror
    text = " ".join(str(error).split()).rstrip(".")
    return text or name


def _open(file: Path) -> Any:
    # A pipe, for one, would be waited for.
    if not file.is_file():
        raise ValueError("a link to nothing" if file.is_symlink() else "no plain file")
    if not file.stat().st_size:
        raise ValueError("an empty file")
    return import_pillow("").open(file, formats=_FORMATS)


def _orientation(image: Any) -> int:
    try:
        return int(image.getexif().get(_ORIENTATION, 1))
    except Exception:  # a broken note is no reason to lose the picture
        return 1


def _turned(image: Any, orientation: int) -> Any:
    """Return an image as its orientation in EXIF says that it was seen."""
    turns = import_pillow("").Transpose
    ways = (
        turns.FLIP_LEFT_RIGHT,
        turns.ROTATE_180,
        turns.FLIP_TOP_BOTTOM,
        turns.TRANSPOSE,
        turns.ROTATE_270,
        turns.TRANSVERSE,
        turns.ROTATE_90,
    )
    return image.transpose(ways[orientation - 2]) if 2 <= orientation <= 8 else image


def _to_plain(image: Any) -> Any:
    """Return an image, of whatever kind, as greys, RGB or RGBA of 8 bits."""
    if image.mode == "F" or (image.mode == "I" and image.format != "PNG"):
        raise ValueError(f"pixels of mode {image.mode!r}, whose range is not known")
    if image.mode.startswith("I"):  # PNG and TIFF of 16 bits
        values = np.asarray(image).astype(np.uint32)
        greys = ((values * 255 + 32_767) // 65_535).astype(np.uint8)
        return import_pillow("").fromarray(greys)
    if image.has_transparency_data:
        return image.convert("RGBA")
    return image.convert("L" if image.mode in _GREY else "RGB")


def _cover(image: Any, size: tuple[int, int]) -> Any:
    """Scale an image until it covers a size, and cut off what juts out."""
    height, width = size
    scale = min(image.width / width, image.height / height)
    box_width = min(width * scale, image.width)
    box_height = min(height * scale, image.height)
    left, top = (image.width - box_width) / 2, (image.height - box_height) / 2
    return image.resize(
        (width, height),
        import_pillow("").Resampling.LANCZOS,
        box=(left, top, left + box_width, top + box_height),
        reducing_gap=_REDUCING_GAP,
    )
