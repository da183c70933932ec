"""The ways a lead can take through the steps of an automation."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping, Sequence

from workflows.engine.automation import Automation
from workflows.engine.steps import AnyStep
from workflows.engine.steps.ab_split import AbSplit
from workflows.engine.steps.approval import Approval
from workflows.engine.steps.branch import Branch
from workflows.engine.steps.jump import Jump
from workflows.engine.steps.outreach_handover import OutreachHandover
from workflows.engine.steps.wait import Wait
from workflows.engine.steps.wait_for import WaitFor
from workflows.engine.steps.wait_until import WaitUntil

MESSAGES = ("send_email", "send_sms")
"""Kinds of steps that write to the lead."""

Ways = Mapping[str, Sequence[str]]


def ways_on(automation: Automation) -> Ways:
    """The steps that can follow each step."""
    return {step.id: tuple(_ways_on(automation, step)) for step in automation.steps}


def unreachable(automation: Automation) -> Iterator[int]:
    """The places of the steps that cannot be reached from the first one."""
    ways = ways_on(automation)
    found = reached(ways, automation.steps[0].id)
    for place, step in enumerate(automation.steps):
        if step.id not in found:
            yield place


def way_past(automation: Automation, gates: Collection[str], step: str) -> tuple[str, ...]:
    """The shortest way from the first step to ``step`` through none of ``gates``.

    Empty if every way there leads through one of them, or none leads there at all.
    """
    ways, start = ways_on(automation), automation.steps[0].id
    waiting: list[tuple[str, ...]] = [(start,)] if start not in gates else []
    seen = {start}
    while waiting:
        path = waiting.pop(0)
        if path[-1] == step:
            return path
        for way in ways[path[-1]]:
            if way not in seen and way not in gates:
                seen.add(way)
                waiting.append((*path, way))
    return ()


def loops_without_wait(automation: Automation) -> Iterator[tuple[str, ...]]:
    """Loops of steps none of which waits; each step is told of in one of them at most."""
    hasty = {step.id for step in automation.steps if not _always_waits(step)}
    yield from _loops_of(
        {
            step: tuple(way for way in on if way in hasty)
            for step, on in ways_on(automation).items()
            if step in hasty
        }
    )


def _loops_of(ways: Ways) -> Iterator[tuple[str, ...]]:
    told: set[str] = set()
    for step in ways:
        loop = _way_back(ways, step) if step not in told else ()
        if loop:
            told |= set(loop)
            yield loop


def loops_without_limit(automation: Automation) -> Iterator[tuple[str, ...]]:
    """Loops by ways that no jump counts; as above."""
    yield from _loops_of(uncounted_ways(automation))


def uncounted_ways(automation: Automation) -> Ways:
    """The steps that can follow each step any number of times: a jump counts its ``go_to`` only."""
    return {
        step.id: tuple(_ways_past(automation, step))
        if isinstance(step, Jump)
        else tuple(_ways_on(automation, step))
        for step in automation.steps
    }


def messages_in_a_row(automation: Automation) -> Iterator[tuple[str, str]]:
    """(first, second) for each second message that a lead may come to straight from a first one."""
    ways, kinds = ways_on(automation), {step.id: step for step in automation.steps}
    messages = [step.id for step in automation.steps if step.kind in MESSAGES]
    told: set[str] = set()
    for first in messages:
        reached, waiting = set[str](), list(ways[first])
        while waiting:
            here = waiting.pop(0)
            # A date that is over is no wait, but whoever writes one means to wait.
            if here in reached or isinstance(kinds[here], Wait | WaitFor | WaitUntil):
                continue
            reached.add(here)
            if here not in messages:
                waiting += ways[here]
            elif here not in told:
                told.add(here)
                yield first, here


def falls_off_the_end(automation: Automation) -> tuple[str, str] | None:
    """The last step, if a lead goes on from it to nothing, and a split of ways that leads there."""
    last = automation.steps[-1]
    if last.next or not last.goes_on:
        return None
    ways = ways_on(automation)
    everywhere = reached(ways, automation.steps[0].id)
    for step in automation.steps:
        splits = isinstance(step, Branch | AbSplit) and step.id in everywhere
        if splits and last.id in reached(ways, step.id):
            return last.id, step.id
    return None


def _ways_on(automation: Automation, step: AnyStep) -> Iterator[str]:
    yield from (target for field, target in step.targets() if field != "next")
    yield from _ways_past(automation, step)


def _ways_past(automation: Automation, step: AnyStep) -> Iterator[str]:
    after = automation.after(step.id)
    if after and step.goes_on:
        yield after


def _always_waits(step: AnyStep) -> bool:
    if isinstance(step, WaitUntil):
        return step.weekdays is not None or step.business_days is not None
    return isinstance(step, Wait | Approval | OutreachHandover) or (
        isinstance(step, WaitFor) and not step.already and step.when is None
    )


def reached(ways: Ways, start: str) -> set[str]:
    """All steps that can be come to from one, with itself."""
    found, waiting = {start}, [start]
    while waiting:
        new = [way for way in ways[waiting.pop()] if way not in found]
        found.update(new)
        waiting += new
    return found


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
