"""From a payer's name, plan, id and claim filing indicator to the policy that holds for it.

A name is understood by its words: a brand and, beside it, only words known to mean nothing else.
Where two readings are possible there is no match, but a proposal. The payer id and the filing
indicator support or contradict what the name says; they never outrank it. The plan beside a name
is read together with it as far as its words say something; where they contradict it no policy is
used.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import field, replace
from enum import StrEnum
from functools import cached_property

from cpt77092.errors import FileProblem, SettingsError, UsageError, did_you_mean
from cpt77092.frozen import frozen
from cpt77092.policies.payer_words import EVERYONE, Hit, Role, Vocabulary, matchers, normal_name
from cpt77092.policies.policy import NATIONAL, Matches, PolicySet, Where

SELF_PAY = "self-pay"
"""The kind of payer that is the patient: no payer's rules apply."""


class Certainty(StrEnum):
    """How sure it is what a payer was taken for."""

    SURE = "sure"
    LIKELY = "likely"
    NONE = "none"


@frozen
class PayerMatch:
    """What one spelling of a payer was taken for."""

    policy: str | None
    """Key of its policy; None where the default one is used."""
    certainty: Certainty
    why: str
    """The reason, as a phrase."""
    proposal: str | None = None
    """The policy that is nearest where none was matched."""
    kind: str | None = None
    """What it is where it is no policy's: `medicaid`, `self-pay`, ..."""
    conflict: str | None = None
    """What the name says, and what the id, indicator or plan says instead; None where they
    agree."""
    by_plan: bool = False
    """Whether it would be another without the plan."""

    @property
    def is_known(self) -> bool:
        """Whether it is settled which rules apply."""
        return self.policy is not None or self.is_self_pay

    @property
    def is_self_pay(self) -> bool:
        """Whether the patient pays, so that no payer's rules apply."""
        return self.kind == SELF_PAY


@frozen
class SpellingCount:
    """One spelling of a payer in a batch, and what it was taken for."""

    payer: str
    payer_id: str
    claim_filing_indicator: str
    plan_name: str
    """Blank where it changed nothing."""
    lines: int
    match: PayerMatch

    @property
    def name(self) -> str:
        """What to call it under `payers:`; blank where there is nothing to call it."""
        return own_name(self.payer_id, self.payer, self.plan_name)


