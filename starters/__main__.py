"""The script ``dripstone``, and ``python -m starters``: the command line, once it is loaded."""

from __future__ import annotations

import os
from typing import NoReturn

INTERRUPTED = 130


def main() -> NoReturn:
    """Load the command line and run it. Ctrl-C while it loads ends quietly: nothing has begun."""
    try:
        # Loading takes a second or two, in which a person may change their mind.
        from starters.cli import main as command_line
    except KeyboardInterrupt:
        os._exit(INTERRUPTED)
    command_line()


if __name__ == "__main__":
    main()
