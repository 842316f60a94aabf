"""Facts of the place of service."""

from __future__ import annotations

import polars as pl

from cpt77092.facts.fact import Build, Context, Fact, by_set
from cpt77092.reference.codes import assigned_places


def _place_in(parameter: str) -> Build:
    def build(context: Context) -> pl.Expr:
        place = pl.col("place_of_service_code")
        return by_set(parameter, context, lambda m: place.is_in(list(m)), pl.Boolean)

    return build


def place_is_assigned(_: Context) -> pl.Expr:
    """CMS has assigned the POS code; a blank one is not assigned."""
    return pl.col("place_of_service_code").is_in(sorted(assigned_places()))


def accepted_places(context: Context) -> pl.Expr:
    """The POS codes that the payer accepts, for the message."""
    return by_set("place_of_service", context, lambda m: pl.lit(", ".join(m)), pl.String)


def has_place_list(_: Context) -> pl.Expr:
    """The payer has a list of accepted POS codes; unknown where its policy is unknown."""
    listed = pl.col("policy.place_of_service").is_not_null()
    return pl.when(pl.col("policy_row").is_not_null()).then(listed)


FACTS: tuple[Fact, ...] = (
    Fact(
        name="in_facility_place",
        build=_place_in("facility_place_of_service"),
        reads=("place_of_service_code", "policy.facility_place_of_service"),
    ),
    Fact(
        name="place_is_accepted",
        build=_place_in("place_of_service"),
        reads=("place_of_service_code", "policy.place_of_service"),
    ),
    Fact(name="accepted_places", build=accepted_places, reads=("policy.place_of_service",)),
    Fact(
        name="place_is_typical",
        build=_place_in("typical_place_of_service"),
        reads=("place_of_service_code", "policy.typical_place_of_service"),
    ),
    Fact(name="place_is_assigned", build=place_is_assigned, reads=("place_of_service_code",)),
    Fact(name="has_place_list", build=has_place_list, reads=("policy.place_of_service",)),
)
