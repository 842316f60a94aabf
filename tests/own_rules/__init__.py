"""Rules of the user's own: conditions, files, and what a run does with them."""
