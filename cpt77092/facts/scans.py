"""Facts of the scan that a TBS line needs: whether there is a spine DXA, and where any scan was."""

from __future__ import annotations

import polars as pl

from cpt77092.facts.fact import NO, UNKNOWN, YES, Context, Fact, on_lines
from cpt77092.facts.grouping import CLAIM_DATE, PERSON_DATE, last_date, pack
from cpt77092.reference.codes import COMPANIONS, FAMILY, INTERPRETATION, SPINE_DXA

SCAN_DAYS = 30
"""A scan this many days before the TBS line still belongs to it: the software may run later on the
stored image, and an interpretation may be dated by the day it was signed (CMS SE17023). No source
sets the number; beyond a month coders look for the scan themselves."""

_IS_SPINE = pl.col("hcpcs_code").is_in(sorted(SPINE_DXA))


def is_scan() -> pl.Expr:
    """The line bills a bone-density scan that counts."""
    return pl.col("hcpcs_code").is_in(sorted(COMPANIONS)) & pl.col("surely_counts")


def is_spine_scan() -> pl.Expr:
    """The line bills a DXA with the image that TBS is calculated from, and it counts."""
    return _IS_SPINE & pl.col("surely_counts")


# --- whether there is one ---------------------------------------------------------------------


@Fact(
    reads=("person_id", "claim_line_start_date"),
    optional=(
        "claim_key",
        "claim_codes",
        "claim_date_codes",
        "person_date",
        "person_number",
        "counts",
        "hcpcs_code",
    ),
).of_frame
def scan_is_absent(lines: pl.DataFrame, context: Context) -> pl.Series:
    """The patient had no spine DXA on the date of a TBS line or in the days before it.

    A scan on the line's own claim is enough; otherwise the person's scans in the batch and in
    earlier claims count, whoever billed them and whoever pays.
    """
    is_tbs = pl.col("hcpcs_code").is_in(sorted(FAMILY))
    may_be_scan = _IS_SPINE & pl.col("counts").fill_null(value=True)
    is_spine = context.mask(SPINE_DXA)
    # Most scans are on the line's own claim and date.
    on_claim_and_date = (pl.col("claim_date_codes") & is_spine) != 0
    has_past = context.past is not None  # the codes of a claim are those of the batch alone
    columns = ("line", "claim_key", "person_date", pl.col("claim_line_start_date").alias("day"))
    open_lines, scans = pl.collect_all(
        [
            lines.lazy()
            .filter(is_tbs & ~on_claim_and_date.fill_null(value=False))
            .select(*columns, on_claim=((pl.col("claim_codes") & is_spine) != 0) | has_past),
            lines.lazy().filter(may_be_scan).select(*columns),
        ],
        engine="in-memory",
    )
    on_claim = (
        open_lines.filter("on_claim")
        .join(scans.select("claim_key", scanned="day"), on="claim_key")
        .filter(_is_near(pl.col("scanned")))
    )
    open_lines = open_lines.filter(~open_lines["line"].is_in(on_claim["line"].implode()))
    known = open_lines.drop_nulls("person_date")
    last = last_date(scans["person_date"], known["person_date"], or_same_date=True)
    absent = known.select("line", outcome=~_is_near(last).fill_null(value=False))
    unknown = open_lines.filter(pl.col("person_date").is_null()).select("line", outcome=UNKNOWN)
    judged = pl.concat([absent, unknown])
    return on_lines(lines.height, judged["line"], judged["outcome"], default=False)


def _is_near(scanned: pl.Expr | pl.Series) -> pl.Expr:
    """A scan of that day belongs to the line's `day`."""
    return (pl.col("day") - scanned).is_between(pl.duration(), pl.duration(days=SCAN_DAYS))


# --- where it was -----------------------------------------------------------------------------


@Fact(
    reads=("place_of_service_code", "claim_line_start_date", "person_id"),
    optional=(
        "surely_counts",
        "person_number",
        "claim_key",
        "date_key",
        CLAIM_DATE,
        PERSON_DATE,
    ),
).of_frame
def place_differs_from_scan(lines: pl.DataFrame, _: Context) -> pl.Series:
    """None of the patient's scans that date has the place of service of the interpretation.

    The scans of the line's own claim count, and those of the person on any other claim,
    whoever billed them. A blank place of service differs from nothing.
    """
    place = pl.col("place_of_service_code")
    columns = [
        "line",
        "claim_key",
        "date_key",
        CLAIM_DATE,
        PERSON_DATE,
        place.is_null().alias("has_no_column"),
        pl.when(place != "").then(place.to_physical()).alias("place"),
        pl.col("person_number").is_null().alias("has_no_person"),
    ]
    reads_scan = pl.col("hcpcs_code").is_in(sorted(INTERPRETATION))
    reads, scans = pl.collect_all(
        [
            lines.lazy().filter(reads_scan).select(columns),
            lines.lazy().filter(is_scan() & (place != "") & ~pl.col("is_past")).select(columns),
        ],
        engine="in-memory",
    )
    groups = (CLAIM_DATE, PERSON_DATE)
    is_scanned = [_is_among(reads, scans, pl.col(group)) for group in groups]
    is_scanned_there = [_is_among(reads, scans, pack(group, "place")) for group in groups]
    judged = reads.with_columns(
        is_scanned=pl.any_horizontal(is_scanned), agrees=pl.any_horizontal(is_scanned_there)
    ).select("line", outcome=_differs())
    return on_lines(lines.height, judged["line"], judged["outcome"], default=False)


def _is_among(reads: pl.DataFrame, scans: pl.DataFrame, key: pl.Expr) -> pl.Series:
    """Whether some scan has the key of the interpretation; an unknown key is no scan's."""
    keys = scans.select(key).to_series().drop_nulls().unique()
    return reads.select(key.is_in(keys.implode()).fill_null(value=False)).to_series()


def _differs() -> pl.Expr:
    """The outcome for an interpretation; the first condition that holds decides."""
    return (
        pl.when("has_no_column")
        .then(UNKNOWN)
        .when(pl.col("place").is_null() | pl.col("agrees"))
        .then(NO)
        .when(pl.col("date_key").is_null())
        .then(UNKNOWN)
        .when("is_scanned")
        .then(YES)
        .when("has_no_person")
        .then(UNKNOWN)
        .otherwise(NO)
    )
