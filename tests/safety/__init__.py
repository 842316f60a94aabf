"""Promises about files, settings, signals and bombs: see README.md here."""
