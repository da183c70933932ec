"""wait_for: wait for an event of some kind or for a condition to hold, but not for ever."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Literal

from pydantic import model_validator

from workflows.engine.base import EventKind, Name
from workflows.engine.conditions import Condition
from workflows.engine.durations import Duration, write_duration
from workflows.engine.effects import Outcome
from workflows.engine.events import Event
from workflows.engine.steps.base import BaseStep, Go, Moment, Move, Sleep, TimeUp


class WaitFor(BaseStep):
    """Wait until one of ``events`` comes, ``when`` holds, or ``timeout`` is over.

    An event that came before the lead arrived here does not count, unless ``already: true``; a
    condition that holds on arrival does.
    """

    kind: Literal["wait_for"]
    events: tuple[EventKind, ...] = ()
    when: Condition | None = None
    timeout: Duration
    on_event: Name | None = None
    on_timeout: Name | None = None
    already: bool = False

    @model_validator(mode="after")
    def _waits_for_something(self) -> WaitFor:
        if not self.events and self.when is None:
            raise ValueError(
                "waits for nothing: name 'events', a condition under 'when', or both; to let time "
                "pass use a wait step"
            )
        return self

    def enter(self, moment: Moment) -> Move:
        """Sleep, unless the condition holds, or the event is there already and that counts."""
        came = next((kind for kind in self.events if moment.happened(kind)), None)
        if self.already and came:
            return Go(self.on_event, f"{came} had come already")
        awaited = [kind.replace("_", " ") for kind in self.events]
        awaited += ["the condition"] if self.when is not None else []
        summary = f"Wait for {' or '.join(awaited)}, at most {write_duration(self.timeout)}"
        return self.reconsider(moment) or Sleep(self.timeout, summary)

    def resume(self, moment: Moment, news: Outcome | TimeUp | Event) -> Move | None:
        """Go on when the event comes or the time is over."""
        if isinstance(news, Event) and news.kind in self.events:
            return Go(self.on_event, f"{news.kind} came")
        return Go(self.on_timeout, "nothing came in time") if isinstance(news, TimeUp) else None

    @property
    def goes_on(self) -> bool:
        """Unless both outcomes lead elsewhere."""
        return None in (self.on_event, self.on_timeout)

    def reconsider(self, moment: Moment) -> Move | None:
        """Go on once the condition holds."""
        holds = self.when is not None and self.when.holds(moment)
        return Go(self.on_event, "the condition holds") if holds else None

    def targets(self) -> Iterator[tuple[str, str]]:
        """The following step and the two ways on."""
        yield from super().targets()
        if self.on_event:
            yield "on_event", self.on_event
        if self.on_timeout:
            yield "on_timeout", self.on_timeout

    def conditions(self) -> Iterator[Condition]:
        """What it waits for, beside events."""
        if self.when is not None:
            yield self.when
