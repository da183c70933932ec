"""The words by which somebody may be named where nobody was found for what came in."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Any

from sqlalchemy import func, select
from sqlalchemy.ext.asyncio import AsyncConnection

from activities.ledger.tables import effects, inbox, leads

CHANGES = ("lead_changed", "lead_created")
SHORTEST = 6
"""A shorter word would be found in what is about somebody else."""


async def words_of(tx: AsyncConnection, center: str, records: Sequence[str]) -> tuple[str, ...]:
    """Addresses and numbers of these leads, in small letters: those they have, those they had
    before as far as the inbox says, and those that something was sent to. An address that is
    another record's by now names that one."""
    lead, event, effect = leads.c, inbox.c, effects.c
    words: set[str] = set()
    query = select(lead.email, lead.fields).where(lead.center == center, lead.lead.in_(records))
    for email, fields in await tx.execute(query):
        words |= {email or "", *_named_in(fields)}
    told = select(event.data).where(event.center == center, event.lead.in_(records))
    for data in await tx.scalars(told.where(event.kind.in_(CHANGES))):
        fields = data.get("fields")
        words |= {*_named_in(fields if isinstance(fields, dict) else data)}
    sent = select(effect.payload).where(effect.center == center, effect.lead.in_(records))
    for payload in await tx.scalars(sent):
        words |= {*_sent_to(payload)}
    words = {_small(one) for one in words}
    others = (lead.center == center) & lead.lead.not_in(records)
    query = select(func.lower(lead.email)).where(others, func.lower(lead.email).in_(words))
    passed_on = set(await tx.scalars(query))
    return tuple(sorted(one for one in words - passed_on if len(one) >= SHORTEST))


def _small(word: str) -> str:
    return word.strip().lower()


def _named_in(fields: Mapping[str, Any]) -> Iterable[str]:
    """Not what names somebody else, such as the owner."""
    return (value for name, value in fields.items() if _is_word(name, value))


def _is_word(name: str, value: object) -> bool:
    if not isinstance(value, str):
        return False
    is_number = "phone" in name.lower() and value.startswith("+")
    return is_number or ("mail" in name.lower() and "@" in value)


def _sent_to(payload: Mapping[str, Any]) -> Iterator[str]:
    """Of a mail, of a text message, and of a lead that was handed over."""
    for part, name in (("mail", "to_address"), ("lead", "email")):
        inner = payload.get(part)
        if isinstance(inner, dict) and isinstance(inner.get(name), str):
            yield inner[name]
    if isinstance(payload.get("to"), str):
        yield payload["to"]
