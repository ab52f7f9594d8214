"""One file a page: its address, its requests, nothing else."""
