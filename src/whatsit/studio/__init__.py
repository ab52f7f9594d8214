"""Teach and watch in a browser: the only package that imports FastAPI."""
