"""From a payer's name and id on a claim to the policy that holds for it.

A policy lists names and ids of its payer under `matches`; a user may add names of their own.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

from cpt77092.errors import FileProblem, SettingsError, UsageError, did_you_mean
from cpt77092.policies.policy import DEFAULT, NATIONAL, PolicySet, Where

_NEVER_MATCHED = frozenset({DEFAULT, NATIONAL})
"""Policies that are no payer's: no name or id leads to them."""


def normal_name(name: str) -> str:
    """A payer's name in the form that is compared: lowercase letters, digits, single spaces."""
    kept = "".join(c if c.isalnum() else " " for c in name.casefold())
    return " ".join(kept.split())


@dataclass(frozen=True, slots=True)
class Matcher:
    """Finds the policy of a payer: by electronic payer id, else by exact name or alias."""

    by_id: dict[str, str]
    by_name: dict[str, str]
    unless: dict[str, tuple[str, ...]]
    """Policy to the words that, in a payer's name, mean another payer (`advantage`)."""

    @classmethod
    def of(cls, policies: PolicySet) -> Matcher:
        """The names and ids of all policies, compared without case and punctuation."""
        by_id: dict[str, str] = {}
        by_name: dict[str, str] = {}
        unless: dict[str, tuple[str, ...]] = {}
        for key, policy in policies.policies.items():
            if key in _NEVER_MATCHED:
                continue
            by_id |= dict.fromkeys(policy.payer_ids, key)
            by_name |= {normal_name(name): key for name in (key, policy.label, *policy.names)}
            unless[key] = tuple(normal_name(word) for word in policy.unless)
        return cls(by_id, by_name, unless)

    def policy_of(self, payer_id: str, payer: str) -> str | None:
        """The policy's key, or None: the default policy then holds."""
        policy = self.by_id.get(payer_id) or self.by_name.get(normal_name(payer))
        # A Medicare Advantage plan is not Medicare, whatever id a clearinghouse gave it.
        return None if policy is None or self.barring_word(policy, payer) else policy

    def barring_word(self, policy: str, payer: str) -> str | None:
        """The first word of a name that means another payer than the policy's."""
        name = f" {normal_name(payer)} "
        return next((word for word in self.unless[policy] if f" {word} " in name), None)

    def same_payer(self, payer_id: str, payer: str) -> str:
        """A key that two spellings of one payer share: its policy, or else its name."""
        policy = self.policy_of(payer_id, payer)
        return policy or f"?{normal_name((payer or payer_id).strip())}"


@dataclass(frozen=True, slots=True)
class OwnName:
    """One payer as the user's claims call it, and the policy that the user gives it."""

    name: str
    policy: str
    where: Where
    """Line of the user's settings."""


def with_own_names(policies: PolicySet, names: Sequence[OwnName]) -> PolicySet:
    """The policies with the user's own names added.

    Raises:
        SettingsError: a name is another payer's already, or its policy is none that can have it.
    """
    if not names:
        return policies
    matcher = Matcher.of(policies)
    checked = ((own.where, _mistake(own, policies, matcher)) for own in names)
    problems = [FileProblem(where.file, where.line, text) for where, text in checked if text]
    if problems:
        raise SettingsError(tuple(problems))
    named = dict(policies.policies)
    for own in names:
        policy = named[own.policy]
        named[own.policy] = replace(policy, names=(*policy.names, own.name))
    return replace(policies, policies=named)


def _mistake(own: OwnName, policies: PolicySet, matcher: Matcher) -> str | None:
    """What is wrong with a name."""
    known = sorted(policies.policies.keys() - _NEVER_MATCHED)
    if own.policy not in known:
        if own.policy in policies.policies:
            return f"{own.name!r}: no payer goes by {own.policy}; name a payer's policy"
        hint = did_you_mean(own.policy, known)
        return f"{own.name!r}: no policy {own.policy!r}{hint}; there are {', '.join(known)}"
    name = normal_name(own.name)
    if not name:
        return f"{own.name!r} is not a name: it has neither letters nor digits"
    other = matcher.by_name.get(name, own.policy)
    if other != own.policy:
        return f"{own.name!r} is already a name of {other}; a claim has one payer"
    if word := matcher.barring_word(own.policy, own.name):
        return f"{own.name!r}: a payer with {word!r} in its name is never {own.policy}"
    return None


def require_payer(policies: PolicySet, payer: str) -> str:
    """The policy key of a payer that the user names by key, name, alias or payer id.

    Raises:
        UsageError: no policy has the name; the message lists the keys and the nearest name.
    """
    if payer in policies.policies:
        return payer
    matcher = Matcher.of(policies)
    key = matcher.policy_of(payer, payer)
    if key is None:
        keys = sorted(policies.policies)
        # Medicaid is not a slip for Medicare: only the nearest names are offered.
        hint = did_you_mean(payer.lower(), [*keys, *matcher.by_name], nearness=0.85)
        raise UsageError(f"no policy for payer {payer!r}{hint}; there are {', '.join(keys)}")
    return key
