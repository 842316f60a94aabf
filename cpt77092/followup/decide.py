"""Makes the entries for findings of a run that somebody accepts."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import asdict
from datetime import date

import polars as pl

from cpt77092.engine import SEVERITIES, Result
from cpt77092.followup.accepted import decision_of, keys_of_lines, person_digest
from cpt77092.followup.entries import Entry
from cpt77092.followup.key import PAYER
from cpt77092.followup.keyed import Secret
from cpt77092.followup.values import line_values, policy_text
from cpt77092.frozen import frozen


@frozen(kw_only=True)
class Acceptance:
    """Why findings are accepted, by whom, and until when."""

    reason: str
    by: str
    accepted: date
    until: date


def single_entries(
    result: Result, findings: pl.DataFrame, acceptance: Acceptance, secret: Secret
) -> Iterator[Entry]:
    """An entry for each of some findings of the result."""
    for (number,), some in findings.partition_by("rule", as_dict=True, maintain_order=True).items():
        rule = result.rules[int(number)]
        values = line_values(result, rule, some["line"]).iter_rows(named=True)
        keys = keys_of_lines(result, some["line"]).iter_rows(named=True)
        payers = result.lines[PAYER].cast(pl.String)[some["line"]]
        for row, of_line, key, payer in zip(
            some.iter_rows(named=True), values, keys, payers, strict=True
        ):
            yield Entry(
                rule=rule.code,
                payer=payer,
                claim=key["claim_id"],
                line=key["claim_line_number"],
                code=key["hcpcs_code"],
                date=key["claim_line_start_date"],
                billing_npi=key["billing_npi"],
                person=person_digest(result, secret, row["line"]),
                severity=SEVERITIES[row["severity"]].value,
                policy=(policy_text(decision_of(result, row["decision"])),),
                values={name: secret.digest(name, text) for name, text in of_line.items()},
                key=secret.mark,
                **asdict(acceptance),
            )


def standing_entries(
    result: Result, findings: pl.DataFrame, acceptance: Acceptance
) -> Iterator[Entry]:
    """An entry for each rule and payer of some findings of the result."""
    payers = result.lines.select(pl.col(PAYER).cast(pl.String))[findings["line"]]
    for (number, payer), some in (
        findings.hstack(payers)
        .partition_by("rule", PAYER, as_dict=True, maintain_order=True)
        .items()
    ):
        decisions = some["decision"].unique().sort().to_list()
        yield Entry(
            rule=result.rules[int(number)].code,
            payer=str(payer),
            severity=SEVERITIES[min(some["severity"].to_list())].value,
            policy=tuple(sorted({policy_text(decision_of(result, each)) for each in decisions})),
            **asdict(acceptance),
        )
