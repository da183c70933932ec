"""Records of a good run, and changes to them that each break one invariant."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any

from tests.faults.facts import (
    Accepted,
    Decided,
    Delivery,
    Effect,
    Entry,
    Facts,
    Kept,
    Mail,
    Plan,
    Record,
    Run,
    Shut,
    Told,
)

T = datetime(2026, 6, 1, 12, tzinfo=UTC)
SECOND = timedelta(seconds=1)
JOURNEY = "enrollment:c:sf-1"

ONE = Effect("k/a", "send_email", "SENT", JOURNEY, 1, "a", "sf-1", "<a>", T, T + SECOND)
TWO = replace(
    ONE, key="k/b", step="b", message_id="<b>", intent_at=T + 3 * SECOND, done_at=T + 4 * SECOND
)
TASKS = tuple(
    Effect(f"{key}/sent/create_task", "create_task", "SENT", None, None, None, "sf-1", None, T, T)
    for key in ("k/a", "k/b")
)
OPT_OUT = Effect(
    "u/mark", "mark_unsubscribed", "SENT", None, None, None, "sf-1", None, T, T, event="u"
)
STOP = Told("u", "unsubscribe", "sf-1", T + 5 * SECOND)
CLOSED = Entry(JOURNEY, 1, "c", "sf-1", "CLOSED", "unsubscribed", "unsubscribed", T)
MAILS = (
    Mail("sf-1", "a for 1", "<a>", T + SECOND),
    Mail("sf-1", "b for 1", "<b>", T + 4 * SECOND),
)
NOTE = Record("Note", "sf-1", {"Title": "Opted out"})
LOGGED = tuple(Record("Task", "sf-1", {"Dripstone_Key__c": key}) for key in ("x", "y"))
LEAD = Record("Lead", "sf-1", {"Status": "Open", "HasOptedOutOfEmail": True})

GOOD = Facts(
    plan=Plan({"c": (("a", timedelta()), ("b", 2 * SECOND))}),
    accepted=(Accepted(JOURNEY, 1, "sf-1", T),),
    told=(STOP,),
    entries=(CLOSED,),
    effects=(ONE, TWO, *TASKS, OPT_OUT),
    mails=MAILS,
    records=(*LOGGED, LEAD),
    inbox=(Kept("u", "unsubscribe", "sf-1", T + 5 * SECOND),),
    deliveries=(Delivery("u", JOURNEY, 1, "DELIVERED"),),
    runs=(Run(JOURNEY, is_open=False),),
)


def effects(*changed: Effect) -> Facts:
    """Good but for these effects, which take the place of those with their keys."""
    named = {effect.key: effect for effect in (*GOOD.effects, *changed)}
    return replace(GOOD, effects=tuple(named.values()))


def run(**state: Any) -> Facts:
    return replace(GOOD, runs=(replace(GOOD.runs[0], **state),))


APPROVED = tuple(Decided(JOURNEY, 1, step, True, T - SECOND) for step in ("a", "b"))


def planned(decided: tuple[Decided, ...] = (), **plan: Any) -> Facts:
    """Good, had this been planned."""
    return replace(GOOD, plan=replace(GOOD.plan, **plan), decided=decided)


def unknown(key: str) -> Effect:
    """A post of which nobody knows whether it came."""
    post = replace(ONE, key=key, activity="notify", state="UNKNOWN", step=None, message_id=None)
    return replace(post, intent_at=T, lead="sf-1")


def posted(sent: str, refused: str) -> Facts:
    """One post was sent, another one was not."""
    done = replace(unknown(sent), state="SENT")
    return effects(done, replace(unknown(refused), state="NOT_SENT"))


def without_opt_out(**more: Any) -> Facts:
    """Good but for the opt-out in the CRM, and ``more``."""
    records = (*LOGGED, replace(LEAD, fields={}))
    return replace(GOOD, effects=GOOD.effects[:-1], records=records, **more)


def meeting() -> Facts:
    """A meeting is written back, and nobody told of one."""
    written = effects(replace(OPT_OUT, key="m", activity="create_event"))
    return replace(written, records=(*GOOD.records, Record("Event", "sf-1", {})))


def late() -> Facts:
    """The second mail begins minutes after its time, and the lead opts out later still."""
    at = T + 400 * SECOND
    facts = effects(replace(TWO, intent_at=at, done_at=at + SECOND))
    return replace(facts, told=(replace(STOP, acked=at + 9 * SECOND),))


HARMS: dict[str, tuple[str, Facts]] = {
    "no entry": ("I1", without_opt_out(entries=(), told=(), inbox=())),
    "no exit": ("I1", replace(GOOD, entries=(replace(CLOSED, exit=None),))),
    "closed, and goes on": ("I1", run(is_open=True)),
    "running, with no workflow": (
        "I1",
        replace(GOOD, entries=(replace(CLOSED, state="RUNNING", stop_reason=None),)),
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
    "one meeting twice": ("I5", meeting()),
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
