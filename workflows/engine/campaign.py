"""The ``campaign:`` block: engagement window, lane, priority, exits, send window, caps."""

from __future__ import annotations

from datetime import time, timedelta
from hashlib import sha256
from typing import Annotated, Literal

from pydantic import AwareDatetime, Field, StringConstraints, model_validator

from workflows.engine.base import Frozen, Name
from workflows.engine.caps import Caps
from workflows.engine.conditions import Condition
from workflows.engine.durations import Duration

Stop = Literal["reply", "bounce", "unsubscribe", "sms_opt_out", "meeting_booked", "goal_reached"]
Weekday = Literal["mon", "tue", "wed", "thu", "fri", "sat", "sun"]
Clock = Annotated[str, StringConstraints(pattern=r"^([01]\d|2[0-3]):[0-5]\d$|^24:00$")]

WEEKDAYS: tuple[Weekday, ...] = ("mon", "tue", "wed", "thu", "fri", "sat", "sun")


class SendWindow(Frozen):
    """Local hours and days in which a message may leave, in the lead's zone.

    ``opens`` is inclusive, ``closes`` exclusive ("24:00" is the end of the day). ``zone`` is an
    IANA name, used when the lead's own zone is unknown. ``always: true`` has no limits.
    """

    days: tuple[Weekday, ...] = Field(default=("mon", "tue", "wed", "thu", "fri"), min_length=1)
    opens: Clock = "09:00"
    closes: Clock = "17:00"
    zone: str | None = None
    always: bool = False

    @model_validator(mode="after")
    def _opens_before_it_closes(self) -> SendWindow:
        if self.opens >= self.closes:
            raise ValueError(
                f"opens {self.opens} is not before closes {self.closes}: a window does not span "
                "midnight; give the hours of one day"
            )
        return self

    @property
    def hours(self) -> tuple[time, timedelta]:
        """When it opens, and for how long it stays open by the wall clock."""
        first, last = (int(t[:2]) * 60 + int(t[3:]) for t in (self.opens, self.closes))
        return time(first // 60, first % 60), timedelta(minutes=last - first)


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
    active_until: AwareDatetime | None = None
    follow_up: FollowUp | None = None
    caps: Caps = Caps()

    @model_validator(mode="after")
    def _each_sender_once(self) -> Campaign:
        if len(set(self.senders)) < len(self.senders):
            raise ValueError("senders: a mailbox is there twice: each takes its share once")
        return self

    @property
    def mailboxes(self) -> tuple[Name, ...]:
        """The mailboxes that its mails may leave from."""
        return self.senders or (self.sender,)

    def sender_for(self, enrollment: str, entry: int) -> Name:
        """The mailbox of one lead: it follows from the entry alone, so that threads stay whole."""
        digest = sha256(f"{enrollment}/{entry}/sender".encode()).digest()
        return self.mailboxes[int.from_bytes(digest[:8]) % len(self.mailboxes)]
