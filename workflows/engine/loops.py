"""Automations that set off their own trigger: nothing wrong in itself, but to be meant."""

from __future__ import annotations

from collections.abc import Iterator

from workflows.engine.automation import Automation
from workflows.engine.availability import Objection
from workflows.engine.own_events import changes_lead, sent_by, stage_moved_to
from workflows.engine.steps import AnyStep
from workflows.engine.triggers.event_added import EventAdded
from workflows.engine.triggers.lead_status_changed import LeadStatusChanged
from workflows.engine.triggers.stale_lead import StaleLead

_ENTERS_NONE = (
    "other automations may follow on it, but this one enters no lead for what it caused itself"
)


def loop_warnings(automation: Automation) -> Iterator[Objection]:
    """For each step that will set off the automation's own trigger, what will come of it."""
    trigger = automation.trigger
    for step in automation.steps:
        said = ""
        if isinstance(trigger, StaleLead) and _may_enter_again(automation):
            said = _resets(step, trigger)
        elif isinstance(trigger, LeadStatusChanged):
            said = _moves(step, trigger)
        elif isinstance(trigger, EventAdded):
            said = _causes(step, trigger)
        if said:
            yield Objection(step.id, said)


def _moves(step: AnyStep, trigger: LeadStatusChanged) -> str:
    stage = stage_moved_to(step)
    if stage is None or not trigger.wants(stage):
        return ""
    return f"moves the lead to {stage!r}, which the trigger waits for: {_ENTERS_NONE}"


def _causes(step: AnyStep, trigger: EventAdded) -> str:
    if trigger.event == "lead_changed" and changes_lead(step):
        return f"changes the lead, which the trigger waits for: {_ENTERS_NONE}"
    if trigger.where is None or sent_by(step) != trigger.event:
        return ""  # without a condition it is refused: see availability
    return (
        f"causes events of the kind that the trigger waits for ({trigger.event}): be sure that "
        "'where:' leaves out those of its own messages"
    )


def _may_enter_again(automation: Automation) -> bool:
    return automation.campaign is not None and automation.campaign.re_entry.rule != "once"


def _resets(step: AnyStep, trigger: StaleLead) -> str:
    stage = stage_moved_to(step)
    resets = trigger.watches(stage) if stage else sent_by(step) in trigger.activities
    return (
        "is activity itself: it starts the trigger's clock anew, and the re-entry rule lets the "
        "lead in again when that has run out, again and again; without 're_entry' it enters once"
        if resets
        else ""
    )
