"""Benchmarks of a batch: what its checked lines bill by payer and month, and what was expected.

What was expected is each payer's policy in force on the lines' dates. A share is of the lines on
which its question can be answered; where that is no line it is unknown, never zero. Every checked
line counts, a repeated or voided one too. No patient is identified.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from typing import Any

import polars as pl

from cpt77092.engine import ERROR, EXPECTED_PAYMENT, SEVERITIES, Result
from cpt77092.facts.evaluate import exact
from cpt77092.policies import Decision
from cpt77092.reference.codes import CHECKED, INTERPRETATION
from cpt77092.rule import Severity

EXPECTED = (
    "modifier_26",
    "modifier_tc",
    "typical_place_of_service",
    "place_of_service",
    "max_units_per_day",
    "fee",
)
"""Parameters that the figures are compared with, as they were in force on the lines' dates."""
UNKNOWN = "n/a"
"""What is written where no line has what a figure takes."""


@dataclass(frozen=True, slots=True)
class Share:
    """How many of some lines, among those on which it is known."""

    part: int
    known: int
    lines: int
    """All lines in question, known or not."""

    @property
    def value(self) -> float | None:
        """Between 0 and 1; None where it is known of no line."""
        return self.part / self.known if self.known else None

    @property
    def percent(self) -> str:
        """`33%`; some of many are never 0%, and all but some never 100%."""
        if self.value is None:
            return UNKNOWN
        rounded = round(self.value * 100)
        if rounded == 0 and self.part:
            return "<1%"
        return ">99%" if rounded == 100 and self.part < self.known else f"{rounded}%"

    def __str__(self) -> str:
        """`33% (3 of 9)`, and on how many lines it is not known."""
        if self.value is None:
            return UNKNOWN
        unknown = self.lines - self.known
        more = f", unknown on {unknown:,}" if unknown else ""
        return f"{self.percent} ({self.part:,} of {self.known:,}{more})"


@dataclass(frozen=True, slots=True, kw_only=True)
class Measures:
    """Totals of some lines."""

    lines: int
    clean: Share
    """Lines without an error, of all."""
    clean_not_fully_checked: int
    """Clean lines on which a rule that finds errors could not be checked."""
    units: float | None
    """None where no line states any."""
    units_known: int
    most_units: float | None
    """The most on one line."""
    over_max_units: Share
    """Lines that alone exceed the payer's unit limit for a day."""
    charges: Decimal | None
    """Credits left out, since they would offset charges."""
    charges_known: int
    compared: int
    """Lines with a charge, and a fee on file for the units and modifiers they state."""
    compared_charges: Decimal
    compared_fees: Decimal
    below_fee: Share
    """Lines charged below the fee."""

    @property
    def times_fee(self) -> float | None:
        """Charges over fees, where both are known; None where they are of no line."""
        return float(self.compared_charges / self.compared_fees) if self.compared_fees else None


