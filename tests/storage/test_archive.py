"""The archive: its bytes, what of other bytes is refused, and how it is written."""

import os
import stat
import struct
import zipfile
import zlib

import pytest

from skgan.storage import _archive
from skgan.storage._archive import MANIFEST, describe, pack, unpack, write_whole
from skgan.storage._errors import ContentError, IntegrityError, StructureError
from skgan.storage._json import read_json

MEMBERS = {"values.json": b'{"a":1}', "arrays.safetensors": bytes(range(256)) * 3}


@pytest.fixture
def path(tmp_path):
    return tmp_path / "some.skgan"


def write(path, parts):
    path.write_bytes(b"".join(parts))
    return path


def refused(path, parts, match, error=StructureError):
    with pytest.raises(error, match=match):
        unpack(write(path, parts))


def test_what_is_packed_is_unpacked(path):
    assert unpack(write(path, pack(MEMBERS, 7))) == (7, MEMBERS)
    assert list(unpack(path)[1]) == list(MEMBERS)


def test_any_tool_reads_it_and_finds_plain_files_of_no_date(path):
    with zipfile.ZipFile(write(path, pack(MEMBERS, 1))) as archive:
        assert archive.testzip() is None and archive.comment == b""
        assert archive.namelist() == [MANIFEST, *MEMBERS]
        for entry in archive.infolist():
            assert entry.date_time == (1980, 1, 1, 0, 0, 0)
            assert entry.compress_type == zipfile.ZIP_STORED
            assert (entry.create_system, entry.create_version) == (3, 20)
            assert (entry.extract_version, entry.reserved) == (20, 0)
            assert (entry.flag_bits, entry.internal_attr, entry.volume) == (0, 0, 0)
            assert (entry.extra, entry.comment) == (b"", b"")
            assert entry.external_attr >> 16 == stat.S_IFREG | 0o644
            assert entry.external_attr & 0xFFFF == 0
            data = archive.read(entry.filename)
            assert data == MEMBERS.get(entry.filename, data)
            assert entry.file_size == entry.compress_size == len(data)


def test_local_headers_say_what_the_directory_says():
    data = b"".join(pack(MEMBERS, 1))
    start = 0
    for content in [*pack(MEMBERS, 1)[1:6:2]]:
        fields = struct.unpack_from("<4s5H3I2H", data, start)
        size = len(content)
        crc = zlib.crc32(content)
        assert fields[:9] == (b"PK\3\4", 20, 0, 0, 0, 33, crc, size, size)
        assert fields[10] == 0
        start += 30 + fields[9] + size
    assert data[start : start + 4] == b"PK\1\2"
    _, disk, first, n, total, length, place, comment = struct.unpack(
        "<4s4H2IH", data[-22:]
    )
    assert (disk, first, n, total, comment) == (0, 0, 3, 3, 0)
    assert (place, place + length + 22) == (start, len(data))


def test_the_manifest_lists_sizes_and_hashes():
    manifest = read_json(pack({"a.json": b"[]"}, 3)[1], MANIFEST)
    digest = "4f53cda18c2baa0c0354bb5f9a3ecbe5ed12ab4d8e11ba873c2f11161202b945"
    assert manifest == {
        "format": "skgan",
        "schema": 3,
        "members": {"a.json": {"size": 2, "sha256": digest}},
    }


def test_more_than_such_an_archive_can_be_is_refused(monkeypatch):
    sizes = [len(part) for part in pack(MEMBERS, 1)[:6]]
    monkeypatch.setattr(_archive, "_MAX_SIZE", sum(sizes) + 2**20)
    pack(MEMBERS, 1)
    monkeypatch.setattr(_archive, "_MAX_SIZE", sum(sizes) + 2**20 - 1)
    with pytest.raises(OverflowError, match="4 GiB"):
        pack(MEMBERS, 1)


def test_sixteen_members_and_no_more(path):
    names = [f"{'a' * i}.json" for i in range(1, 17)]
    members = {name: b"0" for name in names[:15]}
    assert unpack(write(path, pack(members, 1)))[1] == members
    refused(path, pack(dict.fromkeys(names, b"0"), 1), "lists 17 members")


@pytest.mark.parametrize(
    "name",
    ["A.json", "a.txt", ".json", "a.jsonx", "../a.json", f"{'a' * 41}.json", "a1.json"],
)
def test_strange_names_are_refused(path, name):
    refused(path, pack({name: b"0"}, 1), "The entry of")


def test_the_longest_name_is_none_too_long(path):
    members = {f"{'a_' * 20}.safetensors": b"0"}
    assert unpack(write(path, pack(members, 1)))[1] == members


def test_other_bytes_before_between_and_behind_are_refused(path):
    parts = pack(MEMBERS, 1)
    data = b"".join(parts)
    refused(path, [b"x", data], "no archive: it begins with .*what skgan.save wrote")
    refused(path, [data, b"x"], "ends in something else")
    refused(path, [data[:-1]], "ends in something else")
    refused(path, [b"PK\3\4" + bytes(17)], "No archive has 21 bytes")
    # 22 bytes could be one.
    refused(path, [b"PK\3\4" + bytes(18)], "ends in something else")
    directory, end = parts[-2:]
    start = len(data) - len(directory) - len(end)
    between = [_archive._end_of(3, len(directory), start + 1)]
    refused(path, [*parts[:-2], b"x", directory, *between], "Bytes lie between")
    longer = _archive._end_of(3, len(directory) + 1, start)
    refused(path, [*parts[:-2], directory, b"x", longer], "Bytes lie between")
    cut = _archive._end_of(4, len(directory), start)
    refused(path, [*parts[:-1], cut], "cut off")
    refused(
        path,
        [*parts[:-2], directory[:-1], _archive._end_of(3, len(directory) - 1, start)],
        "The entry of|cut off",
    )


