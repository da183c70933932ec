"""What a well-formed automation may still get wrong: each check yields what it finds, and where."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterator, Mapping
from datetime import timedelta
from difflib import get_close_matches
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from pydantic import JsonValue

from starters.definitions.account_checks import (
    fields_not_writable,
    missing_connections,
    missing_mailbox,
    unknown_pools,
)
from starters.definitions.draft import Draft, Found
from starters.definitions.step_graph import loops_without_wait, unreachable
from starters.definitions.strict_yaml import Path
from starters.definitions.text_checks import texts_that_can_be_sent, texts_that_say_how_to_stop
from workflows.engine.automation import Automation
from workflows.engine.availability import objections
from workflows.engine.loops import loop_warnings
from workflows.engine.steps.send_email import SendEmail

PERSONAL = {"email", "phone", "mobile", "mobile_phone", "first_name", "last_name", "name"}
"""Fields that would put a person into the history if a step's condition named them."""
MERGE_FIELDS = {"unsubscribe_url", "sender.name", "sender.address", "sender.postal_address"}
"""What a template may name besides the lead's own fields (``lead.…``)."""
REQUIRED = {
    "unsubscribe_url": "every mail must let its reader unsubscribe",
    "sender.postal_address": "every mail must say where its sender is (CAN-SPAM)",
}


def unknown_templates(draft: Draft) -> Iterator[Found]:
    """Templates that are not there."""
    for place, step in draft.steps.items():
        known = draft.templates
        if isinstance(step, SendEmail) and known is not None and step.template not in known:
            close = get_close_matches(step.template, known, 1)
            hint = f"did you mean {close[0]!r}?" if close else f"there are: {_listed(known)}"
            message = f"there is no template {step.template!r}: {hint}"
            yield ("steps", place, "template"), "error", message


def merge_fields(draft: Draft) -> Iterator[Found]:
    """Merge fields that nothing fills, and those that no mail may lack. Once per template."""
    for path, name, fields in _templates_used(draft):
        for field in fields:
            if not field.startswith(("lead.", "lead[")) and field not in MERGE_FIELDS:
                known = _listed([*MERGE_FIELDS, "lead.<field>"])
                message = f"template {name!r} names {field!r}, which is unknown; known are {known}"
                yield path, "error", message
        for field, why in REQUIRED.items():
            if field not in fields:
                message = f"template {name!r} lacks {{{{ {field} }}}}: {why}"
                yield path, "error", message


def merge_fields_without_default(draft: Draft) -> Iterator[Found]:
    """Lead fields that some lead will lack: its mail would need attention."""
    for path, name, fields in _templates_used(draft):
        bare = [field for field, has_default in fields.items() if not has_default]
        bare = [field for field in bare if field.startswith("lead.") and field != "lead.email"]
        if bare:
            message = (
                f"template {name!r} has no default for {_listed(bare)}: the mail to a lead without "
                "it is not sent and needs attention; write | default: 'something'"
            )
            yield path, "warning", message


def unknown_zone(draft: Draft) -> Iterator[Found]:
    """A time zone that nobody knows."""
    paths: tuple[Path, ...] = (("campaign", "send_window", "zone"), ("trigger", "zone"))
    for path in (*paths, *(("steps", place, "zone") for place in draft.steps)):
        zone = draft.document.at(path)
        if isinstance(zone, str):
            try:
                ZoneInfo(zone)
            except (ZoneInfoNotFoundError, ValueError, OSError):
                message = f"'{zone[:60]}' is no time zone: write an IANA name such as Europe/London"
                yield path, "error", message


def short_waits(draft: Draft) -> Iterator[Found]:
    """Waits under a minute, left over from a demo."""
    for place, step in draft.steps.items():
        for name, field in type(step).model_fields.items():
            value = getattr(step, name)
            if isinstance(value, timedelta) and value < timedelta(minutes=1):
                path: Path = ("steps", place, field.alias or name)
                yield path, "warning", "is under a minute: seconds are for demos"


