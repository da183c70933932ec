"""lead_status_changed: a lead moves from one stage to another, forward or back."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Annotated, ClassVar, Literal

from pydantic import BeforeValidator, Field, JsonValue, StringConstraints, WithJsonSchema

from workflows.engine.comparing import same
from workflows.engine.events import Event
from workflows.engine.triggers.base import BaseTrigger, Match, Occasion

STAGE = "stage"
"""The lead's field; in the sources "stage" and "status" are one thing."""

Stage = Annotated[str, StringConstraints(min_length=1, max_length=40)]
_LIST = {"type": "array", "items": {"type": "string", "maxLength": 40}, "minItems": 1}


def _any_is_a_list(given: object) -> object:
    return ["any"] if given == "any" else given


AnyOrStages = Annotated[
    tuple[Stage, ...],
    BeforeValidator(_any_is_a_list),
    Field(min_length=1),
    WithJsonSchema({"anyOf": [{"const": "any"}, _LIST]}),
]


def new_stage(event: Event, before: Mapping[str, JsonValue]) -> str | None:
    """The stage that a ``lead_changed`` moves the lead to; None if it moves it nowhere.

    Setting the stage that the lead has is no change, and neither is a stage that becomes known
    for the first time: the lead may have had it long ago.
    """
    stage = event.changes.get(STAGE) if event.kind == "lead_changed" else None
    old = before.get(STAGE)
    if stage in (None, "") or old in (None, "") or same(stage, old):
        return None
    return str(stage)


class LeadStatusChanged(BaseTrigger):
    """A lead moves to one of ``stages``, or to any: ``stages: any``."""

    listens_to: ClassVar[frozenset[str]] = frozenset({"lead_changed"})

    kind: Literal["lead_status_changed"]
    stages: AnyOrStages

    def wants(self, stage: str) -> bool:
        """Whether it fires on a move to this stage."""
        return self.stages == ("any",) or any(same(stage, one) for one in self.stages)

    def fires(self, occasion: Occasion) -> Match | None:
        """With a real change to a chosen stage."""
        stage = new_stage(occasion.event, occasion.before)
        if stage is None or not self.wants(stage):
            return None
        return Match(f"event/{occasion.event.id}", f"moved to stage {stage}")
