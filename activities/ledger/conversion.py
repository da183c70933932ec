"""How many of the leads reached the goal: of those that entered, and of those that are through."""

from __future__ import annotations

from dataclasses import dataclass

from sqlalchemy import ColumnElement, String, cast, distinct, func, select, true
from sqlalchemy.ext.asyncio import AsyncConnection

from activities.ledger.publishing import find_version
from activities.ledger.report_facts import seen_by_entry
from activities.ledger.samples import production
from activities.ledger.tables import admissions, inbox
from workflows.engine.exits import ExitReason


@dataclass(frozen=True, slots=True)
class Conversion:
    """Entries that saw the goal, whether it ended them or not, and how many they are of all.

    ``over_entered`` is what counts; ``over_ended`` are those among entries that are through.
    Both are shares from 0 to 1, and None where there is nothing to be a share of.
    """

    goals: int = 0
    entered: int = 0
    ended: int = 0
    over_entered: float | None = None
    over_ended: float | None = None


async def count_conversion(tx: AsyncConnection, automation: str, version: int | None) -> Conversion:
    """Count by the goal of this version; None: nobody has entered yet."""
    if version is None:
        return Conversion()
    definition = (await find_version(tx, automation, version)).definition
    goal = definition.goal
    has_goal = goal or any(step.kind == "goal" for step in definition.steps)
    through = admissions.c.state == "CLOSED"
    kind = goal.event if goal else ""
    goals = await _goals(tx, automation, kind, true())
    entered, ended = await _entries(tx, automation, true()), await _entries(tx, automation, through)
    return Conversion(
        goals=goals,
        entered=entered,
        ended=ended,
        over_entered=share(goals, entered) if has_goal else None,
        over_ended=share(await _goals(tx, automation, kind, through), ended) if has_goal else None,
    )


def share(part: int, whole: int) -> float | None:
    """``part`` of ``whole``, to four digits; None if there is no whole."""
    return round(part / whole, 4) if whole else None


async def _goals(
    tx: AsyncConnection, automation: str, kind: str, which: ColumnElement[bool]
) -> int:
    entry = admissions.c.enrollment + "/" + cast(admissions.c.entry, String)
    # A step of kind goal is told by the exit alone.
    reached = (inbox.c.kind == kind) | (admissions.c.exit == ExitReason.GOAL_REACHED)
    seen = seen_by_entry(automation) & reached & which
    return int(await tx.scalar(select(func.count(distinct(entry))).where(seen)) or 0)


async def _entries(tx: AsyncConnection, automation: str, which: ColumnElement[bool]) -> int:
    query = select(func.count()).select_from(admissions).where(production(automation), which)
    return int(await tx.scalar(query) or 0)