def personal_conditions(draft: Draft) -> Iterator[Found]:
    """Conditions of steps on fields that say who the lead is."""
    steps = draft.document.at(("steps",))
    for path, value in _walk(steps, ("steps",)):
        is_condition = draft.document.at((*path[:-1], "op")) is not None
        if is_condition and path[-1] == "field" and str(value).casefold() in PERSONAL:
            message = (
                f"a step's condition on {value!r} keeps it in the workflow's history: put it into "
                "the audience, or ask for another field"
            )
            yield path, "warning", message


def conditions_without_value(draft: Draft) -> Iterator[Found]:
    """Comparisons with nothing, which never hold. (To equal nothing may well be meant.)"""
    for path, value in _walk(draft.document.value, ()):
        if isinstance(value, dict) and "field" in value and value.get("value") is None:
            op = value.get("op")
            if op in ("in", "contains", "greater_than", "at_least", "less_than", "at_most"):
                yield (*path, "op"), "error", f"{op!r} compares with nothing: add 'value:'"


def steps_that_do_not_suit_the_trigger(draft: Draft) -> Iterator[Found]:
    """Actions that the table forbids for the trigger, and those that set it off again."""
    if draft.automation:
        for objection in objections(draft.automation):
            place = _place(draft.automation, objection.step)
            yield ("steps", place, "kind"), "error", objection.message
        for warning in loop_warnings(draft.automation):
            place = _place(draft.automation, warning.step)
            yield ("steps", place, "kind"), "warning", warning.message


def endless_loops(draft: Draft) -> Iterator[Found]:
    """Loops that a lead would run through without ever waiting."""
    if draft.automation:
        for loop in loops_without_wait(draft.automation):
            around = " -> ".join((*loop, loop[0]))
            message = f"{around} is a loop without a wait: put a wait step into it"
            yield ("steps", _place(draft.automation, loop[0])), "error", message


def idle_steps(draft: Draft) -> Iterator[Found]:
    """Steps that no lead can come to."""
    if draft.automation:
        steps = draft.automation.steps
        for place in unreachable(draft.automation):
            message = "no step leads here: it is never carried out"
            if place and steps[place - 1].kind == "end":
                end = steps[place - 1].id
                message = f"comes after the end {end!r}, and nothing jumps to it: never carried out"
            yield ("steps", place), "warning", message


CHECKS: tuple[Callable[[Draft], Iterator[Found]], ...] = (
    *(unknown_templates, merge_fields, merge_fields_without_default),
    *(missing_connections, missing_mailbox, fields_not_writable, unknown_pools, unknown_zone),
    *(texts_that_can_be_sent, texts_that_say_how_to_stop),
    *(short_waits, personal_conditions, conditions_without_value),
    *(steps_that_do_not_suit_the_trigger, endless_loops, idle_steps),
)
"""In the order in which their findings on one line are told."""


def _templates_used(draft: Draft) -> Iterator[tuple[Path, str, Mapping[str, bool]]]:
    seen = set()
    for place, step in draft.steps.items():
        fields = (draft.templates or {}).get(step.template) if isinstance(step, SendEmail) else None
        if isinstance(step, SendEmail) and fields is not None and step.template not in seen:
            seen.add(step.template)
            yield ("steps", place, "template"), step.template, fields


def _place(automation: Automation, step_id: str) -> int:
    return [step.id for step in automation.steps].index(step_id)


def _walk(value: JsonValue, path: Path) -> Iterator[tuple[Path, JsonValue]]:
    inner: list[tuple[str | int, JsonValue]] = []
    if isinstance(value, dict):
        inner = list(value.items())
    elif isinstance(value, list):
        inner = list(enumerate(value))
    for part, below in inner:
        yield (*path, part), below
        yield from _walk(below, (*path, part))


def _listed(names: Collection[str]) -> str:
    return ", ".join(sorted(names)) or "none"
