"""Checks that advise: what is allowed, and rarely what an author wants."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import timedelta

from starters.definitions.check import check
from starters.definitions.draft import Draft, Found
from starters.definitions.step_graph import falls_off_the_end, messages_in_a_row
from starters.definitions.strict_yaml import Path
from workflows.engine.steps.create_task import CreateTask


@check("warning", "write what is meant in earnest, such as 3 days")
def short_waits(draft: Draft) -> Iterator[Found]:
    """Waits under a minute, left over from a demo."""
    for place, step in draft.steps.items():
        for name, field in type(step).model_fields.items():
            value = getattr(step, name)
            if isinstance(value, timedelta) and value < timedelta(minutes=1):
                path: Path = ("steps", place, field.alias or name)
                yield path, "warning", "is under a minute: seconds are for demos"


@check("warning", "put a wait step between them")
def messages_without_wait(draft: Draft) -> Iterator[Found]:
    """Two messages to a lead with no wait between them: the second comes with the first."""
    if draft.automation and not draft.unread:
        ids = [step.id for step in draft.automation.steps]
        for first, second in messages_in_a_row(draft.automation):
            message = (
                f"a lead may come here from {first!r} without a wait, and gets two messages at "
                "once: put a wait step between them"
            )
            yield ("steps", ids.index(second)), "warning", message


@check("warning", "add due_in_days; 0 is the day of the step")
def tasks_without_due_date(draft: Draft) -> Iterator[Found]:
    """Tasks that do not say when they are due: those of past days pile up."""
    for place, step in draft.steps.items():
        if isinstance(step, CreateTask) and "due_in_days" not in step.model_fields_set:
            message = "has no due date, and is due at once: add 'due_in_days:'"
            yield ("steps", place), "warning", message


@check("warning", "add a step of kind end, or say with next where the way goes on")
def branches_without_end(draft: Draft) -> Iterator[Found]:
    """Ways of a branch that just run out of steps, instead of coming to an end."""
    whole = None if draft.unread else draft.automation
    if whole and (last := falls_off_the_end(whole)):
        step, split = last
        place = len(whole.steps) - 1
        message = (
            f"a way from {split!r} ends with {step!r}, for there is no step after it: add "
            "'- {id: done, kind: end}', so that it is seen to be meant"
        )
        yield ("steps", place), "warning", message
