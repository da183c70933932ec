"""The fields of the records that steps create in Salesforce. Pure: the instant "now" is given."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

from activities.ledger.facts import DESCRIPTION_LIMIT, SUBJECT_LIMIT, cut
from activities.reckoning import at_local
from activities.templates import Rendered
from workflows.engine.effects import AddEvent, AddTask


def task_fields(
    effect: AddTask, rendered: Rendered, now: datetime, zone: ZoneInfo
) -> dict[str, Any]:
    """A Task. Salesforce knows a due date but no due time: that becomes the reminder."""
    due = now.astimezone(zone).date() + timedelta(days=effect.days)
    fields: dict[str, Any] = {
        **_words(rendered),
        "Type": effect.type,
        "Priority": effect.priority,
        "Status": "Not Started",
        "ActivityDate": due.isoformat(),
    }
    if effect.time:
        fields["IsReminderSet"] = True
        fields["ReminderDateTime"] = at_local(due, effect.time, zone).isoformat()
    return fields


def event_fields(
    effect: AddEvent, rendered: Rendered, now: datetime, zone: ZoneInfo
) -> dict[str, Any]:
    """An Event, with start and end in UTC."""
    day = now.astimezone(zone).date() + timedelta(days=effect.days)
    starts = at_local(day, effect.time, zone)
    return {
        **_words(rendered),
        "StartDateTime": starts.isoformat(),
        "EndDateTime": (starts + timedelta(minutes=effect.minutes)).isoformat(),
    }


def note_fields(rendered: Rendered, now: datetime, zone: ZoneInfo) -> dict[str, Any]:
    """A note: a Task that is done already, which stands in the record's activity history."""
    return {
        **_words(rendered),
        "Type": "Other",
        "Status": "Completed",
        "ActivityDate": now.astimezone(zone).date().isoformat(),
    }


def _words(rendered: Rendered) -> dict[str, str]:
    return {
        "Subject": cut(rendered.subject, SUBJECT_LIMIT),
        "Description": cut(rendered.text, DESCRIPTION_LIMIT),
    }
