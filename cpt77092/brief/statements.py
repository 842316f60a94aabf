"""The statements that the policy files hold for the publication."""

from __future__ import annotations

from typing import Any

from cpt77092.brief.scope import Scope
from cpt77092.document import Statement
from cpt77092.policies.parameters import Subject
from cpt77092.policies.policy import Policy
from cpt77092.reference.sources import Source


def statements(scope: Scope, *subjects: Subject) -> list[Statement]:
    """The policies' own statements on some subjects, national ones first."""
    return [
        Statement(
            text=text,
            sources=(source or scope.file(payer),),
            about="" if payer in scope.national else scope.policies[payer].label,
        )
        for payer in dict.fromkeys([*scope.national, *scope.subjects])
        for subject in subjects
        for text, source in policy_statements(scope.policies[payer], subject)
    ]


def policy_statements(policy: Policy, subject: Subject) -> list[tuple[str, Source | None]]:
    """A policy's statements on a subject, which holds one or a list of them."""
    stated: Any = policy.brief.get(subject, ())
    if not stated:
        return []
    return [stated] if isinstance(stated[0], str) else list(stated)
