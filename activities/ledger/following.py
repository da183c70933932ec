"""Follow-ups: a lead that has left a campaign goes on in the automation that the campaign names.

The closing transaction writes down what follows; the repair loop asks for the admission, which is
decided like any other. It is answered once, and a chain of automations never comes round.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from sqlalchemy import select, update
from sqlalchemy.ext.asyncio import AsyncConnection

from activities.ledger.admissions import Request, refuse
from activities.ledger.firings import FOLLOW_UP, chain_of
from activities.ledger.leads import find_lead
from activities.ledger.store import Ledger
from activities.ledger.tables import admissions
from workflows.engine.automation import Automation
from workflows.engine.exits import ExitReason
from workflows.engine.router import LONGEST_CHAIN

AT_ONCE = 100


def follower_of(automation: Automation, reason: ExitReason) -> str | None:
    """The automation that leads go on in after this exit."""
    follow_up = automation.campaign.follow_up if automation.campaign else None
    return follow_up.enroll_in if follow_up and reason.value in follow_up.on else None


async def waiting_to_follow(tx: AsyncConnection) -> Sequence[Mapping[str, Any]]:
    """Closed entries whose lead is still to be enrolled, longest closed first."""
    row = admissions.c
    query = select(admissions).where(row.follow_up.is_not(None)).order_by(row.closed_at)
    return [dict(found) for found in (await tx.execute(query.limit(AT_ONCE))).mappings()]


async def request_to_follow(tx: AsyncConnection, entry: Mapping[str, Any]) -> Request | None:
    """What to ask for. The cause is the entry: asked twice, it is answered once."""
    lead = await find_lead(tx, entry["center"], entry["lead"])
    cause = f"{FOLLOW_UP}{entry['enrollment']}/{entry['entry']}"
    return Request(entry["follow_up"], lead, cause) if lead else None


async def may_follow(ledger: Ledger, entry: Mapping[str, Any], request: Request) -> bool:
    """Whether the chain of follow-ups may go on; a loop is refused for the record."""
    async with ledger.transaction() as tx:
        chain = await chain_of(tx, entry)
        loops = request.automation in chain
        if loops:
            around = " -> ".join(map(str, (*chain, request.automation)))
            await refuse(ledger, tx, request, f"loop of follow-ups: {around}")
        elif len(chain) >= LONGEST_CHAIN:
            why = f"loop of follow-ups: {LONGEST_CHAIN} automations have led to one another"
            await refuse(ledger, tx, request, why)
    return not loops and len(chain) < LONGEST_CHAIN


async def followed(ledger: Ledger, entry: Mapping[str, Any]) -> None:
    """The request of this entry has been answered."""
    row = admissions.c
    here = (row.enrollment == entry["enrollment"]) & (row.entry == entry["entry"])
    async with ledger.transaction() as tx:
        await tx.execute(update(admissions).where(here).values(follow_up=None))
