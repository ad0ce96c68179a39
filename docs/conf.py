"""Settings of the documentation's build."""

import importlib
import inspect
import os
from importlib.util import find_spec
from pathlib import Path

import skgan

os.environ.setdefault("OMP_NUM_THREADS", "2")

project = "skgan"
author = "the skgan developers"
copyright = "2026, the skgan developers"
version = release = skgan.__version__

extensions = [
    "numpydoc",
    "sphinx.ext.autodoc",
    "sphinx.ext.autosummary",
    # Equations show without a network, too.
    "sphinx-mathjax-offline",
    "sphinx_gallery.gen_gallery",
]
exclude_patterns = ["_build"]
templates_path = ["_templates"]
default_role = "literal"
language = "en"

autosummary_generate = True
autodoc_typehints = "none"
numpydoc_show_class_members = False

html_theme = "pydata_sphinx_theme"
html_title = "skgan"
html_show_sourcelink = False
# These have no pages below them to list.
_PAGES = (
    "quickstart",
    "how_it_works",
    "tables",
    "conditions",
    "codes",
    "images",
    "judging_images",
    "outliers",
    "diagnosing",
    "augmenting",
    "saving",
    "command_line",
    "choosing_parameters",
    "tuning",
    "article_gan",
    "architecture",
    "gallery/index",
)
html_sidebars = {page: [] for page in _PAGES}
html_theme_options = {
    "navigation_with_keys": False,
    "show_prev_next": False,
    "show_toc_level": 2,
    "header_links_before_dropdown": 7,
    "pygments_light_style": "tango",
    "pygments_dark_style": "github-dark",
}

sphinx_gallery_conf = {
    "examples_dirs": "../examples",
    "gallery_dirs": "gallery",
    "filename_pattern": r"plot_",
    "abort_on_example_error": True,
    "download_all_examples": False,
    "remove_config_comments": True,
    "show_memory": False,
    "write_computation_times": False,
    "backreferences_dir": "generated/examples",
    "doc_module": ("skgan",),
}

ROOMS = {
    "skgan": "Estimators",
    "skgan.encoding": "Encoders: data to tensors and back",
    "skgan.nets": "Nets: the alternating training",
    "skgan.modules": "Networks",
    "skgan.objectives": "Losses and penalties",
    "skgan.callbacks": "Callbacks",
    "skgan.metrics": "Metrics",
    "skgan.datasets": "Data sets",
    "skgan.plotting": "Plotting",
    "skgan.persistence": "Files of fitted estimators",
    "skgan.imblearn": "For imbalanced-learn",
}


def public_names(room: str) -> list[str]:
    """Classes and functions that a module names in ``__all__``."""
    module = importlib.import_module(room)
    return [
        name
        for name in getattr(module, "__all__", ())
        if inspect.isclass(getattr(module, name))
        or inspect.isfunction(getattr(module, name))
    ]


def write_reference(path: Path) -> None:
    """List every public name, room by room, for autosummary to document."""
    lines = ["API reference", "=============", ""]
    for room, title in ROOMS.items():
        names = public_names(room) if find_spec(room) else []
        if not names:
            continue
        lines += [title, "-" * len(title), "", f".. automodule:: {room}"]
        lines += ["   :no-members:", "", f".. currentmodule:: {room}", ""]
        lines += [".. autosummary::", "   :toctree: .", ""]
        lines += [f"   {name}" for name in names] + [""]
    path.parent.mkdir(exist_ok=True)
    text = "\n".join(lines)
    if not path.exists() or path.read_text(encoding="utf-8") != text:
        path.write_text(text, encoding="utf-8")


write_reference(Path(__file__).parent / "generated" / "reference.rst")


def skip_foreign(app, what, name, obj, skip, options):
    """Leave out what a class inherits from scikit-learn, skorch or PyTorch."""
    function = obj.fget if isinstance(obj, property) else obj
    module = getattr(function, "__module__", None)
    owner = getattr(function, "__objclass__", None)
    field = type(obj).__name__ == "_tuplegetter"  # told under Parameters
    foreign = owner is not None or (module and not module.startswith("skgan"))
    return True if field or (what == "class" and foreign) else None


def setup(app):
    """Connect what autodoc asks."""
    app.connect("autodoc-skip-member", skip_foreign)
