"""Which codec keys Temporal's payloads are under: their ids, and by what each is recognised.

A key itself is never in the ledger.
"""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import delete, func, select
from sqlalchemy.ext.asyncio import AsyncConnection

from activities.ledger.store import Ledger
from activities.ledger.tables import LIVE, admissions, facts_about_ledger
from activities.ledger.upsert import insert_new

PREFIX = "codec-key:"


async def registered_keys(tx: AsyncConnection) -> dict[str, str]:
    """The check values of the keys in use, by the ids of the keys."""
    row = facts_about_ledger.c
    found = await tx.execute(
        select(row.name, row.value).where(row.name.startswith(PREFIX)).order_by(row.name)
    )
    return {name.removeprefix(PREFIX): value for name, value in found}


async def register_key(tx: AsyncConnection, key_id: str, check_value: str) -> None:
    """Note a key that workers have from now on. One that is noted stays as it is."""
    fact = {"center": "default", "name": PREFIX + key_id, "value": check_value}
    await insert_new(tx, facts_about_ledger, fact)


async def forget_key(tx: AsyncConnection, key_id: str) -> bool:
    """No worker needs this key any more. False if it was not noted."""
    name = facts_about_ledger.c.name
    row = delete(facts_about_ledger).where(name == PREFIX + key_id)
    return (await tx.execute(row.returning(name))).first() is not None


async def is_registered(ledger: Ledger, key_id: str) -> bool:
    """Whether workers have, or had, a key of that id."""
    async with ledger.reading() as tx:
        return key_id in await registered_keys(tx)


async def oldest_live(tx: AsyncConnection) -> datetime | None:
    """Since when there may be payloads that are still needed: the oldest live enrollment's start,
    in UTC. None if none is live."""
    live = admissions.c.state.in_(LIVE)
    found: datetime | None = await tx.scalar(select(func.min(admissions.c.admitted_at)).where(live))
    return found
