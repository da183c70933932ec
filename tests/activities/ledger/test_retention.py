"""Texts are blanked when they were kept long enough, and what happened stays."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

from sqlalchemy import update

from activities.dispatch import take_in
from activities.ledger import Ledger
from activities.ledger.connections import CenterConnections, Connections, Retention
from activities.ledger.inbox import Incoming
from activities.ledger.lifecycle import log_of
from activities.ledger.retention import blank_old_texts
from activities.ledger.tables import effects, inbox
from tests.activities.ledger.scenes import ADA, AT, a_lead, enter, make, rows
from workflows.engine.events import Event

ACCOUNTS = Connections(
    centers={
        "default": CenterConnections(
            mailboxes={"default": ADA}, retention=Retention(message_text=timedelta(days=90))
        )
    }
)
MAIL = {"to_address": "a@b.example", "subject": "Hello", "text": "Words", "html": "<p>Words"}


def mail(key: str, state: str, **more: Any) -> dict[str, Any]:
    row: dict[str, Any] = {
        "key": key,
        "center": "default",
        "activity": "send_email",
        "connection": "smtp",
    }
    row |= {"state": state, "payload": {"mail": MAIL}, "payload_hash": "", "planned_at": AT}
    return row | {"done_at": AT} | more


async def test_old_words_go_and_everything_else_stays(ledger: Ledger) -> None:
    await make(ledger)
    lead = a_lead(ledger)
    await enter(ledger, lead)
    for name in ("old", "new"):
        data: dict[str, Any] = {"class": "POSITIVE", "text": "Call me", "subject": "Re: Hello"}
        event = Event(id=name, kind="reply", at=AT, data=data)
        await take_in(ledger, Incoming(event, "default", "test", lead.lead), ACCOUNTS)
    async with ledger.transaction() as tx:
        now = await ledger.now(tx)
        before = now - timedelta(days=91)
        old = inbox.c.id == "old"
        await tx.execute(update(inbox).where(old).values(received_at=before))
        times = {"sent": before, "unknown": before, "recent": now}
        for key, at in times.items():
            state = "UNKNOWN" if key == "unknown" else "SENT"
            await tx.execute(effects.insert().values(mail(key, state, done_at=at)))
    assert await blank_old_texts(ledger, Connections()) == 0
    assert await blank_old_texts(ledger, ACCOUNTS) == 2
    assert await blank_old_texts(ledger, ACCOUNTS) == 0
    data_of = {row["id"]: row["data"] for row in await rows(ledger, inbox)}
    assert ("text" in data_of["old"], data_of["old"]["class"]) == (False, "POSITIVE")
    assert data_of["new"]["text"] == "Call me"
    texts = {
        row["key"]: (row["payload"]["mail"]["text"], row["payload"]["mail"]["subject"])
        for row in await rows(ledger, effects)
        if row["activity"] == "send_email"
    }
    # One that may still have to be sent again is kept, and so is what a thread goes on with.
    assert texts == {
        "sent": ("", "Hello"),
        "unknown": ("Words", "Hello"),
        "recent": ("Words", "Hello"),
    }
    async with ledger.reading() as tx:
        acts = [
            line for line in await log_of(tx, "default", "spring") if line["done_by"] == "retention"
        ]
    assert [line["reason"].startswith("2 texts older than") for line in acts] == [True]
