"""Tests of `cpt77092/readers`."""
