"""The order of the gallery: what one starts with comes first."""

from pathlib import Path

ORDER = (
    # Rows like those one has.
    "digits",
    "mixture",
    "table",
    "marginals",
    "messy_csv",
    "missing",
    "densities",
    # Rows that one asks for.
    "conditional_digits",
    "ranges",
    "infogan",
    "interpolation",
    # What they are for.
    "augmentation",
    "smote",
    "outliers",
    # Whether they are any good.
    "report",
    "embedding",
    "copying",
    "nearest",
    "search",
    # Training.
    "early_stopping",
    "checkpoint",
    "own_network",
    "mnist_vanilla",
)


def position(filename: str) -> tuple[int, str]:
    """Return what to sort a script by; those not listed come last."""
    name = Path(filename).stem.removeprefix("plot_")
    return (ORDER.index(name) if name in ORDER else len(ORDER)), name
