"""Effects of which nobody knows whether they happened: an operator looks, and settles them."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Literal

from sqlalchemy import select, update
from sqlalchemy.ext.asyncio import AsyncConnection

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
    ledger: Ledger, tx: AsyncConnection, key: str, state: Literal["SENT", "NOT_SENT"], why: str
) -> bool:
    """Write down what a person found out. False if the effect is not UNKNOWN (any more)."""
    here = (effects.c.key == key) & (effects.c.state == "UNKNOWN")
    values = {"state": state, "reason": why[:500], "done_at": await ledger.now(tx)}
    return bool((await tx.execute(update(effects).where(here).values(values))).rowcount)
