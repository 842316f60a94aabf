"""A document (headings, statements, tables, charts) as text, Markdown, HTML and JSON."""
