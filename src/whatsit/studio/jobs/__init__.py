"""Long work in the background: imports, checks, training, deploying."""
