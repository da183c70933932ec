"""Effects: each thing an enrollment may ask of the outside world, with a deterministic key.

Every effect is carried out by exactly one activity of the same name. The text, the addresses and
the records it needs stay in the ledger: an effect names them and holds no personal data.
"""

from __future__ import annotations

import datetime
from typing import Annotated, ClassVar, Literal

from pydantic import AwareDatetime, Field, JsonValue

from workflows.engine.base import Frozen, TimeOfDay
from workflows.engine.effect_base import Effect as Effect
from workflows.engine.effect_base import Queue as Queue
from workflows.engine.exits import ExitReason
from workflows.engine.platform_effects import PlatformEffect
from workflows.engine.record_effects import AddEvent as AddEvent
from workflows.engine.record_effects import AddNote as AddNote
from workflows.engine.record_effects import AddTask as AddTask
from workflows.engine.record_effects import Written as Written
from workflows.engine.web_effects import HttpCall as HttpCall
from workflows.engine.web_effects import TrackEvent as TrackEvent


class SendEmail(Effect):
    """Send one mail to the lead, at the address in its ``recipient_field``.

    ``not_after`` is the end of the engagement window. ``due`` is when it should have left, if the
    journey is behind its plan.
    """

    queue: ClassVar[Queue] = "messaging"
    activity: ClassVar[str] = "send_email"

    kind: Literal["send_email"]
    template: str
    thread: bool = False
    recipient_field: str = "email"
    not_after: AwareDatetime | None = None
    due: AwareDatetime | None = None


class AskReview(Effect):
    """Write down the mail that visit ``of_visit`` of the step ``of`` would send, for review."""

    queue: ClassVar[Queue] = "messaging"
    activity: ClassVar[str] = "ask_review"

    kind: Literal["ask_review"]
    of: str
    of_visit: int
    channel: str | None = None


class HandOverLead(Effect):
    """Put the lead into a campaign of another tool, which mails it from then on."""

    queue: ClassVar[Queue] = "messaging"
    activity: ClassVar[str] = "hand_over_lead"

    kind: Literal["hand_over_lead"]
    campaign: int
    mails: int | None = None
    fields: tuple[str, ...] = ()
    not_after: AwareDatetime | None = None
    due: AwareDatetime | None = None


class SendSms(Effect):
    """Send one text message to the number in the lead's ``recipient_field``.

    ``text`` is a Liquid template; ``not_after`` is the end of the engagement window. ``due`` is
    when it should have left, if the journey is behind its plan.
    """

    queue: ClassVar[Queue] = "messaging"
    activity: ClassVar[str] = "send_sms"

    kind: Literal["send_sms"]
    text: str
    recipient_field: str = "phone"
    not_after: AwareDatetime | None = None
    due: AwareDatetime | None = None


class UpdateStage(Effect):
    """Move the lead to a stage, in the lead projection and in the CRM."""

    queue: ClassVar[Queue] = "crm"
    activity: ClassVar[str] = "update_stage"

    kind: Literal["update_stage"]
    stage: str


NotifyVia = Literal["slack", "teams", "email", "app"]


class Notify(Effect):
    """Tell the team: in Slack's ``channel``, in Teams, by e-mail to ``to``, or in an app alert.

    ``subject`` (of a mail) and ``text`` are Liquid templates, rendered by the activity.
    """

    queue: ClassVar[Queue] = "notifications"
    activity: ClassVar[str] = "notify"

    kind: Literal["notify"]
    via: NotifyVia = "slack"
    channel: str = ""
    to: str = ""
    subject: str = ""
    text: str


class SetField(Effect):
    """Set a field of the lead, in the lead projection and, unless ``only_here``, in the CRM."""

    queue: ClassVar[Queue] = "crm"
    activity: ClassVar[str] = "set_field"

    kind: Literal["set_field"]
    field: str
    value: JsonValue
    fill_if_empty: bool = False
    only_here: bool = False


class Assign(Effect):
    """Make a user the lead's owner, or whoever's turn it is in a pool: one of the two is given."""

    queue: ClassVar[Queue] = "crm"
    activity: ClassVar[str] = "assign"

    kind: Literal["assign"]
    to: str | None = None
    pool: str | None = None


class PlanWait(Effect):
    """Reckon an instant of the calendar; the answer is the outcome's ``until``, in UTC.

    One of ``date``, ``weekdays``, ``business_days`` and ``field`` is given.
    """

    queue: ClassVar[Queue] = "enrollments"
    activity: ClassVar[str] = "plan_wait"

    kind: Literal["plan_wait"]
    date: datetime.date | None = None
    weekdays: tuple[str, ...] | None = None
    business_days: int | None = None
    field: str | None = None
    days: int = 0
    time: TimeOfDay
    zone: str | None = None


AnyEffect = Annotated[
    SendEmail
    | SendSms
    | AskReview
    | HandOverLead
    | UpdateStage
    | Notify
    | SetField
    | Assign
    | AddTask
    | AddEvent
    | AddNote
    | PlanWait
    | PlatformEffect
    | HttpCall
    | TrackEvent,
    Field(discriminator="kind"),
]


class FactEffect(Frozen):
    """An effect of a fact, written down in the ledger with the fact: ``{event id}/{effect}``."""

    key: str

    @property
    def activity(self) -> str:
        """The last part of the key names the effect, and so the activity."""
        return self.key.rsplit("/", 1)[-1]


FACT_EFFECTS = {
    "create_task": "Log the e-mail as a Task",
    "create_event": "Log the meeting as an Event",
    "mark_unsubscribed": "Set the opt-out field",
    "mark_bounced": "Set the hard bounce field",
    "mark_replied": "Set Has Replied, once",
    "classify_reply": "Write the class of the reply",
    "keep_reply_text": "Write the words of the reply",
    "note_opt_out": "Add a Note about the opt-out",
    "reassign_lead": "Give the lead to another colleague",
    "steer_handover": "Tell Smartlead to stop or to go on",
}
"""The default write-backs and what each does, in words for the Temporal UI."""


class Outcome(Frozen):
    """What became of an effect.

    ``sent``: done, once. ``unknown``: perhaps done; counts as done for the journey, and is listed
    for an operator. ``held``: not begun; ask again at ``until``, or when ``cause`` is removed.
    ``refused``: not done and never will be; ``exit`` says how the enrollment ends because of it.
    ``skipped``: not done, because this lead cannot get it; the journey goes on without.
    """

    state: Literal["sent", "unknown", "held", "refused", "skipped"]
    until: AwareDatetime | None = None
    cause: str = ""
    exit: ExitReason | None = None
    values: dict[str, JsonValue] = {}
    writebacks: tuple[str, ...] = ()
