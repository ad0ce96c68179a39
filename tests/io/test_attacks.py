"""Files made to harm: each is refused by name, with nothing run, imported or taken."""

import builtins
import importlib.util
import io
import json
import os
import pickle
import random
import resource
import stat
import struct
import sys
import tracemalloc
import zipfile
import zlib
from pathlib import Path

import numpy as np
import pytest
import torch

from skgan import ConditionalGANSampler, GANSampler, load, save
from skgan.encoding import TableEncoder
from skgan.io import (
    ContentError,
    FileFormatError,
    IntegrityError,
    MissingDefinitionError,
    SchemaError,
    StructureError,
)
from skgan.io._registry import named
from skgan.storage import TensorReader, _archive, pack, read_json, unpack

_path = Path(__file__).with_name("make_golden.py")
_spec = importlib.util.spec_from_file_location("make_golden", _path)
make_golden = importlib.util.module_from_spec(_spec)
_spec.loader.exec_module(make_golden)
with_rejection = make_golden.with_rejection

SMALL = {"max_iter": 2, "hidden_dims": (4,), "random_state": 0, "prior": "normal"}
TREES = SMALL | {"prior": "trees"}
STATES = ("prior_", "rejection_")
MIB = 2**20


@pytest.fixture(scope="module")
def bases(tmp_path_factory):
    """Members of honest files, by kind."""
    folder = tmp_path_factory.mktemp("honest")
    rng = np.random.default_rng(0)
    X = rng.normal(size=(60, 2))
    table = np.column_stack([X, rng.integers(0, 3, 60)])
    images = rng.integers(0, 256, (60, 4, 4), dtype=np.uint8)
    estimators = {
        "vectors": GANSampler(warm_start=True, **SMALL).fit(X),
        "table": GANSampler(encoder=TableEncoder(), **SMALL).fit(table),
        "images": GANSampler(**SMALL).fit(images),
        "labels": ConditionalGANSampler(**SMALL).fit(X, np.arange(60) % 2),
        "trees": GANSampler(**TREES).fit(X),
        "tree table": with_rejection(
            GANSampler(encoder=TableEncoder(), **TREES).fit(table), table
        ),
        "tree labels": ConditionalGANSampler(**TREES).fit(X, np.arange(60) % 2),
    }
    result = {}
    for name, estimator in estimators.items():
        save(estimator, folder / name)
        result[name] = unpack(folder / name)[1]
    return result


@pytest.fixture
def path(tmp_path):
    return tmp_path / "attack.skgan"


@pytest.fixture
def watched(monkeypatch):
    """Fail on what loading must never do."""
    # Files name these by what they hold; their own imports are theirs.
    for library in ("pandas", "polars", "pyarrow"):
        importlib.import_module(library)
    # An unknown name is looked for in all rooms, which are imported for it.
    named()
    imported, opened = [], []
    real_import, real_open = builtins.__import__, builtins.open
    real_find = importlib.import_module
    allowed = ("skgan", "numpy", "torch", "sklearn", "skorch", "pandas", "polars")

    def spy(name, *args, **kwargs):
        imported.append(name)
        return real_import(name, *args, **kwargs)

    def find(name, package=None):
        imported.append(name)
        return real_find(name, package)

    def refuse(*args, **kwargs):
        raise AssertionError("code of the file was run")

    def open_file(file, mode="r", *args, **kwargs):
        opened.append((str(file), mode))
        return real_open(file, mode, *args, **kwargs)

    monkeypatch.setattr(builtins, "__import__", spy)
    monkeypatch.setattr(importlib, "import_module", find)
    monkeypatch.setattr(builtins, "open", open_file)
    monkeypatch.setattr(os, "system", refuse)
    monkeypatch.setattr(builtins, "eval", refuse)
    monkeypatch.setattr(pickle, "loads", refuse)
    monkeypatch.setattr(pickle, "load", refuse)
    monkeypatch.setattr(pickle, "Unpickler", refuse)
    monkeypatch.setattr(torch, "load", refuse)
    modules = set(sys.modules)
    yield
    for name in imported:
        is_known = name.partition(".")[0] in (*allowed, *sys.stdlib_module_names, "")
        assert is_known or name in modules, f"{name} was imported"
    assert not {"antigravity", "this", "turtle"} & set(imported)
    assert all(mode == "rb" for _, mode in opened)


