"""A command that ran a worker leaves at once, and loses nothing that it said."""

from __future__ import annotations

import subprocess
import sys

import pytest

from tests.patience import PATIENCE

SCRIPT = """
import atexit, logging, logging.handlers, sys
from starters.processes.ending import finish

sys.stdout = open(1, "w", buffering=8192, closefd=False)  # whatever PYTHONUNBUFFERED says
buffer = logging.handlers.MemoryHandler(100, target=logging.StreamHandler(sys.stderr))
logging.getLogger().addHandler(buffer)
atexit.register(lambda: print("reached the interpreter's own exit"))
print("said", end="")
logging.warning("logged")
finish(int(sys.argv[1]))
"""


@pytest.mark.parametrize("code", [0, 1, 2])
def test_what_was_said_and_logged_is_flushed_and_the_status_is_kept(code: int) -> None:
    ended = subprocess.run(
        [sys.executable, "-c", SCRIPT, str(code)], capture_output=True, text=True, timeout=PATIENCE
    )
    assert (ended.returncode, ended.stdout, ended.stderr) == (code, "said", "logged\n")


def test_a_reader_that_has_gone_changes_nothing() -> None:
    command = [sys.executable, "-c", SCRIPT, "1"]
    writer = subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE)
    assert writer.stdout is not None
    assert writer.stderr is not None
    writer.stdout.close()
    with writer.stderr:
        assert writer.stderr.read() == b"logged\n"
    assert writer.wait(timeout=PATIENCE) == 1