@dataclass(frozen=True, slots=True, kw_only=True)
class Code:
    """Lines of one procedure code."""

    code: str
    measures: Measures
    with_26: Share
    with_tc: Share
    expected: Mapping[str, tuple[Decision, ...]]
    """Parameter to what was in force on the lines' dates, oldest first; empty over all payers."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Site:
    """Lines of one place of service."""

    place: str | None
    """Blank where the cell is; None where the file has no such column."""
    share: Share
    """Of the lines whose file states places."""
    typical: Share
    """Lines for which the place is a usual one."""
    accepted: Share
    """Lines for which it is on the payer's list; known only where the payer published one."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Finding:
    """The lines on which one rule has a finding."""

    rule: str
    title: str
    severity: Severity
    share: Share
    """Lines with it, of all."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Group:
    """Some lines: their totals, codes, places of service and findings."""

    measures: Measures
    codes: tuple[Code, ...]
    """By code."""
    sites: tuple[Site, ...]
    """Most lines first."""
    findings: tuple[Finding, ...]
    """Errors first, then by number of lines."""

    @property
    def use_of_26(self) -> Share:
        """Modifier 26 on the interpretation, 77092."""
        shares = [code.with_26 for code in self.codes if code.code in INTERPRETATION]
        return Share(
            sum(share.part for share in shares),
            sum(share.known for share in shares),
            sum(share.lines for share in shares),
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class Payer:
    """One payer's lines, and the same month by month."""

    policy: str
    """Key of the policy that applies to them."""
    label: str
    """The policy's label, or else the name on the claims."""
    whole: Group
    months: tuple[tuple[date | None, Group], ...]
    """By the first day of the month of service; None where a date could not be read."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Profile:
    """A batch and its payers."""

    as_of: date
    first_day: date | None
    last_day: date | None
    origin: tuple[str, ...]
    """Where the policies came from."""
    rows: int
    """Rows of the files, of any code."""
    rejected: int
    """Rows that could not be read."""
    unreadable: tuple[str, ...]
    """A sentence for each file that could not be read, among others that could."""
    faults: tuple[str, ...]
    """What is wrong with files that were read with --lenient."""
    whole: Group
    months: tuple[tuple[date | None, Group], ...]
    payers: tuple[Payer, ...]
    """Most lines first."""


def profile(result: Result) -> Profile:
    """Add up the checked lines of a run.

    Args:
        result: a run of the whole catalogue.
    """
    lines = _prepared(result)
    findings = _located_findings(result, lines)
    checked = lines.filter("is_checked")
    labels = (
        checked.sort("payer_label")
        .group_by("payer_number", maintain_order=True)
        .agg(pl.first("payer_policy", "payer_label"), pl.len().alias("lines"))
        .sort("lines", "payer_label", descending=[True, False])
    )
    whole = _groups(result, checked, findings, [])
    months = _groups(result, checked, findings, ["month"])
    payers = _groups(result, checked, findings, ["payer_number"])
    by_payer: dict[int, dict[date | None, Group]] = {}
    for (number, month), group in _groups(
        result, checked, findings, ["payer_number", "month"]
    ).items():
        by_payer.setdefault(number, {})[month] = group
    return Profile(
        as_of=result.as_of,
        first_day=checked["day"].drop_nulls().min(),  # type: ignore[arg-type]
        last_day=checked["day"].drop_nulls().max(),  # type: ignore[arg-type]
        origin=tuple(result.policies.origin),
        rows=result.batch.total.rows,
        rejected=result.batch.total.rejected,
        unreadable=tuple(result.batch.unreadable),
        faults=tuple(result.batch.faults),
        whole=whole[()],
        months=_by_month({key[0]: group for key, group in months.items()}),
        payers=tuple(
            Payer(
                policy=policy,
                label=label,
                whole=payers[number,],
                months=_by_month(by_payer[number]),
            )
            for number, policy, label, _ in labels.iter_rows()
        ),
    )


def _by_month(groups: Mapping[Any, Group]) -> tuple[tuple[date | None, Group], ...]:
    """In order, and what has no date last."""
    return tuple(sorted(groups.items(), key=lambda item: (item[0] is None, item[0] or date.min)))


def _prepared(result: Result) -> pl.DataFrame:
    """The columns that are added up, of all lines in scope."""
    charge, fee = pl.col("charge_amount"), pl.col(EXPECTED_PAYMENT)
    charge = pl.when(charge >= 0).then(charge)
    is_compared = charge.is_not_null() & fee.is_not_null()
    units = pl.col("service_unit_quantity")
    units = pl.when(units > 0).then(units)
    is_error = result.worst == ERROR
    is_unsure = pl.any_horizontal(
        pl.lit(False),  # noqa: FBT003 - for a run without such a rule
        *(
            result.outcomes[rule.code].is_null()
            for rule in result.rules
            if rule.severity is Severity.ERROR
        ),
    )
    return result.lines.select(
        "payer_number",
        "payer_policy",
        "payer_label",
        "hcpcs_code",
        "policy_row",
        "place_of_service_code",
        "place_is_typical",
        "place_is_accepted",
        "has_modifier_26",
        "has_modifier_tc",
        pl.col("claim_line_start_date").alias("day"),
        pl.col("claim_line_start_date").dt.truncate("1mo").alias("month"),
        pl.col("hcpcs_code").is_in(sorted(CHECKED)).alias("is_checked"),
        (~is_error.fill_null(value=False)).alias("is_clean"),
        is_unsure.alias("is_unsure"),
        units.alias("units"),
        (units > pl.col("policy.max_units_per_day")).alias("is_over_max"),
        charge.alias("charge"),
        pl.when(is_compared).then(charge).alias("compared_charge"),
        pl.when(is_compared).then(fee).alias("compared_fee"),
        pl.when(is_compared).then(charge < fee).alias("is_below_fee"),
    )


def _located_findings(result: Result, lines: pl.DataFrame) -> pl.DataFrame:
    """Rule and severity of each finding on a checked line, with the line's payer and month."""
    where = lines.select("payer_number", "month", "is_checked")[result.findings["line"]]
    return result.findings.select("rule", "severity").hstack(where).filter("is_checked")


