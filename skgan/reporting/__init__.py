"""Reports on samplers: one page that says, and shows, how good their samples are.

They need matplotlib, ``pip install "skgan[plot]"``.
"""

from skgan.reporting._report import Report, report

__all__ = ["Report", "report"]
