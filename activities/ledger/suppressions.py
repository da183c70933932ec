"""Who must not be contacted: persons, records, domains, phone numbers; per channel or campaign.

No row is ever taken back by a fact, however late it says otherwise, with two exceptions: who has
answered STOP to a text message, and then writes START from the same phone, takes back what that
very STOP put down (docs/decisions/0020); and a colleague who lets outreach go on takes back a
refusal that was none (docs/decisions/0028). An operator may lift one (``suppression_history``).
"""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime
from typing import Literal

from sqlalchemy import ColumnElement, and_, delete, or_, select, tuple_, update
from sqlalchemy.ext.asyncio import AsyncConnection

from activities.ledger.leads import BadLead, Lead, canonical_address, person_of
from activities.ledger.store import Ledger
from activities.ledger.suppression_history import SUPPRESSED, TAKEN_BACK, note
from activities.ledger.tables import suppressions
from activities.ledger.upsert import insert_new

Channel = Literal["email", "sms"]
Why = tuple[str, str, datetime]
"""Reason, event id, instant."""

STOPPED = "sms_opt_out"
"""The reason of an opt-out from text messages by the person."""

DECLINED = "declined"
"""The reason of somebody who has answered that they want no contact."""

UNDELIVERABLE = "undeliverable"

NO_MAIL = "no_mail"
"""The reason of an operator's suppression that leaves text messages alone."""

ERASED = "erased"
"""The reason of who was erased, and had not opted out before."""

_OF_MAIL_ALONE = ("bounced", NO_MAIL)
"""Why a mail must not be sent though a text message may: anything else holds for both."""


async def suppress_person(
    tx: AsyncConnection, center: str, person: str, why: Why, channel: Channel = "email"
) -> bool:
    """Suppress a person; ``why`` is (reason, event id, instant). True if it is new.

    What suppresses in e-mail does so in text messages too, but for a bounce.
    """
    return await suppress_as_listed(tx, center, ("person", person, channel), why)


async def suppress_lead(
    tx: AsyncConnection, center: str, lead: str, why: Why, channel: Channel = "email"
) -> bool:
    """Suppress a record, whatever address and number it has or will have; as above."""
    return await suppress_as_listed(tx, center, ("lead", lead, channel), why)


async def suppress_domain(tx: AsyncConnection, center: str, domain: str, why: Why) -> bool:
    """Suppress every address of a domain, and who is known by one."""
    return await suppress_as_listed(tx, center, ("domain", canonical_domain(domain), "email"), why)


def lock_of_domain(center: str, domain: str) -> str:
    """Held alone to suppress a domain, and with others to begin a message to an address of it."""
    return f"domain:{center}:{canonical_domain(domain)}"


def locks_of_domains(center: str, *addresses: str | None) -> tuple[str, ...]:
    """What a message to these addresses shares with others."""
    there = [canonical_address(one).rpartition("@")[2] for one in addresses if one]
    return tuple(dict.fromkeys(lock_of_domain(center, domain) for domain in there))


def canonical_domain(domain: str) -> str:
    """The one spelling of a domain that addresses are compared by; IDN in their ASCII form."""
    plain = domain.strip().lower().lstrip("@")
    try:
        return canonical_address(f"someone@{plain}").rpartition("@")[2]
    except BadLead:
        return plain


async def suppress_in_campaign(
    tx: AsyncConnection, center: str, automation: str, subject: str, why: Why
) -> bool:
    """Keep a person, or a record, out of one automation, on whatever channel it writes."""
    return await suppress_as_listed(tx, center, ("campaign", f"{automation}/{subject}", "all"), why)


async def suppressed_in(tx: AsyncConnection, automation: str, lead: Lead) -> str | None:
    """Why the lead must not be in that automation, though it may be in others."""
    row = suppressions.c
    subjects = [f"{automation}/{subject}" for subject in (lead.person, lead.lead)]
    here = (row.center == lead.center) & (row.scope == "campaign") & row.subject.in_(subjects)
    found = await tx.scalar(select(row.reason).where(here, row.lifted_at.is_(None)))
    return str(found) if found else None


async def suppress_phone(tx: AsyncConnection, center: str, phone: str, why: Why) -> bool:
    """Suppress a number in text messages, whoever has it; ``phone`` is its ``phone_key``."""
    return await suppress_as_listed(tx, center, ("phone", phone, "sms"), why)


def phone_key(ledger: Ledger, center: str, number: str) -> str:
    """What a number (E.164) is known by here: an HMAC."""
    return ledger.keyed_hash("phone", f"{center}:{number}")


