"""The life of an admitted entry: it runs, it is stopped by facts, it closes once."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta
from hashlib import sha256
from typing import Any

from sqlalchemy import ColumnElement, bindparam, func, or_, select, update
from sqlalchemy.ext.asyncio import AsyncConnection

from activities.ledger.connections import Connections
from activities.ledger.erased import not_erased
from activities.ledger.firings import chain_of
from activities.ledger.following import follower_of
from activities.ledger.holding import remove_hold
from activities.ledger.inbox import Incoming, receive
from activities.ledger.leads import find_lead, set_fields
from activities.ledger.opt_out_fields import receive_and_opt_out
from activities.ledger.publishing import find_version
from activities.ledger.slots import give_back_slots
from activities.ledger.store import Ledger
from activities.ledger.tables import admissions, inbox
from workflows.contracts import CloseRequest, Recorded, RecordRequest
from workflows.engine.automation import Automation
from workflows.engine.events import ANONYMOUS, Event
from workflows.engine.exits import ExitReason, strongest


def this(enrollment: str, entry: int) -> ColumnElement[bool]:
    """Where a statement means one entry alone."""
    return (admissions.c.enrollment == enrollment) & (admissions.c.entry == entry)


_ENTRY = select(admissions).where(
    admissions.c.enrollment == bindparam("enrollment"), admissions.c.entry == bindparam("entry")
)


async def find_entry(tx: AsyncConnection, enrollment: str, entry: int) -> Mapping[str, Any] | None:
    """What the ledger knows of one entry, its timeline and history included; None: nothing."""
    found = await tx.execute(_ENTRY, {"enrollment": enrollment, "entry": entry})
    row = found.mappings().first()
    return dict(row) if row else None


async def newest_entry(tx: AsyncConnection, enrollment: str) -> Mapping[str, Any] | None:
    """The row of the last entry of a lead in an automation."""
    query = select(admissions).where(admissions.c.enrollment == enrollment)
    query = query.order_by(admissions.c.entry.desc()).limit(1)
    row = (await tx.execute(query)).mappings().first()
    return dict(row) if row else None


async def mark_running(ledger: Ledger, enrollment: str, entry: int, run_id: str) -> bool:
    """The workflow of an admitted entry has started. False if the entry is over: another workflow
    of it has run and ended, before this one was started by somebody who was slow."""
    async with ledger.transaction() as tx:
        admitted = this(enrollment, entry) & (admissions.c.state == "ADMITTED")
        values = {"state": "RUNNING", "run_id": run_id, "running_at": await ledger.now(tx)}
        if (await tx.execute(update(admissions).where(admitted).values(values))).rowcount:
            return True
        found = await find_entry(tx, enrollment, entry)
    if found is None or found["state"] != "CLOSED":
        return True
    return found["run_id"] in (None, "", run_id)


async def record(
    ledger: Ledger, tx: AsyncConnection, request: RecordRequest, connections: Connections
) -> Recorded:
    """Record events that came as direct signals."""
    entry = await find_entry(tx, request.enrollment, request.entry)
    keys: list[str] = []
    for event in request.events if entry else ():
        assert entry is not None
        # The event of a direct signal is about this lead; the workflow that got it knows it.
        origin = (request.enrollment, request.entry)
        own = await _under_an_id_of_its_own(tx, event, entry)
        incoming = Incoming(own, entry["center"], "signal", entry["lead"], origin=origin)
        received = await receive_and_opt_out(ledger, tx, incoming, connections)
        keys += received.writebacks
    return Recorded(writebacks=tuple(keys))


async def _under_an_id_of_its_own(
    tx: AsyncConnection, event: Event, entry: Mapping[str, Any]
) -> Event:
    """The event, told apart from one of another lead that came under the same id.

    Two leads may send the same words without an id, and upstream systems count per lead; neither
    may cost the second lead its opt-out.
    """
    others = await tx.scalar(select(inbox.c.lead).where(inbox.c.id == event.id))
    if not event.id.startswith(ANONYMOUS) and others in (None, entry["lead"]):
        return event
    short = sha256(event.id.encode()).hexdigest()[:24]
    own = f"{entry['enrollment']}/{entry['entry']}/signal-{short}"
    return event.model_copy(update={"id": own})


async def close(
    ledger: Ledger, tx: AsyncConnection, request: CloseRequest, connections: Connections
) -> Recorded:
    """End an entry, once: the strongest of the reasons known at this commit wins.

    A closed entry answers the exit it had, so that a reset workflow ends as it did before.
    """
    entry = await find_entry(tx, request.enrollment, request.entry)
    if entry is None:
        return Recorded(reason=request.reason)
    request = _with_its_opt_out(request, entry)
    recorded = await record(ledger, tx, request, connections)
    entry = await find_entry(tx, request.enrollment, request.entry) or entry
    if entry["state"] == "CLOSED":
        return Recorded(reason=ExitReason(entry["exit"]), writebacks=recorded.writebacks)
    known = [ExitReason(entry["stop_reason"])] if entry["stop_reason"] else []
    reason = strongest([request.reason, *known])
    now = await ledger.now(tx)
    definition = (await find_version(tx, entry["automation"], entry["version"])).definition
    values: dict[str, Any] = {"state": "CLOSED", "exit": reason.value, "closed_at": now}
    values |= {"follow_up": follower_of(definition, reason)}
    here = this(request.enrollment, request.entry)
    await tx.execute(update(admissions).where(here).values(values))
    await remove_hold(tx, request.enrollment, request.entry)
    told = {"automation": entry["automation"], "reason": reason.value, **_outside(definition)}
    await give_back_slots(tx, request.enrollment, request.entry)
    event = Event(
        id=f"{request.enrollment}/{request.entry}/exit",
        kind="campaign_exited",
        at=now,
        data=told | {"caused_by": await chain_of(tx, entry)},
    )
    lead = await find_lead(tx, entry["center"], entry["lead"])
    if lead and definition.campaign:
        # What follows a campaign can branch on which one it was, and on how it ended.
        left = {"last_campaign": entry["automation"], "last_exit": reason.value}
        await set_fields(ledger, tx, lead, left)
    told_of = Incoming(event, entry["center"], "exit", entry["lead"])
    await receive(ledger, tx, told_of, connections)
    return Recorded(reason=reason, writebacks=recorded.writebacks)


def _outside(definition: Automation) -> dict[str, bool]:
    """What an exit says besides where there is no campaign that was left."""
    return {} if definition.campaign else {"campaign": False}


def _with_its_opt_out(request: CloseRequest, entry: Mapping[str, Any]) -> CloseRequest:
    """The request with the opt-out that ends the entry, if nobody has written that down: a signal
    may say of itself that the ledger has it already."""
    is_opt_out = request.reason is ExitReason.UNSUBSCRIBED
    if not is_opt_out or entry["state"] == "CLOSED" or entry["stop_reason"] == request.reason.value:
        return request
    if any(event.kind in ("unsubscribe", "complaint") for event in request.events):
        return request
    name = f"{request.enrollment}/{request.entry}/opt-out"
    opt_out = Event(id=name, kind="unsubscribe", at=request.at)
    return request.model_copy(update={"events": (*request.events, opt_out)})


async def not_started(
    ledger: Ledger, tx: AsyncConnection, older_than: timedelta, limit: int = 100
) -> Sequence[Mapping[str, Any]]:
    """Entries that were admitted a while ago and have no workflow yet; tried longest ago first.

    They count as tried now, so that some that Temporal refuses never stand before all others.
    """
    row, now = admissions, await ledger.now(tx)
    tried_at = func.coalesce(row.c.checked_at, row.c.admitted_at)
    query = select(row).where(row.c.state == "ADMITTED", row.c.admitted_at < now - older_than)
    query = query.order_by(tried_at).limit(limit)
    rows = [dict(found) for found in (await tx.execute(query)).mappings()]
    await _look_at(tx, rows, now)
    return rows


async def unchecked(
    ledger: Ledger, tx: AsyncConnection, every: timedelta, limit: int
) -> Sequence[Mapping[str, Any]]:
    """Running entries whose workflow has not been looked at for ``every``, longest first.

    They count as looked at now.
    """
    row, now = admissions, await ledger.now(tx)
    looked_at = func.coalesce(row.c.checked_at, row.c.running_at, row.c.admitted_at)
    query = select(row).where(row.c.state.in_(("RUNNING", "SUPERSEDED")), looked_at < now - every)
    query = query.order_by(looked_at).limit(limit)
    rows = [dict(found) for found in (await tx.execute(query)).mappings()]
    await _look_at(tx, rows, now)
    return rows


async def _look_at(tx: AsyncConnection, rows: Sequence[Mapping[str, Any]], now: datetime) -> None:
    seen = [this(found["enrollment"], found["entry"]) for found in rows]
    if seen:
        await tx.execute(update(admissions).where(or_(*seen)).values(checked_at=now))


async def unarchived(
    ledger: Ledger, tx: AsyncConnection, settled_for: timedelta, limit: int
) -> Sequence[Mapping[str, Any]]:
    """Closed entries whose history is not archived yet, longest closed first."""
    row = admissions
    before: datetime = await ledger.now(tx) - settled_for
    waiting = (row.c.state == "CLOSED") & row.c.history.is_(None) & (row.c.closed_at < before)
    query = select(row).where(waiting, row.c.run_id.is_not(None))
    found = (await tx.execute(query.order_by(row.c.closed_at).limit(limit))).mappings()
    return [dict(one) for one in found]


async def keep_archive(
    ledger: Ledger, entry: Mapping[str, Any], timeline: list[dict[str, Any]], history: bytes
) -> None:
    """Keep an entry's timeline and its compressed histories; not of a lead erased meanwhile."""
    async with ledger.transaction() as tx:
        here = this(entry["enrollment"], entry["entry"])
        here &= not_erased(admissions.c.center, admissions.c.lead)
        await tx.execute(update(admissions).where(here).values(timeline=timeline, history=history))
