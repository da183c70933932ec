"""jump: go on at another step, but only so many times: no lead goes round for ever."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Literal

from pydantic import Field

from workflows.engine.base import Name
from workflows.engine.steps.base import BaseStep, Go, Moment, Move


class Jump(BaseStep):
    """Go to ``go_to`` as long as the lead was there fewer than ``at_most`` times, else go on.

    Visits of ``go_to`` count however they came about: a retry or a resend there is one more.
    """

    kind: Literal["jump"]
    go_to: Name
    at_most: int = Field(ge=1, le=1000)

    def enter(self, moment: Moment) -> Move:
        """Jump, or go on once the limit is reached."""
        been = moment.visits.get(self.go_to, 0)
        if been < self.at_most:
            return Go(self.go_to, f"visit {been + 1} of at most {self.at_most}")
        return Go(None, f"was there {been} times, at most {self.at_most}")

    def targets(self) -> Iterator[tuple[str, str]]:
        """The following step and the one that is jumped to."""
        yield from super().targets()
        yield "go_to", self.go_to
