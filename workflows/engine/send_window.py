"""Send windows: local hours and days, of a lead or of whoever releases waves."""

from __future__ import annotations

from datetime import time, timedelta
from typing import Annotated, Literal

from pydantic import Field, StringConstraints, model_validator

from workflows.engine.days_off import DaysOff

Weekday = Literal["mon", "tue", "wed", "thu", "fri", "sat", "sun"]
Clock = Annotated[str, StringConstraints(pattern=r"^([01]\d|2[0-3]):[0-5]\d$|^24:00$")]

WEEKDAYS: tuple[Weekday, ...] = ("mon", "tue", "wed", "thu", "fri", "sat", "sun")


class SendWindow(DaysOff):
    """Local hours and days in which a message may leave, in the lead's zone.

    ``opens`` is inclusive, ``closes`` exclusive ("24:00" is the end of the day). ``zone`` is an
    IANA name, used when the lead's own zone is unknown. It does not open on days off; those of the
    center come on top. ``always: true`` has no limits, not even days off.
    """

    days: tuple[Weekday, ...] = Field(default=("mon", "tue", "wed", "thu", "fri"), min_length=1)
    opens: Clock = "09:00"
    closes: Clock = "17:00"
    zone: str | None = None
    always: bool = False

    @model_validator(mode="after")
    def _opens_before_it_closes(self) -> SendWindow:
        if self.opens >= self.closes:
            raise ValueError(
                f"opens {self.opens} is not before closes {self.closes}: a window does not span "
                "midnight; give the hours of one day"
            )
        if self.always and (self.holidays or self.closed):
            raise ValueError("always has no limits: leave it out, or holidays and closed")
        return self

    @property
    def hours(self) -> tuple[time, timedelta]:
        """When it opens, and for how long it stays open by the wall clock."""
        first, last = (int(t[:2]) * 60 + int(t[3:]) for t in (self.opens, self.closes))
        return time(first // 60, first % 60), timedelta(minutes=last - first)
