"""Checks of the events that an automation waits for: whether they can be heard at all."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime
from difflib import get_close_matches

from starters.definitions.check import check
from starters.definitions.draft import Draft, Found
from starters.definitions.field_checks import parts_below
from starters.definitions.strict_yaml import Path
from starters.webhooks.event_kinds import OUR_OWN_KINDS
from workflows.engine.events import SIGNALS, Event
from workflows.engine.exits import CERTAIN_STOPS, OPTIONAL_STOPS
from workflows.engine.replies import RECLASSIFIED
from workflows.engine.steps.wait_for import WaitFor
from workflows.engine.triggers import KINDS
from workflows.engine.triggers.base import BaseTrigger
from workflows.engine.triggers.event_added import EventAdded
from workflows.engine.triggers.stale_lead import ACTIVITIES, StaleLead

_HEARD = {
    kind
    for trigger in KINDS.values()
    if issubclass(trigger, BaseTrigger)
    for kind in trigger.listens_to
}
KNOWN = frozenset(
    (*SIGNALS, *OPTIONAL_STOPS, *CERTAIN_STOPS, *ACTIVITIES, *_HEARD, *OUR_OWN_KINDS, RECLASSIFIED)
) | {"out_of_office", "sms_delivered"}
"""Kinds of events that Dripstone knows; upstream systems may report any others."""
_OTHER_WORDS = {
    "replied": "reply",
    "bounced": "bounce",
    "unsubscribed": "unsubscribe",
    "opted_out": "unsubscribe",
    "complained": "complaint",
    "click": "clicked",
}
_ALIKE = 0.85
"""Kinds of an author's own, such as ``meeting_moved``, are less like a known one than a slip is."""


@check("warning", "correct the name, unless a system of yours reports events by it")
def misspelt_events(draft: Draft) -> Iterator[Found]:
    """Kinds of events that are nearly those that Dripstone knows."""
    for path, kind in _named(draft):
        close = get_close_matches(kind, KNOWN, 1, _ALIKE)
        meant = _OTHER_WORDS.get(kind) or next(iter(close), None)
        if meant and kind not in KNOWN:
            message = f"events of the kind {kind!r} are not known: did you mean {meant!r}?"
            yield path, "warning", message


@check("warning", "take the event out of exits.on, or out of the wait")
def waits_for_an_exit(draft: Draft) -> Iterator[Found]:
    """Waits for an event that ends the enrollment: the step does not hear of it."""
    for place, step in draft.steps.items():
        for number, kind in enumerate(step.events if isinstance(step, WaitFor) else ()):
            event = Event(id="any", kind=kind, at=datetime.min.replace(tzinfo=UTC))
            if draft.automation and (reason := draft.automation.exit_by(event)):
                exit_named = reason.value.replace("_", " ")
                but = ", unless a person must judge it first" if kind == "reply" else ""
                message = (
                    f"{kind!r} ends the enrollment here ({exit_named}), so this step never hears "
                    f"of it{but}: take it out of the wait{_or_of_exits(draft)}"
                )
                yield ("steps", place, "events", number), "warning", message


def _or_of_exits(draft: Draft) -> str:
    campaign = draft.automation and draft.automation.campaign
    return ", or out of exits.on of the campaign" if campaign else ""


def _named(draft: Draft) -> Iterator[tuple[Path, str]]:
    """Every kind of event that is waited for or asked about, and where."""
    for path, part in parts_below(draft.document.value, ()):
        in_request = path[:1] == ("steps",) and path[2:3] == ("body",)
        asked = isinstance(part, dict) and set(part) <= {"event", "happened", "stops"}
        if asked and not in_request and isinstance(part, dict) and "event" in part:
            yield (*path, "event"), str(part["event"])
    for place, step in draft.steps.items():
        for number, kind in enumerate(step.events if isinstance(step, WaitFor) else ()):
            yield ("steps", place, "events", number), kind
    trigger = draft.automation.trigger if draft.automation else None
    if isinstance(trigger, EventAdded):
        yield ("trigger", "event"), trigger.event
    if isinstance(trigger, StaleLead):
        for number, kind in enumerate(trigger.activities):
            yield ("trigger", "activities", number), kind
