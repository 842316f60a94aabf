"""Tests of `cpt77092/reports`."""
