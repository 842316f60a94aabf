"""The rule catalogue: every rule, in the order in which reports list them.

A new rule is a module of this folder. Codes are never reused or renumbered.
"""

from __future__ import annotations

from dataclasses import replace
from importlib import import_module
from pkgutil import iter_modules

from cpt77092.rule import Rule

__all__ = ["BY_CODE", "CATALOGUE"]

_GROUPS = ("mo", "un", "bu", "fr", "dt", "po", "dx", "id", "cv", "ch", "do", "in")
"""The groups of rules in their order; within a group rules are ordered by number."""


def _rules() -> list[Rule]:
    modules = [module.name for module in iter_modules(__path__) if module.name[2:5].isdigit()]
    modules.sort(key=lambda name: (_GROUPS.index(name[:2]), name))
    return [_named(name) for name in modules]


def _named(stem: str) -> Rule:
    """The rule of a module, with the code and the name that the module is named for."""
    module = import_module(f"{__name__}.{stem}")
    code, _, name = stem.partition("_")
    rule: Rule = module.RULE
    return replace(rule, code=code.upper(), name=name.replace("_", "-"), doc=module.__doc__ or "")


CATALOGUE: tuple[Rule, ...] = tuple(_rules())
BY_CODE: dict[str, Rule] = {rule.code: rule for rule in CATALOGUE}
