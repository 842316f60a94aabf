"""Unattended runs: logs, several outputs, runs that overlap, disks and files that fail."""

from __future__ import annotations

import base64
import io
import json
import os
import re
import resource
import shutil
import signal
import stat
import subprocess
import sys
import time
from collections.abc import Callable
from datetime import UTC, date, datetime
from pathlib import Path
from typing import Any

import polars as pl
import pytest

from cpt77092.errors import ClaimsError, OutputError
from cpt77092.reports import files
from cpt77092.reports.files import fill_in, output_locks
from cpt77092.signals import reraise_lost_signal

ROOT = Path(__file__).parents[2]
EXAMPLES = ROOT / "examples"
AS_OF = ("--as-of", "2026-11-23")
CLEAN = (
    "claim_id,payer,dos,pos,cpt,mod1,units,charge,rendering npi,billing npi,person_id\n"
    "A-77,Medicare,2026-03-02,11,77092,,1,45.00,1234567893,1245319599,PATIENT9\n"
)
FLAGGED = CLEAN.replace("77092,,", "77092,26,")
Scrub = Callable[..., tuple[int, str, str]]


def write(name: str, text: str | bytes) -> Path:
    file = Path(name)
    file.parent.mkdir(parents=True, exist_ok=True)
    file.write_bytes(text.encode() if isinstance(text, str) else text)
    return file


def events(err: str) -> list[dict[str, Any]]:
    return [json.loads(line) for line in err.splitlines()]


# The log


@pytest.mark.slow
def test_a_json_log_is_one_object_per_event_with_nothing_of_any_claim(scrub: Scrub) -> None:
    write("june.csv", FLAGGED)
    code, out, err = scrub("june.csv", *AS_OF, "--log-format", "json", "--fail-on", "warning")
    assert code == 1
    assert "MO001" in out
    logged = events(err)
    assert [one["event"] for one in logged] == ["started", "read", "checked", "finished"]
    assert {"time", "level"} <= logged[0].keys()
    assert (logged[1]["file"], logged[1]["rows"], logged[1]["in_scope"]) == ("june.csv", 1, 1)
    assert logged[2]["findings"]["error"] == 1
    assert logged[3]["exit_code"] == 1
    assert logged[3]["reason"] == "1 finding at or above --fail-on warning"
    for private in ("PATIENT9", "A-77", "45.00", "2026-03-02"):
        assert private not in err


@pytest.mark.slow
def test_a_quiet_log_holds_trouble_only(scrub: Scrub) -> None:
    write("a.csv", CLEAN)
    assert scrub("a.csv", *AS_OF, "-q", "--log-format", "json", "-o", "o.csv") == (0, "", "")
    code, out, err = scrub("a.csv", "b.csv", *AS_OF, "-q", "--log-format", "json", "-o", "o.csv")
    assert (code, out) == (2, "")
    assert [(one["event"], one["level"]) for one in events(err)] == [("unreadable", "error")]
    write("c.csv", FLAGGED)
    code, out, err = scrub("c.csv", *AS_OF, "-q", "--log-format", "json", "-o", "o.csv")
    assert (code, out) == (1, "")
    assert [(one["event"], "1 error" in one["message"]) for one in events(err)] == [
        ("findings", True)
    ]


@pytest.mark.parametrize(
    ("arguments", "event", "words"),
    [
        (("missing.csv",), "failed", "missing.csv: no such file"),
        (("a.csv", "--nonsense"), "failed", "--nonsense"),
        (("a.csv", "--fail-on", "x"), "failed", "Invalid value for '--fail-on'"),
        (("a.csv", "-o", "o.docx"), "failed", "the ending must be one of"),
    ],
)
def test_what_fails_is_an_event_too(
    scrub: Scrub, arguments: tuple[str, ...], event: str, words: str
) -> None:
    write("a.csv", CLEAN)
    code, _, err = scrub("check", "--log-format=json", *arguments)
    assert code == 2
    logged = events(err)[-1]
    assert (logged["event"], logged["exit_code"]) == (event, 2)
    assert words in logged["message"]


def test_a_bug_of_ours_is_an_event(scrub: Scrub, monkeypatch: pytest.MonkeyPatch) -> None:
    def broken(*_: object, **__: object) -> None:
        raise ZeroDivisionError("PATIENT9")

    monkeypatch.setattr("cpt77092.run.load_policies", broken)
    write("a.csv", CLEAN)
    code, _, err = scrub("a.csv", "--log-format", "json")
    assert (code, events(err)[-1]["event"]) == (3, "bug")
    assert "PATIENT9" not in err


# Outputs


