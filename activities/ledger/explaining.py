"""Why a lead is where it is, as far as the ledger tells: refusals, launches, holds, what is in the
way of its next message."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncConnection

from activities.ledger.halts import why_held_back
from activities.ledger.high_water import BEHIND, find_behind
from activities.ledger.leads import Lead, find_lead, is_sample
from activities.ledger.lifecycle import find_obstacle
from activities.ledger.store import Ledger
from activities.ledger.suppressions import suppressed_in, suppression_of
from activities.ledger.tables import audience, holds, leads, refusals
from workflows.engine.automation import Automation


async def leads_called(tx: AsyncConnection, lead: str) -> list[Lead]:
    """What each center knows of a lead."""
    centers = await tx.scalars(select(leads.c.center).where(leads.c.lead == lead))
    found = [await find_lead(tx, center, lead) for center in sorted(centers.all())]
    return [one for one in found if one]


async def refusals_of(
    tx: AsyncConnection, lead: str, automation: str | None = None
) -> list[Mapping[str, Any]]:
    """Automations that did not let the lead in, with the reason, oldest first."""
    row = refusals.c
    query = select(row.automation, row.reason, row.at).where(row.lead == lead)
    query = query.where(row.automation == automation) if automation else query
    return [dict(one) for one in (await tx.execute(query.order_by(row.at))).mappings()]


async def launches_of(
    tx: AsyncConnection, lead: str, automation: str | None = None
) -> list[Mapping[str, Any]]:
    """How the lead stands in the audiences of launches."""
    row = audience.c
    columns = (row.automation, row.state, row.wave, row.reason, row.selected_at)
    query = select(*columns).where(row.lead == lead)
    query = query.where(row.automation == automation) if automation else query
    return [dict(one) for one in (await tx.execute(query.order_by(row.selected_at))).mappings()]


async def hold_of(tx: AsyncConnection, enrollment: str, entry: int) -> Mapping[str, Any] | None:
    """The cause for which the gate holds an entry, and since when; None if it holds it for none."""
    query = select(holds.c.cause, holds.c.since)
    query = query.where(holds.c.enrollment == enrollment, holds.c.entry == entry)
    row = (await tx.execute(query)).mappings().first()
    return dict(row) if row else None


async def in_the_way(
    ledger: Ledger, tx: AsyncConnection, lead: Lead, automation: Automation
) -> list[str]:
    """What a mail to the lead would meet if it were due now, besides its window, caps and review:
    each a sentence that says how to mend it where that can be done."""
    found: list[str] = []
    if await find_behind(tx):
        found.append(f"{BEHIND} (dripstone reconcile)")
    if obstacle := await find_obstacle(ledger, tx, automation.id, sample=is_sample(lead.lead)):
        found.append(f"the automation is {obstacle.what} ({obstacle.remedy})")
    if why := await suppression_of(ledger, tx, lead):
        found.append(f"suppressed: {why} (dripstone suppress --lead {lead.lead} --history)")
    if why := await suppressed_in(tx, automation.id, lead):
        found.append(f"suppressed in this automation: {why}")
    if not lead.email:
        found.append("the lead has no e-mail address")
    if why := await why_held_back(tx, lead, automation):
        found.append(why)
    return found
