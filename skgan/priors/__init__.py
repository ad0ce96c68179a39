"""What a generator starts from: distributions of rows that are learnt in seconds.

Plain arrays and a schema of columns come in. Adding a prior is one class and one line
in `PRIORS`; the normal latent of a network is none of them.
"""

from ._base import BasePrior, ConditionalDraw, LevelColumn, NumberColumn, Schema
from ._conditional_trees import ConditionalTrees
from ._numbers import find_repeated
from ._tree_prior import TreesPrior

PRIORS: dict[str, type[BasePrior]] = {"trees": TreesPrior}

__all__ = [
    "PRIORS",
    "BasePrior",
    "ConditionalDraw",
    "ConditionalTrees",
    "LevelColumn",
    "NumberColumn",
    "Schema",
    "TreesPrior",
    "find_repeated",
]
