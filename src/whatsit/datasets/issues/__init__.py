"""What can be wrong with a dataset: one file per issue, one table, one check."""
