"""Suppression by an operator: a person, a domain or a number; in one channel or campaign, or all.

A person's live enrollments are stopped by the same commit, so that it holds with Temporal down.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass, field
from uuid import uuid4

from pydantic import JsonValue

from activities.dispatch import deliver, take_in
from activities.ledger.entries import newest_entry
from activities.ledger.inbox import OPEN, Incoming
from activities.ledger.leads import find_lead, lock_of_record, person_of
from activities.ledger.listing import leads_of
from activities.ledger.suppressions import (
    NO_MAIL,
    Why,
    canonical_domain,
    phone_key,
    suppress_domain,
    suppress_in_campaign,
    suppress_lead,
    suppress_person,
)
from activities.phone_numbers import NotAPhoneNumber, e164
from starters.commands.opened import Opened
from starters.commands.output import Refused, WrongUse
from workflows.contracts import enrollment_id
from workflows.engine.events import SMS_OPT_OUT, Event

LONGEST_REASON = 40
BY_OPERATOR = "by an operator"
CHANNELS = ("all", "email", "sms")
_DOMAIN = re.compile(r"@?([^\s@.]{1,63}\.)+[^\s@.\d][^\s@.]{0,61}[^\s@.]")


@dataclass(frozen=True, slots=True)
class Whom:
    """Whom to suppress: exactly one of address, lead, domain and phone number, or an HMAC of a
    person or number, as the list of suppressions has it.

    ``channel`` is one of ``CHANNELS``; ``campaign`` an automation that alone is meant.
    """

    center: str
    email: str | None = None
    lead: str | None = None
    domain: str | None = None
    phone: str | None = None
    person: str | None = None
    number: str | None = None
    channel: str = "all"
    campaign: str | None = None

    def __post_init__(self) -> None:
        named = (self.email, self.lead, self.domain, self.phone, self.person, self.number)
        if sum(bool(one) for one in named) != 1:
            raise WrongUse("say whom: one of --email, --lead, --domain and --phone")
        if self.channel not in CHANNELS:
            raise WrongUse(f"--channel {self.channel}: use one of {', '.join(CHANNELS)}")
        is_person = self.email or self.lead or self.person
        if self.campaign and (not is_person or self.channel != "all"):
            raise WrongUse("--campaign goes with --email or --lead, and holds for every channel")
        if self.domain and self.channel == "sms":
            raise WrongUse("--domain is about mail: it does not go with --channel sms")
        if (self.phone or self.number) and self.channel == "email":
            raise WrongUse("--phone is about text messages: it does not go with --channel email")


@dataclass(frozen=True, slots=True)
class Said:
    """An operator's word: who, and why."""

    by: str
    why: str = ""


@dataclass(frozen=True, slots=True)
class Suppressed:
    """What was suppressed, in words without an address, and which enrollments it stopped."""

    what: str
    is_new: bool = True
    stopped: tuple[str, ...] = ()
    why_not_told: str = ""


@dataclass(frozen=True, slots=True)
class Known:
    """The person meant, and their records."""

    person: str
    leads: tuple[str, ...] = field(default=())

    @property
    def words(self) -> str:
        """Who that is, without an address."""
        return (
            f"the person of {', '.join(self.leads)}" if self.leads else "the person of this address"
        )


async def suppress(here: Opened, whom: Whom, said: Said) -> Suppressed:
    """Suppress; a person's live enrollments are stopped by the same commit.

    Raises:
        Refused: the lead is unknown, or the number is none.
        BadLead: the address is none.
        WrongUse: the domain is none.
    """
    if whom.domain:
        return await _domain(here, whom, said)
    if whom.phone or whom.number:
        return await _phone(here, whom, said)
    known = await person_meant(here, whom)
    if whom.campaign:
        return await _in_campaign(here, whom, known, said)
    if whom.channel == "email":
        return await _mail_alone(here, whom, known)
    kind = SMS_OPT_OUT if whom.channel == "sms" else "unsubscribe"
    return await _opt_out(here, whom, known, Word(kind, said))


@dataclass(frozen=True, slots=True)
class Word:
    """What is told of each record of a person."""

    kind: str
    said: Said

    @property
    def data(self) -> dict[str, JsonValue]:
        """What the inbox keeps of it."""
        return {"via": "operator", "reason": self.said.why, "by": self.said.by}


async def person_meant(here: Opened, whom: Whom) -> Known:
    """The person that an address, an HMAC or a lead stands for.

    Raises:
        Refused: the lead is unknown.
        BadLead: the address is none.
    """
    async with here.ledger.reading() as tx:
        if whom.lead is None:
            person = whom.person or person_of(
                here.ledger, whom.center, (whom.email or "").strip(), ""
            )
            return Known(person, tuple(await leads_of(tx, whom.center, person)))
        lead = await find_lead(tx, whom.center, whom.lead)
        if lead is None:
            raise Refused(
                f"{whom.lead}: the ledger knows no such lead in center {whom.center!r}: "
                "suppress by --email"
            )
        # The lead itself first: a record without an address is a person of its own.
        others = await leads_of(tx, whom.center, lead.person)
        mine = (lead.lead, *(one for one in others if one != lead.lead))
        return Known(lead.person, mine)


