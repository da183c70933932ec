"""Which action is available for which trigger and timing: a table, and what it objects to.

The table is strict: an action that has no row is available nowhere. ``docs/triggers.md`` shows it.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from workflows.engine.automation import Automation
from workflows.engine.own_events import sent_by, sets_stage
from workflows.engine.steps import AnyStep
from workflows.engine.steps.set_field import SetField
from workflows.engine.triggers import KINDS, AnyTrigger, timing_of
from workflows.engine.triggers.base import Timing, timings_of
from workflows.engine.triggers.event_added import EventAdded

Pair = tuple[str, Timing | None]
"""A kind of trigger, and its timing if it has one."""


def _pairs() -> Iterator[Pair]:
    for kind, model in KINDS.items():
        for timing in timings_of(model) or (None,):
            yield kind, timing


PAIRS: tuple[Pair, ...] = tuple(_pairs())
EVERYWHERE = frozenset(PAIRS)
DURING_A_CONVERSATION: frozenset[Pair] = frozenset(
    (kind, timing)
    for kind, timing in PAIRS
    if timing == "immediately" and kind not in ("lead_captured", "meeting_booked")
)
"""The visitor is in the chat, and perhaps nobody knows yet who it is. Who is captured or has
booked a meeting has left an address."""


@dataclass(frozen=True, slots=True)
class Availability:
    """Where an action may be used, and why not elsewhere."""

    where: frozenset[Pair]
    why_not: str = ""


_ABOUT_A_RECORD = Availability(
    EVERYWHERE - DURING_A_CONVERSATION,
    "it belongs to a record of the CRM, and at that moment the visitor may have none: take "
    "lead_captured, or a conversation trigger with 'timing: after_conversation'",
)

_BY_MAIL = Availability(
    EVERYWHERE - DURING_A_CONVERSATION,
    "the visitor is in the chat at that moment, and perhaps without an address: take "
    "lead_captured, or a conversation trigger with 'timing: after_conversation'",
)

ACTIONS: dict[str, Availability] = {
    "send_email": _BY_MAIL,
    "send_sms": Availability(
        EVERYWHERE - DURING_A_CONVERSATION,
        "the visitor is in the chat at that moment, and perhaps without a number: take "
        "lead_captured, or a conversation trigger with 'timing: after_conversation'",
    ),
    "update_stage": Availability(
        EVERYWHERE - DURING_A_CONVERSATION,
        "a stage belongs to a lead, and at that moment the visitor may be unknown: take "
        "lead_captured, or a conversation trigger with 'timing: after_conversation'",
    ),
    "set_field": Availability(EVERYWHERE),  # of the stage: as update_stage
    "assign": _ABOUT_A_RECORD,
    "create_task": _ABOUT_A_RECORD,
    "create_event": _ABOUT_A_RECORD,
    "create_note": _ABOUT_A_RECORD,
    "push": _ABOUT_A_RECORD,
    "add_to_campaign": _ABOUT_A_RECORD,
    "marketo_status": _ABOUT_A_RECORD,
    "marketo_program": _ABOUT_A_RECORD,
    "hubspot_timeline_event": _ABOUT_A_RECORD,
    "hubspot_meeting": _ABOUT_A_RECORD,
    "notify": Availability(EVERYWHERE),
    "http_call": Availability(EVERYWHERE),
    "track_event": Availability(EVERYWHERE),
    "wait": Availability(EVERYWHERE),
    "wait_for": Availability(EVERYWHERE),
    "wait_until": Availability(EVERYWHERE),
    "approval": _BY_MAIL,
    "outreach_handover": _BY_MAIL,
    "branch": Availability(EVERYWHERE),
    "jump": Availability(EVERYWHERE),
    "ab_split": Availability(EVERYWHERE),
    "goal": Availability(EVERYWHERE),
    "end": Availability(EVERYWHERE),
}
"""One row for each kind of step. Which to choose for a new kind is for its author to decide."""


@dataclass(frozen=True, slots=True)
class Objection:
    """Something said against a step because of the automation's trigger."""

    step: str
    message: str


def objections(automation: Automation) -> tuple[Objection, ...]:
    """What the table, and the rule against feeding oneself, forbid. Any stands against publishing.

    A version that was published while it was allowed goes on.
    """
    found = [
        Objection(step.id, why)
        for step in automation.steps
        if (why := _forbidden(step, automation.trigger))
    ]
    return tuple(found)


def pair_of(trigger: AnyTrigger) -> Pair:
    """The row's key in the table."""
    return trigger.kind, timing_of(trigger)


def as_markdown() -> str:
    """The table as the documentation has it: a row a trigger and timing, a column an action."""
    lines = [
        f"| trigger | timing | {' | '.join(ACTIONS)} |",
        "|---|---|" + "---|" * len(ACTIONS),
    ]
    for kind, timing in PAIRS:
        marks = ["yes" if (kind, timing) in row.where else "no" for row in ACTIONS.values()]
        lines.append(f"| `{kind}` | {timing or ''} | {' | '.join(marks)} |")
    return "\n".join(lines) + "\n"


def _forbidden(step: AnyStep, trigger: AnyTrigger) -> str | None:
    row = ACTIONS.get("update_stage" if sets_stage(step) else step.kind)
    if row is None:
        return f"{step.kind} has no row in the table of actions, and so is available nowhere"
    kind, timing = pair_of(trigger)
    if (kind, timing) not in row.where:
        when = f" ({timing})" if timing else ""
        what = step.kind + (f" of {step.field!r}" if isinstance(step, SetField) else "")
        return f"{what} is not available for the trigger {kind}{when}: {row.why_not}"
    if not isinstance(trigger, EventAdded) or trigger.where is not None:
        return None
    if sent_by(step) == trigger.event:
        return (
            f"{step.kind} causes the very event that the trigger waits for ({trigger.event}): "
            "say with 'where:' which of them are meant"
        )
    return None
