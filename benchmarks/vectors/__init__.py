"""Benchmarks of samplers of vectors."""
