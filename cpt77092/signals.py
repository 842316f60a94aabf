"""Ctrl-C and SIGTERM end a run at once, even inside native code."""

from __future__ import annotations

import os
import signal
import sys
import threading
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from shutil import rmtree

_RESEND_AFTER = 0.1
"""Seconds until a lost signal is sent again: native code has returned by then, busy or not."""
_GRACE = 1.5
"""Seconds until a run that native code keeps from ending is ended by force."""
UNFINISHED: set[Path] = set()
"""Files and folders that even a run that is ended by force removes."""


@contextmanager
def reraise_lost_signal(terminated: int) -> Iterator[None]:
    """Signals lost in native code, to be raised again.

    What a signal raises while native code calls back into Python cannot pass through that code:
    Python hands it to `sys.unraisablehook` and goes on, or fails later in a way that looks like a
    bug. Such a signal is sent again, and any failure that follows it counts as the signal's own.

    Args:
        terminated: the exit code of a run that SIGTERM ended.
    """
    swallowed: list[BaseException] = []
    resending: list[threading.Timer] = []
    previous_hook = sys.unraisablehook

    def resend(unraisable: sys.UnraisableHookArgs) -> None:
        if not isinstance(unraisable.exc_value, (KeyboardInterrupt, SystemExit)):
            previous_hook(unraisable)
            return
        swallowed.append(unraisable.exc_value)
        is_interrupt = isinstance(unraisable.exc_value, KeyboardInterrupt)
        number = signal.SIGINT if is_interrupt else signal.SIGTERM
        timer = threading.Timer(_RESEND_AFTER, _send, [number])
        timer.daemon = True
        timer.start()
        resending.append(timer)

    sys.unraisablehook = resend
    if signal.getsignal(signal.SIGTERM) is signal.SIG_DFL:  # would leave locks and partial files
        signal.signal(signal.SIGTERM, lambda *_: _termination.end(terminated))
    try:
        with _ended_by_force():
            yield
    except Exception:
        if not swallowed:
            raise
        raise swallowed[-1] from None
    finally:
        for timer in resending:
            timer.cancel()
        sys.unraisablehook = previous_hook


class _Termination:
    """Whether SIGTERM ends the run at once, and whether it came while it did not."""

    is_held = False
    has_come = False

    def end(self, code: int) -> None:
        self.has_come = True
        if not self.is_held:
            sys.exit(code)


_termination = _Termination()


@contextmanager
def termination_held() -> Iterator[None]:
    """Put a SIGTERM off to the end of the block, so that a file is made and known, or neither."""
    _termination.is_held, _termination.has_come = True, False
    try:
        yield
    finally:
        _termination.is_held = False
        if _termination.has_come:
            signal.raise_signal(signal.SIGTERM)


@contextmanager
def _ended_by_force() -> Iterator[None]:
    """End the process a while after a signal: native code may run on for long before it is seen.

    Python writes the signal to a pipe at once, whatever the main thread is doing.
    """
    if sys.platform == "win32" or threading.current_thread() is not threading.main_thread():
        yield
        return
    ended = threading.Event()
    reading, writing = os.pipe()
    os.set_blocking(writing, False)

    def wait() -> None:
        for (number,) in iter(lambda: os.read(reading, 1), b""):
            if number in (signal.SIGINT, signal.SIGTERM) and not ended.wait(_GRACE):
                for file in UNFINISHED:
                    with suppress(OSError):
                        rmtree(file) if file.is_dir() else file.unlink()
                os._exit(128 + number)

    watcher = threading.Thread(target=wait, daemon=True)
    watcher.start()
    before = signal.set_wakeup_fd(writing, warn_on_full_buffer=False)
    try:
        yield
    finally:
        ended.set()
        signal.set_wakeup_fd(before)
        os.close(writing)
        watcher.join()
        os.close(reading)


def _send(number: signal.Signals) -> None:
    if sys.platform == "win32":
        signal.raise_signal(number)
    else:  # only a signal to the main thread itself ends its wait for a read
        signal.pthread_kill(threading.main_thread().ident or 0, number)


def let_interrupts_end_waiting() -> None:
    """Let Ctrl-C end a read that waits for a pipe.

    Polars installs its handler with `SA_RESTART`, which restarts such a read: Python would see the
    interrupt only at the end of the pipe.
    """
    if sys.platform != "win32":
        signal.siginterrupt(signal.SIGINT, True)  # noqa: FBT003 - has no keyword