_MEASURES = (
    pl.len().alias("lines"),
    pl.col("is_clean").sum().alias("clean"),
    (pl.col("is_clean") & pl.col("is_unsure")).sum().alias("unsure"),
    exact(pl.col("units")).sum().cast(pl.Float64).alias("units"),
    pl.col("units").count().alias("units_known"),
    pl.col("units").max().alias("most_units"),
    pl.col("is_over_max").sum().alias("over_max"),
    pl.col("is_over_max").count().alias("over_max_known"),
    pl.col("charge").sum().alias("charges"),
    pl.col("charge").count().alias("charges_known"),
    pl.col("compared_fee").count().alias("compared"),
    pl.col("compared_charge").sum().alias("compared_charges"),
    pl.col("compared_fee").sum().alias("compared_fees"),
    pl.col("is_below_fee").sum().alias("below_fee"),
)
"""The columns that `_measures` reads."""

_MODIFIERS = (
    pl.col("has_modifier_26").sum().alias("with_26"),
    pl.col("has_modifier_26").count().alias("known_26"),
    pl.col("has_modifier_tc").sum().alias("with_tc"),
    pl.col("has_modifier_tc").count().alias("known_tc"),
)

_PLACES = (
    pl.len().alias("lines"),
    pl.col("place_is_typical").sum().alias("typical"),
    pl.col("place_is_typical").count().alias("typical_known"),
    pl.col("place_is_accepted").sum().alias("accepted"),
    pl.col("place_is_accepted").count().alias("accepted_known"),
)

Key = tuple[Any, ...]


def _groups(
    result: Result, lines: pl.DataFrame, located: pl.DataFrame, keys: list[str]
) -> dict[Key, Group]:
    """The lines that share the keys, added up; all lines together where there is no key."""
    totals = _rows(lines, keys, [], _MEASURES)
    if not keys and not totals:  # a batch without lines is a group too
        totals[()] = [lines.select(_MEASURES).row(0, named=True)]
    codes = _rows(lines, keys, ["hcpcs_code"], (*_MEASURES, *_MODIFIERS))
    sites = _rows(lines, keys, ["place_of_service_code"], _PLACES)
    findings = _rows(located, keys, ["rule", "severity"], [pl.len().alias("lines")])
    expected = _expected(result, lines, keys) if "payer_number" in keys else {}
    return {
        key: Group(
            measures=_measures(row),
            codes=tuple(
                _code(of_code, expected.get((*key, of_code["hcpcs_code"]), {}))
                for of_code in codes.get(key, [])
            ),
            sites=_sites(sites.get(key, [])),
            findings=_findings(result, findings.get(key, []), row["lines"]),
        )
        for key, (row,) in totals.items()
    }


