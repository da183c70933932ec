"""The ways an enrollment ends, how strong each is, and which events cause which."""

from __future__ import annotations

from collections.abc import Iterable
from enum import StrEnum

from workflows.engine.events import Event
from workflows.engine.replies import (
    RECLASSIFIED,
    ReplyClass,
    class_told,
    is_neutral,
    verdict_of,
)


class ExitReason(StrEnum):
    """One way an enrollment ends, strongest first: when several are true, the first one wins."""

    UNSUBSCRIBED = "unsubscribed"
    EMAIL_BOUNCED = "email_bounced"
    LEAD_GONE = "lead_gone"
    MEETING_BOOKED = "meeting_booked"
    REPLY_RECEIVED = "reply_received"
    GOAL_REACHED = "goal_reached"
    MANUALLY_REMOVED = "manually_removed"
    CUSTOM_EXIT_CRITERIA_MET = "custom_exit_criteria_met"
    JOINED_OTHER_CAMPAIGN = "joined_other_campaign"
    CAMPAIGN_TURNED_OFF_OR_EXPIRED = "campaign_turned_off_or_expired"
    NO_CONSENT = "no_consent"
    ENGAGEMENT_WINDOW_ENDED = "engagement_window_ended"
    COMPLETED = "completed"
    TERMINATED = "terminated"


_STRENGTH = {reason: place for place, reason in enumerate(ExitReason)}

OPTIONAL_STOPS = {
    "reply": ExitReason.REPLY_RECEIVED,
    "bounce": ExitReason.EMAIL_BOUNCED,
    "unsubscribe": ExitReason.UNSUBSCRIBED,
    "sms_opt_out": ExitReason.UNSUBSCRIBED,
    "meeting_booked": ExitReason.MEETING_BOOKED,
    "goal_reached": ExitReason.GOAL_REACHED,
}
"""Events that end an enrollment if its automation says so (``exits.on``)."""

CERTAIN_STOPS = {
    "complaint": ExitReason.UNSUBSCRIBED,
    "lead_gone": ExitReason.LEAD_GONE,
    "remove": ExitReason.MANUALLY_REMOVED,
    "criteria_met": ExitReason.CUSTOM_EXIT_CRITERIA_MET,
    "superseded": ExitReason.JOINED_OTHER_CAMPAIGN,
    "turned_off": ExitReason.CAMPAIGN_TURNED_OFF_OR_EXPIRED,
}
"""Events that end any enrollment."""


def exit_caused_by(event: Event, stops_on: Iterable[str]) -> ExitReason | None:
    """The exit that ``event`` causes in an automation that stops on ``stops_on``, if any.

    A soft bounce is not an exit by itself: the mail is tried again first. Nor is a reply that says
    neither yes nor no: what follows from it is decided by a person.
    """
    if event.kind in CERTAIN_STOPS:
        return CERTAIN_STOPS[event.kind]
    kind = _kind_of_second_look(event) if event.kind == RECLASSIFIED else event.kind
    if kind not in stops_on or event.is_soft_bounce or is_neutral(event):
        return None
    return OPTIONAL_STOPS.get(kind)


def _kind_of_second_look(event: Event) -> str:
    """What a reply stops as that somebody has looked at again; empty if it stops nothing."""
    if verdict_of(event) != "stop":
        return ""
    return "unsubscribe" if class_told(event) is ReplyClass.UNSUBSCRIBE else "reply"


def strongest(reasons: Iterable[ExitReason]) -> ExitReason:
    """The reason that counts when several are true at once (at least one must be given)."""
    return min(reasons, key=_STRENGTH.__getitem__)
