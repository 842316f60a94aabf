"""Claims read from a database by a query, and findings written to a table."""
