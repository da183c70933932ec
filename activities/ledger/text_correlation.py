"""Correlation of text messages: by the two phones, and by the mark that the vendor hands back."""

from __future__ import annotations

from collections.abc import Iterable

from sqlalchemy import select, update
from sqlalchemy.ext.asyncio import AsyncConnection

from activities.ledger.effects import EffectRow, find_by
from activities.ledger.store import Ledger
from activities.ledger.tables import effects

TEXT = "send_sms"


def pair_key(ledger: Ledger, sender: str, number: str) -> str:
    """What the messages from a sender of ours to a number are known by: an HMAC."""
    return ledger.keyed_hash("sms-pair", f"{sender}>{number}", 40)


def mark_of(ledger: Ledger, key: str) -> str:
    """The opaque name of the message of an effect, which nobody can guess."""
    return ledger.keyed_hash("sms-mark", key, 40)


async def find_text_by_mark(tx: AsyncConnection, mark: str) -> EffectRow | None:
    """The message with that mark."""
    return await find_by(tx, activity=TEXT, message_id=mark)


async def newest_texts(
    ledger: Ledger, tx: AsyncConnection, senders: Iterable[str], number: str
) -> dict[str, EffectRow]:
    """By center, the newest message that left one of these senders for the number; newest first."""
    keys = [pair_key(ledger, sender, number) for sender in senders if sender]
    row = effects.c
    sent = row.state.in_(("SENT", "UNKNOWN", "INTENT"))
    query = select(row.key, row.center).where(row.activity == TEXT, row.token.in_(keys), sent)
    newest: dict[str, str] = {}
    for key, center in await tx.execute(query.order_by(row.planned_at.desc())):
        newest.setdefault(center, key)
    rows: dict[str, EffectRow] = {}
    for center, key in newest.items():
        found = await find_by(tx, activity=TEXT, key=key)
        rows |= {center: found} if found else {}
    return rows


async def references_of(tx: AsyncConnection, pair: str) -> set[str]:
    """The vendor's references of the messages that are known to have left for a pair of phones."""
    row = effects.c
    query = select(row.vendor_ref).where(row.activity == TEXT, row.token == pair)
    return {found for found in await tx.scalars(query) if found}


async def confirm(tx: AsyncConnection, key: str, reference: str) -> bool:
    """The vendor tells of a message whose end was unknown: so it was sent. True if it was."""
    row = effects.c
    unknown = (row.key == key) & (row.state == "UNKNOWN")
    values = {"state": "SENT", "vendor_ref": reference, "reason": "confirmed by the vendor"}
    return bool((await tx.execute(update(effects).where(unknown).values(values))).rowcount)