def test_several_outputs_named_by_day_and_batch(scrub: Scrub) -> None:
    write("in/june.csv", FLAGGED)
    named = ("{stem}-{date}.csv", "{stem}.json", "{date}.parquet", "all.txt")
    outputs = [part for name in named for part in ("-o", name)]
    code, out, err = scrub("in/june.csv", *AS_OF, "-q", *outputs)
    assert (code, out, err.count("\n")) == (1, "", 1)
    assert sorted(path.name for path in Path().glob("*.*")) == [
        "2026-11-23.parquet",
        "all.txt",
        "june-2026-11-23.csv",
        "june.json",
    ]
    findings = json.loads(Path("june.json").read_text(encoding="utf-8"))["findings"]
    assert len(findings) == pl.read_parquet("2026-11-23.parquet").height
    assert stat.S_IMODE(Path("june.json").stat().st_mode) == 0o600


@pytest.mark.parametrize(
    ("inputs", "stem"),
    [
        (["in/june.csv"], "june"),
        (["in/june.csv.gz"], "june"),
        (["in/june.2026.csv", "b.csv"], "june.2026-and-1-more"),
        (["inbox/"], "inbox"),
        (["-"], "stdin"),
    ],
)
def test_the_stem_is_that_of_what_is_checked(inputs: list[str], stem: str) -> None:
    day = date(2026, 11, 23)
    assert fill_in("{stem}.{date}.csv", inputs=inputs, day=day) == f"{stem}.2026-11-23.csv"


@pytest.mark.slow
def test_a_name_that_cannot_be_filled_in_is_refused_before_anything_is_read(scrub: Scrub) -> None:
    write("a.csv", CLEAN)
    code, _, err = scrub("a.csv", "-o", "{dat}.csv")
    assert (code, "{dat} is not known here (did you mean date?)" in err) == (2, True)
    code, _, err = scrub("a.csv", "-o", "o.csv", "-o", "./o.csv")
    assert (code, "named twice in one run" in err) == (2, True)
    write("b.csv", CLEAN)
    assert scrub("*.csv", "-q", "-o", "{stem}.json")[0] == 1  # each line is there twice
    assert Path("a-and-1-more.json").exists()


@pytest.mark.slow
def test_a_run_that_overlaps_on_an_output_stops_at_once(scrub: Scrub) -> None:
    write("a.csv", CLEAN)
    write("o.csv", "old")
    with output_locks(["o.csv"]):
        code, out, err = scrub("a.csv", "-o", "o.csv")
        assert (code, out) == (2, "")
        assert "-o o.csv: another run is writing it" in err
        assert Path("o.csv").read_text(encoding="utf-8") == "old"
        assert scrub("a.csv", *AS_OF, "-q", "-o", "other.csv")[0] == 0
    assert scrub("a.csv", *AS_OF, "-q", "-o", "o.csv")[0] == 0
    assert not list(Path().glob(".*"))


def test_the_parts_of_a_batch_are_outputs_like_the_others(scrub: Scrub) -> None:
    write("a.csv", CLEAN)
    with output_locks([], others=[("--clean-to", "clean.csv")]):
        code, _, err = scrub("a.csv", "--clean-to", "clean.csv")
        assert (code, "--clean-to clean.csv: another run is writing it" in err) == (2, True)
    names = ("--clean-to", "{stem}-{date}.csv", "--flagged-to", "held-{date}.csv")
    assert scrub("a.csv", *AS_OF, "-q", *names)[0] == 0
    assert Path("a-2026-11-23.csv").read_text(encoding="utf-8") == CLEAN
    assert Path("held-2026-11-23.csv").exists()
    code, _, err = scrub("a.csv", "--flagged-to", "{day}.csv")
    assert (code, "--flagged-to {day}.csv: {day} is not known here" in err) == (2, True)


@pytest.mark.slow
def test_a_killed_run_holds_nothing(scrub: Scrub) -> None:
    write("a.csv", CLEAN)
    hold = (
        "import time; from cpt77092.reports.files import output_locks\n"
        "with output_locks(['o.csv']): print('held', flush=True); time.sleep(60)"
    )
    with subprocess.Popen(
        [sys.executable, "-c", hold], stdout=subprocess.PIPE, env=environment()
    ) as other:
        assert other.stdout is not None
        assert other.stdout.readline() == b"held\n"
        assert scrub("a.csv", "-o", "o.csv")[0] == 2
        other.kill()
    assert Path(".o.csv.lock").exists()
    write(".o.csv.scrub-x1y2z3.part", "half of a report")
    write(".other.csv.scrub-x1y2z3.part", "half of another's")
    assert scrub("a.csv", *AS_OF, "-q", "-o", "o.csv") == (0, "", "")
    assert [path.name for path in Path().glob(".*")] == [".other.csv.scrub-x1y2z3.part"]


def test_a_link_stays_one_and_what_it_leads_to_is_written(scrub: Scrub) -> None:
    write("a.csv", CLEAN)
    write("kept/real.csv", "old")
    Path("o.csv").symlink_to("kept/real.csv")
    with output_locks(["kept/real.csv"]):  # one file, whatever it is called
        assert scrub("a.csv", *AS_OF, "-q", "-o", "o.csv")[0] == 2
    assert scrub("a.csv", *AS_OF, "-q", "-o", "o.csv") == (0, "", "")
    assert Path("o.csv").is_symlink()
    assert Path("kept/real.csv").read_text(encoding="utf-8").startswith("source_file,")


