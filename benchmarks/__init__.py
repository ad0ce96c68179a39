"""Benchmarks: run one from the root, `python -m benchmarks.tables.adult`."""
