"""What a page says is what was found, and it says it to everybody."""

import itertools
import json
import re
import sys
import warnings
from html import unescape
from html.parser import HTMLParser

import numpy as np
import pandas as pd
import pytest
from sklearn.exceptions import NotFittedError
from sklearn.metrics import euclidean_distances
from sklearn.mixture import GaussianMixture
from sklearn.preprocessing import StandardScaler

import skgan
from skgan.metrics import (
    SCORERS,
    CopyingWarning,
    associations,
    column_shape_scores,
    pair_trend_scores,
)
from skgan.reporting import Report
from skgan.reporting._html import count, element, escape, number
from skgan.reporting._pictures import chart
from skgan.reporting._settings import describe
from skgan.reporting._verdicts import SIGNS, title_of

KINDS = (
    "pandas",
    "polars",
    "labelled table",
    "vectors",
    "images",
    "labelled images",
    "codes",
)
BRIEF = {"hidden_dims": (8,), "max_iter": 2, "random_state": 0}
VOID = {"meta", "img", "link", "br", "base", "input"}


class Page(HTMLParser):
    """A page as elements in their order, each with its text; unbalanced is an error."""

    def __init__(self, html):
        super().__init__(convert_charrefs=True)
        self.html, self.elements, self._open = html, [], []
        self.feed(html)
        self.close()
        assert not self._open, [tag for tag, *_ in self._open]

    def handle_starttag(self, tag, attrs):
        found = (tag, dict(attrs), [])
        assert len(dict(attrs)) == len(attrs), (tag, attrs)
        self.elements.append(found)
        if tag not in VOID:
            self._open.append(found)

    def handle_startendtag(self, tag, attrs):
        self.elements.append((tag, dict(attrs), []))

    def handle_endtag(self, tag):
        assert self._open and self._open[-1][0] == tag, (tag, self._open[-1:])
        self._open.pop()

    def handle_data(self, data):
        for _, _, texts in self._open:
            texts.append(data)

    def all(self, *tags):
        return [found for found in self.elements if found[0] in tags]

    def by_id(self, name):
        (found,) = [e for e in self.elements if e[1].get("id") == name]
        return found

    @staticmethod
    def text(found):
        return re.sub(r"\s+", " ", "".join(found[2])).strip()


@pytest.fixture(scope="module")
def pages(reports):
    class Pages(dict):
        def __missing__(self, kind):
            self[kind] = Page(reports[kind].html)
            return self[kind]

    return Pages()


# -- the page as such


@pytest.mark.parametrize("kind", KINDS)
def test_page_is_whole_and_holds_all_that_it_shows(kind, reports, pages):
    html, page = reports[kind].html, pages[kind]
    assert html.startswith("<!DOCTYPE html>")
    (root,) = page.all("html")
    assert root[1]["lang"] == "en"
    (title,), (h1,) = page.all("title"), page.all("h1")
    assert page.text(title) == page.text(h1) == reports[kind].title
    assert not page.all("script", "link", "iframe", "object", "embed", "audio", "video")
    for tag, attributes, _ in page.elements:
        for name in ("src", "href", "xlink:href", "action", "srcset", "poster"):
            value = attributes.get(name, "#")
            assert value.startswith(("#", "data:image/png;base64,")), (tag, value)
    assert "url(" not in page.text(page.all("style")[0])
    assert "@import" not in html and "//" not in re.sub(r"data:[^\"]*", "", html)
    assert len(html.encode()) < 1_500_000


@pytest.mark.parametrize("kind", KINDS)
def test_page_can_be_read_aloud(kind, pages):
    page = pages[kind]
    names = [e[1]["id"] for e in page.elements if "id" in e[1]]
    assert len(names) == len(set(names))
    targets = [e[1]["href"] for e in page.all("a", "use")]
    targets += [f"#{e[1]['aria-labelledby']}" for e in page.all("section")]
    assert {target.removeprefix("#") for target in targets} <= set(names)
    for picture in page.all("svg"):
        assert picture[1]["role"] == "img"
        assert len(picture[1]["aria-label"]) > 20
    assert all(len(image[1]["alt"]) > 10 for image in page.all("img"))
    levels = [int(e[0][1]) for e in page.all("h1", "h2", "h3", "h4")]
    assert levels[0] == 1 and levels.count(1) == 1
    steps = itertools.pairwise(levels)
    assert all(after <= before + 1 for before, after in steps)
    for found in page.all("table"):
        assert any(e[0] == "caption" for e in page.elements), found
    # The first thing that the keyboard reaches is the way past the head.
    first = page.all("a")[0]
    assert page.text(first).startswith("Skip") and first[1]["href"] == "#report"


