"""outreach_handover: another tool mails the lead for a while, and its events come back."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Literal

from pydantic import Field

from workflows.engine.base import Name
from workflows.engine.durations import Duration, write_duration
from workflows.engine.effects import HandOverLead, Outcome
from workflows.engine.events import OUTREACH_SENT, Event
from workflows.engine.steps.base import BaseStep, Do, Go, Moment, Move, Sleep, TimeUp

ANSWERS = ("reply", "bounce", "unsubscribe", "complaint", "meeting_booked")
"""Events after which the other tool must not go on, also where none of them is an exit."""


class OutreachHandover(BaseStep):
    """Put the lead into a Smartlead campaign, and wait until that is over.

    It is over with the last of its ``mails``, with an answer of the lead, or after ``timeout``.
    The lead is stopped there whenever it leaves this step, pauses or exits. ``fields`` of the lead
    are handed on beside its name and company.
    """

    kind: Literal["outreach_handover"]
    campaign: int = Field(ge=1)
    timeout: Duration
    mails: int | None = Field(default=None, ge=1, le=100)
    fields: tuple[str, ...] = Field(default=(), max_length=50)
    on_completed: Name | None = None
    on_answer: Name | None = None
    on_timeout: Name | None = None

    def enter(self, moment: Moment) -> Move:
        """Have the lead handed over."""
        effect = HandOverLead(
            kind="hand_over_lead",
            enrollment=moment.enrollment,
            entry=moment.entry,
            step=self.id,
            visit=moment.visit,
            campaign=self.campaign,
            mails=self.mails,
            fields=self.fields,
            not_after=moment.window_ends,
        )
        return Do(effect, f"Hand over to Smartlead campaign {self.campaign}")

    def resume(self, moment: Moment, news: Outcome | TimeUp | Event) -> Move | None:
        """Wait for what the other tool reports."""
        if isinstance(news, Outcome):
            longest = write_duration(self.timeout)
            return Sleep(self.timeout, f"Smartlead campaign {self.campaign}, at most {longest}")
        if isinstance(news, TimeUp):
            return Go(self.on_timeout, "the time of the handover is over")
        if news.kind in ANSWERS and not news.is_soft_bounce:
            return Go(self.on_answer, f"{news.kind} came")
        return Go(self.on_completed, "all mails are sent") if self._is_last(moment, news) else None

    def _is_last(self, moment: Moment, event: Event) -> bool:
        number = event.data.get("number")
        if event.kind != OUTREACH_SENT or self.mails is None or not isinstance(number, int):
            return False
        here = (event.data.get("step"), event.data.get("visit")) == (self.id, moment.visit)
        return here and number >= self.mails

    @property
    def goes_on(self) -> bool:
        """Unless each way that it can be over leads elsewhere; without ``mails`` none is last."""
        ways = (self.on_answer, self.on_timeout)
        return None in (ways if self.mails is None else (*ways, self.on_completed))

    def targets(self) -> Iterator[tuple[str, str]]:
        """The following step and the ways on."""
        yield from super().targets()
        for field in ("on_completed", "on_answer", "on_timeout"):
            if target := getattr(self, field):
                yield field, target
