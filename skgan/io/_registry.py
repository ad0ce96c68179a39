"""What a file may hold: names of classes, and the attributes of each.

A file names a class by its key here, never by where it is found. An instance is made
without calling anything, and gets the attributes listed and no others; none of these
is a method or a property of its class. Adding a class is one entry.
"""

from __future__ import annotations

import inspect
from functools import cache
from importlib import import_module
from typing import Any, NamedTuple

from skgan.modules import DISCRIMINATORS, GENERATORS, CodeHead
from skgan.storage._errors import ContentError

_FEATURES = "n_features_in_ feature_names_in_ _n_features_out"
_ENCODER = f"{_FEATURES} output_builder_ tensor_shape_"
_SAMPLER = (
    f"{_FEATURES} encoder_ net_ _seeds _reference _stream _conditions history_ n_iter_ "
    "inverter_"
)
_AUGMENTED = (
    "n_features_in_ feature_names_in_ classes_ estimator_ sampler_ n_synthetic_"
)
_DEPENDENCY = "target sources kind"
_TABLE_ENCODER = (
    f"{_ENCODER} layout_ condition_columns_ dependencies_ _columns _dtype _index "
    "_discrete _rows _slots"
)
_TABLE_OUTPUT = (
    "library names row_shape columns dtype dependencies repairs fill repaired_share"
)
_CONDITIONS = "given width starts widths codes is_given counts n_labels"
_REPAIR = "names title"
_COLUMN = "name column_format step"

