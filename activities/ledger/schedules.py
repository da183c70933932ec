"""Schedules: when each scheduled automation is due next, and how far its leads were asked."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

from sqlalchemy import select, update
from sqlalchemy.ext.asyncio import AsyncConnection

from activities.ledger.firings import keep
from activities.ledger.leads import Lead
from activities.ledger.store import Ledger
from activities.ledger.tables import leads
from activities.ledger.trigger_tables import schedules
from activities.ledger.upsert import insert_new
from activities.reckoning import at_local
from workflows.engine.campaign import WEEKDAYS
from workflows.engine.events import Event
from workflows.engine.router import Published, judge
from workflows.engine.triggers.base import Occasion
from workflows.engine.triggers.scheduled import Scheduled


def next_due(trigger: Scheduled, since: datetime, after: datetime) -> datetime | None:
    """The first time after ``after``, in UTC; None if there is none any more.

    ``since`` is when the automation was enabled: ``every`` counts from there. Times of day are
    those of clocks in the trigger's zone.
    """
    if trigger.every is not None:
        passed = max((after - since) // trigger.every, 0) + 1
        return (since + passed * trigger.every).astimezone(UTC)
    assert trigger.at is not None
    zone = ZoneInfo(trigger.zone or "UTC")
    if trigger.on is not None:
        once = at_local(date.fromisoformat(trigger.on), trigger.at, zone)
        return once if once > after else None
    today = after.astimezone(zone).date()
    days = (today + timedelta(days=ahead) for ahead in range(-1, 9))
    named = (day for day in days if WEEKDAYS[day.weekday()] in trigger.days)
    return next(due for day in named if (due := at_local(day, trigger.at, zone)) > after)


async def follow(ledger: Ledger, tx: AsyncConnection, published: Published, limit: int) -> int:
    """Ask the next leads of a schedule that is due, at most ``limit``; how many were asked.

    A time that nobody was there for is made good once, however many were missed.
    """
    automation, since = published.automation, published.enabled_at
    trigger = automation.trigger
    if not isinstance(trigger, Scheduled) or since is None:
        return 0
    now = await ledger.now(tx)
    row = await _row(tx, published, trigger, since)
    if row["due_at"] is None or row["due_at"] > now:
        return 0
    some = await _next_leads(tx, automation.center, row["reached"], limit)
    for lead in some:
        await _ask(ledger, tx, published, lead, row["due_at"])
    reached = some[-1].lead if some else row["reached"]
    values = {"reached": reached, "due_at": row["due_at"]}
    if len(some) < limit:
        values = {"reached": None, "due_at": next_due(trigger, since, now)}
    here = schedules.c.automation == automation.id
    await tx.execute(update(schedules).where(here).values(values))
    return len(some)


async def _row(
    tx: AsyncConnection, published: Published, trigger: Scheduled, since: datetime
) -> Mapping[str, Any]:
    """Where the schedule stands. Enabling it anew begins it anew."""
    automation = published.automation
    new = {
        "center": automation.center,
        "automation": automation.id,
        "watching_since": since,
        "due_at": next_due(trigger, since, since),
        "reached": None,
    }
    if await insert_new(tx, schedules, new):
        return new
    here = schedules.c.automation == automation.id
    known = (await tx.execute(select(schedules).where(here))).mappings().one()
    if known["watching_since"] == since:
        return dict(known)
    await tx.execute(update(schedules).where(here).values(new))
    return new


async def _next_leads(
    tx: AsyncConnection, center: str, reached: str | None, limit: int
) -> list[Lead]:
    row = leads.c
    query = select(leads).where(row.center == center, row.lead > (reached or ""))
    found = (await tx.execute(query.order_by(row.lead).limit(limit))).mappings()
    return [
        Lead(one["center"], one["lead"], one["person"], one["email"], one["zone"], one["fields"])
        for one in found
    ]


async def _ask(
    ledger: Ledger, tx: AsyncConnection, published: Published, lead: Lead, due: datetime
) -> None:
    """One lead at one time of the schedule: entered if trigger and audience let it in."""
    name = published.automation.id
    event = Event(
        id=f"schedule/{name}/{due.isoformat()}/{lead.lead}",
        kind="schedule_due",
        at=due,
        data={"automation": name},
    )
    occasion = Occasion(event, lead.lead, lead.center, lead.merge_fields)
    verdict = judge(replace(occasion, before=lead.merge_fields), published)
    if verdict.match:
        await keep(ledger, tx, occasion, verdict)
