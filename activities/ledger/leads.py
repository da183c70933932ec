"""The lead projection: fields, keys, zone, and the person behind a lead."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, replace
from functools import cache
from zoneinfo import ZoneInfo, available_timezones

from email_validator import EmailNotValidError, validate_email
from pydantic import JsonValue
from sqlalchemy import insert, select, update
from sqlalchemy.ext.asyncio import AsyncConnection

from activities.ledger.consent_fields import BadConsent, split_consents
from activities.ledger.store import Ledger
from activities.ledger.tables import leads
from workflows.engine.consent import Statement

LEAD_ID = re.compile(r"^(sf-[a-zA-Z0-9]{18}|(?!sf-)[a-z][a-z0-9]*-[A-Za-z0-9_-]{1,120})$")
_LOOKS_PERSONAL = re.compile(r"^[a-z][a-z0-9]*-(.*@.*|\+?\d[\d_-]{8,})$")


class BadLead(ValueError):
    """A lead that cannot be taken; the message says which field and how to mend it."""


@dataclass(frozen=True, slots=True)
class Lead:
    """What the ledger knows of a lead. ``person`` is an HMAC; ``zone`` is an IANA name.

    ``consents`` are those that came along with its fields, on its way in.
    """

    center: str
    lead: str
    person: str
    email: str | None
    zone: str | None
    fields: Mapping[str, JsonValue]
    consents: tuple[Statement, ...] = ()

    @property
    def salesforce_id(self) -> str | None:
        """The 18-character id, if the lead is a Salesforce Lead or Contact."""
        return self.lead[3:] if self.lead.startswith("sf-") else None

    @property
    def merge_fields(self) -> dict[str, JsonValue]:
        """What a template may say about the lead."""
        return {**self.fields, "email": self.email, "id": self.lead}


def check_lead_id(lead: str) -> str:
    """The id itself, if it is one.

    Raises:
        BadLead: not ``sf-`` and 18 characters or ``{source}-{key}``, or an address or a phone
            number, which must not become part of a workflow id.
    """
    if _LOOKS_PERSONAL.match(lead):
        raise BadLead(
            "lead id: the key looks like an address or a phone number, and ids are not private: "
            "use the key of your own system, or leave the id out"
        )
    if not LEAD_ID.match(lead):
        raise BadLead(
            "lead id: write sf- and the 18-character Salesforce id, or {source}-{key} with "
            "letters, digits, _ and - only"
        )
    return lead


def canonical_address(address: str) -> str:
    """The one spelling of an address under which a person is known.

    Upper case, IDN domains and plus tags are evened out, and so are Gmail's dots.

    Raises:
        BadLead: it is no address that mail can be sent to (RFC 5321, 5322; no network is asked).
    """
    try:
        checked = validate_email(address, check_deliverability=False, test_environment=True)
    except EmailNotValidError as error:
        raise BadLead(f"email: {error}") from None
    local, domain = checked.local_part.lower(), checked.ascii_domain or checked.domain
    local = local.split("+", 1)[0] or local
    domain = {"googlemail.com": "gmail.com"}.get(domain.lower(), domain.lower())
    if domain == "gmail.com":
        local = local.replace(".", "")
    return f"{local}@{domain}"


def person_of(ledger: Ledger, center: str, email: str | None, lead: str) -> str:
    """Who counts as one human: the HMAC of the canonical address, else of the lead id."""
    subject = f"address:{canonical_address(email)}" if email else f"lead:{lead}"
    return ledger.keyed_hash("person", f"{center}:{subject}")


def new_lead(
    ledger: Ledger, center: str, fields: Mapping[str, JsonValue], lead: str | None = None
) -> Lead:
    """A lead from the fields of a file, a command or an upstream system.

    Without an id it is known by an HMAC of its address (``p-...``).

    Raises:
        BadLead: no id and no address, an id or address that is none, an unknown zone, a consent
            that cannot be read.
    """
    rest = {key: value for key, value in fields.items() if key not in ("email", "zone", "id")}
    try:
        rest, consents = split_consents(rest)
    except BadConsent as error:
        raise BadLead(str(error)) from None
    email = str(fields.get("email") or "").strip() or None
    if email is not None:
        canonical_address(email)
    if not lead and not email:
        raise BadLead("email: empty, and there is no id either: give one of the two")
    lead = check_lead_id(lead) if lead else f"p-{person_of(ledger, center, email, '')}"
    person = person_of(ledger, center, email, lead)
    return Lead(center, lead, person, email, known_zone(fields.get("zone")), rest, consents)


def known_zone(zone: JsonValue) -> str | None:
    """The IANA zone of that name; None if none is given.

    Raises:
        BadLead: there is no such zone.
    """
    name = str(zone or "").strip()
    if not name:
        return None
    if name not in _zones():
        raise BadLead(f"zone: there is no time zone {name[:60]!r}: use a name like Europe/Berlin")
    return ZoneInfo(name).key


@cache
def _zones() -> frozenset[str]:
    """Every zone there is; finding them looks into each file of the zone data."""
    return frozenset(available_timezones())


async def put_lead(ledger: Ledger, tx: AsyncConnection, lead: Lead) -> None:
    """Write a lead, keeping fields that the new ones do not name."""
    known = await find_lead(tx, lead.center, lead.lead)
    lead = with_known(lead, known)
    row = {
        "person": lead.person,
        "email": lead.email,
        "zone": lead.zone,
        "fields": lead.fields,
        "updated_at": await ledger.now(tx),
    }
    if known:
        here = (leads.c.center == lead.center) & (leads.c.lead == lead.lead)
        await tx.execute(update(leads).where(here).values(row))
    else:
        await tx.execute(insert(leads).values(row | {"center": lead.center, "lead": lead.lead}))


def with_known(lead: Lead, known: Lead | None) -> Lead:
    """The lead, completed by what was known of it: an address and a zone stay, and so do fields."""
    if known is None:
        return lead
    address = known if lead.email is None else lead
    return replace(
        lead,
        person=address.person,
        email=address.email,
        zone=lead.zone or known.zone,
        fields={**known.fields, **lead.fields},
    )


async def find_lead(tx: AsyncConnection, center: str, lead: str) -> Lead | None:
    """The lead, if the ledger knows it."""
    here = (leads.c.center == center) & (leads.c.lead == lead)
    row = (await tx.execute(select(leads).where(here))).mappings().first()
    if row is None:
        return None
    return Lead(row["center"], row["lead"], row["person"], row["email"], row["zone"], row["fields"])


async def set_fields(
    ledger: Ledger, tx: AsyncConnection, lead: Lead, fields: Mapping[str, JsonValue]
) -> None:
    """Change some fields of a known lead."""
    here = (leads.c.center == lead.center) & (leads.c.lead == lead.lead)
    values = {"fields": {**lead.fields, **fields}, "updated_at": await ledger.now(tx)}
    await tx.execute(update(leads).where(here).values(values))
