"""What the canonical journey may cost: events, bytes and actions are counted, time is not."""

from __future__ import annotations

from pathlib import Path

import pytest
from temporalio.api.enums.v1 import EventType
from temporalio.api.history.v1 import HistoryEvent

from benchmarks import journey
from benchmarks.cost import Cost, actions_of
from benchmarks.rig import rig

ROUNDS = 3
"""What times out or is tried again on a loaded machine adds to the cost, and takes nothing away:
the least of so many rounds is what the journey costs."""


async def test_the_canonical_journey_keeps_its_budgets(tmp_path: Path) -> None:
    rounds: list[list[journey.Row]] = []
    wrong = ["not measured yet"]
    while wrong and len(rounds) < ROUNDS:
        async with rig(tmp_path / str(len(rounds))) as running:
            rounds.append(await journey.measure(running))
        wrong = _wrong(*(_least(same) for same in zip(*rounds, strict=True)))
    assert not wrong


def _wrong(plain: journey.Row, with_tasks: journey.Row, by_hand: journey.Row) -> list[str]:
    """What is not as it has to be, in words."""
    wrong = plain.broken + with_tasks.broken
    if with_tasks.cost.actions - plain.cost.actions != 3:
        wrong.append("the Salesforce Tasks were not written")
    if (by_hand.cost.events, by_hand.cost.actions) != (33, 6):
        wrong.append("the yardstick has changed")
    return wrong


def _least(same: tuple[journey.Row, ...]) -> journey.Row:
    return min(same, key=lambda row: (row.cost.actions, row.cost.events, row.cost.bytes))


@pytest.mark.parametrize(
    ("cost", "broken"),
    [
        (Cost(events=44, bytes=8192, json_bytes=0, actions=10), []),
        (Cost(events=45, bytes=8192, json_bytes=0, actions=10), ["45 events, 44 allowed"]),
        (Cost(events=44, bytes=8193, json_bytes=0, actions=10), ["8193 bytes, 8192 allowed"]),
        (Cost(events=44, bytes=8192, json_bytes=0, actions=11), ["11 actions, 10 allowed"]),
    ],
)
def test_a_budget_is_broken_by_one_too_many(cost: Cost, broken: list[str]) -> None:
    assert journey.PLAIN.broken_by(cost) == broken


def test_actions_are_counted_as_temporal_cloud_counts_them() -> None:
    events = [_event(kind) for kind in ("WORKFLOW_EXECUTION_STARTED", "WORKFLOW_TASK_COMPLETED")]
    events += [_event("ACTIVITY_TASK_SCHEDULED"), _event("TIMER_STARTED"), _event("TIMER_FIRED")]
    assert actions_of(events) == 3

    retried = _event("ACTIVITY_TASK_STARTED")
    retried.activity_task_started_event_attributes.attempt = 4
    assert actions_of([retried]) == 3


def test_local_activities_of_one_workflow_task_are_one_action_and_patches_are_free() -> None:
    markers = [_marker("core_local_activity", task) for task in (4, 4, 9)]
    assert actions_of([*markers, _marker("core_patch", 12)]) == 2


def _event(name: str) -> HistoryEvent:
    return HistoryEvent(event_type=EventType.Value(f"EVENT_TYPE_{name}"))


def _marker(name: str, task: int) -> HistoryEvent:
    event = _event("MARKER_RECORDED")
    event.marker_recorded_event_attributes.marker_name = name
    event.marker_recorded_event_attributes.workflow_task_completed_event_id = task
    return event
