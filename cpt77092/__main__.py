"""`scrub`, and `python -m cpt77092`: Ctrl-C ends it while its modules are still imported, too."""

import os
import signal
from typing import NoReturn


def main() -> NoReturn:
    """Run `scrub` and exit."""
    before = signal.getsignal(signal.SIGINT)
    if before is signal.default_int_handler:  # which would print where the import was
        signal.signal(signal.SIGINT, lambda *_: os._exit(130))
    from cpt77092.cli.main import main as run

    signal.signal(signal.SIGINT, before)
    run()


if __name__ == "__main__":
    main()
