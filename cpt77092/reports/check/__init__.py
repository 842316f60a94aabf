"""The report of a check: one module per kind of output."""
