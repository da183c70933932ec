"""What an activity may ask of a vendor: small protocols, and the three ways of failing.

A vendor file turns whatever its client library raises into one of these failures, and nothing else;
which code means which failure is decided in ``activities/errors.py``, the one table.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from email.message import EmailMessage
from typing import Any, Protocol

from activities.ledger.http_connections import HttpConnection
from activities.vendors.answers import HandOver as HandOver
from activities.vendors.answers import Never as Never
from activities.vendors.answers import NoSuchMailbox as NoSuchMailbox
from activities.vendors.answers import NoSuchNumber as NoSuchNumber
from activities.vendors.answers import NotYet as NotYet
from activities.vendors.answers import OptedOut as OptedOut
from activities.vendors.answers import Receipt as Receipt
from activities.vendors.answers import Unclear as Unclear
from activities.vendors.answers import VendorFailure as VendorFailure


class Mailer(Protocol):
    """Hands one message to a mail server."""

    async def send(self, message: EmailMessage, hand_over: HandOver) -> Receipt:
        """Send ``message`` to its one recipient; ``hand_over`` is awaited before the final dot."""
        ...


class Crm(Protocol):
    """Writes records of a customer relationship system."""

    async def upsert(
        self, object_name: str, key_field: str, key: str, fields: Mapping[str, Any]
    ) -> Receipt:
        """Create or update the record whose unique external id ``key_field`` is ``key``."""
        ...

    async def update(self, object_name: str, record_id: str, fields: Mapping[str, Any]) -> Receipt:
        """Update one record by the vendor's own id."""
        ...

    async def user_id_by_email(self, email: str) -> str | None:
        """The vendor's id of the user with this address, if there is one."""
        ...

    async def email_of_user(self, user_id: str) -> str | None:
        """The address of an active user of the vendor, if there is such a user."""
        ...


@dataclass(frozen=True, slots=True)
class RecordKey:
    """How a lead's record is found: by the vendor's own id if known, else by a key of ours."""

    record: str | None
    key_field: str
    key: str


class LeadSystem(Protocol):
    """Keeps a record of each lead."""

    async def push(self, which: RecordKey, fields: Mapping[str, Any]) -> Receipt:
        """Update the record, or create it if there is none; the receipt is the record's id."""
        ...


class Memberships(Protocol):
    """Keeps groups of leads: campaigns, programs."""

    async def add_member(self, group: str, record: str, status: str | None) -> Receipt:
        """Make a record a member, or give the member it is already that status."""
        ...


@dataclass(frozen=True, slots=True)
class TimelineEvent:
    """Something that happened to a contact. The same ``key`` again replaces the event.

    ``tokens`` fill in the template; ``extra`` is what else its details show.
    """

    key: str
    template: str
    record: str
    at: datetime
    tokens: Mapping[str, str]
    extra: Mapping[str, str]


@dataclass(frozen=True, slots=True)
class LoggedMeeting:
    """A meeting with a contact. ``attendees`` are addresses of colleagues and of guests."""

    which: RecordKey
    contact: str
    fields: Mapping[str, str]
    attendees: tuple[str, ...]


class Timeline(Protocol):
    """Shows what happened to a contact."""

    async def add_event(self, event: TimelineEvent) -> Receipt:
        """Put an event on the contact's timeline."""
        ...

    async def log_meeting(self, meeting: LoggedMeeting) -> Receipt:
        """Log a meeting; attendees who are users are linked, the others named in its text."""
        ...


@dataclass(frozen=True, slots=True)
class LentLead:
    """A lead in a campaign of an outreach tool: its id there, and our key if it carries one."""

    id: str
    key: str


class Outreach(Protocol):
    """Mails leads by its own schedule. All calls can be repeated."""

    async def find_lead(self, campaign: int, email: str) -> LentLead | None:
        """The lead of that address in that campaign, if it is there."""
        ...

    async def add_lead(self, campaign: int, lead: Mapping[str, Any], key: str) -> None:
        """Put a lead into a campaign under our key. An address that is there already stays one."""
        ...

    async def pause_lead(self, campaign: int, lead: str) -> bool:
        """Stop mailing a lead; False if it cannot be paused where it is."""
        ...

    async def resume_lead(self, campaign: int, lead: str) -> None:
        """Go on mailing a paused lead."""
        ...

    async def remove_lead(self, campaign: int, lead: str) -> None:
        """Take a lead out of a campaign; one that is not there is none the less out."""
        ...


class Chat(Protocol):
    """Posts a message where a team reads it."""

    async def post(self, channel: str, text: str) -> Receipt:
        """Post ``text`` (vendor markup) to a channel id or name."""
        ...


@dataclass(frozen=True, slots=True)
class WebRequest:
    """A request as it was rendered: without the secrets, which are added when it is sent.

    ``key`` tells the receiver that a repeated request is the same one. ``step`` is not sent.
    """

    method: str
    url: str
    headers: Mapping[str, str]
    content: str | None = None
    key: str = ""
    step: str = ""


@dataclass(frozen=True, slots=True)
class WebAnswer:
    """What came back; ``body`` is None if it was too large or in an encoding not asked for."""

    status: int
    body: bytes | None
    retry_after: timedelta | None = None


class Web(Protocol):
    """Calls somebody's system over HTTP."""

    async def call(
        self, account: HttpConnection, request: WebRequest, hand_over: HandOver
    ) -> WebAnswer:
        """Make one request; ``hand_over`` is awaited before its first byte leaves.

        Any status is an answer. Raises Never if it may not be made, NotYet if it surely was not
        made, and Unclear if it may have been.
        """
        ...


class Analytics(Protocol):
    """Takes events of visitors."""

    async def track(
        self, client_id: str, event: str, properties: Mapping[str, Any], hand_over: HandOver
    ) -> Receipt:
        """Report one event; nothing in it says who the visitor is."""
        ...


@dataclass(frozen=True, slots=True)
class TextMessage:
    """One text message. ``recipient`` is in E.164, ``mark`` our own opaque name for it."""

    sender: str
    recipient: str = field(repr=False)
    text: str = field(repr=False)
    mark: str


class Texter(Protocol):
    """Sends text messages to phones."""

    @property
    def sender(self) -> str:
        """What messages leave from where a center names nothing of its own."""
        ...

    async def send_text(self, message: TextMessage, hand_over: HandOver) -> Receipt:
        """Send one message; ``hand_over`` is awaited before it is given away."""
        ...

    async def find_text(
        self, message: TextMessage, since: datetime, known: Collection[str]
    ) -> Receipt | None:
        """A message like this one, sent since then and not among the ``known`` references."""
        ...


class Board(Protocol):
    """Pins a note where a team reads it."""

    async def pin(self, title: str, text: str) -> Receipt:
        """Pin ``text`` under ``title`` (which may be empty); both are plain text."""
        ...
