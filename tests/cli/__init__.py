"""Tests of `cpt77092/cli`."""
