"""Tests of `cpt77092/facts`."""
