"""The numbered rows of campaign settings: those in force, and all that were before them."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from sqlalchemy import bindparam, func, insert, select
from sqlalchemy.ext.asyncio import AsyncConnection

from activities.ledger.store import Ledger
from activities.ledger.tables import campaign_settings
from workflows.engine.automation import Automation
from workflows.engine.campaign_settings import CampaignSettings


@dataclass(frozen=True, slots=True)
class Change:
    """Who makes a new row of settings, and why."""

    by: str
    reason: str = ""


_IN_FORCE = (
    select(campaign_settings.c.settings)
    .where(campaign_settings.c.automation == bindparam("automation"))
    .order_by(campaign_settings.c.number.desc())
    .limit(1)
)


async def newest_settings(tx: AsyncConnection, automation: str) -> Mapping[str, Any]:
    """The settings in force as they are kept; empty for an automation without a campaign."""
    return await tx.scalar(_IN_FORCE, {"automation": automation}) or {}


async def settings_of(tx: AsyncConnection, automation: str) -> CampaignSettings:
    """The settings in force; all at their defaults for an automation without a campaign."""
    return CampaignSettings.read(await newest_settings(tx, automation))


async def priority_in_force(tx: AsyncConnection, automation: Automation) -> int:
    """Who wins a lane: the higher one; a tie stays."""
    return (await settings_of(tx, automation.id)).priority if automation.campaign else 0


async def all_settings(tx: AsyncConnection, automation: str) -> list[Mapping[str, Any]]:
    """Every row of an automation's settings, oldest first."""
    here = campaign_settings.c.automation == automation
    query = select(campaign_settings).where(here).order_by(campaign_settings.c.number)
    return [dict(row) for row in (await tx.execute(query)).mappings()]


async def put_settings(
    ledger: Ledger,
    tx: AsyncConnection,
    automation: Automation,
    settings: CampaignSettings,
    change: Change,
) -> int:
    """Make these settings the ones in force, as a new row; its number.

    If the exit criteria are others than before, the row waits to be evaluated over the leads.
    """
    before = await settings_of(tx, automation.id)
    row, now = campaign_settings, await ledger.now(tx)
    newest = select(func.max(row.c.number)).where(row.c.automation == automation.id)
    number = (await tx.scalar(newest) or 0) + 1
    settled = settings.exits == before.exits and not await _is_unsettled(tx, automation.id)
    values = {
        "center": automation.center,
        "automation": automation.id,
        "number": number,
        "settings": settings.written(),
        "changed_at": now,
        "changed_by": change.by,
        "reason": change.reason,
        "reached_at": now if settled or settings.exits.when is None else None,
    }
    await tx.execute(insert(row).values(values))
    return number


async def _is_unsettled(tx: AsyncConnection, automation: str) -> bool:
    """Whether the settings in force have not reached all leads in flight yet."""
    row = campaign_settings.c
    query = select(row.number, row.reached_at).where(row.automation == automation)
    newest = (await tx.execute(query.order_by(row.number.desc()).limit(1))).first()
    return newest is not None and newest.reached_at is None


async def keep_settings(
    ledger: Ledger,
    tx: AsyncConnection,
    before: Automation | None,
    automation: Automation,
    by: str,
) -> None:
    """Settings of a version that is being published.

    The first version's are those of the definition. A later one changes what its author changed;
    what was edited since stays edited.
    """
    if automation.campaign is None:
        return
    wanted = CampaignSettings.of(automation.campaign)
    if before is not None and before.campaign is not None:
        in_force = await settings_of(tx, automation.id)
        wanted = in_force.carried_over(CampaignSettings.of(before.campaign), wanted)
    await put_settings(ledger, tx, automation, wanted, Change(by, "published"))
