"""Longer measurements, whose figures the documentation quotes: ``python -m benchmarks.figures.NAME``."""
