"""From what a claim says of its payer to the policy that speaks for that payer."""

from __future__ import annotations

from dataclasses import dataclass

from cpt77092.policies.policy import DEFAULT, PolicySet, normal_name

# `default` speaks for payers nobody knows and `cms` for none: no claim is theirs by name.
NATIONAL = "cms"
_NEVER_MATCHED = frozenset({DEFAULT, NATIONAL})


@dataclass(frozen=True, slots=True)
class Matcher:
    """Finds the policy of a payer: by electronic payer id, else by exact name or alias."""

    by_id: dict[str, str]
    by_name: dict[str, str]
    unless: dict[str, tuple[str, ...]]

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
        """The policy's key, or None: the payer then gets the default policy, and is told so."""
        name = normal_name(payer)
        found = self.by_id.get(payer_id) or self.by_name.get(name)
        # A Medicare Advantage plan is not Medicare, whatever id a clearinghouse gave it.
        if found is None or any(f" {word} " in f" {name} " for word in self.unless[found]):
            return None
        return found

    def same_payer(self, payer_id: str, payer: str) -> str:
        """What two spellings of one payer share: its policy, or else its name."""
        found = self.policy_of(payer_id, payer)
        return found or f"?{normal_name((payer or payer_id).strip())}"
