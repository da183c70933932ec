"""Waves in a rehearsal: released on the virtual clock, and halted by the signs that leads give.

The arithmetic is that of production. Nobody is there to let a halted wave go on, and waves that
are released by hand are taken to be released on time.
"""

from __future__ import annotations

from collections import defaultdict, deque
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import datetime
from typing import TYPE_CHECKING

from activities.ledger.launching import DRIPSTONE, within_hours
from activities.ledger.leads import Lead
from activities.ledger.wave_figures import FACTS
from activities.ledger.waves import cause_of_wave
from workers.rehearsal.agenda import Rank
from workers.rehearsal.case import Case, Play
from workflows.engine.events import Event
from workflows.engine.waves import Signs, Waves, why_to_halt

if TYPE_CHECKING:
    from workers.rehearsal.engine_mode import EngineMode


@dataclass(slots=True)
class RehearsedWave:
    """One wave: how many leads it had, what left to them, and which leads gave which sign."""

    automation: str
    number: int
    size: int
    released_at: datetime
    entered: int = 0
    mails: int = 0
    halted_at: datetime | None = None
    why_halted: str = ""
    seen: dict[str, set[str]] = field(default_factory=lambda: defaultdict(set))

    @property
    def signs(self) -> Signs:
        """What decides whether it is halted."""
        names = ("hard_bounces", "complaints", "opt_outs")
        return Signs(self.mails, *(len(self.seen[name]) for name in names))

    def count(self, name: str) -> int:
        """How many leads gave a sign of this name."""
        return len(self.seen[name])


Enroll = Callable[[Play, Lead, int], bool]


class RehearsedLaunch:
    """One launch. Leads are selected as it begins, and enter with their wave."""

    def __init__(self, mode: EngineMode, play: Play, plan: Waves, enroll: Enroll) -> None:
        self.play = play
        self.released: list[RehearsedWave] = []
        self._mode = mode
        self._plan = plan
        self._enroll = enroll
        self._waiting: deque[Lead] = deque()
        self._persons: dict[str, str] = {}

    @property
    def waiting(self) -> int:
        """How many leads are still to come."""
        return len(self._waiting)

    def select(self, lead: Lead) -> None:
        """Put a lead into the audience, unless something is against it."""
        refusal = self._mode.people.objection(self.play, lead, self._mode.now)
        if not refusal and lead.person in self._persons:
            refusal = "same person as another lead of the audience"
        if refusal:
            self._mode.stage.audience.refused(self.play.automation.id, lead, refusal)
            return
        self._persons[lead.person] = lead.lead
        self._waiting.append(lead)

    def release(self) -> None:
        """Release the next wave, as soon as the window for releases is open."""
        if not self._waiting or any(wave.why_halted for wave in self.released):
            return
        now, plan = self._mode.now, self._plan
        if (opens := within_hours(plan, self.play.accounts, now)) > now:
            self._mode.agenda.add(opens, Rank.OWN, self.release)
            return
        number = len(self.released) + 1
        size = min(len(self._waiting), plan.size(number, len(self._persons)))
        wave = RehearsedWave(self.play.automation.id, number, size, now)
        self.released.append(wave)
        for _ in range(size):
            wave.entered += self._enroll(self.play, self._waiting.popleft(), number)
        self._mode.agenda.add(now + plan.spacing, Rank.OWN, self.release)

    def why_halted(self, case: Case) -> str:
        """Why no message to this lead may leave; empty if its wave is not halted."""
        wave = self.released[case.wave - 1]
        return cause_of_wave(wave.number, DRIPSTONE, wave.why_halted) if wave.why_halted else ""

    def note_mail(self, case: Case) -> None:
        """A mail has left to a lead."""
        self.released[case.wave - 1].mails += 1

    def note_event(self, case: Case, event: Event) -> None:
        """Something has happened to a lead; if it is a bad sign too many, its wave is halted."""
        name = FACTS.get(event.kind)
        if name is None or event.is_soft_bounce:
            return
        wave = self.released[case.wave - 1]
        wave.seen[name].add(case.lead.lead)
        newest_first = [one.signs for one in self.released[case.wave - 1 :: -1]]
        if not wave.why_halted:
            wave.why_halted = why_to_halt(newest_first, self._plan.halt_at)
            wave.halted_at = self._mode.now if wave.why_halted else None
