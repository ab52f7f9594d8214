"""The demonstration scene, drawn in code."""
