"""Intents that no attempt will finish any more get their final state: none is silently lost."""

from __future__ import annotations

from datetime import timedelta

from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncConnection

from activities.ledger.effects import LEASE, EffectRow, Settlement, row_of, settle
from activities.ledger.store import Ledger
from activities.ledger.tables import admissions, effects
from activities.vendors.capabilities import CAPABILITIES, LONGEST_SETTLE
from workflows.options import EFFECT_TRIED_FOR

LOOKED_UP = [name for name, one in CAPABILITIES.items() if one.lookup]
RETRIED_FOR = EFFECT_TRIED_FOR + timedelta(minutes=10)
"""After the last try of an effect none follows."""


async def settle_left_behind(ledger: Ledger, limit: int) -> None:
    """Settle at most ``limit`` of them: UNKNOWN if the call may have been made, else NOT_SENT."""
    async with ledger.transaction() as tx:
        for row in await left_behind(ledger, tx, limit):
            final = (
                Settlement("UNKNOWN", "the worker died in the call")
                if row.phase
                else Settlement("NOT_SENT", "the enrollment ended first")
            )
            await settle(ledger, tx, row.key, final)


async def left_behind(ledger: Ledger, tx: AsyncConnection, limit: int) -> list[EffectRow]:
    """Intents that no attempt will finish any more: those of closed enrollments, and calls that
    were handed over and whose lead is held since, perhaps for weeks.

    Whether a call was made that can be looked up, its own next attempt finds out: it comes as soon
    as Temporal is back, unless it was given up."""
    row = effects.c
    closed = select(admissions.c.enrollment).where(
        admissions.c.enrollment == row.enrollment,
        admissions.c.entry == row.entry,
        admissions.c.state == "CLOSED",
    )
    now = await ledger.now(tx)
    dead = (row.state == "INTENT") & (row.lease_until < now - LEASE - LONGEST_SETTLE)
    given_up = row.connection.not_in(LOOKED_UP) | (row.lease_until < now - RETRIED_FOR)
    lost = (row.phase == "handed_over") & given_up
    query = select(effects).where(dead, closed.exists() | lost).limit(limit)
    return [row_of(found) for found in (await tx.execute(query)).mappings()]