def test_a_directory_of_many_members_is_not_read(path):
    frame = b"PK\3\4"
    far = _archive._end_of(16, 1601, 4)
    refused(path, [frame, bytes(1601), far], "lists 16 members")
    near = _archive._end_of(16, 1600, 4)
    refused(path, [frame, bytes(1600), near], "The entry of")


def test_members_twice_and_without_manifest_are_refused(path):
    def archive(names):
        parts, directory, start = [], b"", 0
        for name in names:
            member = _archive._Member(name, 1, zlib.crc32(b"0"), start)
            parts += [member.local(), b"0"]
            directory += member.central()
            start += len(member.local()) + 1
        return [*parts, directory, _archive._end_of(len(names), len(directory), start)]

    refused(path, archive([b"manifest.json"] * 2), "twice")
    refused(path, archive([b"a.json", b"manifest.json"]), "without manifest.json")
    refused(path, archive([]), "begins with")


def test_a_changed_member_is_damaged(path):
    parts = pack(MEMBERS, 1)
    parts[3] = b'{"a":2}'
    refused(path, parts, "checksum", IntegrityError)
    parts = pack(MEMBERS, 1)
    parts[2] = parts[2].replace(b"values", b"valuex")
    refused(path, parts, "framed in an unknown way")


@pytest.mark.parametrize(
    "change",
    [
        {"format": "other"},
        {"schema": True},
        {"schema": "1"},
        {"members": []},
        {"more": 1},
    ],
)
def test_strange_manifests_are_refused(change):
    entry = _archive._fingerprint(b"0")
    manifest = {"format": "skgan", "schema": 1, "members": {"a.json": entry}}
    _archive._check_manifest(manifest, {"a.json": b"0"})
    with pytest.raises(StructureError, match="none that skgan"):
        _archive._check_manifest(manifest | change, {"a.json": b"0"})
    with pytest.raises(StructureError, match="none that skgan"):
        _archive._check_manifest([], {})
    with pytest.raises(StructureError, match="but the members"):
        _archive._check_manifest(manifest, {"b.json": b"0"})
    with pytest.raises(StructureError, match="but the members"):
        _archive._check_manifest(manifest, {})
    with pytest.raises(IntegrityError, match="is not what was saved"):
        _archive._check_manifest(manifest, {"a.json": b"1"})


def test_what_is_no_file_is_no_archive(tmp_path):
    with pytest.raises(FileNotFoundError):
        unpack(tmp_path / "none")
    if hasattr(os, "mkfifo"):
        os.mkfifo(tmp_path / "pipe")
        with pytest.raises(StructureError, match="no plain file"):
            unpack(tmp_path / "pipe")
        with pytest.raises(IsADirectoryError):
            unpack(tmp_path)


def test_an_error_names_the_file_and_stays_what_it_is(path):
    error = describe(path, ContentError("Something."))
    assert type(error) is ContentError
    assert str(error) == f"{str(path)!r} cannot be loaded. Something."


def test_a_file_is_written_whole_and_keeps_its_mode(path):
    write_whole(path, [b"one", b"two"])
    assert path.read_bytes() == b"onetwo"
    path.chmod(0o640)
    write_whole(path, [b"three"])
    assert path.read_bytes() == b"three"
    assert stat.S_IMODE(path.stat().st_mode) == 0o640
    assert os.listdir(path.parent) == [path.name]


def test_what_cannot_be_written_leaves_the_old(path, monkeypatch):
    def fail(*arguments):
        raise OSError("No more.")

    write_whole(path, [b"old"])
    monkeypatch.setattr(os, "replace", fail)
    with pytest.raises(OSError, match="No more"):
        write_whole(path, [b"new"])
    assert os.listdir(path.parent) == [path.name] and path.read_bytes() == b"old"


def test_a_link_is_followed(path):
    write_whole(path, [b"old"])
    link = path.with_name("link")
    link.symlink_to(path)
    write_whole(link, [b"new"])
    assert link.is_symlink() and path.read_bytes() == b"new"


def test_a_name_may_be_as_long_as_the_system_allows(tmp_path):
    long = tmp_path / ("x" * 255)
    write_whole(long, [b"data"])
    assert long.read_bytes() == b"data"


def test_folders_are_refused_and_have_to_be_there(tmp_path):
    with pytest.raises(IsADirectoryError, match="name a file"):
        write_whole(tmp_path, [b""])
    with pytest.raises(FileNotFoundError, match="There is no folder"):
        write_whole(tmp_path / "none" / "file", [b""])


def test_the_bytes_and_the_name_are_made_to_last(path, monkeypatch):
    synced = []
    fsync = os.fsync

    def watch(descriptor):
        synced.append(stat.S_ISDIR(os.fstat(descriptor).st_mode))
        fsync(descriptor)

    monkeypatch.setattr(os, "fsync", watch)
    write_whole(path, [b"data"])
    assert synced == [False, True]
