"""send_email: one mail to the lead, from a pinned template version."""

from __future__ import annotations

from typing import Literal

from workflows.engine.base import Name
from workflows.engine.effects import SendEmail as SendEmailEffect
from workflows.engine.steps.base import BaseStep, Do, Moment, Move


class SendEmail(BaseStep):
    """Send a mail. ``thread: true`` (the default) replies to the campaign's last mail, if any."""

    kind: Literal["send_email"]
    template: Name
    thread: bool = True

    def enter(self, moment: Moment) -> Move:
        """Ask for the mail to be sent."""
        effect = SendEmailEffect(
            kind="send_email",
            enrollment=moment.enrollment,
            entry=moment.entry,
            step=self.id,
            visit=moment.visit,
            template=self.template,
            thread=self.thread and moment.sends > moment.texts,
            not_after=moment.window_ends,
        )
        number = moment.sends - moment.texts + 1
        return Do(effect, f"E-mail {number}: {self.name or self.template}")
