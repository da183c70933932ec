"""The Launch workflow of a campaign: wave after wave, for as long as its leads are inside."""

from __future__ import annotations

from datetime import datetime, timedelta

from temporalio import workflow

from workflows.contracts import LaunchRequest, LaunchRound
from workflows.options import ADVANCE

JUDGED_EVERY = timedelta(seconds=30)
"""Counting a large launch takes a moment: not in every round of those that ask leads in."""


@workflow.defn(name="Launch")
class Launch:
    """Each round is one activity; between rounds it sleeps, or is woken by ``look``."""

    def __init__(self) -> None:
        self._woken = False
        self._waits_for = ""

    @workflow.run
    async def run(self, request: LaunchRequest) -> None:
        """Until nobody waits for a wave and nobody is inside."""
        judged: datetime | None = None
        while not workflow.info().is_continue_as_new_suggested():
            self._woken = False
            judge = judged is None or workflow.now() - judged >= JUDGED_EVERY
            judged = workflow.now() if judge else judged
            done: LaunchRound = await workflow.execute_activity(
                "advance_launch",
                request.model_copy(update={"judge": judge}),
                result_type=LaunchRound,
                summary="Judge, release, ask in",
                **ADVANCE,
            )
            self._waits_for = done.waits_for
            if done.is_over and not self._woken:
                return
            await self._sleep(timedelta(seconds=done.pause))
        workflow.continue_as_new(request)

    async def _sleep(self, pause: timedelta) -> None:
        try:
            await workflow.wait_condition(
                lambda: self._woken, timeout=pause, timeout_summary=self._waits_for[:100]
            )
        except TimeoutError:
            return

    @workflow.signal
    def look(self) -> None:
        """Something has changed in the ledger: have a look at once."""
        self._woken = True

    @workflow.query
    def waits_for(self) -> str:
        """Why no wave is released now."""
        return self._waits_for
