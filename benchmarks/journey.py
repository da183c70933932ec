"""The canonical journey of one lead, and what it costs, against its budgets."""

from __future__ import annotations

import asyncio
from dataclasses import dataclass

from activities import dispatch
from benchmarks.automations import TEMPLATES, canonical, let_in, put_live
from benchmarks.cost import Cost, cost_of
from benchmarks.handwritten import Handwritten, Plan
from benchmarks.rig import Rig
from workflows.contracts import TASK_QUEUE, enrollment_id

SHORTENED = ("1 second", "2 seconds")
"""The waits as run here: the counts are those of 1 day and 7 days."""


@dataclass(frozen=True, slots=True)
class Budget:
    """The most that a journey may cost; None: not limited."""

    events: int
    actions: int
    bytes: int | None = None

    def broken_by(self, cost: Cost) -> list[str]:
        """What is over, in words; empty if nothing is."""
        limits = {"events": self.events, "actions": self.actions, "bytes": self.bytes}
        return [
            f"{getattr(cost, what)} {what}, {most} allowed"
            for what, most in limits.items()
            if most is not None and getattr(cost, what) > most
        ]


PLAIN = Budget(events=44, actions=10, bytes=8192)
WITH_TASKS = Budget(events=62, actions=13)


@dataclass(frozen=True, slots=True)
class Row:
    """One line of the table."""

    what: str
    cost: Cost
    budget: Budget | None = None

    @property
    def broken(self) -> list[str]:
        """How the budget is broken, in words; empty if it is kept or there is none."""
        return self.budget.broken_by(self.cost) if self.budget else []


async def measure(rig: Rig) -> list[Row]:
    """The journey alone, with a Salesforce Task per send, and written by hand."""
    await put_live(rig.ledger, canonical(*SHORTENED))
    owner = "ada@dripstone.example"
    await rig.seed("User", Username=owner, Email=owner, LastName="Fox")
    record = await rig.seed("Lead", LastName="Hopper", Company="Example")
    plain, with_tasks, by_hand = await asyncio.gather(
        _enrollment(rig, "x-plain"), _enrollment(rig, f"sf-{record}"), _by_hand(rig, "x-hand")
    )
    return [
        Row("Dripstone", plain, PLAIN),
        Row("Dripstone, a Task per send", with_tasks, WITH_TASKS),
        Row("written by hand, the minimum", by_hand),
    ]


async def _enrollment(rig: Rig, lead: str) -> Cost:
    start = await let_in(rig, "canonical", lead)
    await dispatch.start_workflow(rig.ledger, rig.client, start)
    handle = rig.client.get_workflow_handle(enrollment_id("canonical", lead))
    await handle.result()
    return cost_of(await handle.fetch_history())


async def _by_hand(rig: Rig, lead: str) -> Cost:
    await let_in(rig, "canonical", lead)
    enrollment = enrollment_id("canonical", lead)
    plan = Plan(enrollment=enrollment, entry=1, templates=TEMPLATES, wait=1, wait_for_reply=2)
    handle = await rig.client.start_workflow(
        Handwritten.run, plan, id=enrollment, task_queue=TASK_QUEUE
    )
    await handle.result()
    return cost_of(await handle.fetch_history())
