"""Fact effects: the default write-backs that a fact calls for, whatever enrollment lives. Pure."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

from pydantic import JsonValue

from activities.ledger.connections import CenterConnections, SalesforceWrites
from activities.ledger.leads import Lead
from workflows.engine.events import Event
from workflows.engine.replies import RECLASSIFIED, ReplyClass, class_told

SUBJECT_LIMIT = 255
DESCRIPTION_LIMIT = 32_000
CUT = "\n[cut: longer than the field]"


@dataclass(frozen=True, slots=True)
class Planned:
    """One write-back to be done once: ``payload`` has all that the activity needs.

    ``key`` ends in the activity; if it is empty, it is made of the event.
    """

    activity: str
    connection: str
    payload: Mapping[str, Any]
    key: str = ""


def writebacks_of(event: Event, lead: Lead | None, accounts: CenterConnections) -> list[Planned]:
    """The default write-backs of an event: Task, Event, opt-out field, hard bounce field.

    A lead that is not in Salesforce has none.
    """
    writes = accounts.salesforce
    if writes is None or lead is None or lead.salesforce_id is None:
        return []
    makers = {
        "email_sent": _task,
        "meeting_booked": _event,
        "unsubscribe": _opt_out,
        "sms_opt_out": _opt_out_of_texts,
        "complaint": _opt_out,
        "bounce": _hard_bounce,
        "lead_changed": _bounced_elsewhere,
        RECLASSIFIED: _opt_out_at_second_look,
    }
    maker = makers.get(event.kind)
    planned = maker(event, lead, writes) if maker else None
    return [planned] if planned else []


def _task(event: Event, lead: Lead, writes: SalesforceWrites) -> Planned | None:
    """The Task that tells of a mail. Its due date is a date: the local day in ``writes.zone``."""
    if not writes.log_emails:
        return None
    data = event.data
    sent = f"\n\nSent at {event.at.astimezone(UTC).isoformat()}"
    fields = {
        "Subject": cut(writes.task_subject.format(subject=data.get("subject", "")), SUBJECT_LIMIT),
        "Description": cut(str(data.get("text", "")), DESCRIPTION_LIMIT - len(sent)) + sent,
        "Type": "Email",
        "Status": "Completed",
        "ActivityDate": event.at.astimezone(ZoneInfo(writes.zone)).date().isoformat(),
        "WhoId": lead.salesforce_id,
    }
    owners = (data.get("owner"), writes.fallback_owner)
    return _upsert("create_task", "Task", writes.key_field, fields, owners)


def _event(event: Event, lead: Lead, writes: SalesforceWrites) -> Planned | None:
    """The Event that tells of a meeting. Without an end it lasts half an hour."""
    if not writes.log_meetings:
        return None
    data = event.data
    owner = str(data.get("owner_name") or data.get("owner") or "us")
    starts = instant_told(data.get("starts_at")) or event.at
    ends = instant_told(data.get("ends_at")) or starts + timedelta(minutes=30)
    kind, channel = data.get("type") or "meeting", data.get("channel") or "unknown"
    fields = {
        "Subject": cut(writes.event_subject.format(owner=owner), SUBJECT_LIMIT),
        "Description": f"Meeting type: {kind}\nBooked through: {channel}\n"
        f"Booked at: {event.at.astimezone(UTC).isoformat()}",
        "StartDateTime": starts.astimezone(UTC).isoformat(),
        "EndDateTime": ends.astimezone(UTC).isoformat(),
        "WhoId": lead.salesforce_id,
    }
    owners = (data.get("owner_id"), data.get("owner"), writes.fallback_owner)
    return _upsert("create_event", "Event", writes.key_field, fields, owners)


def _opt_out(_event: Event, lead: Lead, writes: SalesforceWrites) -> Planned | None:
    field = writes.unsubscribe_field
    return _update("mark_unsubscribed", lead, {field: True}) if field else None


def _opt_out_of_texts(_event: Event, lead: Lead, writes: SalesforceWrites) -> Planned | None:
    field = writes.sms_opt_out_field
    return _update("mark_unsubscribed", lead, {field: True}) if field else None


def _opt_out_at_second_look(event: Event, lead: Lead, writes: SalesforceWrites) -> Planned | None:
    if class_told(event) is not ReplyClass.UNSUBSCRIBE:
        return None
    return _opt_out(event, lead, writes)


def _hard_bounce(event: Event, lead: Lead, writes: SalesforceWrites) -> Planned | None:
    fields = [one for one in (writes.hard_bounce_field, writes.overall_bounce_field) if one]
    if not fields or event.is_soft_bounce:
        return None
    return _update("mark_bounced", lead, dict.fromkeys(fields, True))


def _bounced_elsewhere(event: Event, lead: Lead, writes: SalesforceWrites) -> Planned | None:
    """Somebody else has found the address dead. One TRUE is enough for the overall field, and no
    FALSE takes it back: another source may have set it."""
    if not (writes.overall_bounce_field and told_dead(event, writes)):
        return None
    return _update("mark_bounced", lead, {writes.overall_bounce_field: True})


def told_dead(event: Event, writes: SalesforceWrites | None) -> bool:
    """Whether a change of the lead says that its address was found dead, by whatever source."""
    if writes is None or event.kind != "lead_changed":
        return False
    return any(event.changes.get(field) is True for field in writes.bounce_sources)


def object_of(salesforce_id: str) -> str:
    """Contact or Lead, by the id's key prefix."""
    return "Contact" if salesforce_id.startswith("003") else "Lead"


def _update(activity: str, lead: Lead, fields: Mapping[str, Any]) -> Planned:
    record = lead.salesforce_id or ""
    payload = {"object": object_of(record), "id": record, "fields": dict(fields)}
    return Planned(activity, "salesforce", payload)


def _upsert(
    activity: str,
    name: str,
    key_field: str,
    fields: Mapping[str, Any],
    owners: tuple[JsonValue, ...],
) -> Planned:
    """``owners`` are users or addresses: the first that Salesforce knows owns the record."""
    payload = {"object": name, "key_field": key_field, "fields": dict(fields)}
    payload["owners"] = [owner for owner in owners if isinstance(owner, str) and owner]
    return Planned(activity, "salesforce", payload)


def cut(text: str, limit: int) -> str:
    """Visibly shortened, if it is too long for the field."""
    mark = CUT if limit > SUBJECT_LIMIT else "..."
    return text if len(text) <= limit else text[: limit - len(mark)] + mark


def instant_told(value: JsonValue) -> datetime | None:
    """The instant that an event's data name; without an offset it is UTC."""
    try:
        found = datetime.fromisoformat(value) if isinstance(value, str) else None
    except ValueError:
        return None
    return found if found is None or found.tzinfo else found.replace(tzinfo=UTC)
