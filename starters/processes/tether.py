"""Become another command, one that the kernel ends as soon as its parent dies.

Run as a script, without the project and without site-packages, so that it costs milliseconds:
``python -I -S tether.py PARENT_PID COMMAND [ARGUMENT ...]``.
"""

import ctypes
import os
import signal
import sys

PR_SET_PDEATHSIG = 1
"""prctl(2), Linux only; kept across execve(2). Elsewhere the command simply runs untethered."""


def tether(parent: int) -> None:
    """Ask the kernel for SIGKILL to this process as soon as the thread that started it ends.

    Both Temporal and the ledger keep their data in SQLite with a write-ahead log and survive it;
    any milder signal could be ignored, and would leave a process behind.
    """
    if not sys.platform.startswith("linux"):
        return
    ctypes.CDLL(None).prctl(PR_SET_PDEATHSIG, signal.SIGKILL)
    if os.getppid() != parent:
        # The parent died before the request was in place: it will never be answered.
        sys.exit(1)


if __name__ == "__main__":
    tether(int(sys.argv[1]))
    os.execvp(sys.argv[2], sys.argv[2:])
