"""Being behind the plan: a timer that fired long after its time, or a hold that nobody planned.

What was planned (a send window, a slot) makes no message late; outages and halts do. Until the
next wait of a step, messages carry along since when they are due, and the gate decides by that.
"""

from __future__ import annotations

from datetime import datetime, timedelta

from workflows.engine.effects import SendEmail, SendSms
from workflows.engine.state import Hold, Perform, State, Wait

PUNCTUAL = timedelta(minutes=1)
"""Timers fire a little late even when all is well; so little is not worth a word in a history."""


def note_lateness(state: State, wait: Wait, now: datetime) -> State:
    """Whether the end of this wait comes late. One that is on time catches up, unless it only
    ends a hold: what was late before the hold is late after it."""
    planned = wait.until
    if planned is not None and now - planned > PUNCTUAL:
        since = min(state.late_since or planned, planned) if wait.ends == "hold" else planned
        return state.model_copy(update={"late_since": since})
    if wait.ends == "hold" or state.late_since is None:
        return state
    return state.model_copy(update={"late_since": None})


def note_unplanned_hold(state: State, held: Hold, now: datetime) -> State:
    """The end of a hold of the gate that had no time: what it held was due when it began."""
    unplanned = held.cause == "gate" and held.until is None and isinstance(held.suspended, Perform)
    if not unplanned or now - held.since <= PUNCTUAL:
        return state
    since = min(state.late_since or held.since, held.since)
    return state.model_copy(update={"late_since": since})


def with_due(state: State, wanted: Perform) -> Perform:
    """The effect, told since when it is due if it is a message and late."""
    effect = wanted.effect
    if not isinstance(effect, SendEmail | SendSms) or effect.due == state.late_since:
        return wanted
    return wanted.model_copy(update={"effect": effect.model_copy(update={"due": state.late_since})})