SECTIONS = {
    "pandas": ["rows", "columns", "pairs", "usefulness"],
    "polars": ["rows", "columns", "pairs", "usefulness"],
    "labelled table": ["rows", "columns", "pairs", "usefulness"],
    "vectors": ["rows", "columns", "pairs"],
    "images": ["samples", "neighbors", "walk"],
    "labelled images": ["samples", "neighbors", "walk"],
    "codes": ["samples", "neighbors", "codes"],
}


@pytest.mark.parametrize("kind", KINDS)
def test_sections_come_in_their_order_and_are_linked(kind, pages):
    page = pages[kind]
    expected = ["verdicts", *SECTIONS[kind], "coverage", "copying", "embedding"]
    expected += ["privacy", "training", "settings"]
    assert [e[1]["id"] for e in page.all("section")] == expected
    way = page.html[page.html.index("<nav") : page.html.index("</nav>")]
    assert re.findall(r'href="([^"]*)"', way) == [f"#{name}" for name in expected]
    # Every section but the settings shows something.
    for name in expected[1:-1]:
        text = re.search(rf'<section id="{name}".*?</section>', page.html, re.S)
        assert re.search("<svg|<img|<table|<dl", text[0]), name


@pytest.mark.parametrize("kind", ["pandas", "images"])
def test_the_same_page_for_the_same_seed(kind, cases, reports):
    case = cases[kind]
    state = np.random.get_state()[1].copy()
    assert case.report().html == reports[kind].html
    assert (np.random.get_state()[1] == state).all()


def test_a_seed_of_the_users_gives_another_page(cases, named_charts):
    first, same, other = (
        cases["vectors"].report(
            random_state=np.random.RandomState(seed), max_samples=50
        )
        for seed in (3, 3, 4)
    )
    assert first.html == same.html != other.html


# -- verdicts


@pytest.mark.parametrize("kind", KINDS)
def test_verdicts_and_figures_are_those_of_diagnose(kind, cases, reports, pages):
    case, page = cases[kind], pages[kind]
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", CopyingWarning)
        found = case.sampler.diagnose(
            case.holdout, case.train, max_samples=150, **case.options
        )
    assert reports[kind].diagnosis.to_dict() == found.to_dict()
    text = page.text(page.by_id("verdicts"))
    for finding in found:
        assert title_of(finding.name) in text
        assert " ".join(finding.message.split()) in text
        if finding.verdict == "not judged":
            continue
        card = page.text(page.by_id(f"finding-{finding.name}"))
        # In words and signs, whatever the colours.
        assert f"{SIGNS[finding.verdict]}{finding.verdict.capitalize()}" in card
        for value in (finding.value, finding.baseline, finding.limit):
            # Of what is counted, nothing but the count.
            is_shown = finding.name not in ("modes", "levels", "decimals", "columns")
            assert value is None or not is_shown or number(value) in card
        if finding.advice:
            assert " ".join(finding.advice.split()) in text
    (hero,) = [e for e in page.elements if "hero" in (e[1].get("class") or "")]
    said = page.text(hero)
    assert said.startswith(SIGNS[found.verdict] + found.verdict.capitalize())
    worse = {f"#finding-{f.name}" for f in found if f.verdict in ("bad", "warn")}
    head = page.html[: page.html.index("<nav")]
    assert set(re.findall(r'href="(#finding-[^"]*)"', head)) == worse


def test_coverage_on_the_page_is_that_of_the_verdict(reports, pages):
    found = reports["vectors"].diagnosis.coverage
    page = pages["vectors"]
    rows = [page.text(e) for e in page.all("tr")]
    (row,) = [text for text in rows if text.startswith("coverage")]
    assert row.endswith(f"{number(found.value)}{number(found.baseline)}")


