"""Who must not be contacted: persons, records, domains; per channel. Rows are only ever added."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import select, tuple_
from sqlalchemy.ext.asyncio import AsyncConnection

from activities.ledger.leads import Lead, canonical_address, person_of
from activities.ledger.store import Ledger
from activities.ledger.tables import suppressions
from activities.ledger.upsert import insert_new


async def suppress_person(
    tx: AsyncConnection, center: str, person: str, why: tuple[str, str, datetime]
) -> bool:
    """Suppress a person in e-mail; ``why`` is (reason, event id, instant). True if it is new."""
    return await _suppress(tx, center, ("person", person), why)


async def suppress_lead(
    tx: AsyncConnection, center: str, lead: str, why: tuple[str, str, datetime]
) -> bool:
    """Suppress a record in e-mail, whatever address it has or will have; ``why`` as above."""
    return await _suppress(tx, center, ("lead", lead), why)


async def suppress_domain(
    tx: AsyncConnection, center: str, domain: str, why: tuple[str, str, datetime]
) -> bool:
    """Suppress every address of a domain in e-mail."""
    return await _suppress(tx, center, ("domain", domain.strip().lower().lstrip("@")), why)


async def _suppress(
    tx: AsyncConnection, center: str, what: tuple[str, str], why: tuple[str, str, datetime]
) -> bool:
    row = {
        "center": center,
        "scope": what[0],
        "subject": what[1],
        "channel": "email",
        "reason": why[0],
        "event": why[1],
        "at": why[2],
    }
    return await insert_new(tx, suppressions, row)


async def suppression_of(
    ledger: Ledger, tx: AsyncConnection, lead: Lead, address: str | None = None
) -> str | None:
    """Why the lead must not be mailed ("unsubscribed", "bounced" ...); None if it may be.

    ``address`` is where to, if not to the lead's own. An opt-out is about a human, and holds for
    all of their addresses; a bounce is about one address.
    """
    # Also under the record: it may have been opted out before its address was known.
    by_record = person_of(ledger, lead.center, None, lead.lead)
    subjects = [("person", lead.person), ("person", by_record), ("lead", lead.lead)]
    elsewhere = False
    if address := address or lead.email:
        canonical = canonical_address(address)
        # Also under the person of the address: the lead may have been filed before it had one.
        by_address = ledger.keyed_hash("person", f"{lead.center}:address:{canonical}")
        subjects += [("person", by_address), ("domain", canonical.rpartition("@")[2])]
        elsewhere = lead.email is not None and by_address != lead.person
    row = suppressions.c
    here = (row.center == lead.center) & tuple_(row.scope, row.subject).in_(subjects)
    query = select(row.reason, row.subject).where(here).order_by(row.at)
    for reason, subject in await tx.execute(query):
        if not (elsewhere and reason == "bounced" and subject == lead.person):
            return str(reason)
    return None
