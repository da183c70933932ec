"""Slots: the instants at which mails may leave, each given to one mail in the claiming transaction.

A mail that has to wait for room is given its slot at once, so that thousands that are due drain in
order, each at its own time, and nobody polls. A slot counts from when it is given; one that its
mail does not come for in time lapses, and one whose lead exits is free again. A mail that is tried
again has its slot for as long; after that it is asked anew when it may leave.
"""

from __future__ import annotations

from datetime import datetime, timedelta

from sqlalchemy import BigInteger, ColumnElement, delete, func, select, type_coerce, update
from sqlalchemy.ext.asyncio import AsyncConnection

from activities.ledger.gate_tables import slots
from activities.ledger.pacing import (
    ONE_BY_ONE,
    Booked,
    Daily,
    Limit,
    Pace,
    Room,
    Stretch,
    day_of,
    first_room,
    limits_of,
)
from activities.ledger.store import Ledger
from activities.ledger.tables import effects
from activities.ledger.upsert import insert_new
from workflows.engine.consent import CHANNEL_OF

PUNCTUAL = timedelta(seconds=30)
"""So late, or half a gap, a mail may come for its slot; then it has lapsed."""

TURN = "its turn is then: mails leave one after the other"

KEPT_FOR = timedelta(days=3)
"""Older slots limit nothing any more."""


async def take_slot(tx: AsyncConnection, pace: Pace, now: datetime) -> Room | None:
    """None: this mail may leave now, and its slot is taken. Else when, and why not before.

    To be called in the transaction that writes the intent, under ``pace.locks``.
    """
    if not pace.is_limited:
        await _put(tx, pace, now, taken_at=now)  # so that a cap set later today counts it
        return None
    here = slots.c.key == pace.about["key"]
    mine = (await tx.execute(select(slots).where(here))).mappings().first()
    # The slot of a step that the lead has left is free again.
    elsewhere = _unused(pace.about["enrollment"], pace.about["entry"]) & ~here
    await tx.execute(delete(slots).where(elsewhere))
    limits = await _limits(tx, pace, now)
    room = _own_room(pace, mine["at"], limits, now) if mine else None
    room = room or first_room(now, limits)
    if room.at <= now:
        await _put(tx, pace, now, taken_at=now)
        return None
    if pace.not_after is None or room.at < pace.not_after:
        await _put(tx, pace, room.at, taken_at=None)
    return room


def _own_room(pace: Pace, at: datetime, limits: list[Limit], now: datetime) -> Room | None:
    """The mail's own slot, unless it has lapsed, or a cap was lowered and others used it up."""
    if now - at > _patience(pace):
        return None
    others = [limit for limit in limits if limit.cause != ONE_BY_ONE]
    own = max(at, now)
    return Room(own, TURN) if first_room(own, others).at == own else None


def _patience(pace: Pace) -> timedelta:
    return max(PUNCTUAL, (pace.gap or PUNCTUAL) / 2)


async def give_back_slots(tx: AsyncConnection, enrollment: str, entry: int) -> None:
    """Free the slots that an entry has not used."""
    await tx.execute(delete(slots).where(_unused(enrollment, entry)))


async def waiting_for_slots(tx: AsyncConnection, automation: str) -> tuple[int, datetime | None]:
    """How many mails of an automation wait for their slots, and when the last of these is."""
    here = (slots.c.automation == automation) & slots.c.taken_at.is_(None)
    found = (await tx.execute(select(func.count(), func.max(slots.c.at)).where(here))).one()
    return found[0], found[1]


async def forget_old_slots(ledger: Ledger, tx: AsyncConnection) -> None:
    """Take away slots that limit nothing any more."""
    await tx.execute(delete(slots).where(slots.c.at < await ledger.now(tx) - KEPT_FOR))


def _unused(enrollment: str, entry: int) -> ColumnElement[bool]:
    here = (slots.c.enrollment == enrollment) & (slots.c.entry == entry)
    return here & slots.c.taken_at.is_(None)


async def _limits(tx: AsyncConnection, pace: Pace, now: datetime) -> list[Limit]:
    by_day = [await _by_day(tx, pace, one, now) for one in pace.daily]
    busy = await _of_mailbox(tx, pace, now, pace.gap) if pace.gap else []
    person = await _of_person(tx, pace, now) if pace.rates else []
    return limits_of(pace, Booked(tuple(by_day), busy, person))


def _counts(pace: Pace, now: datetime) -> ColumnElement[bool]:
    """Slots of others that were used, or that their mails can still come for."""
    row = slots.c
    others: ColumnElement[bool] = row.key != pace.about["key"]
    alive = row.taken_at.is_not(None) | (row.at >= now - _patience(pace))
    here: ColumnElement[bool] = row.center == pace.about["center"]
    return here & others & alive


async def _by_day(tx: AsyncConnection, pace: Pace, one: Daily, now: datetime) -> dict[str, int]:
    row = slots.c
    days = row.day >= day_of(now, pace.zone)
    here = _counts(pace, now) & (row[one.column] == one.value) & days
    query = select(row.day, func.count()).where(here).group_by(row.day)
    return {found[0]: found[1] for found in await tx.execute(query)}


async def _of_mailbox(
    tx: AsyncConnection, pace: Pace, now: datetime, gap: timedelta
) -> list[Stretch]:
    """The slots of the mailbox, those with no room between them taken together.

    The database looks for the edges: of a queue of thousands there are two.
    """
    row = slots.c
    here = _counts(pace, now) & (row.mailbox == pace.about["mailbox"]) & (row.at > now - gap)
    place = type_coerce(row.at, BigInteger)
    before = place - func.lag(place).over(order_by=row.at)
    after = func.lead(place).over(order_by=row.at) - place
    around = select(row.at, before.label("before"), after.label("after")).where(here).subquery()
    room = 2 * (gap // timedelta(microseconds=1))
    begins = around.c.before.is_(None) | (around.c.before >= room)
    ends = around.c.after.is_(None) | (around.c.after >= room)
    edges = select(around.c.at, begins, ends).where(begins | ends).order_by(around.c.at)
    found = (await tx.execute(edges)).all()
    first = [edge[0] for edge in found if edge[1]]
    last = [edge[0] for edge in found if edge[2]]
    return list(zip(first, last, strict=True))


async def _of_person(tx: AsyncConnection, pace: Pace, now: datetime) -> list[datetime]:
    """When the person got, or will get, messages, as far back as a rate looks."""
    about, row = pace.about, effects.c
    since = now - max(rate.within for rate in pace.rates)
    sent = (row.center == about["center"]) & (row.person == about["person"])
    sent &= row.activity.in_(CHANNEL_OF) & row.state.in_(("INTENT", "SENT", "UNKNOWN"))
    query = select(row.intent_at).where(sent, row.intent_at > since, row.key != about["key"])
    times = list((await tx.scalars(query)).all())
    ahead = _counts(pace, now) & (slots.c.person == about["person"]) & slots.c.taken_at.is_(None)
    return sorted([*times, *(await tx.scalars(select(slots.c.at).where(ahead))).all()])


async def _put(tx: AsyncConnection, pace: Pace, at: datetime, taken_at: datetime | None) -> None:
    values = {"at": at, "day": day_of(at, pace.zone), "taken_at": taken_at}
    row = {**pace.about, **values}
    if not await insert_new(tx, slots, row):
        await tx.execute(update(slots).where(slots.c.key == pace.about["key"]).values(row))
