"""Claim scrubber for CPT 77092, the trabecular bone score family and modifier 26."""

__version__ = "0.4.0"