def _rows(
    frame: pl.DataFrame, keys: list[str], within: list[str], measures: Sequence[pl.Expr]
) -> dict[Key, list[dict[str, Any]]]:
    """Aggregates by `keys` and, in the order of `within`, by these too.

    A null is a group of its own here: what has no date, or no place.
    """
    all_keys = [*keys, *within]
    if not frame.height:
        return {}
    if not all_keys:
        return {(): [frame.select(measures).row(0, named=True)]}
    rows: dict[Key, list[dict[str, Any]]] = {}
    for row in frame.group_by(all_keys).agg(measures).sort(all_keys).iter_rows(named=True):
        rows.setdefault(tuple(row[key] for key in keys), []).append(row)
    return rows


def _measures(row: Mapping[str, Any]) -> Measures:
    lines = row["lines"]
    return Measures(
        lines=lines,
        clean=Share(row["clean"], lines, lines),
        clean_not_fully_checked=row["unsure"],
        units=row["units"] if row["units_known"] else None,
        units_known=row["units_known"],
        most_units=row["most_units"],
        over_max_units=Share(row["over_max"], row["over_max_known"], lines),
        charges=row["charges"] if row["charges_known"] else None,
        charges_known=row["charges_known"],
        compared=row["compared"],
        compared_charges=row["compared_charges"],
        compared_fees=row["compared_fees"],
        below_fee=Share(row["below_fee"], row["compared"], lines),
    )


def _code(row: Mapping[str, Any], expected: Mapping[str, tuple[Decision, ...]]) -> Code:
    return Code(
        code=row["hcpcs_code"],
        measures=_measures(row),
        with_26=Share(row["with_26"], row["known_26"], row["lines"]),
        with_tc=Share(row["with_tc"], row["known_tc"], row["lines"]),
        expected=expected,
    )


def _sites(rows: Sequence[Mapping[str, Any]]) -> tuple[Site, ...]:
    lines = sum(row["lines"] for row in rows)
    known = sum(row["lines"] for row in rows if row["place_of_service_code"] is not None)
    ranked = sorted(rows, key=lambda row: (-row["lines"], row["place_of_service_code"] or ""))
    return tuple(
        Site(
            place=place,
            # Without the column the share of a place is not known.
            share=Share(row["lines"], known, lines) if place is not None else Share(0, 0, lines),
            typical=Share(row["typical"], row["typical_known"], row["lines"]),
            accepted=Share(row["accepted"], row["accepted_known"], row["lines"]),
        )
        for row in ranked
        for place in [row["place_of_service_code"]]
    )


def _findings(result: Result, rows: Sequence[Mapping[str, Any]], lines: int) -> tuple[Finding, ...]:
    ranked = sorted(rows, key=lambda row: (row["severity"], -row["lines"], row["rule"]))
    return tuple(
        Finding(
            rule=result.rules[row["rule"]].code,
            title=result.rules[row["rule"]].title,
            severity=SEVERITIES[row["severity"]],
            share=Share(row["lines"], lines, lines),
        )
        for row in ranked
    )


def _expected(
    result: Result, lines: pl.DataFrame, keys: list[str]
) -> dict[Key, dict[str, tuple[Decision, ...]]]:
    """The decisions in force on the lines' dates, by the keys and code, oldest first."""
    by = [*keys, "hcpcs_code"]
    # The lines of a payer's code in a month share a row or two of the policies.
    policy_rows = lines.select(*by, "policy_row").unique().drop_nulls("policy_row")
    numbers = [
        result.table.frame[f"policy.{name}.decision"].gather(policy_rows["policy_row"]).alias(name)
        for name in EXPECTED
    ]
    # In order, so that two of one day and status come out alike in every run.
    unique = pl.col(EXPECTED).unique().drop_nulls().sort()
    decisions = policy_rows.hstack(numbers).group_by(by).agg(unique)
    return {
        tuple(row[key] for key in by): {
            name: tuple(
                sorted(
                    (result.decisions[number] for number in row[name]),
                    key=lambda decision: (decision.first_day or date.min, decision.status),
                )
            )
            for name in EXPECTED
        }
        for row in decisions.iter_rows(named=True)
    }
