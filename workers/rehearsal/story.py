"""What a rehearsal tells, and what it asks of its surroundings: lines, surprises, happenings."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Literal, Protocol

from pydantic import JsonValue

from activities.ledger.leads import Lead
from activities.vendors.ports import WebAnswer as WebAnswer
from workers.rehearsal.case import Case

LineKind = Literal[
    "decision", "event", "mail", "sms", "chat", "crm", "web", "gate", "outage", "surprise"
]
Vendor = Literal[
    "smtp", "salesforce", "slack", "teams", "twilio", "hubspot", "marketo", "smartlead", "http"
]


@dataclass(frozen=True, slots=True)
class Line:
    """One line of a lead's timeline, at a virtual instant (UTC).

    ``detail`` has a message as rendered, or the fields of a CRM write.
    """

    at: datetime
    kind: LineKind
    step: str
    what: str
    why: str = ""
    detail: Mapping[str, JsonValue] | None = None


@dataclass(frozen=True, slots=True)
class Happening:
    """Something that happens to a lead: an event of this kind, at this virtual instant."""

    at: datetime
    kind: str
    data: Mapping[str, JsonValue]


EMPTY = WebAnswer(200, b"")
"""What a system answers if nobody says otherwise."""


@dataclass(frozen=True, slots=True)
class Answer:
    """A reviewer's decision at a virtual instant."""

    at: datetime
    approved: bool


class Surroundings(Protocol):
    """The world around the campaign: what leads do, and which vendors are down."""

    def at_enrollment(self, lead: Lead, at: datetime) -> Iterable[Happening]:
        """What happens to a lead, whatever is sent."""
        ...

    def after_mail(self, case: Case, at: datetime) -> Iterable[Happening]:
        """What a mail causes that has just left for the lead of ``case``."""
        ...

    def after_review(self, case: Case, step: str, at: datetime) -> Iterable[Answer]:
        """What a person decides about the mail of ``step`` that is up for review since ``at``."""
        ...

    def down_until(self, vendor: Vendor, at: datetime) -> datetime | None:
        """The end of the vendor's outage; None if it is up."""
        ...

    def answer_to(self, step: str) -> WebAnswer:
        """What the system answers that an ``http_call`` step calls."""
        ...


class Audience(Protocol):
    """Who watches. Told as it happens, in the order of virtual time."""

    def refused(self, automation: str, lead: Lead, reason: str) -> None:
        """The lead may not enter."""
        ...

    def let_in(self, case: Case) -> None:
        """The lead enters."""
        ...

    def told(self, case: Case, line: Line) -> None:
        """One more line of a lead's timeline."""
        ...
