"""Caps in a rehearsal: the slots of every lead on the one virtual clock, and consents, in memory.

Slots follow ``activities/ledger/slots.py``; here every mail comes for its slot in time.
"""

from __future__ import annotations

from bisect import bisect_left, bisect_right, insort
from collections import Counter, defaultdict
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime

from activities.ledger.pacing import Booked, Pace, Room, Stretch, day_of, first_room, limits_of
from workflows.engine.consent import CHANNELS, Channel, Statement


@dataclass(frozen=True, slots=True)
class Slot:
    """When a mail that waits may leave, and what that counts for."""

    pace: Pace
    at: datetime


class Limits:
    """The slots that leads wait for; of mails that have left, only what they count for."""

    def __init__(self) -> None:
        self._waiting: dict[tuple[str, int], Slot] = {}
        self._days: dict[tuple[str, str], Counter[str]] = defaultdict(Counter)
        self._of_mailbox: dict[str, list[Stretch]] = defaultdict(list)
        self._of_person: dict[str, list[datetime]] = defaultdict(list)

    def take_slot(self, pace: Pace, now: datetime) -> Room | None:
        """None: the mail may leave now. Else when, and why not before."""
        entry = (pace.about["enrollment"], pace.about["entry"])
        kept = self._waiting.get(entry)
        if kept and kept.pace.about["key"] == pace.about["key"] and kept.at <= now:
            del self._waiting[entry]
            if kept.at < now:
                self.uncount(kept.pace, kept.at)
                self._count(pace, now)
            return None
        self.give_back(*entry)
        room = first_room(now, limits_of(pace, self._booked(pace, now)))
        if room.at <= now:
            self._count(pace, now)
            return None
        if pace.is_limited and (pace.not_after is None or room.at < pace.not_after):
            self._count(pace, room.at)
            self._waiting[entry] = Slot(pace, room.at)
        return room

    def give_back(self, enrollment: str, entry: int) -> None:
        """Free the slot that an entry waits for."""
        slot = self._waiting.pop((enrollment, entry), None)
        if slot is None:
            return
        self.uncount(slot.pace, slot.at)

    def uncount(self, pace: Pace, at: datetime) -> None:
        """A message did not leave at that instant after all."""
        day = day_of(at, pace.zone) if pace.daily else ""
        for one in pace.daily:
            self._days[one.column, one.value][day] -= 1
        of_person = self._of_person[pace.about["person"]]
        del of_person[bisect_left(of_person, at)]
        if pace.gap:
            of_mailbox = self._of_mailbox[pace.about["mailbox"]]
            del of_mailbox[bisect_left(of_mailbox, (at, at))]

    def _booked(self, pace: Pace, now: datetime) -> Booked:
        by_day = tuple(self._days[one.column, one.value] for one in pace.daily)
        busy: list[Stretch] = []
        if pace.gap:
            every, since = self._of_mailbox[pace.about["mailbox"]], now - pace.gap
            busy = every[bisect_right(every, (since, since)) :]
        return Booked(by_day, busy, self._of_person[pace.about["person"]])

    def _count(self, pace: Pace, at: datetime) -> None:
        day = day_of(at, pace.zone) if pace.daily else ""
        for one in pace.daily:
            self._days[one.column, one.value][day] += 1
        insort(self._of_person[pace.about["person"]], at)
        if pace.gap:
            insort(self._of_mailbox[pace.about["mailbox"]], (at, at))


class Agreed:
    """Who has given which consent: by the latest statement, as in the ledger."""

    def __init__(self) -> None:
        self._said: dict[tuple[str, str, Channel], tuple[datetime, bool]] = {}

    def note(self, person: str, said: Statement, now: datetime) -> None:
        """Take a statement in."""
        place = (person, said.consent, said.channel)
        new = (min(said.at or now, now), said.state == "withdrawn")
        self._said[place] = max(new, self._said.get(place, new))

    def lack(self, person: str, needs: Iterable[str], channel: Channel) -> str:
        """Which consent is missing; empty if none is."""
        for name in needs:
            said = self._said.get((person, name, channel))
            if said is None:
                return f"no consent {name!r} for {channel}"
            if said[1]:
                return f"consent {name!r} for {channel} was withdrawn"
        return ""

    def lack_somewhere(self, person: str, needs: Iterable[str]) -> str:
        """The same for a message whose channel nobody knows: given for one, withdrawn for none."""
        for name in needs:
            known = [channel for channel in CHANNELS if (person, name, channel) in self._said]
            lacks = [self.lack(person, (name,), channel) for channel in known]
            if not lacks or any(lacks):
                return next((one for one in lacks if one), f"no consent {name!r} for any channel")
        return ""
