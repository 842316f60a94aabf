"""Facts of earlier lines: the same line billed before, and how far back the files reach.

*Earlier* is by date, claim number and line number, so that the order of rows and a split into files
change nothing; where claim and line numbers repeat, by all that the lines say. Lines of earlier
claims (`is_past`) stand below those of the batch.
"""

from __future__ import annotations

import polars as pl

from cpt77092.claims.categorical import constant
from cpt77092.claims.quotable import shown
from cpt77092.facts.claim_lines import content
from cpt77092.facts.fact import NO, UNKNOWN, YES, Context, Fact, on_lines
from cpt77092.facts.grouping import (
    CLAIM_DAY,
    PAYER,
    PERSON_DAY,
    has_duplicate,
    lines_that_fit,
)

_SAME_SERVICE = ("hcpcs_code", "claim_line_start_date", "modifier_set", "rendering_npi")
_HIDES_NO_MODIFIER = (pl.col("damaged_code") == "").fill_null(value=True)
_STATED = {
    "code_number": pl.when(pl.col("damaged_code").is_null()).then("code_number"),
    PAYER: pl.when("payer_is_named").then(PAYER),
    "claim_line_start_date": pl.col("claim_line_start_date"),
    "modifier_set": pl.when(_HIDES_NO_MODIFIER).then("modifier_set"),
    "rendering_npi": pl.when(pl.col("rendering_npi") != "").then("rendering_npi"),
}
"""What an earlier line says of its service, beside the patient; null where it does not."""
_ORDER = ("claim_id", "claim_line_number")
"""Before what else the lines say, which decides where several have one number."""
_PLACE = ("source", "source_row")
_KEY = ("claim_line_start_date", "modifier_set", "rendering_npi", "person_id")
_COMPARED = (
    *(CLAIM_DAY, PERSON_DAY, "claim_id", "surely_counts", "is_past", "hcpcs_code"),
    *("claim_line_number", *_KEY),
)


@Fact(optional=_COMPARED).of_frame
def line_repeated(lines: pl.DataFrame, _: Context) -> pl.Series:
    """The number of the first line that the line repeats; null where it repeats none."""
    on_claim = _first_alike(lines, CLAIM_DAY)
    of_person = _first_alike(lines, PERSON_DAY)
    return pl.select(pl.coalesce(on_claim, of_person)).to_series()


def _first_alike(lines: pl.DataFrame, day: str) -> pl.Series:
    """For every line that is not the first of its key: the number of the first.

    Lines of one claim or person with one payer, code and date are few; only among them are
    modifiers and providers compared.
    """
    of_several = has_duplicate(lines[day])
    if not of_several.any():
        return constant(lines.height, value=None, dtype=pl.UInt32)
    known = pl.all_horizontal(pl.col(day, *_SAME_SERVICE).is_not_null())
    key = [day, "modifier_set", "rendering_npi"]
    alike = (
        lines.lazy()
        .filter(of_several & ~pl.col("is_past"))
        .filter(pl.col("surely_counts") & known & pl.col("damaged_code").is_null())
        .filter(pl.struct(key).is_duplicated())
        .sort(*_ORDER, content(lines.columns), *_PLACE, nulls_last=False)
        .select("line", pl.col("line").first().over(key).alias("first"))
        .filter(pl.col("line") != pl.col("first"))
        .collect(engine="in-memory")
    )
    return on_lines(lines.height, alike["line"], alike["first"])


def _is_repeat(repeated: str) -> pl.Expr:
    """True where the repeated line is known; false where all that could repeat one is known."""
    names = (*_SAME_SERVICE, "person_number", PAYER)
    is_known = pl.all_horizontal(pl.col(names).is_not_null(), pl.col("damaged_code").is_null())
    return pl.when(pl.col(repeated).is_not_null()).then(YES).when(is_known).then(NO)


@Fact(reads=("damaged_code", *_KEY, PAYER), optional=("line_repeated", "person_number")).of
def repeats_earlier_line(_: Context) -> pl.Expr:
    """The line repeats an earlier line of the run."""
    return _is_repeat("line_repeated")


@Fact(optional=("line_repeated",)).of
def surely_repeats_earlier_line(_: Context) -> pl.Expr:
    """The same, false where it is unknown."""
    return pl.col("line_repeated").is_not_null()


# --- earlier claims ---------------------------------------------------------------------------


@Fact(optional=_COMPARED).of_frame
def line_in_past(lines: pl.DataFrame, context: Context) -> pl.Series:
    """Claim and line of an earlier claim that bills the same service; null if none does."""
    return _named_in_past(lines, context, pl.col("surely_counts"))


