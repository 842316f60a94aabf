"""Tests of `cpt77092/reference`."""
