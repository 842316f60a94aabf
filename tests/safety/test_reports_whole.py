"""No change of a report passes unseen: of any byte, and of any file that it rests on."""

from __future__ import annotations

import random
from collections.abc import Callable
from pathlib import Path

import pytest

EXAMPLE = Path(__file__).parents[2] / "examples" / "claims.csv"
AS_OF = ("--as-of", "2026-11-23")
Scrub = Callable[..., tuple[int, str, str]]


@pytest.fixture
def report(scrub: Scrub, tmp_path: Path) -> bytes:
    """A report in the working folder, which verifies."""
    (tmp_path / "claims.csv").write_bytes(EXAMPLE.read_bytes())
    scrub("claims.csv", *AS_OF, "-q", "-o", "report.json", "--not-checked", "--select", "MO,UN")
    assert scrub("verify", "report.json", "-q")[0] == 0
    return (tmp_path / "report.json").read_bytes()


CHANGES: list[tuple[bytes, bytes]] = [
    (b'"code": 1', b'"code": 0'),
    (b'"reason": "', b'"reason": "not '),
    (b'"rejected": 0', b'"rejected": 5'),
    (b'"out_of_scope": ', b'"out_of_scope": 1'),
    (b'"notes": []', b'"notes": ["all is well"]'),
    (b'"fail_on": "error"', b'"fail_on": "never"'),
    (b'"exit_zero": false', b'"exit_zero": true'),
    (b'"rejects": [', b'"rejects": [{}'),
    (b'"totals": {', b'"totals": {}, "totals": {'),
    (b'"totals": {', b'"appendix": "clean", "totals": {'),
    (b'"sha256": "', b'"sha256": "0'),
    (b"}\n", b"} \n"),
]


@pytest.mark.slow
@pytest.mark.parametrize(("old", "new"), CHANGES)
def test_a_changed_report_is_not_the_same(
    scrub: Scrub, report: bytes, tmp_path: Path, old: bytes, new: bytes
) -> None:
    assert old in report
    (tmp_path / "report.json").write_bytes(report.replace(old, new, 1))
    assert scrub("verify", "report.json", "-q")[0] in (1, 2)


@pytest.mark.slow
def test_no_byte_can_be_changed(scrub: Scrub, report: bytes, tmp_path: Path) -> None:
    source = random.Random(14)
    for _ in range(12):
        place = source.randrange(len(report))
        changed = bytearray(report)
        changed[place] ^= 1
        (tmp_path / "report.json").write_bytes(changed)
        assert scrub("verify", "report.json", "-q")[0] in (1, 2), place


@pytest.mark.slow
def test_a_file_that_has_changed_is_a_difference(
    scrub: Scrub, report: bytes, tmp_path: Path
) -> None:
    assert report
    with (tmp_path / "claims.csv").open("ab") as stream:
        stream.write(b"\n")
    code, out, _ = scrub("verify", "report.json")
    assert code == 1
    assert "input: claims.csv has changed" in out
