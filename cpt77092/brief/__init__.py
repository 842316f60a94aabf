"""The publication on CPT 77092 as a document: what is on file, section by section, with sources.

It is made of the policies alone: their `brief` statements, and their values in force on a day.
Nothing about a payer stands in this folder, and nothing about how a page looks (see `reports`).
"""

from cpt77092.brief.compose import compose
from cpt77092.brief.document import Brief, Chart, Column, Row, Section, Series, Statement, Table

__all__ = ["Brief", "Chart", "Column", "Row", "Section", "Series", "Statement", "Table", "compose"]
