"""JSON: what is written, and what of other JSON is refused before it is built."""

import pytest

from skgan.storage import ContentError, _json, read_json, write_json


def refused(data, match):
    with pytest.raises(ContentError, match=match):
        read_json(data, "The text")


def test_what_is_written_is_compact_and_read_again():
    value = {"a": [1, -2.5, None, True, "ü\u2028\ud800"], "b": {}}
    text = write_json(value)
    assert text == b'{"a":[1,-2.5,null,true,"\\u00fc\\u2028\\ud800"],"b":{}}'
    assert read_json(text, "x") == value
    with pytest.raises(ValueError, match="not JSON compliant"):
        write_json(float("nan"))


def test_a_hundred_and_twenty_eight_levels_and_no_more():
    value, depth = read_json(b"[" * 128 + b"]" * 128, "x"), 1
    while value:
        (value,), depth = value, depth + 1
    assert depth == 128
    refused(b"[" * 129 + b"]" * 129, "The text is nested deeper than 128 levels")
    refused(b'{"a":' * 129 + b"0" + b"}" * 129, "nested deeper")


@pytest.mark.parametrize("quoted", [b"[" * 200, b"{" * 200, b'\\"' + b"[" * 200])
def test_what_stands_in_strings_nests_nothing(quoted):
    assert read_json(b'["' + quoted + b'"]', "x") == [
        quoted.decode().replace('\\"', '"')
    ]
    refused(b'["' + quoted + b'",' + b"[" * 200, "nested deeper")


def test_a_string_that_does_not_end_is_no_json():
    refused(b'["\\"', "The text is no JSON in ASCII")
    refused(b'["', "The text is no JSON in ASCII")
    refused(b'["\\', "The text is no JSON in ASCII")


def test_a_million_values_of_32_mebibytes():
    assert read_json(b"[" + b"0," * 999_997 + b"0]", "x")[-1] == 0
    refused(b"[" + b"0," * 999_999 + b"0]", "holds more than 1000000 values")
    assert len(read_json(b'"' + b"a" * (2**25 - 2) + b'"', "x")) == 2**25 - 2
    refused(b" " * (2**25 + 1), "33554433 bytes, more than 33554432")


def test_so_many_values_and_no_more(monkeypatch):
    # Two brackets and two commas.
    monkeypatch.setattr(_json, "_MAX_TOKENS", 4)
    assert read_json(b"[1,2,3]", "x") == [1, 2, 3]
    refused(b"[1,2,3,4]", "holds more than 4 values")
    refused(b'{"a":{"b":1}}', "holds more than 4 values")


def test_so_many_bytes_and_no_more(monkeypatch):
    monkeypatch.setattr(_json, "MAX_BYTES", 7)
    assert read_json(b"[1,2,3]", "x") == [1, 2, 3]
    refused(b"[1,2,3] ", "The text has 8 bytes, more than 7")


def test_numbers_are_finite_and_of_bounded_length():
    assert read_json(b"9" * 40, "x") == int("9" * 40)
    refused(b"9" * 41, "The text: an integer has 41 digits")
    long = b"1." + b"0" * 78
    assert read_json(long, "x") == 1.0
    for other in (long + b"0", b"1e999", b"-1e999"):
        refused(other, "The text: a number is out of range")
    for name in (b"NaN", b"Infinity", b"-Infinity"):
        refused(name, f"{name.decode()} is no number")


@pytest.mark.parametrize("data", [b"", b"[1", b"[1]]", b"'a'", "ü".encode(), b"tru"])
def test_what_is_no_json_is_refused(data):
    refused(data, "The text is no JSON in ASCII")


def test_a_key_twice_is_refused():
    assert read_json(b'{"a":1,"b":1}', "x") == {"a": 1, "b": 1}
    refused(b'{"a":1,"a":1}', "The text: a key occurs twice")
