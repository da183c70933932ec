"""Replies in the ledger: what each was read as, every reading after that, and what still waits.

A reply WAITS for a person if it says neither yes nor no, or was not read for sure; UNREAD is one
of which nobody has told more than that it came. Readings are only ever added.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from hashlib import sha256
from typing import Any

from sqlalchemy import ColumnElement, exists, insert, or_, select, update
from sqlalchemy.ext.asyncio import AsyncConnection

from activities.ledger.inbox_tables import inbox
from activities.ledger.incoming import Incoming
from activities.ledger.reply_tables import replies, reply_classes
from activities.ledger.store import Ledger
from activities.ledger.suppressions import lift_refusal
from activities.ledger.upsert import insert_new
from workflows.engine.events import Event
from workflows.engine.replies import (
    RECLASSIFIED,
    REPLY_WAITS,
    ReplyClass,
    class_told,
    is_sure,
    verdict_of,
)

WAITING, SETTLED, UNREAD = "WAITING", "SETTLED", "UNREAD"
OPERATOR = "operator"
"""The source of events that a person here has caused: only those let go of a hold."""


@dataclass(frozen=True, slots=True)
class Reply:
    """A reply: ``event`` is the id of its event, ``id`` a short one to be typed.

    ``reply_class`` is the latest reading, empty if there is none.
    """

    event: str
    id: str
    center: str
    lead: str | None
    person: str | None
    reply_class: str
    sure: bool
    state: str
    at: datetime
    received_at: datetime


def reply_id(event: str) -> str:
    """The short id of the reply that an event is."""
    return sha256(event.encode()).hexdigest()[:12]


async def note_reply(ledger: Ledger, tx: AsyncConnection, incoming: Incoming) -> None:
    """Write down a reply as it was read, or a later reading of one; anything else is none."""
    event = incoming.event
    if event.kind == RECLASSIFIED:
        known = await find_reply(tx, incoming.center, str(event.data.get("reply") or ""))
        if known:
            await _read_again(ledger, tx, known, incoming)
    elif (incoming.lead or incoming.person) and (event.kind == "reply" or class_told(event)):
        await _put(ledger, tx, incoming)


async def _put(ledger: Ledger, tx: AsyncConnection, incoming: Incoming) -> None:
    event, told = incoming.event, class_told(incoming.event)
    sure = told is not None and is_sure(event.data)
    row = {
        "event": event.id,
        "id": reply_id(event.id),
        "center": incoming.center,
        "lead": incoming.lead,
        "person": incoming.person,
        "reply_class": told.value if told else "",
        "sure": sure,
        "state": _state_of(told, sure),
        "at": event.at,
        "received_at": await ledger.now(tx),
    }
    if await insert_new(tx, replies, row) and told:
        await _note_reading(ledger, tx, event.id, incoming)


def _state_of(told: ReplyClass | None, sure: bool) -> str:
    if told is None:
        return UNREAD
    return WAITING if told is ReplyClass.NEUTRAL or not sure else SETTLED


async def _read_again(
    ledger: Ledger, tx: AsyncConnection, known: Reply, incoming: Incoming
) -> None:
    event, told = incoming.event, class_told(incoming.event)
    if told is None:
        return
    settled = incoming.source == OPERATOR or (
        is_sure(event.data) and told is not ReplyClass.NEUTRAL
    )
    state = SETTLED if settled or known.state == SETTLED else WAITING
    values = {"reply_class": told.value, "sure": settled or is_sure(event.data), "state": state}
    await tx.execute(update(replies).where(replies.c.event == known.event).values(values))
    if verdict_of(event) == "go_on":
        earlier = [str(one["event"]) for one in await readings_of(tx, known.event)]
        await lift_refusal(tx, known.center, {known.event, *earlier})
    await _note_reading(ledger, tx, known.event, incoming)


async def _note_reading(
    ledger: Ledger, tx: AsyncConnection, reply: str, incoming: Incoming
) -> None:
    event = incoming.event
    by = event.data.get("by") if incoming.source == OPERATOR else event.data.get("class_by")
    row = {
        "center": incoming.center,
        "reply": reply,
        "event": event.id,
        "reply_class": str(event.data.get("class") or ""),
        "sure": is_sure(event.data),
        "verdict": verdict_of(event) if event.kind == RECLASSIFIED else "",
        "given_by": str(by or incoming.source)[:200],
        "reason": str(event.data.get("reason") or "")[:500],
        "at": await ledger.now(tx),
    }
    await tx.execute(insert(reply_classes).values(row))


async def find_reply(tx: AsyncConnection, center: str | None, name: str) -> Reply | None:
    """The reply of that event, or of that short id."""
    here = (replies.c.event == name) | (replies.c.id == name)
    here &= (replies.c.center == center) if center else True
    row = (await tx.execute(select(replies).where(here).limit(1))).mappings().first()
    return _reply(row) if row else None


async def list_replies(
    tx: AsyncConnection, center: str | None, *, settled_too: bool, limit: int
) -> list[Reply]:
    """The replies that nobody has judged, oldest first; with the judged ones newest first."""
    query = select(replies).limit(limit)
    query = query.where(replies.c.center == center) if center else query
    if settled_too:
        query = query.order_by(replies.c.received_at.desc())
    else:
        query = query.where(replies.c.state != SETTLED).order_by(replies.c.received_at)
    return [_reply(row) for row in (await tx.execute(query)).mappings()]


def _reply(row: Any) -> Reply:
    return Reply(**{name: row[name] for name in Reply.__dataclass_fields__})


async def words_of(tx: AsyncConnection, reply: str) -> tuple[str, str]:
    """Subject and text of a reply, as they came in; empty if they are not known (any more)."""
    data = await tx.scalar(select(inbox.c.data).where(inbox.c.id == reply)) or {}
    return str(data.get("subject") or ""), str(data.get("text") or "")


async def readings_of(tx: AsyncConnection, reply: str) -> list[Mapping[str, Any]]:
    """Everything that a reply was ever read as, oldest first."""
    query = select(reply_classes).where(reply_classes.c.reply == reply)
    rows = (await tx.execute(query.order_by(reply_classes.c.number))).mappings()
    return [dict(row) for row in rows]


async def why_reply_holds(tx: AsyncConnection, center: str, lead: str, person: str) -> str:
    """Why outreach to a lead is held because of a reply; empty if it is not."""
    here = _of_lead(center, lead, person) & (replies.c.state == WAITING)
    return REPLY_WAITS if await tx.scalar(select(exists().where(here))) else ""


async def has_human_reply(tx: AsyncConnection, center: str, lead: str, person: str) -> bool:
    """Whether somebody has answered in person: an absence after that is no news."""
    here = _of_lead(center, lead, person) & (replies.c.reply_class != ReplyClass.OOO.value)
    return bool(await tx.scalar(select(exists().where(here))))


def _of_lead(center: str, lead: str, person: str) -> ColumnElement[bool]:
    row = replies.c
    return (row.center == center) & or_(row.lead == lead, row.person == person)


async def judged(tx: AsyncConnection, incoming: Incoming) -> Event:
    """A later reading with the verdict that it has: only a person here lets go of a hold.

    What names the reply of another lead says nothing: which of the two is meant is not guessed.
    """
    event = incoming.event
    if event.kind != RECLASSIFIED:
        return event
    said = verdict_of(event)
    if said == "go_on" and incoming.source != OPERATOR:
        said = ""
    kept = {k: v for k, v in event.data.items() if k != "verdict"}
    known = await find_reply(tx, incoming.center, str(event.data.get("reply") or ""))
    if known is None or not _is_of(known, incoming):
        lost = {k: v for k, v in kept.items() if k not in ("class", "reply")}
        return event.model_copy(update={"data": lost | {"problem": "no such reply of the lead"}})
    return event.model_copy(
        update={"data": kept | {"reply": known.event, "verdict": said}},
    )


def _is_of(known: Reply, incoming: Incoming) -> bool:
    same_lead = known.lead is not None and known.lead == incoming.lead
    return same_lead or (known.person is not None and known.person == incoming.person)


def as_told_to(event: Event, target: Mapping[str, Any], answered_at: datetime | None) -> Event:
    """A later reading as one entry is told of it.

    Who declines or opts out is stopped everywhere. Other readings are about what had begun when the
    reply came: what has begun since then goes on.
    """
    lasting = class_told(event) in (ReplyClass.NEGATIVE, ReplyClass.UNSUBSCRIBE)
    if event.kind != RECLASSIFIED or lasting or verdict_of(event) != "stop":
        return event
    if answered_at is None or target["admitted_at"] <= answered_at:
        return event
    return event.model_copy(update={"data": event.data | {"verdict": "go_on"}})


async def answered_at(tx: AsyncConnection, event: Event) -> datetime | None:
    """When the reply came in that a later reading is about; None for anything else."""
    if event.kind != RECLASSIFIED:
        return None
    known = await find_reply(tx, None, str(event.data.get("reply") or ""))
    return known.received_at if known else None
