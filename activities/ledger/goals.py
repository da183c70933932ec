"""Goals that were reached before an automation could have had a part in it."""

from __future__ import annotations

from sqlalchemy import or_, select
from sqlalchemy.ext.asyncio import AsyncConnection

from activities.ledger.leads import Lead
from activities.ledger.tables import inbox
from workflows.engine.automation import Automation


async def reached_goal_before(tx: AsyncConnection, automation: Automation, lead: Lead) -> bool:
    """Whether the inbox has the goal's event of this lead, or of the same person, already."""
    if automation.goal is None:
        return False
    row = inbox.c
    same = or_(row.lead == lead.lead, row.person == lead.person)
    query = select(row.id).where(row.kind == automation.goal.event, row.center == lead.center, same)
    return await tx.scalar(query.limit(1)) is not None
