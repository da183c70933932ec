"""What a run's history tells: whom it is for, what it asked, what came of that, what it heard."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any

from pydantic import TypeAdapter, ValidationError
from temporalio.api.common.v1 import Payloads
from temporalio.api.enums.v1 import EventType
from temporalio.api.history.v1 import HistoryEvent
from temporalio.converter import DataConverter

from workflows.contracts import Admission, Ending, Start
from workflows.engine.effects import AnyEffect, Outcome
from workflows.engine.events import Event, read_signal

_EFFECT: TypeAdapter[AnyEffect] = TypeAdapter(AnyEffect)
_ENDS = (
    EventType.EVENT_TYPE_WORKFLOW_EXECUTION_COMPLETED,
    EventType.EVENT_TYPE_WORKFLOW_EXECUTION_FAILED,
    EventType.EVENT_TYPE_WORKFLOW_EXECUTION_TERMINATED,
    EventType.EVENT_TYPE_WORKFLOW_EXECUTION_CANCELED,
    EventType.EVENT_TYPE_WORKFLOW_EXECUTION_TIMED_OUT,
)


@dataclass
class Asked:
    """One effect that a run asked for; ``outcome`` is None while nobody knows what became of it.

    ``attempt`` is the last one that the history tells of; zero: none has begun, as far as it tells.
    """

    effect: AnyEffect
    at: datetime
    attempt: int = 0
    outcome: Outcome | None = None
    is_over: bool = False


@dataclass
class RunStory:
    """One run. ``ending`` is None while it is open, and for one that was cut off."""

    start: Start | None = None
    began_at: datetime | None = None
    ended_at: datetime | None = None
    goes_on: bool = False
    ending: Ending | None = None
    asked: dict[int, Asked] = field(default_factory=dict)
    heard: list[Event] = field(default_factory=list)


async def read_story(events: Sequence[HistoryEvent], converter: DataConverter) -> RunStory:
    """Read a run's history; what cannot be read of it is passed over."""
    story, admitting = RunStory(), set[int]()
    for event in events:
        if event.event_type in _ENDS:
            story.ended_at = _at(event)
        elif event.HasField("workflow_execution_continued_as_new_event_attributes"):
            story.goes_on = True
        await _begin(story, event, converter)
        await _asked(story, event, admitting, converter)
        await _answered(story, event, admitting, converter)
        await _heard(story, event, converter)
    return story


async def _begin(story: RunStory, event: HistoryEvent, converter: DataConverter) -> None:
    if event.HasField("workflow_execution_started_event_attributes"):
        story.began_at = _at(event)
        given = event.workflow_execution_started_event_attributes.input
        story.start = await _one(given, Start, converter)
    if event.HasField("workflow_execution_completed_event_attributes"):
        given = event.workflow_execution_completed_event_attributes.result
        story.ending = await _one(given, Ending, converter)


async def _asked(
    story: RunStory, event: HistoryEvent, admitting: set[int], converter: DataConverter
) -> None:
    if not event.HasField("activity_task_scheduled_event_attributes"):
        return
    asked = event.activity_task_scheduled_event_attributes
    if asked.activity_type.name == "admit":
        admitting.add(event.event_id)
        return
    try:
        effect = _EFFECT.validate_python(await _one(asked.input, dict, converter))
    except ValidationError:
        return  # bookkeeping, or an effect of a fact
    story.asked[event.event_id] = Asked(effect, _at(event))


async def _answered(
    story: RunStory, event: HistoryEvent, admitting: set[int], converter: DataConverter
) -> None:
    if event.HasField("activity_task_started_event_attributes"):
        begun = event.activity_task_started_event_attributes
        if begun.scheduled_event_id in story.asked:
            story.asked[begun.scheduled_event_id].attempt = begun.attempt
        return
    if event.HasField("activity_task_completed_event_attributes"):
        done = event.activity_task_completed_event_attributes
        number = done.scheduled_event_id
        if number in admitting:
            admission = await _one(done.result, Admission, converter)
            story.start = (admission.start if admission else None) or story.start
        elif number in story.asked:
            story.asked[number].outcome = await _one(done.result, Outcome, converter)
            story.asked[number].is_over = True
        return
    failed = (
        event.activity_task_failed_event_attributes.scheduled_event_id,
        event.activity_task_timed_out_event_attributes.scheduled_event_id,
        event.activity_task_canceled_event_attributes.scheduled_event_id,
    )
    for number in failed:  # zero where it is another event
        if number in story.asked:
            story.asked[number].is_over = True


async def _heard(story: RunStory, event: HistoryEvent, converter: DataConverter) -> None:
    if not event.HasField("workflow_execution_signaled_event_attributes"):
        return
    said = event.workflow_execution_signaled_event_attributes
    try:
        values = await converter.decode(said.input.payloads)
    except Exception:  # noqa: BLE001 - any client may have sent anything
        values = []
    body = values[0] if len(values) == 1 else list(values) or None
    read = read_signal(said.signal_name, body, 0, _at(event))
    if isinstance(read, Event):
        story.heard.append(read)


async def _one(given: Payloads, kind: Any, converter: DataConverter) -> Any:
    """The only payload as ``kind``; None if there is none, or it is something else."""
    if not given.payloads:
        return None
    try:
        (value,) = await converter.decode(given.payloads[:1], [kind])
    except Exception:  # noqa: BLE001 - a converter raises what its library raises
        return None
    return value


def _at(event: HistoryEvent) -> datetime:
    return event.event_time.ToDatetime(tzinfo=UTC)
