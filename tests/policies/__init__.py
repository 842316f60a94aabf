"""Tests of `cpt77092/policies`."""
