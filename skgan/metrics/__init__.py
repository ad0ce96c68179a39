"""How good samples are, and whether they were copied."""

from ._distances import energy_distance
from ._reference import ReferenceSpace

__all__ = ["ReferenceSpace", "energy_distance"]
