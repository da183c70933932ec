"""What a campaign of faults leaves behind, as plain records: all that the checker looks at.

Upstream's notes and the vendors' journal are the truth; ledger and histories are held against it.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any

STOPS = frozenset(("unsubscribe", "bounce", "reply", "meeting_booked"))
"""Kinds of events that end a campaign; all others that upstream tells change nothing."""

SUPPRESSING = frozenset(("unsubscribe", "bounce"))
"""Those that also keep a lead from entering afterwards."""

DONE = ("SENT", "UNKNOWN")
TERMINAL = (*DONE, "NOT_SENT")


@dataclass(frozen=True, slots=True)
class Accepted:
    """An enrollment that the ingress answered with 2xx and an entry."""

    enrollment: str
    entry: int
    lead: str
    at: datetime


@dataclass(frozen=True, slots=True)
class Told:
    """An event that the ingress answered with 2xx, first at ``acked`` (UTC).

    ``new`` counts the answers that called it new; lost answers make it 0, never more than 1.
    """

    id: str
    kind: str
    lead: str
    acked: datetime
    copies: int = 1
    new: int = 1


@dataclass(frozen=True, slots=True)
class Entry:
    """The ledger's row of one entry."""

    enrollment: str
    entry: int
    automation: str
    lead: str
    state: str
    exit: str | None
    stop_reason: str | None
    admitted_at: datetime
    running_at: datetime | None = None
    closed_at: datetime | None = None


@dataclass(frozen=True, slots=True)
class Effect:
    """The ledger's row of one effect. ``step`` is None for an effect of a fact.

    ``intent_at`` is its first claim, ``claimed_at`` its last: a retry is judged anew.
    """

    key: str
    activity: str
    state: str
    enrollment: str | None
    entry: int | None
    step: str | None
    lead: str | None
    message_id: str | None
    intent_at: datetime | None
    done_at: datetime | None
    event: str | None = None
    reason: str = ""
    claimed_at: datetime | None = None

    @property
    def last_begun(self) -> datetime | None:
        """When it last began."""
        return self.claimed_at or self.intent_at


@dataclass(frozen=True, slots=True)
class Mail:
    """A mail that the vendor accepted. ``about`` is its subject: the step and the lead's tag."""

    lead: str
    about: str
    message_id: str
    at: datetime


@dataclass(frozen=True, slots=True)
class Kept:
    """A row of the inbox."""

    id: str
    kind: str
    lead: str | None
    received_at: datetime


@dataclass(frozen=True, slots=True)
class Delivery:
    """What one entry was to be told."""

    event: str
    enrollment: str
    entry: int
    state: str


@dataclass(frozen=True, slots=True)
class Run:
    """A workflow as Temporal has it. ``stuck_for`` is how long its workflow task has been failing;
    ``nondeterministic`` says that one of its tasks failed so, ``replay`` why its history does
    not replay (empty: it does). ``is_newer``: the release that a storm deploys has begun it.
    """

    enrollment: str
    is_open: bool
    stuck_for: timedelta = timedelta()
    nondeterministic: bool = False
    replay: str = ""
    is_newer: bool = False


@dataclass(frozen=True, slots=True)
class Record:
    """A record of the CRM as the vendor has it. ``lead`` is whom it is about."""

    object: str
    lead: str
    fields: Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class Shut:
    """A time in which nothing of an automation may begin: disabled, or outside its window."""

    automation: str
    since: datetime
    until: datetime
    why: str


@dataclass(frozen=True, slots=True)
class Restored:
    """Temporal was put back to a backup: what it was told between the two it has forgotten."""

    since: datetime
    until: datetime


@dataclass(frozen=True, slots=True)
class Decided:
    """A review that a person decided; the ledger was asked to keep it ``at`` (UTC) or later."""

    enrollment: str
    entry: int
    step: str
    approved: bool
    at: datetime


@dataclass(frozen=True, slots=True)
class Plan:
    """What was to happen: of each automation its sending steps with the wait before each.

    ``recovery`` bounds how much later than its wait a step may begin, ``in_flight`` how long after
    a stop a mail may arrive that had begun before it. ``caps`` is how many mails of an automation
    may begin on one day of UTC; mails of those that are ``reviewed`` need an approval.
    """

    waits: Mapping[str, tuple[tuple[str, timedelta], ...]]
    recovery: timedelta = timedelta(minutes=3)
    in_flight: timedelta = timedelta(seconds=30)
    caps: Mapping[str, int] = field(default_factory=dict)
    reviewed: frozenset[str] = frozenset()


@dataclass(frozen=True, slots=True)
class Facts:
    """Everything, collected once all is quiet.

    ``earlier`` says why runs that are not the newest of an enrollment, and those of write-backs, do
    not replay; ``terminated`` are enrollments that an operator told Temporal to terminate.
    """

    plan: Plan
    accepted: tuple[Accepted, ...] = ()
    told: tuple[Told, ...] = ()
    entries: tuple[Entry, ...] = ()
    effects: tuple[Effect, ...] = ()
    mails: tuple[Mail, ...] = ()
    posts: tuple[str, ...] = ()
    records: tuple[Record, ...] = ()
    inbox: tuple[Kept, ...] = ()
    deliveries: tuple[Delivery, ...] = ()
    runs: tuple[Run, ...] = ()
    listed_unknown: frozenset[str] = frozenset()
    leaks: tuple[str, ...] = ()
    shut: tuple[Shut, ...] = ()
    decided: tuple[Decided, ...] = ()
    terminated: frozenset[str] = frozenset()
    restored: tuple[Restored, ...] = ()
    earlier: tuple[str, ...] = ()


def heard_inside(facts: Facts) -> list[Told]:
    """What was told of a lead, and taken in, after the lead had first entered."""
    entered: dict[str, datetime] = {}
    for entry in facts.entries:
        before = entered.get(entry.lead, entry.admitted_at)
        entered[entry.lead] = min(before, entry.admitted_at)
    received = {row.id: row.received_at for row in facts.inbox}
    return [
        told
        for told in facts.told
        if told.lead in entered and told.id in received and received[told.id] > entered[told.lead]
    ]
