"""Delivering: what the inbox has for live enrollments is signalled to them, until each was told.

A delivery may be repeated at any time: the workflow tells events apart by their ids.
"""

from __future__ import annotations

import asyncio
from collections.abc import Mapping, Sequence
from datetime import timedelta
from typing import Any

from sqlalchemy import func, select, update
from temporalio.client import Client
from temporalio.service import RPCError, RPCStatusCode

from activities.ledger import Ledger
from activities.ledger.entries import find_entry
from activities.ledger.inbox import CRITERIA_MET
from activities.ledger.tables import admissions, deliveries
from workflows.engine.events import SIGNALS

RPC_PATIENCE = timedelta(seconds=5)
"""How long one try of a call to Temporal may take. The SDK tries for ten seconds, and then it is
left to the repair loop."""

BACKOFF = timedelta(seconds=2)
LONGEST_BACKOFF = timedelta(seconds=30)
"""Whom Temporal refuses one signal for is asked for again soon: a lead waits for what it says."""

TOLD_AT_ONCE = 8
OUT_OF_REACH = (RPCStatusCode.UNAVAILABLE, RPCStatusCode.DEADLINE_EXCEEDED)
NOT_YET = ("QUEUED", "ADMITTED")
"""States of an entry that has no workflow yet: what runs under its id, if anything, is an earlier
entry, and must not get what is meant for this one."""


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
    """Each enrollment is told in order, several at once; none goes on once Temporal is away."""
    same = (admissions.c.enrollment == deliveries.c.enrollment) & (
        admissions.c.entry == deliveries.c.entry
    )
    query = select(deliveries).outerjoin(admissions, same)
    begun = func.coalesce(admissions.c.state, "").not_in(NOT_YET)
    query = query.where(where, deliveries.c.state == "PENDING", begun)
    async with ledger.reading() as tx:
        query = query.order_by(deliveries.c.next_at).limit(limit)
        rows = [dict(row) for row in (await tx.execute(query)).mappings()]
    by_enrollment: dict[str, list[Mapping[str, Any]]] = {}
    for row in rows:
        by_enrollment.setdefault(row["enrollment"], []).append(row)
    telling = _Telling(ledger, client)
    return sum(await asyncio.gather(*map(telling.tell, by_enrollment.values())))


class _Telling:
    """One round of deliveries."""

    def __init__(self, ledger: Ledger, client: Client) -> None:
        self._ledger = ledger
        self._client = client
        self._room = asyncio.Semaphore(TOLD_AT_ONCE)
        self._is_away = False

    async def tell(self, rows: Sequence[Mapping[str, Any]]) -> int:
        """Tell one enrollment what there is for it; how much it was told."""
        told = 0
        async with self._room:
            for row in rows:
                if self._is_away:
                    break
                told += await self._tell_one(row)
        return told

    async def _tell_one(self, row: Mapping[str, Any]) -> bool:
        async with self._ledger.reading() as tx:
            entry = await find_entry(tx, row["enrollment"], row["entry"])
        if entry is None or entry["state"] == "CLOSED":
            return await mark(self._ledger, row, "TARGET_CLOSED")
        kind = str(row["body"]["kind"])
        handle = self._client.get_workflow_handle(row["enrollment"])
        try:
            name = kind if kind in SIGNALS else "event"
            await handle.signal(name, row["body"], rpc_timeout=RPC_PATIENCE)
        except RPCError as error:
            self._is_away = self._is_away or error.status in OUT_OF_REACH
            return await mark(self._ledger, row, "PENDING")
        return await mark(self._ledger, row, "DELIVERED")


async def mark(ledger: Ledger, row: Mapping[str, Any], state: str) -> bool:
    """Write down how a delivery went; True if it was told."""
    attempts = row["attempts"] + 1
    wait = min(BACKOFF * 2 ** min(attempts - 1, 10), LONGEST_BACKOFF)
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
