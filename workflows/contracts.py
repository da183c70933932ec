"""What the workflows and the bookkeeping activities say to each other. No personal data."""

from __future__ import annotations

from datetime import datetime
from typing import Literal

from pydantic import AwareDatetime, JsonValue

from workflows.engine.automation import Automation
from workflows.engine.base import Frozen
from workflows.engine.events import Event
from workflows.engine.exits import ExitReason
from workflows.engine.migrating import Migration, Place
from workflows.engine.state import Decision, State

TASK_QUEUE = "enrollments"


def enrollment_id(automation: str, lead: str) -> str:
    """The workflow id of one lead in one automation."""
    return f"enrollment:{automation}:{lead}"


class Start(Frozen):
    """The input of ``Enrollment``. Started by hand, ``automation`` and ``lead`` are enough.

    ``values`` are the lead fields that the steps' conditions name; ``state`` is there only when a
    run continues an earlier one.
    """

    automation: str
    lead: str
    entry: int | None = None
    version: int | None = None
    definition: Automation | None = None
    enrolled_at: AwareDatetime | None = None
    values: dict[str, JsonValue] = {}
    semantics: int = 1
    state: State | None = None

    def blank_state(self, now: datetime) -> State:
        """What is known of the lead before the first step; it enters now unless told otherwise."""
        return State(
            enrollment=enrollment_id(self.automation, self.lead),
            entry=self.entry or 1,
            semantics=self.semantics,
            enrolled_at=self.enrolled_at or now,
            values=self.values,
        )


class Ending(Frozen):
    """The result of ``Enrollment``: how it ended, or why it was not admitted.

    ``timeline`` is for the archive, which would otherwise have to ask for it: a query replays the
    whole run, and costs an action.
    """

    exit: ExitReason | None = None
    refused: str = ""
    sends: int = 0
    unknowns: int = 0
    timeline: tuple[Decision, ...] = ()


class AdmitRequest(Frozen):
    """Asks for the admission of a lead whose workflow was started by hand.

    ``first_run`` is the id of the workflow's first run, which a reset does not change.
    """

    automation: str
    lead: str
    first_run: str


class Admission(Frozen):
    """The answer: a start to go on with, or the reason of the refusal."""

    start: Start | None = None
    refused: str = ""


class RecordRequest(Frozen):
    """Events that came as direct signals, for the inbox."""

    enrollment: str
    entry: int
    events: tuple[Event, ...]


class CloseRequest(RecordRequest):
    """Asks for the end of an enrollment; ``events`` are those that the inbox lacks."""

    reason: ExitReason
    at: AwareDatetime


class Recorded(Frozen):
    """What the ledger wrote down; ``reason`` is the exit, once there is one."""

    reason: ExitReason | None = None
    writebacks: tuple[str, ...] = ()


class OrderBody(Frozen):
    """The body of an update. ``step`` and ``visit`` say which visit the operator looks at."""

    step: str = ""
    visit: int = 0
    target: str = ""
    by: str = ""
    reason: str = ""


class MigrateBody(Migration):
    """The body of the update ``migrate``: a published version, and the visit that is meant.

    ``digest`` is the version's; ``undoes`` is the id of the move that is taken back.
    """

    step: str = ""
    visit: int = 0
    digest: str
    undoes: str = ""
    by: str = ""
    reason: str = ""


class RepinRequest(Frozen):
    """Asks the ledger to pin an entry to another version, and to write the move down."""

    id: str
    enrollment: str
    entry: int
    from_version: int
    to_version: int
    digest: str
    how: str
    before: Place
    step: str
    visit: int
    undoes: str = ""
    by: str = ""
    reason: str = ""


class Repinned(Frozen):
    """The answer: the lead fields that the version's conditions name, or why it cannot be."""

    values: dict[str, JsonValue] = {}
    refused: str = ""


StatusLabel = Literal["starting", "running", "waiting", "held", "attention", "closing", "closed"]


class Status(Frozen):
    """The answer to the query ``status``: where the lead is, and why.

    ``sends`` are all messages, of which ``texts`` were text messages.
    """

    automation: str
    version: int
    lead: str
    entry: int
    state: StatusLabel
    step: str = ""
    visit: int = 0
    doing: str = ""
    until: AwareDatetime | None = None
    held_because: str = ""
    away_until: AwareDatetime | None = None
    sends: int = 0
    texts: int = 0
    unknowns: int = 0
    malformed_signals: int = 0
    last_event: str = ""
    events: dict[str, AwareDatetime] = {}
    exit: ExitReason | None = None


class DrainRequest(Frozen):
    """The input of ``Writeback``: whose write-backs; ``done`` counts over its runs."""

    connection: str
    done: int = 0


class Drained(Frozen):
    """How many write-backs a round did, and how many are left for the next."""

    done: int
    left: int


class LaunchRequest(Frozen):
    """The input of ``Launch``. ``judge``: whether the waves that run are to be looked at, too."""

    automation: str
    judge: bool = True


class LaunchRound(Frozen):
    """What a round of a launch has come to, and after how many seconds the next one is due.

    ``is_over``: nobody waits for a wave and nobody is inside.
    """

    pause: int = 0
    waits_for: str = ""
    is_over: bool = False
