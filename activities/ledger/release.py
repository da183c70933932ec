"""Letting the held go on: when what the gate held them for is gone, they are told by an event."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any

from sqlalchemy import select

from activities.ledger.connections import Connections
from activities.ledger.feeds import CAUSE, feed_states
from activities.ledger.high_water import BEHIND, find_behind
from activities.ledger.holding import held_for, held_in, held_no_more, held_where, remove_hold
from activities.ledger.inbox import Incoming, receive
from activities.ledger.store import Ledger
from activities.ledger.tables import admissions
from activities.ledger.wave_tables import audience
from workflows.engine.events import Event

MOST = 1_000_000


async def release_held(ledger: Ledger, automation: str, connections: Connections) -> list[str]:
    """Put ``hold_released`` into the inbox for every held entry; the ids of the events.

    To be called once the cause is removed. A hold that the cause does not explain is put up again
    by the gate. Who delivers the events bounds the rate; the repair loop does.
    """
    async with ledger.reading() as tx:
        held = await held_in(tx, automation, MOST)
        now = await ledger.now(tx)
    return await _tell(ledger, held, now, connections)


async def release_for(
    ledger: Ledger, center: str, cause: str, connections: Connections
) -> list[str]:
    """The same for every entry of a center that is held for ``cause``, in whatever automation."""
    async with ledger.reading() as tx:
        held = await held_for(tx, center, cause, MOST)
        now = await ledger.now(tx)
    return await _tell(ledger, held, now, connections)


async def release_heard(ledger: Ledger, connections: Connections, limit: int) -> list[str]:
    """The same, for at most ``limit`` entries, whose feed is fresh again or no longer declared.

    To be called again and again: the hold goes with the event that lets the entry go on, so that
    nobody is told twice, and a crash between two entries loses none.
    """
    stale = [(one.center, one.why) for one in await feed_states(ledger, connections) if one.why]
    async with ledger.reading() as tx:
        held = await held_no_more(tx, CAUSE, stale, limit)
        now = await ledger.now(tx)
    return await _tell(ledger, held, now, connections)


async def release_reconciled(ledger: Ledger, connections: Connections, limit: int) -> list[str]:
    """The same for who was held while the ledger was behind the world, once that is settled."""
    async with ledger.reading() as tx:
        if await find_behind(tx):
            return []
        held = await held_no_more(tx, BEHIND, [], limit)
        now = await ledger.now(tx)
    return await _tell(ledger, held, now, connections)


async def release_held_of_wave(
    ledger: Ledger, automation: str, wave: int, connections: Connections
) -> list[str]:
    """The same for every entry of a wave."""
    row = audience.c
    leads = select(row.lead).where(row.automation == automation, row.wave == wave)
    here = (admissions.c.automation == automation) & admissions.c.lead.in_(leads)
    async with ledger.reading() as tx:
        held = await held_where(tx, here, MOST)
        now = await ledger.now(tx)
    return await _tell(ledger, held, now, connections)


async def _tell(
    ledger: Ledger, held: Sequence[Mapping[str, Any]], now: datetime, connections: Connections
) -> list[str]:
    events = []
    for row in held:
        place = f"{row['enrollment']}/{row['entry']}"
        # By the instant: a lead that is held again after a release must be told again.
        released = f"{place}/released/{now.isoformat()}"
        event = Event(id=released, kind="hold_released", at=now)
        await _put_into_inbox(ledger, row, event, connections)
        events.append(event.id)
    return events


async def _put_into_inbox(
    ledger: Ledger, row: Mapping[str, Any], event: Event, connections: Connections
) -> None:
    incoming = Incoming(event, row["center"], "release", row["lead"], enrollment=row["enrollment"])
    async with ledger.transaction(f"person:{row['person']}") as tx:
        await remove_hold(tx, row["enrollment"], row["entry"])
        await receive(ledger, tx, incoming, connections)
