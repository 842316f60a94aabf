"""Lines of institutional claims (UB-04, 837I) in a table of professional ones.

They have no place of service and no rendering provider, so they are set aside, not checked.
"""

from __future__ import annotations

from collections.abc import Iterable
from functools import lru_cache

import polars as pl

from cpt77092.claims.cells import cell_text
from cpt77092.claims.headers.other_columns import other_columns

_INSTITUTIONAL = {"institutional", "inst", "i", "837i", "ub", "ub04", "ub-04", "ub92", "facility"}
_PROFESSIONAL = {"professional", "prof", "p", "837p", "cms1500", "cms-1500", "hcfa", "hcfa1500"}
_BILL_TYPE_FORM = r"^0?[1-8][0-9][0-9A-Z]$"
_REVENUE_FORM = r"^0?[1-9][0-9]{2}(?:\.0)?$"
_PROFESSIONAL_FEES = r"^0?9[678][0-9]"
"""Revenue codes of professional fees, which hospitals bill on professional claims."""


def claim_type_columns(headers: Iterable[str]) -> dict[str, tuple[str, ...]]:
    """The headers that `is_institutional` reads: of a claim type, a bill type, a revenue code."""
    return other_columns("institutional", {header: header for header in headers})


@lru_cache(maxsize=256)  # files of one folder have the same headers
def is_institutional(headers: tuple[str, ...], place: str | None) -> pl.Expr | None:
    """Which rows of a table are lines of institutional claims; None where it does not say.

    A claim type decides; else a bill type or a revenue code on a line without a place of service.

    Args:
        headers: of the table.
        place: the header of the place of service.
    """
    columns = claim_type_columns(headers)
    types, bills, revenues = (
        [cell_text(header) for header in columns.get(name, ())]
        for name in ("claim_type", "bill_type", "revenue_code")
    )
    signs = [cell.str.contains(_BILL_TYPE_FORM) for cell in bills]
    signs += [
        cell.str.contains(_REVENUE_FORM) & ~cell.str.contains(_PROFESSIONAL_FEES)
        for cell in revenues
    ]
    if not (types or signs):
        return None
    has_sign = pl.any_horizontal(signs) if signs else pl.lit(value=False)
    if place is not None:
        has_sign &= cell_text(place) == ""
    for cell in types:
        lower = cell.str.to_lowercase()
        stated = pl.when(lower.is_in(_INSTITUTIONAL)).then(True)  # noqa: FBT003
        has_sign = stated.when(lower.is_in(_PROFESSIONAL)).then(False).otherwise(has_sign)  # noqa: FBT003
    return has_sign.fill_null(value=False)
