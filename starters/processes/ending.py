"""How every command that ran a worker ends: flushed, and without the interpreter's own exit."""

from __future__ import annotations

import logging
import os
import sys
from typing import NoReturn


def finish(code: int) -> NoReturn:
    """Flush what was said and logged, then leave at once with exit status ``code``.

    Threads of the Temporal SDK may outlive the worker and reach for an interpreter that is already
    taken down, which aborts the process with a wrong status (temporalio/sdk-python issue 300; seen
    in about a quarter of short runs). Nothing that runs at interpreter exit runs after this: close
    the ledger and stop the children first.
    """
    logging.shutdown()
    for stream in (sys.stdout, sys.stderr):
        try:
            stream.flush()
        except (OSError, ValueError):
            # Closed, or its reader has gone (`dripstone list | head`): nobody is left to tell.
            continue
    os._exit(code)
