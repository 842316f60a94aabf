"""The statements that the policy files hold for the publication."""

from __future__ import annotations

from typing import Any

from cpt77092.brief.scope import Scope
from cpt77092.document import Statement
from cpt77092.policies.policy import Policy
from cpt77092.reference.sources import Source

# The section of each key of a policy's `brief`. A key that is not here gets the section `further`.
PLACES = {
    "category": "category",
    "clinical_context": "clinical",
    "workflow": "clinical",
    "sites": "sites",
    "modifiers": "modifiers",
    "coverage": "coverage",
    "filing": "filing",
    "date_of_service": "filing",
    "pricing": "fees",
    "prices": "prices",
    "related_codes": "related",
    "documentation": "documentation",
}


def section_statements(scope: Scope, section: str) -> list[Statement]:
    """The policies' own statements for a section, national ones first."""
    return [
        Statement(
            text=text,
            sources=(source or scope.file(payer),),
            about="" if payer in scope.national else scope.policies[payer].label,
        )
        for payer in dict.fromkeys([*scope.national, *scope.subjects])
        # In the order of `PLACES`, so that context comes before workflow.
        for key in dict.fromkeys([*PLACES, *scope.policies[payer].brief])
        if PLACES.get(key, "further") == section
        for text, source in policy_statements(scope.policies[payer], key)
    ]


def policy_statements(policy: Policy, key: str) -> list[tuple[str, Source | None]]:
    """The statements of a policy's `brief` under a key, which holds one or a list of them."""
    stated: Any = policy.brief.get(key, ())
    if not stated:
        return []
    return [stated] if isinstance(stated[0], str) else list(stated)
