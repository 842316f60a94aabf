"""The tables that CMS publishes: what they cover here, and which file brings them up to date."""

from __future__ import annotations

from collections.abc import Callable
from datetime import date

from cpt77092.frozen import frozen
from cpt77092.policies.policy import NATIONAL, DatedValue, PolicySet
from cpt77092.reference.codes import MODIFIER_LIST_ENDS
from cpt77092.reference.icd10 import diagnosis_lists, fiscal_year
from cpt77092.reference.modifiers import modifier_lists
from cpt77092.reference.sources import Source

_MEDICARE = "medicare"


@frozen(kw_only=True)
class NationalTable:
    """One table that CMS publishes for a period, and the parameters that it gives."""

    title: str
    parameter: str
    """The one by which it is known how far the table goes; blank of a list of codes."""
    file: Callable[[date], str]
    """The name at CMS of the file that holds a day."""
    page: str
    """Where CMS has it."""


@frozen(kw_only=True)
class Coverage:
    """Which days a table on file covers."""

    table: NationalTable
    first_day: date
    last_day: date
    source: Source


def _quarter(day: date) -> int:
    return (day.month + 2) // 3


def _unit_limit_file(day: date) -> str:
    first = date(day.year, 3 * _quarter(day) - 2, 1)
    return f"MCR_MUE_PractitionerServices_Eff_{first:%m-%d-%Y}"


NCCI = "https://www.cms.gov/national-correct-coding-initiative-ncci"
"""The page with the tables of unit limits and code pairs."""
FEE_SCHEDULE = (
    "https://www.cms.gov/medicare/payment/fee-schedules/physician/pfs-relative-value-files"
)
"""The page with the zips of relative values and cost indices."""

TABLES = (
    NationalTable(
        title="Medicare fees and RVUs (PPRRVU)",
        parameter="fee",
        file=lambda day: f"PPRRVU in rvu{day:%y}{'abcd'[_quarter(day) - 1]}.zip",
        page=FEE_SCHEDULE,
    ),
    NationalTable(
        title="unit limits (MUE)",
        parameter="max_units_per_day",
        file=_unit_limit_file,
        page=NCCI,
    ),
    NationalTable(
        title="code pairs (PTP)",
        parameter="pairs",
        # Version 1 was of 1995.
        file=lambda day: f"ccipra-v{day.year - 1994}{_quarter(day) - 1}r0-f1 to f4",
        page=NCCI,
    ),
)
"""Every table that `scrub policies import` keeps current."""


_MONTHS = ("JAN", "APR", "JUL", "OCT")

MODIFIER_FILE = NationalTable(
    title="HCPCS modifiers",
    parameter="",
    file=lambda day: f"HCPC{day.year}_{_MONTHS[_quarter(day) - 1]}_ANWEB",
    page="https://www.cms.gov/medicare/coding-billing/healthcare-common-procedure-system/"
    "quarterly-update",
)
DIAGNOSES = NationalTable(
    title="ICD-10-CM codes",
    parameter="",
    file=lambda day: f"icd10cm-order-{fiscal_year(day)}.txt",
    page="https://www.cms.gov/medicare/coding-billing/icd-10-codes",
)


def coverages(policies: PolicySet) -> list[Coverage]:
    """How far each table goes, by the latest of the sources that say so."""
    covered = []
    for table in TABLES:
        entries = _entries(policies, table.parameter)
        dated = [(e.source.until, e.source) for e in entries if e.source and e.source.until]
        if dated:
            last_day, source = max(dated, key=lambda one: one[0])
            first_day = min(entry.first_day for entry in entries)
            covered.append(
                Coverage(table=table, first_day=first_day, last_day=last_day, source=source)
            )
    lists = diagnosis_lists(policies.tables, frozenset())
    years = ", ".join(str(listed.fiscal_year) for listed in lists)
    covered.append(
        Coverage(
            table=DIAGNOSES,
            first_day=lists[0].first_day,
            last_day=lists[-1].last_day,
            source=Source(title=f"CDC/NCHS, fiscal year {years}"),
        )
    )
    covered.append(_modifier_coverage(policies))
    return covered


def _modifier_coverage(policies: PolicySet) -> Coverage:
    lists = modifier_lists(policies.tables)
    shipped = Source(title=f"CPT and HCPCS lists of {MODIFIER_LIST_ENDS.year}")
    return Coverage(
        table=MODIFIER_FILE,
        first_day=date(MODIFIER_LIST_ENDS.year, 1, 1),
        last_day=lists.last_day,
        source=lists.periods[-1].source or shipped,
    )


def _entries(policies: PolicySet, parameter: str) -> list[DatedValue]:
    """The entries of the national policies for a parameter, whatever the code."""
    return [
        entry
        for payer in (NATIONAL, _MEDICARE)
        for (_, name), entries in policies[payer].values.items()
        if name == parameter
        for entry in entries
    ]
