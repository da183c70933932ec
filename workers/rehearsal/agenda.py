"""The virtual clock: what is due next, in one order for all leads; and when retries are due."""

from __future__ import annotations

import heapq
from collections.abc import Callable, Iterator
from datetime import datetime, timedelta
from enum import IntEnum

from workflows.options import EFFECT, EFFECT_RETRY

PATIENCE = EFFECT["schedule_to_close_timeout"] or timedelta.max


class Rank(IntEnum):
    """Who is first of what is due at one instant: a stop wins over a timer, as in the workflow."""

    ENTRY = 0
    EVENT = 1
    OWN = 2


class Agenda:
    """Calls by their virtual instant. Those of one instant and rank keep their order."""

    def __init__(self) -> None:
        self._due: list[tuple[datetime, Rank, int, Callable[[], object]]] = []
        self._count = 0

    def add(self, at: datetime, rank: Rank, call: Callable[[], object]) -> None:
        """Have ``call`` called at ``at``."""
        self._count += 1
        heapq.heappush(self._due, (at, rank, self._count, call))

    def until(self, end: datetime) -> Iterator[tuple[datetime, Callable[[], object]]]:
        """What is due, one by one, with what is added meanwhile; nothing after ``end``."""
        while self._due and self._due[0][0] <= end:
            at, _, _, call = heapq.heappop(self._due)
            yield at, call


def first_try_after(since: datetime, now: datetime, up_again: datetime) -> datetime | None:
    """When an effect first tried at ``since`` is tried with the vendor up again.

    By the retry policy of effects, from the try at ``now`` on; None if it is given up before.
    """
    pause, at = EFFECT_RETRY.initial_interval, since
    longest = EFFECT_RETRY.maximum_interval or PATIENCE
    while at <= now or at < up_again:
        at += pause
        pause = min(pause * EFFECT_RETRY.backoff_coefficient, longest)
    return at if at - since < PATIENCE else None