@pytest.mark.slow
@pytest.mark.skipif(not Path("/dev/stdout").exists(), reason="the system has no /dev/stdout")
def test_a_pipe_by_its_number_is_written_to(tmp_path: Path) -> None:
    damaged = EXAMPLES / "claims-damaged.csv"
    command = [sys.executable, "-m", "cpt77092", str(damaged), *AS_OF, "-q", "-o", "o.csv"]
    run = subprocess.run(
        [*command, "--rejects", "/dev/stdout"],
        stdout=subprocess.PIPE,
        env=environment(),
        cwd=tmp_path,
        check=False,
    )
    assert run.stdout.count(b"\n") > 1


@pytest.mark.skipif(not Path("/proc/self/fd").exists(), reason="the system has no /proc")
@pytest.mark.parametrize("option", ["-o", "--clean-to", "--rejects"])
def test_an_open_file_by_its_number_is_no_output(option: str, scrub: Scrub) -> None:
    write("a.csv", CLEAN)
    with Path("redirected.csv").open("w", encoding="utf-8") as stream:
        Path("o.csv").symlink_to(f"/proc/self/fd/{stream.fileno()}")
        message = f"scrub: {option} o.csv: is a file that is open already; name that file itself\n"
        assert scrub("a.csv", *AS_OF, "-q", option, "o.csv") == (2, "", message)
        assert Path("o.csv").is_symlink()
    assert not Path("redirected.csv").read_bytes()


@pytest.mark.slow
def test_a_stop_that_comes_twice_leaves_no_half_file(
    scrub: Scrub, monkeypatch: pytest.MonkeyPatch
) -> None:
    write("a.csv", CLEAN)
    removed, remove = 0, Path.unlink

    def interrupted(path: Path, *, missing_ok: bool = False) -> None:
        nonlocal removed
        removed += 1
        if removed == 1:
            raise KeyboardInterrupt
        remove(path, missing_ok=missing_ok)

    monkeypatch.setattr(Path, "replace", interrupted_at_once)
    monkeypatch.setattr(Path, "unlink", interrupted)
    assert scrub("a.csv", *AS_OF, "-q", "-o", "o.csv")[0] == 130
    assert removed > 1
    assert [path.name for path in Path().iterdir()] == ["a.csv"]


def interrupted_at_once(*_: object) -> None:
    raise KeyboardInterrupt


@pytest.mark.slow
@pytest.mark.parametrize(
    ("sent", "code", "is_reading"),
    [
        # An interrupt in the instant before the reading waits for the next one: not asked here.
        (signal.SIGINT, 130, True),
        (signal.SIGTERM, 143, True),
        (signal.SIGTERM, 143, False),
    ],
)
def test_a_run_that_is_stopped_leaves_nothing(
    tmp_path: Path, sent: signal.Signals, code: int, is_reading: bool
) -> None:
    waiting = (  # tests in the background of a shell are begun with interrupts ignored
        "import signal; signal.signal(signal.SIGINT, signal.default_int_handler)\n"
        "from cpt77092.cli.main import main; main(['-', '-o', 'o.csv'])"
    )
    with subprocess.Popen(
        [sys.executable, "-c", waiting],
        stdin=subprocess.PIPE,  # it waits for claims
        stderr=subprocess.PIPE,
        cwd=tmp_path,
        env=environment(),
    ) as run:
        while not (tmp_path / ".o.csv.lock").exists():
            assert run.poll() is None
            time.sleep(0.05)
        if is_reading:
            assert run.stdin is not None
            run.stdin.write(b" " * 1_000_000)  # more than a pipe holds: ends when it is read
            run.stdin.flush()
            time.sleep(0.5)  # and then it waits for more
        run.send_signal(sent)
        assert (run.wait(timeout=30), run.stderr and run.stderr.read()) == (code, b"")
    assert list(tmp_path.iterdir()) == []


