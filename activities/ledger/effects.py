"""The effect ledger: INTENT, then SENT, NOT_SENT or UNKNOWN; one intent per key, never lost.

PLANNED rows are write-backs that were written down with their fact and have not begun yet.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import bindparam, case, select, update
from sqlalchemy.ext.asyncio import AsyncConnection

from activities.ledger.erased import not_erased
from activities.ledger.facts import Planned
from activities.ledger.store import Ledger
from activities.ledger.tables import effects
from activities.ledger.upsert import insert_new
from workflows.engine.consent import CHANNEL_OF

LEASE = timedelta(seconds=25)
"""Longer than any vendor call may take, shorter than an activity attempt (30 s)."""

TERMINAL = ("SENT", "NOT_SENT", "UNKNOWN")


@dataclass(frozen=True, slots=True)
class EffectRow:
    """One row. ``payload`` is what is (or was) asked of the vendor: never rendered again."""

    key: str
    center: str
    activity: str
    connection: str
    state: str
    phase: str
    reason: str
    payload: Mapping[str, Any]
    enrollment: str | None
    entry: int | None
    step: str | None
    lead: str | None
    person: str | None
    message_id: str | None
    vendor_ref: str | None
    lease_owner: str | None
    lease_until: datetime | None
    intent_at: datetime | None
    attempts: int
    done_at: datetime | None


@dataclass(frozen=True, slots=True)
class Intent:
    """What is about to be asked of a vendor: the row to be written.

    A call that can be repeated has no point of no return: its ``phase`` is ``repeatable`` from
    the start, so that it never ends NOT_SENT though an earlier attempt may have done it.
    """

    key: str
    center: str
    activity: str
    connection: str
    payload: Mapping[str, Any]
    payload_hash: str
    about: Mapping[str, Any]
    phase: str = ""


_EFFECT = select(effects).where(effects.c.key == bindparam("key"))


async def find_effect(tx: AsyncConnection, key: str) -> EffectRow | None:
    """The row of that key."""
    row = (await tx.execute(_EFFECT, {"key": key})).mappings().first()
    return row_of(row) if row else None


async def find_by(tx: AsyncConnection, **columns: str) -> EffectRow | None:
    """The newest row with these column values (a message id, an unsubscribe token)."""
    query = select(effects).order_by(effects.c.planned_at.desc()).limit(1)
    for name, value in columns.items():
        query = query.where(effects.c[name] == value)
    row = (await tx.execute(query)).mappings().first()
    return row_of(row) if row else None


async def last_mails(tx: AsyncConnection, enrollment: str, entry: int) -> list[EffectRow]:
    """The mails that this entry has sent, oldest first."""
    here = (effects.c.enrollment == enrollment) & (effects.c.entry == entry)
    mails = here & (effects.c.activity == "send_email") & effects.c.state.in_(("SENT", "UNKNOWN"))
    query = select(effects).where(mails).order_by(effects.c.intent_at)
    return [row_of(row) for row in (await tx.execute(query)).mappings()]


async def messages_of(tx: AsyncConnection, enrollment: str, entry: int) -> list[str]:
    """The keys of the messages, of whatever channel, that this entry has sent."""
    here = (effects.c.enrollment == enrollment) & (effects.c.entry == entry)
    sent = effects.c.activity.in_(CHANNEL_OF) & effects.c.state.in_(("SENT", "UNKNOWN"))
    return list((await tx.scalars(select(effects.c.key).where(here & sent))).all())


async def write_intent(ledger: Ledger, tx: AsyncConnection, intent: Intent, owner: str) -> None:
    """Write INTENT for a new key, or take over the row of that key, under a new lease."""
    now = await ledger.now(tx)
    claim = {"state": "INTENT", "lease_owner": owner, "lease_until": now + LEASE}
    claim |= {"phase": intent.phase, "claimed_at": now}
    row = {
        "key": intent.key,
        "center": intent.center,
        "activity": intent.activity,
        "connection": intent.connection,
        "payload": dict(intent.payload),
        "payload_hash": intent.payload_hash,
        "planned_at": now,
        "intent_at": now,
        "attempts": 1,
        **intent.about,
        **claim,
    }
    if not await insert_new(tx, effects, row):
        # Judged anew, it is claimed anew; when it was first meant stays.
        first = {"intent_at": now} if not await _has_intent(tx, intent.key) else {}
        taken = {**claim, **first, "attempts": effects.c.attempts + 1}
        await tx.execute(update(effects).where(effects.c.key == intent.key).values(taken))


async def _has_intent(tx: AsyncConnection, key: str) -> bool:
    found = await tx.scalar(select(effects.c.intent_at).where(effects.c.key == key))
    return found is not None


async def plan(
    ledger: Ledger, tx: AsyncConnection, planned: Planned, event: str, about: Mapping[str, Any]
) -> str | None:
    """Write a write-back down with its fact; its key, or None if it was there already.

    ``about`` may have a ``lease_until``, held by nobody: until then it is left alone.
    """
    key = planned.key or f"{event}/{planned.activity}"
    row = {
        "key": key,
        "activity": planned.activity,
        "connection": planned.connection,
        "event": event,
        "state": "PLANNED",
        "payload": dict(planned.payload),
        "payload_hash": "",
        "planned_at": await ledger.now(tx),
        **about,
    }
    return key if await insert_new(tx, effects, row) else None


_PASSING = (
    update(effects)
    .where(
        effects.c.key == bindparam("its_key"),
        effects.c.lease_owner == bindparam("mine"),
        effects.c.state == "INTENT",
        effects.c.lease_until > bindparam("now"),
    )
    .values(phase=case((effects.c.phase == "repeatable", "repeatable"), else_="handed_over"))
)


async def hand_over(ledger: Ledger, key: str, owner: str) -> bool:
    """Record that the point of no return is about to be passed.

    False if the lease is no longer this attempt's: then the call must not go on. From here on,
    an attempt that never reports back leaves the effect UNKNOWN, unless it can be repeated.
    """
    async with ledger.transaction() as tx:
        mine = {"its_key": key, "mine": owner, "now": await ledger.now(tx)}
        return bool((await tx.execute(_PASSING, mine)).rowcount)


@dataclass(frozen=True, slots=True)
class Settlement:
    """The final state of an effect: SENT, NOT_SENT or UNKNOWN, why, and the vendor's reference."""

    state: str
    reason: str = ""
    ref: str = ""


