"""What every trigger kind has: a filter of leads, and whether an occasion is one to fire on."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Annotated, ClassVar, Literal, get_args

from pydantic import AfterValidator, BaseModel, JsonValue, field_validator

from workflows.engine.base import Frozen
from workflows.engine.conditions import Condition, asks_for_events
from workflows.engine.events import Event
from workflows.engine.semantics import SEMANTICS
from workflows.engine.sessions import Facts, Session

Timing = Literal["immediately", "after_conversation"]
TIMINGS: tuple[Timing, ...] = get_args(Timing)


@dataclass(frozen=True, slots=True)
class Occasion:
    """An event, and what is known of its lead at that time. All that a trigger may look at.

    ``values`` are the lead's fields after the event, ``before`` those before it. ``session`` has
    the event folded in already. ``last_activity`` is when the lead was active last.
    """

    event: Event
    lead: str = ""
    center: str = "default"
    values: Mapping[str, JsonValue] = field(default_factory=dict)
    before: Mapping[str, JsonValue] = field(default_factory=dict)
    session: Session | None = None
    last_activity: datetime | None = None


@dataclass(frozen=True, slots=True)
class Match:
    """A trigger fires. ``key`` is the same for everything that must count as one firing."""

    key: str
    why: str


@dataclass(frozen=True, slots=True)
class Values:
    """Fields that a condition looks at outside an enrollment, where there are no events."""

    values: Mapping[str, JsonValue]
    semantics: int = SEMANTICS

    def happened(self, kind: str) -> bool:
        """Events belong to enrollments: here nothing has happened."""
        return False


def _on_fields_only(condition: Condition) -> Condition:
    if asks_for_events(condition):
        raise ValueError(
            "an 'event:' test has no place in a trigger: nothing has happened yet to a lead that "
            "is about to enter; test fields here, and events in a branch step"
        )
    return condition


Filter = Annotated[Condition, AfterValidator(_on_fields_only)]
"""A condition on fields alone."""


class BaseTrigger(Frozen):
    """What starts an automation for a lead.

    ``leads`` restricts it to some leads; the automation's ``audience`` must let them in as well.
    """

    listens_to: ClassVar[frozenset[str]] = frozenset()
    """Kinds of events that it may fire on; all others it need not be asked about."""

    leads: Filter | None = None

    def matches(self, occasion: Occasion) -> Match | None:
        """The firing, if this is an occasion for it and the filter lets the lead in."""
        if occasion.event.kind not in self.kinds_heard:
            return None
        match = self.fires(occasion)
        return match if match and self.admits(occasion) else None

    @property
    def kinds_heard(self) -> frozenset[str]:
        """``listens_to``, unless it depends on what the author wrote."""
        return self.listens_to

    def admits(self, occasion: Occasion) -> bool:
        """Whether the filter ``leads`` lets the lead in; without one it lets everybody in."""
        return self.leads is None or self.leads.holds(Values(occasion.values))

    def fires(self, occasion: Occasion) -> Match | None:
        """The firing, whoever the lead is."""
        raise TypeError(f"trigger kind {type(self).__name__} does not say when it fires")


class ChatTrigger(BaseTrigger):
    """A trigger of the chat. ``timing`` is one of the field's choices, which each kind declares."""

    why_not: ClassVar[str] = ""
    """Why the timing that the kind does not have makes no sense for it."""

    @field_validator("timing", mode="before", check_fields=False)
    @classmethod
    def _timing_is_supported(cls, given: object) -> object:
        if given in TIMINGS and given not in timings_of(cls):
            (kind,) = get_args(cls.model_fields["kind"].annotation)
            (only,) = timings_of(cls)
            raise ValueError(f"{kind} supports {only!r} only, not {given!r}: {cls.why_not}")
        return given


class UnhappyEnd(ChatTrigger):
    """A chat trigger for what is missing when the session ends; decided then, once."""

    listens_to: ClassVar[frozenset[str]] = frozenset({"session_ended"})
    says: ClassVar[str]
    """What is said of a session that did."""

    def fires(self, occasion: Occasion) -> Match | None:
        """With the end of the session."""
        session = occasion.session
        if session is None or not session.ended_with(occasion.event, self.ended_so):
            return None
        return once_a_session(session, self.says)

    def ended_so(self, facts: Facts) -> bool:
        """Whether the session ended in such a way, by what happened in it."""
        raise TypeError(f"trigger kind {type(self).__name__} does not say which end it is about")


def timings_of(kind: type[BaseModel]) -> tuple[Timing, ...]:
    """The timings that a kind of trigger supports; none if it has no timing."""
    declared = kind.model_fields.get("timing")
    return get_args(declared.annotation) if declared else ()


def once_a_session(session: Session, why: str) -> Match:
    """One firing a session, however often its events come."""
    return Match(f"session/{session.id}", why)


def named(event: Event, what: str) -> str:
    """The key of the thing that an event is about, if it says which; else of the event."""
    name = event.data.get(what)
    return f"{what}/{name}" if isinstance(name, str | int) and name != "" else f"event/{event.id}"