def test_copies_are_said_first_and_warned_of(cases, named_charts):
    case = cases["vectors"]

    class Copier(skgan.GANSampler):
        def sample(self, n_samples=1, *, given=None, random_state=None):
            chosen = np.random.RandomState(random_state).permutation(n_samples)
            return case.train[chosen % len(case.train)]

    copier = Copier()
    copier.__dict__.update(vars(case.sampler))
    with pytest.warns(CopyingWarning) as caught:
        made = skgan.report(copier, case.holdout, case.train, max_samples=150)
    assert len(caught) == 1 and caught[0].filename == __file__
    assert made.diagnosis.is_copying
    page = Page(made.html)
    (hero,) = [e for e in page.elements if "hero" in (e[1].get("class") or "")]
    assert "copies training rows" in page.text(hero)
    with pytest.warns(CopyingWarning):
        again = copier.diagnose(case.holdout, case.train, max_samples=150)
    assert again.to_dict() == made.diagnosis.to_dict()


def test_what_was_not_judged_is_said(cases):
    case = cases["vectors"]
    made = case._replace(holdout=case.holdout[:20]).report()
    page = Page(made.html)
    assert made.diagnosis.verdict == "not judged"
    assert "Not judged" in page.text(page.by_id("verdicts"))
    assert "50 are needed" in page.text(page.by_id("verdicts"))
    assert "Too few rows" in page.text(page.by_id("coverage"))


def test_without_training_rows_copying_is_left_open(cases, named_charts):
    for kind in ("vectors", "images"):
        page = Page(cases[kind]._replace(train=None).report().html)
        assert "give X_train" in page.text(page.by_id("copying"))
        assert "give X_train" in page.text(page.by_id("verdicts"))
    assert "give X_train" in page.text(page.by_id("neighbors"))


# -- columns


def test_scores_of_columns_and_pairs_are_those_of_the_metrics(cases, pages):
    """All rows are few enough to be looked at, so the scores can be had elsewhere."""
    case, page = cases["pandas"], pages["pandas"]
    drawn = case.sampler.sample(len(case.holdout), random_state=0)
    text = page.text(page.by_id("columns"))
    for name, score in column_shape_scores(case.holdout, drawn).items():
        assert f"{' '.join(name.split())}: score {number(score)}" in text
    text = page.text(page.by_id("pairs"))
    scores = pair_trend_scores(case.holdout, drawn)
    assert number(np.mean(list(scores.values()))) in text
    for (first, second), score in scores.items():
        assert f"{first} and {second}{number(score)}" in text


def test_one_figure_for_one_thing(cases, reports, pages):
    """What `skgan score --metric` prints is what the page says."""
    case, made = cases["pandas"], reports["pandas"]
    for name, title in (
        ("column_shapes", "Column shapes"),
        ("pair_trends", "Pair trends"),
    ):
        expected = SCORERS[name](case.sampler, case.holdout)
        assert made.parts[title] == pytest.approx(expected)
        assert number(expected) in pages["pandas"].text(pages["pandas"].by_id("score"))
    assert made.parts["Not told apart by trees"] == made.diagnosis.c2st.value
    assert made.score == pytest.approx(np.mean(list(made.parts.values())))
    assert 0.9 < made.real_score <= 1 and made.score < made.real_score


def test_rows_and_figures_of_columns_can_be_read(cases, pages):
    case, page = cases["pandas"], pages["pandas"]
    text = page.text(page.by_id("rows"))
    for age in case.holdout["age"][:6]:
        assert str(age) in text
    drawn = case.sampler.sample(len(case.holdout), random_state=0)
    (row,) = [
        page.text(e)
        for e in page.all("tr")
        if page.text(e).startswith("age") and "%" in page.text(e)
    ]
    for rows in (case.holdout["age"], drawn["age"]):
        assert number(rows.mean()) in row and number(rows.std(ddof=0)) in row
        assert str(rows.nunique()) in row
    (row,) = [
        page.text(e)
        for e in page.all("tr")
        if page.text(e).startswith("work") and "%" in page.text(e)
    ]
    assert "17 %" in row


def test_associations_are_those_of_the_metric(cases, pages):
    case, page = cases["pandas"], pages["pandas"]
    drawn = case.sampler.sample(len(case.holdout), random_state=0)
    tables = [e for e in page.all("table") if "matrix" in e[1].get("class", "")]
    real, synthetic = associations(case.holdout), associations(drawn)
    for found, expected in zip(
        tables, (real, synthetic, synthetic - real), strict=True
    ):
        for value in expected[np.triu_indices(4, 1)]:
            shown = f"{value:.2f}".replace("0.", ".").replace("-", "−")
            assert shown in page.text(found)


