"""Handovers in the ledger: what another tool is to do with a lead, and what it has confirmed.

What is wanted follows from the ledger alone as soon as a lead is stopped, so that a stop reaches
the other tool though the workflow is gone, paused or out of reach.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import ColumnElement, Select, and_, func, literal, or_, select, update
from sqlalchemy.ext.asyncio import AsyncConnection

from activities.ledger.handover_targets import END as END
from activities.ledger.handover_targets import GO as GO
from activities.ledger.handover_targets import PAUSE as PAUSE
from activities.ledger.handover_targets import target
from activities.ledger.instant import Instant
from activities.ledger.store import Ledger
from activities.ledger.tables import handovers
from activities.ledger.upsert import insert_new

ADDING, ACTIVE, PAUSED, ENDED = "ADDING", "ACTIVE", "PAUSED", "ENDED"
OPEN = (ADDING, ACTIVE, PAUSED)
LAST_WORD = 1_000_000_000
"""A serial number that no wish of a journey comes after."""
LEASE = timedelta(seconds=30)
BACKOFF = timedelta(seconds=5)
LONGEST_BACKOFF = timedelta(minutes=5)


@dataclass(frozen=True, slots=True)
class Handover:
    """One visit of a handover step. ``target`` is what the other tool must do now, after all.

    ``state``: ADDING (perhaps there), ACTIVE (it may mail), PAUSED, ENDED (it has stopped, and
    ``ended_how``); a stop is confirmed once the state says so.
    """

    key: str
    center: str
    enrollment: str
    entry: int
    step: str
    visit: int
    automation: str
    lead: str
    token: str
    campaign: int
    mails: int | None
    sent: int
    vendor_lead: str | None
    state: str
    wanted: str
    target: str
    ended_how: str
    problem: str
    attempts: int
    asked_at: datetime
    stop_wanted_at: datetime | None
    confirmed_at: datetime | None
    next_at: datetime


def _query() -> Select[Any]:
    return select(handovers, target().label("target"))


async def find_handover(tx: AsyncConnection, key: str) -> Handover | None:
    """The handover of that visit."""
    row = (await tx.execute(_query().where(handovers.c.key == key))).mappings().first()
    return _handover(row) if row else None


async def newest_by_token(tx: AsyncConnection, token: str, campaign: int) -> Handover | None:
    """The last handover that carries a key of ours, in that campaign."""
    row = handovers.c
    query = _query().where(row.token == token, row.campaign == campaign)
    query = query.order_by(row.asked_at.desc(), row.visit.desc()).limit(1)
    found = (await tx.execute(query)).mappings().first()
    return _handover(found) if found else None


async def find_reported(
    tx: AsyncConnection, campaign: int, token: str, vendor_lead: str
) -> Handover | None:
    """The handover that a report is about: by our key, else by the vendor's id of the lead."""
    if token:
        return await newest_by_token(tx, token, campaign)
    row = handovers.c
    query = _query().where(row.vendor_lead == vendor_lead, row.campaign == campaign)
    query = query.order_by(row.asked_at.desc()).limit(1)
    found = (await tx.execute(query)).mappings().first() if vendor_lead else None
    return _handover(found) if found else None


async def note_sent(tx: AsyncConnection, key: str, number: int) -> None:
    """Another tool has sent its mail of that number."""
    fewer = (handovers.c.key == key) & (handovers.c.sent < number)
    await tx.execute(update(handovers).where(fewer).values(sent=number))


async def others_of(tx: AsyncConnection, token: str, campaign: int, key: str) -> list[Handover]:
    """Other handovers of the same lead into the same campaign, oldest first."""
    row = handovers.c
    query = _query().where(row.token == token, row.campaign == campaign, row.key != key)
    return [
        _handover(found) for found in (await tx.execute(query.order_by(row.asked_at))).mappings()
    ]


def _handover(row: Any) -> Handover:
    return Handover(**{name: row[name] for name in Handover.__dataclass_fields__})


