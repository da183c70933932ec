"""What one workflow run cost, read off its history: events, bytes and Temporal Cloud actions."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from temporalio.api.enums.v1 import EventType
from temporalio.api.history.v1 import HistoryEvent
from temporalio.client import WorkflowHistory

ONE_ACTION = frozenset(
    {
        EventType.EVENT_TYPE_TIMER_STARTED,
        EventType.EVENT_TYPE_ACTIVITY_TASK_SCHEDULED,
        EventType.EVENT_TYPE_WORKFLOW_EXECUTION_SIGNALED,
        EventType.EVENT_TYPE_WORKFLOW_EXECUTION_UPDATE_ACCEPTED,
        EventType.EVENT_TYPE_WORKFLOW_PROPERTIES_MODIFIED,
        EventType.EVENT_TYPE_WORKFLOW_EXECUTION_CONTINUED_AS_NEW,
        EventType.EVENT_TYPE_SIGNAL_EXTERNAL_WORKFLOW_EXECUTION_INITIATED,
        EventType.EVENT_TYPE_NEXUS_OPERATION_SCHEDULED,
    }
)
TWO_ACTIONS = frozenset({EventType.EVENT_TYPE_START_CHILD_WORKFLOW_EXECUTION_INITIATED})
PATCH_MARKER = "core_patch"


@dataclass(frozen=True, slots=True)
class Cost:
    """One run: events, their size as protobuf and as JSON (bytes), and Cloud actions."""

    events: int
    bytes: int
    json_bytes: int
    actions: int


def cost_of(history: WorkflowHistory) -> Cost:
    """The cost of a run that was started once and ended."""
    return Cost(
        events=len(history.events),
        bytes=sum(event.ByteSize() for event in history.events),
        json_bytes=len(history.to_json()),
        actions=actions_of(history.events),
    )


def actions_of(events: Iterable[HistoryEvent]) -> int:
    """Actions as Temporal Cloud counts them (https://docs.temporal.io/cloud/actions), estimated.

    Not in a history, so not counted: queries, heartbeats, rejected updates. Workflow tasks and the
    end of the run cost nothing.
    """
    total, with_markers = 0, set[int]()
    for event in events:
        total += _of_one(event)
        marker = event.marker_recorded_event_attributes
        if marker.marker_name and marker.marker_name != PATCH_MARKER:
            # All local activities of one workflow task are one action together.
            with_markers.add(marker.workflow_task_completed_event_id)
    return total + len(with_markers)


def _of_one(event: HistoryEvent) -> int:
    match event.event_type:
        case EventType.EVENT_TYPE_WORKFLOW_EXECUTION_STARTED:
            # A run that continues another one was counted as that one's command.
            return 0 if event.workflow_execution_started_event_attributes.attempt > 1 else 1
        case EventType.EVENT_TYPE_ACTIVITY_TASK_STARTED:
            return event.activity_task_started_event_attributes.attempt - 1
        case EventType.EVENT_TYPE_WORKFLOW_EXECUTION_SIGNALED if event.event_id == 2:
            return 0  # signal-with-start is one action, and that is the start
        case EventType.EVENT_TYPE_UPSERT_WORKFLOW_SEARCH_ATTRIBUTES:
            upserted = event.upsert_workflow_search_attributes_event_attributes.search_attributes
            return 0 if set(upserted.indexed_fields) == {"TemporalChangeVersion"} else 1
        case kind if kind in TWO_ACTIONS:
            return 2
        case kind:
            return 1 if kind in ONE_ACTION else 0
