"""approval: a person approves the mail of another step before it may leave, or rejects it."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import timedelta
from typing import Literal

from pydantic import Field

from workflows.engine.base import Name
from workflows.engine.durations import Duration, write_duration
from workflows.engine.effects import AskReview, Outcome
from workflows.engine.events import REVIEW_DECIDED, Event
from workflows.engine.steps.base import BaseStep, Do, Finish, Go, Moment, Move, Sleep, TimeUp


class Approval(BaseStep):
    """Have the mail of the step ``of`` reviewed, as it would leave now.

    Without ``on_reject`` and ``on_timeout`` the automation is done with a lead whose mail was
    rejected, or was not looked at within ``timeout``. ``channel`` is told that a review waits.
    """

    kind: Literal["approval"]
    of: Name
    timeout: Duration = timedelta(days=14)
    on_reject: Name | None = None
    on_timeout: Name | None = None
    channel: str | None = Field(default=None, min_length=1, max_length=80)

    def enter(self, moment: Moment) -> Move:
        """Have the mail written down for review."""
        effect = AskReview(
            kind="ask_review",
            enrollment=moment.enrollment,
            entry=moment.entry,
            step=self.id,
            visit=moment.visit,
            of=self.of,
            of_visit=moment.visits.get(self.of, 0) + 1,
            channel=self.channel,
        )
        return Do(effect, f"Ask for a review of {self.of}")

    def resume(self, moment: Moment, news: Outcome | TimeUp | Event) -> Move | None:
        """Wait for the decision on this very review, which may be there before the wait begins."""
        if isinstance(news, Outcome):
            longest = write_duration(self.timeout)
            return Sleep(self.timeout, f"Review of {self.of}, at most {longest}")
        if isinstance(news, TimeUp):
            return _way(self.on_timeout, "nobody decided in time")
        here = (self.id, moment.visit)
        data = news.data
        if news.kind != REVIEW_DECIDED or (data.get("step"), data.get("visit")) != here:
            return None
        if data.get("verdict") == "approved":
            return Go(None, f"{self.of} is approved")
        return _way(self.on_reject, f"{self.of} was rejected")

    def targets(self) -> Iterator[tuple[str, str]]:
        """The following step and the two other ways on."""
        yield from super().targets()
        if self.on_reject:
            yield "on_reject", self.on_reject
        if self.on_timeout:
            yield "on_timeout", self.on_timeout

    def mentions(self) -> Iterator[tuple[str, str, str]]:
        """The reviewed step."""
        yield "of", self.of, "send_email"


def _way(target: str | None, why: str) -> Move:
    return Go(target, why) if target else Finish(why)
