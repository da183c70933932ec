"""What the ledger says of itself: whether it keeps what it acknowledged, and if the key fits."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

from sqlalchemy import func, select, text, update
from sqlalchemy.ext.asyncio import AsyncConnection

from activities.ledger.leads import person_of
from activities.ledger.store import Ledger
from activities.ledger.tables import facts_about_ledger, inbox, leads
from activities.ledger.template_tables import deactivated_templates

_LOOKED_AT = 20
_SQLITE_FULL = 2


async def why_not_durable(ledger: Ledger, tx: AsyncConnection) -> str:
    """Why a commit might not outlive a power cut; empty if it does."""
    if ledger.is_sqlite:
        mode = await tx.scalar(text("PRAGMA journal_mode"))
        level = await tx.scalar(text("PRAGMA synchronous"))
        if mode != "wal":
            return f"journal_mode is {mode}, not wal: is the file on a network drive?"
        return "" if int(level or 0) >= _SQLITE_FULL else f"synchronous is {level}, not FULL"
    for setting in ("fsync", "synchronous_commit"):
        if await tx.scalar(text(f"SHOW {setting}")) == "off":
            return f"{setting} is off in PostgreSQL: switch it on"
    return ""


async def write_nothing(ledger: Ledger) -> None:
    """A write that changes nothing: it fails where the inbox could not be written either.

    A full disk is not seen by it: nothing is put there.

    Raises:
        LedgerUnavailable: it cannot be written.
    """
    async with ledger.transaction() as tx:
        await tx.execute(update(inbox).where(inbox.c.id == "").values(source=""))


async def knows_its_people(ledger: Ledger, tx: AsyncConnection) -> bool | None:
    """Whether the key in use is the one that made the ids in the ledger; None: nobody is in it."""
    row = leads.c
    query = select(row.center, row.email, row.lead, row.person).where(row.email.is_not(None))
    found = (await tx.execute(query.order_by(row.updated_at.desc()).limit(_LOOKED_AT))).all()
    if not found:
        return None
    ids = {person_of(ledger, center, email, lead) for center, email, lead, _ in found}
    return not ids.isdisjoint(person for *_, person in found)


async def home_of(tx: AsyncConnection) -> str | None:
    """The id of the Temporal namespace whose workers work on this ledger; None: none has yet."""
    row = facts_about_ledger.c
    found = await tx.scalar(select(row.value).where(row.name == "temporal"))
    return str(found) if found else None


async def newest_by_source(tx: AsyncConnection, sources: Sequence[str]) -> dict[str, datetime]:
    """When the newest event came in of each of these sources that anything has come from."""
    row = inbox.c
    query = select(row.source, func.max(row.received_at)).where(row.source.in_(sources))
    return {found[0]: found[1] for found in await tx.execute(query.group_by(row.source))}


async def switched_off_templates(tx: AsyncConnection) -> set[tuple[str, str]]:
    """The deactivated templates, by center and name."""
    row = deactivated_templates.c
    return {(center, name) for center, name in await tx.execute(select(row.center, row.name))}
