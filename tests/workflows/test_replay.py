"""Recorded histories replay: the same commands in the same order, with the same inputs."""

from __future__ import annotations

import json
import os
import re
import time
from base64 import b64decode
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from temporalio import workflow
from temporalio.client import WorkflowHistory
from temporalio.worker import (
    Interceptor,
    Replayer,
    StartActivityInput,
    WorkflowInboundInterceptor,
    WorkflowInterceptorClassInput,
    WorkflowOutboundInterceptor,
)

from tests.histories.journeys import BEGUN_BEFORE, JOURNEYS
from tests.histories.launches import LAUNCHES
from tests.workflows.swapped import Swapped
from workers.plugin import dripstone_plugin
from workflows.enrollment import Enrollment
from workflows.launch import Launch

FILES = sorted((Path(__file__).parent.parent / "histories").glob("*.json"))
WORKFLOWS = [Enrollment, Launch]
EACH = pytest.mark.parametrize("path", FILES, ids=lambda path: path.stem)


def history_of(path: Path) -> WorkflowHistory:
    return WorkflowHistory.from_json(f"enrollment:{path.stem}", path.read_text("utf-8"))


@pytest.fixture(params=["UTC", "Pacific/Apia"])
def _zone_of_the_machine(request: pytest.FixtureRequest) -> Iterator[None]:
    before = os.environ.get("TZ")
    os.environ["TZ"] = request.param
    time.tzset()
    yield
    os.environ.pop("TZ") if before is None else os.environ.update(TZ=before)
    time.tzset()


def test_every_journey_has_been_recorded() -> None:
    recorded = {path.stem.rpartition("-")[0] for path in FILES}
    assert recorded == {*JOURNEYS, *LAUNCHES, *BEGUN_BEFORE}
    stems = {path.stem for path in FILES}
    assert {"long-2", "launch-2"} <= stems, "no run that continues another"


@pytest.mark.usefixtures("_zone_of_the_machine")
@EACH
async def test_a_recorded_journey_replays_in_any_time_zone(path: Path) -> None:
    replayer = Replayer(workflows=WORKFLOWS, plugins=[dripstone_plugin()])
    await replayer.replay_workflow(history_of(path))


@EACH
async def test_on_replay_every_activity_gets_the_input_it_got_then(path: Path) -> None:
    asked: list[tuple[str, Any]] = []
    replayer = Replayer(
        workflows=WORKFLOWS, plugins=[dripstone_plugin()], interceptors=[Inputs(asked)]
    )
    await replayer.replay_workflow(history_of(path))
    recorded = []
    for event in json.loads(path.read_text("utf-8"))["events"]:
        scheduled = event.get("activityTaskScheduledEventAttributes")
        if scheduled:
            (payload,) = scheduled["input"]["payloads"]
            name = scheduled["activityType"]["name"]
            recorded.append((name, json.loads(b64decode(payload["data"]))))
    assert asked == recorded


@pytest.mark.parametrize("path", [p for p in FILES if p.stem == "timeout-1"], ids=["timeout"])
async def test_two_commands_in_another_order_are_noticed(path: Path) -> None:
    replayer = Replayer(workflows=[Swapped], plugins=[dripstone_plugin()])
    with pytest.raises(workflow.NondeterminismError):
        await replayer.replay_workflow(history_of(path))


def test_what_began_under_an_older_number_went_another_way_than_it_would_today() -> None:
    today, before = (_performed(name) for name in ("compared-1", *(f"{n}-1" for n in BEGUN_BEFORE)))
    assert today == ["set_field"] * 3 + ["notify", "close"]
    assert before == ["set_field"] * 3 + ["notify", "notify", "close"]


def _performed(stem: str) -> list[str]:
    (path,) = (path for path in FILES if path.stem == stem)
    events = json.loads(path.read_text("utf-8"))["events"]
    asked = (event.get("activityTaskScheduledEventAttributes") for event in events)
    return [one["activityType"]["name"] for one in asked if one]


@EACH
def test_a_recorded_history_tells_nothing_of_people_or_machines(path: Path) -> None:
    text = path.read_text("utf-8")
    decoded = [b64decode(data).decode() for data in re.findall(r'"data": "([\w+/=]+)"', text)]
    whole = "\n".join([text, *decoded])
    assert not re.search(r"@example|@dripstone|/home/|/tmp/|/usr/|site-packages|http://", whole)
    assert set(re.findall(r'"identity": "(.*?)"', text)) == {"worker"}


class Inputs(Interceptor):
    """Writes down what every activity of a workflow is asked."""

    def __init__(self, asked: list[tuple[str, Any]]) -> None:
        self._asked = asked

    def workflow_interceptor_class(
        self, input: WorkflowInterceptorClassInput
    ) -> type[WorkflowInboundInterceptor]:
        asked = self._asked

        class Outbound(WorkflowOutboundInterceptor):
            def start_activity(self, input: StartActivityInput) -> workflow.ActivityHandle[Any]:
                (payload,) = workflow.payload_converter().to_payloads(input.args)
                asked.append((input.activity, json.loads(payload.data)))
                return super().start_activity(input)

        class Inbound(WorkflowInboundInterceptor):
            def init(self, outbound: WorkflowOutboundInterceptor) -> None:
                super().init(Outbound(outbound))

        return Inbound