def test_a_model_is_taught_and_a_target_can_be_named(cases, pages, named_charts):
    case = cases["pandas"]
    page = Page(case.report(target="work", max_samples=100).html)
    text = page.text(page.by_id("usefulness"))
    assert "predict work" in text and "Importances" in text and "ROC AUC" in text
    utility = re.search(r"1 is ideal\): ([\d.]+\d)", text)
    assert utility and 0.5 < float(utility[1]) < 1.5
    # Each column has its own, the worst first.
    worst = text[text.index("Columns predicted worst by models trained on samples") :]
    found = [float(value) for value in re.findall(r"[a-z\">](\d\.\d+)", worst)]
    assert len(found) > 2 and found == sorted(found)
    with pytest.raises(ValueError, match="target is 'none'"):
        case.report(target="none")


def test_stages_stand_beside_each_other(cases, reports, pages):
    case, page = cases["pandas"], pages["pandas"]
    assert case.sampler.stages_ == ("prior", "generator")
    text = page.text(page.by_id("copying"))
    assert f"{case.sampler.stage_} (kept)" in text and "generator" in text
    found = reports["pandas"].diagnosis
    assert number(found.membership_auc.value) in text
    # Losses are not charted where no network made the samples.
    training = page.text(page.by_id("training"))
    assert "Samples come from the prior" in training
    assert not re.search('<section id="training".*?<svg', page.html, re.S)


def test_losses_that_run_away_do_not_flatten_the_chart():
    from matplotlib.figure import Figure

    from skgan.reporting._model_sections import _limit

    ax = Figure().add_subplot()
    losses = np.ones((2, 30))
    losses[1] += np.linspace(0, 0.5, 30)
    assert _limit(ax, losses) == 0
    losses[1, 3] = 1e5
    assert _limit(ax, losses) == 1
    assert ax.get_ylim()[1] < 10


def test_few_rows_are_said_to_be_few(pages):
    page = pages["vectors"]
    (hero,) = [e for e in page.elements if "hero" in (e[1].get("class") or "")]
    assert "can go unseen: hold out more" in page.text(hero)


def test_wide_tables_are_folded_and_small():
    rng = np.random.default_rng(0)
    frame = pd.DataFrame(rng.normal(size=(160, 200)).round(3)).add_prefix("c")
    sampler = skgan.GANSampler(prior="normal", **BRIEF).fit(frame[:80])
    made = skgan.report(sampler, frame[80:], max_samples=80)
    assert len(made.html.encode()) < 3_000_000
    page = Page(made.html)
    opened = re.sub(r"<details.*?</details>", "", made.html, flags=re.S)
    assert len(re.findall('<tr><th scope="row">c', opened)) < 60
    assert "The other 188 columns" in page.text(page.by_id("columns"))


def test_names_are_text_and_never_html(pages, reports):
    html = reports["pandas"].html
    assert "<script" not in html and "<b>" not in html
    assert "&lt;script&gt;" in html
    # Levels are written within pictures.
    shown = "".join(Page.text(e) for e in pages["pandas"].all("text"))
    assert "<b>state</b>" in shown


def test_labels_of_a_table_are_a_column(pages, reports):
    assert "work: score" in pages["labelled table"].text(
        pages["labelled table"].by_id("columns")
    )


def test_many_columns_are_cut_down_and_that_is_said():
    rng = np.random.default_rng(0)
    X, X_holdout = rng.normal(size=(2, 80, 34))
    sampler = skgan.GANSampler(hidden_dims=(8,), max_iter=2, random_state=0).fit(X)
    made = skgan.report(sampler, X_holdout, max_columns=5, max_samples=100)
    page = Page(made.html)
    columns, pairs = (page.text(page.by_id(name)) for name in ("columns", "pairs"))
    assert "Of 34 columns these 5 differ most" in columns
    labels = [e[1]["aria-label"] for e in page.all("svg")]
    assert sum(label.startswith("Column column") for label in labels) == 5
    assert "Of 34 columns the 30" in pairs
    # Columns keep their numbers where some are left out.
    drawn = sampler.sample(len(X_holdout), random_state=0)
    scores = pair_trend_scores(X_holdout, drawn)
    shown = re.findall(r"column (\d+) and column (\d+): score ([\d.]+)", pairs)
    assert len(shown) == 3
    for first, second, score in shown:
        pair = tuple(sorted((int(first), int(second)), reverse=True))
        pair = pair if pair in scores else pair[::-1]
        assert number(scores[pair]) == score


