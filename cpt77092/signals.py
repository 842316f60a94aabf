"""Ctrl-C and SIGTERM end a run at once, even inside native code."""

from __future__ import annotations

import signal
import sys
import threading
from collections.abc import Iterator
from contextlib import contextmanager

_RESEND_AFTER = 0.1
"""Seconds until a lost signal is sent again: native code has returned by then, busy or not."""


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
        signal.signal(signal.SIGTERM, lambda *_: sys.exit(terminated))
    try:
        yield
    except Exception:
        if not swallowed:
            raise
        raise swallowed[-1] from None
    finally:
        for timer in resending:
            timer.cancel()
        sys.unraisablehook = previous_hook


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
