"""Conditions, triggers and exits in words, as short as a picture needs them."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import timedelta

from pydantic import JsonValue

from workflows.engine.automation import Automation
from workflows.engine.conditions import AllOf, Condition, FieldIs, Happened, NotThis
from workflows.engine.durations import write_duration
from workflows.engine.triggers import AnyTrigger

_OPERATORS = {
    "equals": "is",
    "not_equals": "is not",
    "in": "is one of",
    "not_in": "is none of",
    "is_empty": "is empty",
    "is_not_empty": "is not empty",
    "greater_than": "is more than",
    "at_least": "is at least",
    "less_than": "is less than",
    "at_most": "is at most",
}
_STOPS = {"meeting_booked": "a meeting is booked", "goal_reached": "the goal is reached"}
_UNARY = ("is_empty", "is_not_empty")


def plain(name: str) -> str:
    """A name of the definition as people read it."""
    return name.replace("_", " ")


def value_in_words(value: JsonValue) -> str:
    """A value of the definition."""
    if isinstance(value, list):
        return ", ".join(map(value_in_words, value))
    if isinstance(value, dict):
        return "; ".join(f"{plain(key)} {value_in_words(one)}" for key, one in value.items())
    if value is None:
        return "nothing"
    return {True: "yes", False: "no"}[value] if isinstance(value, bool) else str(value)


def condition_in_words(condition: Condition, *, inside: bool = False) -> str:
    """A condition; what is grouped stays grouped."""
    if isinstance(condition, FieldIs):
        words = f"{condition.field} {_OPERATORS.get(condition.op, plain(condition.op))}"
        return words if condition.op in _UNARY else f"{words} {value_in_words(condition.value)}"
    if isinstance(condition, Happened):
        return f"{plain(condition.event)} {'came' if condition.happened else 'did not come'}"
    if isinstance(condition, NotThis):
        return f"not ({condition_in_words(condition.not_)})"
    parts = condition.all if isinstance(condition, AllOf) else condition.any
    word = " and " if isinstance(condition, AllOf) else " or "
    words = word.join(condition_in_words(part, inside=len(parts) > 1) for part in parts)
    return f"({words})" if inside and len(parts) > 1 else words


def trigger_in_words(trigger: AnyTrigger) -> str:
    """What starts the automation."""
    if trigger.kind == "manual":
        return "enrolled by somebody"
    left_out = {"kind", "leads", "where"}
    dumped = trigger.model_dump(mode="json", by_alias=True, exclude_defaults=True, exclude=left_out)
    details = value_in_words(dumped)
    return f"{plain(trigger.kind)}: {details}" if details else plain(trigger.kind)


def entrance_in_words(automation: Automation) -> Iterator[str]:
    """Whom the automation lets in, and when."""
    yield trigger_in_words(automation.trigger)
    for condition in (getattr(automation.trigger, name, None) for name in ("where", "leads")):
        if condition is not None:
            yield f"if {condition_in_words(condition)}"
    begins = automation.campaign.active_from if automation.campaign else None
    if begins:
        yield f"from {begins:%Y-%m-%d %H:%M %Z}"
    if automation.audience is not None:
        yield f"audience: {condition_in_words(automation.audience)}"


def exits_in_words(automation: Automation) -> Iterator[str]:
    """What ends an enrollment at once, at whatever step the lead is."""
    for stop in automation.stops_on:
        yield _STOPS.get(stop, plain(stop))
    campaign = automation.campaign
    if campaign is None:
        yield "removed, or turned off"
        return
    if campaign.exits.when is not None:
        yield condition_in_words(campaign.exits.when)
    window = campaign.engagement_window
    whole = window % timedelta(days=1) == timedelta(0) and window.days > 1
    yield f"inside for {f'{window.days} days' if whole else write_duration(window)}"
    if campaign.active_until:
        yield f"after {campaign.active_until:%Y-%m-%d %H:%M %Z}"
    yield f"joins a stronger campaign in {campaign.lane}"
    yield "removed, or turned off"
