"""Delivering: what the inbox has for live enrollments is signalled to them, until each was told.

A delivery may be repeated at any time: the workflow tells events apart by their ids.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import timedelta
from typing import Any

from sqlalchemy import select, update
from temporalio.client import Client
from temporalio.service import RPCError, RPCStatusCode

from activities.ledger import Ledger
from activities.ledger.entries import find_entry
from activities.ledger.inbox import CRITERIA_MET
from activities.ledger.tables import deliveries
from workflows.engine.events import SIGNALS

PATIENCE = timedelta(seconds=5)
"""How long one call to Temporal may take before it is left to the repair loop."""

BACKOFF = timedelta(seconds=2)
LONGEST_BACKOFF = timedelta(minutes=5)


async def deliver(ledger: Ledger, client: Client, event_id: str) -> int:
    """Tell the enrollments of one event, and of the exit criteria that it made true.

    Returns how many signals were sent. The rest is the repair loop's.
    """
    row = deliveries.c
    reached = select(row.enrollment).where(row.event == event_id)
    follows = row.event.endswith(CRITERIA_MET) & row.enrollment.in_(reached)
    return await _deliver_where(ledger, client, (row.event == event_id) | follows)


async def deliver_to(ledger: Ledger, client: Client, enrollment: str, entry: int) -> int:
    """Tell one entry all that is still to be told to it."""
    here = (deliveries.c.enrollment == enrollment) & (deliveries.c.entry == entry)
    return await _deliver_where(ledger, client, here)


async def deliver_due(ledger: Ledger, client: Client, limit: int = 200) -> int:
    """Tell what is due and has not been told yet."""
    async with ledger.reading() as tx:
        now = await ledger.now(tx)
    return await _deliver_where(ledger, client, deliveries.c.next_at <= now, limit)


async def _deliver_where(ledger: Ledger, client: Client, where: Any, limit: int = 200) -> int:
    query = select(deliveries).where(where, deliveries.c.state == "PENDING")
    async with ledger.reading() as tx:
        query = query.order_by(deliveries.c.next_at).limit(limit)
        rows = [dict(row) for row in (await tx.execute(query)).mappings()]
    told = 0
    for row in rows:
        told += await _deliver_one(ledger, client, row)
    return told


async def _deliver_one(ledger: Ledger, client: Client, row: Mapping[str, Any]) -> bool:
    async with ledger.reading() as tx:
        entry = await find_entry(tx, row["enrollment"], row["entry"])
    if entry is None or entry["state"] == "CLOSED":
        return await mark(ledger, row, "TARGET_CLOSED")
    if entry["state"] in ("QUEUED", "ADMITTED"):
        # What runs under that id now, if anything, is an earlier entry: it must not get this.
        return await mark(ledger, row, "PENDING", hurry=False)
    kind = str(row["body"]["kind"])
    handle = client.get_workflow_handle(row["enrollment"])
    try:
        name = kind if kind in SIGNALS else "event"
        await handle.signal(name, row["body"], rpc_timeout=PATIENCE)
    except RPCError as error:
        gone = error.status is RPCStatusCode.NOT_FOUND
        return await mark(ledger, row, "PENDING", hurry=not gone)
    return await mark(ledger, row, "DELIVERED")


async def mark(ledger: Ledger, row: Mapping[str, Any], state: str, hurry: bool = True) -> bool:
    """Write down how a delivery went; True if it was told."""
    attempts = row["attempts"] + 1
    wait = min(BACKOFF * 2 ** min(attempts, 10), LONGEST_BACKOFF) if hurry else BACKOFF
    async with ledger.transaction() as tx:
        here = (
            (deliveries.c.event == row["event"])
            & (deliveries.c.enrollment == row["enrollment"])
            & (deliveries.c.entry == row["entry"])
            & (deliveries.c.state == "PENDING")  # what another has told stays told
        )
        next_at = await ledger.now(tx) + wait
        values = {"state": state, "attempts": attempts, "next_at": next_at}
        await tx.execute(update(deliveries).where(here).values(values))
    return state == "DELIVERED"
