"""What the ledger's tests are made of: an automation, a lead, an event, and what was written."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any

from pydantic import JsonValue
from sqlalchemy import Table, select, text

from activities.dispatch import enroll, take_in
from activities.ledger import Ledger
from activities.ledger.admissions import Answer, Request, admit
from activities.ledger.connections import (
    CenterConnections,
    Connections,
    Mailbox,
    SalesforceWrites,
)
from activities.ledger.entries import close, find_entry
from activities.ledger.inbox import Incoming, Received
from activities.ledger.leads import Lead, new_lead
from activities.ledger.publishing import TemplateText, publish, set_state
from tests.patience import until
from workflows.contracts import CloseRequest, Recorded, enrollment_id
from workflows.engine.automation import Automation
from workflows.engine.events import Event
from workflows.engine.exits import ExitReason

ADA = Mailbox(name="Ada", address="ada@dripstone.example", postal_address="1 Quarry Lane, Matlock")
WRITES = SalesforceWrites(hard_bounce_field="Bounced__c", fallback_owner="boss@dripstone.example")
ACCOUNTS = Connections(
    centers={"default": CenterConnections(mailboxes={"default": ADA}, salesforce=WRITES)}
)
FOOT = "{{ unsubscribe_url }} {{ sender.postal_address }}"
INTRO = TemplateText("intro", "Hello {{ lead.first_name }}", f"A text for you. {FOOT}", None)
SEND: dict[str, Any] = {"id": "a", "kind": "send_email", "template": "intro"}
AT = datetime(2026, 6, 1, 12, tzinfo=UTC)


async def make(ledger: Ledger, name: str = "spring", **more: Any) -> Automation:
    """Publish and enable a campaign (``campaign=None``: a plain automation) with one mail."""
    campaign = more.pop("campaign", {})
    block = {} if campaign is None else {"campaign": {"engagement_window": "30 days"} | campaign}
    steps = more.pop("steps", [SEND])
    whole = {"id": name, "name": name, "trigger": {"kind": "manual"}, "steps": steps}
    automation = Automation.model_validate(whole | block | more)
    await publish(ledger, automation, "", [INTRO], "a test")
    await set_state(ledger, name, "enabled", "a test")
    return automation


def a_lead(ledger: Ledger, number: int = 1, email: str | None = "", **fields: JsonValue) -> Lead:
    """A Salesforce lead; ``email`` "" gives it one of its own, None gives it none."""
    address = f"lead{number}@example.com" if email == "" else email
    return new_lead(ledger, "default", {"email": address} | fields, f"sf-00Q{number:015}")


async def ask(ledger: Ledger, lead: Lead, name: str = "spring", cause: str = "") -> Answer:
    """Ask for an admission."""
    request = Request(name, lead, cause or f"{name}/{lead.lead}")
    async with ledger.transaction(f"person:{lead.person}") as tx:
        return await admit(ledger, tx, request, ACCOUNTS)


async def enter(ledger: Ledger, lead: Lead, name: str = "spring") -> str:
    """Enroll a lead, which must work; the enrollment."""
    entered = await enroll(ledger, None, Request(name, lead, f"{name}/{lead.lead}"), ACCOUNTS)
    assert not entered.refused
    return entered.enrollment


async def leave(
    ledger: Ledger, enrollment: str, reason: ExitReason, *events: Event, entry: int = 1
) -> Recorded:
    """Close an entry."""
    request = CloseRequest(enrollment=enrollment, entry=entry, events=events, reason=reason, at=AT)
    async with ledger.transaction() as tx:
        return await close(ledger, tx, request, ACCOUNTS)


async def happens(ledger: Ledger, lead: Lead, kind: str, **data: JsonValue) -> Received:
    """An event about a lead comes in; its id is made of kind and lead."""
    event = Event(id=f"{kind}/{lead.lead}", kind=kind, at=AT, data=data)
    return await take_in(ledger, Incoming(event, "default", "test", lead.lead), ACCOUNTS)


async def entry_of(ledger: Ledger, lead: Lead, name: str = "spring", entry: int = 1) -> Any:
    """The row of an entry."""
    async with ledger.reading() as tx:
        return await find_entry(tx, enrollment_id(name, lead.lead), entry)


WRITTEN = ("number", "planned_at", "admitted_at", "received_at", "asked_at", "since", "at")
"""Columns that tell the order in which rows were written: PostgreSQL gives them in any."""


async def rows(ledger: Ledger, table: Table) -> list[Mapping[str, Any]]:
    """Every row of a table, as they were written if the table tells."""
    order = [table.c[name] for name in WRITTEN if name in table.c]
    async with ledger.reading() as tx:
        query = select(table).order_by(*order)
        return [dict(row) for row in (await tx.execute(query)).mappings()]


async def has_to_wait(ledger: Ledger, task: asyncio.Task[Any]) -> None:
    """Wait until the task waits for a transaction that has begun; it must not end before that."""

    async def waits_or_is_done() -> bool:
        return task.done() or await _somebody_waits(ledger)

    await until(waits_or_is_done)
    assert not task.done()


async def _somebody_waits(ledger: Ledger) -> bool:
    """As the database knows it; writers of SQLite queue in this process."""
    if isinstance(ledger._turn, asyncio.Lock):
        return bool(ledger._turn._waiters)
    async with ledger.reading() as tx:
        return bool(await tx.scalar(text("SELECT count(*) FROM pg_locks WHERE NOT granted")))
