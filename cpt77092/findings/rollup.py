"""Findings in any order, and rolled up to the lines and claims that have some.

A claim is what `Totals.flagged_claims` counts: the lines of all files that share claim number,
payer, patient and billing provider; a line without a claim number is a claim of its own.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence

import polars as pl

from cpt77092.choices import By, Sort
from cpt77092.engine import CLAIM_OF_PAYER, ERROR, EXPECTED_PAYMENT, INFO, WARNING, Result
from cpt77092.findings import table
from cpt77092.findings.lines import money_at_risk
from cpt77092.findings.schema import LINE, SCHEMAS

FINDINGS_OF_CLAIM = 200
"""Most findings of one claim that are listed, unless everything is."""


def as_table(
    result: Result,
    *,
    by: By = By.FINDING,
    sort: Sort = Sort.FILE,
    limit: int | None = None,
    extra: Sequence[str] = (),
) -> pl.DataFrame:
    """The findings, or the lines or claims that have some, with all their texts.

    At most `limit` rows are kept, the first ones; `extra` are further columns of the lines, as
    `line_table` has them. Findings of one claim stay together, unless by file.

    Returns:
        A frame of `SCHEMAS[by]` and the extra columns.
    """
    if by is By.FINDING:
        if sort is not Sort.FILE:
            chosen = _ranked(result, sort, limit)
            chosen = chosen if limit is None else chosen.head(limit)
        else:
            chosen = result.findings
            if limit is not None:
                chosen = chosen.bottom_k(limit, by=["line", "rule"])
            chosen = table.by_line(chosen)
        return table.with_texts(result, chosen, extra)
    key = by.value
    lines = _lines(result)
    groups = _first(_groups(lines, key), sort, limit)
    # The lines of the groups that are shown, and all their findings.
    shown = lines.select("line", "claim").join(groups.lazy().select(key), on=key, how="semi")
    findings = result.findings.lazy().join(shown, on="line")
    chosen = findings.sort("severity", "line", "rule").collect()
    texts = table.with_texts(result, chosen, extra)
    texts = texts.hstack(chosen.select("line", "claim", number="severity"))
    rows = groups.join(_summaries(texts, by, extra), on=key, how="left", maintain_order="left")
    schema = {**SCHEMAS[by], **dict.fromkeys(extra, pl.String)}
    return rows.select(pl.col(name).cast(dtype) for name, dtype in schema.items())


def as_pieces(
    result: Result,
    *,
    by: By = By.FINDING,
    sort: Sort = Sort.FILE,
    limit: int | None = None,
    extra: Sequence[str] = (),
) -> Iterator[pl.DataFrame]:
    """The rows of `as_table` in pieces that follow each other; at least one, which may be empty."""
    if by is By.FINDING and sort is Sort.FILE and limit is None:
        yield from table.as_pieces(result, extra=extra)
    else:
        yield as_table(result, by=by, sort=sort, limit=limit, extra=extra)


def grouped(
    result: Result,
    *,
    sort: Sort,
    limit: int | None = None,
    extra: Sequence[str] = (),
) -> pl.DataFrame:
    """`as_table` claim by claim, the worst of a claim first; `limit` is a number of claims.

    Further columns are of the whole claim, however many of its findings are kept: `claim` (a
    number), `claim_at_risk`, `claim_charged` and `claim_findings` (how many it has).
    """
    ranked = _ranked(result, sort, limit).with_columns(claim_findings=pl.len().over("claim"))
    if limit is not None:
        ranked = ranked.filter(pl.int_range(pl.len()).over("claim") < FINDINGS_OF_CLAIM)
    claim = ranked.select("claim", "claim_at_risk", "claim_charged", "claim_findings")
    return table.with_texts(result, ranked, extra).hstack(claim)


def count(result: Result, by: By) -> int:
    """How many rows `as_table` has without a limit."""
    if by is By.FINDING:
        return result.findings.height
    return int(_lines(result).select(pl.col(by.value).n_unique()).collect().item())


def _lines(result: Result) -> pl.LazyFrame:
    """The lines with a finding: the number of their claim, their worst severity, their money."""
    line = pl.col("line").cast(pl.UInt32)
    # A line without a claim number is a claim of its own, numbered above all others.
    claim = pl.coalesce(CLAIM_OF_PAYER, line.cast(pl.UInt64) + 2**63)
    lines = result.lines.select("line", CLAIM_OF_PAYER, "charge_amount", EXPECTED_PAYMENT)
    at_risk = money_at_risk(result).rename(
        {"charge_amount": "charge_at_risk", EXPECTED_PAYMENT: "payment_at_risk"}
    )
    flagged = lines.hstack(at_risk).with_columns(result.worst.alias("worst")).lazy()
    money = {
        "charge": "charge_amount",
        "expected": EXPECTED_PAYMENT,
        **{name: name for name in at_risk.columns},
    }
    return flagged.drop_nulls("worst").select(line, claim.alias("claim"), "worst", **money)


def _groups(lines: pl.LazyFrame, key: str) -> pl.LazyFrame:
    """Per line or claim its worst severity and its money, each line once."""
    at_risk = pl.col("worst") == ERROR
    # A credit would lower what the claim's other lines charge; on its own line it is shown.
    no_credit = pl.when(pl.col("charge") >= 0).then("charge")
    charge_at_risk = pl.when(pl.col("charge_at_risk") >= 0).then("charge_at_risk")
    money = {
        "charge_amount": no_credit if key == "claim" else pl.col("charge"),
        "expected_payment": pl.col("expected"),
        "charges_at_risk": pl.when(at_risk).then(charge_at_risk),
        "payment_at_risk": pl.when(at_risk).then("payment_at_risk"),
    }
    return (
        lines.select(key, "worst", pl.col("line").alias("first"), at_risk.alias("at_risk"), **money)
        .group_by(key)
        .agg(
            pl.col("worst").min(),
            pl.col("first").min(),
            lines=pl.len(),
            error_lines=pl.col("at_risk").sum(),
            **{name: known_sum(pl.col(name)) for name in money},
        )
    )


def known_sum(money: pl.Expr) -> pl.Expr:
    """A sum that is unknown where nothing of it is known, and not zero."""
    return pl.when(money.count() > 0).then(money.sum())


def _order(sort: Sort) -> list[pl.Expr]:
    # Sorted as negative whole cents, which takes nulls as the least of all and needs no directions.
    cents = -(pl.coalesce("charges_at_risk", "charge_amount", 0) * 100).cast(pl.Int64)
    flagged = -(pl.col("charge_amount").fill_null(0) * 100).cast(pl.Int64)
    return {
        Sort.SEVERITY: [pl.col("worst"), cents, pl.col("first")],
        Sort.DOLLARS: [flagged, pl.col("worst"), pl.col("first")],
        Sort.FILE: [pl.col("first")],
    }[sort]


def _first(groups: pl.LazyFrame, sort: Sort, limit: int | None) -> pl.DataFrame:
    order = _order(sort)
    first = groups if limit is None else groups.bottom_k(limit, by=order)
    return first.sort(order).collect(engine="streaming")


def _ranked(result: Result, sort: Sort, limit: int | None) -> pl.DataFrame:
    """Findings by claim, the worst of a claim first, then by line."""
    lines = _lines(result)
    money = {"claim_at_risk": "charges_at_risk", "claim_charged": "charge_amount"}
    wanted = _groups(lines, "claim").select("claim", "worst", "first", *money.values())
    # Each claim here has a finding, so that no more claims than findings are shown.
    claims = _first(wanted, sort, limit).with_row_index("rank").select("claim", "rank", **money)
    shown = lines.select("line", "claim").join(claims.lazy(), on="claim")
    ranked = result.findings.lazy().join(shown, on="line")
    return ranked.sort("rank", "severity", "line", "rule").collect()


def _summaries(texts: pl.DataFrame, by: By, extra: Sequence[str]) -> pl.DataFrame:
    """The findings of each line or claim in one row: the texts come worst first."""
    reason = pl.format("{}: {}", "rule", "message")
    if by is By.CLAIM:
        number = pl.col("claim_line_number")
        where = pl.when(number.is_null()).then(pl.format("row {}", "source_row"))
        reason = pl.format("{} {}", where.otherwise(pl.format("line {}", number)), reason)
    denial = pl.concat_str(["group_code", "carc", "rarc"], separator=" ").str.strip_chars()
    return texts.group_by(by.value, maintain_order=True).agg(
        pl.col(*LINE, *extra).get(pl.col("line").arg_min()),
        pl.first("severity"),
        errors=(pl.col("number") == ERROR).sum(),
        warnings=(pl.col("number") == WARNING).sum(),
        infos=(pl.col("number") == INFO).sum(),
        rules=pl.col("rule").unique(maintain_order=True).str.join(" "),
        reasons=reason.str.join(" | "),
        fixes=_each_once(pl.col("fix"), " | "),
        denials=_each_once(denial, ", "),
    )


def _each_once(text: pl.Expr, between: str) -> pl.Expr:
    return text.filter(text != "").unique(maintain_order=True).str.join(between)
