"""A service that the payer does not cover.

Why: a payer that holds the service investigational, or leaves it out of its benefits, denies it;
what the patient then owes depends on a notice given beforehand.
Basis: the payer's coverage position on the code.
Clear: the service is covered, if only as an adjunct, or a contractor decides (CV003 speaks); or a
notice modifier (GA, GX, GY, GZ) says that the denial is expected.
Not checked: no coverage position in force for the payer and the date; no modifier columns, or a
modifier that cannot be read, where the service is not covered.
"""

from __future__ import annotations

import polars as pl

from cpt77092.rule import FAMILY, Denial, Remedy, Rule, Severity, param


def flag() -> pl.Expr:
    """The policy does not cover the service and no notice modifier is on the line."""
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
    message="{decided_by} says that {hcpcs_code} is {coverage}, and no notice modifier is there.",
    remedies=(
        Remedy(
            when=_is_investigational,
            text=(
                "Look in {payer_label}'s policy for an indication that it does cover; if the "
                "patient signed a notice beforehand, add its modifier (GA, GX, GY or GZ)."
            ),
        ),
        Remedy(
            text=(
                "Ask {payer_label} whether this plan covers it; if the patient signed a notice "
                "beforehand, add its modifier (GA, GX, GY or GZ)."
            ),
        ),
    ),
    group="CO",
    carc="96",
    rarc="N130",
    other_denials=(Denial(when=_is_investigational, carc="55", rarc="N130"),),
    since="0.2.0",
)
