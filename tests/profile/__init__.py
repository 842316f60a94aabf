"""Tests of `cpt77092/profile`."""
