"""What is heard while a lead is under way, and ends nothing.

The present step is told of an event; absences and malformed signals are noted.
"""

from __future__ import annotations

from datetime import datetime, timedelta

from workflows.engine import holds
from workflows.engine.automation import Automation
from workflows.engine.events import REVIEW_DECIDED, Event, Malformed, read_return
from workflows.engine.moves import follow, moment_of, put
from workflows.engine.replies import ReplyClass, class_told, is_neutral, verdict_of
from workflows.engine.state import Decision, Perform, State, Wait, is_message


def tell_step(automation: Automation, state: State, event: Event, now: datetime) -> State:
    """What the present step makes of an event."""
    step = automation.step(state.step)
    move = step.resume(moment_of(state, now), event) if step else None
    if event.kind == REVIEW_DECIDED and not move:
        return holds.cause_removed(automation, state, now)  # perhaps the gate held for it
    if move and (state.hold or not isinstance(state.wanted, Wait)):
        # Not now, but not lost either: the step hears of it when it goes on.
        return state.model_copy(update={"unheard": state.unheard or event})
    return follow(automation, state, move, now) if move else state


def note_absence(automation: Automation, state: State, event: Event, now: datetime) -> State:
    """Out of office: no message until the return date, or for a while if none was given.

    It is no reply (it does not exit), and the steps' clocks run on; only messages are held.
    """
    otherwise = (
        automation.campaign.out_of_office.otherwise if automation.campaign else timedelta(days=14)
    )
    until = read_return(event.data) or now + otherwise
    why = f"until {until.date().isoformat()}"
    state = state.noting(Decision(at=now, step=state.step, what="out of office", why=why))
    state = state.model_copy(update={"away_until": until})
    if isinstance(state.wanted, Perform) and is_message(state.wanted):
        return put(state, state.wanted, now)
    return state


def note_class(state: State, event: Event) -> State:
    """What the lead's last reply was read as, if the event says so."""
    told = class_told(event)
    return state.model_copy(update={"reply_class": told.value}) if told else state


def note_neutral(automation: Automation, state: State, event: Event, now: datetime) -> State:
    """A reply that says neither yes nor no: a campaign sends nothing before a decision."""
    if not (is_neutral(event) and automation.campaign):
        return state
    state = state.model_copy(update={"reply_waits": True})
    if isinstance(state.wanted, Perform) and is_message(state.wanted):
        return put(state, state.wanted, now)
    return state


def note_decision(automation: Automation, state: State, event: Event, now: datetime) -> State:
    """Somebody has looked at the reply again, and it ends nothing here."""
    decided = verdict_of(event) or class_told(event) is ReplyClass.OOO
    if not decided:
        return state
    state = state.model_copy(update={"reply_waits": False})
    return holds.cause_removed(automation, state, now)


def note_malformed(state: State, news: Malformed, now: datetime) -> State:
    """A signal of no known shape: counted, and kept for the ledger."""
    why = f"{news.name}: {news.problem}"[:200]
    state = state.noting(Decision(at=now, step=state.step, what="malformed signal", why=why))
    return state.model_copy(
        update={
            "malformed": state.malformed + 1,
            "unrecorded": (*state.unrecorded, news.event),
        }
    )
