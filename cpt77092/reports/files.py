"""Report files: locked, written whole or not at all, readable by their owner only."""

from __future__ import annotations

import errno
import os
import re
import shutil
import stat
import sys
import tempfile
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import ExitStack, contextmanager, suppress
from datetime import date
from enum import StrEnum
from glob import escape
from pathlib import Path
from typing import IO, Any, TypeVar

from polars.exceptions import PolarsError

from cpt77092.choices import DocumentFormat, GradeFormat
from cpt77092.errors import OutputError, UsageError, did_you_mean
from cpt77092.signals import UNFINISHED, termination_held

Form = TypeVar("Form", bound=StrEnum)

DOCUMENT_FORMATS = {
    ".txt": DocumentFormat.TEXT,
    ".md": DocumentFormat.MARKDOWN,
    ".html": DocumentFormat.HTML,
    ".htm": DocumentFormat.HTML,
    ".json": DocumentFormat.JSON,
}

GRADE_FORMATS = {ending: GradeFormat(form) for ending, form in DOCUMENT_FORMATS.items()} | {
    ".csv": GradeFormat.CSV
}

MARK, ENDING = ".scrub-", ".part"
"""How the name of a file goes on, and ends, that is still being written."""


def format_of(name: str, endings: Mapping[str, Form]) -> Form:
    """The format that a file's ending asks for.

    Raises:
        OutputError: the ending asks for none, or its folder does not exist.
    """
    require_folder(name)
    ending = Path(name).suffix.lower()
    if ending not in endings:
        raise OutputError(f"-o {name}: the ending must be one of {', '.join(endings)}")
    return endings[ending]


def require_folder(name: str) -> None:
    """Refuse an output before a long run where there is no folder for it.

    Raises:
        OutputError: its folder does not exist.
    """
    if not Path(name).parent.is_dir():
        raise OutputError(f"-o {name}: the folder {Path(name).parent} does not exist")


def fill_in(name: str, *, inputs: Sequence[str], day: date, option: str = "-o") -> str:
    """An output's name with `{date}`, the as-of date, and `{stem}`, of the inputs, filled in.

    Raises:
        OutputError: the name asks for anything else.
    """
    words = {"date": day.isoformat(), "stem": _stem(inputs)}
    for word in re.findall(r"\{([^{}]*)\}", name):
        if word not in words:
            hint = did_you_mean(word, words)
            raise OutputError(
                f"{option} {name}: {{{word}}} is not known here{hint}; use {{date}}, {{stem}}"
            )
        name = name.replace(f"{{{word}}}", words[word])
    return name


def _stem(inputs: Sequence[str]) -> str:
    """`june` of `in/june.csv.gz` or of the folder `june`; `june-and-2-more` of three files."""
    first = "stdin" if inputs[0] == "-" else Path(inputs[0]).resolve().name
    stem = re.sub(r"\.[^.]+$", "", re.sub(r"\.(gz|zst|bz2|xz|zip)$", "", first)) or first
    more = len(inputs) - 1
    return f"{stem}-and-{more}-more" if more else stem


@contextmanager
def output_locks(names: Sequence[str], *, others: Sequence[tuple[str, str]] = ()) -> Iterator[None]:
    """Keep other runs from writing reports, and other files by option, until this one has ended.

    Raises:
        OutputError: a file is named twice, another run writes it, or its folder cannot be written.
    """
    with ExitStack() as stack:
        places: set[Path] = set()
        for option, name in [*(("-o", name) for name in names), *others]:
            place = _place(name, option)
            if _is_device(place):
                continue
            if place in places:
                raise OutputError(f"{option} {name}: named twice in one run")
            if not Path(name).name:  # `.` or `/`
                raise _unwritable(f"{option} {name}", os.strerror(errno.EISDIR))
            places.add(place)
            stack.enter_context(_locked(place, f"{option} {name}"))
        yield


