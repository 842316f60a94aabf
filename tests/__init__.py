"""Tests; run with `python -m pytest`."""
