"""The inbox: every event once, with what follows from it written in the same transaction.

An event commits together with the opt-out it means, the stop it puts on enrollments, its default
write-backs and its deliveries; only after that is it acknowledged.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any

from sqlalchemy import or_, select, update
from sqlalchemy.ext.asyncio import AsyncConnection

from activities.ledger import effects
from activities.ledger.connections import Connections
from activities.ledger.consents import note_consent_event
from activities.ledger.criteria import meets_exit_criteria
from activities.ledger.erased import is_erased, kept_of
from activities.ledger.facts import writebacks_of
from activities.ledger.leads import Lead, find_lead, put_lead, set_fields
from activities.ledger.opt_outs import Whose, bare_record, note_suppression
from activities.ledger.publishing import find_version
from activities.ledger.store import Ledger
from activities.ledger.tables import admissions, deliveries, inbox
from activities.ledger.telling import signal_body
from activities.ledger.triggering import fire
from activities.ledger.upsert import insert_new
from workflows.engine.consent import CONSENT_EVENTS
from workflows.engine.events import Event
from workflows.engine.exits import ExitReason, strongest

PERSON_WIDE = frozenset(
    (
        *("reply", "unsubscribe", "sms_opt_out", "complaint", "bounce", "out_of_office"),
        *("meeting_booked", *CONSENT_EVENTS),
    )
)
"""Events about a human, not about one record: they reach every live enrollment of the person."""

TOLD_TO_NOBODY = frozenset(
    (
        *("email_sent", "campaign_exited", "malformed", "auto_reply", "own_mail"),
        *("sms_sent", "sms_delivered", "sms_opt_in"),
    )
)
"""Facts for reports and triggers: no enrollment is signalled."""

CRITERIA_MET = "/criteria"
"""How the id of the event ends that an entry's custom exit criteria are met."""

OPEN = ("QUEUED", "ADMITTED", "RUNNING", "SUPERSEDED")


@dataclass(frozen=True, slots=True)
class Incoming:
    """An event on its way in. ``lead`` or ``person`` or ``enrollment`` says whose it is.

    ``origin`` is the entry whose own workflow reported it, and so knows it. ``newcomer`` is a lead
    that the event brings along: it is written down with it. ``bounced`` is the person of the
    address that a bounce is about, if that is not the lead's own.
    """

    event: Event
    center: str
    source: str
    lead: str | None = None
    person: str | None = None
    enrollment: str | None = None
    origin: tuple[str, int] | None = None
    newcomer: Lead | None = None
    bounced: str | None = None


@dataclass(frozen=True, slots=True)
class Received:
    """What became of it: whether it is new, whom it reaches, which write-backs it caused.

    ``fired`` are the causes of admissions that it asks for.
    """

    is_new: bool
    targets: tuple[tuple[str, int], ...] = ()
    writebacks: tuple[str, ...] = ()
    fired: tuple[str, ...] = ()


async def receive(
    ledger: Ledger, tx: AsyncConnection, incoming: Incoming, connections: Connections
) -> Received:
    """Record an event and all that follows from it. A known event id changes nothing."""
    lead = await find_lead(tx, incoming.center, incoming.lead) if incoming.lead else None
    person = incoming.person or (lead.person if lead else None)
    event, now = incoming.event, await ledger.now(tx)
    if erased := await is_erased(tx, incoming.center, incoming.lead, person):
        kept = event.model_copy(update={"data": kept_of(event.kind, event.data)})
        incoming = replace(incoming, event=kept, newcomer=None)
        lead = bare_record(incoming.center, incoming.lead, event.kind)
    row = {
        "id": event.id,
        "center": incoming.center,
        "kind": event.kind,
        "at": event.at,
        "received_at": now,
        "source": incoming.source,
        "lead": incoming.lead,
        "person": person,
        "enrollment": incoming.enrollment,
        "data": incoming.event.data,
    }
    if not await insert_new(tx, inbox, row):
        return Received(is_new=False)
    whose = Whose(incoming.center, incoming.source, incoming.lead, person, incoming.bounced)
    await note_suppression(tx, event, whose)
    if person and event.kind in CONSENT_EVENTS:
        # Signals are not signed: one may take a consent away, and never give one.
        is_signed = incoming.source != "signal"
        await note_consent_event(ledger, tx, event, (incoming.center, person), is_signed)
    planned = await _plan_writebacks(ledger, tx, incoming, lead, connections)
    targets = await _targets(tx, incoming, person)
    for place, target in enumerate(targets):
        await _stop(tx, target, event)
        await _deliver(ledger, tx, target, incoming, planned if place == 0 else ())
    before = lead.merge_fields if lead else {}
    lead = None if erased else await _change_lead(ledger, tx, incoming, lead, connections)
    fired = await fire(ledger, tx, event, lead, before) if lead else ()
    return Received(True, tuple((t["enrollment"], t["entry"]) for t in targets), planned, fired)


