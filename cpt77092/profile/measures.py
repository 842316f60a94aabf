"""Benchmarks of a batch: what its checked lines bill by payer and month, and what was expected.

What was expected is each payer's policy in force on the lines' dates. A share is of the lines on
which its question can be answered; where that is no line it is unknown, never zero. Every checked
line counts, a repeated or voided one too. No patient is identified.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import date
from decimal import Decimal
from functools import partial
from typing import Any

import polars as pl

from cpt77092.engine import ERROR, EXPECTED_PAYMENT, SEVERITIES, Result
from cpt77092.facts import exact
from cpt77092.frozen import frozen
from cpt77092.policies import Decision
from cpt77092.reference.codes import CHECKED, INTERPRETATION
from cpt77092.rule import Severity
from cpt77092.text import gathered

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


@frozen
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


@frozen(kw_only=True)
class Comparison:
    """Charges against fees, over lines with a charge and a fee for their units and modifiers."""

    lines: int
    charges: Decimal | None
    fees: Decimal | None
    times_fee: float | None
    """Charges over fees."""
    below_fee: Share
    """Lines charged below the fee."""


@frozen(kw_only=True)
class Totals:
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
    compared_with_fee: Comparison


@frozen(kw_only=True)
class Code(Totals):
    """Lines of one procedure code."""

    hcpcs_code: str
    with_26: Share
    with_tc: Share
    expected: Mapping[str, tuple[Decision, ...]]
    """Parameter to what was in force on the lines' dates, oldest first; empty over all payers."""


@frozen
class Site:
    """Lines of one place of service."""

    place_of_service_code: str | None
    """Blank where the cell is; None where the file has no such column."""
    lines: int
    share: Share
    """Of the lines whose file states places."""
    typical: Share
    """Lines for which the place is a usual one."""
    accepted: Share
    """Lines for which it is on the payer's list; known only where the payer published one."""


@frozen
class Finding:
    """The lines on which one rule has a finding."""

    rule: str
    title: str
    severity: Severity
    lines: Share


@frozen(kw_only=True)
class Group(Totals):
    """Some lines by code, place of service and finding."""

    codes: tuple[Code, ...]
    sites: tuple[Site, ...]
    """Most lines first."""
    findings: tuple[Finding, ...]
    """Errors first, then by number of lines."""

    @property
    def use_of_26(self) -> Share:
        """Modifier 26 on the interpretation, 77092."""
        shares = [code.with_26 for code in self.codes if code.hcpcs_code in INTERPRETATION]
        counts = ((share.part, share.known, share.lines) for share in shares)
        return Share(*map(sum, zip((0, 0, 0), *counts, strict=True)))


@frozen(kw_only=True)
class Month(Group):
    """The lines of one month of service."""

    month: str | None
    """`2026-03`; None where a date could not be read."""


@frozen(kw_only=True)
class Payer(Group):
    """One payer's lines, and the same month by month."""

    payer: str
    """Key of the policy that applies to them."""
    label: str
    """The policy's label, or else the name on the claims."""
    months: tuple[Month, ...]


@frozen(kw_only=True)
class Profile(Group):
    """A batch, month by month and payer by payer."""

    as_of: date
    policies: tuple[str, ...]
    """Where the policies came from."""
    locality: str
    """The locality whose fees Medicare's are; blank where they are national."""
    rows: int
    """Rows of the files, of any code."""
    rejected: int
    """Rows that could not be read."""
    unreadable: tuple[str, ...]
    """A sentence for each file that could not be read, among others that could."""
    faults: tuple[str, ...]
    """What is wrong with files that were read with --lenient."""
    first_day: date | None
    last_day: date | None
    months: tuple[Month, ...]
    payers: tuple[Payer, ...]
    """Most lines first."""


