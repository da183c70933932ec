"""What steps ask of the CRM and the marketing platforms, from the lead and the accounts. Pure."""

from __future__ import annotations

from typing import Any

from activities.ledger.connections import (
    CenterConnections,
    HubspotWrites,
    MarketoWrites,
    SalesforceWrites,
)
from activities.ledger.leads import Lead
from activities.vendors.ports import Never
from workflows.engine.platform_effects import AddToCampaign, MarketoProgram, MarketoStatus, Push

Writes = SalesforceWrites | HubspotWrites | MarketoWrites

NAMES = {"salesforce": "Salesforce", "hubspot": "HubSpot", "marketo": "Marketo"}


def push_payload(effect: Push, lead: Lead, accounts: CenterConnections) -> dict[str, Any]:
    """The fields as the system calls them, and the key of ours to find the record by.

    Fields that the lead lacks are left out: nothing is emptied there.

    Raises:
        Never: the connections file has no such system, or does not allow a field to be written.
    """
    writes = writes_of(effect.system, effect.step, accounts)
    refused = [field for field in effect.fields if field not in writes.writable_fields]
    if refused:
        message = (
            f"step {effect.step!r}: {', '.join(map(repr, refused))} not among the writable_fields "
            f"of {effect.system} in the connections file: add it there, then retry"
        )
        raise Never(effect.system, "not_writable", message)
    known = {there: lead.merge_fields.get(here) for there, here in effect.fields.items()}
    fields = {there: value for there, value in known.items() if value not in (None, "")}
    return {"system": effect.system, **_key(lead, writes), "fields": fields}


def campaign_payload(
    effect: AddToCampaign, record: str | None, accounts: CenterConnections
) -> dict[str, Any]:
    """The membership in a Campaign; Never if nobody knows the lead's record."""
    writes_of("salesforce", effect.step, accounts)
    return {
        "system": "salesforce",
        "group": effect.campaign,
        "record": needed_record(record, "salesforce", effect.step),
        "status": effect.status,
    }


def program_payload(
    effect: MarketoProgram, record: str | None, accounts: CenterConnections
) -> dict[str, Any]:
    """The membership in a program; Never if nobody knows the lead's record."""
    writes_of("marketo", effect.step, accounts)
    return {
        "system": "marketo",
        "group": str(effect.program),
        "record": needed_record(record, "marketo", effect.step),
        "status": effect.status,
    }


def status_payload(
    effect: MarketoStatus, lead: Lead, record: str | None, accounts: CenterConnections
) -> dict[str, Any]:
    """The change of the status field; Never if nobody knows the lead's record."""
    writes = writes_of("marketo", effect.step, accounts)
    assert isinstance(writes, MarketoWrites)
    return {
        "system": "marketo",
        **_key(lead, writes),
        "record": needed_record(record, "marketo", effect.step),
        "fields": {writes.status_field: effect.status},
    }


def writes_of(system: str, step: str, accounts: CenterConnections) -> Writes:
    """What the center allows to be written to a system; Never if it has no such account."""
    writes: Writes | None = getattr(accounts, system)
    if writes is None:
        message = (
            f"step {step!r} needs {NAMES[system]}, and the center has no {system!r} in the "
            "connections file: add it there, then retry"
        )
        raise Never(system, "not_configured", message)
    return writes


def _key(lead: Lead, writes: Writes) -> dict[str, str]:
    field = {
        SalesforceWrites: "lead_key_field",
        HubspotWrites: "key_property",
        MarketoWrites: "lookup_field",
    }[type(writes)]
    # Centers may share an account, and lead ids are unique within a center only.
    return {"key_field": getattr(writes, field), "key": f"{lead.center}:{lead.lead}"}


def needed_record(record: str | None, system: str, step: str) -> str:
    """The record itself; Never if nobody knows it."""
    if record is None:
        message = (
            f"step {step!r} needs the lead's record in {NAMES[system]}, and nobody knows it: let a "
            "push step come before it, or skip it for this lead"
        )
        raise Never(system, "not_a_record", message)
    return record
