"""Facts of the place of service."""

from __future__ import annotations

import polars as pl

from cpt77092.facts.fact import Context, Fact, is_on_list, list_on_date, list_text
from cpt77092.reference.codes import assigned_places

_ACCEPTED = ("policy.place_of_service",)


@Fact(background=("claim_line_start_date",)).of
def place_list(context: Context) -> pl.Expr:
    """The number of the list of POS codes that holds on the date; 0 is the shipped one."""
    return list_on_date(listed.first_day for listed in context.place_lists)


@Fact(reads=("place_of_service_code", "place_list")).of
def place_is_assigned(context: Context) -> pl.Expr:
    """CMS has assigned the POS code; a blank one is not assigned.

    Before the first day of a newer list a code of that list may be assigned already.
    """
    lists = [assigned_places(), *(frozenset(one.codes) for one in context.place_lists)]
    return pl.coalesce(
        pl.when(pl.col("place_list") == number).then(
            pl.col("place_of_service_code").is_in(sorted(frozenset().union(*lists[number:])))
        )
        for number in range(len(lists))
    )


@Fact(reads=_ACCEPTED).of
def has_place_list(_: Context) -> pl.Expr:
    """The payer has a list of accepted POS codes; unknown where its policy is unknown."""
    listed = pl.col("policy.place_of_service").is_not_null()
    return pl.when(pl.col("policy_row").is_not_null()).then(listed)


@Fact(optional=("policy.technical_in_facility",)).of
def technical_is_paid_in_facility(_: Context) -> pl.Expr:
    """The payer pays the technical component of a facility's patient; false where it is silent."""
    return (pl.col("policy.technical_in_facility") == "payable").fill_null(value=False)


def _on_list(name: str, parameter: str) -> Fact:
    column = "place_of_service_code"
    build = is_on_list(column, parameter)
    return Fact(name=name, build=build, reads=(column, f"policy.{parameter}"))


FACTS: tuple[Fact, ...] = (
    _on_list("in_facility_place", "facility_place_of_service"),
    _on_list("place_is_accepted", "place_of_service"),
    _on_list("place_is_typical", "typical_place_of_service"),
    Fact(name="accepted_places", build=list_text("place_of_service"), reads=_ACCEPTED),
)
