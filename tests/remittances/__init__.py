"""Tests of `cpt77092/remittances`."""
