"""ab_split: leads are dealt out to two or more ways on, each lead always to the same one."""

from __future__ import annotations

from collections.abc import Iterator
from hashlib import sha256
from typing import Literal

from pydantic import Field

from workflows.engine.base import Frozen, Name
from workflows.engine.steps.base import BaseStep, Go, Moment, Move


class Share(Frozen):
    """One way on, and how many leads take it compared with the others."""

    go_to: Name
    weight: int = Field(default=1, ge=1, le=10_000)


class AbSplit(BaseStep):
    """Deal leads out by ``weight``. Who goes where follows from automation, lead and step alone.

    So a lead takes the same way on every visit, retry and re-entry, and there is nothing to
    remember. To change ids or weights is to deal anew.
    """

    kind: Literal["ab_split"]
    arms: tuple[Share, ...] = Field(min_length=2, max_length=20)

    def enter(self, moment: Moment) -> Move:
        """Take the lead's way on."""
        number = self._arm_of(moment.enrollment)
        return Go(self.arms[number].go_to, f"arm {number + 1} of {len(self.arms)}")

    @property
    def goes_on(self) -> bool:
        """Never: every lead takes one of the arms."""
        return False

    def targets(self) -> Iterator[tuple[str, str]]:
        """Every arm."""
        yield from super().targets()
        for number, arm in enumerate(self.arms, start=1):
            yield f"arms.{number}.go_to", arm.go_to

    def _arm_of(self, enrollment: str) -> int:
        """``enrollment`` names automation and lead, and is the same for every entry."""
        digest = sha256(f"{enrollment}/{self.id}".encode()).digest()
        drawn = int.from_bytes(digest[:8]) % sum(arm.weight for arm in self.arms)
        for number, arm in enumerate(self.arms):
            drawn -= arm.weight
            if drawn < 0:
                return number
        raise AssertionError("a remainder is smaller than the sum of the weights")
