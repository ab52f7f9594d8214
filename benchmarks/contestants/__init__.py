"""The programs ``make bench`` compares: each has ``prepare(model)``, which returns a function of picture paths."""
