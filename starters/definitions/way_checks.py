"""Checks of the ways that a lead can take: loops, steps that none leads to, ways never taken."""

from __future__ import annotations

from collections.abc import Iterator

from starters.definitions.check import check
from starters.definitions.draft import Draft, Found
from starters.definitions.rounds import Round, rounds_with_messages
from starters.definitions.step_graph import (
    MESSAGES,
    loops_without_limit,
    loops_without_wait,
    unreachable,
)
from workflows.engine.automation import Automation
from workflows.engine.durations import write_duration
from workflows.engine.steps.outreach_handover import OutreachHandover
from workflows.engine.steps.wait_until import WaitUntil

MANY = 100
"""More messages than that to one lead are hardly meant."""


@check("error", "put a wait step into the loop")
def endless_loops(draft: Draft) -> Iterator[Found]:
    """Loops that a lead would run through without ever waiting."""
    if draft.automation:
        for loop in loops_without_wait(draft.automation):
            if draft.unread.intersection(loop):
                continue
            dates = [one for one in loop if isinstance(draft.automation.step(one), WaitUntil)]
            why = (
                f" ({dates[0]!r} holds nobody up whose date is over or whose field is empty)"
                if dates
                else ""
            )
            message = f"{_around(loop)} is a loop without a wait{why}: put a wait step into it"
            yield ("steps", _place(draft.automation, loop[0])), "error", message


@check("error", "go back by a step of kind jump, which has a limit")
def unlimited_loops(draft: Draft) -> Iterator[Found]:
    """Loops that nothing ends: no jump counts them, and no engagement window runs out."""
    if draft.automation is None:
        return
    told = {frozenset(loop) for loop in loops_without_wait(draft.automation)}
    for loop, why in loops_that_nothing_ends(draft.automation):
        if frozenset(loop) not in told and not draft.unread.intersection(loop):
            message = f"nothing ends the loop {_around(loop)}{why}: go back by a step of kind jump"
            message += ", or set caps.max_sends" if why else ""
            yield ("steps", _place(draft.automation, loop[0])), "error", message


def loops_that_nothing_ends(automation: Automation) -> Iterator[tuple[tuple[str, ...], str]]:
    """Loops that a lead may go round for ever, and what more there is to say of it."""
    campaign = automation.campaign
    if campaign is None:
        for loop in loops_without_limit(automation):
            yield loop, ""
    elif campaign.counted_from == "last_send" and campaign.caps.max_sends is None:
        for one in rounds_with_messages(automation):
            if one.lasting <= campaign.engagement_window:
                yield one.steps, ", for each message begins the engagement window anew"


@check("warning", "go back by a step of kind jump, or set caps.max_sends")
def many_messages(draft: Draft) -> Iterator[Found]:
    """Loops by which one lead can get more than 100 messages before the engagement window ends."""
    campaign = draft.automation.campaign if draft.automation else None
    if draft.automation is None or campaign is None:
        return
    if campaign.counted_from == "last_send" or campaign.caps.max_sends is not None:
        return
    for one in rounds_with_messages(draft.automation):
        count = _messages_within(draft.automation, one)
        if count > MANY and not draft.unread.intersection(one.steps):
            message = (
                f"within the engagement window of {write_duration(campaign.engagement_window)} a "
                f"lead may go round {_around(one.steps)} until it has got {count} messages: go "
                "back by a step of kind jump, or set caps.max_sends"
            )
            yield ("steps", _place(draft.automation, one.steps[0])), "warning", message


def _messages_within(automation: Automation, one: Round) -> int:
    """How many messages the rounds of an engagement window come to; 0 if there is no wait."""
    campaign = automation.campaign
    if campaign is None or not one.lasting:
        return 0
    messages = [step for step in automation.steps if step.kind in MESSAGES and step.id in one.steps]
    count = campaign.engagement_window // one.lasting * len(messages)
    cap = campaign.caps.frequency_cap
    allowed = (campaign.engagement_window // cap.within + 1) * cap.sends if cap else count
    return min(count, allowed)


@check("error", "take the field out, or let the step lead on")
def next_never_taken(draft: Draft) -> Iterator[Found]:
    """Ways that are written down and that no lead takes, for the step decides otherwise."""
    for place, step in draft.steps.items():
        if step.next and not step.goes_on:
            why = "ends the enrollment" if step.ends else "leads elsewhere in every case"
            message = f"'next: {step.next}' is never taken, for the step {why}: take it out"
            yield ("steps", place, "next"), "error", message
        if isinstance(step, OutreachHandover) and step.on_completed and step.mails is None:
            message = (
                f"'on_completed: {step.on_completed}' is never taken, for without 'mails' none is "
                "the last: say how many mails there are"
            )
            yield ("steps", place, "on_completed"), "error", message


@check("warning", "lead a way there, or take the step out")
def idle_steps(draft: Draft) -> Iterator[Found]:
    """Steps that no lead can come to."""
    if draft.automation:
        steps = draft.automation.steps
        for place in unreachable(draft.automation):
            if draft.unread.intersection((steps[place].id, steps[place - 1].id)):
                continue
            message = "no step leads here: it is never carried out"
            if place and steps[place - 1].ends:
                end = steps[place - 1].id
                message = f"comes after the end {end!r}, and nothing jumps to it: never carried out"
            yield ("steps", place), "warning", message


def _around(loop: tuple[str, ...]) -> str:
    return " -> ".join((*loop, loop[0]))


def _place(automation: Automation, step_id: str) -> int:
    return [step.id for step in automation.steps].index(step_id)
