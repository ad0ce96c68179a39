"""The file itself: a ZIP archive of fixed form, written whole or not at all.

Members are stored one behind the other, the manifest first, which lists the names and
sizes of the others. A reader needs nothing else: it cuts the members out, packs them
again, and accepts the file if that gives the same bytes. So it never interprets what
archives can hold besides, such as compression, links, folders or second directories.
"""

from __future__ import annotations

import hashlib
import io
import os
import re
import secrets
import stat
import zipfile
from collections.abc import Iterable
from contextlib import suppress
from pathlib import Path
from typing import IO, Any

from skgan.storage._errors import (
    ContentError,
    FileFormatError,
    IntegrityError,
    StructureError,
)
from skgan.storage._json import read_json, write_json

MANIFEST = "manifest.json"
# Larger members would need the extensions of 64 bits.
_MAX_SIZE = 2 * 10**9
_MAX_MEMBERS = 16
_NAME = re.compile(r"[a-z_]{1,40}\.(json|safetensors)")
_SIGNATURE = b"PK\3\4"
_HEADER_SIZE = 30
_MAX_MANIFEST = 4096
# An entry of the directory, the header before a member, and the name in each.
_MAX_FRAME = 46 + _HEADER_SIZE + 2 * 64


def pack(members: dict[str, bytes], schema: int) -> bytes:
    """Return an archive of `members`, a manifest before them."""
    if sum(map(len, members.values())) > _MAX_SIZE:
        raise OverflowError("A file holds 2 GB at most, and this one would not do.")
    return _zip({MANIFEST: write_json(_manifest_of(members, schema)), **members})


def _zip(members: dict[str, bytes]) -> bytes:
    """Return an archive, the same bytes for the same members."""
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w") as archive:
        for name, data in members.items():
            info = zipfile.ZipInfo(name)
            # Made on Unix: a plain file that its owner may write and all may read.
            info.create_system = 3
            info.external_attr = (stat.S_IFREG | 0o644) << 16
            archive.writestr(info, data)
    return buffer.getvalue()


def _manifest_of(members: dict[str, bytes], schema: int) -> dict[str, Any]:
    listed = {name: _fingerprint(data) for name, data in members.items()}
    return {"format": "skgan", "schema": schema, "members": listed}


def _fingerprint(data: bytes) -> dict[str, Any]:
    return {"size": len(data), "sha256": hashlib.sha256(data).hexdigest()}


def unpack(source: str | os.PathLike | IO[bytes]) -> tuple[int, dict[str, bytes]]:
    """Return the schema and the members of an archive, or raise a FileFormatError."""
    if not isinstance(source, str | os.PathLike):
        return _read(source)
    # Pipes and devices would hang, or never end.
    mode = os.stat(source).st_mode
    if not (stat.S_ISREG(mode) or stat.S_ISDIR(mode)):
        raise StructureError("It is no plain file.")
    with open(source, "rb") as file:
        return _read(file)


def _read(file: IO[bytes]) -> tuple[int, dict[str, bytes]]:
    head = _read_bytes(file, _MAX_MANIFEST)
    manifest, start = _read_manifest(head)
    sizes = {name: entry["size"] for name, entry in manifest["members"].items()}
    # A file is read only as far as its manifest says, and a little farther.
    n_bytes = start + sum(sizes.values()) + _MAX_FRAME * (_MAX_MEMBERS + 1)
    data = head + _read_bytes(file, max(0, n_bytes - len(head)))
    members = {}
    for name, size in sizes.items():
        start += _HEADER_SIZE + len(name)
        members[name] = data[start : start + size]
        start += size
    if start > len(data):
        raise StructureError("It ends before its members do.")
    for name, member in members.items():
        if manifest["members"][name] != _fingerprint(member):
            raise IntegrityError(
                f"{name} is not what was saved: its SHA-256 differs from the "
                "manifest's. The file is damaged or was changed."
            )
    if _zip({MANIFEST: write_json(manifest), **members}) != data:
        raise StructureError(
            "It holds other bytes than skgan.save writes around its members: it was "
            "made by another tool, damaged or changed."
        )
    return manifest["schema"], members


def _read_bytes(file: IO[bytes], size: int) -> bytes:
    """Read so many bytes, or as many as there are."""
    parts = []
    while size > 0:
        part = file.read(size)
        if not isinstance(part, bytes):
            raise TypeError("A file object must be opened in binary mode, as by 'rb'.")
        if not part:
            break
        parts.append(part)
        size -= len(part)
    return b"".join(parts)


def _read_manifest(head: bytes) -> tuple[dict[str, Any], int]:
    """Return the manifest, and where the next member begins."""
    if not head.startswith(_SIGNATURE):
        raise StructureError(
            f"It is no archive: it begins with {head[:4]!r}. Only what skgan.save "
            "wrote can be loaded."
        )
    start = _HEADER_SIZE + len(MANIFEST)
    if head[_HEADER_SIZE:start] != MANIFEST.encode():
        raise StructureError(f"It is an archive without {MANIFEST} in front.")
    # JSON in ASCII never holds the signature, nor that of the directory.
    end = head.find(b"PK", start)
    try:
        manifest = read_json(head[start : max(start, end)], MANIFEST)
    except ContentError as error:
        raise StructureError(str(error)) from None
    if not _is_manifest(manifest):
        raise StructureError(f"{MANIFEST} is none that skgan.save writes.")
    return manifest, end


def _is_manifest(manifest: Any) -> bool:
    return (
        isinstance(manifest, dict)
        and set(manifest) == {"format", "schema", "members"}
        and manifest["format"] == "skgan"
        and type(manifest["schema"]) is int
        and isinstance(manifest["members"], dict)
        and len(manifest["members"]) < _MAX_MEMBERS
        and all(map(_NAME.fullmatch, manifest["members"]))
        and all(map(_is_fingerprint, manifest["members"].values()))
        and sum(entry["size"] for entry in manifest["members"].values()) <= _MAX_SIZE
    )


def _is_fingerprint(entry: Any) -> bool:
    return (
        isinstance(entry, dict)
        and set(entry) == {"size", "sha256"}
        and type(entry["size"]) is int
        and entry["size"] >= 0
    )


def describe(
    source: str | os.PathLike | IO[bytes], error: FileFormatError
) -> FileFormatError:
    """Return the same kind of error, naming the file."""
    if isinstance(source, str | os.PathLike):
        name = os.fspath(source)
    else:
        name = getattr(source, "name", f"a {type(source).__name__}")
    return type(error)(f"{name!r} cannot be loaded. {error}")


def write_whole(path: str | os.PathLike, parts: Iterable[bytes]) -> None:
    """Write a file so that it is there whole, or the old one is as it was."""
    # Through a link, as opening it would go.
    target = Path(os.path.realpath(path))
    if target.is_dir():
        raise IsADirectoryError(f"{str(target)!r} is a directory; name a file.")
    if not target.parent.exists():
        raise FileNotFoundError(f"There is no folder {str(target.parent)!r}.")
    aside = target.with_name(f".{target.name[:100]}.{secrets.token_hex(8)}.tmp")
    try:
        with open(aside, "xb") as file:
            for part in parts:
                file.write(part)
            file.flush()
            os.fsync(file.fileno())
        if target.exists():
            os.chmod(aside, stat.S_IMODE(target.stat().st_mode))
        os.replace(aside, target)
    except BaseException:
        with suppress(OSError):
            aside.unlink()
        raise
    _sync_folder(target.parent)


def _sync_folder(folder: Path) -> None:
    """Make a new name last through a power cut, where the system can."""
    if os.name == "nt":
        return
    descriptor = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
