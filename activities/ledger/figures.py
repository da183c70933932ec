"""The ledger in numbers, for dashboards and alerts: counts and ages, of nobody in particular.

Every label is a word of the code: no lead, person, automation or message can be told from them.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlalchemy import func, select
from sqlalchemy.ext.asyncio import AsyncConnection

from activities.ledger.gate import REVIEW_WANTED
from activities.ledger.store import Ledger
from activities.ledger.tables import admissions, alerts, deliveries, effects, holds, inbox, leases

TOLD_NOW = ("ADMITTED", "RUNNING", "SUPERSEDED")
"""States of entries that are told events at once: who waits for a lane is told on admission."""


@dataclass(frozen=True, slots=True)
class Figures:
    """Counts by their labels, and how long the oldest of what waits has waited.

    ``effects`` is by activity and state, ``holds`` by class of cause. ``repair_until`` is when the
    lease of the repair loop ends; None: no worker has it.
    """

    now: datetime
    admissions: Mapping[str, int]
    effects: Mapping[tuple[str, str], int]
    holds: Mapping[str, int]
    deliveries: int
    oldest_delivery: timedelta
    oldest_write_back: timedelta
    open_alerts: int
    repair_until: datetime | None

    @property
    def unknown(self) -> int:
        """Effects of which nobody knows whether they happened."""
        return sum(count for (_, state), count in self.effects.items() if state == "UNKNOWN")


async def read_figures(ledger: Ledger, tx: AsyncConnection) -> Figures:
    """Count, in one consistent read. It looks at every effect: not for each of many callers."""
    now = await ledger.now(tx)
    entry, effect = admissions.c, effects.c
    by_state = await tx.execute(select(entry.state, func.count()).group_by(entry.state))
    by_activity = select(effect.activity, effect.state, func.count())
    done = await tx.execute(by_activity.group_by(effect.activity, effect.state))
    planned = await tx.scalar(select(func.min(effect.planned_at)).where(effect.state == "PLANNED"))
    pending, oldest = await _pending(tx)
    unseen = select(func.count()).where(alerts.c.acknowledged_at.is_(None))
    return Figures(
        now=now,
        admissions={row[0]: row[1] for row in by_state},
        effects={(row[0], row[1]): row[2] for row in done},
        holds=await _holds(tx),
        deliveries=pending,
        oldest_delivery=_age(oldest, now),
        oldest_write_back=_age(planned, now),
        open_alerts=await tx.scalar(unseen) or 0,
        repair_until=await tx.scalar(select(leases.c.until).where(leases.c.name == "repair")),
    )


def class_of_cause(cause: str) -> str:
    """What kind of thing a lead is held for: causes themselves name automations and people."""
    if " is halted by " in cause:
        return "halted"
    if cause.startswith("the automation is "):
        return "switched_off"
    if cause.startswith("the template "):
        return "template"
    return "review" if cause == REVIEW_WANTED else "other"


async def _holds(tx: AsyncConnection) -> Mapping[str, int]:
    found: Counter[str] = Counter()
    row = holds.c
    for cause, count in await tx.execute(select(row.cause, func.count()).group_by(row.cause)):
        found[class_of_cause(cause)] += count
    return found


async def _pending(tx: AsyncConnection) -> tuple[int, datetime | None]:
    told, entry = deliveries.c, admissions.c
    query = (
        select(func.count(), func.min(inbox.c.received_at))
        .select_from(deliveries)
        .join(inbox, inbox.c.id == told.event)
        .join(admissions, (entry.enrollment == told.enrollment) & (entry.entry == told.entry))
        .where(told.state == "PENDING", entry.state.in_(TOLD_NOW))
    )
    count, oldest = (await tx.execute(query)).one()
    return count, oldest


def _age(since: datetime | None, now: datetime) -> timedelta:
    return max(now - since, timedelta()) if since else timedelta()