def test_one_column_has_no_pairs():
    X, X_holdout = np.random.default_rng(0).normal(size=(2, 80, 1))
    sampler = skgan.GANSampler(hidden_dims=(8,), max_iter=2, prior="normal")
    sampler.set_params(random_state=0).fit(X)
    page = Page(skgan.report(sampler, X_holdout, X, max_samples=60).html)
    assert "no pair" in page.text(page.by_id("pairs"))


# -- images


def test_images_stand_in_a_row_a_label(pages):
    text = pages["labelled images"].text(pages["labelled images"].by_id("samples"))
    assert "2 rows a label, from the top: 0, 1, 2, 3." in text
    assert "a label" not in pages["images"].text(pages["images"].by_id("samples"))


def sheets_of(html):
    """Pixels of the sheets of a page."""
    from base64 import b64decode
    from io import BytesIO

    from PIL import Image

    found = re.findall(r'src="data:image/png;base64,([^"]*)"', html)
    return [np.asarray(Image.open(BytesIO(b64decode(text)))) for text in found]


def test_latent_walk(cases, reports, pages):
    """A row a label under one walk, or a row a walk; steps are the sampler's own."""
    text = pages["labelled images"].text(pages["labelled images"].by_id("walk"))
    assert "a row a label" in text and "from the top: 0, 1, 2, 3." in text
    assert "between two latents of its own" in pages["images"].html
    sheet = sheets_of(reports["labelled images"].html)[-1]
    assert sheet.shape[:2] == (4 * 7 - 1, 10 * 6 - 1)
    sampler = cases["labelled images"].sampler
    seed = sampler._diagnosis_seed(None)
    latents = np.random.RandomState(seed).normal(size=(12, sampler.net_.latent_dim))
    last = sampler.generate(latents[1:2], y=3)[0]
    assert np.abs(sheet[-6:, -5:, 0].astype(int) - last).max() <= 1


def test_sheets_hold_pixel_for_pixel_what_was_drawn(cases, reports):
    sheets = sheets_of(reports["images"].html)
    drawn = cases["images"].sampler.sample(
        64, random_state=cases["images"].sampler._diagnosis_seed(None)
    )
    tile = sheets[1][:6, :5]
    # Greys, and how opaque they are.
    assert tile.shape == (6, 5, 2)
    assert np.abs(tile[..., 0].astype(int) - drawn[0]).max() <= 1
    assert (tile[..., 1] == 255).all()


def test_the_nearest_training_images_are_near_for_where_they_lie(cases, reports):
    """Each once; plain images are near to each other, which says nothing of copies."""
    case, sheet = cases["images"], sheets_of(reports["images"].html)[2]
    height, width = sheet.shape[:2]
    places = itertools.product(range(0, height, 8), range(0, width, 12))
    pairs = [sheet[y : y + 6, x : x + 10, 0] for y, x in places]
    pairs = [pair for pair in pairs if np.ptp(pair)]  # the last places may be empty
    train = case.train.reshape(-1, 30).astype(int)
    to_train = [np.abs(train - pair[:, 5:].ravel()).max(axis=1) for pair in pairs]
    which = [distances.argmin() for distances in to_train]
    assert len(set(which)) == len(pairs) > 9
    space = case.sampler._reference
    drawn = space.transform(np.stack([pair[:, :5] for pair in pairs]))
    others = euclidean_distances(space.transform(case.train))
    np.fill_diagonal(others, np.inf)
    distances = np.linalg.norm(drawn - space.transform(case.train)[which], axis=1)
    shares = distances / others.min(axis=1)[which]
    assert (np.diff(shares) > -0.02).all()


def test_flat_images_are_shown_as_images():
    rows = np.random.default_rng(0).integers(0, 256, (2, 60, 30)).astype(np.uint8)
    encoder = skgan.encoding.ImageEncoder(shape=(6, 5))
    sampler = skgan.GANSampler(
        encoder=encoder, hidden_dims=(8,), max_iter=2, random_state=0
    ).fit(rows[0])
    page = Page(skgan.report(sampler, rows[1], rows[0], max_samples=60).html)
    assert "images of 6 × 5" in page.text(page.all("header")[0])
    assert [e[1]["id"] for e in page.all("section")][1:3] == ["samples", "neighbors"]


