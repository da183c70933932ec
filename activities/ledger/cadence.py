"""When default write-backs begin: with their fact, at regular times, or when somebody says so.

Whatever the cadence, they are written down with the fact and done in that order.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from datetime import UTC, datetime, time, timedelta
from zoneinfo import ZoneInfo

from sqlalchemy import func, select, update
from sqlalchemy.ext.asyncio import AsyncConnection

from activities.ledger.salesforce_writes import SalesforceWrites
from activities.ledger.store import Ledger
from activities.ledger.tables import effects

NEVER = datetime(9999, 1, 1, tzinfo=UTC)
"""Until somebody says so."""

_EVERY = re.compile(r"every (\d+) (minute|hour)s?")


def begins_at(writes: SalesforceWrites | None, now: datetime) -> datetime | None:
    """When a write-back that is called for now may begin, in UTC; None: at once."""
    if writes is None or writes.cadence == "immediate":
        return None
    if writes.cadence == "manual":
        return NEVER
    if every := _EVERY.fullmatch(writes.cadence):
        # By the clock, not from the fact: all that is due then is done together.
        step = timedelta(**{f"{every[2]}s": int(every[1])})
        start = datetime(1970, 1, 1, tzinfo=UTC)
        return start + ((now - start) // step + 1) * step
    return _next(time.fromisoformat(writes.cadence.removeprefix("daily at ")), writes.zone, now)


def _next(clock: time, zone: str, now: datetime) -> datetime:
    place = ZoneInfo(zone)
    today = now.astimezone(place).date()
    days = (today + timedelta(days=ahead) for ahead in range(3))
    found = (datetime.combine(day, clock, place).astimezone(UTC) for day in days)
    return next(one for one in found if one > now)


async def waiting_for_time(
    ledger: Ledger, tx: AsyncConnection, center: str | None
) -> Sequence[tuple[str, str, int, datetime]]:
    """Write-backs that wait for their time: (center, what, how many, the first at)."""
    row, now = effects.c, await ledger.now(tx)
    query = select(row.center, row.activity, func.count(), func.min(row.lease_until))
    query = query.where(row.state == "PLANNED", row.lease_until > now, row.lease_owner.is_(None))
    query = query.where(row.center == center) if center else query
    grouped = query.group_by(row.center, row.activity).order_by(row.center, row.activity)
    return [(str(c), str(a), int(n), at) for c, a, n, at in await tx.execute(grouped)]


async def release_writebacks(ledger: Ledger, tx: AsyncConnection, center: str) -> int:
    """Let the write-backs of a center begin now; how many there were."""
    row, now = effects.c, await ledger.now(tx)
    here = (row.center == center) & (row.state == "PLANNED") & row.lease_owner.is_(None)
    waiting = update(effects).where(here, row.lease_until > now)
    return int((await tx.execute(waiting.values(lease_until=None))).rowcount)
