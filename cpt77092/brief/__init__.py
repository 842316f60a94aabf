"""The publication on CPT 77092 as a document, composed from the policies and hospital prices."""

from cpt77092.brief.compose import compose
from cpt77092.brief.one_page import one_page

__all__ = ["compose", "one_page"]