def test_a_run_that_is_stopped_while_it_makes_a_lock_leaves_none(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    lock = files._lock

    def stopped(place: Path, asked: str) -> int:
        handle = lock(place, asked)
        signal.raise_signal(signal.SIGTERM)
        assert place.exists()
        return handle

    monkeypatch.setattr(files, "_lock", stopped)
    before = signal.signal(signal.SIGTERM, signal.SIG_DFL)
    try:
        with (
            pytest.raises(SystemExit, match="143"),
            reraise_lost_signal(143),
            output_locks([str(tmp_path / "o.csv")]),
        ):
            pytest.fail("the run goes on")
    finally:
        signal.signal(signal.SIGTERM, before)
    assert list(tmp_path.iterdir()) == []


@pytest.mark.slow
def test_of_many_runs_on_one_output_each_ends_whole_or_says_why(tmp_path: Path) -> None:
    claims = tmp_path / "a.csv"
    claims.write_text(FLAGGED, encoding="utf-8")
    command = [sys.executable, "-m", "cpt77092", str(claims), *AS_OF, "-q", "-o", "o.csv"]
    runs = [
        subprocess.Popen(command, stderr=subprocess.PIPE, cwd=tmp_path, env=environment())
        for _ in range(3)
    ]
    ended = [(run.communicate()[1], run.returncode) for run in runs]
    codes = [code for _, code in ended]
    assert 1 in codes
    assert set(codes) <= {1, 2}
    assert all(b"another run is writing it" in err for err, code in ended if code == 2)
    assert pl.read_csv(tmp_path / "o.csv").height >= 1
    assert sorted(path.name for path in tmp_path.iterdir()) == ["a.csv", "o.csv"]


@pytest.mark.slow
@pytest.mark.parametrize("ending", ["csv", "json", "jsonl", "parquet", "txt"])
def test_a_full_disk_leaves_the_old_report(tmp_path: Path, ending: str) -> None:
    old = tmp_path / f"o.{ending}"
    old.write_text("old", encoding="utf-8")

    def small_files() -> None:  # as a full disk would, this stops a file in the middle
        resource.setrlimit(resource.RLIMIT_FSIZE, (512, 512))

    done = subprocess.run(
        [
            *(sys.executable, "-m", "cpt77092", str(EXAMPLES / "claims.csv"), *AS_OF, "-q"),
            *("-o", str(old), "-o", str(tmp_path / f"second.{ending}")),
        ],
        capture_output=True,
        text=True,
        env=environment() | {"PYTHONDONTWRITEBYTECODE": "1"},  # or it is cut off as well
        preexec_fn=small_files,
        check=False,
    )
    assert done.returncode == 2, done.stderr
    lines = done.stderr.splitlines()
    assert len(lines) == 2
    assert all(": cannot be written (" in line for line in lines)
    assert old.read_text(encoding="utf-8") == "old"
    assert [path.name for path in tmp_path.iterdir()] == [old.name]


@pytest.mark.slow
def test_one_output_that_fails_does_not_stop_the_others(
    scrub: Scrub, monkeypatch: pytest.MonkeyPatch
) -> None:
    def full(*_: object, **__: object) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr("cpt77092.reports.check.json.write", full)
    write("a.csv", FLAGGED)
    code, out, err = scrub("a.csv", *AS_OF, "-o", "o.json", "-o", "o.csv")
    assert code == 2
    assert "MO001" in out
    assert "scrub: -o o.json: cannot be written (No space left on device)" in err
    assert Path("o.csv").exists()


@pytest.mark.slow
@pytest.mark.skipif(not Path("/dev/full").exists(), reason="no /dev/full on this system")
@pytest.mark.parametrize(
    "arguments",
    [
        ("check", "claims.csv"),
        ("check", "claims.csv", "--format", "json"),
        ("check", "claims.csv", "--format", "table"),
        ("profile", "claims.csv", "--format", "json"),
        ("columns", "claims.csv"),
        ("rules",),
        ("brief",),
        ("--version",),
        ("--help",),
    ],
    ids=" ".join,
)
def test_standard_output_on_a_full_disk_is_reported(arguments: tuple[str, ...]) -> None:
    with Path("/dev/full").open("wb") as full:
        done = subprocess.run(
            [sys.executable, "-m", "cpt77092", *arguments],
            stdout=full,
            stderr=subprocess.PIPE,
            text=True,
            env=environment(),
            cwd=EXAMPLES,
            check=False,
        )
    assert done.returncode == 2, done.stderr
    last = done.stderr.splitlines()[-1]
    assert last == "scrub: standard output: cannot be written (No space left on device)"


@pytest.mark.slow
def test_a_closed_standard_output_is_no_bug(tmp_path: Path) -> None:
    batch = tmp_path / "a.csv"
    batch.write_text(FLAGGED, encoding="utf-8")
    scrub = f'"{sys.executable}" -m cpt77092 "{batch}" -o "{tmp_path}/o.csv"'
    done = subprocess.run(
        ["/bin/sh", "-c", f"{scrub} -q >&-; echo $? >&2; {scrub} >&- 2>/dev/null; echo $? >&2"],
        stderr=subprocess.PIPE,
        text=True,
        env=environment(),
        check=False,
    )
    assert [line for line in done.stderr.splitlines() if not line.startswith("scrub: ")] == [
        "1",
        "1",
    ]
    assert "MO001" in (tmp_path / "o.csv").read_text(encoding="utf-8")


@pytest.mark.slow
def test_every_file_that_cannot_be_written_is_named_and_the_others_are_written(
    scrub: Scrub, monkeypatch: pytest.MonkeyPatch
) -> None:
    def full(*_: object, **__: object) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr("cpt77092.reports.check.json.write", full)
    write("a.csv", FLAGGED)
    monkeypatch.setattr("cpt77092.reports.check.html.write", full)
    outputs = ("-o", "o.json", "-o", "o.html", "--clean-to", "clean.csv")
    code, _, err = scrub("a.csv", *AS_OF, "-q", *outputs)
    assert code == 2
    assert [line.partition(": cannot")[0] for line in err.splitlines()] == [
        "scrub: -o o.json",
        "scrub: -o o.html",
    ]
    assert Path("clean.csv").exists()


def test_a_read_only_folder_is_refused_before_anything_is_read(
    scrub: Scrub, tmp_path: Path
) -> None:
    # Permissions do not stop root, as whom tests may run; no one can create a file here.
    folder = Path("/proc") if Path("/proc/self").exists() else tmp_path
    if folder == tmp_path:
        folder.chmod(0o500)
    with (
        pytest.raises(OutputError, match="cannot be written"),
        output_locks([str(folder / "o.csv")]),
    ):
        pass
    code, _, err = scrub("missing.csv", "-o", folder / "o.csv")
    assert code == 2
    assert err.startswith(f"scrub: -o {folder}/o.csv: cannot be written (")
    assert "missing.csv" not in err


# Unreadable input among many


def test_the_rest_is_still_checked_where_a_file_cannot_be_read(scrub: Scrub) -> None:
    write("in/a.csv", FLAGGED)
    write("in/b.csv", b"")
    write("in/c.csv", "name,amount\nx,1\n")
    write("in/d.parquet", b"PAR1 and then nothing")
    write("in/e.csv", FLAGGED.replace("A-77", "B-78"))
    code, out, err = scrub("in", "gone.csv", *AS_OF, "-o", "o.json", "--select", "MO")
    assert code == 2
    assert [line.split(":")[0] for line in out.splitlines()] == ["in/a.csv", "in/e.csv"]
    unread = [line for line in err.splitlines() if line.startswith("Not read: ")]
    assert len(unread) == 4
    assert unread[0] == "Not read: gone.csv: no such file"
    assert unread[1].startswith("Not read: in/b.csv: the file is empty")
    record = json.loads(Path("o.json").read_text(encoding="utf-8"))["manifest"]
    assert [one["file"] for one in record["inputs"]] == ["in/a.csv", "in/e.csv"]
    assert len(record["unreadable"]) == 4
    assert record["exit"] == {"code": 2, "reason": "4 files could not be read"}


def test_what_a_folder_does_not_give_is_named_and_the_rest_is_checked(
    scrub: Scrub, monkeypatch: pytest.MonkeyPatch
) -> None:
    write("in/a.csv", FLAGGED)
    write("in/b.csv", FLAGGED)
    write("in/closed/c.csv", FLAGGED)
    Path("in/gone.csv").symlink_to("nowhere.csv")
    os.mkfifo("in/pipe.csv")  # has no writer: reading it would never end
    # Permissions do not stop root, as whom tests may run.
    scandir, opened = os.scandir, Path.open

    def closed_to_us(path: Any) -> Any:
        if Path(path).name == "closed":
            raise PermissionError(13, "Permission denied", os.fspath(path))
        return scandir(path)

    def not_ours(path: Path, *how: Any, **more: Any) -> Any:
        if path.name == "b.csv":
            raise PermissionError(13, "Permission denied", str(path))
        return opened(path, *how, **more)

    monkeypatch.setattr("os.scandir", closed_to_us)
    monkeypatch.setattr(Path, "open", not_ours)
    code, out, err = scrub("in", *AS_OF, "-q", "--format", "concise", "--select", "MO001")
    assert code == 2
    assert [line.split(":")[0] for line in out.splitlines()] == ["in/a.csv"]
    lines = err.splitlines()
    assert lines[0] == "scrub: in/b.csv: cannot be read (Permission denied)"
    assert lines[1].startswith("scrub: in/closed: cannot be read (")
    assert lines[2] == "scrub: in/gone.csv: cannot be read (No such file or directory)"
    assert len(lines) == 3


@pytest.mark.slow
def test_a_batch_that_is_not_all_there_is_checked_and_not_split(scrub: Scrub) -> None:
    write("a.csv", FLAGGED)
    for unreadable in ("gone.csv", write("b.csv", b"")):
        code, _, err = scrub(
            "a.csv", unreadable, *AS_OF, "-q", "-o", "o.csv", "--clean-to", "c.csv"
        )
        assert code == 2
        first, second = err.splitlines()
        assert first.startswith(f"scrub: {unreadable}: ")
        assert second == (
            "scrub: --clean-to c.csv: not written, since 1 file could not be read and may hold "
            "lines of these claims"
        )
        assert "MO001" in Path("o.csv").read_text(encoding="utf-8")
        assert not Path("c.csv").exists()


@pytest.mark.slow
@pytest.mark.parametrize(
    ("text", "message"),
    [
        (
            CLEAN + "A-78,Medicare,PATIENT8,PATIENT8\n",
            "1 row could not be read. Rejected a.csv:3: 4 fields where the header has 11",
        ),
        (CLEAN.replace("77092", ""), "no row has a procedure code"),
    ],
    ids=["rejected", "no code"],
)
def test_a_quiet_run_says_why_it_could_not_check_all(scrub: Scrub, text: str, message: str) -> None:
    write("a.csv", text)
    code, out, err = scrub("a.csv", *AS_OF, "-q", "-o", "o.csv")
    assert (code, out, len(err.splitlines())) == (2, "", 1)
    assert err.startswith(f"scrub: {message}")
    assert "PATIENT" not in err
    code, _, err = scrub("a.csv", *AS_OF, "-q", "-o", "o.csv", "--log-format", "json")
    assert [(one["event"], one["message"].startswith(message)) for one in events(err)] == [
        ("unchecked", True)
    ]


@pytest.mark.slow
def test_a_table_on_which_polars_panics_is_reported_in_one_line(scrub: Scrub) -> None:
    buffer = io.BytesIO()
    day = pl.Series("dos", [datetime(2026, 3, 2, tzinfo=UTC)]).dt.convert_time_zone("Europe/Paris")
    pl.DataFrame({"claim": ["C1"], "cpt": ["77092"]}).with_columns(day).write_parquet(buffer)
    table = buffer.getvalue()
    schema = max(re.findall(rb"[A-Za-z0-9+/=]{100,}", table), key=len)
    damaged = base64.b64decode(schema).replace(b"Europe/Paris", b"Nowhere/Land")
    write("in/a.csv", CLEAN)
    write("in/b.parquet", table.replace(schema, base64.b64encode(damaged)))
    message = (
        "in/b.parquet: column 'dos' has times of a time zone that is not known; write it as dates"
    )
    code, _, err = scrub("in", *AS_OF, "-q", "--log-format", "json")
    assert (code, [one["message"] for one in events(err)]) == (2, [message])


@pytest.mark.slow
def test_a_clean_rest_is_not_called_clean(scrub: Scrub) -> None:
    write("a.csv", CLEAN)
    code, _, err = scrub("a.csv", "b.csv", *AS_OF, "--exit-zero")
    assert code == 2
    assert err.startswith("Not everything was checked: 1 file could not be read.")
    code, out, err = scrub("a.csv", "b.csv", *AS_OF, "-q", "-o", "o.csv")
    assert (code, out, err) == (2, "", "scrub: b.csv: no such file\n")


def test_where_nothing_can_be_read_every_file_is_named(scrub: Scrub) -> None:
    write("a.csv", b"")
    code, out, err = scrub("a.csv", "b.csv")
    assert (code, out) == (2, "")
    assert [line.split(":")[1].strip() for line in err.splitlines()] == ["b.csv", "a.csv"]


def test_a_mistake_of_the_user_is_no_unreadable_file(scrub: Scrub) -> None:
    write("a.csv", CLEAN)
    write("b.csv", CLEAN)
    code, out, err = scrub("a.csv", "b.csv", "--map", "hcpc=CPT")
    assert (code, out) == (2, "")
    assert "there is no column hcpc" in err
    assert len(err.splitlines()) == 1


def test_files_without_faults_are_collected_once(tmp_path: Path) -> None:
    from cpt77092.readers import Batch, Options, read_batch, read_readable

    files = [write(str(tmp_path / name), CLEAN) for name in ("a.csv", "b.csv")]
    calls: list[int] = []

    def counted(paths: Any, **how: Any) -> Batch:
        calls.append(len(paths))
        needed, scope = frozenset({"payer"}), frozenset({"77092"})
        return read_batch(paths, needed=needed, scope=scope, options=Options(), **how)

    assert read_readable([str(file) for file in files], counted).unreadable == ()
    assert calls == [2]
    with pytest.raises(ClaimsError):
        read_readable([str(write(str(tmp_path / "c.csv"), b""))], counted)


# The examples


def environment(**more: str) -> dict[str, str]:
    """This checkout's program, whatever the working folder."""
    path = os.pathsep.join([str(ROOT), os.environ.get("PYTHONPATH", "")])
    return os.environ | {"PYTHONPATH": path} | more


@pytest.fixture
def shell(tmp_path: Path) -> dict[str, str]:
    """An environment in which `scrub` is this checkout's."""
    program = tmp_path / "bin" / "scrub"
    program.parent.mkdir()
    program.write_text(f'#!/bin/sh\nexec {sys.executable} -m cpt77092 "$@"\n', encoding="utf-8")
    program.chmod(0o755)
    return environment(PATH=f"{program.parent}{os.pathsep}{os.environ['PATH']}", HOME=str(tmp_path))


@pytest.mark.slow
def test_the_crontab_line_writes_the_day_and_mails_one_line(
    tmp_path: Path, shell: dict[str, str]
) -> None:
    lines = (EXAMPLES / "crontab").read_text(encoding="utf-8").splitlines()
    (line,) = [line for line in lines if not line.startswith("#")]
    command = line.split(maxsplit=5)[5]
    assert "%" not in command  # cron takes it for a line break
    (tmp_path / "claims" / "inbox").mkdir(parents=True)
    (tmp_path / "claims" / "reports").mkdir()
    inbox = tmp_path / "claims" / "inbox"
    shutil.copy(EXAMPLES / "claims.csv", inbox)

    def nightly() -> subprocess.CompletedProcess[str]:
        return subprocess.run(
            ["/bin/sh", "-c", command],
            capture_output=True,
            text=True,
            env=shell,
            cwd=tmp_path,
            check=False,
        )

    done = nightly()
    assert (done.returncode, done.stdout, done.stderr.count("\n")) == (1, "", 1)
    assert done.stderr.startswith("scrub: 24 errors, ")
    day = date.today().isoformat()  # noqa: DTZ011 - the day that the program sees
    assert re.search(rf" Worklist: reports/{day[:8]}\d\d\.csv\n$", done.stderr)
    written = sorted(path.name for path in (tmp_path / "claims" / "reports").iterdir())
    assert [name.partition(".")[2] for name in written] == ["csv", "json"]
    assert written[0].startswith(day[:8])
    (inbox / "broken.csv").write_bytes(b"")
    done = nightly()
    assert (done.returncode, done.stderr.count("\n")) == (2, 1)
    assert done.stderr.startswith("scrub: inbox/broken.csv: the file is empty")
    for file in inbox.iterdir():
        file.unlink()
    (inbox / "clean.csv").write_text(CLEAN, encoding="utf-8")
    done = nightly()
    assert (done.returncode, done.stdout, done.stderr) == (0, "", "")
    (inbox / "clean.csv").write_text(CLEAN.replace("mod1", "unknown"), encoding="utf-8")
    done = nightly()
    assert (done.returncode, done.stderr.count("\n")) == (2, 1)
    assert done.stderr.startswith("scrub: no modifier column (--map hcpcs_modifier_1=HEADER, or ")


@pytest.mark.slow
@pytest.mark.parametrize(
    ("text", "code", "submitted"),
    [(CLEAN, 0, True), (FLAGGED, 1, False), ("", 2, False)],
    ids=["clean", "flagged", "unreadable"],
)
def test_the_gate_submits_only_what_is_clean(
    tmp_path: Path, shell: dict[str, str], text: str, code: int, submitted: bool
) -> None:
    batch = tmp_path / "june batch.csv"
    batch.write_text(text, encoding="utf-8")
    done = subprocess.run(
        [str(EXAMPLES / "pre-submission-gate.sh"), str(batch), "echo", "sent"],
        capture_output=True,
        text=True,
        env=shell,
        check=False,
    )
    assert done.returncode == code, done.stderr
    assert (done.stdout == f"sent {batch}\n") is submitted
    if code == 1:
        findings, held = done.stderr.splitlines()
        assert findings.startswith("scrub: 1 error, ")
        assert held == f"held back: see {batch}.worklist.csv"
        assert "MO001" in Path(f"{batch}.worklist.csv").read_text(encoding="utf-8")


UNKNOWN_PAYER = FLAGGED.replace("Medicare", "Quux Health")


def gate_with(tmp_path: Path, **answers: str) -> Path:
    """The gate with answers in the block at its top."""
    gate = (EXAMPLES / "pre-submission-gate.sh").read_text(encoding="utf-8")
    for name, answer in answers.items():
        assert f"{name}=''" in gate
        gate = gate.replace(f"{name}=''", f"{name}='{answer}'")
    script = tmp_path / "gate.sh"
    script.write_text(gate, encoding="utf-8")
    return script


@pytest.mark.slow
@pytest.mark.parametrize(
    ("text", "answers", "file", "code", "words"),
    [
        (CLEAN.replace("mod1", "x"), {}, "", 2, "no modifier column"),
        (CLEAN.replace("mod1", "x"), {"without": "modifiers"}, "", 0, ""),
        (CLEAN.replace("mod1", "x"), {"without": "payer modifiers"}, "", 0, ""),
        (UNKNOWN_PAYER, {}, "", 2, "of unrecognized payers"),
        (UNKNOWN_PAYER, {"payers": "{file}"}, "payers:\n  Quux Health: medicare\n", 1, "1 error"),
        (
            FLAGGED.replace("mod1", "zbq"),
            {"layout": "{file}"},
            "columns: {hcpcs_modifier_1: zbq}\n",
            1,
            "1 error",
        ),
    ],
)
def test_answers_at_the_top_of_the_gate_reach_it(
    tmp_path: Path,
    shell: dict[str, str],
    text: str,
    answers: dict[str, str],
    file: str,
    code: int,
    words: str,
) -> None:
    batch, answer = tmp_path / "june.csv", tmp_path / "answer file.yaml"
    batch.write_text(text, encoding="utf-8")
    answer.write_text(file, encoding="utf-8")
    filled = {name: value.replace("{file}", str(answer)) for name, value in answers.items()}
    done = subprocess.run(
        ["/bin/sh", str(gate_with(tmp_path, **filled)), str(batch), "echo", "sent"],
        capture_output=True,
        text=True,
        env=shell,
        check=False,
    )
    assert done.returncode == code, done.stderr
    assert words in done.stderr
    assert (done.stdout != "") is (code == 0)


@pytest.mark.slow
def test_nothing_but_the_gate_itself_decides_what_passes_it(
    tmp_path: Path, shell: dict[str, str]
) -> None:
    batch = tmp_path / "june.csv"
    batch.write_text(FLAGGED, encoding="utf-8")
    (tmp_path / "scrub.yaml").write_text("exit-zero: true\nselect: [DO]\n", encoding="utf-8")
    weaker = {"SCRUB_EXIT_ZERO": "1", "SCRUB_SELECT": "DO", "SCRUB_IGNORE": "MO"}
    done = subprocess.run(
        [str(EXAMPLES / "pre-submission-gate.sh"), str(batch), "echo", "sent"],
        capture_output=True,
        text=True,
        env=shell | weaker,
        cwd=tmp_path,
        check=False,
    )
    assert (done.returncode, done.stdout) == (1, "")


@pytest.mark.slow
def test_the_gate_lets_accepted_errors_pass_only_if_the_file_is_named_in_it(
    tmp_path: Path, shell: dict[str, str]
) -> None:
    batch = tmp_path / "june.csv"
    batch.write_text(FLAGGED, encoding="utf-8")
    tmp_path.chmod(0o755)
    home = shell | {"XDG_CONFIG_HOME": str(tmp_path / "config")}

    def run(*command: str, **more: str) -> tuple[int, str]:
        done = subprocess.run(
            command, capture_output=True, text=True, env=home | more, cwd=tmp_path, check=False
        )
        return done.returncode, done.stdout

    decision = ("--reason", "Appeal won", "--by", "KL", "--until", "2099-12-31")
    assert run("scrub", "accept", "june.csv", "--rule", "MO001", *decision)[0] == 0
    assert run("scrub", "june.csv", "-q") == (0, "")
    gate = str(EXAMPLES / "pre-submission-gate.sh")
    assert run(gate, "june.csv", "echo", "sent") == (1, "")
    named = "scrub-accepted.yaml"
    assert run(gate, "june.csv", "echo", "sent", SCRUB_ACCEPTED=named) == (1, "")
    own = str(gate_with(tmp_path, accepted=named))
    assert run("/bin/sh", own, "june.csv", "echo", "sent") == (0, "sent june.csv\n")


def test_the_gate_without_a_batch_says_what_it_wants(shell: dict[str, str]) -> None:
    gate = [str(EXAMPLES / "pre-submission-gate.sh")]
    done = subprocess.run(gate, capture_output=True, text=True, env=shell, check=False)
    message = "name a batch, then the command that submits it\n"
    assert (done.returncode, done.stderr) == (2, message)


@pytest.mark.slow
def test_a_standard_input_that_is_closed_is_reported() -> None:
    done = subprocess.run(
        ["/bin/sh", "-c", f"{sys.executable} -m cpt77092 - <&-"],
        capture_output=True,
        text=True,
        env=environment(),
        check=False,
    )
    message = "scrub: -: standard input is closed; name a file\n"
    assert (done.returncode, done.stdout, done.stderr) == (2, "", message)


@pytest.mark.slow
def test_the_file_of_rejects_is_an_output_like_the_others(scrub: Scrub) -> None:
    write("a.csv", CLEAN)
    code, _, err = scrub("a.csv", *AS_OF, "-q", "-o", "o.csv", "--rejects", "./o.csv")
    assert (code, "--rejects ./o.csv: named twice in one run" in err) == (2, True)
    with output_locks([], others=[("--rejects", "r.csv")]):
        code, _, err = scrub("a.csv", "--rejects", "r.csv")
        assert (code, "--rejects r.csv: another run is writing it" in err) == (2, True)
    assert scrub("a.csv", *AS_OF, "-q", "--rejects", "{stem}-{date}.csv")[0] == 0
    assert Path("a-2026-11-23.csv").exists()
    code, _, err = scrub("a.csv", "--rejects", "{day}.csv")
    assert (code, "--rejects {day}.csv: {day} is not known here" in err) == (2, True)
    for option in ("--rejects", "--clean-to"):
        code, _, err = scrub("a.csv", option, ".")
        assert (code, f"{option} .: " in err) == (2, True)
    Path("folder").mkdir()
    code, _, err = scrub("a.csv", *AS_OF, "-q", "--rejects", "folder", "-o", "good.csv")
    assert (code, "--rejects folder: cannot be written" in err) == (2, True)
    assert Path("good.csv").exists()


@pytest.mark.slow
def test_pages_and_profiles_name_a_file_that_was_not_read(scrub: Scrub) -> None:
    write("a.csv", CLEAN)
    write("b.csv", "no,claims\n")
    scrub("a.csv", "b.csv", *AS_OF, "-q", "-o", "o.html")
    assert "Not read: b.csv: none of the headers" in Path("o.html").read_text(encoding="utf-8")
    _, out, _ = scrub("a.csv", "b.csv", *AS_OF, "--format", "table")
    assert "Could not be read" in out
    assert "Not read: b.csv: none of the headers" in out
    code, _, err = scrub("profile", "a.csv", "b.csv", *AS_OF)
    assert (code, "1 file could not be read" in err) == (2, True)
