"""Columns of text that spell dates or numbers, as a CSV file has them."""

import numpy as np
import pandas as pd
import pytest

from skgan import GANImputer, GANSampler, load, save
from skgan.encoding import Inequality, TableEncoder
from skgan.metrics import c2st, train_on_synthetic

N = 200


def _rng():
    return np.random.default_rng(0)


def _moments(pattern, days=900):
    minutes = _rng().integers(0, days * 24 * 60, N)
    moments = pd.Timestamp("2022-03-01") + pd.to_timedelta(minutes, unit="m")
    return [moment.strftime(pattern) for moment in moments]


def _amounts(write):
    return [write(value) for value in _rng().lognormal(6, 1.5, N)]


def _signed(write):
    values = _rng().normal(0, 3000, N)
    return [write("-" if value < 0 else "", abs(value)) for value in values]


def _in_brackets(sign, value):
    return f"(${value:,.2f})" if sign else f"${value:,.2f}"


def _german(value):
    return f"{value:,.2f}".translate(str.maketrans(",.", ".,"))


SPELLED = {
    "ISO date": _moments("%Y-%m-%d"),
    "ISO moment": _moments("%Y-%m-%d %H:%M:%S"),
    "zone": _moments("%Y-%m-%dT%H:%M:%S+02:00"),
    "day first": _moments("%d.%m.%Y"),
    "month first": _moments("%m/%d/%Y %H:%M"),
    "month's name": _moments("%d-%b-%Y"),
    "short year": _moments("%m/%d/%y"),
    "clock": _moments("%H:%M:%S"),
    "half days": _moments("%I:%M %p"),
    "decimals": _amounts("{:.3f}".format),
    "percent": _amounts(lambda value: f"{value / 100:.1f}%"),
    "dollars": _amounts("${:,.2f}".format),
    "minus before dollars": _signed(lambda sign, value: f" {sign}${value:,.2f}"),
    "minus behind dollars": _signed(lambda sign, value: f"${sign}{value:,.2f}"),
    "brackets": _signed(_in_brackets),
    "euros": _amounts(lambda value: f"{_german(value)} €"),
    "unit": _amounts("{:.0f} km".format),
    "unit at the digit": _amounts("{:.0f}kg".format),
    "billions": _amounts("${:.1f}bn".format),
    "groups": _amounts("{:,.0f}".format),
}
NOT_SPELLED = {
    "post codes": [f"{value:05d}" for value in _rng().integers(0, 99999, N)],
    "digits": [str(value) for value in _rng().permutation(90_000)[:N] + 10_000],
    "versions": [f"{i // 30}.{i % 30}" for i in range(N)],
    "addresses": [f"192.168.{100 + i // 100}.{100 + i % 100}" for i in range(N)],
    "no clock": [f"{i}:{i % 7}{i % 5}" for i in range(N)],
    "scores": [f"{i % 40}-{i % 37}" for i in range(N)],
    "orders": [f"ORD-{i:05d}" for i in range(N)],
    "seats": [f"{i}A" for i in range(N)],
    "numbers in brackets": [f"({i})" for i in range(N)],
    "two ways to be negative": ["-$5.25", "($4.25)", *_amounts("${:.2f}".format)[2:]],
    "some without a sign": [f"{i}.5" + "%" * (i % 7 > 0) for i in range(N)],
    "a text among dates": ["soon", *SPELLED["ISO date"][1:]],
}


@pytest.mark.parametrize("spelling", SPELLED)
def test_texts_come_back_as_they_were(spelling):
    frame = pd.DataFrame({"x": SPELLED[spelling], "y": range(N)})
    encoder = TableEncoder().fit(frame)
    assert encoder.layout_.n_numbers == 2
    rows = encoder.inverse_transform(encoder.transform(frame))
    pd.testing.assert_frame_equal(rows, frame)