# -- other samplers


def test_any_estimator_that_samples():
    X, X_holdout = np.random.default_rng(0).normal(size=(2, 80, 2))
    mixture = GaussianMixture(random_state=0).fit(X)
    page = Page(skgan.report(mixture, X_holdout, X, max_samples=60).html)
    assert "GaussianMixture" in page.text(page.all("h1")[0])
    assert "no history" in page.text(page.by_id("training"))


def test_pipeline(named_charts):
    X, X_holdout = np.random.default_rng(0).normal(size=(2, 80, 2))
    sampler = skgan.GANSampler(hidden_dims=(8,), max_iter=2, random_state=0)
    pipeline = skgan.make_sampler_pipeline(StandardScaler(), sampler).fit(X)
    made = skgan.report(pipeline, X_holdout, X, max_samples=60)
    page = Page(made.html)
    assert made.diagnosis.training.verdict == "good"
    assert "2 updates" in page.text(page.by_id("training"))
    assert made.html == skgan.report(pipeline, X_holdout, X, max_samples=60).html


def test_conditional_pipeline_with_labels(named_charts):
    rng = np.random.default_rng(0)
    X, X_holdout = rng.normal(size=(2, 80, 2))
    y = rng.integers(0, 2, 80)
    sampler = skgan.ConditionalGANSampler(hidden_dims=(8,), max_iter=2, random_state=0)
    pipeline = skgan.make_sampler_pipeline(StandardScaler(), sampler).fit(X, y)
    labels = {"y_holdout": y, "y_train": y}
    made = skgan.report(pipeline, X_holdout, X, max_samples=60, **labels)
    assert made.diagnosis.n_rows["X_synthetic"] == 60
    assert made.diagnosis.levels.verdict != "not judged"  # of the labels


# -- what cannot be


def test_wrong_arguments(cases):
    case = cases["vectors"]
    sampler, X = case.sampler, case.holdout
    with pytest.raises(TypeError, match="draws no rows"):
        skgan.report(StandardScaler().fit(X), X)
    with pytest.raises(TypeError, match="GANSampler, which draws no rows"):
        skgan.report(skgan.GANSampler, X)
    with pytest.raises(NotFittedError):
        skgan.report(skgan.GANSampler(), X)
    with pytest.raises(ValueError, match="X_holdout has no rows"):
        skgan.report(sampler, X[:0])
    with pytest.raises(ValueError, match="features"):
        skgan.report(sampler, X[:, :2])
    with pytest.raises(TypeError, match="y_holdout: GANSampler draws rows without"):
        skgan.report(sampler, X, y_holdout=X[:, 0])
    with pytest.raises(ValueError, match="max_samples must be at least 50"):
        skgan.report(sampler, X, max_samples=10)
    with pytest.raises(ValueError, match="max_columns must be at least 1"):
        skgan.report(sampler, X, max_columns=0)
    with pytest.raises(TypeError, match="title"):
        skgan.report(sampler, X, title=3)


def test_labels_of_one_set_only(cases):
    case = cases["labelled images"]
    with pytest.raises(ValueError, match="both y_holdout and y_train"):
        case._replace(options={"y_holdout": case.options["y_holdout"]}).report()
    with pytest.raises(ValueError, match="inconsistent numbers"):
        case._replace(options={"y_holdout": case.options["y_holdout"][:5]}).report()


def test_without_matplotlib_it_is_said_how_to_get_it(monkeypatch):
    monkeypatch.setitem(sys.modules, "matplotlib", None)
    with pytest.raises(ImportError, match=r'pip install "skgan\[plot\]"'):
        skgan.report(None, None)


# -- the report as a value


def test_save_and_show(reports, tmp_path, cases):
    made = reports["vectors"]
    path = made.save(tmp_path / "page.html")
    assert path.read_text("utf-8") == made.html
    with pytest.raises(OSError, match="no folder"):
        made.save(tmp_path / "nowhere" / "page.html")
    assert repr(made).startswith("<Report 'How good are the samples of this GANSampler")
    titled = cases["vectors"].report(title="A <b> title")
    assert "<h1>A &lt;b&gt; title</h1>" in titled.html
    assert isinstance(titled, Report)


