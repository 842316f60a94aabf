"""A settings file of somebody else is never obeyed, and one of the user's never weakens unseen."""

from __future__ import annotations

import json
import os
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import typer.main

from cpt77092.cli import settings as settings_module
from cpt77092.cli.configured import ConfigurableCommand
from cpt77092.cli.main import program

EXAMPLE = Path(__file__).parents[2] / "examples" / "claims.csv"
AS_OF = ("--as-of", "2026-11-23")
Scrub = Callable[..., tuple[int, str, str]]


@pytest.fixture
def file(tmp_path: Path) -> Path:
    file = tmp_path / "scrub.yaml"
    file.write_text("payer: medicare\n", encoding="utf-8")
    file.chmod(0o644)
    tmp_path.chmod(0o755)
    return file


def is_refused(answer: tuple[int, str, str], file: Path) -> bool:
    code, out, err = answer
    assert (code, out, err.count("\n")) == (2, "", 1), answer
    return f"--settings {file.name}" in err


@pytest.mark.slow
def test_a_file_of_the_user_is_used(scrub: Scrub, file: Path) -> None:
    code, _, err = scrub(EXAMPLE, *AS_OF)
    assert code == 1
    assert f"settings in force: {file.name} (payer: medicare)" in err


@pytest.mark.slow
@pytest.mark.skipif(os.name != "posix", reason="owners and modes are those of POSIX")
@pytest.mark.parametrize("of_folder", [False, True])
@pytest.mark.parametrize("mode", [0o002, 0o020])
def test_a_file_that_others_may_write_is_refused(
    scrub: Scrub, file: Path, monkeypatch: pytest.MonkeyPatch, of_folder: bool, mode: int
) -> None:
    monkeypatch.setattr(settings_module, "_is_own", lambda _: False)
    place = file.parent if of_folder else file
    place.chmod(place.stat().st_mode | mode)
    answer = scrub(EXAMPLE, *AS_OF)
    assert is_refused(answer, file)
    assert "chmod go-w" in answer[2]
    assert scrub(EXAMPLE, *AS_OF, "--settings", file)[0] == 1
    assert scrub(EXAMPLE, *AS_OF, f"--settings={file}")[0] == 1
    assert scrub(EXAMPLE, *AS_OF, "--isolated")[0] == 1
    assert scrub(EXAMPLE, *AS_OF, "--isolated", "--settings", file)[0] == 2
    place.chmod(place.stat().st_mode & ~0o022)
    assert scrub(EXAMPLE, *AS_OF)[0] == 1


@pytest.mark.skipif(os.name != "posix", reason="owners and modes are those of POSIX")
def test_a_file_of_another_user_is_refused(
    scrub: Scrub, file: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    if os.geteuid() == 0:
        os.chown(file, 65533, 65533)
    else:
        monkeypatch.setattr(os, "geteuid", lambda: 65533)
    assert is_refused(scrub(EXAMPLE, *AS_OF), file)


@pytest.mark.slow
@pytest.mark.skipif(os.name != "posix", reason="owners and modes are those of POSIX")
def test_the_group_of_the_user_alone_may_write(
    scrub: Scrub, file: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    file.chmod(0o664)
    monkeypatch.setattr(settings_module, "_is_own", lambda group: group == file.stat().st_gid)
    assert scrub(EXAMPLE, *AS_OF)[0] == 1


def test_a_link_to_a_file_in_an_open_folder_is_refused(scrub: Scrub, file: Path) -> None:
    folder = file.parent / "open"
    folder.mkdir()
    (folder / "scrub.yaml").write_text(file.read_text())
    folder.chmod(0o777)
    file.unlink()
    file.symlink_to(folder / "scrub.yaml")
    assert is_refused(scrub(EXAMPLE, *AS_OF), file)


@pytest.mark.parametrize("option", ["output", "rejects", "clean-to", "flagged-to"])
def test_no_file_names_an_output(scrub: Scrub, file: Path, option: str) -> None:
    file.write_text(f"{option}: out.csv\n", encoding="utf-8")
    for extra in ((), ("--settings", file)):
        code, _, err = scrub(EXAMPLE, *AS_OF, *extra)
        assert (code, f"{option} cannot be set in a file" in err) == (2, True)
    assert not (file.parent / "out.csv").exists()


@pytest.mark.slow
@pytest.mark.parametrize(
    "text",
    ["exit-zero: true", "allow-rejects: true", "fail-on: never", "ignore: MO", "select: CH"],
)
def test_what_weakens_the_verdict_is_said_everywhere(
    scrub: Scrub, file: Path, tmp_path: Path, text: str
) -> None:
    file.write_text(f"{text}\n", encoding="utf-8")
    shown = f"scrub.yaml ({text})"
    _, _, err = scrub(EXAMPLE, *AS_OF, "-o", "report.json")
    assert f"Note: settings in force: {shown}." in err
    manifest = json.loads((tmp_path / "report.json").read_text())["manifest"]
    assert manifest["options"]["settings"] == shown
    assert scrub("verify", "report.json")[0] == 0
    _, _, err = scrub(EXAMPLE, *AS_OF, "-q")
    assert f"scrub: {shown}: settings that weaken the check" in err
    _, _, err = scrub(EXAMPLE, *AS_OF, "--log-format", "json")
    assert any(json.loads(line).get("settings") == shown for line in err.splitlines())


def test_every_command_that_obeys_a_settings_file_can_be_told_to_trust_one() -> None:
    scrub: Any = typer.main.get_command(program())
    groups = {**scrub.commands, **scrub.commands["policies"].commands}
    obeying = {n: one for n, one in groups.items() if isinstance(one, ConfigurableCommand)}
    assert {"check", "payers", "show"} <= obeying.keys()
    for name, command in obeying.items():
        options = {option for param in command.params for option in param.opts}
        assert {"--isolated", "--settings"} <= options, name
