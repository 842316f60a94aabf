"""Tests of `cpt77092/findings`."""
