"""Opt-outs that a CRM tells by a field of its record: true opts out, and false says nothing."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import replace

from pydantic import JsonValue
from sqlalchemy.ext.asyncio import AsyncConnection

from activities.ledger.connections import CenterConnections, Connections
from activities.ledger.inbox import Incoming, Received, receive
from activities.ledger.leads import Lead
from activities.ledger.opt_outs import REASONS
from activities.ledger.store import Ledger
from activities.ledger.suppressions import suppress_lead, suppress_person
from workflows.engine.events import Event

TOLD_BY_CRM = "/opt-out"
"""How the id of an opt-out ends that a changed field of a record told."""


async def receive_and_opt_out(
    ledger: Ledger, tx: AsyncConnection, incoming: Incoming, connections: Connections
) -> Received:
    """Record an event, and the opt-out that it means if it sets the record's opt-out field."""
    received = await receive(ledger, tx, incoming, connections)
    opt_out = opt_out_told_by(incoming.event, connections.of(incoming.center))
    if received.is_new and opt_out:
        told = replace(incoming, event=opt_out, newcomer=None, origin=None)
        await receive(ledger, tx, told, connections)
    return received


def opt_out_told_by(event: Event, accounts: CenterConnections) -> Event | None:
    """The opt-out that a changed or new record means, if its opt-out field is true there."""
    writes = accounts.salesforce
    if writes is None or event.kind not in ("lead_changed", "lead_created"):
        return None
    if not says_opted_out(event.changes, writes.unsubscribe_field):
        return None
    return Event(
        id=f"{event.id}{TOLD_BY_CRM}", kind="unsubscribe", at=event.at, data={"via": "crm"}
    )


def says_opted_out(fields: Mapping[str, JsonValue], field: str | None) -> bool:
    """Whether a record's opt-out field, as a CRM or a file spells it, is true."""
    if field is None:
        return False
    in_words = re.sub(r"(?<=[a-z0-9])(?=[A-Z])", "_", field).casefold()
    told = {str(fields.get(name)).strip().casefold() for name in (field, in_words)}
    return bool(told & {"true", "1", "yes"})


async def note_told_opt_out(
    ledger: Ledger, tx: AsyncConnection, lead: Lead, accounts: CenterConnections, cause: str
) -> None:
    """Suppress a lead that comes along with its opt-out field set."""
    writes = accounts.salesforce
    if writes and says_opted_out(lead.fields, writes.unsubscribe_field):
        why = (REASONS["unsubscribe"], cause, await ledger.now(tx))
        await suppress_person(tx, lead.center, lead.person, why)
        await suppress_lead(tx, lead.center, lead.lead, why)
