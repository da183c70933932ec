"""Small looks into the ledger for operators: entries, effects, answers given, a person's leads."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncConnection

from activities.ledger.store import Ledger
from activities.ledger.tables import admissions, effects, leads, refusals

AT_ONCE = 500
"""Values in one IN (...): databases limit how many a statement may carry."""


@dataclass(frozen=True, slots=True)
class Answered:
    """What a cause was answered before: the refusal, or the state that its entry has by now."""

    refused: str = ""
    state: str = ""


async def list_entries(
    tx: AsyncConnection,
    automation: str | None = None,
    lead: str | None = None,
    state: str | None = None,
    limit: int = 100,
) -> list[Mapping[str, Any]]:
    """Rows of entries, newest first. ``state`` is one of the ledger's, or LIVE: not closed."""
    row = admissions.c
    left_out = ("timeline", "history")
    query = select(*(column for column in row if column.name not in left_out))
    for column, value in ((row.automation, automation), (row.lead, lead)):
        query = query.where(column == value) if value else query
    if state:
        query = query.where(row.state != "CLOSED" if state == "LIVE" else row.state == state)
    query = query.order_by(row.admitted_at.desc(), row.enrollment, row.entry.desc()).limit(limit)
    return [dict(found) for found in (await tx.execute(query)).mappings()]


async def answers_to(tx: AsyncConnection, causes: Sequence[str]) -> dict[str, Answered]:
    """The answers that these causes got before; a cause that is new is not in it."""
    found: dict[str, Answered] = {}
    for start in range(0, len(causes), AT_ONCE):
        some = causes[start : start + AT_ONCE]
        said_no = select(refusals.c.cause, refusals.c.reason).where(refusals.c.cause.in_(some))
        entered = select(admissions.c.cause, admissions.c.state).where(admissions.c.cause.in_(some))
        found |= {row[0]: Answered(refused=row[1]) for row in await tx.execute(said_no)}
        found |= {row[0]: Answered(state=row[1]) for row in await tx.execute(entered)}
    return found


async def entered_by(
    tx: AsyncConnection, automation: str, person: str, cause_prefix: str
) -> str | None:
    """The cause by which a person entered an automation, if it begins like that."""
    row = admissions.c
    query = select(row.cause).where(row.automation == automation, row.person == person)
    query = query.where(row.cause.startswith(cause_prefix, autoescape=True))
    found = await tx.scalar(query.order_by(row.entry.desc()).limit(1))
    return str(found) if found else None


async def effects_of(tx: AsyncConnection, enrollment: str, entry: int) -> list[Mapping[str, Any]]:
    """The effects of the steps of one entry, oldest first, without what was sent."""
    row = effects.c
    columns = (row.key, row.step, row.activity, row.state, row.reason, row.attempts, row.planned_at)
    query = select(*columns, row.done_at).where(row.enrollment == enrollment, row.entry == entry)
    query = query.order_by(row.planned_at, row.key)
    return [dict(found) for found in (await tx.execute(query)).mappings()]


async def in_flight(ledger: Ledger, tx: AsyncConnection, enrollment: str, entry: int) -> list[str]:
    """Keys of effects that began before now and may still leave."""
    row = effects.c
    query = select(row.key).where(row.enrollment == enrollment, row.entry == entry)
    query = query.where(row.state == "INTENT", row.lease_until > await ledger.now(tx))
    return list((await tx.scalars(query.order_by(row.key))).all())


async def leads_of(tx: AsyncConnection, center: str, person: str) -> list[str]:
    """Every lead of a person, in a fixed order."""
    query = select(leads.c.lead).where(leads.c.center == center, leads.c.person == person)
    return list((await tx.scalars(query.order_by(leads.c.lead))).all())
