"""What an activity may ask of a vendor: small protocols, and the three ways of failing.

A vendor file turns whatever its client library raises into one of these failures, and nothing else;
which code means which failure is decided in ``activities/errors.py``, the one table.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Collection, Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from email.message import EmailMessage
from typing import Any, Protocol

HandOver = Callable[[], Awaitable[None]]
"""Awaited right before the point of no return; what it raises stops the call before it."""


@dataclass(frozen=True, slots=True)
class Receipt:
    """Proof that the vendor did what was asked: its own reference for it (no personal data)."""

    reference: str


class VendorFailure(Exception):
    """A vendor did not confirm what was asked. Messages hold codes, never personal data."""

    def __init__(self, vendor: str, code: str, message: str) -> None:
        super().__init__(f"{vendor}: {code}: {message}")
        self.vendor = vendor
        self.code = code


class NotYet(VendorFailure):
    """Surely not done, and worth another try, after ``retry_after`` if the vendor named a time."""

    def __init__(
        self, vendor: str, code: str, message: str, retry_after: timedelta | None = None
    ) -> None:
        super().__init__(vendor, code, message)
        self.retry_after = retry_after


class Never(VendorFailure):
    """Surely not done, and no retry will change that: a person must mend something first."""


class NoSuchMailbox(Never):
    """The mail server said for good that there is no such recipient (RFC 5321, 4.2.3)."""


class NoSuchNumber(Never):
    """The vendor of text messages said for good that nothing can be sent to this number."""


class OptedOut(Never):
    """The vendor itself refuses: whoever has this number has answered STOP."""


class Unclear(VendorFailure):
    """Perhaps done: the answer was lost. Retried only where the call can be repeated safely."""


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


class Chat(Protocol):
    """Posts a message where a team reads it."""

    async def post(self, channel: str, text: str) -> Receipt:
        """Post ``text`` (vendor markup) to a channel id or name."""
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