async def suppress_as_listed(
    tx: AsyncConnection, center: str, what: tuple[str, str, str], why: Why
) -> bool:
    """Suppress (scope, subject, channel). True if nothing held there; what is stronger stays."""
    row = {
        "center": center,
        "scope": what[0],
        "subject": what[1],
        "channel": what[2],
        "reason": why[0],
        "event": why[1],
        "at": why[2],
    }
    if await insert_new(tx, suppressions, row):
        await note(tx, row, SUPPRESSED)
        return True
    key = ("center", "scope", "subject", "channel")
    same = and_(*(suppressions.c[name] == row[name] for name in key))
    was_lifted = suppressions.c.lifted_at.is_not(None)
    is_anew = bool(await tx.scalar(select(was_lifted).where(same)))
    # A bounce must not hide an opt-out: this holds for more than mails.
    weaker = or_(was_lifted, suppressions.c.reason.in_(_weaker_than(why[0])))
    changed = update(suppressions).where(same, weaker).values(row | {"lifted_at": None})
    if (await tx.execute(changed)).rowcount:
        await note(tx, row, SUPPRESSED)
    return is_anew


def _weaker_than(reason: str) -> tuple[str, ...]:
    """The reasons that this one takes the place of."""
    if reason in _OF_MAIL_ALONE:
        return ()
    return _OF_MAIL_ALONE if reason == DECLINED else (*_OF_MAIL_ALONE, DECLINED)


async def lift_refusal(tx: AsyncConnection, center: str, events: Iterable[str]) -> bool:
    """Take back what a reply put down that was taken for a refusal; False: there was nothing.

    An opt-out, a bounce and what anybody else has put down stand.
    """
    row = suppressions.c
    its = (row.center == center) & (row.reason == DECLINED) & row.event.in_(list(events))
    return await _take_back(tx, its & row.lifted_at.is_(None))


async def _take_back(tx: AsyncConnection, which: ColumnElement[bool]) -> bool:
    """Take rows away that a fact had put down by mistake; the log keeps them."""
    found = (await tx.execute(select(suppressions).where(which))).mappings().all()
    for one in found:
        await note(tx, dict(one), TAKEN_BACK)
    await tx.execute(delete(suppressions).where(which))
    return bool(found)


async def lift_stop(tx: AsyncConnection, center: str, phone: str) -> bool:
    """Take back what the STOP from this number put down, and nothing else; False: there was none.

    A STOP from another phone of the same person stands, and so does every other suppression.
    """
    row = suppressions.c
    texts = (row.center == center) & (row.channel == "sms") & (row.reason == STOPPED)
    its = texts & (row.scope == "phone") & (row.subject == phone) & row.lifted_at.is_(None)
    event = await tx.scalar(select(row.event).where(its))
    if event is None:
        return False
    return await _take_back(tx, texts & (row.event == event))


async def suppression_of(
    ledger: Ledger, tx: AsyncConnection, lead: Lead, address: str | None = None
) -> str | None:
    """Why the lead must not be mailed ("unsubscribed", "bounced" ...); None if it may be.

    ``address`` is where to, if not to the lead's own. An opt-out is about a human, and holds for
    all of their addresses; a bounce is about one address.
    """
    subjects = subjects_of(ledger, lead, address)
    elsewhere = lead.email is not None and ("person", lead.person) != subjects[-2]
    row = suppressions.c
    here = (row.center == lead.center) & (row.channel == "email")
    here &= tuple_(row.scope, row.subject).in_(subjects) & row.lifted_at.is_(None)
    query = select(row.reason, row.subject).where(here)
    for reason, subject in await tx.execute(query.order_by(row.at)):
        if not (elsewhere and reason == "bounced" and subject == lead.person):
            return str(reason)
    return None


async def text_suppression_of(
    ledger: Ledger, tx: AsyncConnection, lead: Lead, number: str | None
) -> tuple[str | None, str | None]:
    """Why the lead must not be sent a text message: (from all channels, from this one alone).

    ``number`` is in E.164, if one is known.
    """
    subjects = subjects_of(ledger, lead, None)
    everywhere = await _first(tx, lead.center, subjects, "email", _OF_MAIL_ALONE)
    if number:
        subjects.append(("phone", phone_key(ledger, lead.center, number)))
    return everywhere, await _first(tx, lead.center, subjects, "sms")


async def _first(
    tx: AsyncConnection,
    center: str,
    subjects: list[tuple[str, str]],
    channel: Channel,
    other_than: tuple[str, ...] = (),
) -> str | None:
    """The oldest reason in a channel, other than some."""
    row = suppressions.c
    here = (row.center == center) & (row.channel == channel) & row.lifted_at.is_(None)
    query = select(row.reason).where(here, tuple_(row.scope, row.subject).in_(subjects))
    if other_than:
        query = query.where(row.reason.not_in(other_than))
    found = await tx.scalar(query.order_by(row.at))
    return str(found) if found else None


def subjects_of(ledger: Ledger, lead: Lead, address: str | None) -> list[tuple[str, str]]:
    """Under what a lead may stand: (scope, subject); that of the address last, if there is one."""
    # Also under the record: it may have been opted out before its address was known.
    by_record = person_of(ledger, lead.center, None, lead.lead)
    subjects = [("person", lead.person), ("person", by_record), ("lead", lead.lead)]
    if address := address or lead.email:
        canonical = canonical_address(address)
        # Also under the person of the address: the lead may have been filed before it had one.
        by_address = ledger.keyed_hash("person", f"{lead.center}:address:{canonical}")
        subjects += [("person", by_address), ("domain", canonical.rpartition("@")[2])]
    return subjects
