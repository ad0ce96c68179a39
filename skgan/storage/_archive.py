"""The file itself: a ZIP archive of fixed form, written whole or not at all.

Members are stored, one behind the other, with nothing before, between or behind
them, and the bytes that frame them follow from their names and contents alone. A
reader that accepts those bytes only has nothing to do with compression, encryption,
links, other folders, second directories or whatever else archives can hold; any tool
can unpack it.
"""

from __future__ import annotations

import hashlib
import os
import re
import secrets
import stat
import struct
import zlib
from contextlib import suppress
from pathlib import Path
from typing import Any, NamedTuple

from skgan.storage._errors import (
    FileFormatError,
    IntegrityError,
    StructureError,
)
from skgan.storage._json import read_json, write_json

MANIFEST = "manifest.json"
_MAX_SIZE = 2**32 - 1
_MAX_MEMBERS = 16
_NAME = re.compile(rb"[a-z_]{1,40}\.(json|safetensors)")
_LOCAL = struct.Struct("<4s5H3I2H")
_CENTRAL = struct.Struct("<4s6H3I5H2I")
_END = struct.Struct("<4s4H2IH")
# 1980-01-01 00:00, the first moment that archives know.
_TIME, _DATE = 0, 33
_VERSION = 20
# Made on Unix, a plain file that its owner may write and all may read.
_MADE_BY = 3 << 8 | _VERSION
_ATTRIBUTES = (stat.S_IFREG | 0o644) << 16


class _Member(NamedTuple):
    name: bytes
    size: int
    crc: int
    start: int

    def local(self) -> bytes:
        return (
            _LOCAL.pack(
                b"PK\3\4",
                _VERSION,
                0,
                0,
                _TIME,
                _DATE,
                self.crc,
                self.size,
                self.size,
                len(self.name),
                0,
            )
            + self.name
        )

    def central(self) -> bytes:
        return (
            _CENTRAL.pack(
                b"PK\1\2",
                _MADE_BY,
                _VERSION,
                0,
                0,
                _TIME,
                _DATE,
                self.crc,
                self.size,
                self.size,
                len(self.name),
                0,
                0,
                0,
                0,
                _ATTRIBUTES,
                self.start,
            )
            + self.name
        )


def _end_of(n_members: int, size: int, start: int) -> bytes:
    return _END.pack(b"PK\5\6", 0, 0, n_members, n_members, size, start, 0)


def pack(members: dict[str, bytes], schema: int) -> list[bytes]:
    """Return the parts of an archive of `members`, a manifest before them.

    Raises
    ------
    OverflowError
        If they are larger than such an archive can be.
    """
    manifest = {
        "format": "skgan",
        "schema": schema,
        "members": {name: _fingerprint(data) for name, data in members.items()},
    }
    parts, directory, start = [], b"", 0
    for name, data in {MANIFEST: write_json(manifest), **members}.items():
        member = _Member(name.encode("ascii"), len(data), zlib.crc32(data), start)
        start += len(member.local()) + len(data)
        if start > _MAX_SIZE - 2**20:
            raise OverflowError(
                "A file holds 4 GiB at most, and this one would not do."
            )
        parts += [member.local(), data]
        directory += member.central()
    return [*parts, directory, _end_of(len(members) + 1, len(directory), start)]


def _fingerprint(data: bytes) -> dict[str, Any]:
    return {"size": len(data), "sha256": hashlib.sha256(data).hexdigest()}


def unpack(path: str | os.PathLike) -> tuple[int, dict[str, bytes]]:
    """Return the schema of an archive and its members, all of them verified.

    Raises
    ------
    OSError
        If there is no such file, or it cannot be read.
    StructureError
        If it is no archive of the form that `pack` writes.
    IntegrityError
        If a member is not the one that the manifest lists.
    """
    # Pipes and devices would hang, or never end.
    mode = os.stat(path).st_mode
    if not (stat.S_ISREG(mode) or stat.S_ISDIR(mode)):
        raise StructureError("It is no plain file.")
    with open(path, "rb") as file:
        members = _read_members(file, os.fstat(file.fileno()).st_size)
    manifest = read_json(members.pop(MANIFEST), MANIFEST)
    _check_manifest(manifest, members)
    return manifest["schema"], members


