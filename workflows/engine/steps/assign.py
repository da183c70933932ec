"""assign: make somebody the lead's owner, always the same colleague or each of a pool in turn."""

from __future__ import annotations

from typing import Literal

from pydantic import Field, model_validator

from workflows.engine.base import Name
from workflows.engine.effects import Assign as AssignEffect
from workflows.engine.steps.base import BaseStep, Do, Moment, Move


class Assign(BaseStep):
    """Give the lead ``to`` a user (a user id of the CRM, or an address), or to a ``pool``.

    In a pool of the connections file the members take turns; who is not available is passed over.
    """

    kind: Literal["assign"]
    to: str | None = Field(default=None, min_length=3, max_length=255)
    pool: Name | None = None

    @model_validator(mode="after")
    def _names_one_way(self) -> Assign:
        if (self.to is None) == (self.pool is None):
            raise ValueError("give one of to and pool")
        return self

    def enter(self, moment: Moment) -> Move:
        """Ask for the owner to be set."""
        effect = AssignEffect(
            kind="assign",
            enrollment=moment.enrollment,
            entry=moment.entry,
            step=self.id,
            visit=moment.visit,
            to=self.to,
            pool=self.pool,
        )
        return Do(effect, f"Assign {f'from pool {self.pool}' if self.pool else 'an owner'}")
