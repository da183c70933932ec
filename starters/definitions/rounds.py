"""How quickly a lead comes round a loop of steps, if it does nothing to hurry."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import timedelta
from heapq import heappop, heappush

from starters.definitions.step_graph import MESSAGES, uncounted_ways
from workflows.engine.automation import Automation
from workflows.engine.steps import AnyStep
from workflows.engine.steps.approval import Approval
from workflows.engine.steps.outreach_handover import OutreachHandover
from workflows.engine.steps.wait import Wait
from workflows.engine.steps.wait_for import WaitFor
from workflows.engine.steps.wait_until import WaitUntil

_WEEK = timedelta(weeks=1)


@dataclass(frozen=True, slots=True)
class Round:
    """A way from a step back to it, and the time that it takes at least. No jump counts it."""

    steps: tuple[str, ...]
    lasting: timedelta


def quickest_round(automation: Automation, start: str) -> Round | None:
    """The quickest way from a step back to it, or None if there is none.

    Events of the lead are left out of the reckoning: a wait for one lasts until its time-out.
    """
    ways = uncounted_ways(automation)
    times = {step.id: _time_in(step) for step in automation.steps}
    waiting: list[tuple[timedelta, int, tuple[str, ...]]] = [(timedelta(), 1, (start,))]
    seen: set[str] = set()
    while waiting:
        lasting, count, path = heappop(waiting)
        here = path[-1]
        if count > 1 and here == start:
            return Round(path[:-1], lasting)
        if here not in seen:
            seen.add(here)
            for way in ways[here]:
                heappush(waiting, (lasting + times[here], count + 1, (*path, way)))
    return None


def rounds_with_messages(automation: Automation) -> list[Round]:
    """The quickest round through each message that a lead can get again and again, once each."""
    found: dict[frozenset[str], Round] = {}
    for step in automation.steps:
        if step.kind in MESSAGES and (one := quickest_round(automation, step.id)):
            found.setdefault(frozenset(one.steps), one)
    return list(found.values())


def _time_in(step: AnyStep) -> timedelta:
    if isinstance(step, Wait):
        return step.lasting
    if isinstance(step, WaitFor):
        return timedelta() if step.already else step.timeout
    if isinstance(step, Approval | OutreachHandover):
        return step.timeout
    if isinstance(step, WaitUntil) and step.weekdays:
        return _WEEK / len(set(step.weekdays))
    days = step.business_days if isinstance(step, WaitUntil) else None
    return timedelta(days=days or 0)
