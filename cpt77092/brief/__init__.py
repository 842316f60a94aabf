"""The publication on CPT 77092 as a document, composed from the policies and hospital prices."""

from cpt77092.brief.compose import compose

__all__ = ["compose"]
