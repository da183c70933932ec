"""Leads handed over to another tool: it is told whenever it must stop, or may go on, mailing."""

from __future__ import annotations

from workflows.engine.automation import Automation
from workflows.engine.state import Close, State

STEER = "steer_handover"


def tell_the_other_tool(automation: Automation, before: State, after: State) -> State:
    """Ask for the lead to be stopped there when it leaves the step or is held at it.

    Told is also a tool that may not have the lead yet: an attempt to hand it over may be under
    way. An exit is not told here: the closed entry stops the lead, also without this workflow.
    """
    was_at, is_at = _place(automation, before), _place(automation, after)
    if not was_at or isinstance(after.wanted, Close) or after.exit:
        return after
    if was_at != is_at:
        return _asking(after, was_at, "end")
    was_held, is_held = _is_held(before), _is_held(after)
    if was_held == is_held:
        return after
    return _asking(after, was_at, "pause" if is_held else "go")


def _place(automation: Automation, state: State) -> str:
    """The visit of a handover step that the lead is on; empty at any other step."""
    step = automation.step(state.step)
    if step is None or step.kind != "outreach_handover":
        return ""
    visit = state.visits.get(state.step, 0)
    return f"{state.enrollment}/{state.entry}/{state.step}/{visit}"


def _is_held(state: State) -> bool:
    """Held by a person or for one; the gate's own holds keep the lead from being handed over."""
    return state.hold is not None and state.hold.cause in ("paused", "attention")


def _asking(state: State, place: str, what: str) -> State:
    """By the serial number, so that the last word counts whatever the order of arrival."""
    key = f"{place}/{state.serial}-{what}/{STEER}"
    return state.model_copy(update={"writebacks": (*state.writebacks, key)})
