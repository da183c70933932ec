"""Correlation: which mail of ours, and which lead and person, something from outside is about."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncConnection

from activities.ledger.effects import EffectRow, find_by
from activities.ledger.erased import erased_lead_of, is_erased
from activities.ledger.leads import BadLead, Lead, person_of
from activities.ledger.store import Ledger
from activities.ledger.suppressions import suppression_of
from activities.ledger.tables import admissions, effects, inbox, leads

MAIL = "send_email"


@dataclass(frozen=True, slots=True)
class Known:
    """A person of a center, and the record that stands for it: the lead last enrolled, if any."""

    center: str
    person: str
    lead: str | None


@dataclass(frozen=True, slots=True)
class Kept:
    """An event as the inbox has it."""

    kind: str
    center: str
    lead: str | None


async def find_mail(tx: AsyncConnection, message_ids: Sequence[str]) -> EffectRow | None:
    """The mail of ours with the first of these Message-IDs that is ours.

    Nobody can guess one (it is an HMAC): who names it has seen the mail.
    """
    known = (effects.c.activity == MAIL) & effects.c.message_id.in_(message_ids)
    ours = set(await tx.scalars(select(effects.c.message_id).where(known)))
    first = next((one for one in message_ids if one in ours), None)
    return await find_by(tx, activity=MAIL, message_id=first) if first else None


async def find_mail_by_token(tx: AsyncConnection, token: str) -> EffectRow | None:
    """The mail whose unsubscribe link carries this token."""
    return await find_by(tx, activity=MAIL, token=token)


async def people_at(
    ledger: Ledger, tx: AsyncConnection, centers: Iterable[str], address: str
) -> list[Known]:
    """Who has this address, in each of the centers; nobody if it is no address."""
    found = []
    for center in dict.fromkeys(centers):
        try:
            person = person_of(ledger, center, address, "")
        except BadLead:
            return []
        lead = await lead_of(tx, center, person)
        found += [Known(center, person, lead)] if lead else []
    return found


async def opted_out_at(
    ledger: Ledger, tx: AsyncConnection, centers: Iterable[str], address: str
) -> list[Known]:
    """Whom an opt-out from this address is about, though no mail of ours is named.

    Who has the address; if no center knows anybody, whoever will have it, in each of them: the
    second address of somebody who is inside, or a lead that is not imported yet.
    """
    known = await people_at(ledger, tx, centers, address)
    try:
        return known or [
            Known(center, person_of(ledger, center, address, ""), None)
            for center in dict.fromkeys(centers)
        ]
    except BadLead:
        return []


async def erased_at(
    ledger: Ledger, tx: AsyncConnection, centers: Iterable[str], address: str
) -> list[tuple[str, str]]:
    """The centers in which who has this address was erased, and the person there."""
    found = []
    for center in dict.fromkeys(centers):
        try:
            person = person_of(ledger, center, address, "")
        except BadLead:
            return []
        if await is_erased(tx, center, None, person):
            found.append((center, person))
    return found


async def lead_of(tx: AsyncConnection, center: str, person: str) -> str | None:
    """The record of a person: the one in an open enrollment, else the one seen last.

    Of somebody who was erased it is the record that was, so that what comes in late is theirs.
    """
    row = admissions.c
    here = (row.center == center) & (row.person == person) & (row.state != "CLOSED")
    query = select(row.lead).where(here).order_by(row.admitted_at.desc()).limit(1)
    enrolled: str | None = await tx.scalar(query)
    if enrolled:
        return enrolled
    known = (leads.c.center == center) & (leads.c.person == person)
    query = select(leads.c.lead).where(known).order_by(leads.c.updated_at.desc()).limit(1)
    seen: str | None = await tx.scalar(query)
    return seen or await erased_lead_of(tx, center, person)


async def find_event(tx: AsyncConnection, event_id: str) -> Kept | None:
    """The event of that id in the inbox."""
    row = inbox.c
    query = select(row.kind, row.center, row.lead).where(row.id == event_id)
    found = (await tx.execute(query)).first()
    return Kept(found[0], found[1], found[2]) if found else None


async def next_opt_out_id(ledger: Ledger, tx: AsyncConnection, mail: EffectRow, first: str) -> str:
    """The id of an opt-out by the link of ``mail``: ``first``, however often it is clicked.

    Once somebody lifted that opt-out again, a click is a new one, and gets the next id.
    """
    lead = Lead(mail.center, mail.lead or "", mail.person or "", None, None, {})
    if not await find_event(tx, first) or await suppression_of(ledger, tx, lead):
        return first
    number = 2
    while await find_event(tx, f"{first}-{number}"):
        number += 1
    return f"{first}-{number}"
