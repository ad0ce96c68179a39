"""The archive: its bytes, what of other bytes is refused, and how it is written."""

import hashlib
import io
import os
import stat
import zipfile

import pytest

from skgan.storage import (
    ContentError,
    FileFormatError,
    IntegrityError,
    StructureError,
    _archive,
    describe,
    pack,
    read_json,
    unpack,
    write_json,
    write_whole,
)
from skgan.storage._archive import MANIFEST

MEMBERS = {"values.json": b'{"a":1}', "arrays.safetensors": bytes(range(256)) * 3}


@pytest.fixture
def path(tmp_path):
    return tmp_path / "some.skgan"


def write(path, data):
    path.write_bytes(data)
    return path


def refused(path, data, match, error=StructureError):
    for source in (write(path, data), io.BytesIO(data)):
        with pytest.raises(error, match=match):
            unpack(source)


def test_what_is_packed_is_unpacked(path):
    data = pack(MEMBERS, 7)
    for source in (write(path, data), str(path), io.BytesIO(data)):
        schema, members = unpack(source)
        assert schema == 7
        assert list(members.items()) == list(MEMBERS.items())


def test_a_file_object_may_give_few_bytes_at_a_time():
    class Slow(io.RawIOBase):
        def __init__(self, data):
            self.data = data

        def read(self, size=-1):
            part, self.data = self.data[: min(size, 7)], self.data[min(size, 7) :]
            return part

    assert unpack(Slow(pack(MEMBERS, 7))) == (7, MEMBERS)


def test_a_file_object_of_text_is_refused():
    with pytest.raises(TypeError, match="binary mode"):
        unpack(io.StringIO("PK"))


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


def test_the_bytes_never_change():
    data = pack({"a.json": b"[]"}, 3)
    assert data.startswith(b"PK\3\4\x14\0\0\0\0\0\0\0!\0")
    digest = "85f3baf8470a18a5d011596c48c42e4bf3670fc1b7fcb45a6ba96695f24a3c63"
    assert hashlib.sha256(data).hexdigest() == digest


def test_the_manifest_lists_sizes_and_hashes():
    with zipfile.ZipFile(io.BytesIO(pack({"a.json": b"[]"}, 3))) as archive:
        manifest = read_json(archive.read(MANIFEST), MANIFEST)
    digest = "4f53cda18c2baa0c0354bb5f9a3ecbe5ed12ab4d8e11ba873c2f11161202b945"
    assert manifest == {
        "format": "skgan",
        "schema": 3,
        "members": {"a.json": {"size": 2, "sha256": digest}},
    }


def test_more_than_such_an_archive_can_be_is_refused(path, monkeypatch):
    size = sum(map(len, MEMBERS.values()))
    monkeypatch.setattr(_archive, "_MAX_SIZE", size)
    data = pack(MEMBERS, 1)
    assert unpack(write(path, data))[1] == MEMBERS
    monkeypatch.setattr(_archive, "_MAX_SIZE", size - 1)
    with pytest.raises(OverflowError, match="2 GB"):
        pack(MEMBERS, 1)
    refused(path, data, "none that skgan")


def test_sixteen_members_and_no_more(path):
    names = [f"{'a' * i}.json" for i in range(1, 17)]
    members = {name: b"0" for name in names[:15]}
    assert unpack(write(path, pack(members, 1)))[1] == members
    refused(path, pack(dict.fromkeys(names, b"0"), 1), "none that skgan")


@pytest.mark.parametrize(
    "name",
    ["A.json", "a.txt", ".json", "a.jsonx", "../a.json", f"{'a' * 41}.json", "a1.json"],
)
def test_strange_names_are_refused(path, name):
    refused(path, pack({name: b"0"}, 1), "none that skgan")


def test_the_longest_name_is_none_too_long(path):
    names = [f"{'a_' * 19}a{letter}.safetensors" for letter in "abcdefghijklmno"]
    members = dict.fromkeys(names, b"0")
    assert unpack(write(path, pack(members, 1)))[1] == members


def test_other_bytes_before_between_and_behind_are_refused(path):
    data = pack(MEMBERS, 1)
    refused(path, b"x" + data, "no archive: it begins with .*what skgan.save wrote")
    refused(path, data + b"x", "other bytes")
    refused(path, data + data, "other bytes")
    refused(path, data[:-1], "other bytes")
    refused(path, b"PK\3\4" + bytes(17), "without manifest.json")
    directory = data.index(b"PK\1\2")
    refused(path, data[:directory], "other bytes")
    refused(path, data[: directory - 1], "ends before its members do")
    refused(path, data[:directory] + b"x" + data[directory:], "other bytes")


def test_every_byte_counts(path):
    data = pack(MEMBERS, 1)
    for place in range(len(data)):
        changed = bytearray(data)
        changed[place] ^= 1
        with pytest.raises(FileFormatError):
            unpack(io.BytesIO(changed))


def test_no_more_is_read_than_the_manifest_lists():
    class Endless(io.BytesIO):
        n_read = 0

        def read(self, size=-1):
            assert size >= 0
            data = super().read(size)
            self.n_read += size
            return data + b"x" * (size - len(data))

    for data in (b"PK\3\4", pack(MEMBERS, 1)):
        endless = Endless(data)
        with pytest.raises(StructureError):
            unpack(endless)
        assert endless.n_read < 20_000


def test_an_archive_without_manifest_is_refused(path):
    def archive(*names):
        return _archive._zip({name: b"0" for name in names})

    refused(path, archive("a.json", "manifest.json"), "without manifest.json")
    refused(path, archive(), "begins with")


def test_a_changed_member_is_damaged(path):
    data = pack(MEMBERS, 1)
    refused(path, data.replace(b'{"a":1}', b'{"a":2}'), "damaged", IntegrityError)
    changed = data.replace(b"values", b"valuex", 2)
    refused(path, changed, "other bytes")


@pytest.mark.parametrize(
    "change",
    [
        {"format": "other"},
        {"schema": True},
        {"schema": "1"},
        {"members": []},
        {"members": {"a.json": []}},
        {"members": {"a.json": {"size": True, "sha256": ""}}},
        {"members": {"a.json": {"size": -1, "sha256": ""}}},
        {"more": 1},
    ],
)
def test_strange_manifests_are_refused(change, path):
    entry = _archive._fingerprint(b"0")
    manifest = {"format": "skgan", "schema": 1, "members": {"a.json": entry}}

    def archive(manifest, **members):
        return _archive._zip({MANIFEST: write_json(manifest), **members})

    honest = {"a.json": b"0"}
    assert unpack(write(path, archive(manifest, **honest))) == (1, honest)
    refused(path, archive(manifest | change, **honest), "none that skgan")
    refused(path, archive([]), "none that skgan")
    other = {"b.json": entry}
    refused(path, archive(manifest | {"members": other}, **honest), "other bytes")
    refused(path, archive(manifest | {"members": {}}, **honest), "other bytes")
    refused(path, archive(manifest), "is not what was saved", IntegrityError)
    spaced = write_json(manifest).replace(b",", b", ")
    refused(path, _archive._zip({MANIFEST: spaced, **honest}), "other bytes")
    changed = archive(manifest, **{"a.json": b"1"})
    refused(path, changed, "is not what was saved", IntegrityError)


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
    path.write_bytes(b"")
    with path.open("rb") as file:
        assert str(describe(file, ContentError("Something."))) == str(error)
    error = describe(io.BytesIO(), ContentError("Something."))
    assert str(error) == "'a BytesIO' cannot be loaded. Something."


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