@Fact(
    optional=(
        *_COMPARED,
        *("counts", "damaged_code", "person_number", PAYER, "payer_is_named", "code_number"),
    ),
    unknown="an earlier claim may bill it: that one does not say enough, or may not count",
).of_frame
def past_doubt(lines: pl.DataFrame, context: Context) -> pl.Series:
    """Null where an earlier claim may bill the same service; false elsewhere.

    It may where it may not count, or where the patient's earlier line does not say what was billed,
    to which payer, on which date, with which modifiers or who rendered it.
    """
    if context.past is None:
        return constant(lines.height, value=False)
    named = _named_in_past(lines, context, pl.col("counts").is_null())
    person = "person_number"
    may_count = pl.col("is_past") & pl.col("counts").fill_null(value=True)
    past = lines.filter(may_count & pl.col(person).is_not_null()).select(person, **_STATED)
    vague = past.filter(pl.any_horizontal(pl.col(_STATED.keys()).is_null()))
    own = lines.filter(~pl.col("is_past")).select("line", person, *_STATED)
    in_doubt = [named.is_not_null().arg_true().cast(pl.UInt32), lines_that_fit(own, vague)]
    lines_in_doubt = pl.concat(in_doubt).unique()
    unknown = constant(lines_in_doubt.len(), value=None, dtype=pl.Boolean)
    return on_lines(lines.height, lines_in_doubt, unknown, default=False)


def _named_in_past(lines: pl.DataFrame, context: Context, counts: pl.Expr) -> pl.Series:
    if context.past is None:
        return constant(lines.height, value=None, dtype=pl.String)
    repeats = []
    for day in (CLAIM_DAY, PERSON_DAY):
        key = [day, "modifier_set", "rendering_npi"]
        alike = lines.lazy().filter(pl.col("damaged_code").is_null())
        past = alike.filter(pl.col("is_past") & counts).drop_nulls(key)
        names = past.group_by(key).agg(name=_name_of_line(lines, context).min())
        repeats.append(alike.filter(~pl.col("is_past")).join(names, on=key).select("line", "name"))
    first = (
        pl.concat(repeats).group_by("line").agg(pl.col("name").min()).collect(engine="in-memory")
    )
    return on_lines(lines.height, first["line"], first["name"])


def _name_of_line(lines: pl.DataFrame, context: Context) -> pl.Expr:
    """`claim H-1, line 2 (row 7 of history.csv)`; a frame's rows may have no names."""
    row = pl.col("row_id" if "row_id" in lines.columns else "source_row")
    file = pl.lit(pl.Series(context.files, dtype=pl.String)).gather("source")
    place = pl.format(" (row {} of {})", row, file).fill_null("")
    number = pl.col("claim_line_number").cast(pl.String)
    line = pl.when(number.is_not_null()).then(pl.format(", line {}", number)).otherwise(pl.lit(""))
    shown_claim = shown("claim_id", pl.col("claim_id"))
    claim = (
        pl.when(pl.col("claim_id") != "").then(shown_claim).otherwise(pl.lit("without a number"))
    )
    return pl.format("claim {}{}{}", claim, line, place)


@Fact(
    reads=("damaged_code", *_KEY, PAYER),
    optional=("line_in_past", "person_number"),
    unknown="no --history was given",
).of
def already_submitted(context: Context) -> pl.Expr:
    """An earlier claim bills the line's service; unknown where no earlier claims were given."""
    if context.past is None:
        return UNKNOWN
    return _is_repeat("line_in_past")


# --- how far back the files reach -----------------------------------------------------------------


def month_number(column: str) -> pl.Expr:
    """Months since year 0 of the date in a column."""
    day = pl.col(column).dt
    return day.year().cast(pl.Int32) * 12 + day.month().cast(pl.Int32)


@Fact(
    optional=(
        "claim_line_start_date",
        "policy.min_months_between",
        "person_id",
        "person_number",
        "is_past",
    )
).of_frame
def past_reaches(lines: pl.DataFrame, context: Context) -> pl.Series:
    """True where the earlier claims have every test that could count; else unknown, never false.

    The patient's own rows, of any service, must begin with the earliest month that counts, and from
    there on every month before the batch must have rows.
    """
    past, begin = context.past, context.first_month
    if past is None or begin is None:
        return constant(lines.height, value=None, dtype=pl.Boolean)
    gapless = begin
    while gapless - 1 in past.months:
        gapless -= 1
    # A month counts from its first day on.
    whole_month = month_number("first_day") + (pl.col("first_day").dt.day() > 1)
    first_months = past.first_days.select("person_id", first_month=whole_month)
    earliest = month_number("claim_line_start_date") - pl.col("policy.min_months_between")
    return (
        lines.select(
            earliest.alias("earliest"),
            person_id=pl.col("person_id").gather(pl.col("person_number")),
        )
        .join(first_months, on="person_id", how="left", maintain_order="left")
        .select(
            pl.when(pl.max_horizontal("first_month", pl.lit(gapless)) <= pl.col("earliest"))
            .then(pl.when(pl.col("first_month").is_not_null()).then(YES))
            .alias("reaches")
        )
        .to_series()
    )
