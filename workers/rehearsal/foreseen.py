"""What happens to one lead alone, foreseen in engine mode: the server is told it beforehand."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import datetime

from activities.ledger.connections import Connections
from activities.ledger.leads import Lead
from workers.rehearsal.case import Case, Play
from workers.rehearsal.engine_mode import EngineMode, Stage
from workers.rehearsal.reviewing import decision_of
from workers.rehearsal.server_mode import Fate
from workers.rehearsal.story import Answer, Happening, Line, Surroundings, Vendor, WebAnswer


@dataclass(slots=True)
class Foreseen:
    """Surroundings of one lead, that note what happens to it; and an audience that does not."""

    surroundings: Surroundings
    happenings: list[Happening] = field(default_factory=list)

    def at_enrollment(self, lead: Lead, at: datetime) -> Iterable[Happening]:
        """What the surroundings say, noted."""
        return self._noted(self.surroundings.at_enrollment(lead, at))

    def after_mail(self, case: Case, at: datetime) -> Iterable[Happening]:
        """What the surroundings say, noted."""
        return self._noted(self.surroundings.after_mail(case, at))

    def after_review(self, case: Case, step: str, at: datetime) -> Iterable[Answer]:
        """What the surroundings say, noted as the events that the decisions are."""
        answers = list(self.surroundings.after_review(case, step, at))
        self.happenings += [decision_of(step, one) for one in answers]
        return answers

    def down_until(self, vendor: Vendor, at: datetime) -> datetime | None:
        """What the surroundings say."""
        return self.surroundings.down_until(vendor, at)

    def answer_to(self, step: str) -> WebAnswer:
        """What the surroundings say."""
        return self.surroundings.answer_to(step)

    def let_in(self, case: Case) -> None:
        """Nothing."""

    def refused(self, automation: str, lead: Lead, reason: str) -> None:
        """Nothing happens to it then."""

    def told(self, case: Case, line: Line) -> None:
        """The server tells it."""

    def _noted(self, happenings: Iterable[Happening]) -> list[Happening]:
        found = list(happenings)
        self.happenings += found
        return found


def foresee(play: Play, lead: Lead, connections: Connections, surroundings: Surroundings) -> Fate:
    """Play one lead through, alone."""
    seen = Foreseen(surroundings)
    mode = EngineMode(Stage(connections, seen, seen), play.begins)
    mode.run([play], [lead])
    leaves = all(case.admission == "CLOSED" for case in mode.people.cases())
    return Fate(play.begins, seen.happenings, leaves)
