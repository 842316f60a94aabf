"""`scrub policies set`: a payer's answer becomes a value of the user's own policy file."""

from __future__ import annotations

from collections.abc import Callable
from datetime import date
from pathlib import Path

import pytest

from cpt77092.cli import main
from cpt77092.policies import decide, load_policies

Run = Callable[..., tuple[int, str, str]]
ANSWER = ("aetna", "modifier_26", "not_allowed", "--from", "2026-01-01", "--on", "2026-11-28")


@pytest.fixture
def scrub(capfd: pytest.CaptureFixture[str], tmp_path: Path) -> Run:
    def run(*arguments: object) -> tuple[int, str, str]:
        command = ("policies", "set", *arguments, "--isolated", "--policies", tmp_path / "own")
        with pytest.raises(SystemExit) as stop:
            main.main([str(argument) for argument in command])
        out, err = capfd.readouterr()
        return int(stop.value.code or 0), out, err

    return run


def decided(folder: Path, day: str = "2026-03-02", code: str = "77092") -> tuple[object, str, str]:
    decision = decide(load_policies(folder), "aetna", code, "modifier_26", date.fromisoformat(day))
    assert decision.source is not None
    return decision.value, str(decision.source.confidence), decision.source.short()


def test_an_answer_is_secondary_and_says_who_when_and_how(scrub: Run, tmp_path: Path) -> None:
    code, out, err = scrub(*ANSWER, "--source", "Call 4711", "--by", "J. Doe")
    assert (code, err) == (0, "")
    assert "aetna.yaml: modifier_26 on 77092 is not_allowed from 2026-01-01." in out
    assert decided(tmp_path / "own") == (
        "not_allowed",
        "secondary",
        "Call 4711, recorded on 2026-11-28 by J. Doe",
    )


def test_a_document_is_primary(scrub: Run, tmp_path: Path) -> None:
    scrub(*ANSWER, "--source", "Letter of 2026-01-05", "--document")
    assert decided(tmp_path / "own")[1] == "primary"


def test_a_later_answer_is_added_and_the_same_day_replaced(scrub: Run, tmp_path: Path) -> None:
    scrub(*ANSWER, "--source", "Call 1")
    scrub("aetna", "modifier_26", "required", "--from", "2026-06-01", "--source", "Call 2")
    scrub("aetna", "modifier_26", "accepted", "--from", "2026-06-01", "--source", "Call 3")
    assert decided(tmp_path / "own")[0] == "not_allowed"
    value, _, source = decided(tmp_path / "own", "2026-06-01")
    assert value == "accepted"
    assert source.startswith("Call 3, ")


def test_a_file_with_one_sentence_for_a_source_keeps_it(scrub: Run, tmp_path: Path) -> None:
    own = tmp_path / "own"
    own.mkdir()
    entries = "{77089: {modifier_26: {2026-01-01: {value: accepted}}}}"
    text = f"payer: aetna\nsources: Our contract\ncodes: {entries}\n"
    (own / "aetna.yaml").write_text(text, encoding="utf-8")
    assert scrub(*ANSWER, "--source", "Call 1")[0] == 0
    assert decided(own, code="77089") == ("accepted", "secondary", "Our contract")
    assert decided(own)[0] == "not_allowed"


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (("aetna", "modifier_62", "x"), "'modifier_62' is not a parameter we know"),
        (("aetna", "modifier_26", "forbidden"), "forbidden"),
        (("nobody at all", "modifier_26", "required"), "no policy for payer 'nobody at all'"),
    ],
)
def test_a_mistake_changes_nothing(
    scrub: Run, tmp_path: Path, arguments: tuple[str, ...], words: str
) -> None:
    code, _, err = scrub(*arguments, "--from", "2026-01-01", "--source", "Call 1")
    assert code == 2
    assert words in err
    assert not list((tmp_path / "own").glob("*"))


def test_comments_and_what_is_shared_are_kept(scrub: Run, tmp_path: Path) -> None:
    own = tmp_path / "own"
    own.mkdir()
    text = """\
payer: aetna  # ours
sources: letter of our representative
codes:
  77090:
    # asked in March
    modifier_26: &not_26
      2026-03-01: {value: not_allowed}  # by letter
  77092:
    modifier_26: *not_26
"""
    (own / "aetna.yaml").write_text(text, encoding="utf-8")
    code, _, err = scrub(*ANSWER, "--source", "Call 1")
    assert (code, err) == (0, "")
    written = (own / "aetna.yaml").read_text(encoding="utf-8")
    assert all(comment in written for comment in ("# ours", "# asked in March", "# by letter"))
    assert decided(own.parent / "own", "2026-02-01") == decided(own, "2026-02-01")
    assert decided(own, "2026-02-01", "77092")[0] == "not_allowed"
    assert decided(own, "2026-02-01", "77090")[2] != decided(own, "2026-02-01")[2]
