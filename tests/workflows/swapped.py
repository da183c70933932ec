"""The workflow with two commands in the other order: as a careless release has it, which replaying
histories has to notice, and as a careful one has it, behind a patch."""

from __future__ import annotations

import asyncio

from temporalio import workflow

with workflow.unsafe.imports_passed_through():
    from workflows.contracts import Ending, Start

from workflows.enrollment import Enrollment

PATCH = "timer-before-show"


@workflow.defn(name="Enrollment")
class Swapped(Enrollment):
    """Shows the wait after its timer has started, and not before."""

    @workflow.init
    def __init__(self, start: Start) -> None:
        super().__init__(start)

    @workflow.run
    async def run(self, start: Start) -> Ending:
        """As ever."""
        return await super().run(start)

    async def _one_round(self) -> None:
        self._start_write_backs()
        if self._may_begin:
            self._flight.match(self._journey)
        self._record()
        await asyncio.sleep(0)
        self._show()
        self._continue_as_new_if_long()
        await workflow.wait_condition(self._has_news)
        self._take_news()


@workflow.defn(name="Enrollment")
class Patched(Swapped):
    """The same, but only in runs that no worker without the patch has been at work on."""

    @workflow.init
    def __init__(self, start: Start) -> None:
        super().__init__(start)

    @workflow.run
    async def run(self, start: Start) -> Ending:
        """As ever."""
        return await super().run(start)

    async def _one_round(self) -> None:
        if workflow.patched(PATCH):
            await super()._one_round()
        else:
            await Enrollment._one_round(self)
