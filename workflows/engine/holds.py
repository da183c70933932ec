"""Holding a lead in place and letting it go on: pause, attention, the gate's holds, soft bounces.

A hold suspends what was wanted and goes on with exactly that afterwards: nothing is skipped, and
an effect is asked for again under the same key, so that it cannot happen twice.
"""

from __future__ import annotations

from datetime import datetime

from workflows.engine.automation import Automation
from workflows.engine.durations import write_duration
from workflows.engine.effects import Outcome
from workflows.engine.events import Event
from workflows.engine.exits import ExitReason
from workflows.engine.lateness import note_unplanned_hold
from workflows.engine.moves import close, enter, follow, moment_of, put
from workflows.engine.state import (
    Close,
    Decision,
    Hold,
    HoldCause,
    Order,
    Perform,
    State,
    Wait,
)

SENT_AGAIN = "send again"
"""What the timeline says of a mail that an operator had sent once more."""


def hold(
    state: State, cause: HoldCause, reason: str, now: datetime, until: datetime | None = None
) -> State:
    """Stand still for ``cause``, at most ``until`` if given; stop events still act."""
    suspended = state.hold.suspended if state.hold else state.wanted
    if suspended is None or isinstance(suspended, Close):
        return state
    held = Hold(cause=cause, since=now, reason=reason, until=until, suspended=suspended)
    why = f"{reason}, until {until.isoformat(timespec='seconds')}" if until else reason
    what = {"attention": "needs attention", "gate": "held"}.get(cause, cause.replace("_", " "))
    state = state.noting(Decision(at=now, step=state.step, what=what, why=why))
    state = state.model_copy(update={"hold": held})
    summary = f"{what.capitalize()}: {why}"[:200]
    return put(state, Wait(kind="wait", serial=0, until=until, ends="hold", summary=summary), now)


def release(automation: Automation, state: State, why: str, now: datetime) -> State:
    """Go on with what the hold suspended."""
    held = state.hold
    if not held:
        return state
    state = state.noting(Decision(at=now, step=state.step, what="goes on", why=why))
    state = note_unplanned_hold(state, held, now)
    state = _back_from_absence(state.model_copy(update={"hold": None}), held)
    if isinstance(held.suspended, Perform):
        return put(state, held.suspended, now)
    if held.suspended.until is None:
        return enter_again(automation, state, now)  # a loop: perhaps it has a way out by now
    return _hear_at_last(automation, state, now) or put(state, held.suspended, now)


def _back_from_absence(state: State, held: Hold) -> State:
    """No longer away, unless a later return was announced meanwhile."""
    away = state.away_until
    if held.cause != "away" or (away and held.until and away > held.until):
        return state
    return state.model_copy(update={"away_until": None})


def _hear_at_last(automation: Automation, state: State, now: datetime) -> State | None:
    """Act on the event that came while the step could not, or on what it can know by now.

    None if that moves the lead nowhere.
    """
    step, moment = automation.step(state.step), moment_of(state, now)
    if step is None:
        return None
    heard = step.resume(moment, state.unheard) if state.unheard else None
    move = heard or step.reconsider(moment)
    return follow(automation, state, move, now) if move else None


def heard_meanwhile(automation: Automation, before: State, after: State, now: datetime) -> State:
    """Act on what came while a step's effect was in flight, if the step waits for it now."""
    waits = isinstance(after.wanted, Wait) and not after.hold
    if not waits or after.visits != before.visits:
        return after
    return _hear_at_last(automation, after, now) or after


def park(state: State, reason: str, now: datetime) -> State:
    """An effect cannot be done: wait for an operator's ``retry`` or ``skip``."""
    return hold(state, "attention", reason, now)


def hold_by_gate(state: State, outcome: Outcome, now: datetime) -> State:
    """The gate said not now: until a time, or until a cause is removed."""
    if state.wanted and state.released == state.wanted.serial and isinstance(state.wanted, Perform):
        return put(state, state.wanted, now)  # removed while the answer was on its way: ask again
    return hold(state, "gate", outcome.cause, now, outcome.until)


def cause_removed(automation: Automation, state: State, now: datetime) -> State:
    """What the gate held for is gone. Its answer "held" may still be on its way."""
    if state.hold and state.hold.cause == "gate":
        return release(automation, state, "the cause was removed", now)
    if isinstance(state.wanted, Perform):
        return state.model_copy(update={"released": state.wanted.serial})
    return state


def note_soft_bounce(automation: Automation, state: State, event: Event, now: datetime) -> State:
    """A soft bounce: the bounced step's mail is due again; too many are an exit."""
    state = state.model_copy(update={"soft_bounces": state.soft_bounces + 1})
    campaign = automation.campaign
    if campaign is None or "bounce" not in automation.stops_on:
        return state
    if state.soft_bounces > campaign.soft_bounces.retries:
        return close(state, ExitReason.EMAIL_BOUNCED, now, event.id)
    step = automation.step(str(event.data.get("step") or ""))
    if not step or step.kind != "send_email" or step.id not in state.visits:
        return state  # nothing of ours that could be sent again
    return state.model_copy(update={"resend": step.id})


