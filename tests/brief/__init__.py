"""Tests of `cpt77092/brief`."""
