"""What the publication covers: some payers on one day, and who is cited for their positions."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import date
from decimal import Decimal
from typing import Any

from cpt77092.document import Statement
from cpt77092.frozen import frozen
from cpt77092.policies import Decision, PolicySet
from cpt77092.policies.parameters import ByPart, Subject
from cpt77092.policies.policy import DEFAULT, NATIONAL, EntryKind
from cpt77092.policies.positions import Position, positions
from cpt77092.policies.resolve import chain
from cpt77092.reference.codes import COMPANIONS, FAMILY
from cpt77092.reference.sources import Source

FAMILY_FIRST = (*sorted(FAMILY), *sorted(COMPANIONS))


@frozen
class Scope:
    """The policies, one payer of them or all, and the day."""

    policies: PolicySet
    payer: str | None
    on: date

    @property
    def subjects(self) -> list[str]:
        """The policies it is about; the national tables appear through those that follow them."""
        return [self.payer] if self.payer else [p for p in self.policies.policies if p != NATIONAL]

    @property
    def national(self) -> list[str]:
        """The policies whose statements apply to everybody."""
        return [p for p in (DEFAULT, NATIONAL) if p in self.policies.policies]

    @property
    def payers(self) -> list[str]:
        """The policies whose positions are listed: the subjects, and the default for comparison."""
        default = [DEFAULT] if DEFAULT in self.policies.policies else []
        return list(dict.fromkeys([*self.subjects, *default]))

    def positions(
        self, payers: Iterable[str], codes: Sequence[str], parameters: Iterable[str]
    ) -> list[Position]:
        """Each payer's positions on the day."""
        names = list(parameters)
        return [
            position
            for payer in payers
            for position in positions(self.policies, payer, codes, names, self.on)
        ]

    def with_own_amounts(self, parameter: str) -> list[str]:
        """Policies that state an amount for a TBS code themselves; the payer's own comes first."""
        payers = [
            payer
            for payer, policy in self.policies.policies.items()
            if any(
                entry.kind is EntryKind.VALUE
                for code in FAMILY
                for entry in policy.values.get((code, parameter), ())
            )
        ]
        return sorted(payers, key=lambda payer: payer != self.payer)

    def labels(self, payers: Iterable[str]) -> str:
        """Payers as a person lists them."""
        keys = list(dict.fromkeys(payers))
        if self.payer is None and len(keys) > 1 and set(keys) == set(self.payers):
            return "all payers"
        return ", ".join(self.policies[payer].label for payer in keys)

    def statements(self, *subjects: Subject) -> list[Statement]:
        """The policies' own statements on some subjects, national ones first."""
        return [
            Statement(
                text,
                "" if payer in self.national else self.policies[payer].label,
                sources=(source or self.file(payer),),
            )
            for payer in dict.fromkeys([*self.national, *self.subjects])
            for subject in subjects
            for text, source in self.policies[payer].brief.get(subject, ())
        ]

    def file(self, payer: str) -> Source:
        """The policy file itself, cited for what it records as not found."""
        policy = self.policies[payer]
        checked = f"its sources last checked on {policy.checked_on}" if policy.checked_on else ""
        return Source(title=f"Our policy file {payer}.yaml ({policy.label})", at=checked)

    def files_searched(self, payer: str) -> tuple[Source, ...]:
        """The policy files that were searched for a payer's position."""
        return tuple(self.file(name) for _, name in chain(self.policies, payer))

    def sources(self, decisions: Iterable[Decision]) -> tuple[Source, ...]:
        """Who is cited for some decisions; where there is no source, the files searched."""
        cited: dict[Source, None] = {}
        for decision in decisions:
            if decision.source is not None:
                cited[decision.source] = None
            elif decision.quotes:
                cited[self.file(decision.payer)] = None
            else:
                cited |= dict.fromkeys(self.files_searched(decision.payer))
            if decision.contradicted_by is not None:
                cited[decision.contradicted_by] = None
        return tuple(cited)


def global_amount(value: Any) -> Decimal | None:
    """The amount for the global service."""
    return value.whole if isinstance(value, ByPart) else value


def capitalized(text: str) -> str:
    """The text as the beginning of a sentence."""
    return text[:1].upper() + text[1:]
