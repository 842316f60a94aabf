"""CSV and other text files."""
