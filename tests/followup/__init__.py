"""Tests of `cpt77092/followup`."""
