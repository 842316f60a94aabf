"""Tests of `cpt77092/claims`."""
