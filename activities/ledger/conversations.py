"""What a lead said last, and which meeting was booked last, as the events of the inbox tell it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import or_, select
from sqlalchemy.ext.asyncio import AsyncConnection

from activities.ledger.leads import Lead
from activities.ledger.tables import inbox
from workflows.engine.sessions import SESSION_EVENTS

MOST_EVENTS = 500
MOST_LETTERS = 30_000


@dataclass(frozen=True, slots=True)
class Conversation:
    """The words of a session, oldest first, and where the whole of it can be read."""

    transcript: str
    link: str


@dataclass(frozen=True, slots=True)
class Booked:
    """A meeting: the id of what booked it, when that was, and what was told of it."""

    id: str
    at: datetime
    data: Mapping[str, Any]


async def last_conversation(tx: AsyncConnection, lead: Lead) -> Conversation:
    """The newest session of the lead; empty if there was none.

    ``message`` events have their words in ``data.text``; any event of the session may have the
    address of the whole conversation in ``data.url``. Of a long one the end is kept.
    """
    row = inbox.c
    mine = (row.center == lead.center) & (row.lead == lead.lead) & row.kind.in_(SESSION_EVENTS)
    query = select(row.kind, row.data).where(mine).order_by(row.at.desc(), row.received_at.desc())
    rows = (await tx.execute(query.limit(MOST_EVENTS))).all()
    return conversation_in([(kind, data) for kind, data in reversed(rows)])


def conversation_in(told: Sequence[tuple[str, Mapping[str, Any]]]) -> Conversation:
    """The last session among events, given as kind and data, oldest first."""
    sessions = [data["session"] for _, data in told if data.get("session")]
    ours = [(kind, data) for kind, data in told if sessions and data.get("session") == sessions[-1]]
    said = [
        f"{_who(data)}: {data['text']}"
        for kind, data in ours
        if kind == "message" and isinstance(data.get("text"), str)
    ]
    links = [data["url"] for _, data in ours if str(data.get("url")).startswith("https://")]
    return Conversation("\n".join(said)[-MOST_LETTERS:], links[-1] if links else "")


async def last_meeting(tx: AsyncConnection, lead: Lead) -> Booked | None:
    """The meeting that the lead, or the same person by another record, booked last."""
    row = inbox.c
    same = or_(row.lead == lead.lead, row.person == lead.person)
    here = (row.kind == "meeting_booked") & (row.center == lead.center) & same
    query = select(row.id, row.at, row.data).where(here).order_by(row.at.desc()).limit(1)
    found = (await tx.execute(query)).first()
    return Booked(found[0], found[1], found[2]) if found else None


def _who(data: Mapping[str, Any]) -> str:
    names = {"visitor": "Visitor", "rep": "Rep", "ai_sdr": "AI", "bot": "Bot"}
    return names.get(str(data.get("by")), "Somebody")
