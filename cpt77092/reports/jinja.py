"""Our HTML templates; they escape every text."""

from __future__ import annotations

from jinja2 import Environment, PackageLoader, StrictUndefined

from cpt77092.text import safe


def environment() -> Environment:
    """The templates: autoescape on, unknown names are errors, `safe_text` for text from data."""
    templates = Environment(
        loader=PackageLoader("cpt77092.reports"),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    templates.filters["safe_text"] = safe
    return templates
