"""What every step kind has: an id, a way on, and the questions that the interpreter asks it."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import ClassVar

from pydantic import Field, JsonValue

from workflows.engine.base import Frozen, Name
from workflows.engine.conditions import Condition
from workflows.engine.effects import Outcome
from workflows.engine.events import Event
from workflows.engine.exits import ExitReason
from workflows.engine.semantics import SEMANTICS


@dataclass(frozen=True, slots=True)
class Moment:
    """What a step may look at when it decides. It is also what conditions look at.

    ``sends`` are all messages so far; ``texts`` are those of them that were text messages, and
    ``no_texts`` says that no more of these may be sent.
    """

    enrollment: str
    entry: int
    visit: int
    now: datetime
    window_ends: datetime | None
    values: Mapping[str, JsonValue]
    events: frozenset[str]
    sends: int
    visits: Mapping[str, int] = field(default_factory=dict)
    texts: int = 0
    no_texts: bool = False
    semantics: int = SEMANTICS

    def happened(self, kind: str) -> bool:
        """Whether an event of this kind came since the enrollment began."""
        return kind in self.events


@dataclass(frozen=True, slots=True)
class Do:
    """Carry out an effect; the step is resumed with its outcome."""

    effect: object
    summary: str


@dataclass(frozen=True, slots=True)
class Sleep:
    """Wait for news, at most for ``lasting``; the step is resumed with each piece of news."""

    lasting: timedelta
    summary: str


@dataclass(frozen=True, slots=True)
class SleepUntil:
    """Wait for news, at most until an instant; the step is resumed with each piece of news."""

    until: datetime
    summary: str


@dataclass(frozen=True, slots=True)
class Go:
    """Go on: to ``target``, or to the following step if it is None."""

    target: str | None = None
    why: str = ""


@dataclass(frozen=True, slots=True)
class Finish:
    """The automation is done with this lead."""

    why: str = ""
    reason: ExitReason = ExitReason.COMPLETED


Move = Do | Sleep | SleepUntil | Go | Finish


class TimeUp(Frozen):
    """The time that the step asked for is over."""


class BaseStep(Frozen):
    """One node of an automation. ``ends``: nothing follows it."""

    ends: ClassVar[bool] = False

    id: Name
    name: str | None = Field(default=None, max_length=120)
    next: Name | None = None

    def enter(self, moment: Moment) -> Move:
        """What to do when the lead arrives here."""
        raise TypeError(f"step kind {type(self).__name__} does not say what entering it does")

    def resume(self, moment: Moment, news: Outcome | TimeUp | Event) -> Move | None:
        """What to do on news. None: nothing changes, the lead stays as it is.

        Only a finished effect moves a lead on by default: other news must never hurry a lead past
        a step that is still being carried out.
        """
        return Go() if isinstance(news, Outcome) else None

    @property
    def goes_on(self) -> bool:
        """Whether a lead can go on from here to the step that follows, by ``next`` or by order."""
        return not self.ends

    def reconsider(self, moment: Moment) -> Move | None:
        """What to do when what is known has changed while the lead rests here. None: nothing."""
        return None

    def targets(self) -> Iterator[tuple[str, str]]:
        """(field, step id) for each other step that this one names."""
        if self.next:
            yield "next", self.next

    def mentions(self) -> Iterator[tuple[str, str, str]]:
        """(field, step id, kind) for each step that this one is about and does not lead to."""
        yield from ()

    def conditions(self) -> Iterator[Condition]:
        """The conditions that this step evaluates."""
        yield from ()
