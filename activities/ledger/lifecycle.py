"""What is done with automations, by whom and when; and what keeps one from working now.

The log is only ever added to. The switch of a center holds all of its automations at once and
leaves the state of each as it is.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import ColumnElement, and_, bindparam, exists, func, insert, or_, select
from sqlalchemy.ext.asyncio import AsyncConnection

from activities.ledger.gate_tables import halts
from activities.ledger.settings import newest_settings
from activities.ledger.store import Ledger
from activities.ledger.tables import (
    automations,
    campaign_settings,
    centers,
    lifecycle,
    lifecycle_log,
)
from activities.ledger.upsert import insert_new


@dataclass(frozen=True, slots=True)
class Act:
    """One line of the log. Without ``automation`` it was done with the whole center."""

    act: str
    center: str
    done_by: str
    automation: str | None = None
    version: int | None = None
    reason: str = ""


@dataclass(frozen=True, slots=True)
class Obstacle:
    """Why an automation does not work now, and how to mend it; ``until`` when, if it is known."""

    what: str
    remedy: str
    until: datetime | None = None


async def note(ledger: Ledger, tx: AsyncConnection, act: Act) -> None:
    """Add a line to the log, with the ledger's time."""
    await tx.execute(insert(lifecycle_log).values(**asdict(act), done_at=await ledger.now(tx)))


async def log_of(tx: AsyncConnection, center: str, automation: str) -> list[Mapping[str, Any]]:
    """The log of an automation and of its center, oldest first."""
    row = lifecycle_log.c
    about = or_(row.automation == automation, row.automation.is_(None))
    query = select(lifecycle_log).where(row.center == center, about).order_by(row.number)
    return [dict(found) for found in (await tx.execute(query)).mappings()]


async def overview(tx: AsyncConnection) -> list[Mapping[str, Any]]:
    """Each automation once: its state, its versions, and what was done with it last."""
    newest = select(automations.c.automation, func.max(automations.c.version).label("newest"))
    versions = newest.group_by(automations.c.automation).subquery()
    last = select(func.max(lifecycle_log.c.number)).where(lifecycle_log.c.automation.is_not(None))
    lines = last.group_by(lifecycle_log.c.automation)
    log = select(lifecycle_log).where(lifecycle_log.c.number.in_(lines)).subquery()
    concerned = (halts.c.automation == automations.c.automation) | (halts.c.automation == "*")
    halted = exists().where(halts.c.center == automations.c.center, concerned)
    columns: tuple[ColumnElement[Any], ...] = (
        *(
            automations.c.automation,
            automations.c.center,
            versions.c.newest.label("newest_version"),
        ),
        lifecycle.c.version.label("version_for_new_leads"),
        func.coalesce(lifecycle.c.state, "not enabled").label("state"),
        func.coalesce(centers.c.state, "enabled").label("center_state"),
        halted.label("halted"),
        *(log.c.act, log.c.done_at, log.c.done_by, log.c.reason),
    )
    query = (
        select(*columns)
        .join(
            versions,
            and_(
                automations.c.automation == versions.c.automation,
                automations.c.version == versions.c.newest,
            ),
        )
        .outerjoin(lifecycle, lifecycle.c.automation == automations.c.automation)
        .outerjoin(centers, centers.c.center == automations.c.center)
        .outerjoin(log, log.c.automation == automations.c.automation)
        .order_by(automations.c.center, automations.c.automation)
    )
    return [dict(row) for row in (await tx.execute(query)).mappings()]


IN_FORCE = (
    select(campaign_settings.c.settings)
    .where(campaign_settings.c.automation == lifecycle.c.automation)
    .order_by(campaign_settings.c.number.desc())
    .limit(1)
    .scalar_subquery()
)
"""The campaign settings in force of the automation of a ``lifecycle`` row."""

_STANDING = (
    select(lifecycle.c.center, lifecycle.c.state, centers.c.state, IN_FORCE)
    .outerjoin(centers, centers.c.center == lifecycle.c.center)
    .where(lifecycle.c.automation == bindparam("automation"))
)


async def find_obstacle(
    ledger: Ledger, tx: AsyncConnection, automation: str, *, sample: bool = False
) -> Obstacle | None:
    """What keeps the automation from working now; None if nothing does.

    For a ``sample`` lead it need not be enabled yet: that is what samples are for.
    """
    found: Any = (await tx.execute(_STANDING, {"automation": automation})).first()
    if found is None and not sample:
        return Obstacle("not enabled", f"dripstone enable {automation}")
    if found is None:
        published = select(automations.c.center).where(automations.c.automation == automation)
        here = centers.c.center.in_(published)
        state = await tx.scalar(select(centers.c.state).where(here))
        found = (await tx.scalar(published.limit(1)), "enabled", state, {})
    center, state, state_of_center, in_force = found
    if state == "archived":
        return Obstacle("archived", "dripstone publish FILE --enable makes a new version")
    if state != "enabled":
        return Obstacle(state, f"dripstone enable {automation}")
    if state_of_center == "disabled":
        return Obstacle("disabled with its center", f"dripstone enable --center {center}")
    ended = end_of(in_force or {})
    if ended and ended <= await ledger.now(tx):
        later = f"dripstone settings edit {automation} 'active_until: ...', then enable it"
        return Obstacle(f"past its end, {ended.isoformat()}", later)
    return None


async def find_obstacle_to_entry(
    ledger: Ledger, tx: AsyncConnection, automation: str, *, sample: bool = False
) -> Obstacle | None:
    """What keeps leads from entering now; None if nothing does.

    Beside what keeps it from working, that it has not begun: who is inside goes on all the same,
    and a ``sample`` lead may enter before.
    """
    obstacle = await find_obstacle(ledger, tx, automation, sample=sample)
    if obstacle or sample:
        return obstacle
    begins = begin_of(await newest_settings(tx, automation))
    if begins is None or begins <= await ledger.now(tx):
        return None
    sooner = f"wait for it, or dripstone settings edit {automation} 'active_from: null'"
    return Obstacle(f"not active before {begins.isoformat()}", sooner, begins)


def begin_of(settings: Mapping[str, Any]) -> datetime | None:
    """From when on campaign settings let leads enter; None: as soon as it is enabled."""
    written = settings.get("active_from")
    return datetime.fromisoformat(written) if written else None


def end_of(settings: Mapping[str, Any]) -> datetime | None:
    """Until when campaign settings let a campaign be active; None: without end."""
    written = settings.get("active_until")
    return datetime.fromisoformat(written) if written else None


async def automations_of(tx: AsyncConnection, center: str) -> list[str]:
    """The automations of a center that were ever published."""
    query = select(automations.c.automation).where(automations.c.center == center).distinct()
    return sorted((await tx.scalars(query)).all())


async def switch_center(ledger: Ledger, center: str, state: str, by: str) -> list[str]:
    """Enable or disable a center as a whole, from this commit on; its automations.

    Effects that are being claimed in any of them are waited for, as when one is disabled.
    """
    async with ledger.reading() as tx:
        names = await automations_of(tx, center)
    async with ledger.transaction(*(f"automation:{name}" for name in names)) as tx:
        row = {
            "center": center,
            "state": state,
            "changed_at": await ledger.now(tx),
            "changed_by": by,
        }
        here = centers.c.center == center
        before = await tx.scalar(select(centers.c.state).where(here))
        if not await insert_new(tx, centers, row):
            await tx.execute(centers.update().where(here).values(row))
        if (before or "enabled") != state:
            await note(ledger, tx, Act(state, center, by))
    return names
