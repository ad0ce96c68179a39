"""`report`: one page that says, and shows, how good a sampler's samples are."""

from __future__ import annotations

import html
import os
from collections.abc import Callable, Iterable
from datetime import datetime
from importlib.resources import files
from pathlib import Path
from typing import Any

from skgan._validation import check_boolean, check_integer
from skgan._version import __version__
from skgan.frames import frame_library
from skgan.metrics import Diagnosis
from skgan.metrics.diagnosis import MIN_ROWS, warn_of_copies
from skgan.plotting import check_matplotlib
from skgan.reporting._column_sections import columns_section, pairs_section
from skgan.reporting._evaluation import Evaluation, evaluate
from skgan.reporting._html import count, element, escape, paragraph
from skgan.reporting._image_sections import (
    can_walk,
    codes_section,
    neighbors_section,
    samples_section,
    walk_section,
)
from skgan.reporting._model_sections import (
    stages_part,
    training_section,
    usefulness_section,
)
from skgan.reporting._overall_score import overall_score, show_score
from skgan.reporting._privacy_section import privacy_section
from skgan.reporting._sections import (
    Section,
    copying_section,
    coverage_section,
    embedding_section,
)
from skgan.reporting._settings import settings, versions
from skgan.reporting._table_sections import rows_section
from skgan.reporting._verdicts import summary, verdicts
from skgan.storage import write_whole

_FRAME = (
    "width:100%;height:min(80vh,64rem);border:1px solid rgba(128,128,128,.4);"
    "border-radius:8px"
)


def page(title: str, facts: Iterable[str], head: str, sections: list[Section]) -> str:
    """Return a whole document.

    Parameters
    ----------
    title : str
        Its name, not escaped yet.
    facts : iterable of str
        What was compared with what, not escaped yet.
    head : str
        HTML of the overall verdict.
    sections : list of Section
        In their order.
    """
    links = [
        element("li", element("a", escape(section.title), href=f"#{section.anchor}"))
        for section in sections
    ]
    body = [
        element("a", "Skip to the report", href="#report", class_="skip"),
        element(
            "header",
            paragraph("skgan report", class_="eyebrow"),
            element("h1", escape(title)),
            paragraph(" · ".join(facts), class_="aside"),
            head,
            element("nav", element("ul", *links), aria_label="Sections"),
        ),
        "\n",
        element(
            "main",
            *(section.render() + "\n" for section in sections),
            id="report",
            tabindex="-1",
        ),
    ]
    return (
        "<!DOCTYPE html>\n"
        '<html lang="en">\n<head>\n<meta charset="utf-8">\n'
        f"<title>{escape(title)}</title>\n"
        '<meta name="viewport" content="width=device-width, initial-scale=1">\n'
        '<meta name="color-scheme" content="light dark">\n'
        # The page fetches nothing, so the browser is told to allow nothing.
        '<meta http-equiv="Content-Security-Policy" content="default-src \'none\'; '
        "img-src data:; style-src 'unsafe-inline'\">\n"
        f"<style>\n{_style()}</style>\n</head>\n"
        f"<body>\n{''.join(body)}\n</body>\n</html>\n"
    )


def frame(title: str, document: str) -> str:
    """Return a document as a part of another page, which it leaves as it is."""
    # Or links within the document would be looked for in the page around it.
    document = document.replace("<head>", '<head>\n<base href="about:srcdoc">', 1)
    # Its lines are kept as they are.
    source = html.escape(document, quote=True)
    return (
        f'<iframe srcdoc="{source}" title="{escape(title)}" style="{_FRAME}" '
        'loading="lazy"></iframe>'
    )


def _style() -> str:
    """Return the style sheet."""
    return files(__package__).joinpath("page.css").read_text(encoding="utf-8")


