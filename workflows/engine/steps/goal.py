"""goal: whoever comes here has reached what the automation is there for."""

from __future__ import annotations

from typing import ClassVar, Literal

from workflows.engine.exits import ExitReason
from workflows.engine.steps.base import BaseStep, Finish, Moment, Move


class ReachGoal(BaseStep):
    """Count the lead as one that has reached the goal, and end the enrollment.

    For goals that are no event, such as a field that an earlier step has looked at. What happens
    outside is better told by the ``goal:`` block, which hears it wherever the lead stands.
    """

    kind: Literal["goal"]
    ends: ClassVar[bool] = True

    def enter(self, moment: Moment) -> Move:
        """Finish, with the exit goal_reached."""
        return Finish("goal reached", ExitReason.GOAL_REACHED)