@frozen(slots=False)
class Matcher:
    """Finds the policy of a payer; each distinct spelling is read once."""

    policies: PolicySet
    matches: dict[str, Matches]
    vocabulary: Vocabulary
    exact: dict[str, str]
    """Whole names, normal, that policy files list."""
    owners: dict[str, frozenset[str]]
    """Payer ids and filing indicators (`id 87726`, `indicator MB`) to whose they are."""
    _cache: dict[tuple[str, str, str, str], PayerMatch] = field(default_factory=dict)

    @classmethod
    def of(cls, policies: PolicySet) -> Matcher:
        """The matcher of all names, words and ids of the policies."""
        matches = matchers(policies)
        payers = {k: p for k, p in policies.policies.items() if k not in (EVERYONE, NATIONAL)}
        exact = {normal_name(policy.label): key for key, policy in payers.items()}
        exact |= {normal_name(key): key for key in payers}
        exact |= {normal_name(n): key for key, p in payers.items() for n in p.matches.names}
        owners: dict[str, frozenset[str]] = {}
        for key, one in matches.items():
            ids = [f"id {payer_id}" for payer_id in (*one.payer_ids, *one.shared_ids)]
            for mark in (*ids, *(f"indicator {code}" for code in one.filing_indicators)):
                owners[mark] = owners.get(mark, frozenset()) | {key}
        return cls(policies, matches, Vocabulary.of(policies), exact, owners)

    def read(self, payer_id: str, payer: str, indicator: str = "", plan: str = "") -> PayerMatch:
        """What a payer is taken for.

        Args:
            payer_id: the electronic id, or blank.
            payer: the name, or blank.
            indicator: the claim filing indicator (837P SBR09), or blank.
            plan: the plan's name, type or line of business, or blank.
        """
        if self.policies.for_all is not None:
            return PayerMatch(self.policies.for_all, Certainty.SURE, "--payer names it")
        return self._own(payer_id, payer, indicator, plan)

    def _own(self, payer_id: str, payer: str, indicator: str, plan: str) -> PayerMatch:
        """What a payer is taken for by what the line says."""
        spelling = (payer_id.strip(), payer.strip(), indicator.strip().upper(), plan.strip())
        if spelling not in self._cache:
            self._cache[spelling] = self._read(*spelling)
        return self._cache[spelling]

    def same_payer(self, payer_id: str, payer: str, indicator: str = "", plan: str = "") -> str:
        """A key that two spellings of one payer share: its policy, or else its name.

        Whatever policy `--payer` chooses, the payer is the one that the line names. Of a policy
        that speaks for several plans the plan is the payer: that of a state, or else of a brand.
        """
        match = self._own(payer_id, payer, indicator, plan)
        policy, is_named = match.policy, bool(payer.strip() or payer_id.strip())
        is_open = policy is None or policy == EVERYONE
        counts = match.by_plan and (is_open or not is_named)
        name = f"?{normal_name(own_name(payer_id, payer, plan if counts else ''))}"
        if policy is None or policy == EVERYONE:
            return name
        if self.matches[policy].family:
            return f"{policy}?{self._plan(policy, payer) or name}"
        return policy + name if self.matches[policy].any_words else policy

    def _plan(self, policy: str, payer: str) -> str:
        """The states that a name names, or else its brands; blank where it names neither."""
        hits = self.vocabulary.read(payer)
        words = [word for hit in hits for word in (hit, *self.vocabulary.words(hit))]
        states = {key for word in words for role, key in word.meanings if role is Role.REGION}
        brands = {hit.text for hit in hits if (Role.BRAND, policy) in hit.meanings}
        family = {policy for hit in hits if (Role.FAMILY, policy) in hit.meanings}
        return " ".join(sorted(states or brands or family))

    def spellings(self, rows: Iterable[tuple[str, str, str, str, int]]) -> list[SpellingCount]:
        """Every spelling of a batch with what it is taken for, the most frequent first.

        Args:
            rows: payer id, name, filing indicator, plan and number of lines of each spelling.
        """
        counts: Counter[tuple[str, str, str, str]] = Counter()
        for *named, plan, lines in rows:
            payer_id, payer, indicator = named
            by_plan = self.read(payer_id, payer, indicator, plan).by_plan
            counts[payer_id, payer, indicator, plan if by_plan else ""] += lines
        return [
            SpellingCount(payer, payer_id, indicator, plan, lines, self.read(*spelling))
            for spelling, lines in sorted(counts.items(), key=lambda one: (-one[1], one[0]))
            for payer_id, payer, indicator, plan in [spelling]
        ]

    def _read(self, payer_id: str, payer: str, indicator: str, plan: str) -> PayerMatch:
        own = self.policies.own_names
        if key := own.get(normal_name(own_name(payer_id, payer, plan))):
            return PayerMatch(key, Certainty.SURE, "your settings name it", by_plan=bool(plan))
        if not plan:
            return self._by_name(payer_id, payer, indicator)
        match = self._own(payer_id, payer, indicator, "")
        if normal_name(own_name(payer_id, payer, "")) in own:
            return match
        return self._with_plan(match, payer_id, payer, indicator, plan)

    def _by_name(self, payer_id: str, payer: str, indicator: str) -> PayerMatch:
        """What a payer is taken for without its plan."""
        name = normal_name(payer)
        if name.isdecimal():  # an id in the column of names
            name, payer_id = "", payer_id or payer
        if name in self.exact:
            match = PayerMatch(self.exact[name], Certainty.SURE, "its name is listed")
            return self._with_witnesses(match, self.vocabulary.read(payer), payer_id, indicator)
        if not name:
            return self._by_witness(payer_id, indicator)
        hits = self.vocabulary.read(payer)
        match = self._judged(hits, payer_id, indicator)
        return self._with_witnesses(match, hits, payer_id, indicator)

    # What the plan says

    def _with_plan(
        self, match: PayerMatch, payer_id: str, payer: str, indicator: str, plan: str
    ) -> PayerMatch:
        """A match by name, id and indicator, after the plan was read with the name."""
        if normal_name(payer).isdecimal():
            payer_id, payer = payer_id or payer, ""
        name, every = self.vocabulary.read(payer), self.vocabulary.read(payer, plan)
        plan_hits = self._telling_hits(
            [hit for hit in every if hit not in name], plan, match.policy
        )
        new = [hit for hit in plan_hits if not self._is_of(match.policy, hit, *_NAMING)]
        if not new:
            return match
        hits = [hit for hit in every if hit in name or hit in plan_hits] if name else every
        subject = "the name" if name else "the plan"
        both = self._judged(hits, payer_id, indicator)
        both = self._with_witnesses(both, hits, payer_id, indicator, subject)
        key = both.policy or both.kind
        if both.conflict is None and not self._is_possible(key, match, payer, name, plan_hits):
            if match.is_known:
                return self._against_plan(match, both, new[0], is_named=bool(name))
            key = both.kind
        if key == (match.policy or match.kind) and not (match.is_known and key is None):
            return replace(match, proposal=match.proposal or both.proposal)
        sure = both.certainty if name or both.policy is None else Certainty.LIKELY
        return replace(both, why=f"with its plan, {both.why}", certainty=sure, by_plan=True)

    def _telling_hits(self, hits: Sequence[Hit], plan: str, policy: str | None) -> list[Hit]:
        """The phrases of a plan that say whose it is, or that it is another's than the name's.

        Args:
            hits: those that the name does not have.
            plan: as it is written; a state in it counts beside a brand.
            policy: what the name was taken for.
        """
        named = {key for hit in hits for role, key in hit.meanings if role in _NAMING} | {policy}
        of_plan = {role for hit in self.vocabulary.read(plan) for role, _ in hit.meanings}
        telling = {*_NAMING, Role.REGION} if of_plan.intersection(_BRANDS) else {*_NAMING}
        return [
            hit
            for hit in hits
            if any(role in telling for role, _ in hit.meanings)
            or (
                (Role.PLAN_WORD, EVERYONE) not in hit.meanings
                and any(self._is_of(key, hit, Role.UNLESS) for key in named)
            )
        ]

    def _is_possible(
        self,
        key: str | None,
        match: PayerMatch,
        payer: str,
        name: Sequence[Hit],
        plan_hits: Sequence[Hit],
    ) -> bool:
        """Whether the name and what its plan says can both be of the payer that they say together.

        Args:
            key: the policy or kind of that payer.
            match: what the name was taken for.
            payer: the name.
            name: its phrases.
            plan_hits: those of the plan that say something.
        """
        if (
            key is None
            or match.is_self_pay
            or not all(self._allows(h, key) for h in (*name, *plan_hits))
        ):
            return False
        if key == match.policy:
            return True
        # Medicare, with another's plan beside it, is no plan of that company by this alone.
        owners = {owner for hit in name for role, owner in hit.meanings if role is Role.BRAND}
        if owners & self._public and self._judged(plan_hits, "", "").policy != key:
            return False
        # A whole name without a brand may be that of any line of business.
        own = self.exact.get(normal_name(payer))
        return own is None or any(self._is_of(own, hit, *_BRANDS) for hit in name)

    def _allows(self, hit: Hit, key: str) -> bool:
        """Whether a phrase may stand beside what a payer was taken for: a company has any line."""
        owners = {owner for role, owner in hit.meanings if role in _BRANDS}
        if not owners or self._is_of(key, hit, *_NAMING):
            return True
        lines = {*self._any_company, *(self.matches.keys() - self.policies.policies.keys())}
        return key in lines and not owners <= lines | self._public

    @staticmethod
    def _against_plan(
        match: PayerMatch, both: PayerMatch, hit: Hit, *, is_named: bool
    ) -> PayerMatch:
        """A match whose plan is another payer's, by one of its phrases."""
        text = f"its plan has {hit.text!r}"
        subject = "the name" if is_named else "the payer id or indicator"
        return PayerMatch(
            None,
            Certainty.NONE,
            text,
            proposal=both.policy or match.policy or both.proposal,
            conflict=f"{subject} says {match.policy or match.kind}, but {text}",
            by_plan=True,
        )

    @cached_property
    def _public(self) -> frozenset[str]:
        """The payers whose name is a line of business beside a company's: Medicare."""
        return frozenset(
            key
            for meanings in self.vocabulary.phrases.values()
            if any(role is Role.JOINS for role, _ in meanings)
            for role, key in meanings
            if role is Role.BRAND
        )

    # What the words say

    def _judged(self, hits: Sequence[Hit], payer_id: str, indicator: str) -> PayerMatch:
        """What the phrases of a name say together."""
        brands, unclear = self._brands(hits)
        kinds = {key for key in brands if key not in self.policies.policies}
        payers = brands - kinds
        alone = self._alone(payer_id, indicator)
        if kinds:
            return self._of_kind(kinds, payers, hits)
        if general := self._general(hits, payers):
            return self._of_general(*general, hits, payers & alone)
        if unclear or len(payers) > 1:
            text = f"it may be {' or '.join(sorted(unclear or payers))}"
            return PayerMatch(None, Certainty.NONE, text, proposal=min(unclear or payers))
        if payers:
            return self._of_brand(next(iter(payers)), hits, alone)
        return self._unknown(hits, payer_id, alone)

    def _brands(self, hits: Sequence[Hit]) -> tuple[set[str], set[str]]:
        """The payers that a name names, and those it may mean where a state leaves it open."""
        policies, families, regions = (
            {key for hit in hits for role, key in hit.meanings if role is of}
            for of in (Role.BRAND, Role.FAMILY, Role.REGION)
        )
        unclear: set[str] = set()
        for root in families - policies:
            if self._members[root] & policies:
                continue
            here = {
                key
                for key in (root, *self._members[root])
                if regions.intersection(self.matches[key].regions)
            }
            if len(here) > 1:
                unclear |= here
            policies |= here or {root}
        return policies, unclear

    @cached_property
    def _members(self) -> dict[str, frozenset[str]]:
        """The payers that are part of each one."""
        return {
            root: frozenset(key for key, one in self.matches.items() if one.part_of == root)
            for root in self.matches
        }

    def _general(self, hits: Sequence[Hit], payers: set[str]) -> tuple[str, list[Hit]] | None:
        """A policy for plans of any company (Medicare Advantage), and the phrases that say it."""
        for key in self._any_company:
            hits_of_payer = [hit for hit in hits if (Role.BRAND, key) in hit.meanings]
            for hit in hits:  # a line of business says it beside a brand of somebody else
                if (Role.JOINS, key) in hit.meanings:
                    named = {owner for role, owner in hit.meanings if role is Role.BRAND}
                    hits_of_payer += [hit] if payers - named - {key} else []
            if hits_of_payer:
                return key, hits_of_payer
        return None

    @cached_property
    def _any_company(self) -> tuple[str, ...]:
        return tuple(key for key, one in self.matches.items() if one.any_words)

    def _of_general(
        self, key: str, hits_of_payer: Sequence[Hit], hits: Sequence[Hit], supported: set[str]
    ) -> PayerMatch:
        """A name that says a policy for plans of any company."""
        if all(any(role is Role.REGION for role, _ in hit.meanings) for hit in hits_of_payer):
            if len(supported) == 1:
                id_owner = next(iter(supported))
                return PayerMatch(id_owner, Certainty.LIKELY, "its name and its id agree")
            text = f"{hits_of_payer[0].text.upper()!r} may be a state or {self.policies[key].label}"
            return PayerMatch(None, Certainty.NONE, text, proposal=key)
        if barred := self._barred(key, hits):
            return PayerMatch(None, Certainty.NONE, f"its name has {barred!r}", proposal=key)
        is_plain = all(hit.meanings for hit in hits)
        certainty = Certainty.SURE if is_plain else Certainty.LIKELY
        return PayerMatch(key, certainty, f"its name has {hits_of_payer[0].text!r}")

    def _of_kind(self, kinds: set[str], payers: set[str], hits: Sequence[Hit]) -> PayerMatch:
        """A payer of a kind that no policy is for."""
        kind = min(kinds)
        if kind == SELF_PAY and (payers or len(kinds) > 1 or self._strange(kind, hits)):
            text = "it may be self-pay or a plan's name"
            return PayerMatch(None, Certainty.NONE, text, proposal=min(payers, default=None))
        certainty = Certainty.SURE if kind == SELF_PAY else Certainty.NONE
        return PayerMatch(None, certainty, f"{kind}: no policy is for it", kind=kind)

    def _of_brand(self, key: str, hits: Sequence[Hit], alone: frozenset[str]) -> PayerMatch:
        """A name with one payer's brand."""
        if barred := self._barred(key, hits):
            return PayerMatch(None, Certainty.NONE, f"its name has {barred!r}")
        if strange := self._strange(key, hits):
            if key in alone:
                return PayerMatch(key, Certainty.LIKELY, "its name and its id or indicator agree")
            text = f"its name has {' '.join(strange)!r}, which may be another plan"
            return PayerMatch(None, Certainty.NONE, text, proposal=key)
        hits_of_payer = next((hit.text for hit in hits if self._is_of(key, hit, *_BRANDS)), key)
        return PayerMatch(key, Certainty.SURE, f"its name has {hits_of_payer!r}")

    def _unknown(self, hits: Sequence[Hit], payer_id: str, alone: frozenset[str]) -> PayerMatch:
        """A name without a known brand, which contradicts neither id nor indicator."""
        of_id = self.owners.get(f"id {payer_id}", frozenset())
        for owner in alone & self.policies.policies.keys():
            is_enough = owner in of_id or self.matches[owner].any_words
            if is_enough and not self._barred(owner, hits):
                text = "its payer id or filing indicator says so"
                return PayerMatch(owner, Certainty.LIKELY, text)
        nearest = self.vocabulary.nearest(hits) or min(alone or of_id, default=None)
        proposal = nearest if nearest in self.policies.policies else None
        return PayerMatch(None, Certainty.NONE, "no policy has its name", proposal=proposal)

    def _barred(self, key: str, hits: Sequence[Hit]) -> str | None:
        """The first word that means another payer than this one."""
        return next((hit.text for hit in hits if self._is_of(key, hit, Role.UNLESS)), None)

    def _strange(self, key: str, hits: Sequence[Hit]) -> list[str]:
        """Words beside a brand that may mean anything."""
        return [
            part.text
            for hit in hits
            if not self._is_plain(key, hit)
            for part in self.vocabulary.words(hit)
            if not self._is_plain(key, part)
        ]

    def _is_plain(self, key: str, hit: Hit) -> bool:
        """Whether a phrase beside a brand says nothing about whose plan it is."""
        is_common = (Role.WORD, EVERYONE) in hit.meanings
        is_state = any(role is Role.REGION for role, _ in hit.meanings)
        return is_common or is_state or self._is_of(key, hit, *_BRANDS, Role.WORD)

    def _is_of(self, key: str | None, hit: Hit, *roles: Role) -> bool:
        """Whether a phrase plays one of the roles for a payer or for the family it is part of."""
        keys = {key, self.matches[key].part_of} if key in self.matches else {key}
        return any(role in roles and owner in keys for role, owner in hit.meanings)

    # What the payer id and the filing indicator say

    def _with_witnesses(
        self,
        match: PayerMatch,
        hits: Sequence[Hit],
        payer_id: str,
        indicator: str,
        subject: str = "the name",
    ) -> PayerMatch:
        """A match by name, after the id and the indicator were weighed."""
        policy = match.policy
        if policy is None:
            return match
        any_plan = self.matches[policy].any_words
        owners = self.owners.get(f"id {payer_id}", frozenset())
        if any_plan:  # a company's plans share its ids
            owners = frozenset(k for k in owners if payer_id in self.matches[k].payer_ids)
        # A policy that refuses the name is not the payer's, whoever else has its id.
        words = [*hits, *(word for hit in hits for word in self.vocabulary.words(hit))]
        owners = frozenset(k for k in owners if not self._barred(k, words))
        if owners and policy not in owners:
            text = f"payer id {payer_id} is that of {' or '.join(sorted(owners))}"
            conflict = f"{subject} says {policy}, but {text}"
            return PayerMatch(None, Certainty.NONE, text, proposal=policy, conflict=conflict)
        owners = self.owners.get(f"indicator {indicator}", frozenset())
        if not owners or owners & {policy, self.matches[policy].part_of}:
            return match
        return self._against(match, f"{subject} says {policy}", indicator, owners)

    def _against(
        self, match: PayerMatch, opinion: str, indicator: str, owners: frozenset[str]
    ) -> PayerMatch:
        """A match by name whose filing indicator is another payer's."""
        roots = {self.matches[key].part_of or key for key in owners}
        text = f"filing indicator {indicator}"
        if len(roots) > 1:  # many systems write CI or HM for everyone
            return replace(match, certainty=Certainty.LIKELY, why=f"{match.why}; {text} differs")
        (owner,) = roots
        proposal = owner if owner in self.policies.policies else match.policy
        text = f"{text} is that of {owner}"
        conflict = f"{opinion}, but {text}"
        return PayerMatch(None, Certainty.NONE, text, proposal=proposal, conflict=conflict)

    def _by_witness(self, payer_id: str, indicator: str) -> PayerMatch:
        """A payer without a name."""
        of_id = self.owners.get(f"id {payer_id}", frozenset())
        if any(payer_id in self.matches[key].shared_ids for key in of_id):
            of_id |= set(self._any_company)
        of_indicator = self.owners.get(f"indicator {indicator}", frozenset())
        both = of_id & of_indicator if of_id and of_indicator else frozenset()
        alone = both or (self._alone(payer_id, indicator) if not (of_id and of_indicator) else both)
        policies = [key for key in alone if key in self.policies.policies]
        if len(alone) == len(policies) == 1:
            return PayerMatch(policies[0], Certainty.LIKELY, "no name; by payer id or indicator")
        proposal = min((key for key in of_id if key in self.policies.policies), default=None)
        return PayerMatch(None, Certainty.NONE, "it has no name", proposal=proposal)

    def _alone(self, payer_id: str, indicator: str) -> frozenset[str]:
        """The payer that the id, or else the indicator, can only be of; empty where unclear."""
        by_id = self.owners.get(f"id {payer_id}", frozenset())
        own = frozenset(key for key in by_id if payer_id in self.matches[key].payer_ids)
        if own or by_id:
            return own
        by_indicator = self.owners.get(f"indicator {indicator}", frozenset())
        return by_indicator if len(by_indicator) == 1 else frozenset()


