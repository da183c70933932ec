"""Ending automations: turned off, everybody exits; expired, likewise; archived, put away.

Turning off is one commit, after which the gate refuses; telling the workflows follows in batches,
and whatever cuts it off, the repair loop goes on where it was.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from sqlalchemy import ColumnElement, String, cast, func, select, update
from sqlalchemy.ext.asyncio import AsyncConnection

from activities.ledger.connections import Connections
from activities.ledger.entries import close, find_entry
from activities.ledger.inbox import OPEN, Incoming, receive
from activities.ledger.lifecycle import end_of
from activities.ledger.publishing import newest_version, put_state
from activities.ledger.settings import newest_settings
from activities.ledger.store import Ledger
from activities.ledger.tables import admissions, inbox, lifecycle
from workflows.contracts import CloseRequest
from workflows.engine.events import Event
from workflows.engine.exits import ExitReason

AT_ONCE = 100
"""Leads that are told in one transaction."""

STAYING = ("QUEUED", "ADMITTED", "RUNNING")
"""States of entries that would go on; a superseded one is leaving already."""

REASON = ExitReason.CAMPAIGN_TURNED_OFF_OR_EXPIRED


class StillInside(ValueError):
    """Leads are inside, so the automation cannot be put away; the message says what to do."""


async def turn_off(
    ledger: Ledger, automation: str, by: str, connections: Connections, reason: str = ""
) -> tuple[int, list[str]]:
    """Take every lead out: from the first commit on nobody enters and no send begins.

    Done again, it goes on where it was cut off. Returns how many leads leave, and the events that
    tell their workflows.

    Raises:
        NotPublished: nothing of that id has been published, or it is archived.
    """
    async with ledger.transaction(f"automation:{automation}") as tx:
        newest = await newest_version(tx, automation)
        await put_state(ledger, tx, newest, "off", (by, reason))
        row = admissions.c
        here = (row.automation == automation) & row.state.in_(STAYING)
        # A stop that is there already is at least as strong as this one.
        stopped = update(admissions).where(here, row.stop_reason.is_(None))
        count = (await tx.execute(stopped.values(stop_reason=REASON.value))).rowcount
    return count, await tell_turned_off(ledger, connections, automation)


async def tell_turned_off(
    ledger: Ledger, connections: Connections, automation: str | None = None
) -> list[str]:
    """Put ``turned_off`` into the inbox for each entry that is stopped by it and not told yet.

    Entries that wait for their lane have no workflow, and are closed here. Returns the events.
    """
    told: list[str] = []
    while True:
        async with ledger.reading() as tx:
            rows = await _untold(tx, automation)
        if not rows:
            return told
        async with ledger.transaction(*{f"person:{row['person']}" for row in rows}) as tx:
            for row in rows:
                told += await _tell(ledger, tx, row, connections)


async def turn_off_expired(ledger: Ledger, connections: Connections) -> list[str]:
    """Turn off the campaigns whose ``active_until`` has passed; their ids."""
    async with ledger.reading() as tx:
        now = await ledger.now(tx)
        running = select(lifecycle.c.automation).where(
            lifecycle.c.state.not_in(("off", "archived"))
        )
        names = (await tx.scalars(running)).all()
        ends = {name: end_of(await newest_settings(tx, name)) for name in names}
    expired = {name: end for name, end in ends.items() if end and end <= now}
    for name, end in expired.items():
        await turn_off(ledger, name, "dripstone", connections, f"active until {end.isoformat()}")
    return list(expired)


async def archive(ledger: Ledger, automation: str, by: str, reason: str = "") -> None:
    """Put an automation away: out of the lists, and not to be enabled without a new version.

    Raises:
        NotPublished: nothing of that id has been published.
        StillInside: leads are inside.
    """
    async with ledger.transaction(f"automation:{automation}") as tx:
        newest = await newest_version(tx, automation)
        row = admissions.c
        inside = select(func.count()).where(row.automation == automation, row.state.in_(OPEN))
        count = await tx.scalar(inside)
        if count:
            raise StillInside(
                f"{automation}: {count} leads are inside: wait for their exits, or take them out "
                f"with dripstone turn-off {automation}"
            )
        await put_state(ledger, tx, newest, "archived", (by, reason))


def _place(row: Any) -> ColumnElement[str]:
    """The id of the event that tells an entry, as SQL."""
    place: ColumnElement[str] = row.enrollment + "/" + cast(row.entry, String) + "/turned-off"
    return place


async def _untold(tx: AsyncConnection, automation: str | None) -> Sequence[Mapping[str, Any]]:
    row = admissions.c
    told = select(inbox.c.id).where(inbox.c.id == _place(row)).exists()
    query = select(row.enrollment, row.entry, row.person).where(
        row.stop_reason == REASON.value, row.state.in_(STAYING), ~told
    )
    if automation:
        query = query.where(row.automation == automation)
    query = query.order_by(row.enrollment, row.entry).limit(AT_ONCE)
    return [dict(found) for found in (await tx.execute(query)).mappings()]


async def _tell(
    ledger: Ledger, tx: AsyncConnection, row: Mapping[str, Any], connections: Connections
) -> list[str]:
    entry = await find_entry(tx, row["enrollment"], row["entry"])
    if entry is None or entry["state"] not in STAYING:
        return []
    now = await ledger.now(tx)
    place = (entry["enrollment"], entry["entry"])
    if entry["state"] == "QUEUED":
        leaving = CloseRequest(
            enrollment=place[0], entry=place[1], events=(), reason=REASON, at=now
        )
        await close(ledger, tx, leaving, connections)
        return []
    event = Event(id=f"{place[0]}/{place[1]}/turned-off", kind="turned_off", at=now)
    about = Incoming(event, entry["center"], "command", entry["lead"], enrollment=place[0])
    await receive(ledger, tx, about, connections)
    return [event.id]
