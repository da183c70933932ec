"""Suppression by an operator: the opt-out of a person, or a domain that is not mailed."""

from __future__ import annotations

import re
from dataclasses import dataclass
from uuid import uuid4

from activities.dispatch import deliver, take_in
from activities.ledger.inbox import Incoming
from activities.ledger.leads import find_lead, person_of
from activities.ledger.listing import leads_of
from activities.ledger.suppressions import suppress_domain
from starters.commands.opened import Opened
from starters.commands.output import Refused, WrongUse
from workflows.engine.events import Event

LONGEST_REASON = 40
_DOMAIN = re.compile(r"@?([a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?\.)+[a-z][a-z0-9-]{0,61}[a-z0-9]", re.I)


@dataclass(frozen=True, slots=True)
class Whom:
    """Whom to suppress: exactly one of address, lead and domain."""

    center: str
    email: str | None
    lead: str | None
    domain: str | None


@dataclass(frozen=True, slots=True)
class Suppressed:
    """What was suppressed, in words without an address, and which enrollments it stopped."""

    what: str
    is_new: bool = True
    stopped: tuple[str, ...] = ()
    why_not_told: str = ""


async def suppress(here: Opened, whom: Whom, reason: str) -> Suppressed:
    """Suppress; a person's live enrollments are stopped by the same commit.

    Raises:
        Refused: the lead is unknown.
        BadLead: the address is none.
        WrongUse: the domain is none.
    """
    if whom.domain:
        return await _suppress_domain(here, whom.center, whom.domain, reason)
    leads, person = await _person(here, whom)
    data = {"via": "operator", "reason": reason}
    stopped: dict[str, None] = {}
    records: list[str | None] = [*leads] or [None]
    for lead in records:
        # One event for each record of the person, so that each gets its opt-out in the CRM.
        async with here.ledger.reading() as tx:
            now = await here.ledger.now(tx)
        event = Event(id=f"operator-{uuid4().hex}", kind="unsubscribe", at=now, data=dict(data))
        incoming = Incoming(event, whom.center, "command", lead, person)
        received = await take_in(here.ledger, incoming, here.connections, person)
        stopped |= dict.fromkeys(enrollment for enrollment, _ in received.targets)
        client = await here.client_if_up() if received.targets else None
        if client:
            await deliver(here.ledger, client, event.id)
    what = f"the person of {', '.join(leads)}" if leads else "the person of this address"
    return Suppressed(what, True, tuple(stopped), here.why_no_client)


async def _person(here: Opened, whom: Whom) -> tuple[list[str], str]:
    async with here.ledger.reading() as tx:
        if whom.email:
            person = person_of(here.ledger, whom.center, whom.email.strip(), "")
            return await leads_of(tx, whom.center, person), person
        lead = await find_lead(tx, whom.center, whom.lead or "")
        if lead is None:
            raise Refused(
                f"{whom.lead}: the ledger knows no such lead in center {whom.center!r}: "
                "suppress by --email"
            )
        # The lead itself first: a record without an address is a person of its own.
        others = await leads_of(tx, whom.center, lead.person)
        return [lead.lead, *(one for one in others if one != lead.lead)], lead.person


async def _suppress_domain(here: Opened, center: str, domain: str, reason: str) -> Suppressed:
    domain = domain.strip().lower().removeprefix("@")
    if not _DOMAIN.fullmatch(domain):
        raise WrongUse(f"--domain {domain}: write it like example.com")
    async with here.ledger.transaction() as tx:
        why = (reason[:LONGEST_REASON] or "by an operator", "command", await here.ledger.now(tx))
        is_new = await suppress_domain(tx, center, domain, why)
    return Suppressed(f"every address at {domain}; leads inside exit at their next mail", is_new)
