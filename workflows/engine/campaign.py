"""The ``campaign:`` block: engagement window, lane, priority, exits, send window, caps, waves."""

from __future__ import annotations

from datetime import datetime, timedelta
from hashlib import sha256
from typing import Literal

from pydantic import AwareDatetime, Field, model_validator

from workflows.engine.base import Frozen, Name
from workflows.engine.caps import Caps
from workflows.engine.conditions import Condition
from workflows.engine.durations import Duration
from workflows.engine.send_window import WEEKDAYS as WEEKDAYS
from workflows.engine.send_window import Clock as Clock
from workflows.engine.send_window import SendWindow as SendWindow
from workflows.engine.send_window import Weekday as Weekday
from workflows.engine.waves import Waves

Stop = Literal["reply", "bounce", "unsubscribe", "sms_opt_out", "meeting_booked", "goal_reached"]


class ReEntry(Frozen):
    """When a lead may enter again after its exit; it is never inside twice at once."""

    rule: Literal["once", "after_exit", "after"] = "once"
    wait: Duration | None = None

    @model_validator(mode="after")
    def _wait_goes_with_after(self) -> ReEntry:
        if (self.rule == "after") != (self.wait is not None):
            raise ValueError(
                "rule 'after' needs 'wait: 30 days' or the like; other rules have none"
            )
        return self


class OutOfOffice(Frozen):
    """What an out-of-office reply does: no mail until the return date, or for ``otherwise``."""

    otherwise: Duration = timedelta(days=14)


class SoftBounces(Frozen):
    """How often a softly bounced mail is sent again, and how long after the bounce."""

    retries: int = Field(default=2, ge=0, le=5)
    after: Duration = timedelta(hours=4)


class Exits(Frozen):
    """Which events end the enrollment; ``when`` is the custom exit criteria on lead fields."""

    on: tuple[Stop, ...] = ("reply", "bounce", "unsubscribe", "meeting_booked")
    when: Condition | None = None


Leaving = Literal[
    "unsubscribed",
    "email_bounced",
    "meeting_booked",
    "reply_received",
    "goal_reached",
    "manually_removed",
    "custom_exit_criteria_met",
    "joined_other_campaign",
    "campaign_turned_off_or_expired",
    "engagement_window_ended",
    "completed",
]


class FollowUp(Frozen):
    """Where a lead goes on after its exit: into another automation of the same center."""

    on: tuple[Leaving, ...] = Field(min_length=1)
    enroll_in: Name


def check_active(active_from: datetime | None, active_until: datetime | None) -> None:
    """Raises ValueError if a campaign would end before it begins."""
    if active_from and active_until and active_from >= active_until:
        raise ValueError(
            f"active_from: {active_from.isoformat()} is not before active_until, "
            f"{active_until.isoformat()}: nobody could ever enter"
        )


class Campaign(Frozen):
    """What makes an automation a campaign. ``sender`` names a mailbox of the connections file.

    With ``senders`` leads are dealt out to several mailboxes; each lead keeps its own.
    """

    engagement_window: Duration
    counted_from: Literal["enrollment", "last_send"] = "enrollment"
    priority: int = Field(default=0, ge=0, le=1000)
    lane: Name = "outreach"
    when_busy: Literal["refuse", "wait"] = "refuse"
    sender: Name = "default"
    senders: tuple[Name, ...] = Field(default=(), max_length=200)
    send_window: SendWindow = SendWindow()
    exits: Exits = Exits()
    re_entry: ReEntry = ReEntry()
    out_of_office: OutOfOffice = OutOfOffice()
    soft_bounces: SoftBounces = SoftBounces()
    active_from: AwareDatetime | None = None
    active_until: AwareDatetime | None = None
    follow_up: FollowUp | None = None
    caps: Caps = Caps()
    waves: Waves | None = None

    @model_validator(mode="after")
    def _each_sender_once(self) -> Campaign:
        if len(set(self.senders)) < len(self.senders):
            raise ValueError("senders: a mailbox is there twice: each takes its share once")
        return self

    @model_validator(mode="after")
    def _begins_before_it_ends(self) -> Campaign:
        check_active(self.active_from, self.active_until)
        return self

    @property
    def mailboxes(self) -> tuple[Name, ...]:
        """The mailboxes that its mails may leave from."""
        return self.senders or (self.sender,)

    def sender_for(self, enrollment: str, entry: int) -> Name:
        """The mailbox of one lead: it follows from the entry alone, so that threads stay whole."""
        digest = sha256(f"{enrollment}/{entry}/sender".encode()).digest()
        return self.mailboxes[int.from_bytes(digest[:8]) % len(self.mailboxes)]
