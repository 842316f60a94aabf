"""Benchmarks of a batch by payer and month: the figures, and the document that shows them."""

from cpt77092.profile.compose import compose
from cpt77092.profile.measures import profile

__all__ = ["compose", "profile"]
