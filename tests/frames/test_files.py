"""CSV files: what is read is written as it was spelled, or it is said."""

import pandas as pd
import pytest

from skgan.frames import CsvOptions, format_like, read_csv, write_csv

FRAMES = {
    "leading zeros": "id,zip\n1,007\n2,010\n",
    "words for missing as text": "a,b\nNA,1\nNULL,2\nNone,3\n,4\n",
    "booleans": "a,b,c\ntrue,True,TRUE\nfalse,False,FALSE\n",
    "yes and no": "a,b\nyes,1\nno,2\n",
    "repeated and empty names": "a,a,,a.1,\n1,2,3,4,x\n5,6,7,8,y\n",
    "running number": ",a\n0,x\n1,y\n2,z\n",
    "semicolons and commas": "a;b\n1.924,45;x\n12,50;y\n",
    "tabs": "a\tb\n1\tx,y\n2\tz;w\n",
    "thousands": 'a,b\n"1,924.45",x\n12.50,y\n"12,345.00",z\n',
    "Z": "t,x\n2024-01-01T00:00:00Z,1\n2024-06-02T03:00:00Z,2\n",
    "zones": "t,x\n2024-01-01 10:00:00+02:00,1\n2024-06-02 03:00:00+02:00,2\n",
    "month first": "d,x\n5/31/2024,1\n12/1/2024,2\n",
    "day first": "d;x\n01.05.2024 07:30;1\n31.12.2024 23:59;2\n",
    "fractions": "t,x\n2024-01-01 10:00:00.120,1\n2024-01-01 10:00:01.500,2\n",
    "no such days": "d,x\n2024-02-30,1\n2024-01-01,2\n",
    "quotes": '"a","b"\n"1","x"\n"2","y"\n',
    "spaces": "a, b, c\n1, 2, x\n3, 4, y\n",
    "bare decimals and plus": "a,b\n.5,+1\n-.25,-3\n",
    "decimals": "a,b,c\n1.0,1.50,1.5\n2.0,2.25,3\n",
    "small": "a,b\n1e-05,1\n0.5,2\n",
    "long numbers": "a,b\n12345678901234567890,1\n1,2\n",
    "large numbers": "a,b\n9007199254740993,1\n9223372036854775807,2\n",
    "a question mark": "a,b\n1,x\n?,y\n3,?\n,z\n",
    "one column": "a\n1\n\n3\n",
    "returns": "a,b\r\n1,x\r\n2,y\r\n",
    "line ends in a cell": 'a,b\n1,"x\ny"\n2,z\n',
}


@pytest.mark.parametrize("text", FRAMES.values(), ids=FRAMES)
def test_what_is_read_is_written(text):
    table = read_csv(text.encode())
    assert not table.losses
    written = write_csv(table.frame, table.table_format).decode()
    if text.count("?") or text.startswith("a\n1\n\n"):
        # Spellings of missing are kept in their shares, not in their places.
        assert sorted(written) == sorted(text)
    else:
        assert written == text


@pytest.mark.parametrize(
    "encoding", ["utf-8", "utf-8-sig", "utf-16", "latin-1", "cp1252"]
)
def test_encodings(encoding):
    sign = "€" if encoding == "cp1252" else "é"
    data = f"a,b\n1,{sign}\n2,ü\n".encode(encoding)
    table = read_csv(data)
    assert table.frame.columns.tolist() == ["a", "b"]
    assert table.frame["b"].tolist() == [sign, "ü"]
    assert table.table_format.dialect.encoding == encoding
    assert write_csv(table.frame, table.table_format) == data


def test_kinds():
    text = (
        "whole;number;truth;day;moment;text;code\n"
        "1;1,5;true;31.05.2024;2024-01-01T10:00:00Z;x;007\n"
        ";;;;;;\n"
    )
    frame = read_csv(text.encode()).frame
    assert frame.dtypes.astype(str).str.partition("[")[0].tolist() == [
        *("Int64", "Float64", "boolean", "datetime64", "datetime64", "string"),
        "string",
    ]
    assert frame["number"][0] == 1.5
    assert frame["day"][0] == pd.Timestamp("2024-05-31")
    assert frame["moment"][0] == pd.Timestamp("2024-01-01 10:00", tz="UTC")
    assert frame.iloc[1].isna().all()


def test_words_among_numbers_are_missing():
    """Known ones at once, others if they are repeated and hold no digit."""
    lines = [f"{i},{i},{i},{i}" for i in range(30)]
    lines += ["?,other,3+,lone", "n/a,other,3+,9"]
    table = read_csv("\n".join(["a,b,c,d", *lines, ""]).encode())
    assert table.frame.dtypes.astype(str).tolist() == [
        *("Int64", "Int64", "string", "string")
    ]
    assert table.frame.isna().sum().tolist() == [2, 2, 0, 0]
    assert "'?' is read as missing in 'a'" in table.guesses
    assert "'other' is read as missing in 'b'" in table.guesses
    written = write_csv(table.frame, table.table_format).decode().splitlines()
    assert {line.split(",")[0] for line in written[-2:]} == {"?", "n/a"}
    assert {line.split(",")[1] for line in written[-2:]} == {"other"}