class Report:
    """A page of HTML on a sampler, and the verdicts on it as values.

    `skgan.report` makes it. In a notebook it shows itself; nothing in it is fetched
    or run, so that the file can be sent, and opened anywhere.

    Parameters
    ----------
    html : str
        The whole document.
    diagnosis : skgan.metrics.Diagnosis
        The verdicts on the page, as ``diagnose`` returns them.
    title : str
        Its name.
    score : float or None, default=None
        The overall score in [0, 1] that stands beside the verdict; None where there
        are too few rows.
    real_score : float or None, default=None
        What real rows get in the place of samples.
    parts : dict of str to float or None, default=None
        What `score` is the mean of.

    See Also
    --------
    skgan.report : Make a report on a fitted sampler.
    skgan.metrics.Diagnosis : What it says, as values.

    Examples
    --------
    >>> import numpy as np
    >>> import skgan
    >>> X, X_holdout = np.random.default_rng(0).normal(size=(2, 60, 1))
    >>> sampler = skgan.GANSampler(max_iter=10, prior="normal", random_state=0).fit(X)
    >>> report = skgan.report(sampler, X_holdout, title="Try")
    >>> report.title, report.html.startswith("<!DOCTYPE html>")
    ('Try', True)
    """

    def __init__(
        self,
        html: str,
        diagnosis: Diagnosis,
        title: str,
        score: float | None = None,
        real_score: float | None = None,
        parts: dict[str, float] | None = None,
    ):
        self.html = html
        self.diagnosis = diagnosis
        self.title = title
        self.score = score
        self.real_score = real_score
        self.parts = {} if parts is None else parts

    def save(self, path: str | os.PathLike) -> Path:
        """Write the page as a file, whole or not at all.

        Parameters
        ----------
        path : str or path-like
            Such as "report.html". What is there is replaced.

        Returns
        -------
        pathlib.Path
            Where it is.

        Raises
        ------
        OSError
            If it cannot be written.
        """
        write_whole(path, [self.html.encode("utf-8")])
        return Path(path)

    def _repr_html_(self) -> str:
        return frame(self.title, self.html)

    def __repr__(self) -> str:
        size = len(self.html.encode("utf-8")) / 1e6
        return (
            f"<Report {self.title!r}: {self.diagnosis.verdict}, {size:.1f} MB; "
            "save(path) writes it>"
        )


def report(
    sampler,
    X_holdout,
    X_train=None,
    *,
    y_holdout=None,
    y_train=None,
    target=None,
    title=None,
    sources=None,
    attacks=False,
    max_columns=12,
    max_samples=5000,
    random_state=None,
) -> Report:
    """Report how good the samples of a fitted sampler are, on one page.

    Verdicts come first, each beside what real rows get, with an overall score and what
    to try; then rows to read, columns, pairs of columns and what models learn from
    samples or, of images, samples; coverage, copying by stage of the fit, a plane of
    all rows, attacks on privacy, how training went, and with what settings. Charts
    adapt to light and dark, to small screens and to paper.

    Parameters
    ----------
    sampler : GANSampler, ConditionalGANSampler, InfoGANSampler or other estimator
        Fitted, with a method ``sample``; a `SamplerPipeline`, too.
    X_holdout : array-like or DataFrame of shape (n_holdout, ...)
        Rows like those given to ``fit``, but not seen by it; 100 or more, better
        thousands. With fewer than 50 nothing is judged, which the page then says.
    X_train : array-like or DataFrame of shape (n_train, ...), default=None
        The rows given to ``fit``, without which copying is not judged. Of images,
        those that are nearest to samples are shown.
    y_holdout : array-like, Series or DataFrame, default=None
        Labels of `X_holdout`, for a sampler that draws under labels: samples are
        then drawn for them, as often as they occur, and rows are judged with them.
    y_train : array-like, Series or DataFrame, default=None
        Labels of `X_train`, where both are given.
    target : column name or int or None, default=None
        The column that models learn to predict from samples (its index, for arrays).
        None takes the labels, or else the last column of a DataFrame.
    title : str or None, default=None
        Heading of the page; None names the sampler.
    sources : dict of str to str or None, default=None
        Where sets come from, such as file names, by what they are: said at the top.
    attacks : bool, default=False
        Whether to run all attacks of `skgan.metrics.membership_attacks` and
        `skgan.metrics.disclosure_attacks` and to count the worst among the verdicts;
        some seconds more. False shows the fast ones. They need `X_train`.
    max_columns : int, default=12
        Columns drawn by themselves at most; of more, those that differ most.
    max_samples : int, default=5000
        Rows to draw, and rows of each set to look at; at least 50. Of the training
        rows 20 000 are looked at.
    random_state : int, RandomState instance or None, default=None
        Fixes the page. None takes the seed that ``diagnose`` takes, fixed in ``fit``.

    Returns
    -------
    Report
        ``save(path)`` writes it, and a notebook shows it.

    Raises
    ------
    ImportError
        If matplotlib is not installed.
    sklearn.exceptions.NotFittedError
        If the sampler is not fitted.
    TypeError
        If the sampler draws no rows, or no labels where labels are given.
    ValueError
        If rows or labels are not like those given to ``fit``, or labels are given for
        one set of rows only.

    Warns
    -----
    skgan.metrics.CopyingWarning
        If samples are copies of training rows.

    Notes
    -----
    The page holds figures of the rows given here, points of some of them, and images
    where rows are images: it is no more private than these.

    Examples
    --------
    >>> import numpy as np
    >>> import skgan
    >>> X, X_holdout = np.random.default_rng(3).normal(size=(2, 100, 2))
    >>> sampler = skgan.GANSampler(max_iter=10, prior="normal", random_state=0).fit(X)
    >>> report = skgan.report(sampler, X_holdout, X)
    >>> path = report.save("report.html")  # doctest: +SKIP
    >>> report.diagnosis.verdict
    'good'
    """
    made = compose(
        sampler,
        X_holdout,
        X_train,
        labels=(y_holdout, y_train),
        target=target,
        title=title,
        sources=sources,
        attacks=attacks,
        max_columns=max_columns,
        max_samples=max_samples,
        random_state=random_state,
    )
    warn_of_copies(made.diagnosis, stacklevel=3)
    return made


