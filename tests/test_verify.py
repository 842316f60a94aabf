"""`scrub verify`: a report run again, and what it says has changed."""

from __future__ import annotations

import hashlib
import io
import json
import shutil
from collections.abc import Callable
from dataclasses import fields
from datetime import date
from pathlib import Path
from typing import Any

import pytest

from cpt77092.policies.payer_names import OwnName
from cpt77092.policies.policy import Where
from cpt77092.run import Request

EXAMPLES = Path(__file__).parents[1] / "examples"
AS_OF = ("--as-of", "2026-11-23")
Scrub = Callable[..., tuple[int, str, str]]


@pytest.fixture(autouse=True)
def examples(tmp_path: Path) -> None:
    """Copies the examples into the folder in which the command runs."""
    shutil.copytree(EXAMPLES, tmp_path, dirs_exist_ok=True)


def changed(name: str, change: Callable[[Any], None]) -> None:
    """Edit a report."""
    record = json.loads(Path(name).read_text(encoding="utf-8"))
    change(record)
    Path(name).write_text(json.dumps(record), encoding="utf-8")


@pytest.mark.slow
def test_a_report_with_every_option_is_the_same_whatever_the_settings_say_now(
    scrub: Scrub,
) -> None:
    Path("scrub.yaml").write_text("payers:\n  Acme Northern: cigna\n", encoding="utf-8")
    options = (
        *("--history", "history.csv", "--policies", "policies", "--ignore", "FR002,ID"),
        *(
            "--fail-on",
            "info",
            "--rework-cost",
            "12.50",
            "--show-phi",
            "--not-checked",
            "--checked-lines",
        ),
        *("--select", "ALL", "--map", "hcpcs_code=CPT"),
    )
    assert scrub("visits.csv", "claims.csv", *AS_OF, *options, "-q", "-o", "r.json")[0] == 1
    manifest = json.loads(Path("r.json").read_text(encoding="utf-8"))["manifest"]
    assert manifest["options"]["payers"] == {"Acme Northern": "cigna"}
    Path("scrub.yaml").write_text("select: CH\nfail-on: never\n", encoding="utf-8")
    code, out, err = scrub("verify", "r.json")
    assert (code, err) == (0, "")
    assert out.startswith("The same: ")
    assert out.endswith("as of 2026-11-23.\n")
    assert scrub("verify", "r.json", "-q") == (0, "", "")


def test_the_manifest_holds_the_whole_request() -> None:
    recorded: dict[str, Any] = {
        "overrides": {"payer": "Plan"},
        "payer": "aetna",
        "select": ["MO"],
        "ignore": ["CH"],
        "extend_select": ["UN"],
        "show_phi": True,
        "without": ["modifiers"],
        "payers": [OwnName("Ours", "aetna", Where("r.json", 1))],
    }
    not_recorded: dict[str, Any] = {
        "paths": ["a.csv"],
        "as_of": date(2026, 1, 2),
        "history": ["h.csv"],
        "policies": Path("own"),
        "not_used": (),
        "frame": None,
        "past_frame": None,
        "whole": False,
    }
    for one in fields(Request):  # an option that comes later is held to this too
        if one.name not in recorded and one.name not in not_recorded:
            usual = one.default
            recorded[one.name] = not usual if isinstance(usual, bool) else "text"
    request = Request(**recorded, **not_recorded)
    record = json.loads(json.dumps(request.recorded()))
    assert Request.restored(record, where="r.json", **not_recorded) == request


@pytest.mark.slow
def test_changed_claims_are_named_with_what_they_changed(scrub: Scrub) -> None:
    scrub("claims.csv", *AS_OF, "-q", "-o", "r.json")
    text = Path("claims.csv").read_text(encoding="utf-8")
    first, second, third, *rest = text.splitlines(keepends=True)
    Path("claims.csv").write_text(first + second + third.replace(",26,", ",,") + "".join(rest))
    code, out, _ = scrub("verify", "r.json")
    assert code == 1
    lines = out.splitlines()
    before = len(json.loads(Path("r.json").read_text(encoding="utf-8"))["findings"])
    assert lines[0].startswith(f"Not the same: {before} findings then, ")
    assert "Differs: MO001: 1 missing (A-1002)" in lines
    assert lines[-1] == "Changed: input: claims.csv has changed"


