"""Writes claim lines as an 837P, so that a test can hold one batch against itself in two forms.

It knows the format on its own: nothing of the reader is used here.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal
from itertools import groupby
from typing import TypeVar

Item = TypeVar("Item")
Row = Mapping[str, str]
"""Canonical column to the text of its cell; a missing one is blank."""

MODIFIERS = tuple(f"hcpcs_modifier_{n}" for n in range(1, 5))
DIAGNOSES = tuple(f"diagnosis_code_{n}" for n in range(1, 13))
OF_THE_CLAIM = (
    "payer", "payer_id", "claim_filing_indicator", "person_id", "billing_npi", "claim_id",
    "claim_frequency_code", "original_reference_number",
    "prior_authorization_number", "patient_sex", "patient_birth_date", *DIAGNOSES,
)  # fmt: skip
DAY = "20260301"


@dataclass(frozen=True, slots=True, kw_only=True)
class Style:
    """All that may differ between two files of the same claims."""

    element: str = "*"
    component: str = ":"
    terminator: str = "~"
    line_break: str = ""
    """Written behind each terminator, for the eye."""
    claims_per_set: int = 1000
    sets_per_group: int = 1000
    groups_per_interchange: int = 1000
    as_dependents: bool = False
    """Patients are dependents of a subscriber, not subscribers."""
    providers_on_claim: bool = False
    """Rendering and ordering providers, and the place, stand on the claim where its lines agree."""
    version: str = "005010X222A1"


def segments_of(rows: Sequence[Row], style: Style = Style()) -> list[str]:
    """The segments of a file, without their terminators."""
    claims = [list(lines) for _, lines in groupby(rows, key=_claim)]
    sets = [
        _transaction_set(some, number, style)
        for number, some in enumerate(_batched(claims, style.claims_per_set), start=1)
    ]
    groups = [
        _group(some, number, style)
        for number, some in enumerate(_batched(sets, style.sets_per_group), start=1)
    ]
    interchanges = _batched(groups, style.groups_per_interchange)
    return [
        segment
        for number, some in enumerate(interchanges, start=1)
        for segment in _interchange(some, number, style)
    ]


def written(segments: Sequence[str], style: Style = Style()) -> bytes:
    """The bytes of a file."""
    end = style.terminator + style.line_break
    return "".join(segment + end for segment in segments).encode("latin-1")


def x12(rows: Sequence[Row], style: Style = Style()) -> bytes:
    """The bytes of a file of these lines."""
    return written(segments_of(rows, style), style)


def _batched(items: Sequence[Item], size: int) -> list[Sequence[Item]]:
    return [items[n : n + size] for n in range(0, len(items), size)]


def _claim(row: Row) -> tuple[str, ...]:
    return tuple(row.get(name, "") for name in OF_THE_CLAIM)


def _segment(style: Style, *elements: str) -> str:
    """A segment without its trailing blank elements, as the standard wants it."""
    return style.element.join(elements).rstrip(style.element)


def _interchange(groups: Sequence[list[str]], number: int, style: Style) -> list[str]:
    mark = style.element
    header = mark.join(
        (
            "ISA", "00", " " * 10, "00", " " * 10, "ZZ", f"{'SENDER':15}", "ZZ", f"{'PAYER':15}",
            DAY[2:], "0800", "^", "00501", f"{number:09}", "0", "T", style.component,
        )
    )  # fmt: skip
    body = [segment for group in groups for segment in group]
    return [header, *body, mark.join(("IEA", str(len(groups)), f"{number:09}"))]


def _group(sets: Sequence[list[str]], number: int, style: Style) -> list[str]:
    mark, control = style.element, str(number)
    start = mark.join(("GS", "HC", "SENDER", "PAYER", DAY, "0800", control, "X", style.version))
    body = [segment for some in sets for segment in some]
    return [start, *body, mark.join(("GE", str(len(sets)), control))]


def _transaction_set(claims: Sequence[Sequence[Row]], number: int, style: Style) -> list[str]:
    def line(*elements: str) -> str:
        return _segment(style, *elements)

    body = [
        line("ST", "837", f"{number:04}", style.version),
        line("BHT", "0019", "00", str(number), DAY, "0800", "CH"),
        line("NM1", "41", "2", "SYNTHETIC BILLING", "", "", "", "", "46", "SENDER"),
        line("PER", "IC", "DESK", "TE", "5555550100"),
        line("NM1", "40", "2", "SYNTHETIC PAYER", "", "", "", "", "46", "PAYER"),
    ]
    level = 0
    for lines in claims:
        some, level = _claim_loops(lines, level, style)
        body += some
    return [*body, line("SE", str(len(body) + 1), f"{number:04}")]


def _claim_loops(lines: Sequence[Row], level: int, style: Style) -> tuple[list[str], int]:
    """A billing provider, a patient and a claim, and the last level used."""

    def line(*elements: str) -> str:
        return _segment(style, *elements)

    claim = lines[0]
    billing, subscriber, dependent = str(level + 1), str(level + 2), str(level + 3)
    person = claim.get("person_id", "")
    is_dependent = style.as_dependents and bool(person)
    member = f"M{person}" if is_dependent else person
    birth = [
        line("DMG", "D8", claim["patient_birth_date"], claim.get("patient_sex", ""))
        for _ in range(1)
        if claim.get("patient_birth_date") or claim.get("patient_sex")
    ]
    body = [
        line("HL", billing, "", "20", "1"),
        line("NM1", "85", "2", "SYNTHETIC RADIOLOGY", *_npi(claim.get("billing_npi", ""))),
        line("N3", "1 EXAMPLE STREET"),
        line("N4", "SPRINGFIELD", "IL", "627010000"),
        line("REF", "EI", "000000001"),
        line("HL", subscriber, billing, "22", "1" if is_dependent else "0"),
        line(
            "SBR",
            "P",
            "" if is_dependent else "18",
            "",
            "",
            "",
            "",
            "",
            "",
            claim.get("claim_filing_indicator", "CI"),
        ),
        line("NM1", "IL", "1", "SYNTHETIC", "MEMBER", "", "", "", "MI", member),
        *([] if is_dependent else birth),
        line("NM1", "PR", "2", claim.get("payer", ""), "", "", "", "", *_payer_id(claim)),
    ]
    if is_dependent:
        body += [
            line("HL", dependent, subscriber, "23", "0"),
            line("PAT", "19"),
            line("NM1", "QC", "1", "SYNTHETIC", f"CHILD {person}"),
            *birth,
        ]
    return [*body, *_claim_body(lines, style)], level + (3 if is_dependent else 2)


def _npi(npi: str) -> tuple[str, ...]:
    return ("", "", "", "", "XX", npi) if npi else ()


def _payer_id(claim: Row) -> tuple[str, ...]:
    return ("PI", claim["payer_id"]) if claim.get("payer_id") else ()


def _claim_body(lines: Sequence[Row], style: Style) -> list[str]:
    def line(*elements: str) -> str:
        return _segment(style, *elements)

    claim, colon = lines[0], style.component

    def shared(column: str) -> bool:
        """Whether the claim says it for all its lines."""
        return style.providers_on_claim and len({row.get(column, "") for row in lines}) == 1

    place = claim.get("place_of_service_code", "") if shared("place_of_service_code") else ""
    body = [
        line(
            *("CLM", claim.get("claim_id", ""), _total(lines), "", ""),
            colon.join((place, "B", claim.get("claim_frequency_code", ""))),
            *("Y", "A", "Y", "Y"),
        )
    ]
    if claim.get("prior_authorization_number"):
        body.append(line("REF", "G1", claim["prior_authorization_number"]))
    if claim.get("original_reference_number"):
        body.append(line("REF", "F8", claim["original_reference_number"]))
    codes = [claim[name] for name in DIAGNOSES if claim.get(name)]
    if codes:
        diagnoses = [f"{'ABF' if n else 'ABK'}{colon}{code}" for n, code in enumerate(codes)]
        body.append(line("HI", *diagnoses))
    if shared("ordering_npi") and claim.get("ordering_npi"):
        body.append(
            line("NM1", "DN", "1", "SYNTHETIC", "REFERRER", *_npi(claim["ordering_npi"])[1:])
        )
    if shared("rendering_npi"):
        npi = _npi(claim.get("rendering_npi", ""))[1:]
        body.append(line("NM1", "82", "1", "SYNTHETIC", "READER", *npi))
    for number, row in enumerate(lines, start=1):
        body += _service(row, number, shared, style)
    return body


def _service(row: Row, number: int, shared: Callable[[str], bool], style: Style) -> list[str]:
    def line(*elements: str) -> str:
        return _segment(style, *elements)

    colon = style.component
    procedure = ["HC", row.get("hcpcs_code", ""), *(row.get(name, "") for name in MODIFIERS)]
    place = "" if shared("place_of_service_code") else row.get("place_of_service_code", "")
    pointer = row.get("diagnosis_pointer", "").replace(":", colon)
    start, end = row.get("claim_line_start_date", ""), row.get("claim_line_end_date", "")
    body = [
        line("LX", row.get("claim_line_number") or str(number)),
        line(
            "SV1",
            colon.join(procedure).rstrip(colon) if any(procedure[1:]) else f"HC{colon}",
            row.get("charge_amount", ""),
            "UN",
            row.get("service_unit_quantity", ""),
            place,
            "",
            pointer,
        ),
    ]
    if start and end and end != start:
        body.append(line("DTP", "472", "RD8", f"{_day(start)}-{_day(end)}"))
    elif start:
        body.append(line("DTP", "472", "D8", _day(start)))
    if row.get("line_control_number"):
        body.append(line("REF", "6R", row["line_control_number"]))
    if not shared("rendering_npi"):
        npi = _npi(row.get("rendering_npi", ""))[1:]
        body.append(line("NM1", "82", "1", "SYNTHETIC", "READER", *npi))
    if not shared("ordering_npi") and row.get("ordering_npi"):
        body.append(line("NM1", "DK", "1", "SYNTHETIC", "ORDERER", *_npi(row["ordering_npi"])[1:]))
    return body


def _total(lines: Sequence[Row]) -> str:
    """The charges of a claim added up, where they are numbers; else nothing."""
    charges = [row.get("charge_amount", "") for row in lines]
    plain = all(charge.replace(".", "", 1).isdigit() for charge in charges)
    return str(sum(map(Decimal, charges))) if plain else ""


def _day(text: str) -> str:
    """2026-03-02 as 20260302; anything else as it stands."""
    year, *rest = text.split("-")
    is_day = len(rest) == 2 and all(part.isdigit() for part in (year, *rest))
    return text.replace("-", "") if is_day else text
