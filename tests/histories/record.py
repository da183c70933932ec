"""Records the main journeys on the real server: ``python -m tests.histories.record [NAME ...]``."""

from __future__ import annotations

import asyncio
import json
import os
import sys
import tempfile
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from temporalio.client import Client, WorkflowHistory

from tests.histories.journeys import ANSWERS, GOALS, JOURNEYS
from tests.histories.launches import LAUNCHES
from tests.histories.outreach import SAMPLE
from tests.workflows.world import open_world

DIRECTORY = Path(__file__).parent
LEFT_OUT = ("stackTrace", "sourceStackTrace")
MOST_RUNS = 20


async def record(names: Sequence[str]) -> None:
    """Live through each journey and keep the histories of its runs."""
    with tempfile.TemporaryDirectory() as directory:
        async with open_world(Path(directory)) as world:
            for name in names:
                if name in LAUNCHES:
                    print(name, await keep(world.client, *await LAUNCHES[name](world)))  # noqa: T201
                    continue
                steps, live = JOURNEYS[name]
                own = SAMPLE["campaign"] if name.startswith("sample") else CAMPAIGN
                block = own | {"goal": GOALS.get(name)}
                for answer in ANSWERS:
                    world.sandbox.sandbox.receiver.answer_with(answer)
                automation = await world.publish(steps, name.replace("_", "-"), **block)
                journey = await world.enroll(automation)
                first_run = (await journey.handle.describe()).run_id
                await live(journey)
                await journey.ends()
                print(name, await keep(world.client, name, journey.handle.id, first_run))  # noqa: T201 - for who runs it
                world.sandbox.sandbox.faults.clear()


CAMPAIGN: dict[str, Any] = {
    "exits": {"on": ["bounce", "unsubscribe", "meeting_booked", "reply"]},
    "soft_bounces": {"retries": 2, "after": "1 second"},
    "lane": "outreach",
}


async def keep(client: Client, name: str, workflow: str, run_id: str) -> int:
    """Write the runs to files; how many events there are."""
    events = 0
    for number in range(1, MOST_RUNS + 1):
        history = await client.get_workflow_handle(workflow, run_id=run_id).fetch_history()
        path = DIRECTORY / f"{name}-{number}.json"
        lines = (json.dumps(anonymous(event)) for event in json.loads(history.to_json())["events"])
        path.write_text('{"events": [\n' + ",\n".join(lines) + "\n]}\n")
        WorkflowHistory.from_json(workflow, path.read_text())
        events += len(history.events)
        last = history.events[-1]
        run_id = last.workflow_execution_continued_as_new_event_attributes.new_execution_run_id
        if not run_id:
            break
    return events


def anonymous(value: Any) -> Any:
    """The history without what tells of the machine and the place where it was recorded."""
    if isinstance(value, list):
        return [anonymous(part) for part in value]
    if not isinstance(value, Mapping):
        return value
    kept = {key: anonymous(part) for key, part in value.items() if key not in LEFT_OUT}
    if kept.get("kind") == "TASK_QUEUE_KIND_STICKY":
        kept |= {"name": "sticky"}
    return kept | {key: "worker" for key in ("identity", "buildId") if key in kept}


if __name__ == "__main__":
    asyncio.run(record(sys.argv[1:] or [*JOURNEYS, *LAUNCHES]))
    sys.stdout.flush()
    os._exit(0)  # the SDK can crash at interpreter exit after a worker ran
