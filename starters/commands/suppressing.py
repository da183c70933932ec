"""Suppression by an operator: a person, a domain or a number; in one channel or campaign, or all.

A person's live enrollments are stopped by the same commit, so that it holds with Temporal down.
"""

from __future__ import annotations

from dataclasses import dataclass
from uuid import uuid4

from pydantic import JsonValue
from sqlalchemy.ext.asyncio import AsyncConnection

from activities.dispatch import deliver, take_in
from activities.ledger.entries import newest_entry
from activities.ledger.inbox import OPEN, Incoming
from activities.ledger.suppression_history import sign
from activities.ledger.suppressions import (
    NO_MAIL,
    Why,
    lock_of_domain,
    suppress_domain,
    suppress_in_campaign,
    suppress_lead,
    suppress_person,
)
from starters.commands.opened import Opened
from starters.commands.whom import (
    Known,
    Whom,
    domain_meant,
    locks_of,
    number_meant,
    person_meant,
)
from workflows.contracts import enrollment_id
from workflows.engine.events import SMS_OPT_OUT, Event

LONGEST_REASON = 40
BY_OPERATOR = "by an operator"


@dataclass(frozen=True, slots=True)
class Said:
    """An operator's word: who, and why."""

    by: str
    why: str = ""

    @property
    def data(self) -> dict[str, JsonValue]:
        """What the inbox keeps of it."""
        return {"via": "operator", "reason": self.why, "by": self.by}


@dataclass(frozen=True, slots=True)
class Suppressed:
    """What was suppressed, in words without an address, and which enrollments it stopped."""

    what: str
    is_new: bool = True
    stopped: tuple[str, ...] = ()
    why_not_told: str = ""


async def suppress(here: Opened, whom: Whom, said: Said) -> Suppressed:
    """Suppress; a person's live enrollments are stopped by the same commit.

    Raises:
        Refused: the lead is unknown.
        BadLead: the address or the number is none.
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
        return await _mail_alone(here, whom, known, said)
    return await _opt_out(here, whom, known, said)


async def _opt_out(here: Opened, whom: Whom, known: Known, said: Said) -> Suppressed:
    """One event for each record of the person, so that each gets its opt-out in the CRM."""
    kind = SMS_OPT_OUT if whom.channel == "sms" else "unsubscribe"
    stopped: dict[str, None] = {}
    records: list[str | None] = [*known.leads] or [None]
    for lead in records:
        event = await _event(here, kind, said)
        incoming = Incoming(event, whom.center, "command", lead, known.person)
        stopped |= dict.fromkeys(await _take(here, incoming, said, known.person))
    return Suppressed(known.words, True, tuple(stopped), here.why_no_client)


async def _event(here: Opened, kind: str, said: Said) -> Event:
    async with here.ledger.reading() as tx:
        now = await here.ledger.now(tx)
    return Event(id=f"operator-{uuid4().hex}", kind=kind, at=now, data=said.data)


async def _take(
    here: Opened, incoming: Incoming, said: Said, person: str | None = None
) -> list[str]:
    """Take an event in and tell it; the enrollments that it reached."""
    received = await take_in(here.ledger, incoming, here.connections, person)
    async with here.ledger.transaction() as tx:
        await sign(tx, incoming.event.id, said.by, said.why)
    client = await here.client_if_up() if received.targets else None
    if client:
        await deliver(here.ledger, client, incoming.event.id)
    return [enrollment for enrollment, _ in received.targets]


async def _why(here: Opened, tx: AsyncConnection, reason: str) -> Why:
    """The reason of rows that no event stands behind, with an id of their own to sign them by."""
    return (reason, f"operator-{uuid4().hex}", await here.ledger.now(tx))


async def _mail_alone(here: Opened, whom: Whom, known: Known, said: Said) -> Suppressed:
    """No mail, and text messages go on: nobody is stopped, and leads inside exit at a mail."""
    async with here.ledger.transaction(*locks_of(whom.center, known)) as tx:
        why = await _why(here, tx, NO_MAIL)
        new = [await suppress_person(tx, whom.center, known.person, why)]
        new += [await suppress_lead(tx, whom.center, one, why) for one in known.leads]
        await sign(tx, why[1], said.by, said.why)
    return Suppressed(f"mail to {known.words}; who is inside exits at the next mail", any(new))


async def _in_campaign(here: Opened, whom: Whom, known: Known, said: Said) -> Suppressed:
    """Out of one automation, and never in again; elsewhere nothing changes."""
    automation = whom.campaign or ""
    async with here.ledger.transaction(*locks_of(whom.center, known)) as tx:
        why = await _why(here, tx, BY_OPERATOR)
        new = [
            await suppress_in_campaign(tx, whom.center, automation, subject, why)
            for subject in (known.person, *known.leads)
        ]
        await sign(tx, why[1], said.by, said.why)
    stopped: list[str] = []
    for lead in known.leads:
        enrollment = enrollment_id(automation, lead)
        async with here.ledger.reading() as tx:
            entry = await newest_entry(tx, enrollment)
        if entry is None or entry["state"] not in OPEN:
            continue
        event = await _event(here, "remove", said)
        incoming = Incoming(event, whom.center, "command", lead, enrollment=enrollment)
        stopped += await _take(here, incoming, said, entry["person"])
    what = f"{known.words}, in {automation} alone"
    return Suppressed(what, any(new), tuple(stopped), here.why_no_client)


async def _domain(here: Opened, whom: Whom, said: Said) -> Suppressed:
    domain = domain_meant(whom.domain or "")
    async with here.ledger.transaction(lock_of_domain(whom.center, domain)) as tx:
        why = await _why(here, tx, said.why[:LONGEST_REASON] or BY_OPERATOR)
        is_new = await suppress_domain(tx, whom.center, domain, why)
        await sign(tx, why[1], said.by, "")
    return Suppressed(f"every address at {domain}; leads inside exit at their next mail", is_new)


async def _phone(here: Opened, whom: Whom, said: Said) -> Suppressed:
    """No text messages to a number, whoever has it."""
    phone = number_meant(here, whom)
    event = await _event(here, SMS_OPT_OUT, said)
    told = event.model_copy(update={"data": {**event.data, "phone": phone}})
    await _take(here, Incoming(told, whom.center, "command"), said)
    return Suppressed("text messages to this number")
