"""The twelve invariants over collected facts, and the figures that a storm comes down to. Pure."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterable
from dataclasses import dataclass

from tests.faults.about_leaving import lost_to_restore, none_lost
from tests.faults.about_progress import heard_once, in_order, none_stuck, replayable
from tests.faults.about_records import crm_fits, no_leak
from tests.faults.about_sending import as_allowed, once, recorded, settled, stopped
from tests.faults.facts import Facts

Invariant = Callable[[Facts], Iterable[str]]

INVARIANTS: dict[str, tuple[str, Invariant]] = {
    "I1": ("no accepted enrollment is lost", none_lost),
    "I2": ("nothing reaches a vendor twice", once),
    "I3": ("what arrived is recorded, and what is SENT arrived", recorded),
    "I4": ("no send begins after a stop is acknowledged", stopped),
    "I5": ("every acknowledged event is applied exactly once", heard_once),
    "I6": ("steps begin in order, after their waits, within the recovery bound", in_order),
    "I7": (
        "nothing begins while disabled, outside the window, over a cap or unapproved",
        as_allowed,
    ),
    "I8": ("every effect ends SENT, NOT_SENT or UNKNOWN, and UNKNOWN is listed", settled),
    "I9": ("no personal data in histories and logs", no_leak),
    "I10": ("no workflow is stuck", none_stuck),
    "I11": ("every history replays", replayable),
    "I12": ("the CRM is what the ledger adds up to", crm_fits),
}

PROMISES = {
    "no send begins after a stop is acknowledged": ("I4",),
    "at most one intent per effect key": ("I2", "I3"),
    "every effect ends SENT, NOT_SENT or UNKNOWN, never silently lost": ("I1", "I3", "I8"),
}
"""The words of the README, and the invariants that check them."""


@dataclass(frozen=True, slots=True)
class Violation:
    """What stands against an invariant."""

    invariant: str
    what: str


def check(facts: Facts) -> list[Violation]:
    """Everything that stands against one of the twelve."""
    return [
        Violation(name, what)
        for name, (_sentence, invariant) in INVARIANTS.items()
        for what in invariant(facts)
    ]


@dataclass(frozen=True, slots=True)
class Figures:
    """A campaign in numbers. ``lost`` counts against I1, I3 and I5; ``to_restore`` are the leads
    whose workflow a restore of Temporal forgot, which no invariant can forbid."""

    enrollments: int
    mails: int
    stops: int
    lost: int
    duplicated: int
    sent_after_stop: int
    unknown: int
    to_restore: int
    violations: int


def figures(facts: Facts, violations: list[Violation]) -> Figures:
    """The numbers of the table."""
    against = Counter(violation.invariant for violation in violations)
    return Figures(
        enrollments=len(facts.accepted),
        mails=len(facts.mails),
        stops=len(facts.told),
        lost=against["I1"] + against["I3"] + against["I5"],
        duplicated=against["I2"],
        sent_after_stop=against["I4"],
        unknown=sum(effect.state == "UNKNOWN" for effect in facts.effects),
        to_restore=len(lost_to_restore(facts)),
        violations=len(violations),
    )
