"""When a scheduled automation is due next: intervals, and times of day in a zone."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

import pytest

from activities.ledger.schedules import next_due
from workflows.engine.triggers.scheduled import Scheduled

MONDAY = "2026-03-02T09:00"


@pytest.mark.parametrize(
    ("schedule", "after", "due"),
    [
        ({"every": "6 hours"}, "2026-03-02T05:00", "2026-03-02T06:00"),
        ({"every": "6 hours"}, "2026-03-02T06:00", "2026-03-02T12:00"),
        ({"at": "09:00", "zone": "Europe/Berlin"}, "2026-03-02T07:59", "2026-03-02T08:00"),
        ({"at": "09:00", "zone": "Europe/Berlin"}, "2026-03-02T08:00", "2026-03-03T08:00"),
        ({"at": "09:00", "zone": "Europe/Berlin"}, "2026-03-28T09:00", "2026-03-29T07:00"),
        ({"at": "08:00", "zone": "UTC", "days": ["mon"]}, MONDAY, "2026-03-09T08:00"),
        (
            {"at": "08:00", "zone": "UTC", "on": "2026-03-05"},
            "2026-03-02T09:00",
            "2026-03-05T08:00",
        ),
        ({"at": "08:00", "zone": "UTC", "on": "2026-03-01"}, MONDAY, None),
        ({"at": "01:00", "zone": "Asia/Tokyo"}, "2026-03-01T15:59", "2026-03-01T16:00"),
    ],
)
def test_the_next_time_of_a_schedule(schedule: dict[str, Any], after: str, due: str | None) -> None:
    trigger = Scheduled.model_validate({"kind": "scheduled"} | schedule)
    since = datetime(2026, 3, 1, tzinfo=UTC)
    found = next_due(trigger, since, datetime.fromisoformat(after).replace(tzinfo=UTC))
    assert found == (datetime.fromisoformat(due).replace(tzinfo=UTC) if due else None)
