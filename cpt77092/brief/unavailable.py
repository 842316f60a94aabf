"""What is not available, item by item."""

from __future__ import annotations

from itertools import product

from cpt77092.brief import hospital_prices
from cpt77092.brief.payer_tables import group_positions
from cpt77092.brief.scope import FAMILY_FIRST, Scope, capitalized
from cpt77092.document import Column, Item, Row, Statement, Table
from cpt77092.policies import PARAMETERS, Status, decide
from cpt77092.policies.parameters import SUBJECTS
from cpt77092.policies.policy import EntryKind, in_force
from cpt77092.policies.resolve import chain
from cpt77092.policies.value_text import codes_text, value_text
from cpt77092.reference.codes import CHECKED


def unavailable(scope: Scope) -> list[Item]:
    """What was searched for without result, has no rule on the day, no statement, or no price."""
    return [*_not_found(scope), *_without_rule(scope), *_without_statement(scope), *_unpriced()]


def _not_found(scope: Scope) -> list[Statement]:
    """What the policy files record as searched for and not found, each file once."""
    codes: dict[tuple[str, str, str], list[str]] = {}
    deciding: dict[tuple[str, str, str], dict[str, None]] = {}
    searched = [file for payer in scope.subjects for _, file in chain(scope.policies, payer)]
    files = dict.fromkeys([*scope.national, *searched])
    for file, parameter, code in product(files, PARAMETERS, FAMILY_FIRST):
        entry = in_force(scope.policies[file].values.get((code, parameter), ()), scope.on)
        if entry is None or entry.kind is not EntryKind.NOT_AVAILABLE:
            continue
        key = (file, parameter, entry.note)
        codes.setdefault(key, []).append(code)
        decision = decide(scope.policies, file, code, parameter, scope.on)
        applied = deciding.setdefault(key, {})
        if decision.status is Status.VALUE:
            applied[decision.decided_by] = None
    statements = []
    for (file, parameter, note), of_note in codes.items():
        text = f"{PARAMETERS[parameter].description}, {codes_text(of_note)}: {note.rstrip('.')}."
        if applied := deciding[file, parameter, note]:
            text += f" Applied instead: {', '.join(applied)}."
        label = scope.policies[file].label
        statements.append(Statement(text, label, sources=(scope.file(file),)))
    return statements


def _without_rule(scope: Scope) -> list[Item]:
    """Parameters on which no policy file that was searched has a value for the day."""
    without = [
        position
        for position in scope.positions(scope.subjects, FAMILY_FIRST, PARAMETERS)
        if position.decision.status is not Status.VALUE and not position.decision.quotes
    ]
    rows = []
    for payers, codes, (decision, *_) in group_positions(without):
        what, why = PARAMETERS[decision.parameter].description, value_text(decision)
        searched = dict.fromkeys(file for payer in payers for file in scope.files_searched(payer))
        cells = (what, codes_text(codes), why, scope.labels(payers))
        rows.append(Row(cells, sources=tuple(searched)))
    columns = tuple(map(Column, ("What", "Codes", "Why", "Payers")))
    title = f"No published rule in force on {scope.on}"
    return [Table(title, columns, tuple(rows))] if rows else []


def _without_statement(scope: Scope) -> list[Statement]:
    """Subjects of the publication that no policy file in scope has a statement on."""
    payers = dict.fromkeys([*scope.national, *scope.subjects])
    files = tuple(scope.file(payer) for payer in payers)
    stated = {key for payer in payers for key in scope.policies[payer].brief}
    return [
        Statement(f"{capitalized(key.replace('_', ' '))}: no statement found.", sources=files)
        for key in SUBJECTS
        if key not in stated
    ]


def _unpriced() -> list[Statement]:
    """Codes for which no hospital reports a kind of price."""
    statements = []
    for kind in hospital_prices.KINDS:
        without = [code for code in sorted(CHECKED) if hospital_prices.spread(code, kind) is None]
        if without:
            text = f"no hospital reports one for {codes_text(without)}."
            about, cited = f"Hospital prices, {kind.name}", (hospital_prices.SOURCE,)
            statements.append(Statement(text, about, sources=cited))
    return statements
