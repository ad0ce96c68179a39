"""load_image_folder: a folder of image files as one array."""

from __future__ import annotations

import os
import warnings
from collections.abc import Iterator
from contextlib import contextmanager
from importlib import import_module
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray
from sklearn.utils import Bunch

from skgan._messages import counted
from skgan._validation import check_boolean, check_integer
from skgan.datasets._image_files import (
    MODES,
    Header,
    import_pillow,
    read_header,
    read_pixels,
    reason_of,
)

_MODES = ("auto", *MODES)
_OWN_SIZE, _SMALL = 64, 32  # sides of images that keep their size, and of others
_NO_COLOR = 3  # levels by which channels of a grey may differ, as WebP rounds them
_MAX_NAMED = 5
# Files that file managers leave behind.
_NOT_MEANT = {"Thumbs.db", "desktop.ini"}


def load_image_folder(
    path: str | os.PathLike[str],
    size: int | tuple[int, int] | str = "auto",
    *,
    mode: str = "auto",
    labels: str | None = "auto",
    return_X_y: bool = False,
) -> Any:
    """Load a folder of image files, resized and cropped to one size.

    Every file of the folder and of those in it is read, one at a time, into one array:
    PNG, JPEG, GIF, WebP, BMP, TIFF and PPM. Sub-folders are labels. A file that cannot
    be read is left out and named in a warning. Pillow is needed, ``pip install
    "skgan[images]"``.

    Parameters
    ----------
    path : str or path-like
        The folder. Files and folders whose names start with a dot are not looked at.
    size : int or tuple of int or "auto", default="auto"
        Height and width of the images, or the side of squares. An image is scaled, up
        or down, until it covers this size, and what juts out is cut off on both sides
        alike. "auto" is the images' own size, if all have the same and no side is
        longer than 64 pixels, and else 32.
    mode : {"auto", "L", "RGB", "RGBA"}, default="auto"
        What a pixel is, by Pillow's names: a grey, red, green and blue, or these with
        opacity. "auto" is "L" if no image shows colour, and else "RGB". But for
        "RGBA", what is transparent is laid on white.
    labels : "auto" or None, default="auto"
        "auto" takes the folder of `path` in which an image lies, however deep, for its
        label, and gives none if all images lie in `path` itself. None gives none.
    return_X_y : bool, default=False
        If True, ``(data, target)`` is returned instead of a Bunch.

    Returns
    -------
    folder : :class:`~sklearn.utils.Bunch`
        With the attributes

        data : ndarray of shape (n, height, width) or (n, height, width, channels)
            The images, uint8, 0 (dark) to 255, in the order of their names; 3 channels
            for "RGB", 4 for "RGBA".
        target : ndarray of shape (n,), dtype int64, or None
            The labels, as places in `target_names`; None without labels.
        target_names : list of str or None
            The names of the folders that are labels, sorted; None without labels.
        filenames : list of str
            The file of each image, from `path` on, with ``/`` between folders.
        skipped : dict of str to str
            Files that were left out, and why.
        changed : dict of str to str
            Files that were read otherwise than they are, and how.
        DESCR : str
            What the images are, in a sentence.

    (data, target) : tuple of ndarrays
        If `return_X_y` is True.

    Raises
    ------
    FileNotFoundError, NotADirectoryError
        If `path` is no folder.
    ImportError
        If Pillow is not installed.
    TypeError, ValueError
        If a parameter is not one of those above, no image can be read, or only some of
        the images have labels.

    Warns
    -----
    UserWarning
        If files were left out, or read otherwise than they are: animations, greys and
        colours of 16 bits, CMYK; with the names of the first, and why.

    Notes
    -----
    Photographs are turned as their EXIF orientation says. 16 bits are scaled to 8. CMYK
    becomes RGB by Pillow's formula; colour profiles are not applied. Of an animation
    the first frame is read. An image of more pixels than Pillow takes for safe,
    ``PIL.Image.MAX_IMAGE_PIXELS``, is left out.

    Memory holds the result and one file's image, which of a JPEG is decoded at a part
    of its size where that is enough.

    Examples
    --------
    >>> from pathlib import Path
    >>> from tempfile import TemporaryDirectory
    >>> from PIL import Image
    >>> from skgan.datasets import load_image_folder
    >>> with TemporaryDirectory() as path:
    ...     for label, color in [("sea", "blue"), ("sun", "yellow")]:
    ...         (Path(path) / label).mkdir()
    ...         Image.new("RGB", (90, 60), color).save(Path(path) / label / "1.png")
    ...     photos = load_image_folder(path, size=16)
    >>> photos.data.shape, photos.data.dtype
    ((2, 16, 16, 3), dtype('uint8'))
    >>> photos.target, photos.target_names, photos.filenames
    (array([0, 1]), ['sea', 'sun'], ['sea/1.png', 'sun/1.png'])
    """
    import_pillow("load_image_folder")
    sides = _check_size(size)
    if not isinstance(mode, str) or mode not in _MODES:
        raise ValueError(f"mode must be one of {_MODES}, got {mode!r}.")
    if labels is not None and not (isinstance(labels, str) and labels == "auto"):
        raise ValueError(f"labels must be 'auto' or None, got {labels!r}.")
    check_boolean("return_X_y", return_X_y)
    folder = Path(path)
    if not folder.is_dir():
        kind = NotADirectoryError if folder.exists() else FileNotFoundError
        raise kind(f"{str(path)!r} is no folder: path must be a folder of images.")
    headers, skipped = _read_headers(folder)
    has_labels = labels is not None and _has_labels(folder, list(headers))
    height, width = _common_size(headers) if sides is None else sides
    images = _read_images(folder, headers, (height, width), mode, skipped)
    if not images.names:
        raise ValueError(_none(folder, skipped))
    target, target_names = None, None
    if has_labels:
        target, target_names = _labels_of(images.names)
        skipped |= _empty_labels(folder, headers)
    skipped = dict(sorted(skipped.items()))
    changes = {name: headers[name].change for name in images.names}
    changed = {name: change for name, change in changes.items() if change}
    _warn_of(f"left out of {str(folder)!r}", skipped)
    _warn_of(f"of {str(folder)!r} read otherwise than they are", changed)
    if return_X_y:
        return images.pixels, target
    return Bunch(
        data=images.pixels,
        target=target,
        target_names=target_names,
        filenames=images.names,
        skipped=skipped,
        changed=changed,
        DESCR=f"{counted(len(images.names), 'image')} of {height} x {width} pixels, "
        f"read from the folder {str(path)!r}.",
    )