def interrupt_to_resend(automation: Automation, state: State, now: datetime) -> State:
    """Interrupt a wait for a softly bounced mail, once nothing else is going on."""
    waiting = isinstance(state.wanted, Wait) and not state.hold and not state.interrupted
    if not state.resend or not waiting or not automation.campaign:
        return state
    after = automation.campaign.soft_bounces.after
    why = f"again in {write_duration(after)}"
    state = state.noting(Decision(at=now, step=state.resend, what="soft bounce", why=why))
    state = state.model_copy(update={"interrupted": state.wanted})
    summary = f"Soft bounce: {why}"
    rest = Wait(kind="wait", serial=0, until=now + after, ends="resend", summary=summary)
    return put(state, rest, now)


def resend(automation: Automation, state: State, now: datetime) -> State:
    """Send the bounced mail again, as a new visit of its step."""
    step = automation.step(state.resend)
    if not step:
        return take_up_again(automation, state, now)
    visits = state.visits | {step.id: state.visits.get(step.id, 0) + 1}
    there = state.model_copy(update={"step": step.id, "visits": visits})
    move = step.enter(moment_of(there, now))
    return follow(automation, state.model_copy(update={"visits": visits}), move, now)


def take_up_again(automation: Automation, state: State, now: datetime) -> State:
    """Go on with the wait that a resend interrupted; the resend may have moved the window."""
    waited = state.interrupted
    state = state.model_copy(update={"interrupted": None, "resend": ""})
    if waited and waited.ends == "window":
        own = {"until": waited.would_end, "ends": "step", "would_end": None}
        waited = waited.model_copy(update=own)
    heard = _hear_at_last(automation, state, now)
    return heard or (put(state, waited, now) if waited else state)


def obey(automation: Automation, state: State, order: Order, now: datetime) -> State:
    """Carry out an operator's order that ``objection`` has let pass."""
    why = " ".join(part for part in (order.by, order.reason) if part)
    if order.verb == "remove":
        return close(state, ExitReason.MANUALLY_REMOVED, now)
    if order.verb == "pause":
        return hold(state, "paused", why or "by an operator", now)
    if order.verb == "resume":
        return release(automation, state, why or "resumed", now)
    if order.verb == "resend":
        state = state.noting(Decision(at=now, step=order.target, what=SENT_AGAIN, why=why))
        asked = {"resend": order.target, "interrupted": state.wanted}
        return resend(automation, state.model_copy(update=asked), now)
    # Whoever orders the lead on has looked at it: what comes now is due now.
    state = state.model_copy(update={"hold": None, "late_since": None}).noting(
        Decision(at=now, step=state.step, what=order.verb.replace("_", " "), why=why)
    )
    if order.verb == "retry":
        again = resend if state.interrupted else enter_again
        return again(automation, state, now)
    if order.verb == "skip" and state.interrupted:
        return take_up_again(automation, state, now)
    if state.interrupted:
        state = state.model_copy(update={"resend": ""})  # it may have left: not a second time
    target = order.target if order.verb == "move_to" else automation.after(state.step)
    return enter(automation, state, target, now)


def enter_again(automation: Automation, state: State, now: datetime) -> State:
    """A new visit of the present step."""
    return enter(automation, state, state.step, now)


def objection(automation: Automation, state: State, order: Order) -> str:
    """Why an order cannot be carried out now; empty if it can. Never changes anything."""
    return objection_to_place(state, order.step, order.visit) or _objection_to_verb(
        automation, state, order
    )


def objection_to_place(state: State, step: str, visit: int) -> str:
    """Why the visit that an operator looked at is not the present one; empty if it is."""
    if state.exit or isinstance(state.wanted, Close):
        return f"the enrollment has ended: {state.exit or 'it is closing'}"
    if step and step != state.step:
        return f"the lead is at step {state.step!r}, not {step!r}: look again, then repeat"
    present = state.visits.get(state.step, 0)
    if visit and visit != present:
        return f"the lead is on visit {present} of {state.step!r}, not {visit}"
    return ""


def _objection_to_resend(automation: Automation, state: State, target: str) -> str:
    step = automation.step(target)
    if not step or step.kind != "send_email" or target not in state.visits:
        return f"the lead has got no mail of a step {target!r}"
    if state.hold or state.interrupted or not isinstance(state.wanted, Wait):
        return "the lead is not at rest: try again once it waits, and is neither held nor paused"
    return ""


def _objection_to_verb(automation: Automation, state: State, order: Order) -> str:
    if order.verb == "resend":
        return _objection_to_resend(automation, state, order.target)
    cause = state.hold.cause if state.hold else None
    if order.verb == "pause" and cause == "paused":
        return "the enrollment is paused already"
    if order.verb == "resume" and cause != "paused":
        return "the enrollment is not paused"
    if order.verb == "retry" and cause != "attention":
        return "nothing needs attention here, so there is nothing to retry"
    if order.verb == "move_to" and not automation.step(order.target):
        known = ", ".join(step.id for step in automation.steps)
        return f"there is no step {order.target!r}; the steps are: {known}"
    return ""
