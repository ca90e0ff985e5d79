"""Metrics: pure functions from arrays to numbers, one paper a file."""
