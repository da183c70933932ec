"""The interpreter: (automation, state, news, now) -> state. Pure: time arrives as data.

It advances on "timer n fired", never on comparing the clock with a deadline, so that what it
decided once it decides again on replay, whatever the clock of the replaying worker says.
"""

from __future__ import annotations

from datetime import datetime

from pydantic import JsonValue

from workflows.engine import holds
from workflows.engine.automation import Automation
from workflows.engine.effects import Outcome, SendEmail, SendSms
from workflows.engine.events import (
    SMS_OPT_OUT,
    Event,
    Malformed,
    fingerprint,
    plain_json,
    read_signal,
)
from workflows.engine.exits import ExitReason
from workflows.engine.handing import tell_the_other_tool
from workflows.engine.hearing import (
    note_absence,
    note_class,
    note_decision,
    note_malformed,
    note_neutral,
    tell_step,
)
from workflows.engine.lateness import note_lateness
from workflows.engine.moves import close, enter, follow, moment_of, reconsider
from workflows.engine.replies import RECLASSIFIED, heard_by_class
from workflows.engine.state import (
    SEEN_LENGTH,
    Close,
    Closed,
    Decision,
    Done,
    Failed,
    Fired,
    News,
    Order,
    Perform,
    State,
    Wait,
    Wanted,
)
from workflows.engine.steps.base import TimeUp


def begin(automation: Automation, blank: State) -> State:
    """Put a lead at the first step."""
    window = automation.campaign.engagement_window if automation.campaign else None
    ends = blank.enrolled_at + window if window else None
    state = blank.model_copy(update={"window_ends": ends})
    state = state.noting(Decision(at=state.enrolled_at, step="", what="enrolled"))
    return enter(automation, state, automation.steps[0].id, state.enrolled_at)


def advance(automation: Automation, state: State, news: News, now: datetime) -> State:
    """Take one piece of news into account. News that is out of date changes nothing.

    After the exit, events are still kept for the ledger.
    """
    after = _advance(automation, state, news, now)
    return tell_the_other_tool(automation, state, after)


def _advance(automation: Automation, state: State, news: News, now: datetime) -> State:
    if isinstance(news, Event):
        state = _receive(automation, state, news, now)
    elif isinstance(news, Malformed):
        state = note_malformed(state, news, now)
    elif state.exit:
        return state
    elif isinstance(news, Order):
        state = _order(automation, state, news, now)
    elif isinstance(news, Closed):
        state = state.noting(Decision(at=now, step=state.step, what=f"exit: {news.reason}"))
        state = state.model_copy(update={"exit": news.reason, "wanted": None, "hold": None})
    elif state.wanted and state.wanted.serial == news.serial:
        state = _answer(automation, state, news, now)
    return holds.interrupt_to_resend(automation, state, now)


def hear(automation: Automation, state: State, name: str, body: JsonValue, now: datetime) -> State:
    """Take a signal of any shape into account.

    A body without an id gets a stable one, of which how often it came before is a part; after a
    reset the signals come again in the same order, and so get the same ids.
    """
    body = plain_json(body)
    print_of_it = fingerprint(name, body, 0)
    times = state.anonymous.get(print_of_it, 0)
    news = read_signal(name, body, times, now)
    if news.id == fingerprint(name, body, times):
        counted = state.anonymous | {print_of_it: times + 1}
        recent = dict(list(counted.items())[-SEEN_LENGTH:])
        state = state.model_copy(update={"anonymous": recent})
    news = heard_by_class(news) if isinstance(news, Event) else news
    return advance(automation, state, news, now)


def _order(automation: Automation, state: State, order: Order, now: datetime) -> State:
    """An order that is out of date by the time it is carried out changes nothing either."""
    if holds.objection(automation, state, order):
        return state
    return holds.obey(automation, state, order, now)


def _answer(
    automation: Automation, state: State, news: Fired | Done | Failed, now: datetime
) -> State:
    if isinstance(news, Fired) and isinstance(state.wanted, Wait):
        return _time_is_up(automation, state, state.wanted, now)
    if isinstance(news, Failed) and isinstance(state.wanted, Perform):
        return holds.park(state, news.reason, now)
    if isinstance(news, Done) and isinstance(state.wanted, Perform):
        return _performed(automation, state, news.outcome, now)
    return state


