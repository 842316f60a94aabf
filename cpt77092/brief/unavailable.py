"""What is not available, item by item."""

from __future__ import annotations

from itertools import product

from cpt77092.brief import hospital_prices
from cpt77092.brief.document import Column, Item, Row, Statement, Table
from cpt77092.brief.payer_tables import alike
from cpt77092.brief.scope import FAMILY_FIRST, Scope, capital, in_force, named
from cpt77092.brief.statements import PLACES
from cpt77092.policies import PARAMETERS, Decision, Status, decide
from cpt77092.policies.policy import EntryKind
from cpt77092.policies.resolve import chain
from cpt77092.reference.codes import CHECKED


def unavailable(view: Scope) -> list[Item]:
    """Looked for in vain, not on file for the day, not written, not priced."""
    return [*_quoted(view), *_silent(view), *_unwritten(view), *_unpriced()]


def _quoted(view: Scope) -> list[Statement]:
    """What the files say was looked for and not found, each file once."""
    codes: dict[tuple[str, str, str], list[str]] = {}
    instead: dict[tuple[str, str, str], dict[str, None]] = {}
    asked = [file for payer in view.subjects for _, file in chain(view.policies, payer)]
    files = dict.fromkeys([*view.national, *asked])
    for file in files:
        for parameter, code in product(PARAMETERS, FAMILY_FIRST):
            entry = in_force(view.policies[file].values.get((code, parameter), ()), view.on)
            if entry is None or entry.kind is not EntryKind.NOT_AVAILABLE:
                continue
            key = (file, parameter, entry.note)
            codes.setdefault(key, []).append(code)
            made = decide(view.policies, file, code, parameter, view.on)
            decides = instead.setdefault(key, {})
            if made.status is Status.VALUE:
                decides[made.decided_by] = None
    found = []
    for (file, parameter, note), several in codes.items():
        text = f"{PARAMETERS[parameter].description}, {named(several)}: {note.rstrip('.')}."
        if decides := instead[file, parameter, note]:
            text += f" In its place decides: {', '.join(decides)}."
        label = view.policies[file].label
        found.append(Statement(text=text, sources=(view.file(file),), about=label))
    return found


def _silent(view: Scope) -> list[Item]:
    """Parameters on which nobody who was asked says anything for the day."""
    silent = [
        row
        for row in view.positions(view.subjects, FAMILY_FIRST, PARAMETERS)
        if row.decision.status is not Status.VALUE and not row.decision.quotes
    ]
    rows = tuple(
        Row(
            cells=(
                PARAMETERS[made[0].parameter].description,
                named(codes),
                _why(made[0]),
                view.labels(payers),
            ),
            sources=tuple(dict.fromkeys(s for payer in payers for s in view.asked(payer))),
        )
        for payers, codes, made in alike(silent)
    )
    columns = tuple(Column(name=name) for name in ("What", "Codes", "Why", "Payers"))
    title = f"No value in force on {view.on}"
    return [Table(title=title, columns=columns, rows=rows)] if rows else []


def _unwritten(view: Scope) -> list[Statement]:
    """Parts of the publication that no policy file in view has a sentence for."""
    payers = dict.fromkeys([*view.national, *view.subjects])
    files = tuple(view.file(payer) for payer in payers)
    said = {key for payer in payers for key in view.policies[payer].brief}
    return [
        Statement(text=f"{capital(key.replace('_', ' '))}: no statement on file.", sources=files)
        for key in PLACES
        if key not in said
    ]


def _unpriced() -> list[Statement]:
    found = []
    for kind in hospital_prices.KINDS:
        without = [code for code in sorted(CHECKED) if hospital_prices.spread(code, kind) is None]
        if without:
            text = f"Hospital prices, {kind.name}: no hospital reports one for {named(without)}."
            found.append(Statement(text=text, sources=(hospital_prices.SOURCE,)))
    return found


def _why(made: Decision) -> str:
    """Why there is no value, in few words."""
    return {
        Status.ENDED: f"ended on {made.first_day}",
        Status.NOT_YET: f"none on file before {made.first_day}",
    }.get(made.status, "nothing on file")
