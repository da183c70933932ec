"""Who is held by the gate, and for which cause: to let them go on once it is removed."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from sqlalchemy import ColumnElement, bindparam, delete, select, update
from sqlalchemy.ext.asyncio import AsyncConnection

from activities.ledger.store import Ledger
from activities.ledger.tables import admissions, holds
from activities.ledger.upsert import insert_new


async def put_hold(
    ledger: Ledger, tx: AsyncConnection, entry: Mapping[str, Any], cause: str
) -> None:
    """Remember that the gate holds an entry until ``cause`` is removed: the cause found last."""
    row = {
        "center": entry["center"],
        "enrollment": entry["enrollment"],
        "entry": entry["entry"],
        "cause": cause[:255],
        "since": await ledger.now(tx),
    }
    if not await insert_new(tx, holds, row):
        here = (holds.c.enrollment == row["enrollment"]) & (holds.c.entry == row["entry"])
        await tx.execute(update(holds).where(here).values(cause=row["cause"]))


_REMOVING = delete(holds).where(
    holds.c.enrollment == bindparam("enrollment"), holds.c.entry == bindparam("entry")
)


async def remove_hold(tx: AsyncConnection, enrollment: str, entry: int) -> None:
    """The entry is no longer held."""
    await tx.execute(_REMOVING, {"enrollment": enrollment, "entry": entry})


async def held_in(tx: AsyncConnection, automation: str, limit: int) -> list[Mapping[str, Any]]:
    """Entries of an automation that the gate holds for a cause, longest held first."""
    return await held_where(tx, admissions.c.automation == automation, limit)


async def held_for(
    tx: AsyncConnection, center: str, cause: str, limit: int
) -> list[Mapping[str, Any]]:
    """Entries of a center that the gate holds for this cause, longest held first."""
    which = (holds.c.center == center) & (holds.c.cause == cause[:255])
    return await held_where(tx, which, limit)


async def held_no_more(
    tx: AsyncConnection, beginning: str, causes: Sequence[tuple[str, str]], limit: int
) -> list[Mapping[str, Any]]:
    """Entries held for a cause with such a ``beginning`` that is not one of the ``causes`` there
    are now, (center, cause); longest held first."""
    here = holds.c.cause.startswith(beginning, autoescape=True)
    for center, cause in causes:
        here &= (holds.c.center != center) | (holds.c.cause != cause[:255])
    return await held_where(tx, here, limit)


async def held_where(
    tx: AsyncConnection, which: ColumnElement[bool], limit: int
) -> list[Mapping[str, Any]]:
    """Those of these entries that the gate holds for a cause, longest held first."""
    query = (
        select(holds.c.since, admissions)
        .join(
            admissions,
            (holds.c.enrollment == admissions.c.enrollment) & (holds.c.entry == admissions.c.entry),
        )
        .where(which)
        .order_by(holds.c.since)
        .limit(limit)
    )
    return [dict(row) for row in (await tx.execute(query)).mappings()]
