"""The ways a lead can take through the steps of an automation."""

from __future__ import annotations

from collections.abc import Iterator

from workflows.engine.automation import Automation
from workflows.engine.steps import AnyStep
from workflows.engine.steps.ab_split import AbSplit
from workflows.engine.steps.approval import Approval
from workflows.engine.steps.branch import Branch
from workflows.engine.steps.end import End
from workflows.engine.steps.outreach_handover import OutreachHandover
from workflows.engine.steps.wait import Wait
from workflows.engine.steps.wait_for import WaitFor
from workflows.engine.steps.wait_until import WaitUntil

Ways = dict[str, tuple[str, ...]]


def ways_on(automation: Automation) -> Ways:
    """The steps that can follow each step."""
    return {step.id: tuple(_ways_on(automation, step)) for step in automation.steps}


def unreachable(automation: Automation) -> Iterator[int]:
    """The places of the steps that cannot be reached from the first one."""
    ways = ways_on(automation)
    reached = _reached(ways, automation.steps[0].id)
    for place, step in enumerate(automation.steps):
        if step.id not in reached:
            yield place


def loops_without_wait(automation: Automation) -> Iterator[tuple[str, ...]]:
    """Loops of steps none of which waits; each step is told of in one of them at most."""
    hasty = {step.id for step in automation.steps if not _always_waits(step)}
    ways = {
        step: tuple(way for way in on if way in hasty)
        for step, on in ways_on(automation).items()
        if step in hasty
    }
    told: set[str] = set()
    for step in ways:
        loop = _way_back(ways, step) if step not in told else ()
        if loop:
            told |= set(loop)
            yield loop


def _ways_on(automation: Automation, step: AnyStep) -> Iterator[str]:
    if isinstance(step, End):
        return
    yield from (target for _, target in step.targets())
    after = automation.after(step.id)
    if after and not _decides_everything(step):
        yield after


def _decides_everything(step: AnyStep) -> bool:
    """Whether the step never goes on to the one that follows."""
    if isinstance(step, Branch):
        return step.otherwise is not None
    if isinstance(step, AbSplit):
        return True
    return isinstance(step, WaitFor) and None not in (step.on_event, step.on_timeout)


def _always_waits(step: AnyStep) -> bool:
    if isinstance(step, WaitUntil):
        return step.weekdays is not None or step.business_days is not None
    return isinstance(step, Wait | Approval | OutreachHandover) or (
        isinstance(step, WaitFor) and not step.already
    )


def _reached(ways: Ways, start: str) -> set[str]:
    reached, waiting = {start}, [start]
    while waiting:
        new = [way for way in ways[waiting.pop()] if way not in reached]
        reached.update(new)
        waiting += new
    return reached


def _way_back(ways: Ways, start: str) -> tuple[str, ...]:
    """The shortest way from a step back to itself; empty if there is none."""
    seen: set[str] = set()
    waiting: list[tuple[str, ...]] = [(start,)]
    while waiting:
        path = waiting.pop(0)
        for way in ways[path[-1]]:
            if way == start:
                return path
            if way not in seen:
                seen.add(way)
                waiting.append((*path, way))
    return ()
