"""Effects of which nobody knows whether they happened: an operator looks, and settles them."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Literal

from sqlalchemy import select, update
from sqlalchemy.ext.asyncio import AsyncConnection

from activities.ledger.connections import Connections
from activities.ledger.effects import find_effect
from activities.ledger.sent_facts import tell_sent
from activities.ledger.store import Ledger
from activities.ledger.tables import admissions, effects


async def unknown_effects(
    tx: AsyncConnection, automation: str | None, limit: int
) -> list[Mapping[str, Any]]:
    """Effects that ended UNKNOWN, longest first, without what was sent."""
    row, entry = effects.c, admissions.c
    here = (entry.enrollment == row.enrollment) & (entry.entry == row.entry)
    query = (
        select(
            *(row.key, row.activity, row.connection, row.enrollment, row.step, row.lead),
            *(row.reason, row.message_id, row.vendor_ref, row.intent_at, entry.automation),
        )
        .outerjoin(admissions, here)
        .where(row.state == "UNKNOWN")
    )
    if automation:
        query = query.where(entry.automation == automation)
    query = query.order_by(row.intent_at, row.key).limit(limit)
    return [dict(found) for found in (await tx.execute(query)).mappings()]


async def settle_unknown(
    ledger: Ledger,
    key: str,
    state: Literal["SENT", "NOT_SENT"],
    why: str,
    connections: Connections,
) -> bool:
    """Write down what a person found out, with all that follows from a message that was sent.

    False if the effect is not UNKNOWN (any more).
    """
    async with ledger.reading() as tx:
        found = await find_effect(tx, key)
    locks = [f"person:{found.person}"] if found and found.person else []
    async with ledger.transaction(*locks) as tx:
        here = (effects.c.key == key) & (effects.c.state == "UNKNOWN")
        now = await ledger.now(tx)
        values = {"state": state, "reason": why[:500], "done_at": now}
        if not (await tx.execute(update(effects).where(here).values(values))).rowcount:
            return False
        row = await find_effect(tx, key)
        if row and state == "SENT":
            await tell_sent(ledger, tx, row, connections, row.intent_at or now)
    return True
