"""The lead projection: fields, keys, zone, and the person behind a lead."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, replace
from functools import cache
from zoneinfo import ZoneInfo, available_timezones

from email_validator import EmailNotValidError, validate_email
from pydantic import JsonValue
from sqlalchemy import bindparam, insert, select, update
from sqlalchemy.ext.asyncio import AsyncConnection

from activities.ledger.consent_fields import BadConsent, split_consents
from activities.ledger.erased import is_erased
from activities.ledger.store import Ledger
from activities.ledger.tables import aliases, leads
from workflows.engine.consent import Statement

LEAD_ID = re.compile(r"^(sf-[a-zA-Z0-9]{18}|(?!sf-)[a-z][a-z0-9]*-[A-Za-z0-9_-]{1,120})$")
SALESFORCE_RECORD = re.compile(r"(00Q|003)[a-zA-Z0-9]{12}([a-zA-Z0-9]{3})?")
"""The id of a Lead or a Contact."""
_LOOKS_PERSONAL = re.compile(r"^[a-z][a-z0-9]*-(.*@.*|\+?\d[\d_-]{8,})$")
SAMPLE = "sample-"
"""How the id of a sample lead begins: nothing of it counts, and nothing of it is shown outside."""


class BadLead(ValueError):
    """A lead that cannot be taken; the message says which field and how to mend it."""


@dataclass(frozen=True, slots=True)
class Lead:
    """What the ledger knows of a lead. ``person`` is an HMAC; ``zone`` is an IANA name.

    ``record`` is the Salesforce record that a push has made of it or found; ``consents`` are those
    that came along with its fields, on its way in.
    """

    center: str
    lead: str
    person: str
    email: str | None
    zone: str | None
    fields: Mapping[str, JsonValue]
    record: str | None = None
    consents: tuple[Statement, ...] = ()

    @property
    def salesforce_id(self) -> str | None:
        """The id of its Salesforce Lead or Contact, if it is known for sure.

        It is the lead's own id, or what a push was answered, or the lead's field
        ``salesforce_id``, in which whoever imported the lead said so. A sample lead has the id of
        what it is a sample of: its writes are made up like those, and none is carried out.
        """
        key = self.lead.split("-", 2)[-1] if is_sample(self.lead) else self.lead
        if key.startswith("sf-"):
            return key[3:]
        told = str(self.fields.get("salesforce_id") or "").strip()
        return self.record or (told if SALESFORCE_RECORD.fullmatch(told) else None)

    @property
    def merge_fields(self) -> dict[str, JsonValue]:
        """What a template may say about the lead."""
        return {**self.fields, "email": self.email, "id": self.lead}


def is_sample(lead: str | None) -> bool:
    """Whether that is the id of a sample lead."""
    return lead is not None and lead.startswith(SAMPLE)


def as_sample(ledger: Ledger, lead: Lead, run: str) -> Lead:
    """A sample of the lead: an id and a person of its own, so that the original is untouched.

    ``run`` tells the samples of one test from those of another; it has no ``-``.
    """
    person = ledger.keyed_hash("person", f"{lead.center}:{SAMPLE}{run}:{lead.lead}")
    return replace(lead, lead=f"{SAMPLE}{run}-{lead.lead}", person=person)


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


def lock_of_record(center: str, lead: str) -> str:
    """What a lead's first admission and an event about it wait for each other by: before it is
    known, nobody can tell whose record it is."""
    return f"record:{center}:{lead}"


def locks_of_admission(lead: Lead) -> tuple[str, ...]:
    """What must be locked while a lead is admitted."""
    return (f"person:{lead.person}", lock_of_record(lead.center, lead.lead))


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
    if is_sample(lead):
        raise BadLead("lead id: sample- is for sample leads: dripstone enroll --sample makes them")
    if not lead and not email:
        raise BadLead("email: empty, and there is no id either: give one of the two")
    lead = check_lead_id(lead) if lead else f"p-{person_of(ledger, center, email, '')}"
    person = person_of(ledger, center, email, lead)
    return Lead(
        center, lead, person, email, known_zone(fields.get("zone")), rest, consents=consents
    )


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
    """Write a lead, keeping fields that the new ones do not name. Who was erased stays so."""
    if await is_erased(tx, lead.center, lead.lead, lead.person):
        return
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
        record=lead.record or known.record,
        fields={**known.fields, **lead.fields},
    )


_KEPT = ("center", "lead", "person", "email", "zone", "fields", "record")
_SAME = (aliases.c.center == leads.c.center) & (aliases.c.lead == leads.c.lead)
_LEAD = (
    select(leads, aliases.c.record)
    .select_from(leads.outerjoin(aliases, _SAME & (aliases.c.system == "salesforce")))
    .where(leads.c.center == bindparam("center"), leads.c.lead == bindparam("lead"))
)


async def find_lead(tx: AsyncConnection, center: str, lead: str) -> Lead | None:
    """The lead, if the ledger knows it."""
    found = await tx.execute(_LEAD, {"center": center, "lead": lead})
    row = found.mappings().first()
    return Lead(**{name: row[name] for name in _KEPT}) if row else None


async def set_fields(
    ledger: Ledger, tx: AsyncConnection, lead: Lead, fields: Mapping[str, JsonValue]
) -> None:
    """Change some fields of a known lead."""
    here = (leads.c.center == lead.center) & (leads.c.lead == lead.lead)
    values = {"fields": {**lead.fields, **fields}, "updated_at": await ledger.now(tx)}
    await tx.execute(update(leads).where(here).values(values))
