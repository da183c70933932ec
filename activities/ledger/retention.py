"""How long words are kept: texts of mails and replies are blanked when their time is over.

What happened, when, and to whom stays; so does a text that something is still to be done with.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import ColumnElement, Table, and_, or_, select, update
from sqlalchemy.ext.asyncio import AsyncConnection

from activities.ledger.connections import Connections
from activities.ledger.lifecycle import Act, note
from activities.ledger.reviews import WAITING
from activities.ledger.store import Ledger
from activities.ledger.tables import effects, inbox, reviews

AT_ONCE = 200
EVERY = timedelta(hours=1)
BLANKED = "blanked"
"""The mark in a row whose words are gone, so that it is not looked at again."""

EVENTS_WITH_TEXT = ("reply", "unsubscribe", "out_of_office", "auto_reply", "email_sent", "own_mail")
WORDS = ("text", "html", "subject", "from", "raw")
EFFECTS_WITH_TEXT = ("send_email", "send_sms", "create_task", "keep_reply_text", "notify")

Row = Mapping[str, Any]


class Retaining:
    """Looks for texts whose time is over, once an hour."""

    def __init__(self, ledger: Ledger, connections: Connections) -> None:
        self._ledger = ledger
        self._connections = connections
        self._next: datetime | None = None

    async def blank_due(self) -> None:
        """Blank them, unless that was done within the hour."""
        now = self._ledger.machine_clock()
        if self._next and now < self._next:
            return
        while await blank_old_texts(self._ledger, self._connections):
            pass
        self._next = now + EVERY


async def blank_old_texts(ledger: Ledger, connections: Connections) -> int:
    """Blank a bounded number of texts that were kept long enough; how many. Each pass is noted in
    the log of what was done, with the center and the number alone."""
    total = 0
    for center, accounts in connections.centers.items():
        kept = accounts.retention.message_text
        total += await _blank(ledger, center, kept) if kept else 0
    return total


async def _blank(ledger: Ledger, center: str, kept: timedelta) -> int:
    async with ledger.transaction() as tx:
        before = await ledger.now(tx) - kept
        events = await _each(tx, inbox, "data", _old_events(center, before), _without_words)
        asked = await _each(tx, effects, "payload", _old_effects(center, before), _unasked)
        seen = await _each(tx, reviews, "mail", _old_reviews(center, before), _without_text)
        count = events + asked + seen
        if count:
            why = f"{count} texts older than {before.date().isoformat()}"
            await note(ledger, tx, Act("texts blanked", center, "retention", reason=why))
    return count


def _old_events(center: str, before: datetime) -> ColumnElement[bool]:
    row = inbox.c
    old = (row.center == center) & (row.received_at < before) & row.kind.in_(EVENTS_WITH_TEXT)
    return and_(old, or_(*(row.data[word].as_string().is_not(None) for word in ("text", "html"))))


def _old_effects(center: str, before: datetime) -> ColumnElement[bool]:
    row = effects.c
    old = (row.center == center) & (row.done_at < before) & row.activity.in_(EFFECTS_WITH_TEXT)
    # An UNKNOWN mail may still be sent again by order.
    done = row.state.in_(("SENT", "NOT_SENT"))
    return and_(old, done, row.payload[BLANKED].as_string().is_(None))


def _old_reviews(center: str, before: datetime) -> ColumnElement[bool]:
    row = reviews.c
    old = (row.center == center) & (row.asked_at < before) & (row.state != WAITING)
    return and_(old, row.mail[BLANKED].as_string().is_(None))


async def _each(
    tx: AsyncConnection,
    table: Table,
    column: str,
    where: ColumnElement[bool],
    blank: Callable[[Row], dict[str, Any]],
) -> int:
    key = next(iter(table.primary_key.columns))
    query = select(key, table.c[column]).where(where).limit(AT_ONCE)
    rows = list(await tx.execute(query))
    for name, value in rows:
        await tx.execute(update(table).where(key == name).values({column: blank(value)}))
    return len(rows)


def _without_words(data: Row) -> dict[str, Any]:
    return {k: v for k, v in data.items() if k not in WORDS} | {BLANKED: "yes"}


def _without_text(mail: Row) -> dict[str, Any]:
    return {**mail, "text": "", "html": None, BLANKED: "yes"}


def _unasked(payload: Row) -> dict[str, Any]:
    """A payload without its words; what a later mail of the thread needs, its subject, stays."""
    found = {k: v for k, v in payload.items() if k not in ("text", "fields")}
    if isinstance(mail := payload.get("mail"), dict):
        found["mail"] = mail | {"text": "", "html": None}
    if isinstance(fields := payload.get("fields"), dict):
        kept = ("Subject", "Type", "Status", "ActivityDate", "WhoId")
        found["fields"] = {k: v if k in kept else BLANKED for k, v in fields.items()}
    return found | {BLANKED: "yes"}
