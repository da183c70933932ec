"""A ledger in virtual time, and vendors that record nothing and answer at once, or are down."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from contextvars import ContextVar
from datetime import UTC, datetime
from email.message import EmailMessage
from types import MappingProxyType
from typing import Any

from sqlalchemy.ext.asyncio import AsyncConnection
from temporalio import activity

from activities.ledger import Ledger
from activities.ledger.http_connections import HttpConnection
from activities.vendors.ports import (
    HandOver,
    LentLead,
    NotYet,
    Receipt,
    TextMessage,
    WebAnswer,
    WebRequest,
)
from activities.vendors.reply_ports import MemberChange
from workers.rehearsal.story import Surroundings, Vendor
from workers.rehearsal.unthreaded import unthreaded

outside: ContextVar[datetime | None] = ContextVar("outside", default=None)
"""The virtual time of what is done for a lead outside of its activities."""


def virtual_now() -> datetime:
    """In an activity the virtual clock of its workflow, else what ``outside`` says."""
    if activity.in_activity():
        return activity.info().started_time.astimezone(UTC)
    return outside.get() or datetime.now(UTC)


TEXT_SENDER = "+15005550006"
"""What text messages of a rehearsal leave from, where the center names nothing of its own."""

OWNER_ADDRESS = "owner@rehearsal.invalid"
"""Stands for the address of an owner whom only the CRM knows."""


class VirtualLedger(Ledger):
    """A ledger whose clock is the virtual clock of whoever asks. It lasts for one rehearsal."""

    synchronous = "OFF"
    sqlite_options = MappingProxyType({"async_creator_fn": unthreaded})

    async def now(self, tx: AsyncConnection) -> datetime:
        """The virtual time."""
        return virtual_now()

    def machine_clock(self) -> datetime:
        """The same: in a rehearsal no machine is off."""
        return virtual_now()


class Recorders:
    """Every vendor in one. What they are asked for stands in the ledger."""

    sender = TEXT_SENDER

    def __init__(self, surroundings: Surroundings) -> None:
        self._surroundings = surroundings
        self._lent: dict[tuple[int, str], LentLead] = {}

    async def send(self, message: EmailMessage, hand_over: HandOver) -> Receipt:
        """Take a mail."""
        self._answer("smtp")
        await hand_over()
        return Receipt("rehearsed")

    async def upsert(
        self, object_name: str, key_field: str, key: str, fields: Mapping[str, Any]
    ) -> Receipt:
        """Take a record."""
        return self._answer("salesforce")

    async def update(self, object_name: str, record_id: str, fields: Mapping[str, Any]) -> Receipt:
        """Take a change."""
        return self._answer("salesforce")

    async def user_id_by_email(self, email: str) -> str | None:
        """Nobody: who owns a record is left to the fallback."""
        return None

    async def email_of_user(self, user_id: str) -> str | None:
        """Somebody, whoever it is."""
        return OWNER_ADDRESS

    async def change_member(self, member: str, record: str, change: MemberChange) -> Receipt:
        """Take a change of a campaign member."""
        return self._answer("salesforce")

    async def add_note(self, record: str, title: str, body: str) -> Receipt:
        """Take a note."""
        return self._answer("salesforce")

    async def post(self, channel: str, text: str) -> Receipt:
        """Take a message to the team."""
        return self._answer("slack")

    async def call(
        self, account: HttpConnection, request: WebRequest, hand_over: HandOver
    ) -> WebAnswer:
        """Take a request, and answer it as the surroundings say."""
        self._answer("http")
        await hand_over()
        return self._surroundings.answer_to(request.step)

    async def track(
        self, client_id: str, event: str, properties: Mapping[str, Any], hand_over: HandOver
    ) -> Receipt:
        """Take an event."""
        return Receipt("rehearsed")

    async def find_lead(self, campaign: int, email: str) -> LentLead | None:
        """The lead, once it was handed over."""
        self._answer("smartlead")
        return self._lent.get((campaign, email))

    async def add_lead(self, campaign: int, lead: Mapping[str, Any], key: str) -> None:
        """Take a lead."""
        self._lent[campaign, lead["email"]] = LentLead("rehearsed", key)

    async def pause_lead(self, campaign: int, lead: str) -> bool:
        """Nothing is mailed anyway."""
        return True

    async def resume_lead(self, campaign: int, lead: str) -> None:
        """Nothing is mailed anyway."""

    async def remove_lead(self, campaign: int, lead: str) -> None:
        """Nothing is mailed anyway."""

    async def pin(self, title: str, text: str) -> Receipt:
        """Take a card."""
        return self._answer("teams")

    async def send_text(self, message: TextMessage, hand_over: HandOver) -> Receipt:
        """Take a text message."""
        self._answer("twilio")
        await hand_over()
        return Receipt("rehearsed")

    async def find_text(
        self, message: TextMessage, since: datetime, known: Collection[str]
    ) -> Receipt | None:
        """Nothing: no answer is ever lost here."""
        return None

    def _answer(self, vendor: Vendor) -> Receipt:
        if self._surroundings.down_until(vendor, virtual_now()):
            raise NotYet(vendor, "rehearsed_outage", "is down in this rehearsal")
        return Receipt("rehearsed")
