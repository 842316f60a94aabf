"""Tests of `cpt77092/analysis`."""
