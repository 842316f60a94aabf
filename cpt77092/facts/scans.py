"""Facts of the bone-density scan behind a TBS line: whether there is one, and where it was done."""

from __future__ import annotations

import polars as pl

from cpt77092.facts.fact import Context, Fact, on_lines
from cpt77092.facts.grouping import CLAIM_DATE, PERSON_DATE, last_date, pack, person_date
from cpt77092.reference.codes import COMPANIONS, FAMILY, INTERPRETATION

SCAN_DAYS = 30
"""A scan this many days before the TBS line is still its scan: the software may run later on the
stored image, and a read may be dated by the day it was signed (CMS SE17023). No source sets the
number; beyond a month coders look for the scan themselves."""


def is_scan() -> pl.Expr:
    """A line that bills a bone-density scan, and takes none back."""
    return pl.col("hcpcs_code").is_in(sorted(COMPANIONS)) & pl.col("is_live")


def scan_is_absent(lines: pl.DataFrame, context: Context) -> pl.Series:
    """No scan of the patient on the date of a TBS line or in the days before it.

    A scan on the claim itself settles it; else the person's scans in the batch and in earlier
    claims are looked at, whoever billed them and whoever pays.
    """
    is_tbs = pl.col("hcpcs_code").is_in(sorted(FAMILY)) & pl.col("is_live")
    is_companion = context.mask(COMPANIONS)
    # Most scans stand on the claim and are of the very day.
    on_claim_and_day = (pl.col("claim_date_codes") & is_companion) != 0
    columns = ("line", "claim_key", "person_date", pl.col("claim_line_start_date").alias("day"))
    rest, scans = pl.collect_all(
        [
            lines.lazy()
            .filter(is_tbs & ~on_claim_and_day.fill_null(value=False))
            .select(*columns, on_claim=(pl.col("claim_codes") & is_companion) != 0),
            lines.lazy().filter(is_scan()).select(*columns),
        ],
        engine="in-memory",
    )
    on_claim = (
        rest.filter("on_claim")
        .join(scans.select("claim_key", scanned="day"), on="claim_key")
        .filter(_is_near(pl.col("scanned")))
    )
    rest = rest.filter(~rest["line"].is_in(on_claim["line"].implode()))
    theirs = [scans["person_date"]]
    if context.past is not None:
        past = of_batch(context.past.lines, lines).filter(is_scan())
        theirs.append(past["person_date"])
    known = rest.drop_nulls("person_date")
    last = last_date(pl.concat(theirs), known["person_date"], or_same_date=True)
    absent = known.select("line", outcome=~_is_near(last).fill_null(value=False))
    unknown = rest.filter(pl.col("person_date").is_null()).select(
        "line", outcome=pl.lit(None, pl.Boolean)
    )
    judged = pl.concat([absent, unknown])
    return on_lines(lines.height, judged["line"], judged["outcome"], default=False)


def _is_near(scanned: pl.Expr | pl.Series) -> pl.Expr:
    """A scan of that day is close enough before the line's `day`."""
    return (pl.col("day") - scanned).is_between(pl.duration(), pl.duration(days=SCAN_DAYS))


def of_batch(past: pl.DataFrame, lines: pl.DataFrame) -> pl.DataFrame:
    """Earlier lines with the batch's numbers of their patient; null where it is not in the batch.

    They are `person_number` and, with the date of the line, `person_date`.
    """
    persons = lines.select("person_id", "person_number").drop_nulls().unique()
    named = past.join(persons, on="person_id", how="left")
    return named.with_columns(person_date(Context()).alias("person_date"))


def place_differs_from_scan(lines: pl.DataFrame, _: Context) -> pl.Series:
    """Scans of the patient that date have places, and none of them is the read's place.

    The claim's own scans count, and those of the person on any other claim, whoever billed them.
    """
    place = pl.col("place_of_service_code")
    columns = [
        "line",
        CLAIM_DATE,
        PERSON_DATE,
        "claim_key",
        "date_key",
        "is_original",
        # Two places as text are two numbers here; a blank one is nobody's place.
        pl.when(place != "").then(place.to_physical()).alias("place"),
        place.is_null().alias("has_no_column"),
        (pl.col("person_number").is_null() & pl.col("is_original")).alias("is_unknown"),
        pl.col("hcpcs_code").is_in(sorted(COMPANIONS)).alias("is_scan"),
    ]
    codes = sorted(COMPANIONS | INTERPRETATION)
    asked = pl.col("hcpcs_code").is_in(codes) & pl.col("is_live")
    narrow = lines.lazy().filter(asked).select(columns).collect(engine="in-memory")
    scans = narrow.filter("is_scan").drop_nulls("place")
    originals = scans.filter("is_original")
    reads = narrow.filter(~pl.col("is_scan")).with_columns(
        pl.when("is_original").then(PERSON_DATE).alias(PERSON_DATE),
    )
    by_claim, by_person = pl.col(CLAIM_DATE), pl.col(PERSON_DATE)
    scanned = _among(reads, scans, by_claim) | _among(reads, originals, by_person)
    agrees = _among(reads, scans, pack(CLAIM_DATE, "place"))
    agrees |= _among(reads, originals, pack(PERSON_DATE, "place"))
    reads = reads.with_columns(scanned=scanned, agrees=agrees)
    judged = reads.select(
        "line",
        pl.when("has_no_column")
        .then(None)
        .when(pl.col("place").is_null() | pl.col("agrees"))
        .then(False)  # noqa: FBT003
        .when(~pl.col("is_original") & pl.col("claim_key").is_null())
        .then(False)  # noqa: FBT003 - a replacement of nobody knows what stands beside nothing
        .when(pl.col("date_key").is_null())
        .then(None)
        .when("scanned")
        .then(True)  # noqa: FBT003
        .when(~pl.col("is_unknown"))
        .then(False)  # noqa: FBT003
        .alias("outcome"),
    )
    return on_lines(lines.height, judged["line"], judged["outcome"], default=False)


def _among(reads: pl.DataFrame, scans: pl.DataFrame, key: pl.Expr) -> pl.Series:
    """Which reads share a key with a scan."""
    scanned = scans.select(key).to_series().drop_nulls().unique()
    return reads.select(key.is_in(scanned.implode()).fill_null(value=False)).to_series()


FACTS: tuple[Fact, ...] = (
    Fact(
        name="scan_is_absent",
        from_frame=scan_is_absent,
        reads=("person_id", "claim_line_start_date"),
        optional=(
            "claim_key",
            "claim_codes",
            "claim_date_codes",
            "person_date",
            "person_number",
            "is_live",
            "hcpcs_code",
        ),
    ),
    Fact(
        name="place_differs_from_scan",
        from_frame=place_differs_from_scan,
        reads=("place_of_service_code", "claim_line_start_date", "person_id"),
        optional=(
            "is_live",
            "is_original",
            "person_number",
            "claim_key",
            "date_key",
            CLAIM_DATE,
            PERSON_DATE,
        ),
    ),
)
