"""What a whole record must satisfy, object by object, beyond what each field accepts."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from datetime import timedelta
from typing import Any

from starters.sandbox.salesforce.schema import Object
from starters.sandbox.salesforce.values import Refusal, instant, stamp

_LONGEST_EVENT = timedelta(days=14)


def completed(kind: Object, record: Mapping[str, Any], change: Mapping[str, Any]) -> dict[str, Any]:
    """``record`` with ``change`` in it and what the org derives; raises Refusal."""
    merged = {**record, **change}
    blank = [f.name for f in kind.fields.values() if f.required and merged.get(f.name) is None]
    if blank:
        raise _missing(*blank)
    derive = _DERIVED.get(kind.name)
    return derive(merged, change) if derive else merged


def _missing(*names: str) -> Refusal:
    message = f"Required fields are missing: [{', '.join(names)}]"
    return Refusal(400, "REQUIRED_FIELD_MISSING", message, *names)


def _person(merged: dict[str, Any], change: Mapping[str, Any]) -> dict[str, Any]:
    names = (merged.get("FirstName"), merged["LastName"])
    return {**merged, "Name": " ".join(name for name in names if name)}


def _activity(merged: dict[str, Any], change: Mapping[str, Any]) -> dict[str, Any]:
    if str(merged.get("WhoId") or "").startswith("00Q") and merged.get("WhatId"):
        message = "A task or event on a lead cannot be related to another record"
        raise Refusal(400, "FIELD_INTEGRITY_EXCEPTION", message, "WhatId")
    return merged


def _event(merged: dict[str, Any], change: Mapping[str, Any]) -> dict[str, Any]:
    event = _activity(merged, change)
    if event.get("IsAllDayEvent"):
        if event.get("ActivityDate") is None:
            raise _missing("ActivityDate")
        return event
    start = _start(event, change)
    end = _end(start, event, change)
    length = instant(end) - instant(start)
    if not timedelta(0) <= length <= _LONGEST_EVENT:
        message = "An event must end after its start and last no more than 14 days"
        raise Refusal(400, "FIELD_INTEGRITY_EXCEPTION", message, "EndDateTime")
    return {
        **event,
        "StartDateTime": start,
        "ActivityDateTime": start,
        "ActivityDate": start[:10],
        "EndDateTime": end,
        "DurationInMinutes": int(length.total_seconds() // 60),
    }


def _start(event: Mapping[str, Any], change: Mapping[str, Any]) -> str:
    given = {change[n] for n in ("StartDateTime", "ActivityDateTime") if change.get(n)}
    if len(given) > 1:
        message = "StartDateTime and ActivityDateTime must match"
        raise Refusal(400, "FIELD_INTEGRITY_EXCEPTION", message, "StartDateTime")
    start = given.pop() if given else event.get("StartDateTime")
    if not start:
        raise _missing("StartDateTime")
    return str(start)


def _end(start: str, event: Mapping[str, Any], change: Mapping[str, Any]) -> str:
    minutes, end = change.get("DurationInMinutes"), change.get("EndDateTime")
    if minutes is None and end is None:
        minutes = event.get("DurationInMinutes")
    if minutes is None and end is None:
        raise _missing("EndDateTime", "DurationInMinutes")
    by_length = end if minutes is None else stamp(instant(start) + timedelta(minutes=minutes))
    if end is not None and end != by_length:
        message = "EndDateTime and DurationInMinutes must agree"
        raise Refusal(400, "FIELD_INTEGRITY_EXCEPTION", message, "EndDateTime")
    return str(by_length)


def _member(merged: dict[str, Any], change: Mapping[str, Any]) -> dict[str, Any]:
    if merged.get("ContactId"):
        merged = {**merged, "LeadId": None}
    elif not merged.get("LeadId"):
        raise _missing("LeadId", "ContactId")
    return merged


_DERIVED: dict[str, Callable[[dict[str, Any], Mapping[str, Any]], dict[str, Any]]] = {
    "Lead": _person,
    "Contact": _person,
    "User": _person,
    "Task": _activity,
    "Event": _event,
    "CampaignMember": _member,
}
