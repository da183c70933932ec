"""Aliases: the id of a lead's record in each other system, as that system gave it."""

from __future__ import annotations

import re

from sqlalchemy import select, update
from sqlalchemy.ext.asyncio import AsyncConnection

from activities.ledger.erased import is_erased
from activities.ledger.leads import Lead
from activities.ledger.store import Ledger
from activities.ledger.tables import aliases
from activities.ledger.upsert import insert_new

SHAPES = {
    "hubspot": re.compile(r"[0-9]{1,20}"),
    "marketo": re.compile(r"[0-9]{1,20}"),
}
"""What a record's id looks like."""


async def record_of(tx: AsyncConnection, lead: Lead, system: str) -> str | None:
    """The id of the lead's record in ``system``, if it is known for sure.

    It is the lead's own id, or what a push was answered, or the lead's field ``{system}_id``, in
    which whoever imported the lead said so. An address is never looked at.
    """
    if system == "salesforce" and lead.lead.startswith("sf-"):
        return lead.salesforce_id
    row = aliases.c
    here = (row.center == lead.center) & (row.lead == lead.lead) & (row.system == system)
    known: str | None = await tx.scalar(select(row.record).where(here))
    return known or told_record(lead, system)


def told_record(lead: Lead, system: str) -> str | None:
    """What the lead itself tells of its record in ``system``: by its id, or by a field."""
    if system == "salesforce":
        return lead.salesforce_id
    told = str(lead.fields.get(f"{system}_id") or "").strip()
    return told if SHAPES[system].fullmatch(told) else None


async def remember(
    ledger: Ledger, tx: AsyncConnection, lead: Lead, system: str, record: str
) -> None:
    """Note what ``system`` calls the lead; what it says later is right. Not of who was erased."""
    if await is_erased(tx, lead.center, lead.lead, lead.person):
        return
    row = aliases.c
    here = (row.center == lead.center) & (row.lead == lead.lead) & (row.system == system)
    values = {"record": record, "noted_at": await ledger.now(tx)}
    about = {"center": lead.center, "lead": lead.lead, "system": system}
    if not await insert_new(tx, aliases, about | values):
        await tx.execute(update(aliases).where(here).values(values))
