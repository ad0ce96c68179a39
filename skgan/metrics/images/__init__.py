"""Metrics of images, by features of a network that no sampler had a hand in."""
