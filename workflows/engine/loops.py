"""Automations that set off their own trigger: nothing wrong in itself, but to be meant."""

from __future__ import annotations

from collections.abc import Iterator

from workflows.engine.automation import Automation
from workflows.engine.availability import Objection
from workflows.engine.steps import AnyStep
from workflows.engine.steps.update_stage import UpdateStage
from workflows.engine.triggers.lead_status_changed import LeadStatusChanged
from workflows.engine.triggers.stale_lead import StaleLead

_SENDS = {"send_email": "email_sent", "send_sms": "sms_sent"}


def loop_warnings(automation: Automation) -> Iterator[Objection]:
    """For each step that will set off the automation's own trigger, what will come of it."""
    trigger = automation.trigger
    for step in automation.steps:
        said = ""
        if isinstance(trigger, StaleLead) and _may_enter_again(automation):
            said = _resets(step, trigger)
        elif isinstance(trigger, LeadStatusChanged):
            said = _moves(step, trigger)
        if said:
            yield Objection(step.id, said)


def _moves(step: AnyStep, trigger: LeadStatusChanged) -> str:
    if not isinstance(step, UpdateStage) or not trigger.wants(step.stage):
        return ""
    return (
        f"moves the lead to {step.stage!r}, which the trigger waits for: other automations may "
        "follow on it, but this one enters no lead for what it caused itself"
    )


def _may_enter_again(automation: Automation) -> bool:
    return automation.campaign is not None and automation.campaign.re_entry.rule != "once"


def _resets(step: AnyStep, trigger: StaleLead) -> str:
    if isinstance(step, UpdateStage):
        resets = trigger.watches(step.stage)
    else:
        resets = _SENDS.get(step.kind) in trigger.activities
    return (
        "is activity itself: it starts the trigger's clock anew, and the re-entry rule lets the "
        "lead in again when that has run out, again and again; without 're_entry' it enters once"
        if resets
        else ""
    )
