"""The flow of grading: reports and remittances in, grades out."""

from __future__ import annotations

from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from datetime import date
from pathlib import Path

import polars as pl

from cpt77092.frozen import frozen
from cpt77092.grading.evidence import Proposal, doubtful_rules, proposals
from cpt77092.grading.grades import Grades, RuleGrade, grade
from cpt77092.grading.match import REMIT, match
from cpt77092.grading.payments import Payments, payments
from cpt77092.grading.predictions import Predictions, read_predictions
from cpt77092.policies import load_policies
from cpt77092.remittances import Remittances, read_remittances
from cpt77092.rules import CATALOGUE


@frozen(kw_only=True)
class Graded:
    """Everything that a report of grades shows."""

    predictions: Predictions
    remittances: Remittances
    grades: Grades
    lines: pl.DataFrame
    """The checked lines with their predictions and answers."""
    unmatched: pl.DataFrame
    """Remittance lines with a checked code that answer no checked line."""
    other_codes: int
    payments: Payments
    proposals: tuple[Proposal, ...]
    doubtful_rules: tuple[RuleGrade, ...]
    """Those whose errors, resting on another parameter of a payer, the payer clearly paid."""

    @property
    def last_payment(self) -> date | None:
        """The day of the newest payment."""
        last = self.remittances.lines["payment_date"].max()
        return last if isinstance(last, date) else None


def run_grading(
    remits: Sequence[str],
    *,
    reports: Sequence[str],
    claims: Sequence[str] = (),
    policies: Path | None = None,
    lenient: bool = False,
) -> Graded:
    """Grade reports by remittances.

    Args:
        remits: remittance files, folders and patterns.
        reports: JSON reports of `scrub check`.
        claims: the claim files of reports that do not list all checked lines.
        policies: a folder of the user's own policies; that of the report if omitted.
        lenient: read past wrong counts in 835 files.

    Raises:
        ScrubError: a file or an argument cannot be used; its `lines` say what to fix.
    """
    with ThreadPoolExecutor(max_workers=1) as pool:  # two readers that know nothing of each other
        answers = pool.submit(read_remittances, remits, lenient=lenient)
        predictions = read_predictions(reports, claims)
        remittances = answers.result()
    folder = policies or predictions.policies
    policy_set = load_policies(folder)
    matches = match(predictions.lines, remittances.lines)
    grades, lines = grade(predictions, matches, policy_set, CATALOGUE)
    unmatched = remittances.lines.with_row_index(REMIT)[matches.unmatched]
    return Graded(
        predictions=replace(predictions, policies=folder),
        remittances=remittances,
        grades=grades,
        lines=lines,
        unmatched=unmatched,
        other_codes=matches.other_codes,
        payments=payments(lines),
        proposals=proposals(lines, policy_set, CATALOGUE, grades.steps, folder),
        doubtful_rules=doubtful_rules(grades.rules, CATALOGUE),
    )
