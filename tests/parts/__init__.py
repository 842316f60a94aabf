"""Tests of lines that are checked apart."""
