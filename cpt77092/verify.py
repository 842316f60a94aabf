"""Run a JSON report again as its manifest says, and compare the findings.

The verdict also names what has changed since: program, policies, rules and files.
"""

from __future__ import annotations

import io
import json
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from datetime import date
from decimal import Decimal
from pathlib import Path
from typing import Any

from cpt77092 import findings
from cpt77092.choices import By, Sort
from cpt77092.claims.quotable import cells_revealed
from cpt77092.databases.address import is_address
from cpt77092.errors import ClaimsError, UsageError
from cpt77092.file_state import is_whole
from cpt77092.frozen import frozen
from cpt77092.lakehouse.address import is_table
from cpt77092.policies.load import PACKAGED
from cpt77092.reports.check import json as json_report
from cpt77092.reports.check.report import Report
from cpt77092.run import Request, read_before, run
from cpt77092.text import count

SECTIONS = ("not_checked", "totals")
"""Sections of a report that are compared in addition to its rows."""
IS_WHOLE = " is whole"
"""Key of a report that was read: whether its digest is that of its bytes."""
RULES_SHOWN = 10
CLAIMS_SHOWN = 8
_OF_FILES = ("input: ", "history: ", "layout: ", "accepted: ", "since: ")

Record = Mapping[str, Any]
"""A JSON object."""
Place = tuple[str, str, str]
"""File, row and rule of a finding."""


@frozen(kw_only=True)
class Verdict:
    """How a report that was run again compares with the first run."""

    is_same: bool
    headline: str
    differences: tuple[str, ...]
    """How findings, reasons and totals differ."""
    changes: tuple[str, ...]
    """What has changed since the report was written: program, policies, rules, files."""
    unreadable: tuple[str, ...]
    """Files that the report could not read: they are left out of both runs."""


def verify(report: str) -> Verdict:
    """Run a JSON report of `scrub check` again, with the files in the working folder.

    Raises:
        UsageError: it is not such a report, or its manifest is damaged.
        ClaimsError: files that it was made from are missing.
    """
    then = _read(report)
    try:
        request = _request(report, then["manifest"])
        options = then["manifest"]["options"]
        by, sort = By(options.get("by", By.FINDING)), Sort(options.get("sort", Sort.FILE))
        cost = options.get("rework_cost")
        rework_cost = None if cost is None else Decimal(str(cost))
    except _DAMAGED:
        raise _damaged(report) from None
    rows = f"{by}s"
    if not isinstance(then.get(rows), list):
        raise UsageError(f"{report}: {rows} is not a list; write the report again")
    with cells_revealed(is_wanted=request.show_phi):
        now = _run_again(request, then, by, sort, rework_cost)
    try:
        changes = _changes(then["manifest"], now["manifest"])
        differences = _differences(then, now, rows)
        unreadable = tuple(map(str, then["manifest"].get("unreadable") or ()))
    except _DAMAGED:
        raise _damaged(report) from None
    before = count(len(then[rows]), by.value)
    is_same = not differences and not any(text.startswith(_OF_FILES) for text in changes)
    headline = f"Not the same: {before} then, {len(now[rows]):,} now."
    if is_same:
        headline = f"The same: {before}, as of {request.as_of}."
    elif not changes:
        headline += (
            " Program, policies and files are unchanged, so the report was edited, or this is "
            "a bug in scrub."
        )
    return Verdict(
        is_same=is_same,
        headline=headline,
        differences=tuple(differences),
        changes=tuple(changes),
        unreadable=unreadable,
    )


_DAMAGED = (LookupError, TypeError, ValueError, ArithmeticError, AttributeError)
"""What reading the contents of a damaged manifest ends in."""


def _damaged(report: str) -> UsageError:
    return UsageError(f"{report}: the manifest is damaged; write the report again")


