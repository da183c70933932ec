"""wait_until: wait for a day and a time of the calendar."""

from __future__ import annotations

import datetime
from collections.abc import Iterator
from typing import Annotated, Literal

from pydantic import Field, StringConstraints, model_validator

from workflows.engine.base import Name, TimeOfDay
from workflows.engine.campaign import Weekday
from workflows.engine.effects import Outcome, PlanWait
from workflows.engine.events import Event
from workflows.engine.steps.base import BaseStep, Do, Go, Moment, Move, SleepUntil, TimeUp


class WaitUntil(BaseStep):
    """Wait until ``at`` a time of day, on one of four kinds of days.

    ``date``: that day. ``weekdays``: the next of these. ``business_days``: so many days from
    Monday to Friday after the lead came here. ``field``: the day that this field of the lead
    names, ``days`` later (or earlier, below 0). ``zone`` is the lead's own unless given. A day that
    is over holds nobody up; a field without a day leads to ``on_missing``.
    """

    kind: Literal["wait_until"]
    date: datetime.date | None = None
    weekdays: tuple[Weekday, ...] | None = Field(default=None, min_length=1, max_length=7)
    business_days: int | None = Field(default=None, ge=1, le=250)
    field: Annotated[str, StringConstraints(min_length=1, max_length=100)] | None = None
    days: int = Field(default=0, ge=-3650, le=3650)
    at: TimeOfDay = "09:00"
    zone: str | None = None
    on_missing: Name | None = None

    @model_validator(mode="after")
    def _names_one_kind_of_day(self) -> WaitUntil:
        given = [self.date, self.weekdays, self.business_days, self.field]
        if sum(day is not None for day in given) != 1:
            raise ValueError("give one of date, weekdays, business_days and field")
        if self.field is None and (self.days or self.on_missing):
            raise ValueError("days and on_missing go with field")
        return self

    def enter(self, moment: Moment) -> Move:
        """Have the instant reckoned: calendars are none of the engine's business."""
        effect = PlanWait(
            kind="plan_wait",
            enrollment=moment.enrollment,
            entry=moment.entry,
            step=self.id,
            visit=moment.visit,
            date=self.date,
            weekdays=self.weekdays,
            business_days=self.business_days,
            field=self.field,
            days=self.days,
            time=self.at,
            zone=self.zone,
        )
        return Do(effect, f"Look up the day: {self.name or self.id}")

    def resume(self, moment: Moment, news: Outcome | TimeUp | Event) -> Move | None:
        """Sleep until the answer, then go on; no event shortens it."""
        if isinstance(news, TimeUp):
            return Go()
        if not isinstance(news, Outcome):
            return None
        if news.until is None:
            return Go(self.on_missing, f"the field {self.field!r} names no day")
        if news.until <= moment.now:
            return Go(None, f"{news.until:%Y-%m-%d %H:%M} UTC is over")
        return SleepUntil(news.until, f"Wait until {news.until:%Y-%m-%d %H:%M} UTC")

    def targets(self) -> Iterator[tuple[str, str]]:
        """The following step, and the way on without a day."""
        yield from super().targets()
        if self.on_missing:
            yield "on_missing", self.on_missing
