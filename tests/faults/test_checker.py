"""The checker sees every harm: for each invariant, records that break it and it alone is told."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest

from tests.faults.checker import INVARIANTS, PROMISES, check, figures
from tests.faults.facts import Facts, Kept, Restored, Shut, Told
from tests.faults.good import (
    APPROVED,
    EVENT,
    GOOD,
    JOURNEY,
    MAILS,
    NOTE,
    ONE,
    SECOND,
    STOP,
    T,
    closed,
    effects,
    met,
    planned,
    retried,
    run,
    unfinished,
    unknown,
)
from tests.faults.harms import HARMS

README = Path(__file__).parents[2] / "README.md"


def test_nothing_is_reported_where_nothing_is_wrong() -> None:
    assert check(GOOD) == []


@pytest.mark.parametrize("harm", HARMS)
def test_a_harm_is_reported_against_its_invariant_and_no_other(harm: str) -> None:
    invariant, facts = HARMS[harm]
    assert {violation.invariant for violation in check(facts)} == {invariant}


def test_each_of_the_twelve_invariants_is_seen_to_be_broken() -> None:
    assert {invariant for invariant, _ in HARMS.values()} == INVARIANTS.keys()
    assert len(INVARIANTS) == 12


@pytest.mark.parametrize(
    "facts",
    [
        replace(effects(unknown("p")), listed_unknown=frozenset({"p"})),
        replace(effects(unknown("p")), listed_unknown=frozenset({"p"}), posts=("hello",)),
        replace(GOOD, told=(replace(STOP, new=0),)),
        replace(GOOD, shut=(Shut("c", T + 5 * SECOND, T + 9 * SECOND, "disabled"),)),
        run(stuck_for=59 * SECOND),
        planned(caps={"c": 2, "d": 0}),
        replace(GOOD, records=(*GOOD.records, NOTE, replace(NOTE, lead="sf-2"))),
        planned(reviewed=frozenset("c"), decided=APPROVED),
        closed(exit="completed"),
        replace(unfinished(ONE), decided=(replace(APPROVED[1], approved=False),)),
        replace(closed(exit="terminated"), terminated=frozenset((JOURNEY,))),
        replace(closed(exit="terminated", running_at=T), restored=(Restored(T, T + SECOND),)),
        met(EVENT),
        retried(T + 4.5 * SECOND),
    ],
    ids=[
        "listed",
        "unknown, and it came",
        "answers were lost",
        "disabled later",
        "stuck briefly",
        "within its cap",
        "a Note for each of two",
        "approved",
        "completed",
        "completed, and a mail was rejected",
        "terminated by an operator",
        "forgotten by a restore",
        "a meeting, told and written back",
        "a retry before the stop",
    ],
)
def test_what_is_allowed_is_not_reported(facts: Facts) -> None:
    assert check(facts) == []


def test_a_reply_does_not_stop_an_entry_that_began_after_it() -> None:
    early = Told("r", "reply", "sf-1", T - SECOND)
    kept = Kept("r", "reply", "sf-1", T - 2 * SECOND)
    facts = replace(GOOD, told=(STOP, early), inbox=(*GOOD.inbox, kept))
    assert check(facts) == []
    opted_out = replace(facts, told=(STOP, replace(early, kind="unsubscribe")))
    assert {violation.invariant for violation in check(opted_out)} >= {"I4"}


def test_the_figures_count_what_was_lost_doubled_and_late() -> None:
    facts = replace(GOOD, mails=(*MAILS, MAILS[0]), told=(replace(STOP, acked=T + 2 * SECOND),))
    found = figures(facts, check(facts))
    assert (found.enrollments, found.mails, found.unknown) == (1, 3, 0)
    assert (found.lost, found.duplicated, found.sent_after_stop) == (0, 1, 1)
    assert found.violations == 2


@pytest.mark.parametrize("promise", PROMISES)
def test_the_readme_promises_what_the_checker_checks(promise: str) -> None:
    assert promise in " ".join(README.read_text("utf-8").split())
    assert set(PROMISES[promise]) <= INVARIANTS.keys()
