"""The pure engine alone: whole enrollments folded per second, without server, ledger or worker."""

from __future__ import annotations

import time
from dataclasses import dataclass
from datetime import UTC, datetime
from statistics import median

import yaml

from benchmarks.automations import canonical
from workflows.engine.automation import Automation
from workflows.engine.effects import Outcome
from workflows.engine.interpreter import advance, begin
from workflows.engine.semantics import SEMANTICS
from workflows.engine.state import Close, Closed, Done, Fired, News, State, Wait

FOLDS = 500
START = datetime(2026, 3, 2, 9, tzinfo=UTC)


@dataclass(frozen=True, slots=True)
class Folds:
    """Canonical enrollments per second in each round, and the pieces of news that each takes."""

    per_second: tuple[float, ...]
    news: int

    @property
    def median(self) -> float:
        """Of the rounds."""
        return median(self.per_second)


def measure(rounds: int) -> Folds:
    """Fold the canonical journey from trigger to exit, again and again."""
    automation = Automation.model_validate(yaml.safe_load(canonical()))
    news, found = fold(automation), []
    for _ in range(rounds):
        begun = time.perf_counter()
        for _ in range(FOLDS):
            fold(automation)
        found.append(FOLDS / (time.perf_counter() - begun))
    return Folds(tuple(found), news)


def fold(automation: Automation) -> int:
    """One lead to whom nothing happens; the number of pieces of news until the exit."""
    state = State(
        enrollment="enrollment:canonical:x-1", entry=1, semantics=SEMANTICS, enrolled_at=START
    )
    state, now, taken = begin(automation, state), START, 0
    while state.wanted is not None:
        if isinstance(state.wanted, Wait) and state.wanted.until:
            now = state.wanted.until
        state, taken = advance(automation, state, _news(state), now), taken + 1
    return taken


def _news(state: State) -> News:
    wanted = state.wanted
    if isinstance(wanted, Close):
        return Closed(reason=wanted.reason)
    assert wanted is not None
    if isinstance(wanted, Wait):
        return Fired(serial=wanted.serial)
    return Done(serial=wanted.serial, outcome=Outcome(state="sent"))
