"""What the gate answered is counted, by words that there are few of."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest
from temporalio import activity
from temporalio.runtime import MetricBuffer, Runtime, TelemetryConfig
from temporalio.testing import ActivityEnvironment

from activities.counting import count_answer
from workflows.engine.effects import Outcome
from workflows.engine.exits import ExitReason

LATER = datetime(2026, 6, 1, tzinfo=UTC)


@pytest.mark.parametrize(
    ("verdict", "answer", "exit_"),
    [
        (None, "go", ""),
        (Outcome(state="held", cause="outside the send window", until=LATER), "until", ""),
        (Outcome(state="held", cause="center x is halted by ada@x.example: stop"), "held", ""),
        (Outcome(state="skipped", cause="no number"), "skipped", ""),
        (
            Outcome(state="refused", cause="suppressed", exit=ExitReason.UNSUBSCRIBED),
            "refused",
            "unsubscribed",
        ),
    ],
)
def test_an_answer_is_counted_without_its_words(
    verdict: Outcome | None, answer: str, exit_: str
) -> None:
    buffer = MetricBuffer(10)
    environment = ActivityEnvironment()
    environment.metric_meter = Runtime(telemetry=TelemetryConfig(metrics=buffer)).metric_meter
    environment.run(count_answer, verdict)
    (update,) = buffer.retrieve_updates()
    assert (update.metric.name, update.value) == ("dripstone_gate_answers", 1)
    labels = {name: update.attributes[name] for name in ("answer", "exit")}
    assert labels == {"answer": answer, "exit": exit_}
    by_the_sdk = {"activity_type", "namespace", "task_queue", "service_name"}
    assert set(update.attributes) - {"answer", "exit"} <= by_the_sdk


def test_outside_of_an_activity_there_is_no_meter_and_none_is_asked_for() -> None:
    with pytest.raises(RuntimeError, match="in activity context"):
        activity.metric_meter()
    count_answer(None)
