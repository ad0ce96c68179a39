"""Benchmarks of samplers of images."""
