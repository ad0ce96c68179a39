"""Vectors: numeric columns to networks and back."""
