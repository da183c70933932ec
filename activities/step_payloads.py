"""What a step's write asks of Salesforce, from the lead, the accounts and the time. Pure."""

from __future__ import annotations

import re
from datetime import datetime
from typing import Any
from zoneinfo import ZoneInfo

from activities.crm_fields import event_fields, note_fields, task_fields
from activities.ledger.connections import CenterConnections
from activities.ledger.facts import object_of
from activities.ledger.leads import Lead
from activities.templates import Template, render
from activities.vendors.ports import Never
from workflows.engine.effects import AddEvent, AddNote, AddTask, SetField

_USER = re.compile(r"[a-zA-Z0-9]{18}|\S+@\S+")

Record = AddTask | AddEvent | AddNote


def field_payload(effect: SetField, lead: Lead, accounts: CenterConnections) -> dict[str, Any]:
    """The value that the field will have, and the update in the CRM if there is one to make.

    Raises:
        Never: the connections file does not allow the field to be written.
    """
    there = lead.fields.get(effect.field)
    keeps = effect.fill_if_empty and there not in (None, "")
    value = there if keeps else effect.value
    payload: dict[str, Any] = {"field": effect.field, "value": value, "keeps": keeps}
    writes, record = accounts.salesforce, lead.salesforce_id
    if keeps or effect.only_here or writes is None or record is None:
        return payload
    if effect.field not in writes.writable_fields:
        message = (
            f"step {effect.step!r}: {effect.field!r} is not among the writable_fields of the "
            "connections file: add it there, then retry"
        )
        raise Never("salesforce", "not_writable", message)
    return payload | {"object": object_of(record), "id": record, "fields": {effect.field: value}}


def record_payload(
    effect: Record, lead: Lead, accounts: CenterConnections, now: datetime
) -> dict[str, Any]:
    """The Task, Event or note, and whose it is to be: the first that the CRM knows.

    Raises:
        Never: the lead is not in Salesforce.
        TemplateProblem: its words cannot be filled in.
    """
    writes, record = accounts.salesforce, lead.salesforce_id
    if writes is None or record is None:
        message = f"step {effect.step!r} needs a lead of Salesforce: push it there first, or skip"
        raise Never("salesforce", "not_a_record", message)
    template = Template(name=effect.step, subject=effect.subject, text=effect.text, html=None)
    rendered = render(template, {"lead": lead.merge_fields})
    named = None if isinstance(effect, AddNote) else effect.assigned_to
    assignee = named or _owner_of(lead)
    zone = ZoneInfo(writes.zone_of(assignee))
    if isinstance(effect, AddTask):
        name, fields = "Task", task_fields(effect, rendered, now, zone)
    elif isinstance(effect, AddEvent):
        name, fields = "Event", event_fields(effect, rendered, now, zone)
    else:
        name, fields = "Task", note_fields(rendered, now, zone)
    owners = [owner for owner in (assignee, writes.fallback_owner) if owner]
    return {
        "object": name,
        "key_field": writes.key_field,
        "fields": fields | {"WhoId": record},
        "owners": owners,
    }


def _owner_of(lead: Lead) -> str | None:
    """The lead's owner, if that is a user's id or address and not just a name."""
    owner = lead.fields.get("owner")
    return owner if isinstance(owner, str) and _USER.fullmatch(owner) else None
