"""Lanes: a person is in at most one enrollment per lane; priority decides who keeps it."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from sqlalchemy import select, update
from sqlalchemy.ext.asyncio import AsyncConnection

from activities.ledger.connections import Connections
from activities.ledger.inbox import Incoming, Received, receive
from activities.ledger.leads import Lead
from activities.ledger.store import Ledger
from activities.ledger.tables import LIVE, admissions, centers, lifecycle
from workflows.engine.automation import Automation
from workflows.engine.events import Event


async def holder_of_lane(
    tx: AsyncConnection, automation: Automation, lead: Lead
) -> Mapping[str, Any] | None:
    """The entry that the person has in the lane of ``automation`` now."""
    row = admissions
    here = (row.c.center == lead.center) & (row.c.lane == automation.lane)
    query = select(row).where(here, row.c.person == lead.person, row.c.state.in_(LIVE))
    found = (await tx.execute(query)).mappings().first()
    return dict(found) if found else None


async def supersede(
    ledger: Ledger, tx: AsyncConnection, holder: Mapping[str, Any], connections: Connections
) -> Received:
    """Take the lane away from its holder: never in both, never in neither.

    The gate refuses the holder from this commit on; its workflow is told by an event.
    """
    row = admissions.c
    here = (row.enrollment == holder["enrollment"]) & (row.entry == holder["entry"])
    await tx.execute(update(admissions).where(here).values(state="SUPERSEDED"))
    event = Event(
        id=f"{holder['enrollment']}/{holder['entry']}/superseded",
        kind="superseded",
        at=await ledger.now(tx),
    )
    incoming = Incoming(
        event, holder["center"], "admission", holder["lead"], enrollment=holder["enrollment"]
    )
    return await receive(ledger, tx, incoming, connections)


async def queued(tx: AsyncConnection, limit: int) -> list[Mapping[str, Any]]:
    """Entries that wait for their lane, highest priority first, then longest waiting.

    Who waits for an automation that is disabled goes on waiting, unless it was stopped.
    """
    off = select(centers.c.center).where(centers.c.state == "disabled")
    on = (lifecycle.c.state == "enabled") & lifecycle.c.center.not_in(off)
    enabled = select(lifecycle.c.automation).where(on)
    row = admissions.c
    due = row.stop_reason.is_not(None) | row.automation.in_(enabled)
    query = select(admissions).where(row.state == "QUEUED", due)
    query = query.order_by(admissions.c.priority.desc(), admissions.c.admitted_at).limit(limit)
    return [dict(row) for row in (await tx.execute(query)).mappings()]


async def take_free_lane(ledger: Ledger, tx: AsyncConnection, entry: Mapping[str, Any]) -> bool:
    """Admit a queued entry if its lane is free now."""
    row = admissions.c
    here = (row.enrollment == entry["enrollment"]) & (row.entry == entry["entry"])
    still = here & (row.state == "QUEUED")
    now = await ledger.now(tx)
    same = (row.center == entry["center"]) & (row.lane == entry["lane"])
    taken = same & (row.person == entry["person"]) & row.state.in_(LIVE)
    if await tx.scalar(select(row.enrollment).where(taken)):
        return False
    values = {"state": "ADMITTED", "admitted_at": now}
    result = await tx.execute(update(admissions).where(still).values(values))
    return bool(result.rowcount)
