"""Whether the ledger is older than the world: a mark that only rises, kept here and outside.

A ledger that was put back from a backup has forgotten what was sent and who has opted out. While
it is behind, nothing begins; an operator settles it.
"""

from __future__ import annotations

import json
from dataclasses import dataclass
from datetime import datetime
from uuid import uuid4

from sqlalchemy import bindparam, delete, select, update
from sqlalchemy.ext.asyncio import AsyncConnection

from activities.ledger.lifecycle import Act, note
from activities.ledger.store import Ledger
from activities.ledger.tables import facts_about_ledger
from activities.ledger.upsert import insert_new

BEHIND = "the ledger is older than what has happened (dripstone reconcile)"
"""What everything is held for until it is settled."""

_HOME = "default"


@dataclass(frozen=True, slots=True)
class Mark:
    """How far a ledger has come, and when it had come so far (UTC)."""

    number: int
    at: datetime


@dataclass(frozen=True, slots=True)
class Behind:
    """A ledger that was found behind: since when, how far it was, and how far the world."""

    since: datetime
    ledger: Mark
    world: int


async def identity_of(ledger: Ledger) -> str:
    """The ledger's own name, which its backups share."""
    async with ledger.transaction() as tx:
        await _put_new(tx, "identity", uuid4().hex)
        found = await _get(tx, "identity")
    assert found
    return found


async def mark_of(ledger: Ledger, tx: AsyncConnection) -> Mark:
    """The mark of a ledger; zero as of now if it has none yet."""
    number, _, at = (await _get(tx, "mark") or "").partition(" ")
    return Mark(int(number), datetime.fromisoformat(at)) if at else Mark(0, await ledger.now(tx))


async def raise_mark(ledger: Ledger, at_least: int = 0) -> Mark:
    """The next mark, above ``at_least``."""
    async with ledger.transaction() as tx:
        return await _raise(ledger, tx, at_least)


async def fall_behind(ledger: Ledger, world: int) -> bool:
    """Write down that the ledger is behind ``world``, if it is; True if that is news."""
    async with ledger.transaction() as tx:
        mark, now = await mark_of(ledger, tx), await ledger.now(tx)
        if world <= mark.number:
            return False
        found = [now.isoformat(), mark.number, mark.at.isoformat(), world]
        is_new = await _put_new(tx, "behind", json.dumps(found))
        if is_new:
            why = f"mark {mark.number} of {mark.at.isoformat()}, but {world} was reached"
            await note(ledger, tx, Act("found_behind", _HOME, "dripstone", reason=why))
        return is_new


async def find_behind(tx: AsyncConnection) -> Behind | None:
    """What there is to settle; None if the ledger is not behind."""
    found = await _get(tx, "behind")
    if found is None:
        return None
    since, number, at, world = json.loads(found)
    mark = Mark(number, datetime.fromisoformat(at))
    return Behind(datetime.fromisoformat(since), mark, world)


async def settle_behind(ledger: Ledger, by: str, reason: str) -> bool:
    """An operator's word that the ledger knows again what it must; False if it was not behind.

    From this commit on everything begins again.
    """
    async with ledger.transaction() as tx:
        behind = await find_behind(tx)
        if behind is None:
            return False
        await _raise(ledger, tx, behind.world)
        row = facts_about_ledger.c
        here = (row.center == _HOME) & (row.name == "behind")
        await tx.execute(delete(facts_about_ledger).where(here))
        await note(ledger, tx, Act("reconciled", _HOME, by, reason=reason))
    return True


async def _raise(ledger: Ledger, tx: AsyncConnection, at_least: int) -> Mark:
    known = await mark_of(ledger, tx)
    mark = Mark(max(known.number, at_least) + 1, await ledger.now(tx))
    value = f"{mark.number} {mark.at.isoformat()}"
    if not await _put_new(tx, "mark", value):
        row = facts_about_ledger.c
        here = (row.center == _HOME) & (row.name == "mark")
        await tx.execute(update(facts_about_ledger).where(here).values(value=value))
    return mark


async def _put_new(tx: AsyncConnection, name: str, value: str) -> bool:
    row = {"center": _HOME, "name": name, "value": value}
    return await insert_new(tx, facts_about_ledger, row)


_VALUE = select(facts_about_ledger.c.value).where(
    facts_about_ledger.c.center == _HOME, facts_about_ledger.c.name == bindparam("name")
)


async def _get(tx: AsyncConnection, name: str) -> str | None:
    found: str | None = await tx.scalar(_VALUE, {"name": name})
    return found