# Module (within skgan), name there, attributes besides parameters of an estimator.
# What is left out, behind a bar, is worked out anew by those who need it.
_ENTRIES: dict[str, tuple[str, str]] = {
    "GANSampler": ("samplers._gan:GANSampler", _SAMPLER),
    "ConditionalGANSampler": ("samplers._conditional:ConditionalGANSampler", _SAMPLER),
    "GANOutlierDetector": (
        "samplers._outlier:GANOutlierDetector",
        "n_features_in_ feature_names_in_ sampler_ n_iter_ offset_ _units",
    ),
    "Inverter": (
        "samplers._inversion:Inverter",
        "encoder row_variance feature_variance feature_weight",
    ),
    "InfoGANSampler": ("samplers._infogan:InfoGANSampler", f"{_SAMPLER} labels_"),
    "CodeConditions": (
        "samplers._conditions:CodeConditions",
        "category_width number_width | coordinates",
    ),
    "SamplerPerClass": ("augmentation._class_sampling:SamplerPerClass", "samplers_"),
    "AugmentedClassifier": ("augmentation._augmented:AugmentedClassifier", _AUGMENTED),
    "AugmentedRegressor": ("augmentation._augmented:AugmentedRegressor", _AUGMENTED),
    "GANOverSampler": (
        "imblearn:GANOverSampler",
        "n_features_in_ feature_names_in_ sampler_ sampling_strategy_",
    ),
    "Seeds": ("samplers._base:Seeds", ""),
    "RandomConditionMask": ("samplers._conditions:RandomConditionMask", "given share"),
    "SampledMaskMatching": ("samplers._conditions:SampledMaskMatching", "matching"),
    "TableConditions": (
        "samplers._conditions:TableConditions",
        f"{_CONDITIONS} | masks",
    ),
    "LabelConditions": (
        "samplers._conditions:LabelConditions",
        "labels rows_ ends_ condition_dim | groups encoded",
    ),
    "LabelledTableConditions": (
        "samplers._conditions:LabelledTableConditions",
        f"{_CONDITIONS} labels rows_ ends_ | groups masks",
    ),
    "MomentMatching": (
        "objectives._moments:MomentMatching",
        "weight n_numbers centres fine_centres paired shares pairs share_weights "
        "pair_weights",
    ),
    "ConditionalMoments": ("modules._conditional_moments:ConditionalMoments", ""),
    "Loss": ("objectives._losses:Loss", ""),
    "Penalty": ("objectives._penalties:Penalty", ""),
    "ImageFeatures": (
        "metrics.images._image_features:ImageFeatures",
        f"{_FEATURES} encoder_ classes_ weights_ center_ scale_ n_iter_",
    ),
    "ReferenceSpace": (
        "metrics._reference:ReferenceSpace",
        "_framed _columns _like n_columns_",
    ),
    "StandardColumns": (
        "metrics._reference:_StandardColumns",
        "origin has_missing mean scale",
    ),
    "OneHotColumn": ("metrics._reference:_OneHotColumn", "codes n_levels"),
    "Block": ("metrics._blocks:Block", "labels values shared_scale"),
    "VectorEncoder": (
        "encoding.vector._vector:VectorEncoder",
        f"{_ENCODER} missing_rate_ minimum_ maximum_ is_whole_ _unit _varies _may_miss "
        "_fill _center _scale rotation_ columns_ color_ _whiten",
    ),
    "ImageEncoder": ("encoding._image:ImageEncoder", f"{_ENCODER} pixel_range_"),
    "TableEncoder": (
        "encoding.table._table:TableEncoder",
        f"{_TABLE_ENCODER} | _reservoir",
    ),
    "LabelledTableEncoder": (
        "encoding.labels._labelled_table:LabelledTableEncoder",
        f"{_TABLE_ENCODER} _labels _targets _bounds _some_label | _target _reservoir",
    ),
    "LabelName": ("encoding.labels._labelled_table:LabelName", ""),
    "TargetColumn": (
        "encoding.labels._labelled_table:TargetColumn",
        "name kind step labels",
    ),
    "ArrayOutputBuilder": (
        "frames._writer:ArrayOutputBuilder",
        "row_shape dtype is_whole",
    ),
    "FrameOutputBuilder": (
        "frames._writer:FrameOutputBuilder",
        "library names formats is_whole storages",
    ),
    "TableOutputBuilder": (
        "encoding.table._table_output:TableOutputBuilder",
        _TABLE_OUTPUT,
    ),
    "LabelledOutputBuilder": (
        "encoding.labels._labelled_table:LabelledOutputBuilder",
        _TABLE_OUTPUT,
    ),
    "Labels": (
        "encoding.labels._labels:Labels",
        "kind columns_ output_builder_ class_widths_ condition_dim_",
    ),
    "ClassLabels": (
        "encoding.labels._label_columns:ClassLabels",
        "classes_ width _codes",
    ),
    "NumberLabels": (
        "encoding.labels._label_columns:NumberLabels",
        "is_whole minimum_ maximum_ mean_ scale_ _scores _unit",
    ),
    "LabelOutputBuilder": (
        "encoding.labels._label_output:LabelOutputBuilder",
        "frame library dtypes names dtype is_flat n_columns",
    ),
    "NormalScores": (
        "encoding.vector._normal_scores:NormalScores",
        "tolerance min_repeats min_share atoms_ atom_ranks_ values_ scores_ tails_",
    ),
    "NumberEncoder": (
        "encoding.table._column_encoders:NumberEncoder",
        "step decimals minimum_ maximum_ _unit map_",
    ),
    "LevelEncoder": (
        "encoding.table._column_encoders:LevelEncoder",
        "values_ has_missing_ shares_ n_codes _decoded",
    ),
    "GroupedLevelEncoder": (
        "encoding.table._column_encoders:GroupedLevelEncoder",
        "n_groups levels_ groups_ n_codes order_ _top _bottom _rank _label shares_",
    ),
    "MissingPatternEncoder": (
        "encoding.table._missing_patterns:MissingPatternEncoder",
        "max_levels patterns_ widths_",
    ),
    "RowEncoder": (
        "encoding.table._row_encoder:RowEncoder",
        "max_levels _template _gaps _patterns layout_ slots_ _pattern_blocks",
    ),
    "ColumnSlice": ("encoding.table._row_encoder:ColumnSlice", ""),
    "TableLayout": ("encoding.table._row_encoder:TableLayout", ""),
    "TimeUnit": ("encoding.table._columns:TimeUnit", ""),
    "NumberColumn": (
        "encoding.table._columns:NumberColumn",
        f"{_COLUMN} offset decimals span factor",
    ),
    "LevelColumn": (
        "encoding.table._columns:LevelColumn",
        f"{_COLUMN} kind levels _by_key _by_value",
    ),
    "TimeColumn": (
        "encoding.table._columns:TimeColumn",
        f"{_COLUMN} kind time_unit origin",
    ),
    "IdentifierColumn": (
        "encoding.table._identifiers:IdentifierColumn",
        f"{_COLUMN} classes seen templates",
    ),
    "ColumnFormat": (
        "frames._formats:ColumnFormat",
        "kind to_column storage unit levels is_closed decimals is_time_of_day",
    ),
    "ToArray": ("frames._formats:ToArray", "dtype"),
    "ToObjects": ("frames._formats:ToObjects", "make sentinel to_series"),
    "TakeLevel": ("frames._objects:TakeLevel", "levels"),
    "MakeDecimal": ("frames._objects:MakeDecimal", "quantum"),
    "MakeDatetime": ("frames._objects:MakeDatetime", "kind zone"),
    "ToPandasCategorical": ("frames._pandas:ToPandasCategorical", "dtype"),
    "ToPandasLevels": ("frames._pandas:ToPandasLevels", "levels missing_code"),
    "ToPandasMasked": ("frames._pandas:ToPandasMasked", "dtype storage"),
    "ToPandasZoned": ("frames._pandas:ToPandasZoned", "to_naive dtype are_midnights"),
    "ToPandasPeriod": ("frames._pandas:ToPandasPeriod", "dtype"),
    "ToPandasSparse": ("frames._pandas:ToPandasSparse", "to_dense dtype"),
    "ToPandasArrow": ("frames._pandas:ToPandasArrow", "dtype"),
    "ToPolarsColumn": ("frames._polars:ToPolarsColumn", "dtype keeps_nan"),
    "ToPolarsZoned": (
        "frames._polars:ToPolarsZoned",
        "dtype keeps_nan are_midnights",
    ),
    "ToPolarsLevels": ("frames._polars:ToPolarsLevels", "levels dtype"),
    "ToPolarsObjects": ("frames._polars:ToPolarsObjects", ""),
    "Rounding": ("encoding.dependencies._relations:Rounding", "decimals is_single"),
    "LinearDependency": (
        "encoding.dependencies._relations:LinearDependency",
        f"{_DEPENDENCY} weights constant rounding",
    ),
    "FunctionDependency": (
        "encoding.dependencies._relations:FunctionDependency",
        f"{_DEPENDENCY} keys values value_of_missing commonest is_discrete",
    ),
    "Inequality": ("encoding.constraints._constraints:Inequality", "low high strict"),
    "FixedCombinations": (
        "encoding.constraints._constraints:FixedCombinations",
        "names",
    ),
    "Range": ("encoding.constraints._constraints:Range", "column low high"),
    "Positive": ("encoding.constraints._constraints:Positive", "column strict"),
    "Unique": ("encoding.constraints._constraints:Unique", "names"),
    "InequalityRepair": (
        "encoding.constraints._repairs:InequalityRepair",
        f"{_REPAIR} is_strict lows highs grids",
    ),
    "RangeRepair": (
        "encoding.constraints._repairs:RangeRepair",
        f"{_REPAIR} low high is_strict nearest",
    ),
    "CombinationRepair": (
        "encoding.constraints._joint_repairs:CombinationRepair",
        f"{_REPAIR} values combinations counts order",
    ),
    "UniqueRepair": (
        "encoding.constraints._joint_repairs:UniqueRepair",
        f"{_REPAIR} is_discrete levels grids order",
    ),
}

