"""Sections about images: samples, their nearest training images, what codes do."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from skgan.metrics import nearest, nearest_other
from skgan.plotting import LatentTraversalDisplay, SamplesDisplay
from skgan.reporting._evaluation import Evaluation, Rows
from skgan.reporting._html import count, element, figure, table
from skgan.reporting._pictures import blank_axes, sheet
from skgan.reporting._sections import Section

_N_COLUMNS = 8
_N_IMAGES = _N_COLUMNS**2  # of a sheet
_MAX_CLASSES = 12  # that get a row each
_N_NEIGHBORS = 24
_MAX_COMPARED = 2000
_N_WALKS, _N_STEPS = 6, 10
_N_DRAWN = 200  # rows that labels are taken from


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
        n_rows = round(len(indices[0]) ** 0.5) // len(classes)
        rows = "A row" if n_rows == 1 else f"{n_rows} rows"
        message += f" {rows} a label, from the top: {names}."
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
    """Classes, and as many images of each for a square sheet of whole rows a class."""
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
    found = [[np.flatnonzero(y == label) for label in classes] for y in labels]
    n_fewest = min(len(at) for places in found for at in places)
    for n_rows in range(max(1, _N_COLUMNS // n), 0, -1):
        n_each = n_rows**2 * n
        if n_each <= n_fewest:
            indices = [
                np.concatenate([at[:n_each] for at in places]) for places in found
            ]
            return classes, indices
    return None


def neighbors_section(evaluation: Evaluation) -> Section:
    """Return the samples that are closest to a training image, beside it."""
    title, anchor = "Nearest training images", "neighbors"
    train = evaluation.train
    if train is None:
        note = "Copies show beside training images only: give X_train."
        return Section(anchor, title, note, [])
    message = (
        "The samples that are closest to a training image, measured by how far that "
        "is from other training images, the closest first, each with that image to its "
        "right. Twins are copies; mere likeness is not."
    )
    drawn = Rows(evaluation.synthetic.X[:_MAX_COMPARED])
    space = evaluation.make_space()
    which, closest = _closest(*(space.transform(rows.X) for rows in (drawn, train)))
    display = SamplesDisplay(
        synthetic=evaluation.images(drawn)[closest],
        neighbors=evaluation.images(train)[which],
    ).plot(ax=blank_axes())
    caption = (
        f"{len(closest)} of {count(len(drawn))} samples, looked for among "
        f"{count(len(train))} training images, of which each is shown once."
    )
    alt = f"Pairs of a sample and its nearest training image. {caption}"
    picture = sheet(display.synthetic_image_, alt)
    parts = [figure(picture, caption, class_="sheet neighbors")]
    return Section(anchor, title, message, parts)


def _closest(drawn: NDArray, train: NDArray) -> tuple[NDArray, NDArray]:
    """Return the training rows that a sample is closest to, and that sample.

    All thin strokes are near to each other, and would be all that is shown: so a
    distance is a share of that from the training row to the next one.
    """
    distances, which = nearest(drawn, train)
    met, back = np.unique(which, return_inverse=True)
    to_other = nearest_other(train, met)[back]
    shares = np.where(distances > 0, np.inf, 0.0)
    np.divide(distances, to_other, out=shares, where=to_other > 0)
    order = np.argsort(shares, kind="stable")
    first = np.sort(np.unique(which[order], return_index=True)[1])
    closest = order[first[:_N_NEIGHBORS]]
    return which[closest], closest


def can_walk(evaluation: Evaluation) -> bool:
    """Whether the sampler makes images of latents that are given."""
    sampler = evaluation.sampler
    return (
        evaluation.image_shape is not None
        and hasattr(sampler, "interpolate")
        and getattr(sampler, "prior_", None) is None
    )


def walk_section(evaluation: Evaluation) -> Section:
    """Return images on the way from one latent to another."""
    sampler, labels = evaluation.sampler, _labels_to_walk(evaluation)
    latents = np.random.RandomState(evaluation.seed).normal(
        size=(2 * _N_WALKS, sampler.net_.latent_dim)
    )
    if labels is None:
        pairs = latents.reshape(_N_WALKS, 2, -1)
        rows = [(start, end, None) for start, end in pairs]
        names, what = "", "each row goes between two latents of its own"
    else:
        rows = [(latents[0], latents[1], label) for label in labels]
        names = f" The labels, from the top: {', '.join(map(str, labels))}."
        what = "a row a label, all between the same two latents"
    images = np.stack(
        [
            sampler.interpolate(start, end, _N_STEPS, y=y, space="latents")
            for start, end, y in rows
        ]
    ).reshape(len(rows), _N_STEPS, *(evaluation.image_shape or ()))
    display = LatentTraversalDisplay.from_images(images, ax=blank_axes())
    message = (
        "From one latent drawn at random to another, in equal steps. A sampler that "
        "has learnt changes images bit by bit; one that copies jumps between a few."
    )
    caption = f"Along a row the latent changes; {what}.{names}"
    picture = sheet(display.image_, f"A latent walk. {caption}")
    parts = [figure(picture, caption, class_="sheet codes")]
    return Section("walk", "Latent walk", message, parts)


def _labels_to_walk(evaluation: Evaluation) -> list | None:
    """Labels to make images under; None for a sampler without."""
    drawn = evaluation.sampler.sample(_N_DRAWN, random_state=evaluation.seed)
    if not isinstance(drawn, tuple):
        return None
    y = np.asarray(drawn[1])
    levels = np.unique(y, axis=0)
    # Of numbers, or of many classes, some that were drawn.
    few = levels if len(levels) <= _MAX_CLASSES else y[:_N_WALKS]
    return list(few)


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