async def _change_lead(
    ledger: Ledger,
    tx: AsyncConnection,
    incoming: Incoming,
    lead: Lead | None,
    connections: Connections,
) -> Lead | None:
    """The lead after the event: the fields that it changes, or the lead that it brings along."""
    event = incoming.event
    if incoming.newcomer:
        await put_lead(ledger, tx, incoming.newcomer)
    elif lead and event.kind == "lead_changed":
        await set_fields(ledger, tx, lead, event.changes)
        await tell_criteria_met(ledger, tx, lead, event, connections)
    else:
        return lead
    return await find_lead(tx, incoming.center, incoming.lead) if incoming.lead else None


async def tell_criteria_met(
    ledger: Ledger, tx: AsyncConnection, lead: Lead, cause: Event, connections: Connections
) -> None:
    """After a change of the lead: stop the enrollments whose custom exit criteria it meets now."""
    changed = await find_lead(tx, lead.center, lead.lead) or lead
    about = Incoming(cause, lead.center, "criteria", lead.lead)
    for target in await _targets(tx, about, None):
        if not await meets_exit_criteria(tx, target["automation"], changed):
            continue
        await tell_criteria_met_in(ledger, tx, target, cause.at, connections)


async def tell_criteria_met_in(
    ledger: Ledger,
    tx: AsyncConnection,
    entry: Mapping[str, Any],
    at: datetime,
    connections: Connections,
) -> list[str]:
    """Stop one entry whose custom exit criteria are met; the event, unless it was told before."""
    place = f"{entry['enrollment']}/{entry['entry']}"
    event = Event(id=f"{place}{CRITERIA_MET}", kind="criteria_met", at=at)
    about = (entry["center"], "criteria", entry["lead"])
    incoming = Incoming(event, *about, enrollment=entry["enrollment"])
    received = await receive(ledger, tx, incoming, connections)
    return [event.id] if received.is_new else []


async def _plan_writebacks(
    ledger: Ledger,
    tx: AsyncConnection,
    incoming: Incoming,
    lead: Lead | None,
    connections: Connections,
) -> tuple[str, ...]:
    accounts = connections.of(incoming.center)
    about = {"center": incoming.center, "lead": incoming.lead}
    about |= {"person": lead.person if lead else incoming.person, "enrollment": None}
    keys = []
    for planned in writebacks_of(incoming.event, lead, accounts):
        key = await effects.plan(ledger, tx, planned, incoming.event.id, about)
        keys += [key] if key else []
    return tuple(keys)


async def _targets(
    tx: AsyncConnection, incoming: Incoming, person: str | None
) -> list[Mapping[str, Any]]:
    """The open enrollments that the event is about."""
    if incoming.event.kind in TOLD_TO_NOBODY:
        return []
    row = admissions
    query = select(row).where(row.c.center == incoming.center, row.c.state.in_(OPEN))
    if incoming.enrollment:
        query = query.where(row.c.enrollment == incoming.enrollment)
    elif incoming.event.kind in PERSON_WIDE and person and not incoming.event.is_soft_bounce:
        query = query.where(or_(row.c.person == person, row.c.lead == incoming.lead))
    else:
        query = query.where(row.c.lead == incoming.lead)
    query = query.order_by(row.c.admitted_at, row.c.enrollment)
    return [dict(found) for found in (await tx.execute(query)).mappings()]


async def _stop(tx: AsyncConnection, target: Mapping[str, Any], event: Event) -> None:
    """From this commit on the gate refuses what the event stops, even if the signal is late."""
    version = await find_version(tx, target["automation"], target["version"])
    reason = version.definition.exit_by(event)
    if reason is None:
        return
    known = [ExitReason(target["stop_reason"])] if target["stop_reason"] else []
    row = admissions.c
    here = (row.enrollment == target["enrollment"]) & (row.entry == target["entry"])
    values = {"stop_reason": strongest([reason, *known]).value}
    await tx.execute(update(admissions).where(here).values(values))


async def _deliver(
    ledger: Ledger,
    tx: AsyncConnection,
    target: Mapping[str, Any],
    incoming: Incoming,
    writebacks: tuple[str, ...],
) -> None:
    version = await find_version(tx, target["automation"], target["version"])
    entry = (target["enrollment"], target["entry"])
    row = {
        "center": target["center"],
        "event": incoming.event.id,
        "enrollment": entry[0],
        "entry": entry[1],
        "state": "DELIVERED" if incoming.origin == entry else "PENDING",
        "body": signal_body(incoming.event, version.definition.fields_looked_at, writebacks),
        "attempts": 0,
        "next_at": await ledger.now(tx),
    }
    await insert_new(tx, deliveries, row)
