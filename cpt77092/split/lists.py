"""The claims to hold and those to release, for the system that submits them.

Only claims with a checked line, or with a row or code that could not be read, are in a list. A
claim whose number and payer are those of a held claim of another patient is in neither: the list
could not tell them apart.
"""

from __future__ import annotations

from typing import IO

import polars as pl

from cpt77092.reference.codes import CHECKED
from cpt77092.split import FLAGGED, Split
from cpt77092.split.held_claims import REASON, HeldClaims, keys_of
from cpt77092.text import inert, safe_expr

COLUMNS = ("claim_id", "payer", "payer_id", "billing_npi", REASON)
CLEAR, CLEAR_IN_PART = "clear", "clear in the edits that ran"


def claim_list(split: Split, part: int) -> pl.DataFrame:
    """`COLUMNS` of the claims of one part, `CLEAN` or `FLAGGED`, by number."""
    claims = _held(split) if part == FLAGGED else _released(split)[0]
    return (
        claims.select(safe_expr(name).alias(name) for name in COLUMNS)
        .group_by(COLUMNS[:-1])
        .agg(pl.col(REASON).unique().sort().str.join("; "))
        .sort(COLUMNS[:-1])
        .select(pl.col(COLUMNS).replace("", None))
    )


def write_list(stream: IO[bytes], split: Split, part: int) -> None:
    """Write the list of one part as CSV.

    Raises:
        ClaimsError: a claim file cannot be read again.
    """
    inert(claim_list(split, part)).write_csv(stream)


def in_neither(split: Split) -> int:
    """How many clear claims are in no list, since a held one has their number and payer."""
    return _released(split)[1]


def _held(split: Split) -> pl.DataFrame:
    keys = pl.concat(split.held_keys())
    return keys.filter(pl.col("claim_id") != "")


def _released(split: Split) -> tuple[pl.DataFrame, int]:
    """The claims that nothing holds; and how many are left out for a held claim's number."""
    lines = split.result.lines.with_columns(is_unsure=split.unsure_lines)
    lines = lines.filter(pl.col("hcpcs_code").is_in(sorted(CHECKED)) & ~pl.lit(split.flags))
    keys = keys_of(lines).with_columns(lines["is_unsure"]).filter(pl.col("claim_id") != "")
    keys = keys.filter(~split.claims.holds(keys))
    numbers = HeldClaims(split.claims.matcher)
    numbers.hold(_held(split).with_columns(person_id=pl.lit(""), billing_npi=pl.lit("")))
    is_ambiguous = numbers.holds(keys)
    left_out = keys.filter(is_ambiguous).select(pl.exclude("is_unsure")).n_unique()
    is_unsure = pl.col("is_unsure").any().over(COLUMNS[:-1])
    reason = pl.when(is_unsure).then(pl.lit(CLEAR_IN_PART)).otherwise(pl.lit(CLEAR))
    return keys.filter(~is_ambiguous).with_columns(reason.alias(REASON)), left_out
