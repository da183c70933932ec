"""Sessions with the chat: folded event by event as they come in, ended when they fall silent."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from sqlalchemy import select, update
from sqlalchemy.ext.asyncio import AsyncConnection

from activities.ledger.store import Ledger
from activities.ledger.trigger_tables import sessions
from activities.ledger.upsert import insert_new
from workflows.engine.events import Event
from workflows.engine.sessions import IDLE, SESSION_EVENTS, Session, hear, idle_from


async def hear_in_session(
    tx: AsyncConnection, center: str, lead: str, event: Event
) -> Session | None:
    """The session of the event, with the event folded in; None if it belongs to none."""
    name = event.data.get("session")
    if event.kind not in SESSION_EVENTS or not isinstance(name, str | int) or name == "":
        return None
    row = sessions.c
    here = (row.center == center) & (row.lead == lead) & (row.session == str(name)[:255])
    known = await tx.scalar(select(row.folded).where(here))
    before = Session.model_validate(known) if known else Session(id=str(name)[:255])
    of_it = event.model_copy(update={"data": {**event.data, "session": before.id}})
    session = hear(before, of_it)
    values = {
        "folded": session.model_dump(mode="json"),
        "state": "OVER" if session.is_over else "OPEN",
        "last_at": session.last_at,
    }
    new = {"center": center, "lead": lead, "session": session.id, **values}
    if not await insert_new(tx, sessions, new):
        await tx.execute(update(sessions).where(here).values(values))
    return session


async def silent_sessions(ledger: Ledger, tx: AsyncConnection, limit: int) -> list[Any]:
    """Sessions that nothing was heard of for half an hour and that nobody has ended."""
    row = sessions.c
    before = await ledger.now(tx) - IDLE
    query = select(sessions).where(row.state == "OPEN", row.last_at <= before)
    return list((await tx.execute(query.order_by(row.last_at).limit(limit))).mappings())


def end_of(session: Mapping[str, Any]) -> Event:
    """The event by which a silent session ends: half an hour after the last that was heard.

    Raises:
        ValueError: it has ended already.
    """
    silent_from = idle_from(Session.model_validate(session["folded"]))
    if silent_from is None:
        raise ValueError("the session has ended already")
    return Event(
        id=f"session/{session['center']}/{session['lead']}/{session['session']}/silent",
        kind="session_ended",
        at=silent_from,
        data={"session": session["session"], "because": "silent"},
    )
