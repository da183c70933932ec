"""The inbox: every event once, with what follows from it written in the same transaction.

An event commits together with the opt-out it means, the stop it puts on enrollments, its default
write-backs and its deliveries; only after that is it acknowledged.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from datetime import datetime
from typing import Any

from sqlalchemy.ext.asyncio import AsyncConnection

from activities.ledger import effects
from activities.ledger.cadence import begins_at
from activities.ledger.connections import Connections
from activities.ledger.consents import note_consent_event
from activities.ledger.criteria import meets_exit_criteria
from activities.ledger.erased import is_erased, kept_of
from activities.ledger.facts import told_dead, writebacks_of
from activities.ledger.follow_ups import begin_follow_up
from activities.ledger.incoming import Incoming as Incoming
from activities.ledger.incoming import Received as Received
from activities.ledger.leads import Lead, find_lead, put_lead, set_fields
from activities.ledger.opt_outs import Whose, bare_record, note_suppression
from activities.ledger.reaching import OPEN as OPEN
from activities.ledger.reaching import deliver_later, stop, targets_of
from activities.ledger.replies import answered_at, as_told_to, judged, note_reply
from activities.ledger.reply_writebacks import writebacks_of_reply
from activities.ledger.store import Ledger
from activities.ledger.suppressions import suppress_person
from activities.ledger.tables import inbox
from activities.ledger.triggering import fire
from activities.ledger.upsert import insert_new
from workflows.engine.consent import CONSENT_EVENTS
from workflows.engine.events import Event
from workflows.engine.replies import heard

CRITERIA_MET = "/criteria"
"""How the id of the event ends that an entry's custom exit criteria are met."""


async def receive(
    ledger: Ledger, tx: AsyncConnection, incoming: Incoming, connections: Connections
) -> Received:
    """Record an event and all that follows from it. A known event id changes nothing."""
    lead = await find_lead(tx, incoming.center, incoming.lead) if incoming.lead else None
    person = incoming.person or (lead.person if lead else None)
    incoming = replace(incoming, event=heard(incoming.event), person=person)
    told = await judged(tx, incoming)
    erased = await is_erased(tx, incoming.center, incoming.lead, person)
    incoming = _blanked(incoming, told) if erased else replace(incoming, event=told)
    if erased:
        lead = bare_record(incoming.center, incoming.lead, told.kind)
    event = incoming.event
    if not await insert_new(tx, inbox, _row(incoming, await ledger.now(tx))):
        return Received(is_new=False)
    await _note_facts(ledger, tx, incoming, told, connections)
    planned = await _plan_writebacks(ledger, tx, incoming, lead, connections)
    await begin_follow_up(ledger, tx, event, lead, connections.of(incoming.center))
    targets = await targets_of(tx, incoming, person)
    since = await answered_at(tx, event)
    for place, target in enumerate(targets):
        its = replace(incoming, event=as_told_to(event, target, since))
        await stop(tx, target, its.event)
        await deliver_later(ledger, tx, target, its, planned if place == 0 else ())
    before = lead.merge_fields if lead else {}
    lead = None if erased else await _change_lead(ledger, tx, incoming, lead, connections)
    fired = await fire(ledger, tx, event, lead, before) if lead else ()
    return Received(True, tuple((t["enrollment"], t["entry"]) for t in targets), planned, fired)


def _blanked(incoming: Incoming, told: Event) -> Incoming:
    """An event about somebody who was erased, as it may be written down."""
    kept = told.model_copy(update={"data": kept_of(told.kind, told.data)})
    return replace(incoming, event=kept, newcomer=None)


def _row(incoming: Incoming, now: datetime) -> dict[str, Any]:
    event = incoming.event
    return {
        "id": event.id,
        "center": incoming.center,
        "kind": event.kind,
        "at": event.at,
        "received_at": now,
        "source": incoming.source,
        "lead": incoming.lead,
        "person": incoming.person,
        "enrollment": incoming.enrollment,
        "data": event.data,
    }


async def _note_facts(
    ledger: Ledger,
    tx: AsyncConnection,
    incoming: Incoming,
    event: Event,
    connections: Connections,
) -> None:
    """What an event says of the human: opt-outs, dead addresses, replies, consents. ``event`` is
    as it was told; what is written down of it is in ``incoming``."""
    center, person = incoming.center, incoming.person
    whose = Whose(center, incoming.source, incoming.lead, person, incoming.bounced)
    await note_suppression(tx, event, whose)
    if person and told_dead(event, connections.of(center).salesforce):
        await suppress_person(tx, center, person, ("bounced", event.id, event.at))
    await note_reply(ledger, tx, incoming)
    if person and event.kind in CONSENT_EVENTS:
        # Signals are not signed: one may take a consent away, and never give one.
        is_signed = incoming.source != "signal"
        await note_consent_event(ledger, tx, event, (center, person), is_signed)


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
    for target in await targets_of(tx, about, None):
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
    about: dict[str, Any] = {"center": incoming.center, "lead": incoming.lead}
    about |= {"person": lead.person if lead else incoming.person, "enrollment": None}
    later = begins_at(accounts.salesforce, await ledger.now(tx))
    about |= {"lease_until": later}
    keys = []
    wanted = writebacks_of(incoming.event, lead, accounts)
    wanted += await writebacks_of_reply(tx, incoming.event, lead, accounts)
    for planned in wanted:
        key = await effects.plan(ledger, tx, planned, incoming.event.id, about)
        keys += [key] if key and later is None else []
    return tuple(keys)
