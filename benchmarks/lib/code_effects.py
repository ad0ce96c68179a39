"""What a continuous code does to drawn digits, in numbers.

A code goes from -1 to 1 while category, latent and the other codes stay; how that
changes slant, width, height, stroke and ink, each from moments of the image, is counted
in standard deviations of real digits of one kind.
"""

import numpy as np

ATTRIBUTES = ("slant", "width", "height", "stroke", "ink")
STEPS = 5
# Rows a category.
_N_LATENTS = 20
_PAPER = 0.1


def attributes(images):
    """Return slant, width, height, stroke and ink of uint8 images, (n, 5).

    Slant is the shear of the second moments, positive to the right; width is the
    standard deviation of the ink about the slanted axis, height that along the
    vertical; stroke is twice the ink by the length of its outline.
    """
    ink = images.reshape(-1, 28, 28) / 255.0
    ink[ink < _PAPER] = 0
    places = np.arange(28.0)
    total = np.maximum(ink.sum((1, 2)), 1e-6)
    lines, columns = ink.sum(2) / total[:, None], ink.sum(1) / total[:, None]
    down = places - (lines @ places)[:, None]
    right = places - (columns @ places)[:, None]
    height = np.maximum((lines * down**2).sum(1), 1e-3)
    both = np.einsum("nij,ni,nj->n", ink, down, right) / total
    width = np.maximum((columns * right**2).sum(1) - both**2 / height, 0)
    padded = np.pad(ink, ((0, 0), (1, 1), (1, 1)))
    slopes = np.diff(padded, axis=1)[:, :, 1:] ** 2 + np.diff(padded)[:, 1:] ** 2
    outline = np.maximum(np.sqrt(slopes).sum((1, 2)), 1e-6)
    columns = [-both / height, width**0.5, height**0.5, 2 * total / outline, total]
    return np.stack(columns, axis=1)


def spread_within(images, digits):
    """Return the standard deviations of the attributes within a digit, (5,)."""
    found = attributes(images)
    variances = [found[digits == digit].var(axis=0) for digit in range(10)]
    return np.mean(variances, axis=0) ** 0.5


def effects(sampler, spread):
    """Measure each continuous code of a sampler.

    Parameters
    ----------
    sampler : InfoGANSampler
        Fitted to MNIST.
    spread : ndarray of shape (5,)
        Of `spread_within`.

    Returns
    -------
    list of dict
        For each code: ``pixels``, its share of the variance of the pixels within a
        category; ``effects``, by attribute, the mean change from -1 to 1 in standard
        deviations; ``agree``, the share of rows in which the attribute that changes
        most changes that way.
    """
    categories = np.repeat(np.arange(sampler.n_categories), _N_LATENTS)
    shape = len(categories), sampler.n_continuous
    others = np.random.default_rng(0).uniform(-1, 1, shape)
    return [
        _effect(sampler, spread, categories, others, code)
        for code in range(sampler.n_continuous)
    ]


def _effect(sampler, spread, categories, others, code):
    steps = []
    for value in np.linspace(-1, 1, STEPS):
        numbers = others.copy()
        numbers[:, code] = value
        codes = np.column_stack([categories, numbers])
        steps.append(sampler.sample(codes=codes, random_state=0))
    change = (attributes(steps[-1]) - attributes(steps[0])) / spread
    mean = change.mean(axis=0)
    first = np.abs(mean).argmax()
    pixels = np.stack(steps).reshape(STEPS, sampler.n_categories, _N_LATENTS, -1) / 255
    along, within = pixels.var(axis=0), pixels.var(axis=(0, 2))
    return {
        "pixels": float(along.mean(axis=(0, 1)).sum() / within.mean(axis=0).sum()),
        "effects": dict(zip(ATTRIBUTES, mean.tolist(), strict=True)),
        "agree": float((np.sign(change[:, first]) == np.sign(mean[first])).mean()),
    }