async def _opt_out(here: Opened, whom: Whom, known: Known, told: Word) -> Suppressed:
    """One event for each record of the person, so that each gets its opt-out in the CRM."""
    stopped: dict[str, None] = {}
    records: list[str | None] = [*known.leads] or [None]
    for lead in records:
        event = await _event(here, told)
        incoming = Incoming(event, whom.center, "command", lead, known.person)
        stopped |= dict.fromkeys(await _take(here, incoming, known.person))
    return Suppressed(known.words, True, tuple(stopped), here.why_no_client)


async def _event(here: Opened, told: Word) -> Event:
    async with here.ledger.reading() as tx:
        now = await here.ledger.now(tx)
    return Event(id=f"operator-{uuid4().hex}", kind=told.kind, at=now, data=told.data)


async def _take(here: Opened, incoming: Incoming, person: str | None = None) -> list[str]:
    """Take an event in and tell it; the enrollments that it reached."""
    received = await take_in(here.ledger, incoming, here.connections, person)
    client = await here.client_if_up() if received.targets else None
    if client:
        await deliver(here.ledger, client, incoming.event.id)
    return [enrollment for enrollment, _ in received.targets]


async def _mail_alone(here: Opened, whom: Whom, known: Known) -> Suppressed:
    """No mail, and text messages go on: nobody is stopped, and leads inside exit at a mail."""
    async with here.ledger.transaction(*locks_of(whom.center, known)) as tx:
        why = (NO_MAIL, "command", await here.ledger.now(tx))
        new = [await suppress_person(tx, whom.center, known.person, why)]
        new += [await suppress_lead(tx, whom.center, one, why) for one in known.leads]
    return Suppressed(f"mail to {known.words}; who is inside exits at the next mail", any(new))


def locks_of(center: str, known: Known) -> Iterable[str]:
    """What admissions and sends of a person wait for."""
    return (f"person:{known.person}", *(lock_of_record(center, one) for one in known.leads))


async def _in_campaign(here: Opened, whom: Whom, known: Known, said: Said) -> Suppressed:
    """Out of one automation, and never in again; elsewhere nothing changes."""
    automation = whom.campaign or ""
    async with here.ledger.transaction(*locks_of(whom.center, known)) as tx:
        why: Why = (BY_OPERATOR, "command", await here.ledger.now(tx))
        new = [
            await suppress_in_campaign(tx, whom.center, automation, subject, why)
            for subject in (known.person, *known.leads)
        ]
    stopped: list[str] = []
    for lead in known.leads:
        enrollment = enrollment_id(automation, lead)
        async with here.ledger.reading() as tx:
            entry = await newest_entry(tx, enrollment)
        if entry is None or entry["state"] not in OPEN:
            continue
        event = await _event(here, Word("remove", said))
        incoming = Incoming(event, whom.center, "command", lead, enrollment=enrollment)
        stopped += await _take(here, incoming, entry["person"])
    what = f"{known.words}, in {automation} alone"
    return Suppressed(what, any(new), tuple(stopped), here.why_no_client)


async def _domain(here: Opened, whom: Whom, said: Said) -> Suppressed:
    domain = domain_meant(whom.domain or "")
    async with here.ledger.transaction() as tx:
        reason = said.why[:LONGEST_REASON] or BY_OPERATOR
        why = (reason, "command", await here.ledger.now(tx))
        is_new = await suppress_domain(tx, whom.center, domain, why)
    return Suppressed(f"every address at {domain}; leads inside exit at their next mail", is_new)


def domain_meant(written: str) -> str:
    """The one spelling of a domain.

    Raises:
        WrongUse: it is none.
    """
    domain = written.strip().lower().removeprefix("@")
    if not _DOMAIN.fullmatch(domain):
        raise WrongUse(f"--domain {domain}: write it like example.com")
    return canonical_domain(domain)


async def _phone(here: Opened, whom: Whom, said: Said) -> Suppressed:
    """No text messages to a number, whoever has it."""
    event = await _event(here, Word(SMS_OPT_OUT, said))
    phone = number_meant(here, whom)
    told = event.model_copy(update={"data": {**event.data, "phone": phone}})
    await take_in(here.ledger, Incoming(told, whom.center, "command"), here.connections)
    return Suppressed("text messages to this number")


def number_meant(here: Opened, whom: Whom) -> str:
    """The HMAC of a number.

    Raises:
        Refused: it is no number.
    """
    if whom.number:
        return whom.number
    try:
        region = here.connections.of(whom.center).phone_region
        return phone_key(here.ledger, whom.center, e164(whom.phone, region))
    except NotAPhoneNumber as error:
        raise Refused(f"--phone: {error}") from error
