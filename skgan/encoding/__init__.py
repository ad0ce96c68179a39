"""Encoders: from a user's data to standardised rows of numbers, and back.

Each is a scikit-learn transformer with an ``inverse_transform`` that returns what
``fit`` was given: the container, the columns, the dtypes, the range.
"""

from skgan.encoding._base import BaseEncoder

# Names that are not in __all__ are for other rooms.
from skgan.encoding._check_rows import check_frame as check_frame
from skgan.encoding._check_rows import check_rows as check_rows
from skgan.encoding._column_conditions import AnyOf as AnyOf
from skgan.encoding._column_conditions import Choice as Choice
from skgan.encoding._column_conditions import Conditions as Conditions
from skgan.encoding._column_conditions import Interval as Interval
from skgan.encoding._column_conditions import PartialItems as PartialItems
from skgan.encoding._column_conditions import PartialValues as PartialValues
from skgan.encoding._column_conditions import Value as Value
from skgan.encoding._column_conditions import at_rows as at_rows
from skgan.encoding._column_conditions import collect_rows as collect_rows
from skgan.encoding._column_conditions import keeps_to as keeps_to
from skgan.encoding._image import ImageEncoder
from skgan.encoding._select import make_encoder
from skgan.encoding.constraints._computed import DateParts, Derived, Product
from skgan.encoding.constraints._constraints import (
    FixedCombinations,
    Inequality,
    Positive,
    Range,
    Threshold,
    Unique,
)
from skgan.encoding.dependencies._orders import find_orders as find_orders
from skgan.encoding.labels._labelled_table import (
    LabelledTableEncoder as LabelledTableEncoder,
)
from skgan.encoding.labels._labels import Labels as Labels
from skgan.encoding.table._absences import find_absences as find_absences
from skgan.encoding.table._all_rows import read_source as read_source
from skgan.encoding.table._learn_columns import find_identifiers as find_identifiers
from skgan.encoding.table._row_encoder import TableLayout
from skgan.encoding.table._table import TableEncoder
from skgan.encoding.vector._vector import VectorEncoder

__all__ = [
    "BaseEncoder",
    "DateParts",
    "Derived",
    "FixedCombinations",
    "ImageEncoder",
    "Inequality",
    "Positive",
    "Product",
    "Range",
    "TableEncoder",
    "TableLayout",
    "Threshold",
    "Unique",
    "VectorEncoder",
    "make_encoder",
]
