"""Leases: at most one process does a thing, and another one takes over when it dies."""

from __future__ import annotations

from datetime import timedelta

from sqlalchemy import delete, update
from sqlalchemy.ext.asyncio import AsyncConnection

from activities.ledger.store import Ledger
from activities.ledger.tables import leases
from activities.ledger.upsert import insert_new


async def take_lease(
    ledger: Ledger, tx: AsyncConnection, name: str, owner: str, lasting: timedelta
) -> bool:
    """Take or renew a lease. False while another owner's is alive."""
    now = await ledger.now(tx)
    row = {"center": "default", "name": name, "owner": owner, "until": now + lasting}
    if await insert_new(tx, leases, row):
        return True
    mine_or_over = (leases.c.owner == owner) | (leases.c.until < now)
    result = await tx.execute(update(leases).where(leases.c.name == name, mine_or_over).values(row))
    return bool(result.rowcount)


async def give_up_lease(tx: AsyncConnection, name: str, owner: str) -> None:
    """Let another owner have it at once."""
    await tx.execute(delete(leases).where(leases.c.name == name, leases.c.owner == owner))
