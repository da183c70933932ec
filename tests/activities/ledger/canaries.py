"""A row in every table that may hold personal data, with a word in it that is looked for later."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from sqlalchemy import JSON, Boolean, Column, Integer, LargeBinary, Table, insert, select

from activities.ledger import Ledger
from activities.ledger.erasing import (
    Order,
    begin,
    blank_all,
    close_rest,
    mark_done,
    records_and_persons,
)
from activities.ledger.instant import Instant
from activities.ledger.leads import Lead
from activities.ledger.personal_columns import PERSONAL
from activities.ledger.tables import metadata
from tests.activities.ledger.scenes import ACCOUNTS, AT

WORD = "Canary-Ada-Lovelace"
OTHER = "Canary-Charles-Babbage"
LOGS = tuple(name for name in metadata.tables if name.endswith("_log"))
ADDRESS = "canary-ada-lovelace@example.com"


async def fill(ledger: Ledger, lead: Lead, word: str) -> None:
    """Write a row about the lead into each of the tables, the word in every personal column."""
    async with ledger.transaction() as tx:
        for name in (*PERSONAL, "replies"):
            table = metadata.tables[name]
            row = {column.name: _value(table, column, lead, word) for column in table.c}
            if isinstance(row.get("number"), int) and name in ("reply_classes", *LOGS):
                del row["number"]  # the database counts
            await tx.execute(insert(table).values(row))


def _value(table: Table, column: Column[Any], lead: Lead, word: str) -> Any:
    if column.name in PERSONAL.get(table.name, ()):
        return _word(column, word)
    known: dict[str, Any] = {
        "center": lead.center,
        "lead": lead.lead,
        "person": lead.person,
        "subject": lead.person,
        "enrollment": f"enrollment:{table.name}:{lead.lead}",
        "state": "CLOSED" if table.name == "admissions" else "SENT",
        "review": f"review-{lead.lead}",
        "reply": f"reply-{lead.lead}",
        "email": None,
    }
    if table.name in ("deliveries", "version_moves", "admissions"):
        known["enrollment"] = f"enrollment:spring:{lead.lead}"
    if table.name == "replies":
        known["event"] = f"reply-{lead.lead}"
    if table.name == "reviews":
        known["id"] = f"review-{lead.lead}"
    if column.name in known:
        return known[column.name]
    for kind, plain in ((Boolean, True), (Integer, 1), (Instant, AT)):
        if isinstance(column.type, kind):
            return plain
    return [] if isinstance(column.type, JSON) else f"{table.name}-{lead.lead}"[-16:]


def _word(column: Column[Any], word: str) -> Any:
    if isinstance(column.type, JSON):
        return {"text": f"it says {word} here", "kind": "reply", "more": [word]}
    return word.encode() if isinstance(column.type, LargeBinary) else word


async def places_with(ledger: Ledger, word: str) -> list[str]:
    """The tables in which a word still stands, as far as the database tells."""
    found = []
    async with ledger.reading() as tx:
        for table in metadata.sorted_tables:
            rows = (await tx.execute(select(table))).all()
            found += [table.name for row in rows if word in repr(tuple(row))]
    return sorted(set(found))


def files_with(path: Path, word: str) -> list[str]:
    """The files of a SQLite ledger, its log and index among them, that have a word in them."""
    files = sorted(path.parent.glob(f"{path.name}*"))
    return [file.name for file in files if word.encode() in file.read_bytes()]


async def order_for(ledger: Ledger, lead: str) -> Order:
    async with ledger.reading() as tx:
        mine = await records_and_persons(ledger, tx, "default", lead)
    return Order("default", *mine, by="Eva", why="ticket 7")


async def erased(ledger: Ledger, lead: str) -> dict[str, int]:
    """Erase a lead as far as the ledger goes: Temporal has nothing of it."""
    order = await order_for(ledger, lead)
    await begin(ledger, order, ACCOUNTS)
    await close_rest(ledger, order, ACCOUNTS)
    blanked = await blank_all(ledger, order)
    await mark_done(ledger, order)
    return blanked
