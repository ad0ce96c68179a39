"""Reports in a browser: legible, reachable by keys, alone with their reader."""

import importlib.util
from pathlib import Path

import pytest

_SPEC = importlib.util.spec_from_file_location(
    "report_browser", Path(__file__).with_name("_browser.py")
)
_MODULE = importlib.util.module_from_spec(_SPEC)
_SPEC.loader.exec_module(_MODULE)

PAGES = ("pandas", "labelled images")
SCHEMES = ("light", "dark")
LEAST_CONTRAST = 4.5  # of the Web Content Accessibility Guidelines, level AA

OPEN_ALL = "document.querySelectorAll('details').forEach(d => d.open = true)"

# Every text with the contrast between it and what is behind it.
CONTRASTS = """(() => {
  const read = text => {
    const parts = text.match(/[\\d.]+/g).map(Number);
    // Mixed colours are said in shares of 1.
    if (text.startsWith('color('))
      parts.splice(0, 3, ...parts.slice(0, 3).map(v => 255 * v));
    return parts.length > 3 ? parts : [...parts, 1];
  };
  const over = (top, below) => top.slice(0, 3).map(
    (v, i) => v * top[3] + below[i] * (1 - top[3]));
  const ground = element => {
    const layers = [];
    for (let e = element; e; e = e.parentElement)
      layers.push(read(getComputedStyle(e).backgroundColor));
    return layers.reverse().reduce((below, top) => over(top, below), [255, 255, 255]);
  };
  const luminance = color => {
    const [r, g, b] = color.map(v => v / 255).map(
      v => v <= 0.04045 ? v / 12.92 : ((v + 0.055) / 1.055) ** 2.4);
    return 0.2126 * r + 0.7152 * g + 0.0722 * b;
  };
  const walker = document.createTreeWalker(document.body, NodeFilter.SHOW_TEXT);
  const found = [];
  while (walker.nextNode()) {
    const text = walker.currentNode.textContent.trim();
    const element = walker.currentNode.parentElement;
    if (!text || !element.checkVisibility()) continue;
    const style = getComputedStyle(element);
    const inPicture = element.closest('svg') !== null;
    const below = ground(element);
    const color = over(read(inPicture ? style.fill : style.color), below);
    const [a, b] = [luminance(color), luminance(below)].sort((x, y) => y - x);
    found.push([text, inPicture, (a + 0.05) / (b + 0.05)]);
  }
  return found;
})()"""

FOCUS = """(() => {
  const e = document.activeElement, s = getComputedStyle(e);
  return [e.tagName, e.getAttribute('href') || e.textContent.trim(),
          s.outlineStyle, parseFloat(s.outlineWidth),
          e.getBoundingClientRect().top >= 0];
})()"""


@pytest.fixture(scope="module")
def browser(tmp_path_factory):
    browser = _MODULE.Browser(tmp_path_factory.mktemp("chromium"))
    yield browser
    browser.close()


@pytest.fixture(scope="module")
def files(reports, tmp_path_factory):
    folder = tmp_path_factory.mktemp("reports")
    return {
        kind: reports[kind].save(folder / f"{kind.replace(' ', '_')}.html")
        for kind in PAGES
    }


@pytest.mark.parametrize("kind", PAGES)
def test_renders_without_a_complaint_or_a_request(browser, files, kind):
    browser.open(files[kind])
    problems = [
        event
        for event in browser.events
        if event["method"]
        in ("Log.entryAdded", "Runtime.consoleAPICalled", "Runtime.exceptionThrown")
    ]
    assert not problems
    requested = [
        event["params"]["request"]["url"]
        for event in browser.events
        if event["method"] == "Network.requestWillBeSent"
    ]
    assert files[kind].as_uri() in requested
    assert all(url.startswith(("file:", "data:")) for url in requested)
    assert sum(url.startswith("file:") for url in requested) == 1
    # All pictures are there, and none is empty.
    pictures = browser.run(
        "[...document.querySelectorAll('svg, img')].map(e => {"
        "const r = e.getBoundingClientRect();"
        "return [r.width, r.height, e.tagName == 'IMG' ? e.naturalWidth : 1]})"
    )
    assert len(pictures) >= 5
    assert all(min(sizes) > 0 for sizes in pictures)
    assert all(width > 150 and height > 80 for width, height, _ in pictures)


@pytest.mark.parametrize("scheme", SCHEMES)
@pytest.mark.parametrize("kind", PAGES)
def test_text_is_legible(browser, files, kind, scheme):
    browser.open(files[kind], scheme=scheme)
    browser.run(OPEN_ALL)
    found = browser.run(CONTRASTS)
    assert len(found) > 100 and any(in_picture for _, in_picture, _ in found)
    too_low = [entry for entry in found if entry[2] < LEAST_CONTRAST]
    assert not too_low
    ground = browser.run("getComputedStyle(document.body).backgroundColor")
    brightness = max(int(v) for v in ground[4:-1].split(","))
    assert (brightness > 200) == (scheme == "light")