def _time_is_up(automation: Automation, state: State, wait: Wait, now: datetime) -> State:
    if wait.ends == "window":
        return close(state, ExitReason.ENGAGEMENT_WINDOW_ENDED, now)
    state = note_lateness(state, wait, now)
    if wait.ends == "hold":
        return holds.release(automation, state, "the hold is over", now)
    if wait.ends == "resend":
        return holds.resend(automation, state, now)
    step = automation.step(state.step)
    move = step.resume(moment_of(state, now), TimeUp()) if step else None
    return follow(automation, state, move, now) if move else state


def _performed(automation: Automation, state: State, outcome: Outcome, now: datetime) -> State:
    if outcome.state == "held":
        return holds.hold_by_gate(state, outcome, now)
    if outcome.state == "refused":
        if outcome.exit:
            # Why it ends here stands in no ledger row: nothing was begun.
            line = Decision(at=now, step=state.step, what="refused", why=outcome.cause)
            return close(state.noting(line), outcome.exit, now)
        return holds.park(state, outcome.cause, now)
    state = _count(automation, state, outcome, now)
    if state.interrupted:
        return holds.take_up_again(automation, state, now)
    step = automation.step(state.step)
    move = step.resume(moment_of(state, now), outcome) if step else None
    if not move:
        return state
    after = follow(automation, state, move, now)
    return holds.heard_meanwhile(automation, state, after, now)


def _count(automation: Automation, state: State, outcome: Outcome, now: datetime) -> State:
    """Write down what became of an effect, and what later conditions need of it."""
    assert isinstance(state.wanted, Perform)
    effect = state.wanted.effect
    what = f"{effect.activity}: {'done' if outcome.state == 'sent' else outcome.state}"
    state = state.noting(Decision(at=now, step=effect.step, what=what, why=outcome.cause))
    if outcome.state == "skipped":
        return state
    changes: dict[str, object] = {"values": state.values | outcome.values}
    if outcome.state == "unknown":
        changes["unknowns"] = state.unknowns + 1
    if isinstance(effect, SendSms):
        changes["texts"] = state.texts + 1
    if isinstance(effect, SendEmail | SendSms):
        changes["sends"] = state.sends + 1
        campaign = automation.campaign
        if campaign and campaign.counted_from == "last_send":
            changes["window_ends"] = now + campaign.engagement_window
    return state.model_copy(update=changes)


def _receive(automation: Automation, state: State, event: Event, now: datetime) -> State:
    """An event: once each, kept for the ledger if it has to be, and acted upon."""
    if event.id in state.seen:
        return state
    unrecorded = state.unrecorded if event.recorded else (*state.unrecorded, event)
    if event.kind == SMS_OPT_OUT and not event.recorded:
        # What the ledger knows its gate refuses, until the lead takes it back by START.
        state = state.model_copy(update={"no_texts": True})
    state = state.model_copy(
        update={
            "seen": (*state.seen, event.id)[-SEEN_LENGTH:],
            "facts": {event.kind: event.at} | state.facts,
            "last_event": event.kind,
            "unrecorded": unrecorded,
            "writebacks": (*state.writebacks, *event.writebacks),
        }
    ).noting(Decision(at=now, step=state.step, what=f"event: {event.kind}"))
    state = note_class(state, event)
    if automation.goal and automation.goal.is_reached_by(event):
        state = state.noting(Decision(at=now, step=state.step, what="goal reached"))
    if state.exit or isinstance(state.wanted, Close):
        return state
    reason = automation.exit_by(event)
    if reason:
        return close(state, reason, now, event.id)
    return reconsider(automation, _react(automation, state, event, now), now)


def _react(automation: Automation, state: State, event: Event, now: datetime) -> State:
    """What an event that ends nothing does."""
    if event.kind == "pause":
        return _order(automation, state, Order(verb="pause", reason="signal"), now)
    if event.kind == "out_of_office":
        return note_absence(automation, state, event, now)
    if event.kind == "hold_released":
        return holds.cause_removed(automation, state, now)
    if event.kind == RECLASSIFIED:
        return note_decision(automation, state, event, now)
    if state.no_texts and _is_text(state.wanted):
        skipped = Outcome(state="skipped", cause=f"event: {event.kind}")
        return _performed(automation, state, skipped, now)
    if event.kind == "lead_changed":
        known = {k: v for k, v in event.changes.items() if k in automation.fields_looked_at}
        return state.model_copy(update={"values": state.values | known})
    if event.is_soft_bounce:
        return holds.note_soft_bounce(automation, state, event, now)
    state = note_neutral(automation, state, event, now)
    return tell_step(automation, state, event, now)


def _is_text(wanted: Wanted | None) -> bool:
    return isinstance(wanted, Perform) and isinstance(wanted.effect, SendSms)
