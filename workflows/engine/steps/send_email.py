"""send_email: one mail to the lead, from a pinned template version."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import StringConstraints

from workflows.engine.base import Name
from workflows.engine.effects import SendEmail as SendEmailEffect
from workflows.engine.steps.base import BaseStep, Do, Moment, Move

FieldName = Annotated[str, StringConstraints(pattern=r"^[A-Za-z][A-Za-z0-9_]{0,79}$")]


class SendEmail(BaseStep):
    """Send a mail. ``thread: true`` (the default) replies to the campaign's last mail, if any.

    ``recipient_field`` is the field of the lead that holds the address.
    """

    kind: Literal["send_email"]
    template: Name
    thread: bool = True
    recipient_field: FieldName = "email"

    def enter(self, moment: Moment) -> Move:
        """Ask for the mail to be sent."""
        effect = SendEmailEffect(
            kind="send_email",
            enrollment=moment.enrollment,
            entry=moment.entry,
            step=self.id,
            visit=moment.visit,
            template=self.template,
            thread=self.thread and moment.sends > 0,
            not_after=moment.window_ends,
        )
        if self.recipient_field != "email":  # what was never set is left out of histories
            effect = effect.model_copy(update={"recipient_field": self.recipient_field})
        return Do(effect, f"E-mail {moment.sends + 1}: {self.name or self.template}")
