"""Tests of `scrub fix`."""
