"""manual: somebody enrolls the leads."""

from __future__ import annotations

from typing import Literal

from workflows.engine.base import Frozen
from workflows.engine.triggers.base import Match, Occasion


class Manual(Frozen):
    """Leads enter because somebody enrolls them: by command, file or an ``enroll`` event.

    Whom the automation is for, its ``audience`` says.
    """

    kind: Literal["manual"]

    @property
    def kinds_heard(self) -> frozenset[str]:
        """None: a request to enroll is no event of the lead's."""
        return frozenset()

    def matches(self, occasion: Occasion) -> Match | None:
        """Nothing that happens to a lead enrolls it."""
        return None
