"""Constraints on the rows of a table: declared, checked, repaired in samples."""
