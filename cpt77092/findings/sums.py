"""What lines add up to, as small frames: those of parts of a batch add up to those of the whole."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from decimal import Decimal

import polars as pl

from cpt77092.engine import CLAIM_OF_PAYER, ERROR, EXPECTED_PAYMENT, INFO, WARNING, Result
from cpt77092.findings.gaps import denied_and_unjudged, lines_without, unjudged_payers
from cpt77092.findings.lines import money_at_risk
from cpt77092.findings.not_checked import not_checked_reasons
from cpt77092.findings.outdated import lines_after_tables, service_years
from cpt77092.findings.table import is_question
from cpt77092.reference.codes import CHECKED

MONEY = (
    pl.len().alias("lines"),
    pl.col("charge_amount").filter(pl.col("charge_amount") >= 0).sum().alias("charges"),
    (pl.col("charge_amount") >= 0).sum().alias("charges_known"),
    pl.col(EXPECTED_PAYMENT).sum().alias("expected"),
    pl.col(EXPECTED_PAYMENT).count().alias("expected_known"),
)
"""The fields of `AtRisk`, summed over lines."""

Sums = Mapping[str, pl.DataFrame]
"""A frame for each of `_ADDED`, with one row for each key."""


def _total(*names: str) -> list[pl.Expr]:
    return [pl.col(name).sum() for name in names]


SUMS_OF_MONEY = _total("lines", "charges", "charges_known", "expected", "expected_known")
"""Those fields, added over sets of lines that have none in common."""
_ADDED: Mapping[str, tuple[Sequence[str], Sequence[pl.Expr]]] = {
    "counts": (("count",), _total("number")),
    "findings": (("rule", "severity"), _total("number")),
    "infos": (("rule", "payer"), _total("number")),
    "questions": (
        ("payer_number", "rule"),
        (pl.col("payer").min(), *_total("lines", "charges")),
    ),
    "not_checked": (("rule", "reason", "payer"), _total("lines")),
    "without": (("group", "of_history"), _total("lines")),
    "unjudged": (("payer",), _total("lines")),
    "money_of_rules": (("rule",), SUMS_OF_MONEY),
    "money_of_payers": (
        ("payer_number",),
        (pl.col("payer_policy").first(), pl.col("payer_label").min(), *SUMS_OF_MONEY),
    ),
    "outdated": (("table",), (*_total("lines"), pl.col("last_service", "last_day").max())),
    "years": (("year",), ()),
}
"""The key of each frame, and how its other columns are added."""


def added(parts: Sequence[Sums]) -> Sums:
    """The sums of the lines of all parts; at least one, and none has a claim of another."""
    return {
        name: pl.concat([part[name] for part in parts]).group_by(key).agg(totals)
        for name, (key, totals) in _ADDED.items()
    }


def sums(
    result: Result, *, rework_cost: Decimal | None = None, without: Collection[str] = ()
) -> Sums:
    """What the lines of a run add up to; arguments are as of `totals`."""
    return {
        "counts": _counts(result, rework_cost, without),
        "findings": result.findings.group_by("rule", "severity").len("number"),
        "infos": _infos(result),
        "questions": _questions(result),
        "not_checked": not_checked_reasons(result).select("rule", "reason", "payer", "lines"),
        "without": lines_without(result),
        "unjudged": unjudged_payers(result),
        "money_of_rules": _money_of_rules(result),
        "money_of_payers": _money_of_payers(result),
        "outdated": lines_after_tables(result),
        "years": service_years(result),
    }


def _counts(result: Result, rework_cost: Decimal | None, without: Collection[str]) -> pl.DataFrame:
    worst = result.worst
    is_checked = result.lines["hcpcs_code"].is_in(sorted(CHECKED))
    denied, unjudged = denied_and_unjudged(result, without)
    expected = result.lines[EXPECTED_PAYMENT].filter(worst == ERROR)
    known = expected.drop_nulls()
    worth_it = 0 if rework_cost is None else int((known > rework_cost).sum())
    counts = {
        "lines": result.lines.height,
        "lent_payers": int(result.lines["payer_is_of_claim"].sum()),
        "checked_lines": int(is_checked.sum()),
        "partner_lines": int((~is_checked).sum()),
        "flagged_lines": worst.len() - worst.null_count(),
        "flagged_claims": _claims(result.lines[CLAIM_OF_PAYER].filter(worst.is_not_null())),
        "error_lines": int((worst == ERROR).sum()),
        "warning_lines": int((worst == WARNING).sum()),
        "denied_lines": denied,
        "unjudged_lines": unjudged,
        "worth_it": worth_it,
        "not_worth_it": known.len() - worth_it,
        "unknown": expected.null_count(),
    }
    return pl.DataFrame({"count": list(counts), "number": list(counts.values())})


def _claims(key: pl.Series) -> int:
    """How many claims some lines are of; a line without a claim number is a claim of its own."""
    return key.drop_nulls().n_unique() + key.null_count()


def _infos(result: Result) -> pl.DataFrame:
    """Infos that are no question, by rule and payer: the policy's label, or the name on a claim."""
    payer = pl.lit(result.lines["payer_label"]).gather("line")
    is_info = (pl.col("severity") == INFO) & ~is_question(result)
    infos = result.findings.lazy().filter(is_info).select("rule", payer=payer)
    counted = infos.group_by("rule", "payer").len("number").collect(engine="streaming")
    return counted.with_columns(pl.col("payer").cast(pl.String))


def _questions(result: Result) -> pl.DataFrame:
    """What each payer is asked by each rule, with the charges that are no credits."""
    asked = result.findings.filter(is_question(result))
    payer = (result.payer_counted, "payer_label", "charge_amount")
    lines = result.lines.select(payer)[asked["line"]]
    return (
        asked.hstack(lines)
        .group_by("payer_number", "rule")
        .agg(
            payer=pl.col("payer_label").cast(pl.String).min(),
            lines=pl.len().cast(pl.Int64),
            charges=pl.col("charge_amount").filter(pl.col("charge_amount") >= 0).sum(),
        )
    )


def _money_of_rules(result: Result) -> pl.DataFrame:
    errors = result.findings.filter(pl.col("severity") == ERROR)
    money = result.lines.select("charge_amount", EXPECTED_PAYMENT)[errors["line"]]
    return errors.select("rule").hstack(money).group_by("rule").agg(MONEY)


def _money_of_payers(result: Result) -> pl.DataFrame:
    payer = (result.payer_counted, "payer_policy", "payer_label")
    lines = result.lines.select(payer).hstack(money_at_risk(result))
    # One payer is spelt in several ways: the number tells payers apart, the first label names it.
    by_payer = (
        lines.with_columns(result.worst.alias("worst"))
        .lazy()
        .filter(pl.col("worst") == ERROR)
        .group_by("payer_number")
        .agg(pl.first("payer_policy"), pl.min("payer_label"), *MONEY)
        .collect(engine="streaming")
    )
    return by_payer.with_columns(pl.col("payer_policy", "payer_label").cast(pl.String))
