"""Nothing that a run reads, and nothing of anybody else's, is written over or removed."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

EXAMPLES = Path(__file__).parents[2] / "examples"
CLAIMS = (EXAMPLES / "claims.csv").read_bytes()
AS_OF = ("--as-of", "2026-11-23")
Scrub = Callable[..., tuple[int, str, str]]


@pytest.fixture
def inputs(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> dict[Path, bytes]:
    """Every kind of input in the working folder, and what is in each."""
    monkeypatch.chdir(tmp_path)
    files = {
        "claims.csv": CLAIMS,
        "past/old.csv": (EXAMPLES / "history.csv").read_bytes(),
        "inbox/a.csv": CLAIMS,
        "inbox/unreadable.csv": b"\0\0",
        "layout.csv": (EXAMPLES / "layout.yaml").read_bytes(),
        "payers.csv": b"payers: {Acme: aetna}\n",
        "own/aetna.yaml": b"payer: aetna\nsources: our contract of 2026\n",
    }
    for name, content in files.items():
        Path(name).parent.mkdir(exist_ok=True)
        Path(name).write_bytes(content)
    return {Path(name): content for name, content in files.items()}


READ = (
    *("claims.csv", "inbox", "--history", "past", "--layout", "layout.csv"),
    *("--payers", "payers.csv", "--policies", "own", *AS_OF),
)


@pytest.mark.parametrize("option", ["-o", "--rejects"])
@pytest.mark.parametrize("link", ["", "hard", "soft"])
@pytest.mark.parametrize("number", range(7))
def test_no_output_replaces_an_input(
    scrub: Scrub, inputs: dict[Path, bytes], option: str, link: str, number: int
) -> None:
    target = name = list(inputs)[number]
    if link:
        name = Path("out.csv")
        name.hardlink_to(target) if link == "hard" else name.symlink_to(target)
    elif target.suffix != ".csv":
        option = "--rejects"
    code, _, err = scrub(*READ, option, name)
    assert (code, err.count("\n")) == (2, 1)
    assert f"that is one of the inputs ({target}); inputs are never changed" in err
    for file, content in inputs.items():
        assert file.read_bytes() == content


@pytest.mark.slow
def test_no_output_replaces_what_standard_input_reads(inputs: dict[Path, bytes]) -> None:
    with Path("claims.csv").open("rb") as stdin:
        done = subprocess.run(
            [sys.executable, "-m", "cpt77092", "-", "-o", "claims.csv", *AS_OF],
            stdin=stdin,
            capture_output=True,
            text=True,
            check=False,
        )
    assert (done.returncode, done.stderr.count("\n")) == (2, 1)
    assert Path("claims.csv").read_bytes() == inputs[Path("claims.csv")]


@pytest.mark.slow
def test_a_report_of_the_run_before_is_replaced(scrub: Scrub, inputs: dict[Path, bytes]) -> None:
    assert inputs
    Path("inbox/unreadable.csv").unlink()
    for _ in range(2):
        assert scrub("inbox", *AS_OF, "-q", "-o", "inbox/report.csv")[0] == 1


@pytest.mark.parametrize("name", [".o.csv.lock", ".o.csv.scrub-abc.part"])
@pytest.mark.parametrize("kind", ["folder", "link", "hard link", "pipe"])
def test_what_is_in_the_way_and_not_ours_stays(
    scrub: Scrub, inputs: dict[Path, bytes], name: str, kind: str
) -> None:
    assert inputs
    file = Path(name)
    Path("kept").write_text("mine")
    if kind == "folder":
        file.mkdir()
    elif kind == "link":
        file.symlink_to("kept")
    elif kind == "hard link":
        file.hardlink_to("kept")
    else:
        os.mkfifo(file)
    before = file.lstat()
    code, _, err = scrub("claims.csv", *AS_OF, "-q", "-o", "o.csv")
    assert (code, err.count("\n")) == (2, 1), err
    assert os.path.samestat(file.lstat(), before)
    assert Path("kept").read_text() == "mine"
    assert not Path("o.csv").exists()


@pytest.mark.slow
@pytest.mark.parametrize("name", [".o.csv.backup.part", ".o.csv.part", "o.csv.lock"])
def test_a_file_with_a_name_like_ours_stays(
    scrub: Scrub, inputs: dict[Path, bytes], name: str
) -> None:
    assert inputs
    Path(name).write_text("mine")
    assert scrub("claims.csv", *AS_OF, "-q", "-o", "o.csv")[0] == 1
    assert Path(name).read_text() == "mine"


def test_a_lock_with_contents_is_none_of_ours(scrub: Scrub, inputs: dict[Path, bytes]) -> None:
    assert inputs
    Path(".o.csv.lock").write_text("mine")
    code, _, err = scrub("claims.csv", *AS_OF, "-q", "-o", "o.csv")
    assert (code, err.count("\n")) == (2, 1)
    assert "was not left by scrub; move it away" in err
    assert Path(".o.csv.lock").read_text() == "mine"
