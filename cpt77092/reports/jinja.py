"""What every HTML page of ours is made with: templates that escape every text."""

from __future__ import annotations

from jinja2 import Environment, PackageLoader, StrictUndefined

from cpt77092.text import safe


def environment() -> Environment:
    """Our templates: autoescape on, an unknown name is a mistake, `safe_text` for text of data."""
    made = Environment(
        loader=PackageLoader("cpt77092.reports"),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    made.filters["safe_text"] = safe
    return made
