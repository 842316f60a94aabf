"""Service not covered by the payer, and no ABN modifier.

Why: the payer denies a service that it considers investigational or excludes. Whether the patient
can be billed depends on an ABN signed beforehand.
Basis: the payer's coverage position on the code.
Clear: the service is covered, if only as an adjunct; a contractor decides (CV003); or an ABN
modifier (GA, GX, GY, GZ) shows that the denial is expected.
Not checked: no coverage position in effect for the payer and date; where the service is not
covered, no modifier columns or an unreadable modifier.
"""

from __future__ import annotations

import polars as pl

from cpt77092.rule import FAMILY, Denial, Remedy, Rule, Severity, param


def flag() -> pl.Expr:
    """The policy does not cover the service and the line has no ABN modifier."""
    is_left_out = param("coverage").is_in(["investigational", "not_covered"])
    return is_left_out & ~pl.col("has_notice_modifier")


def _is_investigational() -> pl.Expr:
    return param("coverage") == "investigational"


RULE = Rule(
    doc=__doc__ or "",
    code="CV001",
    name="service-not-covered",
    severity=Severity.WARNING,
    codes=FAMILY,
    flag=flag,
    parameter="coverage",
    message=(
        "{decided_by} considers {hcpcs_code} {coverage}; the line has no ABN modifier (GA, GX, "
        "GY, GZ)."
    ),
    remedies=(
        Remedy(
            when=_is_investigational,
            text=(
                "Check {payer_label}'s policy for a covered indication; with a signed ABN, add "
                "GA, or GX if it was voluntary."
            ),
        ),
        Remedy(
            text=(
                "Ask {payer_label} whether this plan covers it; with a signed ABN, add GA, or "
                "GX if it was voluntary."
            ),
        ),
    ),
    group="CO",
    carc="96",
    rarc="N130",
    other_denials=(Denial(when=_is_investigational, carc="55", rarc="N130"),),
    since="0.2.0",
)
