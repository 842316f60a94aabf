"""The user's own names for payers, laid over the policies' names and aliases."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

from cpt77092.errors import FileProblem, SettingsError, did_you_mean
from cpt77092.policies.match import NATIONAL, Matcher
from cpt77092.policies.policy import DEFAULT, PolicySet, Where, normal_name


@dataclass(frozen=True, slots=True)
class OwnName:
    """One payer as the user's claims call it, and the policy that speaks for it."""

    name: str
    policy: str
    where: Where
    """Where the user says so."""


def with_own_names(policies: PolicySet, names: Sequence[OwnName]) -> PolicySet:
    """The policies with the user's own names beside theirs.

    Raises:
        SettingsError: a name is another payer's already, or its policy is none that can have it.
    """
    if not names:
        return policies
    matcher = Matcher.of(policies)
    told = ((own, _mistake(own, policies, matcher)) for own in names)
    problems = [FileProblem(own.where.file, own.where.line, text) for own, text in told if text]
    if problems:
        raise SettingsError(tuple(problems))
    named = dict(policies.policies)
    for own in names:
        policy = named[own.policy]
        named[own.policy] = replace(policy, names=(*policy.names, own.name))
    return replace(policies, policies=named)


def _mistake(own: OwnName, policies: PolicySet, matcher: Matcher) -> str:
    """What is wrong with a name, or nothing."""
    known = sorted(policies.policies.keys() - {DEFAULT, NATIONAL})
    if own.policy not in known:
        if own.policy in policies.policies:
            return f"{own.name!r}: no claim is judged as {own.policy}; name a payer's policy"
        hint = did_you_mean(own.policy, known)
        return f"{own.name!r}: no policy {own.policy!r}{hint}; there are {', '.join(known)}"
    name = normal_name(own.name)
    if not name:
        return f"{own.name!r} is no name: it has neither letters nor digits"
    other = matcher.by_name.get(name, own.policy)
    if other != own.policy:
        return f"{own.name!r} is a name of {other} already; a claim has one payer"
    barred = [word for word in matcher.unless[own.policy] if f" {word} " in f" {name} "]
    if barred:
        return f"{own.name!r}: a payer with {barred[0]!r} in its name is never {own.policy}"
    return ""
