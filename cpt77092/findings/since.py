"""How a run differs from the former one, by claim: new, still open, fixed."""

from __future__ import annotations

from collections.abc import Mapping
from decimal import Decimal
from typing import TYPE_CHECKING

import polars as pl

from cpt77092.engine import INFO, SEVERITIES, Result
from cpt77092.facts.money import CENTS
from cpt77092.findings.schema import SINCE
from cpt77092.findings.table import needing_work
from cpt77092.followup.key import IS_NEW
from cpt77092.frozen import frozen
from cpt77092.rule import Severity

if TYPE_CHECKING:
    from cpt77092.followup.former_report import Comparison, FormerReport

STATUSES = ("new", "open", "fixed", "accepted", "unchecked", "gone")
"""New, still open, fixed, accepted since, could not be checked now, and on a claim that is not in
this batch."""


@frozen(kw_only=True)
class SinceGroup:
    """Findings with one status, what is worked claim by claim alone."""

    status: str
    claims: int
    findings: int
    charges: Decimal
    """Of the lines of those findings, each once and credits left out, in dollars."""


@frozen(kw_only=True)
class SinceTotals:
    """How a run differs from the former one."""

    former: FormerReport
    not_compared: int
    """Former findings of rules that did not run now."""
    groups: tuple[SinceGroup, ...]
    by_claim: pl.DataFrame
    """As `SINCE`, most dollars of a status first."""
    new: Mapping[Severity, int]
    """All new findings by severity, infos and questions too."""
    old: Mapping[Severity, int]


def since_totals(result: Result, comparison: Comparison) -> SinceTotals:
    """Add the differences up."""
    by_claim = _by_claim(result, comparison)
    groups = by_claim.group_by("status").agg(
        pl.len().alias("claims"), pl.col("findings", "charges").sum()
    )
    counts = {
        (is_new, severity): number
        for is_new, severity, number in result.findings.group_by(IS_NEW, "severity")
        .len()
        .iter_rows()
    }
    return SinceTotals(
        former=comparison.former,
        not_compared=comparison.not_compared,
        groups=tuple(
            SinceGroup(**row)
            for row in groups.sort(pl.col("status").cast(pl.Enum(STATUSES))).iter_rows(named=True)
        ),
        by_claim=by_claim,
        new={one: counts.get((True, n), 0) for n, one in enumerate(SEVERITIES)},
        old={one: counts.get((False, n), 0) for n, one in enumerate(SEVERITIES)},
    )


def _by_claim(result: Result, comparison: Comparison) -> pl.DataFrame:
    """New, open and ended findings by claim, as `SINCE`."""
    severities = [severity.value for severity in SEVERITIES[:INFO]]
    ended = comparison.ended.filter(
        pl.col("severity").is_in(severities) & (pl.col("question").fill_null("") == "")
    ).select(
        pl.col("ending").alias("status"),
        pl.col("claim_id").fill_null(""),
        pl.col("payer_label").alias("payer"),
        pl.col("claim_line_start_date").str.to_date(strict=False),
        "rule",
        pl.concat_str("source_file", "source_row", separator="\n").alias("place"),
        pl.col("charge_amount").cast(CENTS),
    )
    some = pl.concat([_current(result), ended], how="vertical_relaxed")
    charge = pl.when((pl.col("charge_amount") >= 0) & pl.col("place").is_first_distinct())
    claims = (
        some.group_by("status", "claim_id", "payer", maintain_order=True)
        .agg(
            pl.col("claim_line_start_date").min(),
            rules=pl.col("rule").unique(maintain_order=True).str.join(" "),
            findings=pl.len(),
            charges=charge.then("charge_amount").sum(),
        )
        .sort(
            pl.col("status").cast(pl.Enum(STATUSES)),
            -pl.col("charges").cast(pl.Float64),
            "claim_id",
            maintain_order=True,
        )
    )
    return claims.select(pl.col(name).cast(kind) for name, kind in SINCE.items())


def _current(result: Result) -> pl.DataFrame:
    """The findings on the list that are worked claim by claim."""
    findings = needing_work(result).findings.sort("severity", "line", "rule")
    codes = pl.Series("rule", [rule.code for rule in result.rules], dtype=pl.String)
    lines = result.lines.select(
        pl.col("claim_id").fill_null(""),
        pl.col("payer_label").cast(pl.String).alias("payer"),
        "claim_line_start_date",
        pl.col("line").cast(pl.String).alias("place"),
        pl.col("charge_amount").cast(CENTS, strict=False),
    )[findings["line"]]
    status = pl.when(IS_NEW).then(pl.lit("new")).otherwise(pl.lit("open")).alias("status")
    named = findings.select(status).hstack(lines).with_columns(codes[findings["rule"]])
    return named.select(
        "status", "claim_id", "payer", "claim_line_start_date", "rule", "place", "charge_amount"
    )
