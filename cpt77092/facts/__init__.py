"""Facts: derived columns of a claim line, one function each; a file for each subject.

A rule names the facts it needs; only those are computed. A fact is null where it is unknown, and
`Fact.unknown` says why where everything it reads is known. Facts may read claim columns, other
facts and policy parameters; they never name a payer. README.md says how to add one.
"""

from __future__ import annotations

from cpt77092.facts.catalogue import FACTS, closure, inputs
from cpt77092.facts.diagnoses import diagnosis_categories
from cpt77092.facts.distinct import distinct_ids
from cpt77092.facts.evaluate import add_facts, exact
from cpt77092.facts.fact import Context, Fact
from cpt77092.facts.grouping import PAYER, is_of, payers_of_claims, representative_line
from cpt77092.facts.message_fields import MESSAGE_FIELDS
from cpt77092.facts.money import CENTS
from cpt77092.facts.prior_claims import month_number

__all__ = [
    "CENTS",
    "FACTS",
    "MESSAGE_FIELDS",
    "PAYER",
    "Context",
    "Fact",
    "add_facts",
    "closure",
    "diagnosis_categories",
    "distinct_ids",
    "exact",
    "inputs",
    "is_of",
    "month_number",
    "payers_of_claims",
    "representative_line",
]
