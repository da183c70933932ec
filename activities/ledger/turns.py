"""Whose turn it is in a pool: one durable cursor each, moved in the transaction of the intent."""

from __future__ import annotations

from dataclasses import dataclass

from sqlalchemy import select, update
from sqlalchemy.ext.asyncio import AsyncConnection

from activities.ledger.connections import Pool
from activities.ledger.tables import turns
from activities.ledger.upsert import insert_new


@dataclass(frozen=True, slots=True)
class Turn:
    """Whose turn it was, and who was passed over because of not being available."""

    user: str
    passed_over: tuple[str, ...]


def lock_of(center: str, pool: str) -> str:
    """The lock under which ``take_turn`` must be called."""
    return f"pool:{center}:{pool}"


async def take_turn(tx: AsyncConnection, center: str, name: str, pool: Pool) -> Turn | None:
    """Take the next turn of a pool; None if nobody is available (then the cursor stays)."""
    turn = await next_turn(tx, center, name, pool)
    if turn is None:
        return None
    place = [member.user for member in pool.members].index(turn.user)
    values = {"last_user": turn.user, "place": place}
    if not await insert_new(tx, turns, {"center": center, "pool": name, **values}):
        here = (turns.c.center == center) & (turns.c.pool == name)
        await tx.execute(update(turns).where(here).values(values))
    return turn


async def next_turn(tx: AsyncConnection, center: str, name: str, pool: Pool) -> Turn | None:
    """Whose turn is next, without taking it; None if nobody is available.

    The cursor is who had the last turn, so that an edit of the pool keeps the order. If that
    member is gone, it goes on at the place where that member stood.
    """
    here = (turns.c.center == center) & (turns.c.pool == name)
    last = (await tx.execute(select(turns).where(here))).mappings().first()
    users = [member.user for member in pool.members]
    start = 0
    if last:
        known = last["last_user"] in users
        start = users.index(last["last_user"]) + 1 if known else last["place"]
    in_order = [(start + ahead) % len(users) for ahead in range(len(users))]
    place = next((one for one in in_order if pool.members[one].available), None)
    if place is None:
        return None
    return Turn(users[place], tuple(users[one] for one in in_order[: in_order.index(place)]))
