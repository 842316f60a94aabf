"""What a claim line is: canonical columns, how cells are read, and how headers are understood."""