def test_spellings_of_missing_keep_their_shares():
    cells = ["1", "2", "3"] * 20 + ["?"] * 30 + ["-"] * 10
    table = read_csv("\n".join(["a,b", *(f"{cell},x" for cell in cells)]).encode())
    drawn = pd.DataFrame({"a": pd.array([None] * 100, "Int64"), "b": "x"})
    written = write_csv(drawn, table.table_format).decode()
    assert written.count("?") == pytest.approx(75, abs=1)
    assert written.count("-") == pytest.approx(25, abs=1)


def test_words_that_the_user_names():
    text = "a,b,c\n1,?,x\n?,2,?\nnone,3,y\n"
    table = read_csv(text.encode(), CsvOptions(missing=["?"]))
    assert table.frame["c"].isna().tolist() == [False, True, False]
    # What was not named is not guessed at.
    assert table.frame["a"].dropna().tolist() == ["1", "none"]
    assert table.frame["b"].dropna().tolist() == [2, 3]
    assert write_csv(table.frame, table.table_format).decode() == text


def test_options():
    text = "a|b|c|d\n1,5|1|N7|x\n2,5|2|N8|y\n"
    options = CsvOptions(
        separator="|", decimal=",", categorical=["b"], identifiers=["c"], ignored=["d"]
    )
    table = read_csv(text.encode("utf-16-le"), options._replace(encoding="utf-16-le"))
    assert table.frame["a"].tolist() == [1.5, 2.5]
    assert table.frame["b"].dtype == "category"
    assert table.frame["b"].tolist() == ["1", "2"]
    assert table.frame.columns.tolist() == ["a", "b", "c"]
    with pytest.raises(ValueError, match=r"no column 'z'.*'a', 'b'"):
        read_csv(text.encode(), options._replace(ignored=["z"]))
    with pytest.raises(ValueError, match="no encoding 'klingon'"):
        read_csv(text.encode(), options._replace(encoding="klingon"))


def test_what_is_lost_is_said():
    text = "a,b,c\n1.50,2024-01-01,1\n2.125,2024-01-02T10:00:00,2\n3.25,2024-01-03\n"
    table = read_csv(text.encode())
    assert table.losses == [
        "1 row has fewer cells than the header",
        "'2024-01-01' of 'b' is written as '2024-01-01 00:00:00', and 2 more alike",
    ]
    # All that is read is written: 1.50 is of the fewest places of its column.
    (loss,) = read_csv(b"a,b\n1.500,x\n2.25,y\n2.1250,z\n").losses
    assert loss == "'1.500' of 'a' is written as '1.50', and 1 more alike"


def test_kinds_of_a_model_are_kept():
    like = read_csv(b"code,n,d\n007,1,2024-05-01\nA2,2.5,2024-06-01\n").table_format
    table = read_csv(b"d;n;more;code\n2024-07-01;?;1;12\n;2,5;2;8\n", like=like)
    assert table.frame.columns.tolist() == ["code", "n", "d"]
    assert table.frame["code"].tolist() == ["12", "8"]
    assert table.frame["n"].isna().tolist() == [True, False]
    assert table.frame["n"][1] == 2.5
    assert table.guesses == [
        "'more' not in the model, ignored",
        "'?' is read as missing in 'n'",
    ]


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("a,b\n1,2024-05-01\n\n12x,2024-05-01\n", "line 4, column 'a': '12x' is not a"),
        ("a,b\n1,May\n2,June\n", "line 2, column 'b': 'May' is not a date.*1 more"),
        ("a,c\n1,2\n", "lacks the columns 'b'; it has 'a', 'c'"),
    ],
)
def test_what_does_not_fit_a_model_is_named(text, message):
    like = read_csv(b"a,b\n1,2024-05-01\n2,2024-05-02\n").table_format
    with pytest.raises(ValueError, match=message):
        read_csv(text.encode(), like=like)


def test_formats_of_frames_that_came_from_no_file():
    frame = pd.DataFrame(
        {
            "n": [1, 2],
            "x": [0.5, 1],
            "t": pd.to_datetime(["2024-05-01", "2024-05-02"]),
            "s": pd.array(["1", "2"], dtype="string"),
            "c": pd.Categorical([3, 4]),
        }
    )
    table = read_csv(frame.to_csv(index=False).encode(), like=format_like(frame))
    assert [str(dtype).partition("[")[0] for dtype in table.frame.dtypes] == [
        *("Int64", "Float64", "datetime64", "string", "Int64")
    ]


@pytest.mark.parametrize("data", [b"", bytes(range(255, 128, -1)), b"a\x00b,c\xff\n"])
def test_what_is_no_table(data):
    with pytest.raises(ValueError, match=r"columns|codec|no text"):
        read_csv(data)
