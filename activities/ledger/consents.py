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
from activities.ledger.store import Ledger
from activities.ledger.upsert import insert_new
from workflows.engine.consent import Channel, Statement, read_consent
from workflows.engine.events import Event


async def note_consent(
    ledger: Ledger, tx: AsyncConnection, whose: tuple[str, str], said: Statement, source: str
) -> None:
    """Write a statement down, once per source. ``whose`` is (center, person).

    A time in the future counts as now: it must not outlast a withdrawal.
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
    await insert_new(tx, consents, row)


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


def _lack(name: str, channel: Channel, row: Mapping[str, Any] | None) -> str:
    if row is None:
        return f"no consent {name!r} for {channel}"
    if row["state"] == "withdrawn":
        return f"consent {name!r} for {channel} was withdrawn"
    return ""
