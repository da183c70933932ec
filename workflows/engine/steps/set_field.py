"""set_field: give a field of the lead a value."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import StringConstraints, field_validator

from workflows.engine.effects import SetField as SetFieldEffect
from workflows.engine.steps.base import BaseStep, Do, Moment, Move

FieldName = Annotated[str, StringConstraints(pattern=r"^[A-Za-z][A-Za-z0-9_]{0,79}$")]

_WHO_IT_IS = ("email", "zone", "id")


class SetField(BaseStep):
    """Set a field here and in the CRM, where the connections file lists it as writable.

    ``only_here: true`` leaves the CRM alone; ``fill_if_empty: true`` keeps a value that is there.
    """

    kind: Literal["set_field"]
    field: FieldName
    value: Annotated[str, StringConstraints(max_length=1000)] | bool | int | float | None
    fill_if_empty: bool = False
    only_here: bool = False

    @field_validator("field")
    @classmethod
    def _says_not_who_the_lead_is(cls, field: str) -> str:
        if field.casefold() in _WHO_IT_IS:
            raise ValueError(f"{field!r} says who the lead is, and no step may change that")
        return field

    def enter(self, moment: Moment) -> Move:
        """Ask for the field to be set."""
        effect = SetFieldEffect(
            kind="set_field",
            enrollment=moment.enrollment,
            entry=moment.entry,
            step=self.id,
            visit=moment.visit,
            field=self.field,
            value=self.value,
            fill_if_empty=self.fill_if_empty,
            only_here=self.only_here,
        )
        return Do(effect, f"Set {self.field}")
