"""Automations that an event starts, the events that start them, and who is inside then."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

from pydantic import JsonValue
from sqlalchemy import update

from activities.dispatch import take_in
from activities.ledger import Ledger
from activities.ledger.inbox import Incoming, Received
from activities.ledger.leads import Lead
from activities.ledger.tables import admissions, lifecycle
from tests.activities.ledger.scenes import ACCOUNTS, a_lead, enter, leave, make, rows
from workers.triggering import enter_fired
from workflows.engine.events import Event
from workflows.engine.exits import ExitReason

NOTIFY = [{"id": "n", "kind": "notify", "channel": "sales", "text": "Look"}]
DAY = timedelta(days=1)


async def waits_for(
    ledger: Ledger, trigger: dict[str, Any], name: str = "next", **more: Any
) -> None:
    """An enabled automation that something besides a person starts, enabled a year ago."""
    more = {"campaign": None, "steps": NOTIFY} | more
    await make(ledger, name, trigger=trigger, **more)
    async with ledger.transaction() as tx:
        long_ago = await ledger.now(tx) - 365 * DAY
        await tx.execute(update(lifecycle).values(changed_at=long_ago))


async def tell(
    ledger: Ledger, lead: Lead, kind: str, number: int = 1, ago: timedelta = DAY, **data: JsonValue
) -> Received:
    at = datetime.now(UTC) - ago
    event = Event(id=f"{kind}/{lead.lead}/{number}", kind=kind, at=at, data=data)
    return await take_in(ledger, Incoming(event, "default", "test", lead.lead), ACCOUNTS)


async def entered(ledger: Ledger, name: str = "next") -> list[str]:
    """Carry out every firing; the leads that are inside the automation then."""
    await enter_fired(ledger, None, ACCOUNTS)
    return sorted(
        row["lead"] for row in await rows(ledger, admissions) if row["automation"] == name
    )


async def known(ledger: Ledger, number: int = 1, **fields: JsonValue) -> Lead:
    """A lead that the ledger knows from a campaign it has left."""
    if not any(row["automation"] == "before" for row in await rows(ledger, lifecycle)):
        await make(ledger, "before", campaign=None, steps=NOTIFY)
    lead = a_lead(ledger, number, "", **fields)
    await leave(ledger, await enter(ledger, lead, "before"), ExitReason.COMPLETED)
    return lead