# Names that are imported, and sizes that memory is taken by.
_LIBRARIES = (None, "pandas", "polars")
_CHOICES: dict[str, tuple] = {"library": _LIBRARIES, "frame": _LIBRARIES}
_LARGEST = {
    "n_levels": 2**16,
    "category_width": 2**16,
    "number_width": 2**16,
    "n_codes": 2**24,
    "width": 2**24,
    "condition_dim": 2**24,
    "condition_dim_": 2**24,
    "n_columns": 2**24,
    "n_columns_": 2**24,
    "n_features_in_": 2**30,
    "_n_features_out": 2**30,
}

# Classes and functions that are saved as such, by their names.
_DEFINITIONS = {
    "loader": ("BatchLoader", "OrderedLoader", "TensorData"),
    "frames._objects": ("make_date", "make_duration", "make_time"),
}
_OPTIMIZERS = ("Adam", "AdamW", "NAdam", "RAdam", "Adamax", "Adagrad", "RMSprop", "SGD")
_OBJECTIVES = ("_losses", "_penalties", "_augmentations", "_perturbations")


class Entry(NamedTuple):
    """A class, what its instances may hold, and what is not kept of them."""

    name: str
    kind: type
    attributes: frozenset[str]
    dropped: frozenset[str]


@cache
def entry_of(name: str) -> Entry:
    """Return the entry of a name.

    Raises
    ------
    ContentError
        If there is none.
    """
    if name not in _ENTRIES:
        raise ContentError(f"{name!r:.80} is no class that files may hold.")
    place, attributes = _ENTRIES[name]
    module, _, attribute = place.partition(":")
    kind = getattr(import_module(f"skgan.{module}"), attribute)
    kept, _, dropped = attributes.partition("|")
    names = set(kept.split())
    if hasattr(kind, "get_params"):
        names |= set(inspect.signature(kind).parameters)
    return Entry(name, kind, frozenset(names), frozenset(dropped.split()))