async def settle(ledger: Ledger, tx: AsyncConnection, key: str, final: Settlement) -> None:
    """Write the final state of an effect; the first final state stays."""
    values: dict[str, object] = {"state": final.state, "reason": final.reason[:500]}
    values |= {"done_at": await ledger.now(tx), "lease_owner": None, "lease_until": None}
    values |= {"vendor_ref": final.ref[:255]} if final.ref else {}
    open_row = (effects.c.key == key) & effects.c.state.not_in(TERMINAL)
    await tx.execute(update(effects).where(open_row).values(values))


async def keep_answer(tx: AsyncConnection, row: EffectRow, values: Mapping[str, Any]) -> None:
    """Put what was taken from the vendor's answer beside what was asked: it is told again."""
    payload = {**row.payload, "answer": dict(values)}
    here = (effects.c.key == row.key) & not_erased(effects.c.center, effects.c.lead)
    await tx.execute(update(effects).where(here).values(payload=payload))


async def give_back(ledger: Ledger, key: str, owner: str, phase: str = "") -> None:
    """End the lease, so that the next attempt may begin at once. ``phase`` as in ``Intent``."""
    async with ledger.transaction() as tx:
        mine = (effects.c.key == key) & (effects.c.lease_owner == owner)
        values = {"lease_until": await ledger.now(tx), "phase": phase, "lease_owner": None}
        await tx.execute(update(effects).where(mine).values(values))


async def leave_for_lookup(ledger: Ledger, key: str, owner: str, settle: timedelta) -> None:
    """The call was handed over and its answer lost: nobody has it, and after ``settle`` the vendor
    can be asked."""
    async with ledger.transaction() as tx:
        mine = (effects.c.key == key) & (effects.c.lease_owner == owner)
        until = await ledger.now(tx) + settle
        values = {"lease_until": until, "phase": "handed_over", "lease_owner": None}
        await tx.execute(update(effects).where(mine).values(values))


async def forget_try(ledger: Ledger, row: EffectRow) -> None:
    """The vendor has not done it: it may be tried again, unless somebody else took it up."""
    async with ledger.transaction() as tx:
        same = (effects.c.key == row.key) & (effects.c.state == "INTENT")
        same &= (effects.c.lease_until == row.lease_until) & (effects.c.attempts == row.attempts)
        values = {"lease_until": await ledger.now(tx), "phase": "", "lease_owner": None}
        await tx.execute(update(effects).where(same).values(values))


def row_of(row: Any) -> EffectRow:
    """A row of the table."""
    return EffectRow(**{name: row[name] for name in EffectRow.__dataclass_fields__})


async def waiting_writebacks(
    ledger: Ledger, tx: AsyncConnection, connection: str, older_than: timedelta, limit: int
) -> list[EffectRow]:
    """Write-backs of a connection that nobody has in hand, oldest first."""
    now = await ledger.now(tx)
    idle = effects.c.lease_until.is_(None) | (effects.c.lease_until < now)
    open_row = effects.c.state.in_(("PLANNED", "INTENT")) & effects.c.event.is_not(None)
    here = open_row & idle & (effects.c.connection == connection)
    query = select(effects).where(here, effects.c.planned_at <= now - older_than)
    rows = (await tx.execute(query.order_by(effects.c.planned_at).limit(limit))).mappings()
    return [row_of(row) for row in rows]
