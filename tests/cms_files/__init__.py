"""Tests of `cpt77092/cms_files`."""
