"""Checks of settings that cannot have the effect that they are written for."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, date, datetime, time, timedelta
from zoneinfo import ZoneInfo

from starters.definitions.check import check
from starters.definitions.draft import Draft, Found
from starters.definitions.strict_yaml import Path
from workflows.engine.durations import write_duration
from workflows.engine.steps import AnyStep
from workflows.engine.steps.approval import Approval
from workflows.engine.steps.outreach_handover import OutreachHandover
from workflows.engine.steps.wait import Wait
from workflows.engine.steps.wait_for import WaitFor
from workflows.engine.steps.wait_until import WaitUntil
from workflows.engine.triggers.campaign_exited import CampaignExited
from workflows.engine.triggers.scheduled import Scheduled

_EVERYWHERE_OVER = timedelta(hours=36)
"""After that long from its beginning in UTC a day is over in every zone."""


@check("warning", "write a day that is yet to come, or leave it out")
def days_that_are_over(draft: Draft) -> Iterator[Found]:
    """Schedules, ends and waits for a day that is over when the file is looked at."""
    now, automation = draft.now, draft.automation
    if now is None:
        return
    for place, step in draft.steps.items():
        if isinstance(step, WaitUntil) and step.date and _is_over(step.date, now):
            message = f"{step.date} is over: nobody is held up here"
            yield ("steps", place, "date"), "warning", message
    trigger = automation.trigger if automation else None
    if isinstance(trigger, Scheduled) and trigger.on and _is_due_before(trigger, now):
        message = f"{trigger.on} {trigger.at} is over: no lead enters any more"
        yield ("trigger", "on"), "warning", message
    campaign = automation.campaign if automation else None
    if campaign and campaign.active_until and campaign.active_until <= now:
        message = f"{campaign.active_until:%Y-%m-%d %H:%M %Z} is over: no lead enters any more"
        yield ("campaign", "active_until"), "warning", message


@check("warning", "make the wait shorter, or the engagement window longer")
def waits_beyond_the_window(draft: Draft) -> Iterator[Found]:
    """Waits that are longer than the whole engagement window, which ends the enrollment first."""
    campaign = draft.automation.campaign if draft.automation else None
    for place, step in draft.steps.items() if campaign else ():
        field, lasting = _longest(step)
        if campaign and lasting > campaign.engagement_window:
            message = (
                f"the engagement window of {write_duration(campaign.engagement_window)} ends "
                "before this wait does: the lead leaves, and never comes to what follows"
            )
            yield ("steps", place, field), "warning", message


@check("warning", "name another campaign, or use re_entry")
def exits_from_itself(draft: Draft) -> Iterator[Found]:
    """Automations that wait for leads to leave themselves, and so for what they caused."""
    automation = draft.automation
    if automation is None or not isinstance(automation.trigger, CampaignExited):
        return
    if automation.id in automation.trigger.campaigns:
        place: Path = ("trigger", "campaigns", automation.trigger.campaigns.index(automation.id))
        message = (
            f"{automation.id!r} is this automation, which enters no lead for what it caused "
            "itself: name another, or let leads in again with re_entry"
        )
        yield place, "warning", message


def _longest(step: AnyStep) -> tuple[str, timedelta]:
    """The field of a step that says how long it lasts, and how long; defaults do not count."""
    if isinstance(step, Wait):
        return "for", step.lasting
    if isinstance(step, WaitUntil):
        return "business_days", timedelta(days=step.business_days or 0)
    if isinstance(step, WaitFor | Approval | OutreachHandover):
        return "timeout", step.timeout if "timeout" in step.model_fields_set else timedelta()
    return "", timedelta()


def _is_over(day: date, now: datetime) -> bool:
    return datetime.combine(day, time(), UTC) + _EVERYWHERE_OVER < now


def _is_due_before(trigger: Scheduled, now: datetime) -> bool:
    if trigger.zone is None or trigger.on is None or trigger.at is None:
        return False
    try:
        zone = ZoneInfo(trigger.zone)
    except (KeyError, ValueError, OSError):
        return False  # said elsewhere
    due = datetime.combine(date.fromisoformat(trigger.on), time.fromisoformat(trigger.at), zone)
    return due <= now
