"""Tests of `cpt77092/grading`."""