def profile(result: Result) -> Profile:
    """Add up the checked lines of a run of the whole catalog."""
    prepared = _prepared(result)
    lines = prepared.filter("is_checked")
    # Rule and severity of each finding on a checked line, with the line's payer and month.
    where = prepared.select("payer_number", "month", "is_checked")[result.findings["line"]]
    findings = result.findings.select("rule", "severity").hstack(where).filter("is_checked")
    groups = partial(_groups, result, lines, findings)
    labels = (
        lines.sort("payer_label")
        .group_by("payer_number", maintain_order=True)
        .agg(pl.first("payer_policy", "payer_label"), pl.len().alias("lines"))
        .sort("lines", "payer_label", descending=[True, False])
    )
    by_payer = groups(["payer_number"])
    by_month: dict[int, dict[date | None, _Fields]] = {}
    for (number, month), group in groups(["payer_number", "month"]).items():
        by_month.setdefault(number, {})[month] = group
    batch = result.batch
    return Profile(
        as_of=result.as_of,
        policies=tuple(result.policies.origin),
        locality=result.policies.locality,
        rows=batch.total.rows,
        rejected=batch.total.rejected,
        unreadable=tuple(batch.unreadable),
        faults=tuple(batch.faults),
        first_day=lines["day"].drop_nulls().min(),  # type: ignore[arg-type]
        last_day=lines["day"].drop_nulls().max(),  # type: ignore[arg-type]
        months=_months({month: group for (month,), group in groups(["month"]).items()}),
        payers=tuple(
            Payer(payer=key, label=label, months=_months(by_month[number]), **by_payer[number,])
            for number, key, label, _ in labels.iter_rows()
        ),
        **groups([])[()],
    )


_Fields = dict[str, Any]
"""The fields of a `Group`, or of its totals, by name."""


def _months(groups: Mapping[date | None, _Fields]) -> tuple[Month, ...]:
    """In order, and what has no date last."""
    ordered = sorted(groups.items(), key=lambda item: (item[0] is None, item[0] or date.min))
    return tuple(
        Month(month=None if first_day is None else f"{first_day:%Y-%m}", **group)
        for first_day, group in ordered
    )


def _prepared(result: Result) -> pl.DataFrame:
    """The columns that are added up, of all lines in scope."""
    charge, fee = pl.col("charge_amount"), pl.col(EXPECTED_PAYMENT)
    charge = pl.when(charge >= 0).then(charge)
    is_compared = charge.is_not_null() & fee.is_not_null()
    units = pl.col("service_unit_quantity")
    units = pl.when(units > 0).then(units)
    is_error = result.worst == ERROR
    of_errors = (rule.code for rule in result.rules if rule.severity is Severity.ERROR)
    unsure = [result.outcomes[code].is_null() for code in of_errors]
    is_unsure = pl.any_horizontal(pl.lit(value=False), *unsure)  # some runs have no such rule
    return result.lines.select(
        *(result.payer_counted, "payer_policy", "payer_label"),
        *("hcpcs_code", "policy_row", "place_of_service_code"),
        typical="place_is_typical",
        accepted="place_is_accepted",
        with_26="has_modifier_26",
        with_tc="has_modifier_tc",
        day="claim_line_start_date",
        month=pl.col("claim_line_start_date").dt.truncate("1mo"),
        is_checked=pl.col("hcpcs_code").is_in(sorted(CHECKED)),
        clean=~is_error.fill_null(value=False),
        is_unsure=is_unsure,
        units=units,
        over_max_units=units > pl.col("policy.max_units_per_day"),
        charges=charge,
        compared_charges=pl.when(is_compared).then(charge),
        compared_fees=pl.when(is_compared).then(fee),
        below_fee=pl.when(is_compared).then(charge < fee),
    )


def _shares(*columns: str) -> list[pl.Expr]:
    """Of each column of booleans how many are true, and how many are known: see `_share`."""
    return [
        *(pl.col(column).sum().alias(column) for column in columns),
        *(pl.col(column).count().alias(f"{column}.known") for column in columns),
    ]


def _share(row: Mapping[str, Any], column: str) -> Share:
    return Share(row[column], row[f"{column}.known"], row["lines"])


_TOTALS = (
    pl.len().alias("lines"),
    *_shares("clean", "over_max_units", "below_fee"),
    (pl.col("clean") & pl.col("is_unsure")).sum().alias("clean_not_fully_checked"),
    exact(pl.col("units")).sum().cast(pl.Float64).alias("units"),
    pl.col("units").count().alias("units_known"),
    pl.col("units").max().alias("most_units"),
    pl.col("charges").sum(),
    pl.col("charges").count().alias("charges_known"),
    pl.col("compared_charges").sum(),
    pl.col("compared_fees").sum(),
)
"""The columns that `_totals` reads."""

