"""Checks of the lead's fields that an automation names, in conditions, templates and texts."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from difflib import get_close_matches

from pydantic import JsonValue

from activities.ledger.firings import TOLD
from starters.definitions.check import check
from starters.definitions.draft import Draft, Found
from starters.definitions.strict_yaml import Path
from starters.definitions.text_checks import texts_with_fields
from workflows.engine.steps.http_call import HttpCall
from workflows.engine.steps.send_email import SendEmail
from workflows.engine.steps.set_field import SetField

PERSONAL = {"email", "phone", "mobile", "mobile_phone", "first_name", "last_name", "name"}
"""Fields that would put a person into the history if a step's condition named them."""
ALWAYS_KNOWN = {"id", "email", "stage", "last_campaign", "last_exit"}
"""Fields that Dripstone itself fills."""


@check("error", "correct the name, or add the field to `lead_fields` of the center")
def unknown_fields(draft: Draft) -> Iterator[Found]:
    """Fields of the lead that its center, which lists its fields, does not have."""
    center = str(draft.document.at(("center",)) or "default")
    listed = draft.connections and (draft.connections.lead_fields or {}).get(center)
    if not listed:
        return
    known = ALWAYS_KNOWN | set(listed) | _made_here(draft)
    for path, name in _named(draft):
        if name not in known and not name.startswith(TOLD):
            close = get_close_matches(name, known, 1)
            hint = f"did you mean {close[0]!r}?" if close else "add it to the connections file"
            message = f"{name!r} is not among the lead_fields of center {center!r}: {hint}"
            yield path, "error", message


def _made_here(draft: Draft) -> set[str]:
    """Fields that steps of this automation fill."""
    made: set[str] = set()
    for step in draft.steps.values():
        if isinstance(step, SetField):
            made.add(step.field)
        if isinstance(step, HttpCall):
            made |= {*step.answer, *([step.status_as] if step.status_as else ())}
    return made


def _named(draft: Draft) -> Iterator[tuple[Path, str]]:
    """Every lead field that is named, and where; merge fields by their first part."""
    for path, value in parts_below(draft.document.value, ()):
        if path[-1] == "field" and draft.document.at((*path[:-1], "op")) is not None:
            yield path, str(value)
    for place, step in draft.steps.items():
        if isinstance(step, SendEmail):
            merged = (draft.templates or {}).get(step.template, ())
            renamed = {tag: chosen.field or tag for tag, chosen in step.merge_tags.items()}
            for name in _of_lead(merged):
                yield ("steps", place, "template"), renamed.get(name, name)
            if step.recipient_field:
                yield ("steps", place, "recipient_field"), step.recipient_field
    for path, fields in texts_with_fields(draft):
        yield from ((path, name) for name in _of_lead(fields))


def _of_lead(fields: Iterable[str]) -> Iterator[str]:
    for field in fields:
        if field.startswith("lead."):
            yield field.split(".")[1].partition("[")[0]


@check("warning", "put the condition into the audience, or ask for another field")
def personal_conditions(draft: Draft) -> Iterator[Found]:
    """Conditions of steps on fields that say who the lead is."""
    steps = draft.document.at(("steps",))
    for path, value in parts_below(steps, ("steps",)):
        is_condition = draft.document.at((*path[:-1], "op")) is not None
        if is_condition and path[-1] == "field" and str(value).casefold() in PERSONAL:
            message = (
                f"a step's condition on {value!r} keeps it in the workflow's history: put it into "
                "the audience, or ask for another field"
            )
            yield path, "warning", message


@check("error", "test fields there; events in a step, under `exits: {on: ...}` or as the goal")
def events_outside_enrollments(draft: Draft) -> Iterator[Found]:
    """Tests of events in the audience and in exit criteria, which know fields alone."""
    for where, why in _WITHOUT_EVENTS.items():
        for path, _ in parts_below(draft.document.at(where), where):
            if path[-1] == "event" and draft.document.at((*path[:-1], "op")) is None:
                yield path, "error", f"an 'event:' test never holds here: {why}"


_WITHOUT_EVENTS: Mapping[Path, str] = {
    ("audience",): "nothing has happened yet to a lead that is about to enter; test fields, and "
    "events in a branch step",
    ("campaign", "exits", "when"): "exit criteria are about fields; name the event under "
    "'exits: {on: ...}', or make it the goal with 'stops: true'",
}


def parts_below(value: JsonValue, path: Path) -> Iterator[tuple[Path, JsonValue]]:
    """Every part of a value, however deep, by its place."""
    inner: list[tuple[str | int, JsonValue]] = []
    if isinstance(value, dict):
        inner = list(value.items())
    elif isinstance(value, list):
        inner = list(enumerate(value))
    for part, below in inner:
        yield (*path, part), below
        yield from parts_below(below, (*path, part))