def _read(report: str) -> dict[str, Any]:
    try:
        content = Path(report).read_bytes()
        tree: Any = json.loads(content)
    except OSError as problem:
        raise UsageError(f"{report}: cannot be read ({problem.strerror})") from None
    except (ValueError, RecursionError):
        raise UsageError(f"{report}: not JSON; name a report of scrub check -o x.json") from None
    manifest = tree.get("manifest") if isinstance(tree, dict) else None
    is_ours = isinstance(manifest, dict) and manifest.get("program") == "cpt77092"
    if not is_ours or not all(name in tree for name in SECTIONS):
        raise UsageError(f"{report}: not a report of scrub check -o x.json")
    return dict(tree) | {IS_WHOLE: is_whole(content)}


def _request(report: str, manifest: Record) -> Request:
    """The request that a manifest describes.

    Raises:
        ClaimsError: files are missing.
        UsageError: the report was made from standard input or from other packaged policies.
    """
    inputs = [one["file"] for one in manifest["inputs"]]
    past = manifest["history"] or {"files": [], "ignored": []}
    history = [*(one["file"] for one in past["files"]), *past["ignored"]]
    if not inputs:
        raise _damaged(report)
    if "-" in inputs:
        raise UsageError(
            f"{report}: made from standard input, which cannot be read again; check the file it "
            "came from, whose SHA-256 is in the report"
        )
    if any(is_address(name) or is_table(name) for name in inputs):
        raise UsageError(
            f"{report}: made from a database or a table, whose rows may have changed; check again"
        )
    named = [manifest["options"].get(name) for name in ("layout", "accepted", "since")]
    files = [*inputs, *history, *filter(None, named)]
    missing = [name for name in files if not Path(name).is_file()]
    if missing:
        raise ClaimsError(*(f"{name}: no such file; the report needs it" for name in missing))
    packaged, *own = manifest["policies"]["folders"]
    if packaged != PACKAGED:
        raise UsageError(f"{report}: made with other policies than the packaged ones ({packaged})")
    return Request.restored(
        manifest["options"],
        where=report,
        paths=inputs,
        as_of=date.fromisoformat(manifest["as_of"]),
        history=history,
        policies=Path(own[0]) if own else None,
    )


def _run_again(
    request: Request, then: Record, by: By, sort: Sort, rework_cost: Decimal | None
) -> dict[str, Any]:
    """The report as it is now, in the shape that it had then."""
    before = read_before(request)
    result, accepted, comparison = before.applied(run(request))
    again = Report(
        result=result,
        totals=findings.totals(
            result,
            rework_cost=rework_cost,
            without=request.without,
            accepted=accepted,
            comparison=comparison,
        ),
        accepted=accepted,
        options=then["manifest"]["options"],
        exit_code=0,
        why="",
        by=by,
        sort=sort,
        extra=("person_id",) if request.show_phi else (),
        not_checked="not_checked_rows" in then,
        checked_lines="checked_lines" in then,
    )
    stream = io.BytesIO()
    json_report.write(stream, again)
    return dict(json.loads(stream.getvalue()))


def _changes(then: Record, now: Record) -> list[str]:
    """What has changed of all that a report was made from."""
    changes = []
    if then.get("version") != now["version"]:
        changes.append(f"program: version {then.get('version')} then, {now['version']} now")
    if then.get("schema") != now["schema"]:
        changes.append(f"columns: schema {then.get('schema', 'none')} then, {now['schema']} now")
    if then["policies"].get("digest") != now["policies"]["digest"]:
        changes.append("policies: their files are not the same (see scrub policies list)")
    old, new = then.get("rules") or [], now["rules"]
    if old != new:
        parts = [("added", sorted({*new} - {*old})), ("removed", sorted({*old} - {*new}))]
        which = "; ".join(f"{what} {', '.join(codes)}" for what, codes in parts if codes)
        changes.append(f"rules: {which or 'in another order'}")
    digests = _digests(now)
    return changes + [
        f"{kind}: {name} has changed"
        for (kind, name), digest in _digests(then).items()
        if digests.get((kind, name)) != digest
    ]


def _digests(manifest: Record) -> dict[tuple[str, str], str]:
    """SHA-256 by kind and name of every file that a report was made from."""
    history = (manifest["history"] or {}).get("files", [])
    files = [("input", manifest["inputs"]), ("history", history)]
    for kind in ("layout", "accepted", "since"):  # older reports have none
        one = manifest.get(kind)
        files.append((kind, [one] if one else []))
    return {(kind, one["file"]): one.get("sha256") for kind, many in files for one in many}


