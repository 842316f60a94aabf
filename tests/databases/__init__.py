"""Tests of `cpt77092/databases`."""