_BRANDS = (Role.BRAND, Role.FAMILY)
_NAMING = (*_BRANDS, Role.JOINS)


@frozen
class OwnName:
    """One payer as the user's claims call it, and the policy that the user gives it."""

    name: str
    policy: str
    where: Where
    """Line of the user's settings."""


def own_name(payer_id: str, payer: str, plan: str) -> str:
    """What a payer, with its plan unless that is blank, is called under `payers:`."""
    return " / ".join(filter(None, ((payer.strip() or payer_id.strip()), plan.strip())))


def with_own_names(policies: PolicySet, names: Sequence[OwnName]) -> PolicySet:
    """The policies with the user's own names, which are obeyed whatever their words say.

    Raises:
        SettingsError: a name is blank, or its policy is none that a payer can have.
    """
    checked = ((own.where, _mistake(own, policies)) for own in names)
    problems = [FileProblem(where.file, where.line, text) for where, text in checked if text]
    if problems:
        raise SettingsError(tuple(problems))
    return replace(policies, own_names={normal_name(own.name): own.policy for own in names})


def _mistake(own: OwnName, policies: PolicySet) -> str | None:
    """What is wrong with a name."""
    known = sorted(policies.policies.keys() - {NATIONAL})
    if own.policy == NATIONAL:
        return f"{own.name!r}: no payer goes by {own.policy}; name a payer's policy"
    if own.policy not in known:
        hint = did_you_mean(own.policy, known)
        return f"{own.name!r}: no policy {own.policy!r}{hint}; there are {', '.join(known)}"
    if not normal_name(own.name):
        return f"{own.name!r} is not a name: it has neither letters nor digits"
    return None


def require_payer(policies: PolicySet, payer: str) -> str:
    """The policy key of a payer that the user names by key, name or payer id.

    Raises:
        UsageError: no policy has the name; the message lists the keys and the nearest one.
    """
    if payer in policies.policies:
        return payer
    match = Matcher.of(policies).read("", payer)
    if match.policy is not None:
        return match.policy
    keys = sorted(policies.policies)
    # Medicaid is not a slip for Medicare: only the nearest keys are offered.
    nearest = f" (did you mean {match.proposal}?)" if match.proposal else ""
    hint = nearest or did_you_mean(payer.lower(), keys, nearness=0.85)
    raise UsageError(f"no policy for payer {payer!r}{hint}; there are {', '.join(keys)}")
