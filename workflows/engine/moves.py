"""Moving a lead along the steps, and putting what is wanted next into the state."""

from __future__ import annotations

from datetime import datetime

from workflows.engine.automation import Automation
from workflows.engine.exits import ExitReason
from workflows.engine.lateness import with_due
from workflows.engine.replies import REPLY_WAITS
from workflows.engine.state import (
    Close,
    Decision,
    Hold,
    Perform,
    Resting,
    State,
    Wait,
    is_message,
)
from workflows.engine.steps.base import Do, Finish, Go, Moment, Move, Sleep, SleepUntil

MOST_HOPS = 100
"""How many steps a lead may pass without anything to wait for, unless there are more of them."""


def moment_of(state: State, now: datetime) -> Moment:
    """What the present step may look at."""
    return Moment(
        enrollment=state.enrollment,
        entry=state.entry,
        visit=state.visits.get(state.step, 1),
        now=now,
        window_ends=state.window_ends,
        values=state.values,
        events=frozenset(state.facts),
        sends=state.sends,
        visits=state.visits,
        texts=state.texts,
        no_texts=state.no_texts,
        semantics=state.semantics,
    )


def enter(automation: Automation, state: State, step_id: str | None, now: datetime) -> State:
    """Put the lead at a step, and on through the steps that need no waiting."""
    through_all = len(automation.steps) + 1  # and off the end
    most = MOST_HOPS if state.semantics == 1 else max(MOST_HOPS, through_all)
    for _ in range(most):
        step = automation.step(step_id) if step_id else None
        if not step:
            return close(state, ExitReason.COMPLETED, now)
        visits = state.visits | {step.id: state.visits.get(step.id, 0) + 1}
        arrived = {"step": step.id, "visits": visits, "interrupted": None, "unheard": None}
        state = state.model_copy(update=arrived)
        move = step.enter(moment_of(state, now))
        if not isinstance(move, Go):
            return _take(state, move, now)
        state = _note_move(state, move, now)
        step_id = move.target or automation.after(step.id)
    why = f"{most} steps in a row without a wait: the automation loops"
    stuck = Wait(kind="wait", serial=0, summary="Loop without a wait")
    held = Hold(cause="attention", since=now, reason=why, suspended=stuck)
    return put(state.model_copy(update={"hold": held}), stuck, now)


def follow(automation: Automation, state: State, move: Move, now: datetime) -> State:
    """Carry out what a step decided on news."""
    if not isinstance(move, Go):
        return _take(state, move, now)
    state = _note_move(state, move, now)
    return enter(automation, state, move.target or automation.after(state.step), now)


def reconsider(automation: Automation, state: State, now: datetime) -> State:
    """Let the step at which a lead rests look again at what is known of the lead."""
    rests = isinstance(state.wanted, Wait) and not state.hold and not state.interrupted
    step = automation.step(state.step) if rests else None
    move = step.reconsider(moment_of(state, now)) if step else None
    return follow(automation, state, move, now) if move else state


def close(state: State, reason: ExitReason, now: datetime, cause: str = "") -> State:
    """Want the end, whatever was wanted before."""
    if isinstance(state.wanted, Close):
        return state
    serial = state.serial + 1
    wanted = Close(
        kind="close", serial=serial, reason=reason, at=now, cause=cause, events=state.unrecorded
    )
    changes = {"wanted": wanted, "serial": serial, "hold": None, "unrecorded": ()}
    return state.model_copy(update=changes)


def put(state: State, wanted: Resting, now: datetime) -> State:
    """Want this next, under a new serial number.

    A message to a lead that is out of office waits for the return, and one to a lead whose reply
    is to be judged waits for that; a wait never outlasts the engagement window.
    """
    if isinstance(wanted, Perform) and is_message(wanted) and state.reply_waits:
        return _wait_for_decision(state, wanted, now)
    if isinstance(wanted, Perform) and is_message(wanted) and state.away_until:
        return _wait_for_return(state, wanted, now)
    serial = state.serial + 1
    wanted = with_due(state, wanted) if isinstance(wanted, Perform) else wanted
    wanted = wanted.model_copy(update={"serial": serial})
    if isinstance(wanted, Wait):
        wanted = _within_window(state, wanted)
    return state.model_copy(update={"wanted": wanted, "serial": serial})


def _wait_for_return(state: State, wanted: Perform, now: datetime) -> State:
    until = state.away_until
    hold = Hold(cause="away", since=now, reason="out of office", until=until, suspended=wanted)
    rest = Wait(kind="wait", serial=0, until=until, ends="hold", summary="Out of office")
    return put(state.model_copy(update={"hold": hold}), rest, now)


def _wait_for_decision(state: State, wanted: Perform, now: datetime) -> State:
    held = Hold(cause="gate", since=now, reason=REPLY_WAITS, suspended=wanted)
    rest = Wait(kind="wait", serial=0, ends="hold", summary=f"Held: {REPLY_WAITS}")
    return put(state.model_copy(update={"hold": held}), rest, now)


def _within_window(state: State, wait: Wait) -> Wait:
    ends = state.window_ends
    if ends is None or (wait.until is not None and wait.until <= ends):
        return wait
    return wait.model_copy(update={"until": ends, "ends": "window", "would_end": wait.until})


def _take(state: State, move: Do | Sleep | SleepUntil | Finish, now: datetime) -> State:
    if isinstance(move, Do):
        perform = Perform.model_validate(
            {"kind": "perform", "serial": 0, "effect": move.effect, "summary": move.summary}
        )
        return put(state, perform, now)
    if isinstance(move, Sleep | SleepUntil):
        until = move.until if isinstance(move, SleepUntil) else now + move.lasting
        state = state.noting(Decision(at=now, step=state.step, what=move.summary))
        return put(state, Wait(kind="wait", serial=0, until=until, summary=move.summary), now)
    if move.why:
        state = state.noting(Decision(at=now, step=state.step, what="done", why=move.why))
    return close(state, move.reason, now)


def _note_move(state: State, move: Go, now: datetime) -> State:
    if not move.why:
        return state
    what = f"go to {move.target}" if move.target else "go on"
    return state.noting(Decision(at=now, step=state.step, what=what, why=move.why))