def test_zeros_below_zero_are_zero():
    texts = ["-0.00%", *(f"{value:.2f}%" for value in _rng().normal(size=N - 1))]
    frame = pd.DataFrame({"x": texts, "y": range(N)})
    encoder = TableEncoder().fit(frame)
    rows = encoder.inverse_transform(encoder.transform(frame))
    assert rows["x"].tolist() == [text.replace("-0.00", "0.00") for text in texts]


@pytest.mark.filterwarnings("ignore:Almost all values")
@pytest.mark.parametrize("spelling", NOT_SPELLED)
def test_names_are_no_amounts(spelling):
    frame = pd.DataFrame({"x": NOT_SPELLED[spelling], "y": range(N)})
    assert TableEncoder().fit(frame).layout_.n_numbers == 1


def test_what_is_declared_stays_as_it_is():
    dates = SPELLED["ISO date"]
    frame = pd.DataFrame({"x": dates, "y": range(N)})
    assert TableEncoder(identifiers=["x"]).fit(frame).layout_.n_numbers == 1
    levels = TableEncoder(categorical_features=["x"]).fit(frame)
    assert "x" in levels.condition_columns_ or levels.layout_.n_numbers == 2
    as_levels = frame.astype({"x": "category"})
    with pytest.warns(UserWarning, match="samples copy them"):
        assert TableEncoder().fit(as_levels).layout_.block_widths
    few = pd.DataFrame({"x": (dates[:10] * N)[:N], "y": range(N)})
    assert TableEncoder().fit(few).layout_.block_widths == (10,)


def test_words_for_what_is_missing():
    amounts = [str(value) for value in _rng().integers(40, 290, N)]
    amounts[3] = amounts[8] = amounts[90] = "?"
    frame = pd.DataFrame({"horsepower": amounts, "y": range(N)})
    encoder = TableEncoder().fit(frame)
    encoded = encoder.transform(frame)
    assert encoder.layout_.n_numbers == 2
    pd.testing.assert_frame_equal(encoder.inverse_transform(encoded), frame)
    # A word that is known means missing, though fit saw another.
    other = frame.replace("?", "n/a")
    np.testing.assert_array_equal(encoder.transform(other), encoded)


def test_cells_that_hold_nothing():
    frame = pd.DataFrame({"x": SPELLED["percent"], "y": range(N)})
    frame.loc[::9, "x"] = None
    encoder = TableEncoder().fit(frame)
    rows = encoder.inverse_transform(encoder.transform(frame))
    pd.testing.assert_frame_equal(rows, frame)


def test_polars():
    polars = pytest.importorskip("polars")
    frame = polars.DataFrame({"x": SPELLED["dollars"], "y": SPELLED["day first"]})
    frame = frame.with_columns(polars.when(polars.arange(N) % 5 > 0).then(frame["x"]))
    encoder = TableEncoder().fit(frame)
    assert encoder.layout_.n_numbers == 2
    assert encoder.inverse_transform(encoder.transform(frame)).equals(frame)


def test_a_text_that_does_not_fit_is_named():
    frame = pd.DataFrame({"x": SPELLED["ISO date"], "y": range(N)})
    encoder = TableEncoder().fit(frame)
    frame.loc[7, "x"] = "soon"
    with pytest.raises(ValueError, match="'x' holds 'soon', which is not a date"):
        encoder.transform(frame)


@pytest.fixture(scope="module")
def orders():
    ordered = pd.Timestamp("2024-01-01") + pd.to_timedelta(
        _rng().integers(0, 300, 400), unit="D"
    )
    weight = _rng().gamma(2, 2, 400)
    return pd.DataFrame(
        {
            "ordered": ordered.strftime("%d.%m.%Y"),
            "sent": (ordered + pd.Timedelta("3D")).strftime("%Y-%m-%d"),
            "weight": [f"{value:.1f} kg" for value in weight],
            "price": [f"${value:,.2f}" for value in 900 * weight + 5],
        }
    )


@pytest.fixture(scope="module")
def sampler(orders):
    return GANSampler(max_iter=0, random_state=0).fit(orders)


