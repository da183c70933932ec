"""Effects: each thing an enrollment may ask of the outside world, with a deterministic key.

Every effect is carried out by exactly one activity of the same name. The text, the addresses and
the records it needs stay in the ledger: an effect names them and holds no personal data.
"""

from __future__ import annotations

from typing import Annotated, ClassVar, Literal

from pydantic import AwareDatetime, Field, JsonValue

from workflows.engine.base import Frozen
from workflows.engine.exits import ExitReason

Queue = Literal["messaging", "crm", "notifications"]


class Effect(Frozen):
    """One thing asked of the outside world, for one visit of one step of one enrollment."""

    enrollment: str
    entry: int
    step: str
    visit: int

    queue: ClassVar[Queue]
    activity: ClassVar[str]

    @property
    def key(self) -> str:
        """The same for every attempt, restart and reset: ``enrollment/entry/step/visit/effect``."""
        return f"{self.enrollment}/{self.entry}/{self.step}/{self.visit}/{self.activity}"


class SendEmail(Effect):
    """Send one mail to the lead. ``not_after`` is the end of the engagement window."""

    queue: ClassVar[Queue] = "messaging"
    activity: ClassVar[str] = "send_email"

    kind: Literal["send_email"]
    template: str
    thread: bool = False
    not_after: AwareDatetime | None = None


class UpdateStage(Effect):
    """Move the lead to a stage, in the lead projection and in the CRM."""

    queue: ClassVar[Queue] = "crm"
    activity: ClassVar[str] = "update_stage"

    kind: Literal["update_stage"]
    stage: str


class Notify(Effect):
    """Tell the team in its chat. ``text`` is a Liquid template, rendered by the activity."""

    queue: ClassVar[Queue] = "notifications"
    activity: ClassVar[str] = "notify"

    kind: Literal["notify"]
    channel: str
    text: str


AnyEffect = Annotated[SendEmail | UpdateStage | Notify, Field(discriminator="kind")]


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
}
"""The default write-backs and what each does, in words for the Temporal UI."""


class Outcome(Frozen):
    """What became of an effect.

    ``sent``: done, once. ``unknown``: perhaps done; counts as done for the journey, and is listed
    for an operator. ``held``: not begun; ask again at ``until``, or when ``cause`` is removed.
    ``refused``: not done and never will be; ``exit`` says how the enrollment ends because of it.
    """

    state: Literal["sent", "unknown", "held", "refused"]
    until: AwareDatetime | None = None
    cause: str = ""
    exit: ExitReason | None = None
    values: dict[str, JsonValue] = {}
    writebacks: tuple[str, ...] = ()
