"""Erasing a person: first nothing is sent any more, then what is in flight ends, then it is gone.

Each part is a transaction that may be done again, so that whoever is cut off starts over. What
stays: that the lead was erased, and the opt-out, as an HMAC (docs/decisions/0023).
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any
from uuid import uuid4

from sqlalchemy import select, update
from sqlalchemy.ext.asyncio import AsyncConnection

from activities.ledger.blanking import Erasing, blank
from activities.ledger.connections import Connections
from activities.ledger.entries import close
from activities.ledger.handovers import OPEN as LENT
from activities.ledger.inbox import OPEN, Incoming, receive
from activities.ledger.leads import SAMPLE, lock_of_record, person_of
from activities.ledger.naming import words_of
from activities.ledger.store import Ledger
from activities.ledger.suppressions import ERASED, suppress_lead, suppress_person
from activities.ledger.tables import admissions, effects, erasures, handovers, inbox, leads
from activities.ledger.upsert import insert_new
from workflows.contracts import CloseRequest
from workflows.engine.events import Event
from workflows.engine.exits import ExitReason

STOPPING, DONE = "STOPPING", "DONE"
NOT_CONFIRMED = "not confirmed by the other tool"


@dataclass(frozen=True, slots=True)
class Order:
    """Who is to be erased: records and persons of a center; by whom, and why (no names)."""

    center: str
    leads: tuple[str, ...]
    persons: tuple[str, ...]
    by: str
    why: str


async def records_and_persons(
    ledger: Ledger, tx: AsyncConnection, center: str, lead: str
) -> tuple[tuple[str, ...], tuple[str, ...]]:
    """All records of the human behind a lead, and all persons (HMACs) that these ever were; with
    the samples that were made of them, which are copies.

    A person that another record stands for by now is left out: an address may be passed on.
    Nothing if the ledger has never heard of the lead.
    """
    mine = {lead}
    now = await _persons_now(tx, center, mine)
    here = (leads.c.center == center) & leads.c.person.in_(now)
    mine |= set(await tx.scalars(select(leads.c.lead).where(here)))
    once = now | await _persons_ever(tx, center, mine)
    theirs = leads.c.person.in_(once) & leads.c.lead.not_in(mine)
    others = set(await tx.scalars(select(leads.c.person).where(leads.c.center == center, theirs)))
    if not once and not await _is_named(tx, center, mine):
        return (), ()
    copies = await _samples_of(tx, center, mine)
    persons = (once - others) | {person_of(ledger, center, None, one) for one in mine}
    return tuple(sorted({*mine, *copies})), tuple(sorted({*persons, *copies.values()}))


async def _samples_of(tx: AsyncConnection, center: str, mine: set[str]) -> dict[str, str]:
    """The samples that were made of these leads, by lead, with the person of each."""
    row = leads.c
    query = select(row.lead, row.person).where(row.center == center, row.lead.startswith(SAMPLE))
    found = (await tx.execute(query)).all()
    return {lead: person for lead, person in found if lead.split("-", 2)[-1] in mine}


async def _persons_now(tx: AsyncConnection, center: str, mine: set[str]) -> set[str]:
    query = select(leads.c.person).where(leads.c.center == center, leads.c.lead.in_(mine))
    return set(await tx.scalars(query))


async def _persons_ever(tx: AsyncConnection, center: str, mine: set[str]) -> set[str]:
    found: set[str] = set()
    for table in (admissions, effects, inbox, erasures):
        here = (table.c.center == center) & table.c.lead.in_(mine)
        found |= set(await tx.scalars(select(table.c.person).where(here).distinct()))
    return {one for one in found if one}


async def _is_named(tx: AsyncConnection, center: str, mine: set[str]) -> bool:
    row = inbox.c
    query = select(row.id).where(row.center == center, row.lead.in_(mine)).limit(1)
    return await tx.scalar(query) is not None


async def begin(ledger: Ledger, order: Order, connections: Connections) -> list[str]:
    """From this commit on nothing is sent to them, and nothing more is written down of them.

    Returns the events by which their enrollments are told to end.
    """
    locks = [f"person:{one}" for one in order.persons]
    locks += [lock_of_record(order.center, one) for one in order.leads]
    async with ledger.transaction(*locks) as tx:
        now = await ledger.now(tx)
        why = (ERASED, "erasure", now)
        for lead in order.leads:
            for person in order.persons:
                await _note(tx, order, (lead, person), now)
        for person in order.persons:
            await suppress_person(tx, order.center, person, why)
        told = []
        for lead in order.leads:
            await suppress_lead(tx, order.center, lead, why)
            told += await _stop(ledger, tx, order.center, lead, connections)
        return told


async def _note(tx: AsyncConnection, order: Order, who: tuple[str, str], now: Any) -> None:
    key = {"center": order.center, "lead": who[0], "person": who[1]}
    asked = {"state": STOPPING, "reason": order.why, "asked_by": order.by, "asked_at": now}
    if not await insert_new(tx, erasures, key | asked):
        row = erasures.c
        here = [row[name] == value for name, value in key.items()]
        # One that was lifted begins anew; one that goes on keeps who asked for it first.
        anew = asked | {"lifted_at": None, "done_at": None}
        lifted = update(erasures).where(*here, row.lifted_at.is_not(None))
        await tx.execute(lifted.values(anew))


async def _stop(
    ledger: Ledger, tx: AsyncConnection, center: str, lead: str, connections: Connections
) -> list[str]:
    row = admissions.c
    inside = (row.center == center) & (row.lead == lead) & row.state.in_(OPEN)
    going_on = select(row.enrollment).where(inside, row.stop_reason.is_(None)).limit(1)
    if await tx.scalar(going_on) is None:
        return []
    event = Event(id=f"erasure-{uuid4().hex}", kind="lead_gone", at=await ledger.now(tx))
    await receive(ledger, tx, Incoming(event, center, "erasure", lead), connections)
    return [event.id]


async def entries_of(
    tx: AsyncConnection, center: str, records: Sequence[str]
) -> list[Mapping[str, Any]]:
    """Every entry of these leads, without what is archived of it."""
    row = admissions.c
    columns = [column for column in row if column.name not in ("timeline", "history")]
    query = select(*columns).where(row.center == center, row.lead.in_(records))
    found = await tx.execute(query.order_by(row.admitted_at, row.enrollment, row.entry))
    return [dict(one) for one in found.mappings()]


async def close_rest(ledger: Ledger, order: Order, connections: Connections) -> int:
    """Close the entries whose workflow has not done so; how many."""
    async with ledger.reading() as tx:
        entries = await entries_of(tx, order.center, order.leads)
    still = [entry for entry in entries if entry["state"] != "CLOSED"]
    for entry in still:
        async with ledger.transaction(f"person:{entry['person']}") as tx:
            request = CloseRequest(
                enrollment=entry["enrollment"],
                entry=entry["entry"],
                events=(),
                reason=ExitReason.LEAD_GONE,
                at=await ledger.now(tx),
            )
            await close(ledger, tx, request, connections)
    return len(still)


async def in_the_way(ledger: Ledger, tx: AsyncConnection, order: Order) -> list[str]:
    """What must end before anything is blanked: calls in flight, stops that another tool has not
    confirmed. In words for an operator."""
    row, now = effects.c, await ledger.now(tx)
    mine = (row.center == order.center) & row.lead.in_(order.leads)
    calls = select(row.key).where(mine, row.state == "INTENT", row.lease_until > now)
    found = [f"in flight: {key}" for key in await tx.scalars(calls.order_by(row.key))]
    lent = handovers.c
    here = (lent.center == order.center) & lent.lead.in_(order.leads) & lent.state.in_(LENT)
    stops = await tx.scalars(select(lent.key).where(here).order_by(lent.key))
    return found + [f"{NOT_CONFIRMED}: {key}" for key in stops]


async def blank_all(ledger: Ledger, order: Order) -> dict[str, int]:
    """Blank everything; how many rows of which table."""
    locks = [f"person:{one}" for one in order.persons]
    async with ledger.transaction(*locks) as tx:
        words = await words_of(tx, order.center, order.leads)
        whose = Erasing(order.center, order.leads, order.persons, words)
        return await blank(ledger, tx, whose)


async def mark_done(ledger: Ledger, order: Order) -> None:
    """Write down that all of it is gone."""
    async with ledger.transaction() as tx:
        row = erasures.c
        theirs = row.lead.in_(order.leads) & row.person.in_(order.persons)
        done = {"state": DONE, "done_at": await ledger.now(tx)}
        here = (row.center == order.center) & theirs & (row.state != DONE)
        await tx.execute(update(erasures).where(here).values(done))


async def elsewhere(tx: AsyncConnection, order: Order) -> list[str]:
    """The connections through which something of theirs has left: other systems have it too."""
    row = effects.c
    mine = (row.center == order.center) & row.lead.in_(order.leads)
    left = select(row.connection).where(mine, row.state.in_(("SENT", "UNKNOWN"))).distinct()
    return sorted(await tx.scalars(left))


async def forgive(
    ledger: Ledger, tx: AsyncConnection, center: str, who: tuple[Sequence[str], str]
) -> list[tuple[str, str]]:
    """Let somebody who was erased in again. ``who`` is (records, person).

    Under what they stand in the suppressions, as (scope, subject); nothing if nobody was erased.
    """
    row = erasures.c
    same = row.lead.in_(who[0]) | (row.person == who[1])
    here = (row.center == center) & row.lifted_at.is_(None)
    names = sorted(set(await tx.scalars(select(row.lead).where(here, same))))
    theirs = here & row.lead.in_(names)
    persons = sorted(set(await tx.scalars(select(row.person).where(theirs))))
    if names:
        now = await ledger.now(tx)
        await tx.execute(update(erasures).where(theirs).values(lifted_at=now))
    return [("lead", one) for one in names] + [("person", one) for one in persons]
