"""The history of suppressions: what was put down, taken back by START, or lifted by an operator.

A suppression is lifted and not deleted, by an operator alone, who says why.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from sqlalchemy import ColumnElement, and_, insert, or_, select, update
from sqlalchemy.ext.asyncio import AsyncConnection

from activities.ledger.store import Ledger
from activities.ledger.tables import inbox, suppression_log, suppressions

SUPPRESSED, TAKEN_BACK, LIFTED = "suppressed", "taken_back", "lifted"
_OF_A_ROW = ("center", "scope", "subject", "channel", "event")

Subject = tuple[str, str]
"""What a row is about: (scope, subject)."""


@dataclass(frozen=True, slots=True)
class Lifting:
    """An operator's word that a suppression no longer holds."""

    by: str
    why: str
    channel: str | None = None


async def note(tx: AsyncConnection, row: Mapping[str, Any], act: str) -> None:
    """Add a line to the history: this row was put down, or taken back."""
    line = {name: row[name] for name in _OF_A_ROW}
    line |= {"act": act, "reason": row["reason"], "at": row["at"], "done_by": ""}
    await tx.execute(insert(suppression_log).values(line))


async def sign(tx: AsyncConnection, event: str, by: str, why: str) -> None:
    """Write down which operator is behind the lines of an event, and why."""
    row = suppression_log.c
    said = {"done_by": by} | ({"reason": row.reason + f": {why}"} if why else {})
    here = (row.event == event) & (row.done_by == "")
    await tx.execute(update(suppression_log).where(here).values(said))


def about(subjects: Sequence[Subject]) -> ColumnElement[bool]:
    """The suppressions of these subjects."""
    row = suppressions.c
    return or_(*(and_(row.scope == scope, row.subject == name) for scope, name in subjects))


async def in_force(
    tx: AsyncConnection, center: str, subjects: Sequence[Subject], channel: str | None = None
) -> list[Mapping[str, Any]]:
    """The suppressions of these subjects that hold now, oldest first."""
    row = suppressions.c
    query = select(suppressions).where(row.center == center, row.lifted_at.is_(None))
    query = query.where(row.channel == channel) if channel else query
    found = await tx.execute(query.where(about(subjects)).order_by(row.at, row.scope))
    return [dict(one) for one in found.mappings()]


async def lift(
    ledger: Ledger,
    tx: AsyncConnection,
    center: str,
    subjects: Sequence[Subject],
    lifting: Lifting,
) -> list[Mapping[str, Any]]:
    """Lift what holds for these subjects, in one channel or in all; what was lifted.

    The rows stay, so that the history is complete, and the next opt-out holds again.
    """
    now = await ledger.now(tx)
    rows = await in_force(tx, center, subjects, lifting.channel)
    for found in rows:
        row = suppressions.c
        key = [row[name] == found[name] for name in ("center", "scope", "subject", "channel")]
        await tx.execute(update(suppressions).where(*key).values(lifted_at=now))
        line = {name: found[name] for name in _OF_A_ROW}
        line |= {"act": LIFTED, "reason": lifting.why, "at": now, "done_by": lifting.by}
        await tx.execute(insert(suppression_log).values(line))
    return rows


async def history_of(
    tx: AsyncConnection, center: str, subjects: Sequence[Subject]
) -> list[Mapping[str, Any]]:
    """All that was ever suppressed and lifted for these subjects, oldest first.

    ``source`` is where the fact behind a line came from, as far as the inbox still has it.
    """
    row = suppression_log.c
    named = or_(*(and_(row.scope == scope, row.subject == name) for scope, name in subjects))
    query = (
        select(suppression_log, inbox.c.source)
        .outerjoin(inbox, inbox.c.id == row.event)
        .where(row.center == center, named)
        .order_by(row.number)
    )
    return [dict(one) for one in (await tx.execute(query)).mappings()]
