"""``python -m tests.faults.releases asleep|awake``: a worker of the next release.

That release gives two commands in another order, behind a patch: asleep as long as workers of the
release before it are at work, awake afterwards.
"""

from __future__ import annotations

import sys

from starters.__main__ import main
from starters.demo.stage import WORKER
from tests.workflows.swapped import PATCH, Patched
from workers import main as composition

ASLEEP, AWAKE = "asleep", "awake"


def of(patch: str) -> tuple[str, ...]:
    """The command of a worker of the next release, with its patch asleep or awake."""
    return (sys.executable, "-m", "tests.faults.releases", patch)


def become(patch: str) -> None:
    """Make this process one of the next release."""
    vars(composition)["Enrollment"] = Patched
    composition.ASLEEP = frozenset((PATCH,) if patch == ASLEEP else ())
    sys.argv = ["dripstone", *WORKER[WORKER.index("worker") :]]


if __name__ == "__main__":
    become(sys.argv[1])
    main()