def refused(path, kind=FileFormatError, match=None):
    """Load a file that is refused, in little memory."""
    size = path.stat().st_size
    before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    tracemalloc.start()
    try:
        with pytest.raises(kind, match=match) as info:
            load(path)
        peak = tracemalloc.get_traced_memory()[1]
    finally:
        tracemalloc.stop()
    assert isinstance(info.value, FileFormatError)
    assert str(path) in str(info.value)
    assert peak < 64 * MIB + 10 * size
    after = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    assert (after - before) * 1024 < 256 * MIB
    return info.value


def write(path, members, schema=1):
    path.write_bytes(pack(members, schema))


def tampered(base, member, change):
    """Return members of which one, parsed, was changed; hashes will be right."""
    parsed = json.loads(base[member])
    result = change(parsed)
    changed = parsed if result is None else result
    return {**base, member: json.dumps(changed).encode()}


def attributes(members):
    return json.loads(members["state.json"])["attributes"]


def rewrite_weights(data, change):
    """Return a safetensors file with its header changed, the tensors as they were."""
    size = struct.unpack_from("<Q", data)[0]
    header = json.loads(data[8 : 8 + size])
    change(header)
    text = json.dumps(header).encode()
    return struct.pack("<Q", len(text)) + text + data[8 + size :]


# What a pickle of a call of os.system looks like.
PICKLE = b"\x80\x04cos\nsystem\n\x8c\x10touch ./it-ran-2\x85R."


def zipped(members, compression=zipfile.ZIP_STORED, **info):
    """Return an archive that another tool made."""
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w", compression) as archive:
        for name, data in members:
            item = zipfile.ZipInfo(name)
            item.compress_type = compression
            for key, value in info.items():
                setattr(item, key, value)
            archive.writestr(item, data)
    return buffer.getvalue()


def with_manifest(base):
    blob = pack(base, 1)
    with zipfile.ZipFile(io.BytesIO(blob)) as archive:
        return [(name, archive.read(name)) for name in archive.namelist()]


def central_start(blob):
    return struct.unpack_from("<I", blob, len(blob) - 6)[0]