async def open_handover(ledger: Ledger, tx: AsyncConnection, row: Mapping[str, Any]) -> None:
    """Write down that a lead is about to be handed over, before anybody is asked.

    One that had ended although its visit goes on (a suppression was lifted) begins anew.
    """
    now = await ledger.now(tx)
    first = {"state": ADDING, "wanted": GO, "asked_at": now, "next_at": now}
    if not await insert_new(tx, handovers, {**row, **first}):
        ended = (handovers.c.key == row["key"]) & (handovers.c.state == ENDED)
        await tx.execute(update(handovers).where(ended).values(**first, ended_how=""))


async def change_handover(tx: AsyncConnection, key: str, **values: object) -> None:
    """Write down what became of a handover; what has ended stays so."""
    here = (handovers.c.key == key) & (handovers.c.state != ENDED)
    await tx.execute(update(handovers).where(here).values(values))


async def want(ledger: Ledger, tx: AsyncConnection, key: str, what: str, serial: int) -> None:
    """What the journey wants of the other tool; an older wish changes nothing."""
    newer = (handovers.c.key == key) & (handovers.c.wanted_serial < serial)
    values = {"wanted": what, "wanted_serial": serial, "next_at": await ledger.now(tx)}
    await tx.execute(update(handovers).where(newer, handovers.c.wanted != END).values(values))


def _unmet() -> ColumnElement[bool]:
    """Whether the other tool does not do yet what it must."""
    row, must = handovers.c, target()
    return and_(
        row.state.in_(OPEN),
        or_(
            must == END,
            and_(must == PAUSE, row.state != PAUSED),
            and_(must == GO, row.state == PAUSED),
        ),
    )


async def unmet(ledger: Ledger, tx: AsyncConnection, limit: int) -> list[Handover]:
    """Handovers that have to be told something now, longest due first."""
    due = handovers.c.next_at <= await ledger.now(tx)
    query = _query().where(_unmet(), due).order_by(handovers.c.next_at).limit(limit)
    return [_handover(row) for row in (await tx.execute(query)).mappings()]


async def unconfirmed(tx: AsyncConnection, center: str | None, limit: int) -> list[Handover]:
    """Handovers whose stop is wanted and not confirmed: an operator may have to see to it."""
    query = _query().where(_unmet(), target() != GO)
    return await _listed(tx, query, center, limit)


async def lent(tx: AsyncConnection, center: str | None, limit: int) -> list[Handover]:
    """All handovers that have not ended."""
    return await _listed(tx, _query().where(handovers.c.state.in_(OPEN)), center, limit)


async def _listed(
    tx: AsyncConnection, query: Select[Any], center: str | None, limit: int
) -> list[Handover]:
    if center:
        query = query.where(handovers.c.center == center)
    query = query.order_by(handovers.c.asked_at).limit(limit)
    return [_handover(row) for row in (await tx.execute(query)).mappings()]


async def take(ledger: Ledger, tx: AsyncConnection, key: str, owner: str) -> Handover | None:
    """Lease a handover to whoever is about to tell the other tool; None if another has it."""
    now = await ledger.now(tx)
    row = handovers.c
    free = or_(row.lease_until.is_(None), row.lease_until < now)
    values = {
        "lease_owner": owner,
        "lease_until": now + LEASE,
        "attempts": row.attempts + 1,
        "stop_wanted_at": func.coalesce(row.stop_wanted_at, literal(now, Instant())),
    }
    mine = await tx.execute(update(handovers).where(row.key == key, free).values(values))
    return await find_handover(tx, key) if mine.rowcount else None


async def give_up(
    ledger: Ledger, tx: AsyncConnection, taken: Handover, problem: str, wait: timedelta | None
) -> None:
    """It could not be told: try again later, and say why it is not confirmed."""
    wait = wait or min(BACKOFF * 2 ** min(taken.attempts, 10), LONGEST_BACKOFF)
    later = await ledger.now(tx) + wait
    values = {"problem": problem[:300], "next_at": later, "lease_until": None}
    await change_handover(tx, taken.key, **values)


async def confirm(
    ledger: Ledger, tx: AsyncConnection, taken: Handover, state: str, how: str = ""
) -> None:
    """The other tool has confirmed: it has stopped, or goes on."""
    now = await ledger.now(tx)
    stopped = {"confirmed_at": now} if state != ACTIVE else {"stop_wanted_at": None}
    values = {"state": state, "ended_how": how, "problem": "", "attempts": 0, **stopped}
    await change_handover(tx, taken.key, **values, next_at=now, lease_until=None)