_CHANGED = {
    "rejects": "the rows that could not be read differ",
    "not_checked": "what could not be checked differs",
    "not_checked_rows": "the lines that could not be checked differ",
    "accepted": "the findings accepted differ",
    "since": "what is new since the former report differs",
    "checked_lines": "the lines checked differ",
}
"""What is said of a section that is another now."""


def _differences(then: Record, now: Record, rows: str) -> list[str]:
    """How the sections differ; findings by rule."""
    compare = _compare_findings if rows == f"{By.FINDING}s" else _compare_rows
    differences = compare(then[rows], now[rows]) if then[rows] != now[rows] else []
    if not then[IS_WHOLE]:
        differences.append("the report is not as scrub wrote it: its digest is another")
    changed = {key: text for key, text in _CHANGED.items() if then.get(key) != now.get(key)}
    if "not_checked" in changed:  # which has the rows together
        changed.pop("not_checked_rows", None)
    differences += changed.values()
    old, new = then["totals"], now["totals"]
    if old != new:
        fields = [name for name in new if isinstance(old, dict) and old.get(name) != new[name]]
        differences.append(f"totals differ: {', '.join(fields or ['their fields'])}")
    return differences


def _compare_findings(then: Sequence[Any], now: Sequence[Any]) -> list[str]:
    """`MO001: 2 missing (A-1002, B-2002), 1 new (C-1)`, most differences first."""
    counts: dict[str, dict[str, list[str]]] = {}
    old, new = _by_place(then), _by_place(now)
    for place in sorted(old.keys() | new.keys()):
        before, after = old.get(place, []), new.get(place, [])
        what = "changed" if before and after else "missing" if before else "new"
        if before != after:
            claims = [claim for claim, _ in (after or before)]
            counts.setdefault(place[-1], {}).setdefault(what, []).extend(claims)
    differing = sorted(counts.items(), key=lambda item: (-sum(map(len, item[1].values())), item[0]))
    differences = [
        f"{rule}: {', '.join(_claims(what, claims) for what, claims in sorted(of_rule.items()))}"
        for rule, of_rule in differing[:RULES_SHOWN]
    ]
    if len(differing) > RULES_SHOWN:
        differences.append(count(len(differing) - RULES_SHOWN, "more rule"))
    return differences or ["the findings are in another order"]


def _compare_rows(then: Sequence[Any], now: Sequence[Any]) -> list[str]:
    """How many lines or claims differ; they have no key that would match old and new."""
    old, new = Counter(map(_as_text, then)), Counter(map(_as_text, now))
    if old == new:
        return ["the rows are in another order"]
    numbers = {"missing": (old - new).total(), "new": (new - old).total()}
    return [f"rows: {', '.join(f'{many:,} {what}' for what, many in numbers.items() if many)}"]


def _claims(what: str, claims: Sequence[str]) -> str:
    """`12 missing (A-1002, B-2002 and 3 more claims)`: findings, with the claims they are on."""
    names = list(dict.fromkeys(claims))
    more = len(names) - CLAIMS_SHOWN
    others = f" and {count(more, 'more claim')}" if more > 0 else ""
    return f"{len(claims):,} {what} ({', '.join(names[:CLAIMS_SHOWN])}{others})"


def _by_place(rows: Iterable[Any]) -> dict[Place, list[tuple[str, str]]]:
    """Findings, each as its claim and as text, in order, by file, row and rule."""
    places: dict[Place, list[tuple[str, str]]] = {}
    for row in rows:
        record = row if isinstance(row, dict) else {}
        file, line, rule = (str(record.get(name)) for name in ("source_file", "source_row", "rule"))
        claim = str(record.get("claim_id") or "no claim id")
        places.setdefault((file, line, rule), []).append((claim, _as_text(row)))
    return {place: sorted(of_place) for place, of_place in places.items()}


def _as_text(row: Any) -> str:
    return json.dumps(row, sort_keys=True)
