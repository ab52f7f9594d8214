"""From embeddings to class scores: linear heads, their learners, the thresholds of *unknown*."""
