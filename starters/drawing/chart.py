"""What a picture of an automation shows: boxes, arrows with their labels, and the ways out."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from starters.drawing.words import (
    condition_in_words,
    entrance_in_words,
    exits_in_words,
    plain,
    value_in_words,
)
from workflows.engine.automation import Automation
from workflows.engine.durations import write_duration
from workflows.engine.steps import AnyStep
from workflows.engine.steps.ab_split import AbSplit
from workflows.engine.steps.approval import Approval
from workflows.engine.steps.branch import Branch
from workflows.engine.steps.jump import Jump
from workflows.engine.steps.send_sms import SendSms
from workflows.engine.steps.wait import Wait
from workflows.engine.steps.wait_for import WaitFor
from workflows.engine.steps.wait_until import WaitUntil

START, DONE = ":start", ":done"
"""Boxes that are no steps; a step's id never has a colon."""

LONGEST_DETAIL = 120

_LOOKS = {
    "send_email": "mail",
    "send_sms": "mail",
    "wait": "wait",
    "approval": "choice",
    "outreach_handover": "mail",
    "wait_for": "wait",
    "wait_until": "wait",
    "branch": "choice",
    "ab_split": "choice",
    "jump": "choice",
    "goal": "end",
    "end": "end",
}
"""How a kind of step looks; all others are an ``act``."""

_DETAILS = (
    *("template", "stage", "field", "value", "subject", "title", "via", "channel", "to", "pool"),
    *("campaign", "program", "status"),
)
"""Fields that say best what a step of another kind does."""


@dataclass(frozen=True, slots=True)
class Box:
    """A step, or the entrance, or the end. ``look`` decides shape and colour."""

    id: str
    look: str
    title: str
    details: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Arrow:
    """A way from one box to another, and when it is taken (empty: always)."""

    source: str
    target: str
    label: str = ""


@dataclass(frozen=True, slots=True)
class Chart:
    """The whole picture, without places."""

    title: str
    boxes: tuple[Box, ...]
    arrows: tuple[Arrow, ...]
    exits: tuple[str, ...]


def chart_of(automation: Automation) -> Chart:
    """Everything that a picture of the automation shows."""
    arrows = [Arrow(START, automation.steps[0].id)]
    for step in automation.steps:
        arrows += _arrows(automation, step)
    boxes = [Box(START, "start", "Leads enter", tuple(entrance_in_words(automation)))]
    boxes += [_box(step) for step in automation.steps]
    if any(arrow.target == DONE for arrow in arrows):
        boxes.append(Box(DONE, "end", "Completed"))
    exits = tuple(exits_in_words(automation))
    return Chart(automation.name, tuple(boxes), tuple(dict.fromkeys(arrows)), exits)


def _box(step: AnyStep) -> Box:
    detail = _detail(step)
    if len(detail) > LONGEST_DETAIL:
        detail = detail[: LONGEST_DETAIL - 1] + "…"
    return Box(step.id, _LOOKS.get(step.kind, "act"), step.name or step.id, (detail,))


def _detail(step: AnyStep) -> str:
    if isinstance(step, Wait):
        return f"wait {write_duration(step.lasting)}"
    if isinstance(step, Approval):
        return f"a person approves {step.of}"
    if isinstance(step, WaitFor):
        return f"wait for {' or '.join(_awaited(step))}"
    left_out = {"kind", "id", "name", "next", "on_missing"}
    told = step.model_dump(mode="json", by_alias=True, exclude_defaults=True, exclude=left_out)
    if isinstance(step, WaitUntil):
        return f"wait until {value_in_words(told)}"
    said = [value_in_words(told[name]) for name in _DETAILS if name in told]
    return ": ".join([plain(step.kind), *said])


def _awaited(step: WaitFor) -> Iterator[str]:
    yield from map(plain, step.events)
    yield from map(condition_in_words, step.conditions())


def _arrows(automation: Automation, step: AnyStep) -> Iterator[Arrow]:
    on = automation.after(step.id) or DONE
    for target, label in _ways(step):
        yield Arrow(step.id, target or on, label)


def _ways(step: AnyStep) -> Iterator[tuple[str | None, str]]:
    """(target or None for the following step, label) for each way on."""
    if step.ends:
        return
    if isinstance(step, Branch):
        for arm in step.arms:
            yield arm.go_to, condition_in_words(arm.when)
        yield step.otherwise, "otherwise"
    elif isinstance(step, WaitFor):
        came = [f"{' or '.join(map(plain, step.events))} came"] if step.events else []
        yield step.on_event, " or ".join([*came, *map(condition_in_words, step.conditions())])
        yield step.on_timeout, f"not within {write_duration(step.timeout)}"
    elif isinstance(step, Approval):
        yield None, "approved"
        yield step.on_reject or DONE, "rejected"
        yield step.on_timeout or DONE, f"not within {write_duration(step.timeout)}"
    elif isinstance(step, AbSplit):
        whole = sum(arm.weight for arm in step.arms)
        for share in step.arms:
            yield share.go_to, f"{100 * share.weight / whole:.3g} %"
    else:
        yield from _plain_ways(step)


def _plain_ways(step: AnyStep) -> Iterator[tuple[str | None, str]]:
    if isinstance(step, Jump):
        yield step.go_to, f"up to {step.at_most} times"
        yield None, "then"
        return
    if isinstance(step, SendSms) and step.otherwise:
        yield None, "sent"
        yield step.otherwise, "cannot get it"
        return
    others = [(target, plain(field)) for field, target in step.targets() if field != "next"]
    if step.goes_on:
        yield None, "else" if others else ""
    yield from others
