"""What may separate the cells of a text file."""

SEPARATORS = ",;\t|^~\x01\x1c\x1d\x1e\x1f\x02\x07\x14"
"""The usual ones, those of files in which cells hold the usual ones, and control characters: `^A`
of Hive, the separators of ASCII, and what programs write where no text has it."""
