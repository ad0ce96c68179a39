"""Images drawn: to one sheet, or to a folder of PNG files."""

from __future__ import annotations

import os
import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from io import BytesIO
from pathlib import Path
from secrets import token_hex
from typing import Any

import numpy as np
from numpy.typing import NDArray

from skgan.datasets import import_pillow
from skgan.storage import write_whole

_GAP = 2  # pixels between two images of a sheet
_SIDE = 64  # about which images of a sheet are enlarged to, by a whole factor
_RANGES = ((0.0, 1.0), (-1.0, 1.0), (0.0, 255.0))
_FEWEST_DIGITS = 4  # of a file's name


def as_bytes(images: NDArray, learnt: tuple[float, float]) -> NDArray[np.uint8]:
    """Return pixels of any range, in which `learnt` ones were, as 8 bits."""
    if images.dtype == np.uint8:
        return images
    low, high = learnt
    if high <= 1 or high > 128:  # and not such as the digits of 0 to 16
        fits = [at for at in _RANGES if at[0] <= low and high <= at[1]]
        low, high = fits[0] if fits else (low, high)
    shares = (images.astype(float) - low) / ((high - low) or 1.0)
    return np.rint(np.clip(shares, 0, 1) * 255).astype(np.uint8)


def write_sheet(images: NDArray[np.uint8], y: Any, path: str) -> None:
    """Write images side by side, those of a label next to each other, as one PNG."""
    if not len(images):
        raise ValueError(f"{path!r}: a sheet of no images is none; -n says how many.")
    if y is not None and np.ndim(y) == 1:
        images = images[np.argsort(y, kind="stable")]
    height, width = images.shape[1:3]
    images = images.reshape(len(images), height, width, -1)
    factor = max(1, round(_SIDE / max(height, width)))
    images = images.repeat(factor, axis=1).repeat(factor, axis=2)
    n, height, width, n_channels = images.shape
    n_columns = int(np.ceil(np.sqrt(n)))
    n_rows = -(-n // n_columns)
    step = (height + _GAP, width + _GAP)
    # Images with an alpha channel lie on a transparent sheet, others on white.
    empty = 0 if n_channels == 4 else 255
    sheet = np.full((n_rows * n_columns, *step, n_channels), empty, np.uint8)
    sheet[:n, :height, :width] = images
    sheet = sheet.reshape(n_rows, n_columns, *step, n_channels)
    sheet = sheet.transpose(0, 2, 1, 3, 4).reshape(n_rows * step[0], -1, n_channels)
    write_whole(path, [_png(sheet[:-_GAP, :-_GAP])])


def check_folder(path: str) -> None:
    """Raise unless a folder can be filled; asked before anything takes long."""
    folder = Path(path)
    if folder.exists() and not folder.is_dir():
        raise NotADirectoryError(f"{path!r} is a file; name a folder.")
    if folder.is_dir() and any(folder.iterdir()):
        raise FileExistsError(
            f"{path!r} holds files, which are left as they are; name a new folder."
        )
    parent = folder.resolve().parent
    if not parent.is_dir():
        raise FileNotFoundError(f"{path!r} lies in no folder that exists.")
    if not os.access(parent, os.W_OK):
        raise PermissionError(f"{str(parent)!r} cannot be written to.")


def write_folder(images: NDArray[np.uint8], y: Any, path: str) -> None:
    """Write images as one PNG each, by label in sub-folders; all of them or none."""
    labels = [""] * len(images) if y is None else _folders_of(y)
    n_digits = max(_FEWEST_DIGITS, len(str(len(images))))
    with _filled(Path(path)) as folder:
        for i, (image, label) in enumerate(zip(images, labels, strict=True)):
            place = folder / label
            place.mkdir(exist_ok=True)
            (place / f"{i:0{n_digits}d}.png").write_bytes(_png(image))


def _folders_of(y: Any) -> list[str]:
    """Return labels as names of folders."""
    y = np.asarray(y)
    if y.ndim > 1 or y.dtype.kind == "f":
        raise ValueError(
            "labels that are numbers, or several, name no sub-folders; write .npz or "
            "a sheet, .png."
        )
    labels = [str(label) for label in y.tolist()]
    for label in labels:
        if label in ("", ".", "..") or set(label) & set("/\\\0"):
            raise ValueError(f"the label {label!r} names no sub-folder; write .npz.")
    return labels


@contextmanager
def _filled(target: Path) -> Iterator[Path]:
    """Give a folder to fill, whose files are in `target` when it is whole."""
    target = target.resolve()
    beside = target.parent / f".{target.name}-{token_hex(4)}"
    beside.mkdir()
    try:
        yield beside
        if target.is_dir():
            for child in beside.iterdir():
                child.rename(target / child.name)
            beside.rmdir()
        else:
            beside.rename(target)
    except BaseException:
        shutil.rmtree(beside, ignore_errors=True)
        raise


def _png(image: NDArray[np.uint8]) -> bytes:
    pixels = image[..., 0] if image.ndim == 3 and image.shape[2] == 1 else image
    file = BytesIO()
    import_pillow("writing images").fromarray(pixels).save(file, "PNG", optimize=True)
    return file.getvalue()
