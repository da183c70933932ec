"""What a person sees while the demo runs: a live picture on a terminal, plain lines elsewhere."""

from __future__ import annotations

import time
from collections import Counter
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from typing import Final, Protocol

from rich.console import Console, Group
from rich.live import Live
from rich.table import Table
from rich.text import Text

from starters.demo.sight import Sight
from workflows.engine.exits import ExitReason

LINE_EVERY_SECONDS: Final = 3.0
WORDS = {
    "reply": "replied",
    "bounce": "bounced",
    "unsubscribe": "opted out",
    "complaint": "marked it as spam",
    "meeting_booked": "booked a meeting",
    "out_of_office": "is out of office",
    "auto_reply": "answered by machine",
    "prices_viewed": "looked at the prices",
} | {reason.value: f"leaves: {reason.value.replace('_', ' ')}" for reason in ExitReason}


class Progress(Protocol):
    """Where the demo shows how far it is."""

    def show(self, sight: Sight, names: Mapping[str, str]) -> None:
        """Show one look; ``names`` are the leads' names."""
        ...


@contextmanager
def progress(console: Console) -> Iterator[Progress]:
    """A live picture on a terminal, else a line every few seconds when something has changed."""
    if not console.is_terminal:
        yield _Lines(console)
        return
    with Live(console=console, refresh_per_second=4, transient=True) as live:
        yield _Picture(live)


class _Picture:
    def __init__(self, live: Live) -> None:
        self._live = live
        self._began = time.monotonic()

    def show(self, sight: Sight, names: Mapping[str, str]) -> None:
        """Draw it anew."""
        counts = Table.grid(padding=(0, 3))
        for name, number in _counts(sight).items():
            counts.add_row(name, Text(str(number), style="bold"))
        news = Table.grid(padding=(0, 2))
        for at, kind, lead in sight.news:
            told = f"{names.get(lead, lead)} {WORDS.get(kind, kind.replace('_', ' '))}"
            news.add_row(Text(f"{at:%H:%M:%S}", style="dim"), told)
        both = Table.grid(padding=(0, 4))
        both.add_row(counts, news)
        self._live.update(Group(Text(f"{time.monotonic() - self._began:.0f} s"), both))


class _Lines:
    def __init__(self, console: Console) -> None:
        self._console = console
        self._began = time.monotonic()
        self._last: tuple[float, str] = (-LINE_EVERY_SECONDS, "")

    def show(self, sight: Sight, names: Mapping[str, str]) -> None:
        """Print a line, unless there is nothing new or the last one is too fresh."""
        since = time.monotonic() - self._began
        told = ", ".join(f"{name} {number}" for name, number in _counts(sight).items())
        if told != self._last[1] and since - self._last[0] >= LINE_EVERY_SECONDS:
            self._last = (since, told)
            self._console.print(f"{since:3.0f} s  {told}", soft_wrap=True)


def _counts(sight: Sight) -> dict[str, int]:
    states = Counter(row["exit"] or "inside" for row in sight.entries.values())
    inside = states.pop("inside", 0)
    counts = {"mails": sum(sight.sandbox.arrived.values()), "inside": inside}
    return counts | {str(reason).replace("_", " "): states[reason] for reason in sorted(states)}
