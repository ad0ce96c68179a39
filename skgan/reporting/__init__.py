"""Reports on samplers: one page that says, and shows, how good their samples are.

They need matplotlib, ``pip install "skgan[plot]"``.
"""

from skgan.reporting._report import Report, report

# For the command line; not part of the public surface.
from skgan.reporting._report import compose as compose

__all__ = ["Report", "report"]