Key = tuple[Any, ...]


def _groups(
    result: Result, lines: pl.DataFrame, findings: pl.DataFrame, keys: list[str]
) -> dict[Key, _Fields]:
    """The lines that share the keys, added up; all lines together where there is no key."""
    totals = _rows(lines, keys, [], _TOTALS)
    codes = _rows(lines, keys, ["hcpcs_code"], (*_TOTALS, *_shares("with_26", "with_tc")))
    of_sites = (pl.len().alias("lines"), *_shares("typical", "accepted"))
    sites = _rows(lines, keys, ["place_of_service_code"], of_sites)
    found_on = _rows(findings, keys, ["rule", "severity"], [pl.len().alias("lines")])
    expected = _expected(result, lines, keys) if "payer_number" in keys else {}
    return {
        key: {
            "codes": tuple(
                Code(
                    hcpcs_code=code["hcpcs_code"],
                    with_26=_share(code, "with_26"),
                    with_tc=_share(code, "with_tc"),
                    expected=expected.get((*key, code["hcpcs_code"]), {}),
                    **_totals(code),
                )
                for code in codes.get(key, [])
            ),
            "sites": _sites(sites.get(key, [])),
            "findings": _findings(result, found_on.get(key, []), row["lines"]),
            **_totals(row),
        }
        for key, (row,) in totals.items()
    }


def _rows(
    frame: pl.DataFrame, keys: list[str], within: list[str], measures: Sequence[pl.Expr]
) -> dict[Key, list[dict[str, Any]]]:
    """Aggregates by `keys` and, in the order of `within`, by these too.

    A null is a group of its own here: what has no date, or no place.
    """
    all_keys = [*keys, *within]
    if not all_keys:
        return {(): [frame.select(measures).row(0, named=True)]}
    rows = frame.group_by(all_keys).agg(measures).sort(all_keys).iter_rows(named=True)
    return gathered((tuple(row[key] for key in keys), row) for row in rows)


def _totals(row: Mapping[str, Any]) -> _Fields:
    below_fee, fees = _share(row, "below_fee"), row["compared_fees"]
    return {
        "lines": row["lines"],
        "clean": _share(row, "clean"),
        "clean_not_fully_checked": row["clean_not_fully_checked"],
        "units": row["units"] if row["units_known"] else None,
        "units_known": row["units_known"],
        "most_units": row["most_units"],
        "over_max_units": _share(row, "over_max_units"),
        "charges": row["charges"] if row["charges_known"] else None,
        "charges_known": row["charges_known"],
        "compared_with_fee": Comparison(
            lines=below_fee.known,
            charges=row["compared_charges"] if below_fee.known else None,
            fees=fees if below_fee.known else None,
            times_fee=float(row["compared_charges"] / fees) if fees else None,
            below_fee=below_fee,
        ),
    }


def _sites(rows: Sequence[Mapping[str, Any]]) -> tuple[Site, ...]:
    lines = sum(row["lines"] for row in rows)
    known = sum(row["lines"] for row in rows if row["place_of_service_code"] is not None)
    sites = []
    for row in sorted(rows, key=lambda row: (-row["lines"], row["place_of_service_code"] or "")):
        place, number = row["place_of_service_code"], row["lines"]
        # Without the column the share of a place is not known.
        share = Share(0, 0, lines) if place is None else Share(number, known, lines)
        sites.append(Site(place, number, share, _share(row, "typical"), _share(row, "accepted")))
    return tuple(sites)


def _findings(result: Result, rows: Sequence[Mapping[str, Any]], lines: int) -> tuple[Finding, ...]:
    findings = []
    for row in sorted(rows, key=lambda row: (row["severity"], -row["lines"], row["rule"])):
        rule, share = result.rules[row["rule"]], Share(row["lines"], lines, lines)
        findings.append(Finding(rule.code, rule.title, SEVERITIES[row["severity"]], share))
    return tuple(findings)


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
