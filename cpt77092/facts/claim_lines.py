"""Facts of the line as a whole: its unreadable cells, its payer, and what its claim bills."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence

import polars as pl

from cpt77092.claims.categorical import constant
from cpt77092.claims.columns import BY_NAME, TYPED, UNREADABLE_TEXT, Kind
from cpt77092.claims.quotable import shown
from cpt77092.facts.fact import Context, Fact, on_lines
from cpt77092.reference.codes import CHECKED, FAMILY, GLOBAL, TECHNICAL

OWN_TECHNICAL = GLOBAL | TECHNICAL
"""TBS codes that bill technical work (77089, 77090, 77091)."""
_EXPECTED = {
    Kind.DATE: "a date",
    Kind.NUMBER: "a number",
    Kind.MONEY: "an amount",
    Kind.INTEGER: "a whole number",
}


@Fact(
    reads=("claim_codes",),
    unknown="its claim number is of several patients, billing providers or payers",
).of
def claim_bills_own_technical(context: Context) -> pl.Expr:
    """The line's claim also bills a technical or global TBS code."""
    return (pl.col("claim_codes") & context.mask(OWN_TECHNICAL)) != 0


_HAS_POLICY = pl.col("payer_is_known") & ~pl.col("payer_is_self_pay")
FIRST_AMONG: Mapping[str, pl.Expr] = {
    "is_first_line_of_payer": (
        ~_HAS_POLICY & pl.col("hcpcs_code").is_in(sorted(CHECKED)) & ~pl.col("is_past")
    ),
    "is_first_left_to_contractor": (
        (pl.col("policy.coverage") == "contractor_decides")
        & ~pl.col("has_notice_modifier")
        & pl.col("hcpcs_code").is_in(sorted(FAMILY))
        & ~pl.col("is_past")
    ),
}
"""For each fact that is true of one line of each payer, those lines of which that is the first."""


@Fact(optional=("claim_line_start_date", "claim_id", "claim_line_number")).of_frame
def is_first_line_of_payer(lines: pl.DataFrame, context: Context) -> pl.Series:
    """The first line of a payer without a policy, by date, claim and line number.

    The order of rows does not matter. False on every line of a payer that has a policy. A patient
    who pays is a payer without a policy, too.
    """
    return _is_first_of_payer(lines, context, "is_first_line_of_payer")


@Fact(
    reads=("policy.coverage", "has_notice_modifier"),
    optional=("claim_line_start_date", "claim_id", "claim_line_number"),
    unknown="a modifier on the line cannot be read",
).of_frame
def is_first_left_to_contractor(lines: pl.DataFrame, context: Context) -> pl.Series:
    """The payer's first line, by date, claim and line number, whose coverage a contractor decides.

    False on its other lines; unknown where the line may have an ABN modifier.
    """
    fact = "is_first_left_to_contractor"
    is_left = lines.select(FIRST_AMONG[fact]).to_series()
    is_first = _is_first_of_payer(lines, context, fact)
    return pl.select(pl.when(is_left).then(is_first).otherwise(is_left)).to_series()


def _is_first_of_payer(lines: pl.DataFrame, context: Context, fact: str) -> pl.Series:
    """Whether each line is the first of its payer for which the condition of a fact holds."""
    some = lines.lazy().filter(FIRST_AMONG[fact])
    if context.firsts is None:
        first = first_of_payer(some)
    else:  # the first line of the payer may be in another part
        is_named = pl.col("batch_line").is_in(
            pl.Series(list(context.firsts[fact]), dtype=pl.Int64).implode()
        )
        first = some.filter(is_named).select("line").collect(engine="in-memory")
    is_one = constant(first.height, value=True)
    return on_lines(lines.height, first["line"], is_one, default=False)


CONTENT = "content"
ORDER = (
    *("claim_line_start_date", "claim_id", "claim_line_number"),
    *(CONTENT, "source", "source_row"),
)
"""The order in which a line is the first of its payer; blank ones before all others."""
_BEFORE_CONTENT = ORDER[: ORDER.index(CONTENT)]


def content(present: Collection[str]) -> pl.Expr:
    """All that a line says besides its date and numbers, which decides where those repeat.

    Args:
        present: the columns of the lines.
    """
    names = [name for name in BY_NAME if name in present and name not in ORDER]
    cells = [pl.col(name).cast(pl.String).fill_null("") for name in names]
    return pl.concat_str([pl.lit(""), *cells], separator="^").alias(CONTENT)


def first_of_payer(lines: pl.LazyFrame) -> pl.DataFrame:
    """The first line of each payer (`payer_number`), by `ORDER`, as `line` and these columns."""
    early = earliest(lines).lazy()
    with_content = early.with_columns(content(early.collect_schema().names()))
    some = with_content.select("line", "payer_number", *ORDER)
    first = some.sort(ORDER, nulls_last=False).unique("payer_number", keep="first")
    return first.collect(engine="in-memory")


def earliest(lines: pl.LazyFrame, by: Sequence[str] = ("payer_number",)) -> pl.DataFrame:
    """The lines that are the first of their payer but for what comes last in `ORDER`; few.

    `by` has the columns that tell payers.
    """
    day = pl.col("claim_line_start_date")
    # Only lines of the first day need a sort; lines without a date come before all others.
    early = lines.filter(day.is_null() | (day == day.min().over(by)))
    early = early.collect(engine="in-memory").lazy()
    keys = [*by, *_BEFORE_CONTENT]
    first = early.select(keys).sort(_BEFORE_CONTENT, nulls_last=False)
    first = first.unique(by, keep="first", maintain_order=True)
    return early.join(first, on=keys, how="semi", nulls_equal=True).collect(engine="in-memory")


@Fact(optional=TYPED).of
def unreadable_cells(context: Context) -> pl.Expr:
    """Every non-blank cell of the line that cannot be read, with what was expected."""
    problems = [
        pl.when(pl.col(f"{name}.state") == "unreadable").then(
            pl.lit(f"{name} is not {_EXPECTED[BY_NAME[name].kind]}")
            if BY_NAME[name].patient
            else pl.format(
                "{} {} is not {}",
                pl.lit(name),
                shown(name, pl.col(f"{name}{UNREADABLE_TEXT}"), "'"),
                pl.lit(_EXPECTED[BY_NAME[name].kind]),
            )
        )
        for name in context.unreadable
    ]
    code = pl.when(pl.col("damaged_code").is_not_null()).then(
        pl.format(
            "hcpcs_code {} is not a procedure code",
            shown("hcpcs_code", pl.col("damaged_code"), "'"),
        )
    )
    return pl.concat_str([*problems, code], separator="; ", ignore_nulls=True)
