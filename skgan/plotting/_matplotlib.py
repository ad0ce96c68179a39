"""matplotlib, asked for only when something is drawn."""

from __future__ import annotations

# Blue and vermilion of Okabe and Ito, which colour-blind readers tell apart.
FIRST_COLOR, SECOND_COLOR = "#0072B2", "#D55E00"


def get_axes(ax, caller: str, size: tuple[float, float]):
    """Return `ax`, or the axes of a new figure of `size` inches if it is None.

    Raises
    ------
    ImportError
        If matplotlib is not installed.
    """
    if ax is not None:
        return ax
    try:
        import matplotlib.pyplot as plt
    except ImportError as error:
        raise ImportError(
            f"{caller} draws with matplotlib, which is not installed. Install it "
            'with: pip install "skgan[plot]"'
        ) from error
    return plt.subplots(figsize=size, layout="constrained")[1]
