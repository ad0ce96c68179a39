"""Files that are written whole, and read without executing anything.

An archive of fixed form (`_archive`), JSON (`_json`) and arrays (`_tensors`) in it,
and plain values to these and back (`_values`, `_arrays`).
"""
