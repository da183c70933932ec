"""What a workflow is told of an event. Pure: nothing personal, and only what it decides by."""

from __future__ import annotations

from pydantic import JsonValue

from workflows.engine.events import OUTREACH_SENT, REVIEW_DECIDED, Event
from workflows.engine.replies import RECLASSIFIED

TOLD = {
    "bounce": ("type", "step"),
    "reply": ("class", "sure"),
    "unsubscribe": ("class",),
    RECLASSIFIED: ("class", "verdict"),
    "out_of_office": ("until", "class"),
    "sms_undelivered": ("type", "step"),
    "meeting_booked": ("id",),
    REVIEW_DECIDED: ("step", "visit", "verdict"),
    OUTREACH_SENT: ("step", "visit", "number"),
}
"""Which data of an event a workflow is told, by its kind."""


def signal_body(
    event: Event, fields: frozenset[str], writebacks: tuple[str, ...]
) -> dict[str, JsonValue]:
    """What the workflow is told of an event: no personal data enters its history."""
    names = fields if event.kind == "lead_changed" else TOLD.get(event.kind, ())
    source = event.changes if event.kind == "lead_changed" else event.data
    told: dict[str, JsonValue] = {name: source[name] for name in sorted(names) if name in source}
    body: dict[str, JsonValue] = {
        "id": event.id,
        "at": event.at.isoformat(),
        "kind": event.kind,
        "recorded": True,
    }
    if told:
        body["data"] = told
    if writebacks:
        body["writebacks"] = list(writebacks)
    return body