class _Images(NamedTuple):
    """Images of one size, and the files that they are from."""

    pixels: NDArray[np.uint8]
    names: list[str]


def _check_size(size: Any) -> tuple[int, int] | None:
    """Return height and width; None for "auto"."""
    if isinstance(size, str):
        if size != "auto":
            raise ValueError(f"size must be 'auto' or whole numbers, got {size!r}.")
        return None
    sides = tuple(size) if isinstance(size, tuple | list) else (size, size)
    if len(sides) != 2:
        raise ValueError(f"size must be one side or (height, width), got {size!r}.")
    height, width = (check_integer("size", side, 1) for side in sides)
    return height, width


def _list_files(folder: Path) -> list[str]:
    """Return all files but hidden ones, sorted, from the folder on."""
    names = []
    for here, folders, files in os.walk(folder):
        folders[:] = [name for name in folders if not name.startswith(".")]
        for name in files:
            if not name.startswith(".") and name not in _NOT_MEANT:
                names.append((Path(here) / name).relative_to(folder).as_posix())
    return sorted(names)


def _read_headers(folder: Path) -> tuple[dict[str, Header], dict[str, str]]:
    """Return the files that are images, and why the others are none."""
    headers, skipped = {}, {}
    with _pillow_warnings():
        for name in _list_files(folder):
            try:
                headers[name] = read_header(folder / name)
            except Exception as error:  # readers of broken files raise anything
                skipped[name] = reason_of(error)
    if not headers:
        raise ValueError(_none(folder, skipped))
    return headers, skipped


