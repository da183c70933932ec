"""The Writeback workflow of a connection: it drains the write-backs that no enrollment did."""

from __future__ import annotations

from datetime import timedelta

from temporalio import workflow

from workflows.contracts import Drained, DrainRequest
from workflows.options import DRAIN

SHORTEST_PAUSE = timedelta(seconds=5)
LONGEST_PAUSE = timedelta(minutes=5)
ROUNDS = 200
"""After so many rounds the run continues as new."""


@workflow.defn(name="Writeback")
class Writeback:
    """Drain until nothing is left; while the vendor is down, pause ever longer between rounds."""

    @workflow.run
    async def run(self, request: DrainRequest) -> int:
        """How many write-backs were done."""
        done, pause = request.done, SHORTEST_PAUSE
        for _ in range(ROUNDS):
            drained: Drained = await workflow.execute_activity(
                "drain_writebacks",
                request,
                result_type=Drained,
                task_queue="crm",
                summary=f"Drain {request.connection}",
                **DRAIN,
            )
            done += drained.done
            if not drained.left:
                return done
            pause = SHORTEST_PAUSE if drained.done else min(pause * 2, LONGEST_PAUSE)
            await workflow.sleep(pause, summary=f"{drained.left} left")
        workflow.continue_as_new(request.model_copy(update={"done": done}))
