"""branch: the first condition that holds decides where the lead goes."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Literal

from pydantic import Field

from workflows.engine.base import Frozen, Name
from workflows.engine.conditions import Condition
from workflows.engine.steps.base import BaseStep, Go, Moment, Move


class Arm(Frozen):
    """One way on, and when it is taken."""

    when: Condition
    go_to: Name


class Branch(BaseStep):
    """Top to bottom, the first arm whose condition holds is taken; else ``otherwise``."""

    kind: Literal["branch"]
    arms: tuple[Arm, ...] = Field(min_length=1, max_length=20)
    otherwise: Name | None = None

    def enter(self, moment: Moment) -> Move:
        """Take the first arm that holds."""
        for number, arm in enumerate(self.arms, start=1):
            if arm.when.holds(moment):
                return Go(arm.go_to, f"condition {number} holds")
        return Go(self.otherwise, "no condition holds")

    @property
    def goes_on(self) -> bool:
        """Unless there is an ``otherwise``."""
        return self.otherwise is None

    def targets(self) -> Iterator[tuple[str, str]]:
        """Every arm, and the rest."""
        yield from super().targets()
        for number, arm in enumerate(self.arms, start=1):
            yield f"arms.{number}.go_to", arm.go_to
        if self.otherwise:
            yield "otherwise", self.otherwise

    def conditions(self) -> Iterator[Condition]:
        """The condition of each arm."""
        yield from (arm.when for arm in self.arms)
