"""Our HTML templates; they escape every text."""

from __future__ import annotations

from jinja2 import Environment, PackageLoader, StrictUndefined

from cpt77092.text import count, dollars, is_address, payer_text, safe


def environment() -> Environment:
    """The templates: autoescape on, unknown names are errors, `safe_text` for text from data.

    They may use the functions that word numbers and payers.
    """
    templates = Environment(
        loader=PackageLoader("cpt77092.reports"),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    templates.filters["safe_text"] = safe
    templates.globals |= {one.__name__: one for one in (count, dollars, is_address, payer_text)}
    return templates