@pytest.mark.slow
def test_a_change_that_changes_no_finding_is_named(scrub: Scrub) -> None:
    scrub("claims.csv", *AS_OF, "-q", "--history", "history.csv", "-o", "r.json")
    with Path("claims.csv").open("a", encoding="utf-8") as stream:
        stream.write("\n")
    with Path("history.csv").open("a", encoding="utf-8") as stream:
        stream.write("\n")
    code, out, _ = scrub("verify", "r.json", "--log-format", "json")
    changes = [line for line in out.splitlines() if line.startswith("Changed: ")]
    assert (code, changes[-1]) == (
        int("Differs" in out),
        "Changed: history: history.csv has changed",
    )


@pytest.mark.slow
def test_what_was_not_read_then_is_named(scrub: Scrub) -> None:
    assert scrub("claims.csv", "gone.csv", *AS_OF, "-q", "-o", "r.json")[0] == 2
    code, out, _ = scrub("verify", "r.json")
    assert code == 0
    assert out.splitlines()[1:] == ["Not read, then or now: gone.csv: no such file"]


@pytest.mark.slow
def test_a_changed_layout_is_named(scrub: Scrub) -> None:
    Path("ours.csv").write_text(
        "Nr,Billed to,Seen on,Service,Mod,Amount,Kind\n"
        "A,Medicare,2026-03-02,77092,26,45.00,CHARGE\n",
        encoding="utf-8",
    )
    scrub("ours.csv", *AS_OF, "-q", "--layout", "layout.yaml", "-o", "r.json")
    assert scrub("verify", "r.json")[0] == 0
    with Path("layout.yaml").open("a", encoding="utf-8") as stream:
        stream.write("\n# as before\n")
    code, out, _ = scrub("verify", "r.json")
    assert (code, out.splitlines()[-1]) == (1, "Changed: layout: layout.yaml has changed")
    changed("r.json", lambda record: record["manifest"].pop("layout"))  # as older versions wrote
    assert "Changed" not in scrub("verify", "r.json")[1]
    Path("layout.yaml").unlink()
    code, _, err = scrub("verify", "r.json")
    assert (code, err) == (2, "scrub: layout.yaml: no such file; the report needs it\n")


@pytest.mark.slow
def test_changed_policies_rules_and_version_are_named(scrub: Scrub) -> None:
    scrub("claims.csv", *AS_OF, "-q", "--policies", "policies", "-o", "r.json")
    file = Path("policies/lakeside-health.yaml")
    before, _, after = file.read_text(encoding="utf-8").rpartition("required")
    file.write_text(f"{before}accepted{after}", encoding="utf-8")

    def older(record: Any) -> None:
        record["manifest"]["version"] = "0.0.1"
        del record["manifest"]["schema"]
        record["manifest"]["rules"].remove("MO001")

    changed("r.json", older)
    code, out, _ = scrub("verify", "r.json")
    assert code == 1
    assert "Differs: MO002: 2 missing" in out or "Differs: MO002: 1 missing" in out
    assert "Changed: program: version 0.0.1 then, " in out
    assert "Changed: columns: schema none then, 2 now" in out
    assert "Changed: policies: their files are not the same" in out
    assert "Changed: rules: added MO001" in out


@pytest.mark.slow
def test_an_edited_report_is_found_out(scrub: Scrub) -> None:
    scrub("claims.csv", *AS_OF, "-q", "-o", "r.json")

    edited_out = 0

    def edited(record: Any) -> None:
        nonlocal edited_out
        edited_out = sum(one["rule"] == "MO001" for one in record["findings"])
        record["findings"] = [one for one in record["findings"] if one["rule"] != "MO001"]
        record["findings"][0]["message"] = "all well"
        record["not_checked"].pop()
        record["totals"]["rows"] += 1

    changed("r.json", edited)
    code, out, _ = scrub("verify", "r.json")
    assert code == 1
    assert "the report was edited, or this is a bug" in out
    assert f"Differs: MO001: {edited_out} new" in out
    assert ": 1 changed" in out
    assert "Differs: what could not be checked differs" in out
    assert "Differs: totals differ: rows" in out


@pytest.mark.slow
def test_rejects_that_were_taken_out_are_missed(scrub: Scrub) -> None:
    header, first, *rest = Path("claims.csv").read_text(encoding="utf-8").splitlines()
    rows = [header, first, *rest, f"{first},too,many,fields"]
    Path("claims.csv").write_text("\n".join(rows) + "\n", encoding="utf-8")
    scrub("claims.csv", *AS_OF, "-q", "-o", "r.json")
    assert scrub("verify", "r.json")[0] == 0
    changed("r.json", lambda record: record.update(rejects=[]))
    code, out, _ = scrub("verify", "r.json")
    assert (code, "Differs: the rows that could not be read differ" in out) == (1, True)


