"""Consents: who has agreed to what, on which channel, since when. Rows are only ever added.

Of the rows of one consent the one with the latest time counts, in whatever order they came; a
withdrawal counts at the same instant. A consent is a person's, so a new address has none.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncConnection

from activities.ledger.gate_tables import consents
from activities.ledger.handovers import END, LAST_WORD, OPEN, want
from activities.ledger.publishing import find_version
from activities.ledger.store import Ledger
from activities.ledger.tables import admissions, handovers
from activities.ledger.upsert import insert_new
from workflows.engine.consent import Channel, Statement, read_consent
from workflows.engine.events import Event


async def note_consent(
    ledger: Ledger, tx: AsyncConnection, whose: tuple[str, str], said: Statement, source: str
) -> None:
    """Write a statement down, once per source. ``whose`` is (center, person).

    A time in the future counts as now: it must not outlast a withdrawal. Where another tool mails
    the person with this consent, it must stop: that would be the next message.
    """
    now = await ledger.now(tx)
    row = {
        "center": whose[0],
        "person": whose[1],
        "consent": said.consent,
        "channel": said.channel,
        "state": said.state,
        "at": min(said.at or now, now),
        "source": source,
        "noted_at": now,
    }
    if await insert_new(tx, consents, row) and said.state == "withdrawn":
        await _end_handovers(ledger, tx, whose)


async def _end_handovers(ledger: Ledger, tx: AsyncConnection, whose: tuple[str, str]) -> None:
    """For good, also if the consent is given again: the next handover asks for it anew."""
    entry, row = admissions.c, handovers.c
    same = (entry.enrollment == row.enrollment) & (entry.entry == row.entry)
    here = (entry.center == whose[0]) & (entry.person == whose[1]) & row.state.in_(OPEN)
    query = select(row.key, entry.automation, entry.version).where(same, here)
    for key, automation, number in (await tx.execute(query)).all():
        needs = (await find_version(tx, automation, number)).definition.consents_needed
        if await missing_consent(tx, whose, needs, "email"):
            await want(ledger, tx, key, END, LAST_WORD)


async def note_consent_event(
    ledger: Ledger, tx: AsyncConnection, event: Event, whose: tuple[str, str], is_signed: bool
) -> None:
    """Write down what an event of ``CONSENT_EVENTS`` says.

    A withdrawal that does not say of what takes every consent away.
    """
    said = read_consent(event)
    if said is None and event.kind == "consent_withdrawn":
        for row in await consents_of(tx, *whose):
            one = Statement(row["consent"], "withdrawn", event.at, row["channel"])
            await note_consent(ledger, tx, whose, one, event.id)
    elif said and (said.state == "withdrawn" or is_signed):
        await note_consent(ledger, tx, whose, said, event.id)


async def consents_of(tx: AsyncConnection, center: str, person: str) -> list[Mapping[str, Any]]:
    """Each consent that a person was ever asked for, as it stands now."""
    row = consents.c
    query = select(consents).where(row.center == center, row.person == person)
    found = (await tx.execute(query.order_by(row.at, row.state))).mappings()
    newest = {(one["consent"], one["channel"]): dict(one) for one in found}
    return [newest[place] for place in sorted(newest)]


async def missing_consent(
    tx: AsyncConnection, whose: tuple[str, str], needs: Iterable[str], channel: Channel
) -> str:
    """Why a message needing these consents must not go; empty if all are given."""
    needed = tuple(needs)
    if not needed:
        return ""
    there = {
        one["consent"]: one for one in await consents_of(tx, *whose) if one["channel"] == channel
    }
    return next((why for name in needed if (why := _lack(name, channel, there.get(name)))), "")


async def consent_missing_somewhere(
    tx: AsyncConnection, whose: tuple[str, str], needs: Iterable[str]
) -> str:
    """The same for a message whose channel nobody knows: given for one, and withdrawn for none."""
    needed = tuple(needs)
    there = await consents_of(tx, *whose) if needed else []
    for name in needed:
        of_name = {one["channel"]: one for one in there if one["consent"] == name}
        lacks = [_lack(name, channel, row) for channel, row in of_name.items()]
        if not lacks or any(lacks):
            return next((lack for lack in lacks if lack), f"no consent {name!r} for any channel")
    return ""


def _lack(name: str, channel: Channel, row: Mapping[str, Any] | None) -> str:
    if row is None:
        return f"no consent {name!r} for {channel}"
    if row["state"] == "withdrawn":
        return f"consent {name!r} for {channel} was withdrawn"
    return ""
