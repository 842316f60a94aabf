"""The rules in a loop over the rows, as most open scrubbers do it: a dict and a list of functions.

Plain Python with nothing beside the standard library.
"""

from __future__ import annotations

import csv
from bisect import bisect_right
from collections import defaultdict
from collections.abc import Callable
from datetime import date
from functools import cache

from tests.benchmarks.contenders.job import Job, is_npi, load

Row = dict[str, str]
Rule = Callable[[Row, Row, date | None], bool]
MODIFIERS = ("hcpcs_modifier_1", "hcpcs_modifier_2")


class Policies:
    """The values in force, by payer, code and day."""

    def __init__(self, path: str) -> None:
        self.days: dict[tuple[str, str], list[date]] = defaultdict(list)
        self.rows: dict[tuple[str, str], list[Row]] = defaultdict(list)
        with open(path, newline="", encoding="utf-8") as stream:  # noqa: PTH123
            for row in csv.DictReader(stream):
                key = (row["payer"], row["code"])
                self.days[key].append(date.fromisoformat(row["first_day"]))
                self.rows[key].append(row)

    def on(self, payer: str, code: str, day: date | None) -> Row:
        """The row in force; an empty one without a date."""
        key = (payer, code)
        if day is None or key not in self.days:
            return {}
        return self.rows[key][bisect_right(self.days[key], day) - 1]


def rules(job: Job) -> dict[str, Rule]:
    """Each rule as a function of a line, its policy and its date."""
    checks_npi = cache(is_npi)
    places, family, technical = set(job.places), set(job.family), set(job.technical)
    as_of = date.fromisoformat(job.as_of)
    with open(job.facilities, newline="", encoding="utf-8") as stream:  # noqa: PTH123
        facilities = {tuple(row.values()) for row in csv.DictReader(stream)}

    def modifiers(row: Row) -> list[str]:
        return [row[name] for name in MODIFIERS if row[name]]

    def units(row: Row) -> float:
        return float(row["service_unit_quantity"] or 1)

    def in_facility(row: Row, policy: Row) -> bool:
        place = (policy.get("facility_place_of_service", ""), row["place_of_service_code"])
        return place in facilities

    return {
        "MO001": lambda row, policy, _: (
            row["hcpcs_code"] in family
            and "26" in modifiers(row)
            and policy.get("modifier_26") == "not_allowed"
        ),
        "MO004": lambda row, policy, _: (
            row["hcpcs_code"] in family
            and "TC" in modifiers(row)
            and policy.get("modifier_tc") == "not_allowed"
        ),
        "MO005": lambda row, *_: {"26", "TC"} <= set(modifiers(row)),
        "MO006": lambda row, *_: len(modifiers(row)) != len(set(modifiers(row))),
        "MO009": lambda row, *_: not row[MODIFIERS[0]] and row[MODIFIERS[1]] != "",
        "UN002": lambda row, *_: units(row) <= 0 or units(row) % 1 != 0,
        "DT001": lambda _, __, day: day is None,
        "DT002": lambda row, policy, _: (
            row["hcpcs_code"] in family and policy.get("in_force") == "False"
        ),
        "DT003": lambda _, __, day: day is not None and day > as_of,
        "PO002": lambda row, *_: row["place_of_service_code"] not in places,
        "PO003": lambda row, policy, _: (
            (
                row["hcpcs_code"] in technical
                or (row["hcpcs_code"] not in family and "TC" in modifiers(row))
            )
            and in_facility(row, policy)
            and policy.get("technical_in_facility") == "not_payable"
        ),
        "ID001": lambda row, *_: not checks_npi(row["rendering_npi"]),
        "ID003": lambda row, policy, _: (
            not row["ordering_npi"] and policy.get("ordering_provider") == "required"
        ),
        "CH001": lambda row, *_: not row["charge_amount"] or float(row["charge_amount"]) <= 0,
    }


def main() -> None:
    """Check the batch."""
    job, output = load()
    checked = set(job.checked)
    policies = Policies(job.policies)
    tests = rules(job)
    with (
        open(job.batch, newline="", encoding="utf-8") as stream,  # noqa: PTH123
        open(output, "w", newline="", encoding="utf-8") as out,  # noqa: PTH123
    ):
        writer = csv.writer(out)
        writer.writerow(["line", "rule"])
        for number, row in enumerate(csv.DictReader(stream), start=1):
            if row["hcpcs_code"] not in checked:
                continue
            text = row["claim_line_start_date"]
            day = date.fromisoformat(text) if text else None
            policy = policies.on(row["payer"], row["hcpcs_code"], day)
            for code, flags in tests.items():
                if flags(row, policy, day):
                    writer.writerow([number, code])


if __name__ == "__main__":
    main()