def test_samples_are_spelled_and_keep_what_ties_columns(sampler, orders):
    rows = sampler.sample(300)
    assert rows["price"].str.fullmatch(r"\$(\d{1,3}(,\d{3})*)\.\d\d").all()
    ordered = pd.to_datetime(rows["ordered"], format="%d.%m.%Y")
    assert (pd.to_datetime(rows["sent"]) - ordered == pd.Timedelta("3D")).all()
    assert "sent" in {tie.target for tie in sampler.encoder_.dependencies_}
    price = rows["price"].str.replace("[$,]", "", regex=True).astype(float)
    weight = rows["weight"].str.removesuffix(" kg").astype(float)
    assert np.corrcoef(price, weight)[0, 1] > 0.9
    assert sampler.score(orders) > -0.1
    assert c2st(orders, rows, random_state=0) > 0.5


def test_given_by_the_texts(sampler):
    rows = sampler.sample(
        30, given={"ordered": ("01.02.2024", "2024-02-20"), "weight": "3.0 kg"}
    )
    ordered = pd.to_datetime(rows["ordered"], format="%d.%m.%Y")
    assert ordered.between("2024-02-01", "2024-02-20").all()
    assert (rows["weight"] == "3.0 kg").all()
    partial = pd.DataFrame({"weight": ["1.5 kg", None, "4.0 kg"]})
    assert list(sampler.sample(3, given=partial)["weight"][::2]) == ["1.5 kg", "4.0 kg"]
    with pytest.raises(ValueError, match=r"holds numbers, got 'heavy'"):
        sampler.sample(3, given={"weight": "heavy"})


def test_constraints_compare_the_dates(orders):
    late = orders.assign(sent=orders["sent"].sample(frac=1, random_state=0).to_numpy())
    with pytest.raises(ValueError, match="Inequality"):
        TableEncoder(constraints=[Inequality("ordered", "sent")]).fit(late)
    TableEncoder(constraints=[Inequality("ordered", "sent")]).fit(orders)


def test_files_hold_the_spelling_and_no_texts(sampler, orders, tmp_path):
    save(sampler, tmp_path / "orders.skgan")
    loaded = load(tmp_path / "orders.skgan")
    pd.testing.assert_frame_equal(
        loaded.sample(20, random_state=1), sampler.sample(20, random_state=1)
    )
    assert orders["price"][0].encode() not in (tmp_path / "orders.skgan").read_bytes()


def test_comparing_with_texts_that_do_not_fit(orders):
    with pytest.raises(ValueError, match="'sent' holds 'soon', which is not a date"):
        c2st(orders, orders.assign(sent="soon"))


def test_words_for_missing_are_given_as_missing():
    prices = ["n/a" if i % 5 == 0 else f"${i / 4:.2f}" for i in range(N)]
    frame = pd.DataFrame({"price": prices, "y": range(N)})
    sampler = GANSampler(max_iter=0, random_state=0).fit(frame)
    assert set(sampler.sample(9, given={"price": "n/a"})["price"]) == {"n/a"}
    some = sampler.sample(50, given={"price": ["n/a", "$5.50"]})["price"]
    assert set(some) == {"n/a", "$5.50"}
    rows = sampler.sample(9, given=frame[["price"]].head(9))
    assert list(rows["price"][1:5]) == prices[1:5]
    filled = GANImputer(strategy="expected", random_state=0).fit_transform(frame)
    assert filled["price"].str.startswith("$").all()
    assert list(filled["price"][1:5]) == prices[1:5]


def test_texts_that_spell_numbers_are_predicted_as_such():
    values = _rng().normal(200, 50, N)
    frame = pd.DataFrame({"x": values, "paid": [f"${v:.2f}" for v in 3 * values]})
    shuffled = frame.assign(paid=frame["paid"].sample(frac=1, random_state=0).array)
    kept = train_on_synthetic(frame, frame, frame, target="paid", random_state=0)
    lost = train_on_synthetic(frame, frame, shuffled, target="paid", random_state=0)
    assert kept == 1 and lost < 0.7
