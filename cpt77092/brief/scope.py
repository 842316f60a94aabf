"""What the publication looks at: some payers on one day, and who is cited for what they say."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from typing import Any

from cpt77092.policies import Decision, PolicySet
from cpt77092.policies.parameters import ByPart
from cpt77092.policies.policy import DEFAULT, NATIONAL, DatedValue, EntryKind
from cpt77092.policies.positions import Position, positions
from cpt77092.policies.resolve import chain
from cpt77092.reference.codes import CHECKED, COMPANIONS, FAMILY
from cpt77092.reference.sources import Source

FAMILY_FIRST = (*sorted(FAMILY), *sorted(COMPANIONS))


@dataclass(frozen=True, slots=True)
class Scope:
    """The policies on file, one payer of them or all, and the day."""

    policies: PolicySet
    payer: str | None
    on: date

    @property
    def subjects(self) -> list[str]:
        """Those it is about; the national tables speak through who follows them."""
        return [self.payer] if self.payer else [p for p in self.policies.policies if p != NATIONAL]

    @property
    def national(self) -> list[str]:
        """Whose sentences hold for everybody."""
        return [p for p in (DEFAULT, NATIONAL) if p in self.policies.policies]

    @property
    def payers(self) -> list[str]:
        """Those whose positions are given: beside one payer, what holds for anybody."""
        beside = [DEFAULT] if DEFAULT in self.policies.policies else []
        return list(dict.fromkeys([*self.subjects, *beside]))

    def positions(
        self, payers: Iterable[str], codes: Sequence[str], parameters: Iterable[str]
    ) -> list[Position]:
        """What each payer says on the day."""
        asked = list(parameters)
        return [
            row
            for payer in payers
            for row in positions(self.policies, payer, codes, asked, self.on)
        ]

    def stating(self, parameter: str) -> list[str]:
        """Policies that state a family amount of their own; the payer's own comes first."""
        stating = [
            payer
            for payer, policy in self.policies.policies.items()
            if any(
                entry.kind is EntryKind.VALUE
                for code in FAMILY
                for entry in policy.values.get((code, parameter), ())
            )
        ]
        return sorted(stating, key=lambda payer: payer != self.payer)

    def labels(self, payers: Iterable[str]) -> str:
        """Payers as a person lists them."""
        named = list(dict.fromkeys(payers))
        if self.payer is None and len(named) > 1 and set(named) == set(self.payers):
            return "all payers"
        return ", ".join(self.policies[payer].label for payer in named)

    def file(self, payer: str) -> Source:
        """The policy file itself, as the source of what it says was not found."""
        policy = self.policies[payer]
        read = f"what it cites was last read on {policy.checked_on}" if policy.checked_on else ""
        return Source(title=f"Our policy file {payer}.yaml ({policy.label})", at=read)

    def asked(self, payer: str) -> tuple[Source, ...]:
        """The files that were asked in vain."""
        return tuple(self.file(name) for _, name in chain(self.policies, payer))

    def sources(self, decisions: Iterable[Decision]) -> tuple[Source, ...]:
        """Who is cited for some decisions; the files themselves where nobody says anything."""
        cited: dict[Source, None] = {}
        for made in decisions:
            if made.source is not None:
                cited |= dict.fromkeys([made.source])
            elif made.quotes:
                cited |= dict.fromkeys([self.file(made.payer)])
            else:
                cited |= dict.fromkeys(self.asked(made.payer))
            if made.contradicted_by is not None:
                cited |= dict.fromkeys([made.contradicted_by])
        return tuple(cited)


def in_force(entries: Sequence[DatedValue], day: date) -> DatedValue | None:
    """What one file says on a day, if it says anything."""
    return next((entry for entry in reversed(entries) if entry.first_day <= day), None)


def whole(value: Any) -> Decimal | None:
    """An amount for the whole service."""
    return value.whole if isinstance(value, ByPart) else value


def named(codes: Sequence[str]) -> str:
    """Codes as a person names them."""
    groups = {CHECKED: "all codes", FAMILY: "the four codes", COMPANIONS: "the scans"}
    return groups.get(frozenset(codes), ", ".join(codes))


def capital(text: str) -> str:
    """The text as the beginning of a sentence."""
    return text[:1].upper() + text[1:]
