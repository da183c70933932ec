"""Moving a lead in flight to another version of its automation. Pure.

A step that both versions have keeps its lead, and the lead its wait; from the next step on the
new version counts. Visits count on, so that no effect is asked for twice under one key.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Literal

from pydantic import JsonValue

from workflows.engine import holds
from workflows.engine.automation import Automation
from workflows.engine.base import Frozen
from workflows.engine.moves import enter, moment_of, put, reconsider
from workflows.engine.state import Close, Decision, Hold, Perform, State, Wait
from workflows.engine.steps.base import Do


class Place(Frozen):
    """Where a lead stood before it was moved, to go back to: its step, and its wait or hold."""

    step: str
    wanted: Wait | None = None
    hold: Hold | None = None


class Migration(Frozen):
    """The version to move to. ``renamed`` maps old step ids to new ones; ``values`` are the lead
    fields that the new version's conditions name; with ``back`` the lead returns to a place.
    """

    version: int
    definition: Automation
    renamed: dict[str, str] = {}
    values: dict[str, JsonValue] = {}
    back: Place | None = None


@dataclass(frozen=True, slots=True)
class Landing:
    """Where a lead at a step comes to: it keeps its step, moves on to another, or is lost."""

    how: Literal["keeps", "moves", "lost"]
    step: str = ""
    why: str = ""


def landing(old: Automation, new: Automation, step: str, renamed: Mapping[str, str]) -> Landing:
    """Where a lead that stands at ``step`` of the old version comes to in the new one."""
    here, target = old.step(step), renamed.get(step, step)
    there = new.step(target)
    if here and there and here.kind == there.kind:
        same = here.model_copy(update={"id": there.id, "name": there.name}) == there
        called = f"called {target!r} there" if target != step else ""
        changed = "" if same else "changed there: its present wait ends as it began"
        return Landing("keeps", target, "; ".join(part for part in (called, changed) if part))
    if there:
        why = "as the map says" if step in renamed else f"of kind {there.kind} there: entered anew"
        return Landing("moves", target, why)
    onward = _next_surviving(old, new, step, renamed) if here else None
    if onward is None:
        return Landing("lost", "", "not there, and no step that follows it is")
    return Landing("moves", onward, "not there: on to the next step that is")


def _next_surviving(
    old: Automation, new: Automation, step: str, renamed: Mapping[str, str]
) -> str | None:
    seen, one = {step}, old.after(step)
    while one is not None and one not in seen:
        found, before = new.step(renamed.get(one, one)), old.step(one)
        if found:
            return found.id
        if before is None or before.ends:
            return None
        seen.add(one)
        one = old.after(one)
    return None


def objection(old: Automation, state: State, migration: Migration) -> str:
    """Why a lead cannot be moved now; empty if it can. Never changes anything."""
    new = migration.definition
    if (new.id, new.center, new.lane) != (old.id, old.center, old.lane):
        return "the version is of another automation, center or lane: leads cannot move there"
    if state.resend or state.interrupted:
        return "a bounced mail is about to be sent again: try again when that is over"
    if migration.back:
        gone = new.step(migration.back.step) is None or isinstance(state.wanted, Perform)
        return "it cannot go back: its step is being carried out, or is not there" if gone else ""
    place = landing(old, new, state.step, migration.renamed)
    if place.how == "lost":
        return f"step {state.step!r} is {place.why}: say where to with --map {state.step}=STEP"
    if isinstance(state.wanted, Perform) and old.step(state.step) != new.step(state.step):
        return f"step {state.step!r} is being carried out: try again in a moment"
    suspended = state.hold.suspended if state.hold else None
    if place.how == "keeps" and place.step != state.step and isinstance(suspended, Perform):
        return f"step {state.step!r} is held half done, under that name: retry or skip it first"
    return ""


def migrate(old: Automation, state: State, migration: Migration, now: datetime) -> State:
    """The state in the new version. ``objection`` has let it pass."""
    new = migration.definition
    place = landing(old, new, state.step, migration.renamed)
    looked_at = new.fields_looked_at
    values = {k: v for k, v in (state.values | migration.values).items() if k in looked_at}
    why = place.why if not migration.back else f"back at {migration.back.step!r}"
    state = state.model_copy(
        update={"values": values, "window_ends": _window(old, new, state)}
    ).noting(
        Decision(at=now, step=state.step, what=f"moved to version {migration.version}", why=why)
    )
    if migration.back:
        return _go_back(state, migration.back, now)
    if place.how == "moves":
        return _move_on(new, state, place.step, now)
    return reconsider(new, _keep(old, new, state, place.step, now), now)


def place_of(state: State) -> Place:
    """Where a lead stands, to be written down before it is moved."""
    wanted = state.wanted if isinstance(state.wanted, Wait) else None
    return Place(step=state.step, wanted=wanted, hold=state.hold)


def _window(old: Automation, new: Automation, state: State) -> datetime | None:
    """The engagement window, longer or shorter by what its length differs."""
    after = new.campaign.engagement_window if new.campaign else None
    before = old.campaign.engagement_window if old.campaign else None
    if after is None:
        return None
    if state.window_ends is None or before is None:
        return state.enrolled_at + after
    return state.window_ends + (after - before)


def _go_back(state: State, back: Place, now: datetime) -> State:
    state = state.model_copy(update={"step": back.step, "hold": back.hold, "unheard": None})
    wait = back.wanted or Wait(kind="wait", serial=0, summary="Back")
    return put(state, _own(wait, state), now)


def _move_on(new: Automation, state: State, step: str, now: datetime) -> State:
    """On to another step; who was paused stays paused there."""
    paused = state.hold if state.hold and state.hold.cause == "paused" else None
    state = enter(new, state.model_copy(update={"hold": None}), step, now)
    if paused and not isinstance(state.wanted, Close) and not state.hold:
        return holds.hold(state, "paused", paused.reason, now)
    return state


def _keep(old: Automation, new: Automation, state: State, step: str, now: datetime) -> State:
    visits = dict(state.visits)
    if step != state.step:
        visits[step] = max(visits.get(step, 0), visits.get(state.step, 0))
    state = state.model_copy(update={"step": step, "visits": visits})
    if state.hold:
        held = state.hold.model_copy(update={"suspended": _made_anew(new, state, now)})
        state = state.model_copy(update={"hold": held})
    before = old.campaign.engagement_window if old.campaign else timedelta(0)
    after = new.campaign.engagement_window if new.campaign else timedelta(0)
    if isinstance(state.wanted, Wait) and before != after:
        return put(state, _own(state.wanted, state), now)
    return state


def _made_anew(new: Automation, state: State, now: datetime) -> Perform | Wait:
    """What a hold suspends, as the new version has it; an effect stays under its key."""
    assert state.hold
    suspended, step = state.hold.suspended, new.step(state.step)
    if isinstance(suspended, Wait):
        own = state.model_copy(update={"hold": None})
        return _own(suspended, own)
    move = step.enter(moment_of(state, now)) if step else None
    if not isinstance(move, Do) or getattr(move.effect, "key", "") != suspended.effect.key:
        return suspended
    made = {"effect": move.effect, "summary": move.summary}
    return Perform.model_validate(suspended.model_dump() | made)


def _own(wait: Wait, state: State) -> Wait:
    """The wait as it would be without the engagement window that cut it short."""
    if wait.ends != "window":
        return wait
    ends = "hold" if state.hold else "step"
    return wait.model_copy(update={"until": wait.would_end, "ends": ends, "would_end": None})