@contextmanager
def _locked(place: Path, asked: str) -> Iterator[None]:
    if sys.platform == "win32":  # no locks there: the last run to end wins, with a whole file
        yield
        return
    lock = place.with_name(f".{place.name}.lock")
    with ExitStack() as stack:
        with termination_held():
            handle = _lock(lock, asked)
            UNFINISHED.add(lock)
            stack.callback(_unlock, place, asked, lock, handle)
        _remove_unfinished(place, asked)  # a killed run left them
        yield


def _unlock(place: Path, asked: str, lock: Path, handle: int) -> None:
    with suppress(OutputError):  # a second Ctrl-C ends the removal that the first one began
        _remove_unfinished(place, asked)
    lock.unlink(missing_ok=True)
    UNFINISHED.discard(lock)
    os.close(handle)


def _lock(lock: Path, asked: str) -> int:
    """A descriptor that holds the lock."""
    import fcntl

    while True:
        try:
            handle = os.open(lock, os.O_CREAT | os.O_RDWR | os.O_NOFOLLOW, 0o600)
        except OSError as problem:
            raise _unwritable(asked, problem.strerror) from None
        try:
            fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
            if os.path.samestat(os.fstat(handle), lock.stat()):
                if not _is_ours(lock) or lock.stat().st_size:
                    os.close(handle)
                    raise _not_ours(asked, lock)
                return handle
        except FileNotFoundError:  # the run before has just removed it
            pass
        except BlockingIOError:
            os.close(handle)
            raise OutputError(
                f"{asked}: another run is writing it; wait for its end or name another file"
            ) from None
        os.close(handle)


def _unwritable(asked: str, why: str | None) -> OutputError:
    return OutputError(f"{asked}: cannot be written ({why})")


def _not_ours(asked: str, place: Path) -> OutputError:
    return OutputError(f"{asked}: {place} is in the way and was not left by scrub; move it away")


def _is_ours(place: Path) -> bool:
    """Whether a file with a name of ours is a plain file that a run of this user left."""
    status = place.lstat()
    is_own = sys.platform == "win32" or status.st_uid == os.geteuid()
    return stat.S_ISREG(status.st_mode) and status.st_nlink == 1 and is_own


def _remove_unfinished(place: Path, asked: str) -> None:
    """Remove what a killed run left; only the holder of the lock may.

    Raises:
        OutputError: what has such a name is not ours.
    """
    for left in place.parent.glob(f".{escape(place.name)}{MARK}*{ENDING}"):
        with suppress(FileNotFoundError):
            is_folder = asked.endswith("/") and left.is_dir() and not left.is_symlink()
            if is_folder and left.stat().st_uid == os.geteuid():
                shutil.rmtree(left, ignore_errors=True)
                continue
            if not _is_ours(left):
                raise _not_ours(asked, left)
            left.unlink()


def _place(name: str, option: str) -> Path:
    """The file that a name leads to, links followed, which the written file replaces.

    Raises:
        OutputError: it leads to a file that is open already, as `/dev/stdout` does where a shell
            sends standard output to one: the shell would keep writing to the old one.
    """
    if _is_device(Path(name)):  # the link of a pipe leads to no path
        return Path(name)
    place = Path(os.path.realpath(name))
    step = Path(name).absolute()
    for _ in range(MOST_LINKS):
        if _OPEN_FILE.match(str(step)) and place.is_file():
            raise OutputError(
                f"{option} {name}: is a file that is open already; name that file itself"
            )
        if not step.is_symlink():
            break
        step = step.parent / step.readlink()
    else:
        raise _unwritable(f"{option} {name}", os.strerror(errno.ELOOP))
    return place


MOST_LINKS = 40
"""As many as Linux follows."""
_OPEN_FILE = re.compile(r"/dev/(std(in|out|err)|fd/[0-9]+)$|/proc/.+/fd/[0-9]+$")


def _is_device(place: Path) -> bool:
    """Whether a place is a pipe or a device, as `/dev/stdout` and `/dev/null` are."""
    return place.exists() and not place.is_file() and not place.is_dir()


