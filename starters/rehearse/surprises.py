"""Surprises: what nobody wants a campaign to do, found by looking at what it did."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from zoneinfo import ZoneInfo

from activities.ledger.holiday_calendar import why_off
from activities.ledger.windows import window_of
from workers.authoring import MANY_SEGMENTS
from workers.rehearsal.case import Case
from workers.rehearsal.story import Line
from workers.rehearsal.waves import RehearsedWave
from workflows.engine.campaign import WEEKDAYS

TOO_SOON = timedelta(hours=1)
_NAMES = {"mail": "mail", "sms": "text_message"}
CANNOT_BE_MADE = (
    *("cannot be rendered", "Never: dripstone: template"),
    "Never: dripstone: footer",
)
EXAMPLES = 20
"""So many are told one by one; the rest is counted."""


@dataclass(frozen=True, slots=True)
class Surprise:
    """One of them."""

    kind: str
    lead: str
    at: datetime | None
    step: str
    what: str


@dataclass(slots=True)
class Surprises:
    """All of a rehearsal: how many of each kind, and the first few."""

    counts: Counter[str] = field(default_factory=Counter)
    examples: list[Surprise] = field(default_factory=list)
    _last_message: dict[str, tuple[datetime, str]] = field(default_factory=dict)

    def look_at(self, case: Case, line: Line) -> None:
        """Note what is surprising about one line."""
        for kind, what in self._of(case, line):
            self.note(Surprise(kind, case.lead.lead, line.at, line.step, what))

    def note(self, surprise: Surprise) -> None:
        """One more."""
        self.counts[surprise.kind] += 1
        if len(self.examples) < EXAMPLES:
            self.examples.append(surprise)

    def look_at_the_end(self, cases: Iterable[Case], waiting: Iterable[str]) -> None:
        """Who never left, and whom the script names though nobody of that id entered."""
        for case in cases:
            if case.admission != "CLOSED":
                what = f"never leaves ({case.admission.lower()}, {case.state.label})"
                self.note(Surprise("lead_stuck", case.lead.lead, None, case.state.step, what))
        for lead in sorted(waiting):
            self.note_absence(lead)

    def look_at_the_file(self, rows: int, rejected: Mapping[int, str], entered: int) -> None:
        """A file without a readable row, and a rehearsal that nobody took part in."""
        if rejected and len(rejected) == rows:
            line, why = next(iter(rejected.items()))
            what = f"none of the {rows} rows is a lead: line {line}: {why}"
            self.note(Surprise("rows_rejected", "-", None, "", what))
        if not entered:
            what = "nobody entered: look at the rows, the audience and who was refused"
            self.note(Surprise("nobody_entered", "-", None, "", what))

    def look_at_waves(self, waves: Iterable[RehearsedWave]) -> None:
        """Waves that were halted by their own signs."""
        for wave in waves:
            if wave.why_halted:
                what = f"wave {wave.number}: {wave.why_halted}"
                self.note(Surprise("wave_halted", wave.automation, wave.halted_at, "", what))

    def note_absence(self, lead: str) -> None:
        """The script names a lead, and it did not enter."""
        what = "the script names this lead, and it did not enter"
        self.note(Surprise("script_without_lead", lead, None, "", what))

    def _of(self, case: Case, line: Line) -> Iterator[tuple[str, str]]:
        if line.kind == "decision" and line.what == "needs attention":
            broken = line.why.startswith(CANNOT_BE_MADE)
            yield ("render_error" if broken else "lead_stuck"), line.why
        if line.kind in ("mail", "sms"):
            yield from self._of_message(case, line)
        segments = line.detail.get("segments") if line.kind == "sms" and line.detail else None
        if isinstance(segments, int) and segments > MANY_SEGMENTS:
            yield "long_text_message", f"{segments} segments, each of which is charged"

    def _of_message(self, case: Case, line: Line) -> Iterator[tuple[str, str]]:
        if not _in_window(case, line.at):
            local = line.at.astimezone(ZoneInfo(case.zone))
            yield f"{_NAMES[line.kind]}_outside_window", f"{local:%a %H:%M} there"
        before = self._last_message.get(case.lead.person)
        self._last_message[case.lead.person] = (line.at, line.kind)
        if before is not None and line.at - before[0] < TOO_SOON:
            both = "mails" if (before[1], line.kind) == ("mail", "mail") else "messages"
            what = f"{line.at - before[0]} after the {_NAMES[before[1]].replace('_', ' ')} before"
            yield f"two_{both}_within_an_hour", what


def _in_window(case: Case, at: datetime) -> bool:
    """Reckoned by the clock on the wall there, and so not as the gate reckons it."""
    window = window_of(case.play.automation, case.play.accounts)
    if window is None or window.always:
        return True
    local = at.astimezone(ZoneInfo(case.zone))
    on_day = WEEKDAYS[local.weekday()] in window.days and not why_off(window, local.date())
    return on_day and window.opens <= f"{local:%H:%M}" < window.closes