def test_in_a_notebook_it_is_a_frame_that_leaks_nothing(reports):
    shown = Page(reports["pandas"]._repr_html_())
    (frame,) = shown.elements
    assert frame[0] == "iframe" and frame[1]["title"] == reports["pandas"].title
    inner = frame[1]["srcdoc"]
    added = '\n<base href="about:srcdoc">'
    assert inner.replace(added, "", 1) == reports["pandas"].html
    assert inner.count(added) == 1


# -- parts


def test_escape_and_numbers():
    assert escape("<a href='x'>\x00&") == "&lt;a href=&#x27;x&#x27;&gt; &amp;"
    assert element("p", "x", class_='"', aria_label=None) == '<p class="&quot;">x</p>'
    assert (number(None), number(-0.00123), number(1.0)) == ("–", "−0.00123", "1")
    assert count(1234567) == "1\u202f234\u202f567" and count(999) == "999"


def test_parameters_are_described_alike_in_every_run():
    def draw():
        pass

    assert "0x" not in describe(draw) and "draw" in describe(draw)
    assert "0x" not in describe([draw]) and describe(StandardScaler) == "StandardScaler"
    assert len(describe(list(range(10_000)))) <= 300


def test_settings_tell_what_was_set(pages):
    text = pages["vectors"].text(pages["vectors"].by_id("settings"))
    assert "hidden_dims(8,)max_iter3" in text.replace(" ", "")
    assert "loss'relativistic'" in text.replace(" ", "")
    for library in ("skgan", "torch", "scikit-learn", "Python"):
        assert library in text
    assert skgan.__version__ in text


def test_charts_leave_the_users_style_and_random_stream_alone():
    import matplotlib
    import matplotlib.pyplot as plt

    before = json.dumps({k: str(v) for k, v in matplotlib.rcParams.items()})
    state, figures = np.random.get_state()[1].copy(), plt.get_fignums()
    with matplotlib.rc_context({"text.color": "#abcdef", "axes.grid": True}):
        drawn = chart(
            lambda ax: ax.set_title("a < b"), "A title, no more.", (2, 2), "x"
        )
    assert "#abcdef" not in drawn and "var(--ink)" in drawn and "a &lt; b" in drawn
    assert json.dumps({k: str(v) for k, v in matplotlib.rcParams.items()}) == before
    assert (np.random.get_state()[1] == state).all()
    assert plt.get_fignums() == figures


def test_names_in_other_scripts_draw_without_a_warning():
    frame = pd.DataFrame(np.random.default_rng(0).normal(size=(60, 2)))
    frame.columns = ["年齢", "नाम 😀"]
    sampler = skgan.GANSampler(hidden_dims=(8,), max_iter=2, random_state=0).fit(frame)
    html = skgan.report(sampler, frame.iloc[::-1], max_samples=60).html
    assert "年齢" in html and "😀" in html


# -- privacy


def test_fast_attacks_are_shown_and_all_when_asked(cases, reports, pages, named_charts):
    page = pages["pandas"]
    assert "attacks" not in reports["pandas"].diagnosis.findings
    text = section_text(page.html, "privacy")
    assert "distance to the nearest sample" in text and "95 % interval" in text
    assert "boosted trees" not in text and "linking two halves" not in text
    assert "skgan report --attacks" in text
    made = cases["pandas"].report(attacks=True)
    found = made.diagnosis.attacks
    text = section_text(made.html, "privacy")
    for said in ("boosted trees", "linking two halves", "inferring a column"):
        assert said in text
    assert f"{SIGNS[found.verdict]}{found.verdict.capitalize()} {found.message}" in text
    assert 'id="finding-attacks"' in made.html


def test_without_training_rows_no_attack_is_tried(cases, named_charts):
    case = cases["vectors"]
    made = case._replace(train=None).report(attacks=True)
    assert "nothing was tried" in section_text(made.html, "privacy")
    assert "attacks" not in made.diagnosis.findings or (
        made.diagnosis.attacks.verdict == "not judged"
    )
    with pytest.raises(TypeError, match="attacks must be True or False"):
        case.report(attacks="all")


def section_text(page, name):
    part = re.search(rf'<section id="{name}".*?</section>', page, re.S)[0]
    return unescape(re.sub(r"\s+", " ", re.sub("<[^>]*>", "", part)))
