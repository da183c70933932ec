"""Checks of the trigger: steps that do not go with it or set it off, and what it overlooks."""

from __future__ import annotations

import re
from collections.abc import Iterator

from starters.definitions.check import check
from starters.definitions.draft import Draft, Found
from workflows.engine.automation import Automation
from workflows.engine.availability import objections
from workflows.engine.events import OUTREACH_SENT
from workflows.engine.loops import loop_warnings
from workflows.engine.triggers.stale_lead import StaleLead

_CLOSED = {"closed", "won", "lost"}


@check("error", "take another trigger or timing, or another step")
def steps_that_do_not_suit_the_trigger(draft: Draft) -> Iterator[Found]:
    """Actions that the table of triggers forbids, and those that cause the trigger's own event."""
    if draft.automation:
        for objection in objections(draft.automation):
            if objection.step in draft.unread:
                continue
            place = _place(draft.automation, objection.step)
            yield ("steps", place, "kind"), "error", objection.message


@check("warning", "be sure that it is meant, or let leads enter once")
def steps_that_set_off_the_trigger(draft: Draft) -> Iterator[Found]:
    """Steps that start the automation's own trigger, or its clock, anew."""
    if draft.automation:
        for warning in loop_warnings(draft.automation):
            if warning.step in draft.unread:
                continue
            place = _place(draft.automation, warning.step)
            yield ("steps", place, "kind"), "warning", warning.message


@check("error", "leave the stage out")
def closed_stages(draft: Draft) -> Iterator[Found]:
    """Stages of leads that are won or lost, in spellings such as `Closed/Lost`, to be revived."""
    trigger = _stale(draft)
    for number, stage in enumerate(trigger.stages if trigger else ()):
        words = set(re.findall(r"\w+", stage.casefold().replace("_", " ")))
        if words <= _CLOSED and words & {"won", "lost"}:
            message = (
                f"stage {stage!r} says that the lead is done with, not stale: name stages of work, "
                "such as New or Contacted"
            )
            yield ("trigger", "stages", number), "error", message


@check("warning", "name outreach_sent among the activities, or write the list out as it is")
def outreach_not_counted(draft: Draft) -> Iterator[Found]:
    """Stale leads where Smartlead sends mails too, which are no activity by default."""
    trigger, here = _stale(draft), draft.connections
    if trigger is None or here is None or "smartlead" not in here.vendors:
        return
    if "activities" not in trigger.model_fields_set:
        message = (
            "mails that Smartlead sends are no activity here, so a lead may count as stale while "
            f"it gets them: write 'activities: [{', '.join((*trigger.activities, OUTREACH_SENT))}]'"
        )
        yield ("trigger", "kind"), "warning", message


def _stale(draft: Draft) -> StaleLead | None:
    trigger = draft.automation.trigger if draft.automation else None
    return trigger if isinstance(trigger, StaleLead) else None


def _place(automation: Automation, step_id: str) -> int:
    return [step.id for step in automation.steps].index(step_id)