@contextmanager
def _pillow_warnings() -> Iterator[None]:
    """Make an error of what Pillow warns of as a danger, and nothing of the rest."""
    unsafe = import_module("PIL.Image").DecompressionBombWarning
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        warnings.simplefilter("error", unsafe)
        yield


def _none(folder: Path, skipped: dict[str, str]) -> str:
    if not skipped:
        return f"{str(folder)!r} holds no files to read as images."
    return f"No file of {str(folder)!r} can be read as an image: {_some(skipped)}."


def _some(files: dict[str, str]) -> str:
    shown = [f"{name} ({why})" for name, why in files.items()][:_MAX_NAMED]
    n_more = len(files) - len(shown)
    return ", ".join(shown) + (f" and {n_more} more" if n_more else "")


def _warn_of(what: str, files: dict[str, str]) -> None:
    if files:
        warnings.warn(f"{len(files)} {what}: {_some(files)}.", stacklevel=3)


def _has_labels(folder: Path, names: list[str]) -> bool:
    """Whether all images lie in sub-folders; raise where only some do."""
    inside = [name for name in names if "/" in name]
    beside = [name for name in names if "/" not in name]
    if inside and beside:
        raise ValueError(
            f"{str(folder)!r} holds images in sub-folders, such as {inside[0]}, and "
            f"beside them, such as {beside[0]}: only some have labels. Move these, or "
            "give labels=None (skgan fit --no-labels) to read all of them without."
        )
    return bool(inside)


def _labels_of(names: list[str]) -> tuple[NDArray[np.int64], list[str]]:
    labels = [name.partition("/")[0] for name in names]
    target_names = sorted(set(labels))
    places = {label: place for place, label in enumerate(target_names)}
    return np.array([places[label] for label in labels], np.int64), target_names


def _empty_labels(folder: Path, headers: dict[str, Header]) -> dict[str, str]:
    """Return the folders that would be labels if they held images."""
    labels = {name.partition("/")[0] for name in headers}
    found = sorted(child.name for child in folder.iterdir() if child.is_dir())
    return {
        f"{name}/": "it holds no images"
        for name in found
        if name not in labels and not name.startswith(".")
    }


def _common_size(headers: dict[str, Header]) -> tuple[int, int]:
    sizes = {header.size for header in headers.values()}
    first = sizes.pop()
    is_small = not sizes and max(first) <= _OWN_SIZE
    return first if is_small else (_SMALL, _SMALL)


def _read_images(
    folder: Path,
    headers: dict[str, Header],
    size: tuple[int, int],
    mode: str,
    skipped: dict[str, str],
) -> _Images:
    """Read images into one array; what cannot be read is added to `skipped`."""
    is_open = mode == "auto"
    if is_open:
        is_grey = all(header.is_grey for header in headers.values())
        mode = "L" if is_grey else "RGB"
    is_open &= mode == "RGB"
    n_channels = MODES[mode]
    n_values = size[0] * size[1] * n_channels
    values = np.empty(len(headers) * n_values, np.uint8)
    names: list[str] = []
    with _pillow_warnings():
        for name in headers:
            start = len(names) * n_values
            place = values[start : start + n_values].reshape(-1, n_channels)
            try:
                place[:] = read_pixels(folder / name, size, mode)
            except Exception as error:  # readers of broken files raise anything
                skipped[name] = reason_of(error)
                continue
            names.append(name)
            is_open &= bool(np.ptp(place, axis=1).max() <= _NO_COLOR)
    n_rows = len(names)
    if is_open:  # nothing but greys, as red, green and blue
        n_channels = 1
        _keep_first_channel(values, n_rows * size[0] * size[1])
    # Memory left over at the end is given back, without a copy.
    del place
    values.resize(n_rows * size[0] * size[1] * n_channels, refcheck=False)
    shape = (n_rows, *size) + ((n_channels,) if n_channels > 1 else ())
    return _Images(values.reshape(shape), names)


def _keep_first_channel(values: NDArray[np.uint8], n_pixels: int) -> None:
    """Move the first of three channels to the front, a block at a time."""
    block = 1 << 20
    for start in range(0, n_pixels, block):
        stop = min(start + block, n_pixels)
        values[start:stop] = values[3 * start : 3 * stop : 3].copy()
