"""Writes remittances as an X12 835, for tests. It knows the format on its own."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from decimal import Decimal

Adjustment = tuple[str, str, Decimal]
"""Group, reason and amount."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Service:
    """One answered line (loop 2110)."""

    code: str
    modifiers: Sequence[str] = ()
    charge: Decimal
    paid: Decimal
    adjustments: Sequence[Adjustment] = ()
    remarks: Sequence[str] = ()
    units: str = "1"
    day: date | None = None
    control: str = ""
    submitted: Sequence[str] = ()
    """Code and modifiers as billed, where the payer answers under others."""
    allowed: Decimal | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Claim:
    """One answered claim (loop 2100)."""

    number: str
    status: str = "1"
    payer_number: str = "ICN1"
    services: Sequence[Service] = ()
    adjustments: Sequence[Adjustment] = ()
    charge: Decimal | None = None
    paid: Decimal | None = None
    remarks: Sequence[str] = ()
    """In the MOA."""

    @property
    def total_charge(self) -> Decimal:
        if self.charge is not None:
            return self.charge
        return sum((s.charge for s in self.services), Decimal(0))

    @property
    def total_paid(self) -> Decimal:
        if self.paid is not None:
            return self.paid
        return sum((s.paid for s in self.services), Decimal(0))


@dataclass(frozen=True, slots=True, kw_only=True)
class Payment:
    """One check or transfer (a transaction set)."""

    payer: str
    day: date
    claims: Sequence[Claim]
    withheld: Sequence[tuple[str, Decimal]] = ()
    """Reasons and amounts of the PLB."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Style:
    """How a file is written."""

    element: str = "*"
    component: str = ":"
    terminator: str = "~"
    line_break: str = ""


def x12_835(payments: Sequence[Payment], style: Style = Style()) -> bytes:
    """The bytes of one interchange."""
    mark = style.element
    header = mark.join(
        (
            "ISA", "00", " " * 10, "00", " " * 10, "ZZ", f"{'PAYER':15}", "ZZ", f"{'PROVIDER':15}",
            "260401", "0800", "^", "00501", "000000001", "0", "T", style.component,
        )
    )  # fmt: skip
    group = mark.join(
        ("GS", "HP", "PAYER", "PROVIDER", "20260401", "0800", "1", "X", "005010X221A1")
    )
    segments = [header, group]
    for number, payment in enumerate(payments, start=1):
        segments += _transaction(payment, number, style)
    segments += [mark.join(("GE", str(len(payments)), "1")), mark.join(("IEA", "1", "000000001"))]
    end = style.terminator + style.line_break
    return "".join(segment + end for segment in segments).encode("ascii")


def _transaction(payment: Payment, number: int, style: Style) -> list[str]:
    def line(*elements: str) -> str:
        return style.element.join(elements).rstrip(style.element)

    paid = sum((claim.total_paid for claim in payment.claims), Decimal(0))
    paid -= sum((amount for _, amount in payment.withheld), Decimal(0))
    day = f"{payment.day:%Y%m%d}"
    body = [
        line("ST", "835", f"{number:04}"),
        line("BPR", "I", money(paid), "C", "CHK", *[""] * 11, day),
        line("TRN", "1", f"CHECK{number}", "1999999999"),
        line("DTM", "405", day),
        line("N1", "PR", payment.payer),
        line("N3", "1 EXAMPLE STREET"),
        line("N1", "PE", "SYNTHETIC RADIOLOGY", "XX", "1555001019"),
        line("LX", "1"),
    ]
    for claim in payment.claims:
        body += _claim(claim, style)
    for reason, amount in payment.withheld:
        code = f"{reason}{style.component}REF"
        body.append(line("PLB", "1555001019", day, code, money(amount)))
    return [*body, line("SE", str(len(body) + 1), f"{number:04}")]


def _claim(claim: Claim, style: Style) -> list[str]:
    def line(*elements: str) -> str:
        return style.element.join(elements).rstrip(style.element)

    numbers = (money(claim.total_charge), money(claim.total_paid))
    segments = [line("CLP", claim.number, claim.status, *numbers, "", "12", claim.payer_number)]
    segments += _adjustments(claim.adjustments, style)
    segments.append(line("NM1", "QC", "1", "SYNTHETIC", "MEMBER", "", "", "", "MI", "P01"))
    if claim.remarks:
        segments.append(line("MOA", "", "", *claim.remarks))
    for service in claim.services:
        segments += _service(service, style)
    return segments


def _service(service: Service, style: Style) -> list[str]:
    def line(*elements: str) -> str:
        return style.element.join(elements).rstrip(style.element)

    code = style.component.join(("HC", service.code, *service.modifiers))
    submitted = style.component.join(("HC", *service.submitted)) if service.submitted else ""
    amounts = (money(service.charge), money(service.paid))
    segments = [line("SVC", code, *amounts, "", service.units, submitted)]
    if service.day:
        segments.append(line("DTM", "472", f"{service.day:%Y%m%d}"))
    segments += _adjustments(service.adjustments, style)
    if service.control:
        segments.append(line("REF", "6R", service.control))
    if service.allowed is not None:
        segments.append(line("AMT", "B6", money(service.allowed)))
    segments += [line("LQ", "HE", remark) for remark in service.remarks]
    return segments


def _adjustments(adjustments: Sequence[Adjustment], style: Style) -> list[str]:
    """A CAS for each group, up to six reasons in each."""
    segments = []
    for group in dict.fromkeys(group for group, _, _ in adjustments):
        own = [(reason, money(amount)) for g, reason, amount in adjustments if g == group]
        for start in range(0, len(own), 6):
            triples = [f"{r}{style.element}{a}{style.element}" for r, a in own[start : start + 6]]
            text = style.element.join(("CAS", group, *triples))
            segments.append(text.rstrip(style.element))
    return segments


def money(amount: Decimal) -> str:
    """`45` and `45.5`, without the zeros that X12 leaves out."""
    return f"{amount.normalize():f}"
