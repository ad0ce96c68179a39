"""Sections about images: samples, their nearest training images, what codes do."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from skgan.metrics import nearest
from skgan.plotting import LatentTraversalDisplay, SamplesDisplay
from skgan.reporting._evaluation import Evaluation, Rows
from skgan.reporting._html import count, element, figure, table
from skgan.reporting._pictures import blank_axes, sheet
from skgan.reporting._sections import Section

_N_IMAGES = 64  # of a sheet
_MAX_CLASSES = 12  # that get a row each
_N_NEIGHBORS = 24
_MAX_COMPARED = 2000


def samples_section(evaluation: Evaluation) -> Section:
    """Return sheets of real and of synthetic images."""
    chosen = _by_class(evaluation)
    message = "Images drawn at random, none of them chosen by looks."
    if chosen is None:
        indices = [
            np.arange(min(_N_IMAGES, len(rows)))
            for rows in (evaluation.holdout, evaluation.synthetic)
        ]
    else:
        classes, indices = chosen
        names = ", ".join(map(str, classes))
        message += f" A row a label, from the top: {names}."
    display = SamplesDisplay.from_samples(
        evaluation.images(evaluation.synthetic)[indices[1]],
        real=evaluation.images(evaluation.holdout)[indices[0]],
        ax=blank_axes(),
    )
    shown = {
        "Real images, held out": display.real_image_,
        "Synthetic images": display.synthetic_image_,
    }
    sheets = [
        figure(sheet(image, f"{name}, {len(at)} of them."), name, class_="sheet")
        for (name, image), at in zip(shown.items(), indices, strict=True)
    ]
    parts = [element("div", *sheets, class_="sheets")]
    return Section("samples", "Samples", message, parts)


def _by_class(evaluation: Evaluation) -> tuple[NDArray, list[NDArray]] | None:
    """Classes, and as many images of each for a square sheet of a row a class."""
    labels = [
        None if rows.y is None else np.asarray(rows.y)
        for rows in (evaluation.holdout, evaluation.synthetic)
    ]
    if labels[0] is None or labels[0].ndim > 1:
        return None
    classes = np.unique(labels[0])
    n = len(classes)
    if not 1 < n <= _MAX_CLASSES:
        return None
    indices = []
    for y in labels:
        found = [np.flatnonzero(y == label)[:n] for label in classes]
        if min(map(len, found)) < n:
            return None
        indices.append(np.concatenate(found))
    return classes, indices


def neighbors_section(evaluation: Evaluation) -> Section:
    """Return the samples that are closest to a training image, beside it."""
    title, anchor = "Nearest training images", "neighbors"
    train = evaluation.train
    if train is None:
        note = "Copies show beside training images only: give X_train."
        return Section(anchor, title, note, [])
    message = (
        "The samples that are closest to a training image, the closest first, each "
        "with that image to its right. Twins are copies; mere likeness is not."
    )
    drawn = Rows(evaluation.synthetic.X[:_MAX_COMPARED])
    space = evaluation.make_space()
    distances, which = nearest(*(space.transform(rows.X) for rows in (drawn, train)))
    closest = np.argsort(distances, kind="stable")[:_N_NEIGHBORS]
    display = SamplesDisplay(
        synthetic=evaluation.images(drawn)[closest],
        neighbors=evaluation.images(train)[which[closest]],
    ).plot(ax=blank_axes())
    caption = (
        f"The {len(closest)} closest of {count(len(drawn))} samples, looked for among "
        f"{count(len(train))} training images."
    )
    alt = f"Pairs of a sample and its nearest training image. {caption}"
    picture = sheet(display.synthetic_image_, alt)
    parts = [figure(picture, caption, class_="sheet neighbors")]
    return Section(anchor, title, message, parts)


def codes_section(evaluation: Evaluation) -> Section:
    """Return what the codes of a sampler stand for."""
    sampler, net = evaluation.sampler, evaluation.sampler.net_
    if evaluation.image_shape is None or np.ndim(evaluation.holdout.X) < 3:
        message = "How often each category is, among held-out rows and among samples."
        rows = _category_shares(evaluation, net.n_categories)
        head = ("category", "held-out rows", "samples")
        return Section("codes", "Codes", message, [table(head, rows, "Categories")])
    code = 0 if net.n_continuous else None
    display = LatentTraversalDisplay.from_estimator(
        sampler, code=code, random_state=evaluation.seed, ax=blank_axes()
    )
    along = (
        "the first continuous code goes from -1 to 1"
        if net.n_continuous
        else ("the latent changes")
    )
    caption = f"A row a category, from 0 at the top; along a row {along}."
    message = "What the sampler found without labels."
    picture = sheet(display.image_, f"Images by code. {caption}")
    return Section(
        "codes", "Codes", message, [figure(picture, caption, class_="sheet codes")]
    )


def _category_shares(evaluation: Evaluation, n_categories: int) -> list[tuple]:
    columns = [
        np.bincount(evaluation.sampler.predict(rows.X), minlength=n_categories)
        / len(rows)
        for rows in (evaluation.holdout, evaluation.synthetic)
    ]
    return [
        (category, *(f"{share[category]:.1%}" for share in columns))
        for category in range(n_categories)
    ]
