"""Small files in the layouts of CMS and NCHS, made by hand: our codes and a few others.

Titles, header rows and columns are as CMS publishes them; descriptions are left out.
"""

from __future__ import annotations

import csv
import io
import zipfile
from collections.abc import Iterable, Sequence
from pathlib import Path

import xlsxwriter

Rows = Sequence[Sequence[str]]

# Code, modifier, work, PE, facility NA, malpractice, total, PC/TC: the rows of July 2026.
RVU_2026 = """\
76977,,0.05,0.16,NA,0.02,0.23,1
76977,26,0.05,0.02,,0.01,0.08,1
76977,TC,0.00,0.14,NA,0.01,0.15,1
77078,,0.24,2.70,NA,0.02,2.96,1
77078,26,0.24,0.09,,0.01,0.34,1
77078,TC,0.00,2.61,NA,0.01,2.62,1
77080,,0.20,0.96,NA,0.02,1.18,1
77080,26,0.20,0.07,,0.01,0.28,1
77080,TC,0.00,0.89,NA,0.01,0.90,1
77081,,0.20,0.73,NA,0.02,0.95,1
77081,26,0.20,0.07,,0.01,0.28,1
77081,TC,0.00,0.66,NA,0.01,0.67,1
77085,,0.29,1.30,NA,0.04,1.63,1
77085,26,0.29,0.12,,0.02,0.43,1
77085,TC,0.00,1.18,NA,0.02,1.20,1
77086,,0.17,0.85,NA,0.02,1.04,1
77086,26,0.17,0.06,,0.01,0.24,1
77086,TC,0.00,0.79,NA,0.01,0.80,1
77089,,0.20,0.96,NA,0.03,1.19,4
77090,,0.00,0.08,NA,0.01,0.09,3
77091,,0.00,0.79,NA,0.01,0.80,3
77092,,0.20,0.09,,0.01,0.30,2
99213,,1.30,1.35,,0.09,2.74,0
G0130,,0.21,0.96,NA,0.02,1.19,1
G0130,26,0.21,0.11,,0.01,0.33,1
G0130,TC,0.00,0.85,NA,0.01,0.86,1"""

_HEADERS = """\
|||||||||||||||||||||||||||||NON-FACILITY|FACILITY|
||||NOT USED||||||||||||||||||||||PHYSICIAN||DIAGNOSTIC|PE USED|PE USED|MP USED
||||FOR|||NON-FAC||FACILITY |||||||||||||||||SUPERVISION OF||IMAGING|FOR OPPS|FOR OPPS|FOR OPPS
|||STATUS|MEDICARE |WORK|NON-FAC|NA|FACILITY|NA|MP|NON-FACILITY|FACILITY|PCTC|GLOB|PRE|INTRA|POST|\
MULT|BILAT|ASST|CO-|TEAM|PRIC|ENDO|CONV|DIAGNOSTIC|CALCULATION|FAMILY|PAYMENT|PAYMENT|PAYMENT
HCPCS|MOD|DESCRIPTION|CODE|PAYMENT|RVU|PE RVU|INDICATOR|PE RVU|INDICATOR|RVU|TOTAL|TOTAL|IND|DAYS|\
OP|OP|OP|PROC|SURG|SURG|SURG|SURG|IND|BASE|FACTOR|PROCEDURES|FLAG|INDICATOR|AMOUNT|AMOUNT|AMOUNT"""
_PRICING_INDICATOR = 23
"""The column that files have since 2026."""


def fee_schedule(
    *,
    title: str = "2026 National Physician Fee Schedule Relative Value File July Release",
    released: str = "06/30/2026",
    factor: str = "33.4009",
    rvus: str = RVU_2026,
    pricing_indicator: bool = True,
) -> list[list[str]]:
    """The rows of a PPRRVU file, its titles and stacked headers first."""
    headers = [line.split("|") for line in _HEADERS.splitlines()]
    rows = [_fee_row(line, factor) for line in rvus.splitlines()]
    table = [*headers, *rows]
    if not pricing_indicator:
        table = [row[:_PRICING_INDICATOR] + row[_PRICING_INDICATOR + 1 :] for row in table]
    width = len(table[-1])
    titles = [title, "CPT codes only are copyright AMA, and so on.", " ", f"RELEASED {released}"]
    return [[*("", "", text), *[""] * (width - 3)] for text in titles] + table


def _fee_row(line: str, factor: str) -> list[str]:
    code, modifier, work, pe, na, malpractice, total, pctc = line.split(",")
    values = [code, modifier, "", "A", "", work, pe, "", pe, na, malpractice, total, total, pctc]
    surgery = ["0", "0", "0", "0", "0", "9", ""]
    return [
        *values, "XXX", "0.00", "0.00", "0.00", *surgery, factor, "09", "0", "99", "0.00", "0.00",
        "0.00",
    ]  # fmt: skip


def fee_schedule_text(*, factor: str = "33.4009", rvus: str = RVU_2026) -> str:
    """The same as the text file with columns of fixed width has it."""
    lines = ["HDR CPT CODES AND DESCRIPTIONS ONLY ARE COPYRIGHT"]
    for line in rvus.splitlines():
        code, modifier, work, pe, na, malpractice, total, pctc = line.split(",")
        lines.append(
            f"{code}{modifier:2}{'':50}A {work:>6}{pe:>7}  {pe:>7}{na:2}{malpractice:>6}{total:>7}"
            f"{total:>6}{pctc}XXX.00.00.00000009{'':12}{factor} 090 99{'0.00':>10}   0.00   0.00"
        )
    return "\r\n".join(lines) + "\r\n"