def _read_members(file, size: int) -> dict[str, bytes]:
    head = file.read(4)
    if head != b"PK\3\4":
        raise StructureError(
            f"It is no archive: it begins with {head!r}. Only what skgan.save wrote "
            "can be loaded."
        )
    if size > _MAX_SIZE or size < _END.size:
        raise StructureError(f"No archive has {size} bytes.")
    file.seek(size - _END.size)
    end = file.read(_END.size)
    _, _, _, n_members, _, length, start, _ = _END.unpack(end)
    if end != _end_of(n_members, length, start) or start + length + _END.size != size:
        raise StructureError("It ends in something else than the directory it began.")
    if n_members > _MAX_MEMBERS or length > _MAX_MEMBERS * 100:
        raise StructureError(f"It lists {n_members} members.")
    file.seek(start)
    listed = _read_directory(file.read(length), n_members, start)
    result = {}
    for member in listed:
        file.seek(member.start)
        frame = member.local()
        if file.read(len(frame)) != frame:
            raise StructureError(f"{member.name!r} is framed in an unknown way.")
        data = file.read(member.size)
        if len(data) != member.size or zlib.crc32(data) != member.crc:
            raise IntegrityError(f"{member.name!r} is damaged: its checksum differs.")
        result[member.name.decode("ascii")] = data
    return result


def _read_directory(data: bytes, n_members: int, stop: int) -> list[_Member]:
    """Return members as the directory lists them, of the bytes before `stop`."""
    members: list[_Member] = []
    place = start = 0
    for _ in range(n_members):
        if len(data) - place < _CENTRAL.size:
            raise StructureError("The directory is cut off.")
        fields = _CENTRAL.unpack_from(data, place)
        length = fields[10]
        name = data[place + _CENTRAL.size : place + _CENTRAL.size + length]
        member = _Member(name, fields[8], fields[7], start)
        entry = member.central()
        if not _NAME.fullmatch(name) or data[place : place + len(entry)] != entry:
            raise StructureError(
                f"The entry of {name!r:.80} is none that skgan.save writes: a strange "
                "name, compressed, encrypted, a link, or in the wrong place."
            )
        members.append(member)
        start += _LOCAL.size + len(name) + member.size
        # What lies behind the directory has no place that an entry could say.
        if start > stop:
            raise StructureError(f"{name!r} would end behind the directory's start.")
        place += len(entry)
    if place != len(data) or start != stop:
        raise StructureError("Bytes lie between members or behind the directory.")
    names = [member.name for member in members]
    if len(set(names)) < len(names):
        raise StructureError("A member occurs twice.")
    if names[:1] != [MANIFEST.encode()]:
        raise StructureError(f"It is an archive without {MANIFEST} in front.")
    return members


def _check_manifest(manifest: Any, members: dict[str, bytes]) -> None:
    if not (
        isinstance(manifest, dict)
        and set(manifest) == {"format", "schema", "members"}
        and manifest["format"] == "skgan"
        and type(manifest["schema"]) is int
        and isinstance(manifest["members"], dict)
    ):
        raise StructureError(f"{MANIFEST} is none that skgan.save writes.")
    if set(manifest["members"]) != set(members):
        raise StructureError(
            f"{MANIFEST} lists {sorted(manifest['members'])!r:.200}, but the members "
            f"are {sorted(members)}."
        )
    for name, data in members.items():
        if manifest["members"][name] != _fingerprint(data):
            raise IntegrityError(
                f"{name} is not what was saved: its size or SHA-256 differs from the "
                "manifest's. The file is damaged or was changed."
            )


def describe(path: str | os.PathLike, error: FileFormatError) -> FileFormatError:
    """Return the same kind of error, naming the file."""
    return type(error)(f"{os.fspath(path)!r} cannot be loaded. {error}")


def write_whole(path: str | os.PathLike, parts: list[bytes]) -> None:
    """Write a file so that it is there whole, or the old one still is.

    Raises
    ------
    OSError
        If it cannot be written; what was there before is untouched.
    """
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
