"""The sentences that the policy files hold for the publication."""

from __future__ import annotations

from typing import Any

from cpt77092.brief.document import Statement
from cpt77092.brief.scope import Scope
from cpt77092.policies.policy import Policy
from cpt77092.reference.sources import Source

# Where each key of a policy's `brief` is printed. A key that is not here gets the last section.
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


def said(view: Scope, section: str) -> list[Statement]:
    """The policies' own sentences for a section, national ones first."""
    found = []
    for payer in dict.fromkeys([*view.national, *view.subjects]):
        policy = view.policies[payer]
        # In the order of `PLACES`, so that context comes before workflow.
        for key in dict.fromkeys([*PLACES, *policy.brief]):
            if PLACES.get(key, "further") != section:
                continue
            found += [
                Statement(
                    text=text,
                    sources=(source or view.file(payer),),
                    about="" if payer in view.national else policy.label,
                )
                for text, source in statements(policy, key)
            ]
    return found


def statements(policy: Policy, key: str) -> list[tuple[str, Source | None]]:
    """What a policy's `brief` says under a key: one statement or a list of them."""
    stated: Any = policy.brief.get(key, ())
    if not stated:
        return []
    return [stated] if isinstance(stated[0], str) else list(stated)
