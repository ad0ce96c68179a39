"""matplotlib, asked for only when something is drawn."""

from __future__ import annotations

from importlib import import_module

# Blue and vermilion of Okabe and Ito, which colour-blind readers tell apart.
FIRST_COLOR, SECOND_COLOR = "#0072B2", "#D55E00"


def check_matplotlib(caller: str) -> None:
    """Raise unless matplotlib is there."""
    try:
        import_module("matplotlib")
    except ImportError as error:
        raise ImportError(
            f"{caller} draws with matplotlib, which is not installed. Install it "
            'with: pip install "skgan[plot]"'
        ) from error


def get_axes(ax, caller: str, size: tuple[float, float]):
    """Return `ax`, or the axes of a new figure of `size` inches if it is None."""
    if ax is not None:
        return ax
    check_matplotlib(caller)
    from matplotlib import pyplot as plt

    return plt.subplots(figsize=size, layout="constrained")[1]
