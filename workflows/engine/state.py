"""The one value that an enrollment keeps, what it wants to be in flight, and the news it gets."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import AwareDatetime, Field, JsonValue

from workflows.engine.base import Frozen
from workflows.engine.effects import AnyEffect, HandOverLead, Outcome, SendEmail, SendSms
from workflows.engine.events import Event, Malformed
from workflows.engine.exits import ExitReason

TIMELINE_LENGTH = 50
SEEN_LENGTH = 200


class Perform(Frozen):
    """Wanted: this effect, carried out by its activity."""

    kind: Literal["perform"]
    serial: int
    effect: AnyEffect
    summary: str


class Wait(Frozen):
    """Wanted: news, or ``until`` (None: for as long as it takes).

    ``ends`` says whose time it is: the step's, a hold's, a resend's, or the engagement window's,
    which may cut short a wait that ``would_end`` later.
    """

    kind: Literal["wait"]
    serial: int
    until: AwareDatetime | None = None
    ends: Literal["step", "hold", "resend", "window"] = "step"
    would_end: AwareDatetime | None = None
    summary: str


class Close(Frozen):
    """Wanted: the end. ``cause`` is the id of the event that ends it, or empty.

    ``events`` are those that the ledger lacks: they are recorded in the closing transaction.
    """

    kind: Literal["close"]
    serial: int
    reason: ExitReason
    at: AwareDatetime
    cause: str = ""
    events: tuple[Event, ...] = ()


Wanted = Annotated[Perform | Wait | Close, Field(discriminator="kind")]
Resting = Annotated[Perform | Wait, Field(discriminator="kind")]

HoldCause = Literal["paused", "attention", "gate", "away"]


def is_message(wanted: Perform | Wait | Close | None) -> bool:
    """Whether what is wanted is a message to the lead, by mail or text, or leads to mails."""
    effect = wanted.effect if isinstance(wanted, Perform) else None
    return isinstance(effect, SendEmail | SendSms | HandOverLead)


class Hold(Frozen):
    """Why the journey stands still, and what it goes on with afterwards."""

    cause: HoldCause
    since: AwareDatetime
    reason: str = ""
    until: AwareDatetime | None = None
    suspended: Resting


class Decision(Frozen):
    """One line of the timeline: what was decided, at which step, and why."""

    at: AwareDatetime
    step: str
    what: str
    why: str = ""


class State(Frozen):
    """Everything an enrollment knows. Continue-as-new hands this very value on.

    ``semantics`` is the number of the behaviour that it began with. ``wanted`` is what must be in
    flight; the shell makes it so. ``sends`` are all messages, of which ``texts`` were text
    messages; ``no_texts``: a direct signal has said to send no more of them. ``away_until`` is the
    return date of a lead that is out of office: until then no message leaves. ``reply_class`` is
    what the last reply was read as; ``reply_waits``: what follows from it is still to be decided,
    and until then no message leaves. ``unrecorded`` are events that the ledger does not have yet;
    ``interrupted`` is the wait that a resend (of step ``resend``) broke into. ``unheard`` is an
    event that the step waited for and that came while it was held or interrupted; ``released`` is
    the serial of the effect in flight when a hold's cause was removed. ``late_since`` is when the
    present step fell due, if the journey is behind its plan.
    """

    enrollment: str
    entry: int
    semantics: int = 1
    enrolled_at: AwareDatetime
    window_ends: AwareDatetime | None = None
    values: dict[str, JsonValue] = {}
    step: str = ""
    serial: int = 0
    visits: dict[str, int] = {}
    wanted: Wanted | None = None
    hold: Hold | None = None
    away_until: AwareDatetime | None = None
    reply_class: str = ""
    reply_waits: bool = False
    sends: int = 0
    texts: int = 0
    no_texts: bool = False
    unknowns: int = 0
    soft_bounces: int = 0
    resend: str = ""
    interrupted: Wait | None = None
    unheard: Event | None = None
    released: int = 0
    late_since: AwareDatetime | None = None
    facts: dict[str, AwareDatetime] = {}
    last_event: str = ""
    seen: tuple[str, ...] = ()
    anonymous: dict[str, int] = {}
    unrecorded: tuple[Event, ...] = ()
    writebacks: tuple[str, ...] = ()
    malformed: int = 0
    timeline: tuple[Decision, ...] = ()
    exit: ExitReason | None = None

    def noting(self, decision: Decision) -> State:
        """This state with one more line in its timeline; the oldest one makes room."""
        return self.model_copy(update={"timeline": (*self.timeline, decision)[-TIMELINE_LENGTH:]})

    @property
    def label(self) -> Literal["running", "waiting", "held", "attention"]:
        """The value of the search attribute ``DripState``."""
        if self.hold:
            return "attention" if self.hold.cause == "attention" else "held"
        if self.away_until:
            return "held"
        return "waiting" if isinstance(self.wanted, Wait) else "running"


class Fired(Frozen):
    """News: the timer of the wait with this serial number fired."""

    serial: int


class Done(Frozen):
    """News: the wanted effect with this serial number has an outcome."""

    serial: int
    outcome: Outcome


class Failed(Frozen):
    """News: the wanted effect cannot be carried out; a person must look."""

    serial: int
    reason: str


class Closed(Frozen):
    """News: the ledger has closed the enrollment, for the strongest of the reasons it knows."""

    reason: ExitReason


class Order(Frozen):
    """News: an operator's order. ``step`` and ``visit`` say which visit the operator means.

    ``target`` is the step to go to, or whose mail is to be sent again.
    """

    verb: Literal["remove", "pause", "resume", "retry", "skip", "move_to", "resend"]
    step: str = ""
    visit: int = 0
    target: str = ""
    by: str = ""
    reason: str = ""


News = Event | Malformed | Fired | Done | Failed | Closed | Order
