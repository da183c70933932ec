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


async def suppression_of(ledger: Ledger, tx: AsyncConnection, lead: Lead) -> str | None:
    """Why the lead must not be mailed ("unsubscribed", "bounced" ...); None if it may be."""
    # Also under the record: it may have been opted out before its address was known.
    by_record = person_of(ledger, lead.center, None, lead.lead)
    subjects = [("person", lead.person), ("person", by_record), ("lead", lead.lead)]
    if lead.email:
        address = canonical_address(lead.email)
        # Also under the person of the address: the lead may have been filed before it had one.
        by_address = ledger.keyed_hash("person", f"{lead.center}:address:{address}")
        subjects += [("person", by_address), ("domain", address.rpartition("@")[2])]
    here = tuple_(suppressions.c.scope, suppressions.c.subject).in_(subjects)
    query = select(suppressions.c.reason).where(suppressions.c.center == lead.center, here)
    found = await tx.scalar(query.order_by(suppressions.c.at))
    return str(found) if found else None
