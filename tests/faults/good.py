"""Records of a good run, and what others are made of."""

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


def closed(**entry: Any) -> Facts:
    """Good, but nobody opted out, and the entry ended otherwise."""
    ended = replace(CLOSED, stop_reason=None, **entry)
    return without_opt_out(entries=(ended,), told=(), inbox=(), deliveries=())


def unfinished(*effects: Effect) -> Facts:
    """Completed with these mails alone: what arrived and was logged fits them."""
    sent = [effect for effect in effects if effect.state == "SENT"]
    facts = replace(closed(exit="completed"), mails=MAILS[: len(sent)])
    records = (*LOGGED[: len(sent)], replace(LEAD, fields={}))
    return replace(facts, effects=(*effects, *TASKS[: len(sent)]), records=records)


MET = Told("m", "meeting_booked", "sf-1", T + 9 * SECOND)


def met(*records: Record, deliveries: tuple[Delivery, ...] | None = None) -> Facts:
    """A meeting is told of while the lead is inside, and the CRM has these records of it."""
    heard = (Delivery("m", JOURNEY, 1, "DELIVERED"),) if deliveries is None else deliveries
    written = replace(OPT_OUT, key="m", activity="create_event", event="m")
    return replace(
        GOOD,
        told=(STOP, MET),
        inbox=(*GOOD.inbox, Kept("m", "meeting_booked", "sf-1", T + 9 * SECOND)),
        deliveries=(*GOOD.deliveries, *heard),
        effects=(*GOOD.effects, *(written for _ in records)),
        records=(*GOOD.records, *records),
    )


EVENT = Record("Event", "sf-1", {"Dripstone_Key__c": "m"})


def retried(at: datetime) -> Facts:
    """The second mail was claimed again then, by a retry."""
    return effects(replace(TWO, claimed_at=at))


def late() -> Facts:
    """The second mail begins minutes after its time, and the lead opts out later still."""
    at = T + 400 * SECOND
    facts = effects(replace(TWO, intent_at=at, done_at=at + SECOND))
    return replace(facts, told=(replace(STOP, acked=at + 9 * SECOND),))