def compose(
    sampler,
    X_holdout,
    X_train,
    *,
    labels: tuple[Any, Any],
    title: str | None,
    target: Any = None,
    sources: dict[str, str] | None = None,
    attacks: bool = False,
    max_columns: int,
    max_samples: int,
    random_state,
    tell: Callable[[str], None] = lambda step: None,
) -> Report:
    """Make a report; `tell` hears what is being done."""
    check_matplotlib("skgan.report")
    check_boolean("attacks", attacks)
    max_columns = check_integer("max_columns", max_columns, 1)
    max_samples = check_integer("max_samples", max_samples, MIN_ROWS)
    if title is not None and not isinstance(title, str):
        raise TypeError(f"title must be a string or None, got {title!r}.")
    tell("Verdicts")
    evaluation = evaluate(
        sampler, X_holdout, X_train, *labels, max_samples, random_state, attacks
    )
    diagnosis = evaluation.diagnosis
    sections = [Section("verdicts", "Verdicts", "", verdicts(diagnosis))]
    score = overall_score(evaluation)
    for make in _makers(evaluation, max_columns, target):
        sections.append(make())
        tell(sections[-1].title)
    name = type(evaluation.final_estimator).__name__
    title = f"How good are the samples of this {name}?" if title is None else title
    head = summary(diagnosis, "" if score is None else show_score(score))
    document = page(title, _facts(evaluation, sources or {}), head, sections)
    if score is None:
        return Report(document, diagnosis, title)
    parts = {part.title: part.value for part in score.parts}
    return Report(document, diagnosis, title, score.value, score.real, parts)


def _makers(
    evaluation: Evaluation, max_columns: int, target: Any
) -> list[Callable[[], Section]]:
    """Return what makes the sections behind the verdicts, in their order."""
    makers: list[Callable[[], Section]]
    if evaluation.image_shape is not None:
        makers = [
            lambda: samples_section(evaluation),
            lambda: neighbors_section(evaluation),
        ]
        if can_walk(evaluation):
            makers.append(lambda: walk_section(evaluation))
    elif len(evaluation.holdout.X.shape) > 2:  # such as series of several channels
        makers = []
    else:
        makers = [
            lambda: rows_section(evaluation),
            lambda: columns_section(evaluation, max_columns),
            lambda: pairs_section(evaluation),
        ]
        holdout = evaluation.holdout
        # An array has no column that is rather to be predicted than the others.
        is_frame = frame_library(holdout.X) is not None
        if is_frame or holdout.y is not None or target is not None:
            makers.append(lambda: usefulness_section(evaluation, target))
    if hasattr(getattr(evaluation.sampler, "net_", None), "n_categories"):
        makers.append(lambda: codes_section(evaluation))
    return [
        *makers,
        lambda: coverage_section(evaluation),
        lambda: copying_section(evaluation, stages_part(evaluation)),
        lambda: embedding_section(evaluation),
        lambda: privacy_section(evaluation),
        lambda: training_section(evaluation),
        lambda: Section("settings", "Settings", "", _settings(evaluation)),
    ]


def _settings(evaluation: Evaluation) -> list[str]:
    return [*settings(evaluation.sampler), "<h3>Versions</h3>", versions()]


def _facts(evaluation: Evaluation, sources: dict[str, str]) -> list[str]:
    """What was compared with what, in a few words, when, and by what version."""
    today = datetime.now().astimezone().date()
    facts = [f"{name}: {path}" for name, path in sources.items()]
    shape = evaluation.holdout.X.shape[1:]
    if evaluation.image_shape is not None:
        facts.append("images of " + " × ".join(map(str, evaluation.image_shape)))
    elif len(shape) == 1:
        facts.append(f"{shape[0]} column" + ("s" if shape[0] > 1 else ""))
    numbers = [f"{count(n)} {name}" for name, n in evaluation.n_given.items()]
    facts.append(f"rows: {', '.join(numbers)}")
    return [*facts, f"{today:%Y-%m-%d}", f"skgan {__version__}"]