CONTAINERS = {
    "empty": lambda base: b"",
    "pickle": lambda base: PICKLE,
    "pickle in an archive": lambda base: zipped([("data.pkl", PICKLE)]),
    "random bytes": lambda base: random.Random(0).randbytes(5000),
    "an empty archive": lambda base: zipped([]),
    "cut off": lambda base: pack(base, 1)[:-100],
    "cut in half": lambda base: (b := pack(base, 1))[: len(b) // 2],
    "bytes behind": lambda base: pack(base, 1) + b"x",
    "an archive behind": lambda base: pack(base, 1) * 2,
    "bytes before": lambda base: b"#!/bin/sh\n" + pack(base, 1),
    "a comment": lambda base: pack(base, 1)[:-2] + b"\x04\x00evil",
    "compressed": lambda base: zipped(with_manifest(base), zipfile.ZIP_DEFLATED),
    "bomb": lambda base: zipped(
        [("manifest.json", bytes(64 * MIB))], zipfile.ZIP_DEFLATED
    ),
    "written by another tool": lambda base: zipped(with_manifest(base)),
    "members from elsewhere": lambda base: zipped(
        [*with_manifest(base), ("../../evil.json", b"{}")]
    ),
    "an absolute member": lambda base: zipped([("/etc/passwd", b"x")]),
    "a link": lambda base: zipped(
        [("manifest.json", b"/etc/passwd")],
        create_system=3,
        external_attr=(stat.S_IFLNK | 0o777) << 16,
    ),
    "encrypted": lambda base: zipped([("manifest.json", b"{}")], flag_bits=1),
    "an extra field of 64 bits": lambda base: zipped(
        with_manifest(base), extra=struct.pack("<HHQQ", 1, 16, 2**60, 2**60)
    ),
}


@pytest.mark.parametrize("name", CONTAINERS)
def test_containers(name, bases, path, watched):
    path.write_bytes(CONTAINERS[name](bases["vectors"]))
    refused(path, StructureError)


def patched(blob, place, form, *values):
    changed = bytearray(blob)
    struct.pack_into(form, changed, place, *values)
    return bytes(changed)


# Places in the first entry of the directory, and in the first local header.
FIELDS = {
    "flags": (8, "<H", 1),
    "method": (10, "<H", 8),
    "time": (12, "<H", 7),
    "checksum": (16, "<I", 7),
    "compressed size": (20, "<I", 2**32 - 1),
    "size": (24, "<I", 2**32 - 1),
    "length of the name": (28, "<H", 2**16 - 1),
    "length of extras": (30, "<H", 40),
    "disk": (34, "<H", 1),
    "kind of file": (38, "<I", (stat.S_IFLNK | 0o777) << 16),
    "offset": (42, "<I", 9),
}


@pytest.mark.parametrize("name", FIELDS)
def test_fields_of_the_directory(name, bases, path, watched):
    blob = pack(bases["vectors"], 1)
    place, form, value = FIELDS[name]
    path.write_bytes(patched(blob, central_start(blob) + place, form, value))
    refused(path)


@pytest.mark.parametrize("size", [2**32 - 1, 2**31])
def test_sizes_that_no_place_lies_behind(size, bases, path, watched):
    """The members after these would begin where 32 bits cannot say."""
    blob = pack(bases["vectors"], 1)
    place = central_start(blob)
    for _ in range(2):
        blob = patched(blob, place + 20, "<II", size, size)
        place += 46 + struct.unpack_from("<H", blob, place + 28)[0]
    path.write_bytes(blob)
    refused(path, StructureError)


@pytest.mark.parametrize("place", range(0, 30, 2))
def test_fields_of_a_local_header(place, bases, path, watched):
    blob = pack(bases["vectors"], 1)
    value = struct.unpack_from("<H", blob, place)[0] ^ 0x0101
    path.write_bytes(patched(blob, place, "<H", value))
    refused(path, StructureError)


@pytest.mark.parametrize("count", [0, 1, 4, 6, 2**16 - 1])
def test_numbers_of_members(count, bases, path, watched):
    blob = pack(bases["vectors"], 1)
    path.write_bytes(patched(blob, len(blob) - 14, "<HH", count, count))
    refused(path, StructureError)


def test_a_member_twice(bases, path, watched):
    blob = pack({**bases["vectors"], "statf.json": b"{}"}, 1)
    path.write_bytes(blob.replace(b"statf.json", b"state.json"))
    refused(path, StructureError, "twice")


def test_another_member_in_front(bases, path, watched, monkeypatch):
    monkeypatch.setattr(_archive, "MANIFEST", "first.json")
    blob = pack(bases["vectors"], 1)
    monkeypatch.undo()
    path.write_bytes(blob)
    refused(path, StructureError, "in front")


@pytest.mark.parametrize("missing", ["config.json", "state.safetensors"])
def test_a_missing_and_an_extra_member(missing, bases, path, watched):
    members = dict(bases["vectors"])
    del members[missing]
    write(path, members)
    refused(path, ContentError, "members")
    write(path, {**members, "extra.json": b"{}"})
    refused(path, ContentError, "members")
    write(path, {**bases["vectors"], "extra.json": b"{}"})
    refused(path, ContentError, "members")


@pytest.mark.parametrize("member", ["config.json", "state.json", "weights.safetensors"])
def test_a_changed_byte(member, bases, path, watched):
    members = bases["vectors"]
    blob = pack(members, 1)
    place = blob.index(members[member]) + len(members[member]) // 2
    changed = patched(blob, place, "B", blob[place] ^ 1)
    path.write_bytes(changed)
    refused(path, IntegrityError, "damaged")
    # With the right checksum the hash still tells.
    data = bytearray(members[member])
    data[len(data) // 2] ^= 1
    forged = pack({**members, member: bytes(data)}, 1)
    honest = pack(members, 1)
    # From byte 30 on: the first header's checksum may hold a brace.
    manifest = honest[honest.index(b"{", 30) : honest.index(b"PK\3\4", 30)]
    start, end = forged.index(b"{", 30), forged.index(b"PK\3\4", 30)
    forged = forged[:start] + manifest + forged[end:]
    crc = struct.pack("<I", zlib.crc32(manifest))
    forged = patched(forged, 14, "4s", crc)
    forged = patched(forged, central_start(forged) + 16, "4s", crc)
    path.write_bytes(forged)
    refused(path, IntegrityError, "SHA-256")


@pytest.mark.parametrize("schema", [2, 10**30, 0, -1])
def test_schemas(schema, bases, path, watched):
    write(path, bases["vectors"], schema)
    refused(path, SchemaError, "later version" if schema > 1 else "not known")


@pytest.mark.parametrize(
    "manifest",
    [b"[]", b"{}", b'{"format":"other","schema":1,"members":{}}', b"null", b"\xff"],
)
def test_manifests(manifest, path, watched, monkeypatch, bases):
    monkeypatch.setattr(_archive, "write_json", lambda value: manifest)
    parts = pack(bases["vectors"], 1)
    monkeypatch.undo()
    path.write_bytes(parts)
    refused(path)


JSON = {
    "deep": b"[" * 100_000 + b"]" * 100_000,
    "deep objects": b'{"a":' * 10_000 + b"1" + b"}" * 10_000,
    "many": b"[" + b"[]," * 400_000 + b"[]]",
    "huge": b'"' + b"a" * (33 * MIB) + b'"',
    "a huge integer": b'{"a":' + b"9" * 100_000 + b"}",
    "a huge exponent": b'{"a":1e999999}',
    "NaN": b'{"a":NaN}',
    "Infinity": b'{"a":-Infinity}',
    "a key twice": b'{"a":1,"a":2}',
    "UTF-16": '{"a":1}'.encode("utf-16"),
    "nothing": b"",
    "two values": b"{}{}",
    "an open string": b'"' + b'\\"' * 1_000_000,
    "control": b'{"a":"\x00"}',
}


@pytest.mark.parametrize("name", JSON)
@pytest.mark.parametrize("member", ["config.json", "state.json"])
def test_json(name, member, bases, path, watched):
    write(path, {**bases["vectors"], member: JSON[name]})
    refused(path, ContentError)


def test_json_keeps_what_it_should():
    text = b'{"a":[1,-2.5,"\\u00fc\\ud800",null,true,{"float":"nan"}]}'
    assert read_json(text, "it") == json.loads(text)


NODES = {
    "a class by its path": {"object": ["os.system", {}]},
    "a class of Python": {"object": ["Popen", {"args": "touch ./it-ran-2"}]},
    "a base class": {"object": ["BaseGANSampler", {}]},
    "a state of a class without one": {"state": ["VectorEncoder", {}]},
    "a state of a class by its path": {"state": ["os.system", {}]},
    "a function as a class": {"object": ["make_date", {}]},
    "a function by its path": {"definition": "os.system"},
    "a class as a value": {"definition": "GANSampler"},
    "a definition that is none": {"definition": "eval"},
    "a module": {"module": "os"},
    "a pickle": {"pickle": "gASVIQAAAA=="},
    "two tags": {"tuple": [], "set": []},
    "no tag": {},
    "an unknown tag": {"__reduce__": ["os", "system"]},
    "a later object": {"again": 10**9},
    "an object before all": {"again": -1},
    "a zone from elsewhere": {"zone": ["zoneinfo", "../../../etc/passwd"]},
    "a zone by its path": {"zone": ["zoneinfo", "/etc/passwd"]},
    "a dtype of fields": {"dtype": "i4,f8"},
    "a dtype of objects by name": {"dtype": "os.system"},
    "a dtype of 10^9 letters": {"array": ["<U999999999", "1", [3], False]},
    "an unknown array": {"array": ["<f8", "../weights", None, False]},
    "bytes that are none": {"bytes": "???"},
    "a scalar of another kind": {"scalar": ["<f8", "0"]},
    "an unhashable set": {"set": [[1]]},
    "an unhashable key": {"dict": [[[1]], [2]]},
    "more keys than values": {"dict": [["a", "b"], [1]]},
    "a shape of 10^18": {"objects": [[10**9, 10**9], []]},
    "a stream at its end": {"random_state": ["1", 10**6, 0, 0.0]},
    "a period": {"period": [1, "os.system('touch ./it-ran-2')"]},
    "an arrow type": {"pandas_dtype": ["arrow", "__builtins__"]},
    "a dtype of pandas": {"pandas_dtype": ["nullable", "os"]},
    "a dtype of polars": {"polars_dtype": ["__builtins__"]},
    "an index of 10^18": {"pandas_index": ["range", [0, 10**18, 1], [None]]},
    "a decimal": {"decimal": "1E+999999999999"},
    "a date": {"date": [10**9, 1, 1]},
    "10^9 levels": {"packed": ["records", ["a"], [[]], 10**9]},
}


@pytest.mark.parametrize("name", NODES)
def test_values(name, bases, path, watched):
    def change(state):
        state["attributes"]["n_iter_"] = NODES[name]

    write(path, tampered(bases["vectors"], "state.json", change))
    refused(path, ContentError)


@pytest.mark.parametrize(
    "attribute",
    [
        "__class__",
        "__dict__",
        "__reduce__",
        "__getattr__",
        "fit",
        "sample",
        "_draw",
        "get_params",
        "anything",
        "",
    ],
)
def test_attributes(attribute, bases, path, watched):
    def change(state):
        state["attributes"][attribute] = {"definition": "make_date"}

    write(path, tampered(bases["vectors"], "state.json", change))
    refused(path, ContentError, "GANSampler has no")

    def nested(state):
        state["attributes"]["encoder_"]["object"][1][attribute] = 1

    write(path, tampered(bases["vectors"], "state.json", nested))
    refused(path, ContentError, "VectorEncoder has no")


def test_code_of_ones_own_is_never_looked_up(bases, path, watched):
    def change(config):
        config["parameters"]["generator"] = {"custom": "Exploit"}

    write(path, tampered(bases["vectors"], "config.json", change))
    refused(path, MissingDefinitionError, "Exploit")


@pytest.mark.parametrize("name", ["Seeds", "os.system", "AdversarialNet", 1, None])
def test_what_is_no_estimator(name, bases, path, watched):
    def change(config):
        config["estimator"] = name

    write(path, tampered(bases["vectors"], "config.json", change))
    refused(path, ContentError)


def net_of(state):
    return state["attributes"]["net_"]["net"]


def set_param(name, value):
    def change(state):
        net_of(state)["params"][name] = value

    return change


NETS = {
    "a width of 10^12": set_param("generator__hidden_dims", [10**12]),
    "widths of 10^6": set_param("discriminator__hidden_dims", [10**6, 10**6]),
    "10^5 layers": set_param("generator__hidden_dims", [1] * 100_000),
    "1000 wide layers": set_param("generator__hidden_dims", [2000] * 1000),
    "a latent of 10^12": set_param("latent_dim", 10**12),
    "rows of 10^12": set_param("generator__output_shape", {"tuple": [10**12]}),
    "a negative width": set_param("generator__hidden_dims", [-4]),
    "a width that is none": set_param("generator__hidden_dims", ["os"]),
    "another width": set_param("generator__hidden_dims", [5]),
    "another network": set_param("generator", {"definition": "MLPGenerator"}),
    "no network": set_param("generator", {"definition": "make_date"}),
    "compilation": set_param("compile", True),
    "arguments of torch.load": set_param("torch_load_kwargs", {"dict": [[], []]}),
    "a method": set_param("fit", 1),
    "a private name": set_param("_params_to_validate", {"set": []}),
    "a callback": set_param("callbacks__print_log", {"definition": "make_date"}),
    "callbacks": set_param("callbacks", []),
    "parts missing": lambda state: net_of(state).pop("streams") and None,
    "weights from elsewhere": lambda state: net_of(state)["networks"].update(
        generator="discriminator."
    ),
    "all weights": lambda state: net_of(state)["networks"].update(generator=""),
    "no weights": lambda state: net_of(state)["networks"].clear(),
    "another optimizer's groups": lambda state: net_of(state)["optimizers"][
        "optimizer_generator"
    ].update(groups=[{"dict": [["__class__"], [1]]}]),
    "moments of nothing": lambda state: net_of(state)["optimizers"][
        "optimizer_generator"
    ].update(moments={"dict": [[10**6], [{"dict": [[], []]}]]}),
    "a history that is none": lambda state: net_of(state).update(history=[1]),
    "a stream that is none": lambda state: net_of(state).update(streams=[1, 2]),
    "another attribute": lambda state: net_of(state)["progress"].update(fit_loop=1),
}


@pytest.mark.parametrize("name", NETS)
def test_nets(name, bases, path, watched):
    write(path, tampered(bases["vectors"], "state.json", NETS[name]))
    refused(path, ContentError)


def test_blocks_of_10_to_the_12_levels(bases, path, watched):
    for value in ([10**12], [10**5] * 1000):
        change = set_param("generator__block_widths", {"tuple": value})
        write(path, tampered(bases["table"], "state.json", change))
        refused(path, ContentError)


def encoder_of(state):
    return state["attributes"]["encoder_"]["object"][1]


def set_in_encoder(*places):
    *way, last, value = places

    def change(state):
        inner = encoder_of(state)
        for place in way:
            inner = inner[place]
        inner[last] = value

    return change


NO_CONTAINER = {"object": ["TakeLevel", {"levels": [1]}]}
LAYOUT = {"object": ["TableLayout", [10**12, {"tuple": []}, {"tuple": []}]]}
IN_CONTAINER = ("output_builder_", "object", 1)
ENCODERS = {
    "rows of 10^12": ("vectors", *IN_CONTAINER, "row_shape", {"tuple": [10**12]}),
    "tensors of 10^12": ("vectors", "tensor_shape_", {"tuple": [10**12]}),
    "tensors of -1": ("vectors", "tensor_shape_", {"tuple": [-1]}),
    "another container": ("vectors", "output_builder_", 1),
    "a container of another class": ("vectors", "output_builder_", NO_CONTAINER),
    "an array of another shape": ("vectors", "minimum_", 1.5),
    "images of 10^12": ("images", "tensor_shape_", {"tuple": [1, 10**6, 10**6]}),
    "columns that are none": ("table", *IN_CONTAINER, "columns", [1, 2, 3]),
    "a library to import": ("table", *IN_CONTAINER, "library", "os"),
    "a layout of 10^12": ("table", "layout_", LAYOUT),
    "a layout of other fields": ("table", "layout_", {"object": ["TableLayout", [1]]}),
}


@pytest.mark.parametrize("name", ENCODERS)
def test_encoders(name, bases, path, watched):
    base, *places = ENCODERS[name]
    write(path, tampered(bases[base], "state.json", set_in_encoder(*places)))
    refused(path, ContentError)


def test_labels(bases, path, watched):
    def find(state):
        labels = state["attributes"]["_conditions"]["object"][1]["labels"]
        return labels["object"][1]

    def library(state):
        find(state)["output_builder_"]["object"][1].update(library="os")

    def width(state):
        find(state)["columns_"][0]["object"][1].update(width=10**7)

    for change in (library, width):
        write(path, tampered(bases["labels"], "state.json", change))
        refused(path, ContentError)


TENSORS = {
    "a header of 10^18": lambda data: struct.pack("<Q", 2**60) + data[8:],
    "no header": lambda data: data[:5],
    "another list": lambda data: rewrite_weights(data, lambda h: h.clear()),
    "a shape of 10^18": lambda data: rewrite_weights(
        data, lambda h: h[min(h)].update(shape=[10**9, 10**9])
    ),
    "a negative shape": lambda data: rewrite_weights(
        data, lambda h: h[min(h)].update(shape=[-1, -8])
    ),
    "a shape of another kind": lambda data: rewrite_weights(
        data, lambda h: h[min(h)].update(shape=["8"])
    ),
    "100 axes": lambda data: rewrite_weights(
        data, lambda h: h[min(h)].update(shape=[1] * 100)
    ),
    "an unknown dtype": lambda data: rewrite_weights(
        data, lambda h: h[min(h)].update(dtype="OBJECT")
    ),
    "a dtype that is none": lambda data: rewrite_weights(
        data, lambda h: h[min(h)].update(dtype=["F32"])
    ),
    "offsets out of the file": lambda data: rewrite_weights(
        data, lambda h: h[min(h)].update(data_offsets=[2**40, 2**40 + 32])
    ),
    "offsets that overlap": lambda data: rewrite_weights(
        data, lambda h: h.update(twin=dict(h[min(h)]))
    ),
    "a field more": lambda data: rewrite_weights(
        data, lambda h: h[min(h)].update(more=1)
    ),
    "metadata": lambda data: rewrite_weights(
        data, lambda h: h.update(__metadata__={"format": "pt"})
    ),
    "another name": lambda data: rewrite_weights(
        data, lambda h: h.update(other=h.pop(min(h)))
    ),
    "bytes behind": lambda data: data + bytes(8),
    "bytes missing": lambda data: data[:-4],
}


@pytest.mark.parametrize("name", TENSORS)
@pytest.mark.parametrize("member", ["weights.safetensors", "state.safetensors"])
def test_tensors(name, member, bases, path, watched):
    members = {**bases["vectors"]}
    members[member] = TENSORS[name](members[member])
    write(path, members)
    refused(path, ContentError)


@pytest.mark.parametrize("value", [np.nan, np.inf])
def test_weights_that_are_no_numbers(value, bases, path, watched):
    data = bytearray(bases["vectors"]["weights.safetensors"])
    data[-4:] = np.float32(value).tobytes()
    write(path, {**bases["vectors"], "weights.safetensors": bytes(data)})
    refused(path, ContentError, "not finite")


def test_booleans_that_are_none():
    header = b'{"a":{"dtype":"BOOL","shape":[2],"data_offsets":[0,2]}}'
    data = struct.pack("<Q", len(header)) + header + b"\x01\x02"
    with pytest.raises(ContentError, match="booleans"):
        TensorReader(data, "it").array("a")


def test_streams_that_would_read_on(bases, path, watched):
    """A stream whose place lies behind its end would read foreign memory."""

    def change(state):
        stream = state["attributes"]["_stream"]["random_state"]
        stream[1] = 625

    write(path, tampered(bases["vectors"], "state.json", change))
    refused(path, ContentError, "random stream")
    node = net_of({"attributes": attributes(bases["vectors"])})["streams"][0]
    data = bases["vectors"]["state.safetensors"]
    size = struct.unpack_from("<Q", data)[0]
    start = json.loads(data[8 : 8 + size])[node["torch_stream"][1]]["data_offsets"][0]
    for left, following in ((624, 624), (0, 1), (1, 2**40)):
        changed = patched(data, 8 + size + start + 8, "<i", left)
        changed = patched(changed, 8 + size + start + 16, "<Q", following)
        write(path, {**bases["vectors"], "state.safetensors": changed})
        refused(path, ContentError, "random stream")


def test_what_is_no_file(tmp_path, watched):
    pipe = tmp_path / "pipe"
    os.mkfifo(pipe)
    with pytest.raises(StructureError, match="no plain file"):
        load(pipe)
    with pytest.raises(StructureError, match="no plain file"):
        load(Path(os.devnull))
    with pytest.raises(IsADirectoryError):
        load(tmp_path)
    with pytest.raises(FileNotFoundError):
        load(tmp_path / "missing")


def test_a_file_with_holes(path, watched):
    """100 GB that take no place on the disk take none in memory."""
    with path.open("wb") as file:
        file.write(b"PK\3\4")
        file.truncate(100 * 10**9)
    refused(path, StructureError)


def mutate(rng, data):
    """Return data with a few bytes changed, moved, doubled or lost."""
    changed = bytearray(data)
    for _ in range(rng.choice((1, 1, 2, 8))):
        place = rng.randrange(len(changed))
        action = rng.randrange(5)
        if action == 0:
            changed[place] ^= 1 << rng.randrange(8)
        elif action == 1:
            changed[place] = rng.randrange(256)
        elif action == 2:
            del changed[place : place + rng.randrange(1, 9)]
        elif action == 3:
            changed[place:place] = changed[place : place + rng.randrange(1, 9)]
        else:
            other = rng.randrange(len(changed))
            changed[place : place + 4] = changed[other : other + 4]
    return bytes(changed)


def arrays_of_states(members):
    """Return where the arrays of priors and rules lie in their member."""
    found = attributes(members)
    data = members["state.safetensors"]
    size = struct.unpack_from("<Q", data)[0]
    header = json.loads(data[8 : 8 + size])
    nodes = [found[name]["state"][1] for name in STATES if found.get(name)]
    arrays = [
        node["array"][1]
        for state in nodes
        for node in state.values()
        if isinstance(node, dict) and "array" in node
    ]
    places = [header[name]["data_offsets"] for name in arrays]
    return [(8 + size + a, 8 + size + b) for a, b in places if a < b]


@pytest.mark.parametrize("kind", ["trees", "tree table", "tree labels"])
def test_random_changes_of_trees(kind, bases, path, watched):
    """Refused, or rows are drawn: nothing is read out of range, and nothing hangs."""
    rng = random.Random(0)
    members, outcomes = bases[kind], set()
    places = arrays_of_states(members)
    for _ in range(100):
        data = bytearray(members["state.safetensors"])
        for _ in range(rng.choice((1, 2, 4))):
            data[rng.randrange(*rng.choice(places))] = rng.choice((255, 0, 127, 1))
        write(path, {**members, "state.safetensors": bytes(data)})
        try:
            loaded = load(path)
        except FileFormatError:
            outcomes.add("refused")
            continue
        loaded.sample(20, random_state=0)
        outcomes.add("drawn")
    assert outcomes == {"refused", "drawn"}


def test_states_of_10_to_the_12(bases, path, watched):
    """Numbers of states that would take time or memory are refused."""
    numbers = {"log_cap": 1e300, "share": -1.0, "temperature": 0.0, "n_trees": 10**12}
    for name, value in {**numbers, "ratio_n_levels": 10**12}.items():

        def change(state, name=name, value=value):
            state["attributes"]["rejection_"]["state"][1][name] = value

        write(path, tampered(bases["tree table"], "state.json", change))
        refused(path, ContentError, "RejectionRule")


def test_stages_that_are_none(bases, path, watched):
    """A sampler draws from its prior or from its generator, and from nothing else."""

    def change(state):
        state["attributes"].update(stage_="__class__")

    write(path, tampered(bases["tree table"], "state.json", change))
    refused(path, ContentError, "no stage")


@pytest.mark.parametrize("kind", ["vectors", "table", "labels", "trees", "tree table"])
def test_random_changes(kind, bases, path, watched):
    """Changed anywhere: refused, or, where hashes were made right, at least loaded."""
    rng = random.Random(0)
    members = bases[kind]
    blob = pack(members, 1)
    for _ in range(200):
        changed = mutate(rng, blob)
        if changed != blob:
            path.write_bytes(changed)
            refused_or_loaded(path, may_load=False)
    for _ in range(80):
        member = rng.choice(sorted(members))
        write(path, {**members, member: mutate(rng, members[member])})
        refused_or_loaded(path, may_load=True)


def refused_or_loaded(path, may_load):
    try:
        load(path)
    except FileFormatError:
        return
    assert may_load
