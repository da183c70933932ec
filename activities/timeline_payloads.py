"""What steps ask of HubSpot's timeline, from the lead, its conversation and its meeting. Pure."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from datetime import UTC, datetime, timedelta
from hashlib import sha256
from typing import Any

from activities.ledger.connections import CenterConnections, HubspotWrites
from activities.ledger.conversations import Booked, Conversation
from activities.ledger.facts import DESCRIPTION_LIMIT, SUBJECT_LIMIT, cut, instant_told
from activities.ledger.leads import Lead
from activities.platform_payloads import needed_record, writes_of
from activities.templates import Template, render
from activities.vendors.ports import Never
from workflows.engine.platform_effects import HubspotMeeting, HubspotTimelineEvent

MOST_ATTENDEES = 20


def timeline_payload(
    effect: HubspotTimelineEvent,
    lead: Lead,
    record: str | None,
    accounts: CenterConnections,
    said: tuple[Conversation, datetime],
) -> dict[str, Any]:
    """The event's words, its link, and the transcript; ``said`` is the conversation and now.

    Raises:
        Never: no HubSpot, no template for events, or nobody knows the lead's contact.
        TemplateProblem: its words cannot be filled in.
    """
    writes = _hubspot(effect.step, accounts)
    if writes.timeline_template is None:
        message = (
            f"step {effect.step!r} needs an event template of HubSpot: name it as "
            "'timeline_template' in the connections file, then retry"
        )
        raise Never("hubspot", "no_template", message)
    conversation, now = said
    template = Template(name=effect.step, subject=effect.title, text=effect.text or "-", html=None)
    rendered = render(template, {"lead": lead.merge_fields})
    text = rendered.text if effect.text else ""
    tokens = {"title": cut(rendered.subject, SUBJECT_LIMIT), "text": cut(text, DESCRIPTION_LIMIT)}
    tokens |= {"link": conversation.link} if conversation.link else {}
    shown = conversation.transcript if effect.transcript else ""
    return {
        "system": "hubspot",
        "key": _digest(effect.key),
        "template": writes.timeline_template,
        "record": needed_record(record, "hubspot", effect.step),
        "at": now.astimezone(UTC).isoformat(),
        "tokens": tokens,
        "extra": {"transcript": shown} if shown else {},
    }


def meeting_payload(
    effect: HubspotMeeting,
    lead: Lead,
    record: str | None,
    accounts: CenterConnections,
    booked: Booked | None,
) -> dict[str, Any]:
    """The meeting with its start and end (UTC), and who takes part besides the lead.

    Its key is that of the meeting: two steps about one meeting log it once.

    Raises:
        Never: no HubSpot, nobody knows the lead's contact, or the lead has booked no meeting.
        TemplateProblem: its title cannot be filled in.
    """
    writes = _hubspot(effect.step, accounts)
    if booked is None:
        message = f"step {effect.step!r}: no meeting of this lead is known: skip it for this one"
        raise Never("hubspot", "no_meeting", message)
    template = Template(name=effect.step, subject=effect.title, text="-", html=None)
    title = render(template, {"lead": lead.merge_fields}).subject
    key = booked.data.get("id") or booked.id
    return {
        "system": "hubspot",
        "key_field": writes.key_property,
        "key": _digest(f"{lead.center}/{key}"),
        "record": needed_record(record, "hubspot", effect.step),
        "fields": _meeting_fields(title, booked),
        "attendees": list(dict.fromkeys(_attendees(booked.data, lead)))[:MOST_ATTENDEES],
    }


def _meeting_fields(title: str, booked: Booked) -> dict[str, str]:
    """Without an end it lasts half an hour, as in Salesforce."""
    data = booked.data
    starts = instant_told(data.get("starts_at")) or booked.at
    ends = instant_told(data.get("ends_at")) or starts + timedelta(minutes=30)
    kind, channel = data.get("type") or "meeting", data.get("channel") or "unknown"
    return {
        "hs_meeting_title": cut(title, SUBJECT_LIMIT),
        "hs_meeting_body": f"Meeting type: {kind}\nBooked through: {channel}",
        "hs_meeting_start_time": _written(starts),
        "hs_meeting_end_time": _written(ends),
        "hs_timestamp": _written(starts),
        "hs_meeting_outcome": "SCHEDULED",
    }


def _hubspot(step: str, accounts: CenterConnections) -> HubspotWrites:
    writes = writes_of("hubspot", step, accounts)
    assert isinstance(writes, HubspotWrites)
    return writes


def _attendees(data: Mapping[str, Any], lead: Lead) -> Iterator[str]:
    """The addresses in ``owner`` and ``attendees``, as texts or as ``{email: ...}``."""
    told = data.get("attendees")
    for one in (data.get("owner"), *(told if isinstance(told, list) else ())):
        address = one.get("email") if isinstance(one, dict) else one
        if isinstance(address, str) and "@" in address:
            address = address.strip().casefold()
            if address != (lead.email or "").casefold():
                yield address


def _written(at: datetime) -> str:
    return at.astimezone(UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")


def _digest(key: str) -> str:
    """Ids there are short; ours are as long as the names of automations and steps."""
    return sha256(key.encode()).hexdigest()[:32]
