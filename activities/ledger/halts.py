"""The kill switch: no message of an automation, or of a whole center, leaves until it is lifted.

Leads enter and their waits run on; only messages to leads are held. Every halt and release stands
in the log of what was done.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from sqlalchemy import bindparam, delete, select
from sqlalchemy.ext.asyncio import AsyncConnection

from activities.ledger.gate_tables import halts
from activities.ledger.leads import Lead
from activities.ledger.lifecycle import Act, automations_of, note
from activities.ledger.publishing import newest_version
from activities.ledger.replies import why_reply_holds
from activities.ledger.store import Ledger
from activities.ledger.upsert import insert_new
from activities.ledger.waves import why_wave_halted
from workflows.engine.automation import Automation

EVERY = "*"
"""In place of an automation: all of the center."""


async def halt(ledger: Ledger, center: str, automation: str | None, why: tuple[str, str]) -> bool:
    """Halt an automation, or a center; ``why`` is (who, reason). False if it was halted already.

    Effects that are being claimed are waited for: none begins after this commit.

    Raises:
        NotPublished: there is no such automation.
    """
    async with ledger.transaction(*await _locks(ledger, center, automation)) as tx:
        if automation:
            await newest_version(tx, automation)
        row = {
            "center": center,
            "automation": automation or EVERY,
            "reason": why[1],
            "since": await ledger.now(tx),
            "halted_by": why[0],
        }
        is_new = await insert_new(tx, halts, row)
        if is_new:
            await note(ledger, tx, Act("halted", center, why[0], automation, reason=why[1]))
    return is_new


async def lift(
    ledger: Ledger, center: str, automation: str | None, why: tuple[str, str]
) -> list[str] | None:
    """Lift a halt; the automations whose held leads may go on. None if there was no halt."""
    async with ledger.transaction() as tx:
        row = halts.c
        here = (row.center == center) & (row.automation == (automation or EVERY))
        if not (await tx.execute(delete(halts).where(here))).rowcount:
            return None
        await note(ledger, tx, Act("released", center, why[0], automation, reason=why[1]))
        return [automation] if automation else await automations_of(tx, center)


_HALTS = select(halts).where(halts.c.center == bindparam("center")).order_by(halts.c.automation)


async def halts_of(tx: AsyncConnection, center: str) -> list[Mapping[str, Any]]:
    """What is halted in a center now, the center itself first."""
    return [dict(row) for row in (await tx.execute(_HALTS, {"center": center})).mappings()]


async def why_halted(tx: AsyncConnection, center: str, automation: str, lead: str = "") -> str:
    """Why no message of an automation, or to this lead of it, may leave; empty if it may."""
    for row in await halts_of(tx, center):
        if row["automation"] in (EVERY, automation):
            what = f"center {center}" if row["automation"] == EVERY else "the automation"
            return f"{what} is halted by {row['halted_by']}: {row['reason']}"[:250]
    return await why_wave_halted(tx, automation, lead) if lead else ""


async def why_held_back(tx: AsyncConnection, lead: Lead, automation: Automation) -> str:
    """Why no message of an automation may leave for a lead until somebody decides so: a halt, or
    for campaigns a reply that is to be judged; empty if nothing stands in the way."""
    halted = await why_halted(tx, lead.center, automation.id, lead.lead)
    if halted or not automation.campaign:
        return halted
    return await why_reply_holds(tx, lead.center, lead.lead, lead.person)


async def _locks(ledger: Ledger, center: str, automation: str | None) -> list[str]:
    if automation:
        return [f"automation:{automation}"]
    async with ledger.reading() as tx:
        return [f"automation:{name}" for name in await automations_of(tx, center)]
