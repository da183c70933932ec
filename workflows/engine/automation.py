"""An automation: the definition that a published version pins and an enrollment carries along."""

from __future__ import annotations

from collections.abc import Iterator

from pydantic import Field, model_validator

from workflows.engine.base import Frozen, Name
from workflows.engine.campaign import Campaign
from workflows.engine.conditions import Condition, FieldIs, parts_of
from workflows.engine.consent import CHANNEL_OF, Channel, Consent
from workflows.engine.events import Event
from workflows.engine.exits import ExitReason, exit_caused_by
from workflows.engine.goal import Goal
from workflows.engine.steps import AnyStep
from workflows.engine.steps.http_call import HttpCall
from workflows.engine.triggers import AnyTrigger
from workflows.engine.triggers.lead_status_changed import STAGE
from workflows.engine.triggers.stale_lead import StaleLead

SCHEMA = 1
"""The schema number of definitions. A default never changes without raising it, because a pinned
definition leaves out what stands at its default."""


class Automation(Frozen):
    """A trigger, an audience, a goal, steps, and for campaigns the campaign block.

    Steps run from the first to the next in the list, unless a step says where to go.
    """

    schema_number: int = Field(default=SCHEMA, alias="schema", ge=1, le=SCHEMA)
    id: Name
    name: str = Field(min_length=1, max_length=120)
    center: Name = "default"
    trigger: AnyTrigger
    audience: Condition | None = None
    campaign: Campaign | None = None
    consent: Consent | None = None
    goal: Goal | None = None
    steps: tuple[AnyStep, ...] = Field(min_length=1, max_length=200)

    @model_validator(mode="after")
    def _steps_are_a_graph(self) -> Automation:
        problems = list(graph_problems(self.steps))
        if problems:
            raise ValueError("; ".join(message for _, message in problems))
        return self

    @model_validator(mode="after")
    def _follows_another(self) -> Automation:
        follow_up = self.campaign.follow_up if self.campaign else None
        if follow_up and follow_up.enroll_in == self.id:
            raise ValueError(
                f"follow_up: enrolls leads in {self.id!r} itself: name another automation, or let "
                "leads in again with re_entry"
            )
        return self

    def step(self, step_id: str) -> AnyStep | None:
        """The step of that id, if there is one."""
        return next((step for step in self.steps if step.id == step_id), None)

    def is_reviewed(self, step_id: str) -> bool:
        """Whether a person must approve the mails of that step before they leave."""
        return any(step.kind == "approval" and step.of == step_id for step in self.steps)

    def after(self, step_id: str) -> str | None:
        """The step that follows: what its ``next`` says, else the next in the list, else None."""
        ids = [step.id for step in self.steps]
        place = ids.index(step_id)
        follows = ids[place + 1] if place + 1 < len(ids) else None
        return self.steps[place].next or follows

    @property
    def stops_on(self) -> tuple[str, ...]:
        """The optional stop events that end an enrollment here.

        Where text messages are all that is sent, opting out of them leaves nothing to send.
        """
        said = self.campaign.exits.on if self.campaign else ("bounce", "unsubscribe")
        only_texts = self.sends("send_sms") and not self.sends("send_email")
        too = only_texts and "unsubscribe" in said and "sms_opt_out" not in said
        return (*said, "sms_opt_out") if too else said

    def sends(self, kind: str) -> bool:
        """Whether there is a step of this kind."""
        return any(step.kind == kind for step in self.steps)

    def exit_by(self, event: Event) -> ExitReason | None:
        """The exit that an event causes here, if any; other stops are stronger than the goal."""
        if isinstance(self.trigger, StaleLead) and self.trigger.is_over(event):
            return ExitReason.LEAD_GONE
        if reason := exit_caused_by(event, self.stops_on):
            return reason
        stops = self.goal and self.goal.stops and self.goal.is_reached_by(event)
        return ExitReason.GOAL_REACHED if stops else None

    @property
    def lane(self) -> str:
        """The lane: a person is in at most one enrollment per lane."""
        return self.campaign.lane if self.campaign else f"automation-{self.id}"

    @property
    def channels(self) -> tuple[Channel, ...]:
        """The channels by which its steps send messages, once each."""
        used = (CHANNEL_OF.get(step.kind) for step in self.steps)
        return tuple(dict.fromkeys(channel for channel in used if channel))

    @property
    def calls_reach_leads(self) -> bool:
        """Whether a call of its own to another system is a message, on a channel not known here."""
        return any(isinstance(step, HttpCall) and step.reaches_lead for step in self.steps)

    @property
    def consents_needed(self) -> tuple[Name, ...]:
        """The consents that each of its messages needs, on the channel by which it goes."""
        return self.consent.needs if self.consent else ()

    @property
    def fields_looked_at(self) -> frozenset[str]:
        """The lead fields that conditions of steps name: all that an enrollment carries along.

        A stale lead's stage is one of them: being won or lost ends its enrollment.
        """
        stage = {STAGE} if isinstance(self.trigger, StaleLead) else set()
        conditions = [c for step in self.steps for c in step.conditions()]
        named = (
            part.field
            for condition in conditions
            for part in parts_of(condition)
            if isinstance(part, FieldIs)
        )
        return frozenset((*stage, *named))


def graph_problems(steps: tuple[AnyStep, ...]) -> list[tuple[str, str]]:
    """(step id, problem) for each duplicate id and each target that is no step."""
    ids = [step.id for step in steps]
    problems = [
        (step_id, f"step {step_id!r} is there {ids.count(step_id)} times: ids must be unique")
        for step_id in dict.fromkeys(ids)
        if ids.count(step_id) > 1
    ]
    for step in steps:
        for field, target in step.targets():
            if target not in ids:
                known = ", ".join(ids)
                text = f"step {step.id!r}: {field} names {target!r}, which is no step of: {known}"
                problems.append((step.id, text))
        problems += [(step.id, text) for text in _misunderstood(step, steps)]
    return problems


def _misunderstood(step: AnyStep, steps: tuple[AnyStep, ...]) -> Iterator[str]:
    """Steps that this one is about and that are not there, or of another kind."""
    for field, name, kind in step.mentions():
        if name not in [other.id for other in steps if other.kind == kind]:
            fitting = ", ".join(other.id for other in steps if other.kind == kind) or "none"
            yield f"step {step.id!r}: {field} names {name!r}, which is no {kind} step of: {fitting}"
