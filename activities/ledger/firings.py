"""Firings: a trigger let a lead in. Kept with the event, and carried out after it, once."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import timedelta
from typing import Any

from pydantic import JsonValue
from sqlalchemy import select, update
from sqlalchemy.ext.asyncio import AsyncConnection

from activities.ledger.store import Ledger
from activities.ledger.tables import admissions
from activities.ledger.trigger_tables import firings
from activities.ledger.upsert import insert_new
from workflows.engine.router import Verdict, caused_by, chain_after
from workflows.engine.triggers.base import Occasion

FIRST_BACKOFF = timedelta(seconds=5)
LONGEST_BACKOFF = timedelta(minutes=5)
FOLLOW_UP = "follow-up:"
"""How the cause of an entry begins that another entry's ``follow_up`` has asked for."""

TOLD = "trigger."
"""How conditions name what the event that started an automation says: ``trigger.reason``."""


async def keep(ledger: Ledger, tx: AsyncConnection, occasion: Occasion, verdict: Verdict) -> bool:
    """Write a firing down with its event; False if this one was there already."""
    now, event = await ledger.now(tx), occasion.event
    row = {
        "center": occasion.center,
        "cause": verdict.cause,
        "automation": verdict.automation,
        "lead": occasion.lead,
        "event": event.id,
        "why": verdict.why,
        "caused_by": list(caused_by(event)),
        "told": {name: value for name, value in event.data.items() if _is_plain(value)},
        "state": "PENDING",
        "attempts": 0,
        "at": now,
        "next_at": now,
    }
    return await insert_new(tx, firings, row)


def _is_plain(value: JsonValue) -> bool:
    return not isinstance(value, list | dict)


async def pending(
    ledger: Ledger, tx: AsyncConnection, limit: int, causes: tuple[str, ...] = ()
) -> list[Mapping[str, Any]]:
    """Firings that are due and not carried out: those of ``causes``, or any, longest due first."""
    row = firings.c
    query = select(firings).where(row.state == "PENDING", row.next_at <= await ledger.now(tx))
    if causes:
        query = query.where(row.cause.in_(causes))
    query = query.order_by(row.next_at).limit(limit)
    return [dict(found) for found in (await tx.execute(query)).mappings()]


async def settle(tx: AsyncConnection, cause: str) -> None:
    """The lead was asked to enter: it entered, or its refusal is written down."""
    here = firings.c.cause == cause
    await tx.execute(update(firings).where(here).values(state="DONE"))


async def put_off(ledger: Ledger, tx: AsyncConnection, firing: Mapping[str, Any]) -> None:
    """It could not be carried out now; later."""
    attempts = firing["attempts"] + 1
    wait = min(FIRST_BACKOFF * 2 ** min(attempts, 10), LONGEST_BACKOFF)
    values = {"attempts": attempts, "next_at": await ledger.now(tx) + wait}
    await tx.execute(update(firings).where(firings.c.cause == firing["cause"]).values(values))


async def told_by(
    tx: AsyncConnection, cause: str, looked_at: frozenset[str]
) -> dict[str, JsonValue]:
    """What conditions want to know of the event that started an entry, by ``trigger.NAME``."""
    if not any(name.startswith(TOLD) for name in looked_at):
        return {}
    told = await tx.scalar(select(firings.c.told).where(firings.c.cause == cause)) or {}
    values = {f"{TOLD}{name}": value for name, value in sorted(told.items())}
    return {name: value for name, value in values.items() if name in looked_at}


async def chain_of(tx: AsyncConnection, entry: Mapping[str, Any]) -> list[JsonValue]:
    """What facts of an entry carry as ``caused_by``: the automations that led to them."""
    cause, own = str(entry["cause"]), str(entry["automation"])
    if cause.startswith(FOLLOW_UP):
        enrollment, _, number = cause.removeprefix(FOLLOW_UP).rpartition("/")
        row = admissions.c
        query = select(admissions).where(row.enrollment == enrollment, row.entry == int(number))
        before = (await tx.execute(query)).mappings().first()
        return [*(await chain_of(tx, dict(before)) if before else ()), own]
    fired = await tx.scalar(select(firings.c.caused_by).where(firings.c.cause == cause))
    return [*(fired or ()), *chain_after(None, own)]
