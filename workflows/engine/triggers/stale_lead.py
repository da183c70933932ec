"""stale_lead: a lead in a stage of work has had no activity for a number of days.

A day is a period of 24 hours since the last activity, in every time zone and on every date: no
change of clocks makes a lead stale sooner or later. An episode lasts from one activity to the
next, and fires once at most.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from typing import Annotated, ClassVar, Literal

from pydantic import (
    AfterValidator,
    AwareDatetime,
    Field,
    JsonValue,
    TypeAdapter,
    ValidationError,
    model_validator,
)

from workflows.engine.base import EventKind
from workflows.engine.comparing import same
from workflows.engine.durations import Duration
from workflows.engine.events import Event
from workflows.engine.triggers.base import BaseTrigger, Match, Occasion
from workflows.engine.triggers.lead_status_changed import STAGE, Stage, new_stage

DAY = timedelta(days=1)
ACTIVITIES: tuple[str, ...] = (
    *("email_sent", "sms_sent", "reply", "clicked", "form_submitted"),
    *("session_started", "meeting_booked", "call_logged"),
)
"""What counts as activity if an author does not say otherwise, besides a change of stage. Opens do
not: mail programs open mails by themselves."""

_CLOSED = re.compile(r"(closed[\s_-]*)?(won|lost)")
_INSTANT: TypeAdapter[datetime] = TypeAdapter(AwareDatetime)


def _whole_days(period: timedelta) -> timedelta:
    if period % DAY:
        raise ValueError("must be whole days, such as '30 days' or '2 weeks'")
    return period


def is_closed(stage: JsonValue) -> bool:
    """Whether a stage says that the lead is done with, in whatever spelling: won, or lost."""
    return isinstance(stage, str) and bool(_CLOSED.fullmatch(stage.strip().casefold()))


def _stays_open(stages: tuple[str, ...]) -> tuple[str, ...]:
    for stage in stages:
        if is_closed(stage):
            raise ValueError(
                f"stage {stage!r} cannot be watched: a lead that is won or lost is done with, not "
                "stale; name stages of work, such as New or Contacted"
            )
    return stages


def _in_order(bounds: tuple[timedelta, timedelta]) -> tuple[timedelta, timedelta]:
    if bounds[0] > bounds[1]:
        raise ValueError("the first period must not be longer than the second: swap them")
    return bounds


Days = Annotated[Duration, AfterValidator(_whole_days)]
Stages = Annotated[tuple[Stage, ...], Field(min_length=1), AfterValidator(_stays_open)]


class StaleLead(BaseTrigger):
    """No activity for ``at_least`` or ``exactly`` so many days, or ``between`` two numbers of days.

    Both ends of ``between`` are included. ``stages`` are those to watch; Won and Lost are none.
    ``include_existing`` lets leads in that are past the first day already when the automation is
    enabled. ``activities`` are the kinds of events that count as activity, besides a new stage.
    """

    listens_to: ClassVar[frozenset[str]] = frozenset({"lead_stale"})

    kind: Literal["stale_lead"]
    at_least: Days | None = None
    exactly: Days | None = None
    between: Annotated[tuple[Days, Days], AfterValidator(_in_order)] | None = None
    stages: Stages
    include_existing: bool = False
    activities: tuple[EventKind, ...] = ACTIVITIES

    @model_validator(mode="after")
    def _has_one_period(self) -> StaleLead:
        given = [period for period in (self.at_least, self.exactly, self.between) if period]
        if len(given) != 1:
            raise ValueError(
                "give exactly one of 'at_least: 30 days', 'exactly: 30 days' and "
                "'between: [14 days, 30 days]'"
            )
        return self

    @property
    def first(self) -> timedelta:
        """After how long without activity a lead is stale."""
        return self.at_least or self.exactly or (self.between or (DAY, DAY))[0]

    @property
    def last(self) -> timedelta | None:
        """Until which full day without activity; None if for ever."""
        return self.between[1] if self.between else self.exactly

    def is_within(self, inactive: timedelta) -> bool:
        """Whether so long an inactivity is of the period; what counts are full days."""
        days = inactive // DAY * DAY
        return days >= self.first and (self.last is None or days <= self.last)

    def watches(self, stage: JsonValue) -> bool:
        """Whether leads of this stage can become stale."""
        return any(same(stage, one) for one in self.stages)

    def is_over(self, event: Event) -> bool:
        """Whether an event makes the lead won or lost: nobody inside is to be revived then."""
        return event.kind == "lead_changed" and is_closed(event.changes.get(STAGE))

    def is_activity(self, event: Event, before: Mapping[str, JsonValue]) -> bool:
        """Whether an event ends an episode and begins the next; ``before`` are the old fields."""
        return event.kind in self.activities or new_stage(event, before) is not None

    def due(self, last_activity: datetime, watching_since: datetime) -> datetime | None:
        """When the episode that began with ``last_activity`` fires; None: it never does.

        It is reckoned once, at the beginning of the episode or of the watching, so nothing is lost
        if nobody looks at the day: a firing that is late is late, however long. A lead that was
        stale before is let in at once, if existing ones are included and it is within the period.
        """
        began = last_activity.astimezone(UTC)  # wall clocks skip hours and repeat them
        due = began + self.first
        if due >= watching_since:
            return due
        within = self.is_within(watching_since - began)
        return watching_since.astimezone(UTC) if self.include_existing and within else None

    def fires(self, occasion: Occasion) -> Match | None:
        """When an episode is due (``data.since`` began it) and has not ended meanwhile."""
        event = occasion.event
        since = _instant(event.data.get("since"))
        if since is None or not self.watches(occasion.values.get(STAGE)):
            return None
        ended = occasion.last_activity is not None and occasion.last_activity > since
        if ended or event.at - since < self.first:
            return None
        began = since.isoformat()
        return Match(f"stale/{occasion.lead}/{began}", f"no activity since {began}")


def _instant(written: JsonValue) -> datetime | None:
    try:
        return _INSTANT.validate_python(written).astimezone(UTC)
    except ValidationError:
        return None
