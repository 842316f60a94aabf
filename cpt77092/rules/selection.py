"""Which rules run: `--select`, `--ignore` and `--extend-select`."""

from __future__ import annotations

from collections.abc import Sequence

from cpt77092.errors import Problem, UsageError, did_you_mean
from cpt77092.rule import Rule
from cpt77092.rules import CATALOGUE

ALL = "ALL"


def with_own(own: Sequence[Rule]) -> tuple[Rule, ...]:
    """The catalogue, and after it the rules of the user's own.

    Raises:
        UsageError: an own rule has the name of one of the catalogue.
    """
    owners = {rule.name: rule.code for rule in CATALOGUE}
    clashes = [
        f"{rule.source.title if rule.source else rule.code}: {rule.code} has the name of "
        f"{owners[rule.name]}, {rule.name}; choose another"
        for rule in own
        if rule.name in owners
    ]
    if clashes:
        raise UsageError(*clashes)
    return (*CATALOGUE, *own)


def select_rules(
    catalogue: Sequence[Rule],
    *,
    select: Sequence[str] = (),
    ignore: Sequence[str] = (),
    extend_select: Sequence[str] = (),
) -> list[Rule]:
    """Choose rules by group (`MO`), code (`MO001`), name, or `ALL`.

    Args:
        catalogue: the rules to choose from; their order is kept.
        select: the rules to run; all of them if empty.
        ignore: rules not to run, whatever selects them.
        extend_select: rules to run in addition to `select`.

    Raises:
        UsageError: a name fits no rule, or no rule is left.
    """
    for name in (*select, *ignore, *extend_select):
        if not any(_fits(rule, name) for rule in catalogue):
            hint = did_you_mean(name.upper(), [rule.code for rule in catalogue])
            raise UsageError(Problem(text=f"no rule {name!r}{hint}", advice="see scrub rules"))
    wanted = (*select, *extend_select) if select else (ALL,)
    rules = [
        rule
        for rule in catalogue
        if any(_fits(rule, name) for name in wanted)
        and not any(_fits(rule, name) for name in ignore)
    ]
    if not rules:
        text = "select and ignore leave no rule to run"
        raise UsageError(Problem(text=text, advice="see scrub rules"))
    return rules


def _fits(rule: Rule, name: str) -> bool:
    """Whether a name means a rule; `MO01` means none, least of all MO010 to MO017."""
    is_group = name.isalpha() and rule.code.startswith(name.upper())
    return is_group or name == ALL or name.upper() == rule.code or name.lower() == rule.name
