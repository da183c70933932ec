"""Replaying histories against the code at hand: the same plugin and workflows as the worker."""

from __future__ import annotations

import json
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

from temporalio.client import WorkflowHistory
from temporalio.worker import Replayer

from workers.codec import Codec
from workers.plugin import dripstone_plugin
from workflows.enrollment import Enrollment
from workflows.writeback import Writeback


@dataclass(frozen=True, slots=True)
class Replayed:
    """How the replay of one run went; ``problem`` is empty if the code decides as it did then."""

    workflow: str
    run: str
    events: int
    problem: str


async def replay(
    histories: Iterable[WorkflowHistory], codec: Codec | None = None
) -> list[Replayed]:
    """Replay runs one by one; none stops the others. ``codec`` reads those that are encrypted."""
    replayer = Replayer(workflows=[Enrollment, Writeback], plugins=[dripstone_plugin(codec)])
    done = []
    for history in histories:
        result = await replayer.replay_workflow(history, raise_on_replay_failure=False)
        problem = str(result.replay_failure or "")
        done.append(Replayed(history.workflow_id, history.run_id, len(history.events), problem))
    return done


def read_histories(name: str, text: str) -> list[WorkflowHistory]:
    """Histories from JSON: one as the Temporal UI and CLI write it, or a list of them.

    Raises:
        ValueError: it is no JSON, or no history; says where.
    """
    try:
        found: Any = json.loads(text)
    except ValueError as error:
        raise ValueError(f"{name}: not JSON: {error}") from None
    runs = found if isinstance(found, list) else [found]
    histories = []
    for place, run in enumerate(runs, start=1):
        try:
            histories.append(WorkflowHistory.from_json(f"{name}#{place}", run))
        except (ValueError, KeyError, TypeError, AttributeError) as error:
            raise ValueError(f"{name}: part {place} is no workflow history: {error}") from None
    return histories
