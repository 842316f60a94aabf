"""Proof of a report: run it again as its manifest says, and tell whether the findings are the same.

What changed since (program, policies, files) is told beside it, so that nobody has to guess.
"""

from __future__ import annotations

import io
import json
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from pathlib import Path
from typing import Any

from cpt77092 import findings
from cpt77092.choices import By, Sort
from cpt77092.errors import ClaimsError, UsageError
from cpt77092.policies.load import PACKAGED
from cpt77092.reports.check import json as json_report
from cpt77092.reports.check.report import Report
from cpt77092.run import Request, run
from cpt77092.text import count

SECTIONS = ("not_checked", "totals")
"""What of a report is compared beside its rows; the manifest tells what it rests on."""
RULES_SHOWN = 10


@dataclass(frozen=True, slots=True, kw_only=True)
class Verdict:
    """What running a report again showed."""

    is_same: bool
    headline: str
    differences: tuple[str, ...]
    """How findings, reasons and totals differ."""
    changes: tuple[str, ...]
    """What differs of all that the report rests on: program, policies, files."""
    left_out: tuple[str, ...]
    """Files that could not be read when the report was written: no part of it, nor of this."""


def verify(report: str) -> Verdict:
    """Run a JSON report again.

    Args:
        report: a JSON report of `scrub check`; its files are found from the working folder.

    Raises:
        UsageError: it is no report of ours, or does not hold what is needed to run it again.
        ClaimsError: files that it rests on are not there.
    """
    then = _read(report)
    manifest = then["manifest"]
    try:
        request = _request(report, manifest)
        cost = manifest["options"].get("rework_cost")
        rework_cost = None if cost is None else Decimal(str(cost))
        by = By(manifest["options"].get("by", By.FINDING))
        sort = Sort(manifest["options"].get("sort", Sort.FILE))
    except (KeyError, TypeError, ValueError, ArithmeticError, AttributeError):
        raise UsageError(f"{report}: the manifest is damaged; write the report again") from None
    rows = _rows_of(by)
    if not isinstance(then.get(rows), list):
        raise UsageError(f"{report}: the {rows} are no list; write the report again")
    result = run(request)
    stream = io.BytesIO()
    again = Report(
        result=result,
        totals=findings.totals(result, rework_cost=rework_cost),
        options=manifest["options"],
        exit_code=0,
        why="",
        by=by,
        sort=sort,
        extra=("person_id",) if request.show_phi else (),
        not_checked="not_checked_rows" in then,
        checked_lines="checked_lines" in then,
    )
    json_report.write(stream, again)
    now = json.loads(stream.getvalue())
    changes = _changes(manifest, now["manifest"])
    differences = _differences(then, now, rows)
    found = count(len(then[rows]), by.value)
    if not differences:
        headline = f"The same: {found}, as of {request.as_of}."
    else:
        headline = f"Not the same: {found} then, {len(now[rows]):,} now."
        if not changes:
            headline += (
                " Nothing that it rests on has changed: the report was edited, or this is a bug "
                "of ours."
            )
    return Verdict(
        is_same=not differences,
        headline=headline,
        differences=tuple(differences),
        changes=tuple(changes),
        left_out=tuple(str(problem) for problem in manifest.get("unreadable") or ()),
    )


def _read(report: str) -> dict[str, Any]:
    try:
        tree: Any = json.loads(Path(report).read_bytes())
    except OSError as problem:
        raise UsageError(f"{report}: cannot be read ({problem.strerror})") from None
    except (ValueError, RecursionError):
        raise UsageError(f"{report}: not JSON; verify takes what -o report.json wrote") from None
    manifest = tree.get("manifest") if isinstance(tree, dict) else None
    is_ours = isinstance(manifest, dict) and manifest.get("program") == "cpt77092"
    if not is_ours or not all(name in tree for name in SECTIONS):
        raise UsageError(f"{report}: no report of scrub check; verify takes what -o x.json wrote")
    return dict(tree)


def _rows_of(by: By) -> str:
    """The section of a report that holds its rows."""
    return f"{by}s"


def _request(report: str, manifest: Mapping[str, Any]) -> Request:
    """What the report was asked for.

    Raises:
        ClaimsError: its files are not there.
    """
    inputs = [one["file"] for one in manifest["inputs"]]
    past = manifest["history"] or {"files": [], "ignored": []}
    history = [*(one["file"] for one in past["files"]), *past["ignored"]]
    if "-" in inputs:
        raise UsageError(f"{report}: standard input was checked, and is not kept; name files")
    layout = manifest["options"].get("layout")
    files = [*inputs, *history, *([layout] if layout else [])]
    gone = [name for name in files if not Path(name).is_file()]
    if gone:
        raise ClaimsError(
            *(f"{name}: the report rests on it, and it is not there" for name in gone)
        )
    base, *own = manifest["policies"]["folders"]
    if base != PACKAGED:
        raise UsageError(f"{report}: made with other policies than the packaged ones ({base})")
    return Request.restored(
        manifest["options"],
        where=report,
        paths=inputs,
        as_of=date.fromisoformat(manifest["as_of"]),
        history=history,
        policies=Path(own[0]) if own else None,
    )