def unit_limits(changed: dict[str, tuple[str, str]] | None = None) -> list[list[str]]:
    """The rows of a practitioner MUE table: by code the units and the indicator."""
    by_code = dict.fromkeys(UNIT_LIMITED, ("1", "2 Date of Service Edit: Policy"))
    by_code |= dict.fromkeys(("77090", "77091", "77092"), ("1", "3 Date of Service Edit: Clinical"))
    by_code |= changed or {}
    headers = ["HCPCS/\nCPT Code", "Practitioner Services MUE Values", "MUE Adjudication Indicator"]
    notice = "CPT only copyright American Medical Association.\nAll rights reserved."
    rows = [[code, *cells, "Nature of Service/Procedure"] for code, cells in by_code.items()]
    return [[notice, "", "", ""], [*headers, "MUE Rationale"], *rows]


UNIT_LIMITED = (
    "0001U", "76977", "77078", "77080", "77081", "77085", "77086", "77089", "77090", "77091",
    "77092", "99213", "G0130",
)  # fmt: skip

PAIR_HEADERS = (
    ("Column1/Column2 Edits", "", "", "", "", "", ""),
    ("Column 1", "Column 2", "*=in existence", "Effective", "Deletion", "Modifier",
     "PTP Edit Rationale"),
    ("", "", "prior to 1996", "Date", "Date", "0=not allowed", ""),
    ("", "", "", "", "*=no data", "1=allowed", ""),
    ("", "", "", "", "", "9=not applicable", ""),
)  # fmt: skip


def code_pairs(rows: Iterable[Sequence[str]]) -> list[list[str]]:
    """The rows of a part of the PTP table: column 1, column 2, effective, deletion, indicator."""
    notice = ["CPT only copyright American Medical Association.", *[""] * 6]
    body = [
        [one, two, "", begins, ends, bypass, "Rationale"] for one, two, begins, ends, bypass in rows
    ]
    return [notice, *map(list, PAIR_HEADERS), *body]


def as_csv(rows: Rows, delimiter: str = ",") -> bytes:
    stream = io.StringIO()
    csv.writer(stream, delimiter=delimiter).writerows(rows)
    return stream.getvalue().encode("cp1252")


def as_workbook(rows: Rows) -> bytes:
    stream = io.BytesIO()
    with xlsxwriter.Workbook(stream, {"in_memory": True, "strings_to_numbers": True}) as book:
        sheet = book.add_worksheet("Sheet1")
        for number, row in enumerate(rows):
            sheet.write_row(number, 0, row)
    return stream.getvalue()


def zipped(path: Path, files: dict[str, bytes]) -> Path:
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, content in files.items():
            archive.writestr(name, content)
    return path


def hcpcs_rows(modifiers: dict[str, tuple[str, str]]) -> list[list[str]]:
    """The rows of the workbook of the HCPCS file: by modifier the days it was added and ended."""
    headers = ["HCPC", "SEQNUM", "RECID", "LONG DESCRIPTION", "COV", "ADD DT", "ACT EFF DT",
               "TERM DT", "ACTION CD"]  # fmt: skip
    rows = [["A0021", "00100", "3", "A procedure", "I", "19820101", "20020101", "", "N"]]
    rows += [
        [code, "00100", "7", "A modifier", "", added, added, ended, "N"]
        for code, (added, ended) in modifiers.items()
    ]
    return [headers, *rows]


def hcpcs_text(modifiers: dict[str, tuple[str, str]]) -> str:
    """The same in the records of 320 characters, one of them with a longer description."""
    lines = []
    for code, number, record, text, _, added, changed, ended, action in hcpcs_rows(modifiers)[1:]:
        days = f"{added:8}{changed:8}{ended:8}{action}"
        lines.append(f"{code:>5}{number}{record}{text:80}{text:28}{'':149}{days}".ljust(320))
        lines.append(f"{code:>5}00200{int(record) + 1}{'goes on':80}".ljust(320))
    return "\r\n".join(lines) + "\r\n"


def place_table(codes: Iterable[str], title: str) -> list[list[str]]:
    """The rows of the table of places of service as its page is saved, ranges without names too."""
    headers = ["Place of Service Code(s)", "Place of Service Name", "Place of Service Description"]
    rows = [[code, f"Name of {code}", "A place (effective 2003)"] for code in codes]
    return [[title, "", ""], headers, *rows, ["28-30", "Unassigned", "N/A"]]


def localities(
    *, with_both: bool = False, note: str = "floor ended on January 31, 2026"
) -> list[list[str]]:
    """The rows of a GPCI file; since 2026 some have the work GPCI with and without the floor."""
    headers = ["Medicare Administrative Contractor (MAC)", "State", "Locality Number",
               "Locality Name"]  # fmt: skip
    if with_both:
        headers.append("2026 PW GPCI (without 1.0 Floor)")
    headers += ["2026 PW GPCI (with 1.0 Floor)***", "2026 PE GPCI", "2026 MP GPCI"]
    rows = [
        ["10112", "AL", "00", "ALABAMA", "0.981", "1.000", "0.869", "0.575"],
        ["02102", "AK", "01", "ALASKA**", "1.500", "1.500", "1.081", "0.592"],
    ]
    if not with_both:
        rows = [row[:4] + row[5:] for row in rows]
    titles = ["ADDENDUM E. FINAL CY 2026 GEOGRAPHIC PRACTICE COST INDICES BY STATE AND LOCALITY"]
    width = len(headers)
    notes = [[f"*** The 1.0 work {note}.", *[""] * (width - 1)]]
    return [titles + [""] * (width - 1), headers, *rows, *notes]
