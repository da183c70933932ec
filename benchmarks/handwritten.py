"""The yardstick: the canonical journey as a person would write it by hand, without Dripstone."""

from __future__ import annotations

from datetime import timedelta

from temporalio import workflow

from workflows.contracts import CloseRequest
from workflows.engine.base import Frozen
from workflows.engine.effects import Outcome, SendEmail
from workflows.engine.exits import ExitReason
from workflows.options import BOOKKEEPING, EFFECT


class Plan(Frozen):
    """Whom to write to and how long to wait, in seconds.

    ``closes`` ends the ledger's entry too, as an enrollment does.
    """

    enrollment: str
    entry: int
    templates: tuple[str, ...]
    wait: float
    wait_for_reply: float
    closes: bool = False


@workflow.defn(name="Handwritten")
class Handwritten:
    """Sends, a wait, a branch, a wait for a reply: nothing recorded, nothing shown, no exits."""

    @workflow.init
    def __init__(self, plan: Plan) -> None:
        self._plan = plan
        self._came: set[str] = set()

    @workflow.run
    async def run(self, plan: Plan) -> int:
        """How many mails were sent."""
        await self._send(0)
        await workflow.sleep(plan.wait)
        if "visited" in self._came:
            return await self._end(1)
        sends = 1
        for number in range(1, len(plan.templates)):
            await self._send(number)
            sends += 1
            if number == 1 and await self._reply_comes(plan.wait_for_reply):
                break
        return await self._end(sends)

    @workflow.signal
    def event(self, kind: str) -> None:
        """Something happened to the lead."""
        self._came.add(kind)

    async def _reply_comes(self, within: float) -> bool:
        if not within:
            return False
        try:
            await workflow.wait_condition(
                lambda: "reply" in self._came, timeout=timedelta(seconds=within)
            )
        except TimeoutError:
            return False
        return True

    async def _send(self, number: int) -> None:
        plan = self._plan
        effect = SendEmail(
            kind="send_email",
            enrollment=plan.enrollment,
            entry=plan.entry,
            step=f"send_{number + 1}",
            visit=1,
            template=plan.templates[number],
        )
        await workflow.execute_activity(
            "send_email", effect, result_type=Outcome, task_queue=effect.queue, **EFFECT
        )

    async def _end(self, sends: int) -> int:
        if self._plan.closes:
            request = CloseRequest(
                enrollment=self._plan.enrollment,
                entry=self._plan.entry,
                events=(),
                reason=ExitReason.COMPLETED,
                at=workflow.now(),
            )
            await workflow.execute_activity("close", request, **BOOKKEEPING)
        return sends
