"""wait_for: wait for an event of some kind, but not for ever."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Literal

from pydantic import Field

from workflows.engine.base import EventKind, Name
from workflows.engine.durations import Duration, write_duration
from workflows.engine.effects import Outcome
from workflows.engine.events import Event
from workflows.engine.steps.base import BaseStep, Go, Moment, Move, Sleep, TimeUp


class WaitFor(BaseStep):
    """Wait until one of ``events`` comes, or until ``timeout`` is over.

    An event that came before the lead arrived here does not count, unless ``already: true``.
    """

    kind: Literal["wait_for"]
    events: tuple[EventKind, ...] = Field(min_length=1)
    timeout: Duration
    on_event: Name | None = None
    on_timeout: Name | None = None
    already: bool = False

    def enter(self, moment: Moment) -> Move:
        """Sleep, unless the event is there already and that counts."""
        came = next((kind for kind in self.events if moment.happened(kind)), None)
        if self.already and came:
            return Go(self.on_event, f"{came} had come already")
        what = " or ".join(kind.replace("_", " ") for kind in self.events)
        return Sleep(self.timeout, f"Wait for {what}, at most {write_duration(self.timeout)}")

    def resume(self, moment: Moment, news: Outcome | TimeUp | Event) -> Move | None:
        """Go on when the event comes or the time is over."""
        if isinstance(news, Event) and news.kind in self.events:
            return Go(self.on_event, f"{news.kind} came")
        return Go(self.on_timeout, "nothing came in time") if isinstance(news, TimeUp) else None

    @property
    def goes_on(self) -> bool:
        """Unless both outcomes lead elsewhere."""
        return None in (self.on_event, self.on_timeout)

    def targets(self) -> Iterator[tuple[str, str]]:
        """The following step and the two ways on."""
        yield from super().targets()
        if self.on_event:
            yield "on_event", self.on_event
        if self.on_timeout:
            yield "on_timeout", self.on_timeout
