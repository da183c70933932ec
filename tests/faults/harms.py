"""Records that each break one invariant."""

from __future__ import annotations

from dataclasses import replace

from tests.faults.facts import Delivery, Facts, Mail, Restored, Shut, Told
from tests.faults.good import (
    APPROVED,
    CLOSED,
    EVENT,
    GOOD,
    JOURNEY,
    LEAD,
    LOGGED,
    MAILS,
    NOTE,
    ONE,
    OPT_OUT,
    SECOND,
    STOP,
    TASKS,
    TWO,
    T,
    closed,
    effects,
    late,
    meeting,
    met,
    planned,
    posted,
    retried,
    run,
    unfinished,
    unknown,
    without_opt_out,
)

HARMS: dict[str, tuple[str, Facts]] = {
    "no entry": ("I1", without_opt_out(entries=(), told=(), inbox=())),
    "no exit": ("I1", replace(GOOD, entries=(replace(CLOSED, exit=None),))),
    "closed, and goes on": ("I1", run(is_open=True)),
    "running, with no workflow": (
        "I1",
        replace(GOOD, entries=(replace(CLOSED, state="RUNNING", stop_reason=None),)),
    ),
    "completed without a mail": ("I1", unfinished()),
    "completed without the last mail": ("I1", unfinished(ONE)),
    "completed, and nothing of it was sent": (
        "I1",
        unfinished(*(replace(one, state="NOT_SENT") for one in (ONE, TWO))),
    ),
    "terminated by nobody": ("I1", closed(exit="terminated")),
    "terminated, and it had begun before the backup": (
        "I1",
        replace(
            closed(exit="terminated", running_at=T - SECOND), restored=(Restored(T, T + SECOND),)
        ),
    ),
    "a mail twice": ("I2", replace(GOOD, mails=(*MAILS, MAILS[0]))),
    "a post twice": ("I2", replace(posted("p", "q"), posts=("hello", "hello"))),
    "a Note twice": ("I2", replace(GOOD, records=(*GOOD.records, NOTE, NOTE))),
    "a Task twice": (
        "I2",
        replace(GOOD, records=(LOGGED[0], LOGGED[0], LEAD)),
    ),
    "arrived, not recorded": (
        "I3",
        replace(GOOD, mails=(*MAILS, Mail("sf-1", "z", "<z>", T))),
    ),
    "sent, not arrived": ("I3", replace(GOOD, mails=MAILS[:1])),
    "a post nobody made": ("I3", replace(GOOD, posts=("hello",))),
    "begun after the stop": (
        "I4",
        replace(GOOD, told=(replace(STOP, acked=T + 2 * SECOND),)),
    ),
    "begun again after the stop": ("I4", retried(T + 6 * SECOND)),
    "arrived long after": (
        "I4",
        replace(GOOD, mails=(MAILS[0], replace(MAILS[1], at=T + 36 * SECOND))),
    ),
    "acknowledged, not kept": (
        "I5",
        replace(GOOD, told=(STOP, Told("v", "reply", "sf-1", T + 9 * SECOND))),
    ),
    "new twice": ("I5", replace(GOOD, told=(replace(STOP, new=2),))),
    "never told": ("I5", replace(GOOD, deliveries=(Delivery("u", JOURNEY, 1, "PENDING"),))),
    "heard, and not stopped": (
        "I5",
        replace(run(is_open=True), entries=(replace(CLOSED, state="RUNNING"),)),
    ),
    "nobody is to be told": ("I5", replace(GOOD, deliveries=())),
    "one meeting twice": ("I5", meeting()),
    "a meeting that the CRM does not have": ("I5", met()),
    "a meeting that no enrollment is told": ("I5", met(EVENT, deliveries=())),
    "before its wait was over": (
        "I6",
        effects(replace(TWO, intent_at=T + 2 * SECOND)),
    ),
    "long after its wait": ("I6", late()),
    "out of order": ("I6", effects(replace(ONE, done_at=None))),
    "while disabled": (
        "I7",
        replace(GOOD, shut=(Shut("c", T + 2 * SECOND, T + 9 * SECOND, "disabled"),)),
    ),
    "begun again while disabled": (
        "I7",
        replace(
            retried(T + 4.5 * SECOND),
            shut=(Shut("c", T + 4 * SECOND, T + 9 * SECOND, "disabled"),),
        ),
    ),
    "over a cap": ("I7", planned(caps={"c": 1})),
    "never approved": ("I7", planned(reviewed=frozenset("c"))),
    "approved afterwards": (
        "I7",
        planned(
            reviewed=frozenset("c"), decided=(APPROVED[0], replace(APPROVED[1], at=T + 60 * SECOND))
        ),
    ),
    "rejected": (
        "I7",
        planned(
            reviewed=frozenset("c"), decided=(APPROVED[0], replace(APPROVED[1], approved=False))
        ),
    ),
    "no end": ("I8", effects(replace(unknown("p"), state="INTENT"))),
    "unknown, not listed": ("I8", effects(unknown("p"))),
    "a name in a log": ("I9", replace(GOOD, leaks=("worker.log holds a name",))),
    "stuck": ("I10", run(stuck_for=61 * SECOND)),
    "other commands": ("I10", run(nondeterministic=True)),
    "does not replay": ("I11", run(replay="other commands")),
    "an earlier run does not replay": ("I11", replace(GOOD, earlier=("other commands",))),
    "no Task": ("I12", replace(GOOD, records=(LOGGED[0], LEAD))),
    "a mail that was not logged": (
        "I12",
        replace(GOOD, effects=(ONE, TWO, TASKS[0], OPT_OUT), records=(LOGGED[0], LEAD)),
    ),
    "no opt-out field": (
        "I12",
        replace(GOOD, records=(*LOGGED, replace(LEAD, fields={}))),
    ),
    "an opt-out not written back": ("I12", without_opt_out()),
    "a stage nobody set": (
        "I12",
        replace(
            GOOD, records=(*LOGGED, replace(LEAD, fields={**LEAD.fields, "Status": "Unresponsive"}))
        ),
    ),
}
