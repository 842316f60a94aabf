"""What a decision on a finding was given for: the values of the line, and the policy's value."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping

import polars as pl

from cpt77092.claims.columns import BY_NAME, DIAGNOSES, MODIFIERS
from cpt77092.engine import CLAIM_OF_PAYER, Result
from cpt77092.facts import inputs
from cpt77092.followup.key import ON_LINE
from cpt77092.policies import Decision
from cpt77092.policies.value_text import value_text
from cpt77092.rule import Rule

_BILLED: Mapping[str, tuple[str, ...]] = {
    "modifiers": MODIFIERS,
    "units": ("service_unit_quantity",),
    "POS": ("place_of_service_code",),
    "diagnoses": DIAGNOSES,
    "charge": ("charge_amount",),
    "claim frequency": ("claim_frequency_code",),
    "rendering NPI": ("rendering_npi",),
}
"""What every line is billed with, under the names that people use."""
_OF_OTHER_LINES = {
    "units_on_day_at_least": "units on the day",
    "earlier_test_date": "date of the last test",
}
"""Facts of other lines that make a finding, under the names that people use."""
CODES_ON_CLAIM = "codes on the claim"
_NAMED_ELSEWHERE = frozenset(
    {*ON_LINE, "line_control_number", "payer", "payer_id", "claim_filing_indicator", "billing_npi"}
    | {column for columns in _BILLED.values() for column in columns}
    | {column.name for column in BY_NAME.values() if column.patient}
)
_LONGEST = 60
"""Characters of a policy's value that stand in a file; a longer one is a list, and digested."""


def line_values(result: Result, rule: Rule, lines: pl.Series) -> pl.DataFrame:
    """The values of some lines, by number, that a finding of the rule may rest on, as texts.

    A column that no rule of the run reads is left out; blank and missing values are alike.
    """
    frame = result.lines
    groups = dict(_BILLED)
    for root in rule.flag.meta.root_names():
        for name in inputs(root, optional=True):
            plain = name.removesuffix(".state")
            if plain in BY_NAME and plain not in _NAMED_ELSEWHERE:
                groups[plain] = (plain,)
    for fact, name in _OF_OTHER_LINES.items():
        if any(f"{{{fact}}}" in text for text in rule.templates):
            groups[name] = (fact,)
    texts = [
        pl.concat_str(
            [pl.col(name).cast(pl.String).fill_null("") for name in some], separator=" "
        ).alias(group)
        for group, columns in groups.items()
        if (some := [name for name in columns if name in frame.columns])
    ]
    return frame[lines].select(texts).hstack([_codes_on_claim(frame, lines)])


def _codes_on_claim(frame: pl.DataFrame, lines: pl.Series) -> pl.Series:
    """The checked and partner codes on the claim of each of some lines."""
    claims = frame[lines].select(CLAIM_OF_PAYER)
    codes = (
        frame.lazy()
        .filter(pl.col(CLAIM_OF_PAYER).is_in(claims[CLAIM_OF_PAYER].drop_nulls().implode()))
        .group_by(CLAIM_OF_PAYER)
        .agg(pl.col("hcpcs_code").cast(pl.String).fill_null("").sort().str.join(" "))
        .rename({"hcpcs_code": CODES_ON_CLAIM})
        .collect()
    )
    joined = claims.join(codes, on=CLAIM_OF_PAYER, how="left", maintain_order="left")
    return joined[CODES_ON_CLAIM].fill_null("")


def policy_text(decision: Decision | None) -> str:
    """`modifier_26 not allowed since 2022-01-01 (Medicare)`: what a finding rests on.

    A rule of billing in general rests on none.
    """
    if decision is None:
        return "no payer policy"
    value = value_text(decision)
    if len(value) > _LONGEST:
        value = f"list {hashlib.sha256(value.encode()).hexdigest()[:8]}"
    return f"{decision.parameter} {value}{_since(decision)}"


def policy_change(decision: Decision | None) -> str:
    """What a decision on a finding lapses for, where the policy's value is another now."""
    if decision is None:
        return "no payer policy decides it any more"
    name, value = decision.parameter.replace("_", " "), value_text(decision)
    now = f"now {value}" if len(value) <= _LONGEST else "another list"
    return f"policy changed: {name}, {now}{_since(decision)}"


def _since(decision: Decision) -> str:
    since = f" since {decision.first_day}" if decision.first_day else ""
    return f"{since} ({decision.decided_by})" if decision.decided_by else since
