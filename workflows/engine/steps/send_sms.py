"""send_sms: one text message to the lead's phone, through the same gate as a mail."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Literal

from pydantic import Field

from workflows.engine.base import Name
from workflows.engine.effects import Outcome
from workflows.engine.effects import SendSms as SendSmsEffect
from workflows.engine.events import Event
from workflows.engine.steps.base import BaseStep, Do, Go, Moment, Move, TimeUp


class SendSms(BaseStep):
    """Send a text message; ``text`` may use the lead's fields as ``{{ lead.x }}``.

    ``recipient_field`` is the lead's field with the phone number. Who cannot get it (no number, a
    number that is none, opted out of text messages) goes to ``otherwise``, or just on.
    """

    kind: Literal["send_sms"]
    text: str = Field(min_length=1, max_length=3000)
    recipient_field: str = Field(default="phone", min_length=1, max_length=100)
    otherwise: Name | None = None

    def enter(self, moment: Moment) -> Move:
        """Ask for the message to be sent, unless the lead has just said to send no more."""
        if moment.no_texts:
            return Go(self.otherwise, "opted out of text messages")
        effect = SendSmsEffect(
            kind="send_sms",
            enrollment=moment.enrollment,
            entry=moment.entry,
            step=self.id,
            visit=moment.visit,
            text=self.text,
            recipient_field=self.recipient_field,
            not_after=moment.window_ends,
        )
        return Do(effect, f"SMS {moment.texts + 1}: {self.name or self.id}")

    def resume(self, moment: Moment, news: Outcome | TimeUp | Event) -> Move | None:
        """Go on, or to ``otherwise`` if the lead cannot get it."""
        if isinstance(news, Outcome) and news.state == "skipped" and self.otherwise:
            return Go(self.otherwise, news.cause)
        return super().resume(moment, news)

    def targets(self) -> Iterator[tuple[str, str]]:
        """What follows, and where to go if it cannot be sent."""
        yield from super().targets()
        if self.otherwise:
            yield "otherwise", self.otherwise