@pytest.mark.parametrize("width", [320, 360, 768])
@pytest.mark.parametrize("kind", PAGES)
def test_nothing_is_cut_off_on_small_screens(browser, files, kind, width):
    """Not by columns with long names, either."""
    browser.open(files[kind], width=width, height=800)
    browser.run(OPEN_ALL)
    assert browser.run("document.documentElement.scrollWidth") <= width
    outside = browser.run(
        "[...document.querySelectorAll('body *')].filter(e => !e.closest('svg *') && "
        # What is wide scrolls in a box of its own.
        "!e.closest('.scrolled > *') && "
        f"e.getBoundingClientRect().right > {width} + 0.5).map(e => e.outerHTML)"
    )
    assert not outside
    smallest = browser.run(
        "Math.min(...[...document.querySelectorAll('p, td, th, dd, a, figcaption')]"
        ".map(e => parseFloat(getComputedStyle(e).fontSize)))"
    )
    assert smallest >= 12


def test_keys_reach_everything_and_the_focus_is_seen(browser, files):
    browser.open(files["pandas"])
    wanted = browser.run(
        "[...document.querySelectorAll('a[href], summary, [tabindex=\"0\"]')]"
        ".filter(e => e.checkVisibility())"
        ".map(e => e.getAttribute('href') || e.textContent.trim())"
    )
    assert wanted[0] == "#report" and len(wanted) > 10
    reached = []
    for _ in wanted:
        browser.press("Tab")
        _, name, style, width, is_on_screen = browser.run(FOCUS)
        assert style == "solid" and width >= 2, name
        assert is_on_screen, name
        reached.append(name)
    assert reached == wanted


def test_keys_open_what_is_folded_and_skip_the_head(browser, files):
    browser.open(files["pandas"])
    browser.press("Tab")
    browser.press("Enter")
    assert browser.run("document.activeElement.id") == "report"
    browser.run("document.querySelector('summary').focus()")
    assert not browser.run("document.querySelector('details').open")
    browser.press("Enter")
    assert browser.run("document.querySelector('details').open")


@pytest.mark.parametrize("scheme", SCHEMES)
def test_paper_is_white_and_shows_what_is_folded(browser, files, scheme):
    browser.open(files["pandas"], scheme=scheme, media="print")
    ground = browser.run("getComputedStyle(document.body).backgroundColor")
    assert ground == "rgb(255, 255, 255)"
    assert not browser.run("document.querySelector('nav').checkVisibility()")
    shown = browser.run(
        "[...document.querySelectorAll('details table, details > p')]"
        ".map(e => e.checkVisibility({contentVisibilityAuto: true}) && "
        "e.getBoundingClientRect().height > 10)"
    )
    assert shown and all(shown)
    found = browser.run(CONTRASTS)
    assert not [entry for entry in found if entry[2] < LEAST_CONTRAST]
    pages = browser.send("Page.printToPDF", printBackground=True)["data"]
    assert len(pages) > 20_000


def test_a_notebook_keeps_its_looks_and_links_stay_inside(browser, reports, tmp_path):
    file = tmp_path / "notebook.html"
    cell = '<!DOCTYPE html><meta charset="utf-8"><h1>Mine</h1><p>Text</p>'
    looks = (
        "JSON.stringify([...document.querySelectorAll('body, h1, p')].map(e => "
        "[...getComputedStyle(e)].filter(n => !/height|size|origin/.test(n))"
        ".map(n => getComputedStyle(e).getPropertyValue(n))))"
    )
    file.write_text(cell, "utf-8")
    browser.open(file)
    before = browser.run(looks)
    file.write_text(cell + reports["pandas"]._repr_html_(), "utf-8")
    browser.open(file)
    inside = "document.querySelector('iframe').contentDocument"
    browser.wait(f"!!({inside} && {inside}.querySelector('#settings'))")
    assert browser.run(looks) == before
    title = browser.run(f"{inside}.querySelector('h1').textContent")
    assert title == reports["pandas"].title
    browser.run(f"{inside}.querySelector('nav a[href=\"#settings\"]').click()")
    view = "document.querySelector('iframe').contentWindow"
    browser.wait(f"{view}.scrollY > 500")
    assert browser.run(f"{inside}.querySelector('h1').textContent") == title
    assert browser.run("document.querySelector('h1').textContent") == "Mine"
