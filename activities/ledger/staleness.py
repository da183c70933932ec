"""Leads that fall silent: since when each is inactive, for each automation that waits for it.

A lead is watched from its last activity on. What it did before the automation was enabled is read
from the inbox once; from then on every event keeps the row up to date.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any

from sqlalchemy import delete, func, select, update
from sqlalchemy.ext.asyncio import AsyncConnection

from activities.ledger.store import Ledger
from activities.ledger.tables import inbox, leads
from activities.ledger.trigger_tables import watches
from activities.ledger.upsert import insert_new
from workflows.engine.events import Event
from workflows.engine.router import Published
from workflows.engine.triggers.base import Occasion
from workflows.engine.triggers.lead_status_changed import STAGE
from workflows.engine.triggers.stale_lead import StaleLead


async def active_since(tx: AsyncConnection, automation: str, lead: str) -> datetime | None:
    """When the lead was active last, as an automation counts it; None if it is not watched."""
    here = (watches.c.automation == automation) & (watches.c.lead == lead)
    found: datetime | None = await tx.scalar(select(watches.c.since).where(here))
    return found


async def note_activity(tx: AsyncConnection, published: Published, occasion: Occasion) -> None:
    """The lead is active: its episode of silence is over, and the next begins.

    What happened before the activity that is known already changes nothing.
    """
    automation, at = published.automation, occasion.event.at
    known = await active_since(tx, automation.id, occasion.lead)
    if known is not None and known >= at:
        return
    row = _row(published, occasion.lead, at)
    if not await insert_new(tx, watches, row):
        here = (watches.c.automation == automation.id) & (watches.c.lead == occasion.lead)
        await tx.execute(update(watches).where(here).values(row))


def _row(published: Published, lead: str, since: datetime) -> dict[str, Any]:
    trigger, watching = published.automation.trigger, published.enabled_at
    assert isinstance(trigger, StaleLead)
    assert watching is not None
    due = trigger.due(since, watching)
    return {
        "center": published.automation.center,
        "automation": published.automation.id,
        "lead": lead,
        "state": "WATCHED" if due else "OUTSIDE",
        "since": since,
        "watching_since": watching,
        "due_at": due,
    }


async def begin_to_watch(tx: AsyncConnection, published: Published, limit: int) -> int:
    """Watch leads that are not watched yet, at most ``limit`` of them; how many those were."""
    automation = published.automation
    row = watches.c
    before = (row.automation == automation.id) & (row.watching_since != published.enabled_at)
    await tx.execute(delete(watches).where(before))
    query = (
        select(leads.c.lead, leads.c.updated_at)
        .outerjoin(watches, (row.automation == automation.id) & (row.lead == leads.c.lead))
        .where(leads.c.center == automation.center, row.lead.is_(None))
        .limit(limit)
    )
    found: dict[str, datetime] = {row.lead: row.updated_at for row in await tx.execute(query)}
    since = await _last_activities(tx, published, list(found))
    for lead, known_since in found.items():
        await insert_new(tx, watches, _row(published, lead, since.get(lead, known_since)))
    return len(found)


async def _last_activities(
    tx: AsyncConnection, published: Published, some: Sequence[str]
) -> Mapping[str, datetime]:
    """When each of the leads was active last, as far as the inbox knows."""
    trigger, row = published.automation.trigger, inbox.c
    assert isinstance(trigger, StaleLead)
    of_them = (row.center == published.automation.center) & row.lead.in_(some)
    kinds = of_them & row.kind.in_(trigger.activities)
    query = select(row.lead, func.max(row.at).label("at")).where(kinds).group_by(row.lead)
    last: dict[str, datetime] = {found.lead: found.at for found in await tx.execute(query)}
    moves = select(row.id, row.lead, row.at, row.data)
    for key, lead, at, data in await tx.execute(moves.where(of_them, row.kind == "lead_changed")):
        event = Event(id=key, kind="lead_changed", at=at, data=data)
        if STAGE in event.changes and at > last.get(lead, at.min.replace(tzinfo=at.tzinfo)):
            last[lead] = at
    return last


async def fallen_silent(ledger: Ledger, tx: AsyncConnection, limit: int) -> list[Mapping[str, Any]]:
    """Watched leads whose silence has lasted long enough."""
    row = watches.c
    due = (row.state == "WATCHED") & (row.due_at <= await ledger.now(tx))
    query = select(watches).where(due).order_by(row.due_at).limit(limit)
    return [dict(found) for found in (await tx.execute(query)).mappings()]


def silence_of(watch: Mapping[str, Any], now: datetime) -> Event:
    """The event by which a lead is found silent: one for each episode."""
    since = watch["since"].isoformat()
    return Event(
        id=f"stale/{watch['automation']}/{watch['lead']}/{since}",
        kind="lead_stale",
        at=now,
        data={"automation": watch["automation"], "since": since},
    )


async def has_fired(tx: AsyncConnection, watch: Mapping[str, Any]) -> None:
    """This episode is done with; the next activity begins another."""
    row = watches.c
    here = (row.automation == watch["automation"]) & (row.lead == watch["lead"])
    episode = here & (row.since == watch["since"])
    await tx.execute(update(watches).where(episode).values(state="FIRED"))