def write_atomically(
    name: str, write: Callable[[IO[bytes]], object], *, option: str = "-o"
) -> None:
    """Write a file so that a killed run leaves the old one or the new one, never half of one.

    A pipe or device is written to directly: a file in place of `/dev/null` would harm the machine.

    Raises:
        OutputError: the folder does not exist, cannot be written, or is full.
    """
    target = _place(name, option)
    try:
        if _is_device(target):
            with target.open("wb") as stream:
                write(stream)
        else:
            _replace(target, write)
    except BrokenPipeError:
        raise
    except OSError as problem:
        raise _unwritable(f"{option} {name}", problem.strerror) from None


def _replace(target: Path, write: Callable[[IO[bytes]], object]) -> None:
    # mkstemp makes the file readable by its owner only, and the rename keeps that.
    handle, aside = tempfile.mkstemp(
        prefix=f".{target.name}{MARK}", suffix=ENDING, dir=target.parent
    )
    UNFINISHED.add(Path(aside))
    try:
        with os.fdopen(handle, "wb") as stream:
            write(stream)
        Path(aside).replace(target)
    finally:
        Path(aside).unlink(missing_ok=True)
        UNFINISHED.discard(Path(aside))


def write_folder(
    name: str, write: Callable[[Path], object], *, may_replace: Callable[[Path], bool]
) -> None:
    """Write a folder so that a killed run leaves the old one or the new one, never half of one.

    Args:
        name: of the folder.
        write: fills a new folder that only its owner can open.
        may_replace: whether a folder of that name is one that an earlier run wrote.

    Raises:
        OutputError: another folder is there, or it cannot be written.
    """
    target, asked = _place(name, "-o"), f"-o {name}"
    if target.exists() and not (target.is_dir() and may_replace(target)):
        raise _not_ours(asked, target)
    aside = None
    try:
        prefix = f".{target.name}{MARK}"
        aside = Path(tempfile.mkdtemp(prefix=prefix, suffix=ENDING, dir=target.parent))
        UNFINISHED.add(aside)
        write(aside)
        _put_in_place(aside, target)
    except (OSError, PolarsError) as problem:
        why = getattr(problem, "strerror", None) or "is the disk full?"
        raise _unwritable(asked, why) from None
    finally:
        if aside is not None:
            shutil.rmtree(aside, ignore_errors=True)
            UNFINISHED.discard(aside)


def _put_in_place(aside: Path, target: Path) -> None:
    """Give a folder its name; what had it before is under the other name then."""
    if not target.exists():
        aside.rename(target)
    elif not _exchanged(aside, target):  # where the system cannot, there is none for a moment
        former = aside.with_name(f"{aside.name.removesuffix(ENDING)}-former{ENDING}")
        target.rename(former)
        aside.rename(target)
        former.rename(aside)


def _exchanged(one: Path, other: Path) -> bool:
    """Exchange the names of two folders in one step, as Linux can."""
    if not sys.platform.startswith("linux"):
        return False
    import ctypes

    exchange = getattr(ctypes.CDLL(None, use_errno=True), "renameat2", None)
    in_working_folder, both = -100, 2  # AT_FDCWD and RENAME_EXCHANGE
    names = (in_working_folder, os.fsencode(one), in_working_folder, os.fsencode(other))
    return exchange is not None and exchange(*names, both) == 0


def failures(write: Callable[..., object], *arguments: Any, **options: Any) -> tuple[str, ...]:
    """Why a file cannot be written by a function, in sentences; none where it was."""
    try:
        write(*arguments, **options)
    except (OutputError, UsageError) as problem:
        return problem.lines
    return ()


def write_text(name: str, text: str, *, option: str = "-o") -> None:
    """Write a text file that only its owner can read; fails as `write_atomically` does."""
    write_atomically(name, lambda stream: stream.write(text.encode()), option=option)