def _changes(then: Mapping[str, Any], now: Mapping[str, Any]) -> list[str]:
    """What differs of all that a report rests on."""
    told = []
    if then.get("version") != now["version"]:
        told.append(f"program: version {then.get('version')} then, {now['version']} now")
    if then.get("schema") != now["schema"]:
        told.append(f"columns: schema {then.get('schema', 'none')} then, {now['schema']} now")
    if then["policies"].get("digest") != now["policies"]["digest"]:
        told.append("policies: their files are not the same (see scrub policies list)")
    old, new = then.get("rules") or [], now["rules"]
    if old != new:
        parts = [("added", sorted({*new} - {*old})), ("gone", sorted({*old} - {*new}))]
        which = "; ".join(f"{what} {', '.join(codes)}" for what, codes in parts if codes)
        told.append(f"rules: {which or 'in another order'}")
    digests = _digests(now)
    told += [
        f"{kind}: {name} has changed"
        for (kind, name), digest in _digests(then).items()
        if digests.get((kind, name)) != digest
    ]
    return told


def _digests(manifest: Mapping[str, Any]) -> dict[tuple[str, str], str]:
    past = (manifest["history"] or {}).get("files", [])
    layout = manifest.get("layout")  # older reports have none
    files = [("input", manifest["inputs"]), ("history", past), ("layout", [layout] * bool(layout))]
    return {(kind, one["file"]): one.get("sha256") for kind, many in files for one in many}


def _differences(then: Mapping[str, Any], now: Mapping[str, Any], rows: str) -> list[str]:
    """How the sections differ, findings by rule."""
    if all(then.get(name) == now.get(name) for name in (rows, *SECTIONS, "rejects")):
        lists = {"not_checked_rows": "not checked", "checked_lines": "checked"}
        return [
            f"the lines {what} differ" for n, what in lists.items() if then.get(n) != now.get(n)
        ]
    differ = _findings_that_differ if rows == _rows_of(By.FINDING) else _rows_that_differ
    told = differ(then[rows], now[rows]) if then[rows] != now[rows] else []
    if then.get("rejects") != now.get("rejects"):
        told.append("the rows that could not be read differ")
    if then["not_checked"] != now["not_checked"]:
        told.append("what could not be checked differs")
    if then["totals"] != now["totals"]:
        old, new = then["totals"], now["totals"]
        is_plain = isinstance(old, dict)
        parts = [name for name in new if not is_plain or old.get(name) != new[name]]
        told.append(f"totals differ: {', '.join(parts or ['their fields'])}")
    return told


def _findings_that_differ(then: Sequence[Any], now: Sequence[Any]) -> list[str]:
    """`MO001: 2 gone, 1 new`, the rules with the most differences first."""
    counts: dict[str, Counter[str]] = {}
    old, new = _by_place(then), _by_place(now)
    for place in old.keys() | new.keys():
        gone, come = old.get(place, Counter()), new.get(place, Counter())
        if gone == come:
            continue
        both = bool(gone and come)
        of_rule = counts.setdefault(place[-1], Counter())
        of_rule["told otherwise"] += both
        of_rule["gone"] += (gone - come).total() if not both else 0
        of_rule["new"] += (come - gone).total() if not both else 0
    ranked = sorted(counts.items(), key=lambda item: (-item[1].total(), item[0]))
    told = [
        f"{rule}: " + ", ".join(f"{number:,} {what}" for what, number in of_rule.items() if number)
        for rule, of_rule in ranked[:RULES_SHOWN]
    ]
    more = len(ranked) - RULES_SHOWN
    if more > 0:
        told.append(f"{count(more, 'more rule')}")
    if not told and then != now:
        told.append("the findings stand in another order")
    return told


def _rows_that_differ(then: Sequence[Any], now: Sequence[Any]) -> list[str]:
    """How many lines or claims are told otherwise than before, where they are not told apart."""
    old, new = (Counter(json.dumps(one, sort_keys=True) for one in rows) for rows in (then, now))
    if old == new:
        return ["the rows stand in another order"] if then != now else []
    return [f"rows: {(old - new).total():,} gone, {(new - old).total():,} new"]


def _by_place(found: Sequence[Any]) -> dict[tuple[str, str, str], Counter[str]]:
    """Findings by file, row and rule, each as text."""
    places: dict[tuple[str, str, str], Counter[str]] = {}
    for one in found:
        record = one if isinstance(one, dict) else {}
        place = tuple(str(record.get(name)) for name in ("source_file", "source_row", "rule"))
        text = json.dumps(one, sort_keys=True)
        places.setdefault((place[0], place[1], place[2]), Counter())[text] += 1
    return places
