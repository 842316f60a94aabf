"""Ctrl-C and SIGTERM: a run that is told to stop does so, whatever it is doing."""

from __future__ import annotations

import signal
import sys
import threading
from collections.abc import Iterator
from contextlib import contextmanager

_AGAIN_AFTER = 0.02
"""Seconds from a stop that was lost to the same once more: native code has returned by then."""


class Stops:
    """Stops that this run was told and has not heeded yet.

    Native code that asks Python for something cannot hand on what a signal raises there: Python
    tells `sys.unraisablehook` of it, and the run would go on, or fail in a way that looks like a
    bug.
    """

    def __init__(self, terminated: int) -> None:
        """Listen.

        Args:
            terminated: the exit code of a run that SIGTERM ended.
        """
        self._lost: BaseException | None = None
        self._again = threading.Timer(0, _tell)
        self._otherwise = sys.unraisablehook
        sys.unraisablehook = self._unraisable
        if signal.getsignal(signal.SIGTERM) is signal.SIG_DFL:  # would leave locks and half files
            signal.signal(signal.SIGTERM, lambda *_: sys.exit(terminated))

    def _unraisable(self, what: sys.UnraisableHookArgs) -> None:
        if not isinstance(what.exc_value, (KeyboardInterrupt, SystemExit)):
            self._otherwise(what)
            return
        self._lost = what.exc_value
        is_interrupt = isinstance(self._lost, KeyboardInterrupt)
        sent = signal.SIGINT if is_interrupt else signal.SIGTERM
        self._again = threading.Timer(_AGAIN_AFTER, _tell, [sent])
        self._again.daemon = True
        self._again.start()

    @contextmanager
    def heeded(self) -> Iterator[None]:
        """Whatever goes wrong after a stop was lost went wrong for that reason: it stops then."""
        try:
            yield
        except Exception:
            if self._lost is None:
                raise
            self.end()
            raise self._lost from None

    def end(self) -> None:
        """The run has ended: nothing is left to stop."""
        self._again.cancel()


def _tell(sent: signal.Signals) -> None:
    if sys.platform == "win32":
        signal.raise_signal(sent)
    else:  # the main thread may wait for a read, which only a signal of its own ends
        signal.pthread_kill(threading.main_thread().ident or 0, sent)


def let_interrupts_end_waiting() -> None:
    """Ctrl-C ends a read that waits for a pipe.

    Polars listens to interrupts in a way that starts such a read anew (`SA_RESTART`), and Python
    would not hear of the interrupt before the pipe's end.
    """
    if sys.platform != "win32":
        signal.siginterrupt(signal.SIGINT, True)  # noqa: FBT003 - has no keyword
