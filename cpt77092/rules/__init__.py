"""The rule catalogue: every rule, in the order in which reports list them.

A new rule is a module of this folder. Codes are never reused or renumbered.
"""

from __future__ import annotations

from importlib import import_module
from pkgutil import iter_modules

from cpt77092.rule import Rule

__all__ = ["BY_CODE", "CATALOGUE"]

_GROUPS = ("mo", "un", "bu", "fr", "dt", "po", "dx", "id", "cv", "ch", "do", "in")
"""The groups of rules in their order; within a group rules are ordered by number."""


def _rules() -> list[Rule]:
    modules = [module.name for module in iter_modules(__path__) if module.name[2:5].isdigit()]
    modules.sort(key=lambda name: (_GROUPS.index(name[:2]), name))
    return [import_module(f"{__name__}.{name}").RULE for name in modules]


CATALOGUE: tuple[Rule, ...] = tuple(_rules())
BY_CODE: dict[str, Rule] = {rule.code: rule for rule in CATALOGUE}
