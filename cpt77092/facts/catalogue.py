"""Every fact by name, and what a set of names rests on."""

from __future__ import annotations

from collections.abc import Iterable
from functools import cache
from importlib import import_module
from pkgutil import iter_modules
from types import ModuleType

from cpt77092 import facts as folder
from cpt77092.facts.fact import Fact
from cpt77092.facts.message_fields import MESSAGE_FIELDS


def _facts_of(module: ModuleType) -> list[Fact]:
    """The facts that are declared above functions, and those of the module's own list."""
    declared = (one for one in vars(module).values() if isinstance(one, Fact) and one.name)
    return [*declared, *getattr(module, "FACTS", ())]


FACTS: dict[str, Fact] = {
    fact.name: fact
    for module in iter_modules(folder.__path__)
    if module.name != "catalogue"
    for fact in _facts_of(import_module(f"cpt77092.facts.{module.name}"))
}
"""The facts of each module of this folder."""


def closure(names: Iterable[str]) -> tuple[list[Fact], set[str]]:
    """The facts behind some names, each after those that it reads; and the plain columns.

    Names are facts, message fields, claim columns and `policy.*` columns, mixed.
    """
    ordered: dict[str, Fact] = {}
    plain: set[str] = set()

    def visit(name: str) -> None:
        fact = FACTS.get(name)
        if name in MESSAGE_FIELDS:
            for read in MESSAGE_FIELDS[name].reads:
                visit(read)
        elif fact is None:
            plain.add(name)
        elif name not in ordered:
            for read in fact.all_reads:
                visit(read)
            ordered[name] = fact

    for name in names:
        visit(name)
    return list(ordered.values()), plain


@cache
def inputs(name: str, *, optional: bool = False) -> tuple[str, ...]:
    """The plain columns that a name rests on, in order: one of them may be why it is unknown.

    A plain column rests on itself. `optional` includes those that facts can do without.
    """
    fact = FACTS.get(name)
    if fact is None:
        return (name,)
    reads = (*fact.reads, *fact.of_groups, *(fact.optional if optional else ()))
    return tuple(dict.fromkeys(p for read in reads for p in inputs(read, optional=optional)))
