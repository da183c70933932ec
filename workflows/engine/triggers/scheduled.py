"""scheduled: at set times the leads of the audience enter."""

from __future__ import annotations

from datetime import date, timedelta
from typing import Annotated, ClassVar, Literal

from pydantic import AfterValidator, Field, model_validator

from workflows.engine.campaign import WEEKDAYS, Clock, Weekday
from workflows.engine.durations import Duration
from workflows.engine.triggers.base import BaseTrigger, Match, Occasion

SHORTEST = timedelta(minutes=15)


def _is_date(text: str) -> str:
    try:
        date.fromisoformat(text)
    except ValueError:
        raise ValueError(f"{text!r} is no date: write it as 2026-11-21") from None
    return text


Day = Annotated[str, Field(pattern=r"^\d{4}-\d{2}-\d{2}$"), AfterValidator(_is_date)]


class Scheduled(BaseTrigger):
    """``every``: an interval, from the moment of enabling. Or ``at``: a local time of day.

    With ``at`` go ``zone`` (an IANA name) and either ``days``, which are all seven if left out,
    or ``on``, one date. Each time all leads that the audience lets in are asked to enter, and the
    re-entry rule decides about those who were inside before.
    """

    listens_to: ClassVar[frozenset[str]] = frozenset({"schedule_due"})

    kind: Literal["scheduled"]
    every: Duration | None = None
    at: Clock | None = None
    zone: str | None = None
    days: tuple[Weekday, ...] = Field(default=WEEKDAYS, min_length=1)
    on: Day | None = None

    @model_validator(mode="after")
    def _is_one_schedule(self) -> Scheduled:
        if (self.every is None) == (self.at is None):
            raise ValueError("give either 'every: 1 day' or 'at: 09:00', and not both")
        if self.every is not None and self.every < SHORTEST:
            raise ValueError("'every' is at least 15 minutes: for anything faster take an event")
        if (self.at is None) != (self.zone is None):
            raise ValueError("'zone: Europe/London' or the like goes with 'at', and only with it")
        if self.at == "24:00":
            raise ValueError("'at: 24:00' is 'at: 00:00' of the next day: write that")
        daily = "days" not in self.model_fields_set and self.on is None
        if self.at is None and not daily:
            raise ValueError("'days' and 'on' go with 'at'; 'every' runs through all days")
        if self.on is not None and "days" in self.model_fields_set:
            raise ValueError("give 'days' or 'on', not both")
        return self

    def fires(self, occasion: Occasion) -> Match | None:
        """When its own schedule is due for the lead."""
        return Match(f"event/{occasion.event.id}", "the schedule is due")
