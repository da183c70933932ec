"""Checks of the texts that steps have themselves: what a task or a message to the team says."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping

from pydantic import JsonValue

from starters.definitions.check import check
from starters.definitions.draft import Draft, Found
from starters.definitions.strict_yaml import Path
from workers.authoring import read_text
from workflows.engine.steps.base import BaseStep
from workflows.engine.steps.create_event import CreateEvent
from workflows.engine.steps.create_note import CreateNote
from workflows.engine.steps.create_task import CreateTask
from workflows.engine.steps.http_call import HttpCall
from workflows.engine.steps.hubspot_meeting import HubspotMeeting
from workflows.engine.steps.hubspot_timeline_event import HubspotTimelineEvent
from workflows.engine.steps.notify import Notify
from workflows.engine.steps.send_sms import SendSms
from workflows.engine.steps.track_event import TrackEvent

_PARTS: Mapping[type[BaseStep], tuple[str, ...]] = {
    CreateEvent: ("subject", "text"),
    CreateNote: ("title", "text"),
    CreateTask: ("subject", "text"),
    HttpCall: ("path", "query", "headers", "form", "body"),
    HubspotMeeting: ("title",),
    HubspotTimelineEvent: ("title", "text"),
    Notify: ("subject", "text"),
    SendSms: ("text",),
    TrackEvent: ("properties",),
}
"""Where each kind of step has texts with merge fields."""

_ALWAYS_THERE = ("lead.email", "lead.id")


@check("error", "mend the Liquid; of merge fields there are only those of the lead")
def texts_of_steps(draft: Draft) -> Iterator[Found]:
    """Texts of steps that cannot be rendered, or that name what nothing fills."""
    for path, text in _texts(draft):
        fields, problem = read_text(text)
        if problem:
            yield path, "error", problem
        for field in fields:
            if not field.startswith(("lead.", "lead[")):
                yield path, "error", f"names {field!r}, which is unknown; known is lead.<field>"


@check("warning", "write `| default:` behind the merge field")
def texts_without_default(draft: Draft) -> Iterator[Found]:
    """Lead fields in texts of steps that some lead will lack: then the step needs attention."""
    for path, text in _texts(draft):
        fields, _ = read_text(text)
        bare = [name for name, may_be_missing in fields.items() if not may_be_missing]
        bare = sorted(
            name for name in bare if name.startswith("lead.") and name not in _ALWAYS_THERE
        )
        if bare:
            message = (
                f"has no default for {', '.join(bare)}: for a lead without it this step needs "
                "attention; write | default: 'something'"
            )
            yield path, "warning", message


def texts_with_fields(draft: Draft) -> Iterator[tuple[Path, Collection[str]]]:
    """Each text of a step, by its place, with the merge fields that it names."""
    for path, text in _texts(draft):
        yield path, read_text(text)[0]


def _texts(draft: Draft) -> Iterator[tuple[Path, str]]:
    for place, step in draft.steps.items():
        for name in _PARTS.get(type(step), ()):
            yield from texts_inside(("steps", place, name), getattr(step, name))


def texts_inside(path: Path, value: JsonValue) -> Iterator[tuple[Path, str]]:
    """Each text in a value, however deep, by its place."""
    if isinstance(value, str) and value:
        yield path, value
    elif isinstance(value, dict):
        for name, part in value.items():
            yield from texts_inside((*path, name), part)
    elif isinstance(value, list | tuple):
        for number, part in enumerate(value):
            yield from texts_inside((*path, number), part)
