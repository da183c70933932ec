"""Random prospects: what leads do after a mail, by chance, and the same again for the same seed."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime, timedelta
from random import Random

from pydantic import JsonValue

from activities.ledger.leads import Lead
from workers.rehearsal.case import Case
from workers.rehearsal.story import EMPTY, Answer, Happening, Vendor, WebAnswer


@dataclass(frozen=True, slots=True)
class Habit:
    """How likely one mail causes an event, and within which time (evenly spread)."""

    kind: str
    likelihood: float
    soonest: timedelta
    latest: timedelta


HABITS = (
    Habit("reply", 0.04, timedelta(minutes=10), timedelta(days=3)),
    Habit("out_of_office", 0.03, timedelta(seconds=30), timedelta(minutes=2)),
    Habit("hard_bounce", 0.015, timedelta(seconds=5), timedelta(minutes=5)),
    Habit("soft_bounce", 0.01, timedelta(minutes=1), timedelta(hours=1)),
    Habit("unsubscribe", 0.01, timedelta(minutes=1), timedelta(days=2)),
    Habit("meeting_booked", 0.01, timedelta(hours=1), timedelta(days=4)),
    Habit("complaint", 0.001, timedelta(minutes=5), timedelta(days=1)),
)
"""One mail causes at most one of these; 88.4 of 100 cause nothing."""

REVIEW_TAKES = timedelta(hours=4)
LONGEST_ABSENCE_DAYS = 14


class RandomProspects:
    """Surroundings in which leads act by chance and no vendor is ever down."""

    def __init__(self, seed: int) -> None:
        self._seed = seed
        self.waiting: set[str] = set()

    def at_enrollment(self, lead: Lead, at: datetime) -> Iterable[Happening]:
        """Nothing: prospects only react."""
        return ()

    def after_mail(self, case: Case, at: datetime) -> Iterable[Happening]:
        """What this mail causes. It depends on the seed, the lead, the step and its visit only."""
        visit = case.state.visits.get(case.last_mail, 0)
        place = (self._seed, case.play.automation.id, case.lead.lead, case.last_mail, visit)
        chance = Random("/".join(map(str, place)))
        drawn = chance.random()
        for habit in HABITS:
            drawn -= habit.likelihood
            if drawn < 0:
                return (_happening(habit, case, at, chance),)
        return ()

    def after_review(self, case: Case, step: str, at: datetime) -> Iterable[Answer]:
        """Every mail is approved a little later."""
        return (Answer(at + REVIEW_TAKES, True),)

    def down_until(self, vendor: Vendor, at: datetime) -> datetime | None:
        """Never."""
        return None

    def answer_to(self, step: str) -> WebAnswer:
        """Done, and nothing more."""
        return EMPTY


def _happening(habit: Habit, case: Case, at: datetime, chance: Random) -> Happening:
    spread = int((habit.latest - habit.soonest).total_seconds())
    when = at + habit.soonest + timedelta(seconds=chance.randint(0, spread))
    if habit.kind == "out_of_office":
        back = (when + timedelta(days=chance.randint(1, LONGEST_ABSENCE_DAYS))).date()
        return Happening(when, habit.kind, {"until": back.isoformat()})
    if habit.kind.endswith("_bounce"):
        sort = habit.kind.removesuffix("_bounce")
        bounced: dict[str, JsonValue] = {"type": sort, "step": case.last_mail}
        return Happening(when, "bounce", bounced)
    return Happening(when, habit.kind, {})
