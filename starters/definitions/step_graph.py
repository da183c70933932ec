"""The ways a lead can take through the steps of an automation."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence

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
    ways = {step: on for step, on in ways_on(automation).items() if step in hasty}
    yield from _loops_through({step: [w for w in on if w in hasty] for step, on in ways.items()})


def loops_without_limit(automation: Automation) -> Iterator[tuple[str, ...]]:
    """Loops that nothing ends, as above: neither a jump back, which alone counts how often a lead
    goes round, nor an engagement window that no message in the loop begins anew."""
    ways: dict[str, Sequence[str]] = dict(ways_on(automation))
    for step in automation.steps:
        if isinstance(step, Jump):
            after = automation.after(step.id)
            ways[step.id] = [after] if after else []
    campaign = automation.campaign
    if campaign is None:
        yield from _loops_through(ways)
    elif campaign.counted_from == "last_send" and campaign.caps.max_sends is None:
        messages = [step.id for step in automation.steps if step.kind in MESSAGES]
        yield from _loops_through(ways, messages)


def _loops_through(ways: Ways, steps: Iterable[str] | None = None) -> Iterator[tuple[str, ...]]:
    """Loops through each of the steps, or of all that there are."""
    told: set[str] = set()
    for step in ways if steps is None else steps:
        loop = _way_back(ways, step) if step not in told else ()
        if loop:
            told |= set(loop)
            yield loop


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
    if last.ends or last.next or _decides_everything(last):
        return None
    ways = ways_on(automation)
    everywhere = reached(ways, automation.steps[0].id)
    for step in automation.steps:
        splits = isinstance(step, Branch | AbSplit) and step.id in everywhere
        if splits and last.id in reached(ways, step.id):
            return last.id, step.id
    return None


def _ways_on(automation: Automation, step: AnyStep) -> Iterator[str]:
    if step.ends:
        return
    yield from (target for _, target in step.targets())
    after = automation.after(step.id)
    if after and falls_through(step):
        yield after


def falls_through(step: AnyStep) -> bool:
    """Whether leads can go on from it to the step that follows."""
    return not step.ends and not _decides_everything(step)


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
