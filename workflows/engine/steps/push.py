"""push: create or update the lead's record in the CRM or a marketing platform."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import Field, StringConstraints

from workflows.engine.platform_effects import Push as PushEffect
from workflows.engine.platform_effects import System
from workflows.engine.steps.base import BaseStep, Do, Moment, Move

FieldName = Annotated[str, StringConstraints(pattern=r"^[A-Za-z][A-Za-z0-9_]{0,99}$")]


class Push(BaseStep):
    """Write the lead ``to`` a system: its record is updated, or created if there is none.

    ``fields`` says which of the system's fields gets which field of the lead; what the lead lacks
    is left as it is there. The record is found by the id that the system gave it or by our own key,
    never by an address alone.
    """

    kind: Literal["push"]
    to: System
    fields: dict[FieldName, FieldName] = Field(min_length=1, max_length=100)

    def enter(self, moment: Moment) -> Move:
        """Ask for the record to be written."""
        effect = PushEffect(
            kind="push",
            enrollment=moment.enrollment,
            entry=moment.entry,
            step=self.id,
            visit=moment.visit,
            system=self.to,
            fields=self.fields,
        )
        return Do(effect, f"Push to {self.to}")
