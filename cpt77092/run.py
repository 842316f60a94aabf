"""One run from named files to a result: the order in which the rooms are walked through."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date
from pathlib import Path

from cpt77092.codes import CHECKED
from cpt77092.engine import Result, check, needed_columns
from cpt77092.errors import UsageError
from cpt77092.policies import PolicySet, load_policies
from cpt77092.policies.match import NATIONAL, Matcher
from cpt77092.readers import Options, find_files, read_batch
from cpt77092.rule import Rule
from cpt77092.rules import CATALOGUE
from cpt77092.suggest import did_you_mean


@dataclass(frozen=True, slots=True, kw_only=True)
class Request:
    """Everything a user may say about what to check and how."""

    paths: Sequence[str]
    as_of: date
    payer: str | None = None
    policies: Path | None = None
    overrides: Mapping[str, str] = field(default_factory=dict)
    select: Sequence[str] = ()
    ignore: Sequence[str] = ()
    extend_select: Sequence[str] = ()
    show_phi: bool = False


def run(request: Request) -> Result:
    """Check the claim files of a request.

    Raises:
        ScrubError: files, policies or arguments are not usable; its `lines` say what to mend.
    """
    rules = select_rules(
        CATALOGUE,
        select=request.select,
        ignore=request.ignore,
        extend_select=request.extend_select,
    )
    policies = load_policies(request.policies)
    payer = None if request.payer is None else require_known_payer(policies, request.payer)
    if payer == NATIONAL:
        raise UsageError(f"--payer {payer}: these are national tables, not a payer; say whose")
    needed = needed_columns(rules) | ({"person_id"} if request.show_phi else set())
    batch = read_batch(
        find_files(request.paths),
        needed=needed,
        scope=CHECKED | partners(policies),
        options=Options(overrides=request.overrides, payer=payer),
    )
    return check(batch, policies, rules, as_of=request.as_of)


def partners(policies: PolicySet) -> frozenset[str]:
    """Codes that stand in a pair with a checked code in some policy: kept as context."""
    return frozenset(
        pair.with_
        for policy in policies.policies.values()
        for (_, parameter), entries in policy.values.items()
        if parameter == "pairs"
        for entry in entries
        for pair in entry.value or ()
    )


def require_known_payer(policies: PolicySet, payer: str) -> str:
    """The policy key for a payer named on the command line.

    Raises:
        UsageError: no policy answers to the name; a payer typed by hand is not guessed at.
    """
    if payer in policies.policies:
        return payer
    matcher = Matcher.of(policies)
    found = matcher.policy_of(payer, payer)
    if found is None:
        keys = sorted(policies.policies)
        raise UsageError(
            # Medicaid is not a slip for Medicare: only the nearest names are offered.
            f"no policy for payer {payer!r}"
            f"{did_you_mean(payer, [*keys, *matcher.by_name], nearness=0.85)}; "
            f"there are {', '.join(keys)}"
        )
    return found


def select_rules(
    catalogue: Sequence[Rule],
    *,
    select: Sequence[str] = (),
    ignore: Sequence[str] = (),
    extend_select: Sequence[str] = (),
) -> list[Rule]:
    """Choose rules by code prefixes (`MO`, `MO001`) or names.

    Raises:
        UsageError: a prefix fits no rule.
    """

    def fits(rule: Rule, prefix: str) -> bool:
        return rule.code.startswith(prefix.upper()) or rule.name == prefix.lower()

    for prefix in (*select, *ignore, *extend_select):
        if prefix != "ALL" and not any(fits(rule, prefix) for rule in catalogue):
            known = [rule.code for rule in catalogue]
            raise UsageError(
                f"no rule {prefix!r}{did_you_mean(prefix.upper(), known)}; see scrub rules"
            )

    def wanted(rule: Rule) -> bool:
        chosen = not select or any(p == "ALL" or fits(rule, p) for p in (*select, *extend_select))
        return chosen and not any(p == "ALL" or fits(rule, p) for p in ignore)

    rules = [rule for rule in catalogue if wanted(rule)]
    if not rules:
        raise UsageError("--select and --ignore leave no rule to run; see scrub rules")
    return rules
