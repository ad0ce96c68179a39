"""Benchmarks of samplers of tables."""
