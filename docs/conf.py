"""Settings of the documentation's build."""

import importlib
import inspect
import os
import sys
from importlib.util import find_spec
from pathlib import Path

import skgan

HERE = Path(__file__).resolve().parent
sys.path.insert(0, str(HERE))

from _markdown import to_rst  # noqa: E402

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
html_static_path = ["_static"]
html_css_files = ["skgan.css"]
# These have no pages beside them to list.
_PAGES = (
    "quickstart",
    "how_it_works",
    "pitfalls",
    "coming_from",
    "generated/results",
    "article_gan",
    "architecture",
    "gallery/index",
)
html_sidebars = {page: [] for page in _PAGES}
html_theme_options = {
    "navigation_with_keys": False,
    "show_prev_next": False,
    "show_toc_level": 2,
    "header_links_before_dropdown": 6,
    "pygments_light_style": "tango",
    "pygments_dark_style": "github-dark",
}

sphinx_gallery_conf = {
    "examples_dirs": "../examples",
    "gallery_dirs": "gallery",
    "filename_pattern": r"plot_",
    "within_subsection_order": "_gallery_order.position",
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
    "skgan.priors": "Priors: what a generator starts from",
    "skgan.rejection": "Rejection: which drawn rows are kept",
    "skgan.nets": "Nets: the alternating training",
    "skgan.modules": "Networks",
    "skgan.objectives": "Losses and penalties",
    "skgan.callbacks": "Callbacks",
    "skgan.metrics": "Metrics",
    "skgan.datasets": "Data sets",
    "skgan.plotting": "Plotting",
    "skgan.io": "Files of fitted estimators",
    "skgan.loader": "Batches",
    "skgan.reporting": "Reports",
    "skgan.imblearn": "For imbalanced-learn",
}


def public_names(room: str) -> tuple[list[str], list[str]]:
    """Classes and functions that a module names in ``__all__``, and what else it does.

    A module without one has what is defined in it.
    """
    module = importlib.import_module(room)
    names = getattr(module, "__all__", None) or [
        name
        for name, value in vars(module).items()
        if getattr(value, "__module__", None) == room and not name.startswith("_")
    ]
    made, values = [], []
    for name in names:
        value = getattr(module, name)
        if inspect.isclass(value) or inspect.isfunction(value):
            made.append(name)
        elif not inspect.ismodule(value) and not name.startswith("_"):
            values.append(name)
    return made, values


def describe_value(room: str, name: str) -> list[str]:
    """Say what a constant is: its value, or the names that a dict knows."""
    value = getattr(importlib.import_module(room), name)
    said = [f"``{value!r}``"]
    if isinstance(value, dict):
        said = [f'``"{key}"``' for key in sorted(value)]
    return [f".. data:: {name}", "", "   " + ", ".join(said), ""]


def write_reference(path: Path) -> None:
    """List every public name, room by room, for autosummary to document."""
    lines = ["API reference", "=============", ""]
    listed: set[int] = set()
    for room, title in ROOMS.items():
        if not find_spec(room):
            continue
        module = importlib.import_module(room)
        made, values = public_names(room)
        # What one room takes from another is documented once.
        made = [name for name in made if id(getattr(module, name)) not in listed]
        listed |= {id(getattr(module, name)) for name in made}
        lines += [title, "-" * len(title), "", f".. automodule:: {room}"]
        lines += ["   :no-members:", "", f".. currentmodule:: {room}", ""]
        lines += [".. autosummary::", "   :toctree: .", ""]
        lines += [f"   {name}" for name in made] + [""]
        for name in values:
            lines += describe_value(room, name)
    write_changed(path, "\n".join(lines))


def write_results(path: Path) -> None:
    """Make a page of the benchmarks' results, as they are committed."""
    text = (HERE.parent / "benchmarks" / "RESULTS.md").read_text(encoding="utf-8")
    title = "Benchmarks\n==========\n\n"
    body = to_rst(text.removeprefix("# Results\n"))
    write_changed(path, title + body)


def write_changed(path: Path, text: str) -> None:
    """Write a file unless it holds the text already, or Sphinx reads it again."""
    path.parent.mkdir(exist_ok=True)
    if not path.exists() or path.read_text(encoding="utf-8") != text:
        path.write_text(text, encoding="utf-8")


write_reference(HERE / "generated" / "reference.rst")
write_results(HERE / "generated" / "results.rst")


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
