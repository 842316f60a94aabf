"""Facts of submitting a claim: last day to file, submission, frequency and signed report."""

from __future__ import annotations

import polars as pl

from cpt77092.facts.fact import YES, Context, Fact, by_set, is_on_list, list_text

MOST_HOLIDAYS = 3
"""Business days in a row that may all be holidays, such as December 24 to 26."""
_WEEKEND = "policy.timely_filing_weekend"
_IS_MOVED = pl.col(_WEEKEND).cast(pl.String) == "next_business_day"
_SUBMITTED = ("submission_date", "submission_date.state")
_NO_SUBMISSION = "submission_date cannot be read"
_FREQUENCIES = "policy.claim_frequency_codes"
_PERIOD = ("claim_line_start_date", "filing_period")


def _is_unreadable() -> pl.Expr:
    return (pl.col("submission_date.state") == "unreadable").fill_null(value=False)


@Fact(
    reads=("policy.timely_filing",),
    optional=("is_replacement",),
    background=("policy.timely_filing_replacement",),
).of
def filing_period(_: Context) -> pl.Expr:
    """The payer's limit for claims, or for replacements (7) where the line is of one."""
    limit = pl.when("is_replacement").then("policy.timely_filing_replacement")
    return limit.otherwise("policy.timely_filing")


@Fact(
    reads=_PERIOD,
    distinct_by=(*_PERIOD, _WEEKEND),
    background=(_WEEKEND,),
    unknown="no timely filing limit of replacement claims on file",
).of
def filing_deadline(_: Context) -> pl.Expr:
    """The last day to file the line: the payer's period from the start date.

    Months are calendar months: twelve months from February 29 end on February 28. Where the payer
    takes claims on the business day after a weekend, that is the Monday; holidays are not known.
    """
    period = pl.col("filing_period").cast(pl.String)
    offset = period.str.replace(" months", "mo").str.replace(" days", "d")
    last = pl.col("claim_line_start_date").dt.offset_by(offset)
    is_weekend = last.dt.weekday() > 5  # Friday is 5
    return (
        pl.when(_IS_MOVED & is_weekend)
        .then(last.dt.offset_by("1w").dt.truncate("1w"))
        .otherwise(last)
    )


@Fact(reads=("filing_deadline", "as_of_date")).of
def days_to_filing_deadline(_: Context) -> pl.Expr:
    """Days from the as-of date to the last day to file; negative once it has passed."""
    return (pl.col("filing_deadline") - pl.col("as_of_date")).dt.total_days()


@Fact(optional=_SUBMITTED, unknown=_NO_SUBMISSION).of
def is_unsubmitted(_: Context) -> pl.Expr:
    """No submission date is stated; unknown where one is stated and cannot be read."""
    return pl.when(~_is_unreadable()).then(pl.col("submission_date").is_null())


@Fact(reads=("as_of_date",), optional=_SUBMITTED, unknown=_NO_SUBMISSION).of
def effective_submission(_: Context) -> pl.Expr:
    """The stated submission date, or the as-of date where none is stated."""
    return pl.when(~_is_unreadable()).then(pl.coalesce("submission_date", "as_of_date"))


@Fact(
    where=lambda _: _IS_MOVED & (pl.col("filing_deadline") < pl.col("effective_submission")),
    default=True,
    optional=("filing_deadline", "effective_submission"),
    background=(_WEEKEND,),
    unknown="the last day to file may be a holiday; no list of the payer's holidays was found",
).of
def is_beyond_holidays(_: Context) -> pl.Expr:
    """Holidays cannot have moved the last day to file as far as the submission; else unknown."""
    last_moved = pl.col("filing_deadline").dt.add_business_days(MOST_HOLIDAYS, roll="forward")
    return pl.when(pl.col("effective_submission") > last_moved).then(YES)


@Fact(reads=("claim_frequency_code",), optional=("claim_frequency_is_accepted",)).of
def needs_original_reference(_: Context) -> pl.Expr:
    """The line says 7 or 8, and no list on file says that the payer does not accept that."""
    is_change = pl.col("claim_frequency_code").cast(pl.String).is_in(["7", "8"])
    return is_change & pl.col("claim_frequency_is_accepted").fill_null(value=True)


@Fact(reads=("report_signed_date.state",)).of
def has_signed_report(_: Context) -> pl.Expr:
    """The report has a signing date; unknown where that cannot be read."""
    state = pl.col("report_signed_date.state")
    return pl.when(state != "unreadable").then(state == "read")


@Fact(reads=(_FREQUENCIES,)).of
def replacement_is_accepted(context: Context) -> pl.Expr:
    """The payer accepts replacements (7)."""
    return by_set("claim_frequency_codes", context, lambda codes: pl.lit("7" in codes), pl.Boolean)


FACTS: tuple[Fact, ...] = (
    Fact(
        name="claim_frequency_is_accepted",
        build=is_on_list("claim_frequency_code", "claim_frequency_codes"),
        reads=("claim_frequency_code", _FREQUENCIES),
    ),
    Fact(
        name="accepted_claim_frequencies",
        build=list_text("claim_frequency_codes"),
        reads=(_FREQUENCIES,),
    ),
)