@pytest.mark.slow
def test_a_checked_line_that_was_taken_out_is_missed(scrub: Scrub) -> None:
    scrub("claims.csv", *AS_OF, "-q", "--checked-lines", "-o", "r.json")
    changed("r.json", lambda record: record["checked_lines"].pop())
    code, out, _ = scrub("verify", "r.json")
    assert (code, "Differs: the lines checked differ" in out) == (1, True)


@pytest.mark.slow
def test_findings_in_another_order_are_not_the_same(scrub: Scrub) -> None:
    scrub("claims.csv", *AS_OF, "-q", "-o", "r.json")
    changed("r.json", lambda record: record["findings"].reverse())
    code, out, _ = scrub("verify", "r.json")
    assert (code, "the findings are in another order" in out) == (1, True)


@pytest.mark.slow
@pytest.mark.parametrize(
    ("change", "words"),
    [
        (
            lambda r: r["manifest"]["inputs"][0].update(file="gone.csv"),
            "gone.csv: no such file; the report needs it",
        ),
        (lambda r: r["manifest"].update(program="other"), "not a report of scrub check"),
        (lambda r: r.pop("totals"), "not a report of scrub check"),
        (lambda r: r.update(findings={}), "findings is not a list"),
        (lambda r: r["manifest"].pop("as_of"), "the manifest is damaged"),
        (lambda r: r["manifest"].update(inputs=3), "the manifest is damaged"),
        (lambda r: r["manifest"]["options"].update(select=3), "the option select cannot be 3"),
        (lambda r: r["manifest"]["options"].update(payers=["x"]), "the option payers cannot be"),
        (lambda r: r["manifest"]["options"].update(payers={"X": "y"}), "no policy 'y'"),
        (lambda r: r["manifest"]["options"].update(show_phi="no"), "the option show_phi cannot"),
        (lambda r: r["manifest"]["options"].update(rework_cost="x"), "the manifest is damaged"),
        (lambda r: r["manifest"]["policies"].update(folders=["x"]), "made with other policies"),
        (lambda r: r["manifest"]["policies"].update(folders=["packaged", "x"]), "no such folder"),
    ],
)
def test_a_report_that_cannot_be_run_again_exits_2(
    scrub: Scrub, change: Callable[[Any], None], words: str
) -> None:
    scrub("claims.csv", *AS_OF, "-q", "-o", "r.json", "--select", "MO")
    changed("r.json", change)
    code, out, err = scrub("verify", "r.json")
    assert (code, out) == (2, "")
    assert words in err
    assert len(err.splitlines()) == 1


def test_standard_input_has_the_digest_of_what_was_checked_and_is_not_run_again(
    scrub: Scrub, monkeypatch: pytest.MonkeyPatch
) -> None:
    content = Path("claims.csv").read_bytes()
    monkeypatch.setattr("sys.stdin", io.TextIOWrapper(io.BytesIO(content)))
    scrub("-", *AS_OF, "-q", "-o", "r.json", "--select", "MO001")
    (one,) = json.loads(Path("r.json").read_text(encoding="utf-8"))["manifest"]["inputs"]
    assert (one["file"], one["sha256"]) == ("-", hashlib.sha256(content).hexdigest())
    code, _, err = scrub("verify", "r.json")
    assert (code, "standard input, which cannot be read again" in err) == (2, True)


def test_what_is_no_report_is_refused(scrub: Scrub) -> None:
    for name, words in (("claims.csv", "not JSON"), ("none.json", "cannot be read")):
        code, _, err = scrub("verify", name)
        assert (code, words in err) == (2, True)
    Path("list.json").write_text("[1]", encoding="utf-8")
    assert "not a report of scrub check" in scrub("verify", "list.json")[2]


def test_its_help_has_an_example(scrub: Scrub) -> None:
    assert "Example: scrub verify report.json" in scrub("verify", "--help")[1]


@pytest.mark.slow
@pytest.mark.parametrize("by", ["line", "claim"])
def test_a_report_by_line_or_claim_is_run_again_in_its_shape_and_order(
    scrub: Scrub, by: str
) -> None:
    scrub("claims.csv", *AS_OF, "-q", "--by", by, "--sort", "dollars", "-o", "r.json")
    code, out, err = scrub("verify", "r.json")
    assert (code, err) == (0, "")
    assert out.startswith("The same: ")
    assert f" {by}s, as of 2026-11-23." in out
    changed("r.json", lambda record: record[f"{by}s"][0].update(rules="ZZ999"))
    code, out, _ = scrub("verify", "r.json")
    assert code == 1
    assert "Differs: rows: 1 missing, 1 new" in out
    changed("r.json", lambda record: record["manifest"]["options"].update(by="page"))
    assert scrub("verify", "r.json")[0] == 2