def find_entry(kind: type) -> Entry | None:
    """Return the entry of a class; None if it has none."""
    for name, (place, _) in _ENTRIES.items():
        # Only the module that defines a class is asked, so that none is imported.
        module, _, attribute = place.partition(":")
        if (kind.__module__, kind.__qualname__) == (f"skgan.{module}", attribute):
            return entry_of(name)
    return None


def check_value(name: str, value: Any) -> None:
    """Raise a ContentError if an attribute of that name cannot have that value."""
    if name in _CHOICES and not any(value is c or value == c for c in _CHOICES[name]):
        raise ContentError(f"{name} cannot be {value!r:.80}.")
    if name in _LARGEST and not (type(value) is int and 0 <= value <= _LARGEST[name]):
        raise ContentError(f"{name} cannot be {value!r:.80}.")


@cache
def is_plain(kind: type, attribute: str) -> bool:
    """Whether an attribute is data: no method, property or dunder of its class."""
    if attribute.startswith("__"):
        return False
    found = inspect.getattr_static(kind, attribute, None)
    return not (callable(found) or hasattr(found, "__get__"))


@cache
def definitions() -> dict[str, Any]:
    """Return the classes and functions that files may name."""
    torch = import_module("torch")
    found: dict[str, Any] = {kind.__name__: kind for kind in (bool, int, float)}
    for module, names in _DEFINITIONS.items():
        source = import_module(f"skgan.{module}")
        found |= {name: getattr(source, name) for name in names}
    found |= {name: getattr(torch.optim, name) for name in _OPTIMIZERS}
    for kind in (*GENERATORS.values(), *DISCRIMINATORS.values(), CodeHead):
        found[kind.__name__] = kind
    for part in _OBJECTIVES:
        source = import_module(f"skgan.objectives.{part}")
        found |= {
            name: value
            for name, value in vars(source).items()
            if inspect.isfunction(value) and value.__module__ == source.__name__
        }
    return found
