"""What deleting a step of an automation does to the others. Pure: the text is edited elsewhere."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from starters.definitions.step_graph import Ways, reached, ways_on
from workflows.engine.automation import Automation


class CannotDelete(ValueError):
    """The step cannot be deleted like that; the message says why, and what can be done."""


class WhichBranch(CannotDelete):
    """Several ways lead on from the step, and nobody has said which one survives."""

    def __init__(self, step: str, ways: tuple[str, ...]) -> None:
        one_of = " or ".join(f"--keep {way}" for way in ways)
        super().__init__(
            f"step {step!r}: {len(ways)} ways lead on from it; say which one survives: {one_of} "
            "(the steps that only the others lead to are removed)"
        )
        self.ways = ways


@dataclass(frozen=True, slots=True)
class Aim:
    """A field of a surviving step that names another step from now on (``was`` None: new)."""

    step: str
    field: str
    was: str | None
    now: str


@dataclass(frozen=True, slots=True)
class Deletion:
    """What goes and what is aimed anew. ``end`` is the id of an end put in the step's place;
    ``stays`` are steps after the deleted one that other ways lead to as well.
    """

    step: str
    removed: tuple[str, ...]
    aims: tuple[Aim, ...]
    end: str | None
    stays: tuple[str, ...]


def connect_to_next(automation: Automation, step: str, keep: str | None) -> Deletion:
    """Delete a step; whoever came to it comes to the one that follows.

    Raises:
        CannotDelete: WhichBranch, or it is not possible.
    """
    ways = _known(automation, step)
    onward = tuple(dict.fromkeys(way for way in ways[step] if way != step))
    if keep is not None and keep not in onward:
        there = ", ".join(onward) or "none"
        raise CannotDelete(f"--keep {keep}: is no way on from step {step!r}; the ways: {there}")
    if len(onward) > 1 and keep is None:
        raise WhichBranch(step, onward)
    follower = keep or next(iter(onward), None)
    instead = (follower,) if follower else ()
    around = {
        one: tuple(to for way in on for to in (instead if way == step else (way,)))
        for one, on in ways.items()
    }
    first = automation.steps[0].id
    start = follower if first == step else first
    return _deletion(automation, step, follower, reached(around, start) if start else set())


def remove_all(automation: Automation, step: str) -> Deletion:
    """Delete a step and all that only it leads to; whoever came to it is done.

    Raises:
        CannotDelete: it is the first step.
    """
    ways = _known(automation, step)
    if automation.steps[0].id == step:
        raise CannotDelete(
            f"step {step!r} is the first one: nothing would be left; archive the automation instead"
        )
    cut = {one: tuple(way for way in on if way != step) for one, on in ways.items()}
    return _deletion(automation, step, None, reached(cut, automation.steps[0].id))


def outcome(automation: Automation, deletion: Deletion) -> dict[str, Any]:
    """The definition as it must be afterwards, as JSON: to prove an edited text by.

    Leaves out what stands at its default.
    """
    whole: dict[str, Any] = automation.model_dump(mode="json", by_alias=True, exclude_defaults=True)
    steps = []
    for written in whole["steps"]:
        if written["id"] == deletion.step and deletion.end:
            steps.append({"id": deletion.end, "kind": "end"})
        if written["id"] not in deletion.removed:
            aims = [aim for aim in deletion.aims if aim.step == written["id"]]
            for aim in aims:
                _put(written, aim)
            steps.append(written)
    return whole | {"steps": steps}


def _put(written: dict[str, Any], aim: Aim) -> None:
    place: Any = written
    *way, last = aim.field.split(".")
    for part in way:
        place = place[int(part) - 1] if part.isdigit() else place[part]
    place[last] = aim.now


def _known(automation: Automation, step: str) -> Ways:
    if automation.step(step) is None:
        there = ", ".join(one.id for one in automation.steps)
        raise CannotDelete(f"there is no step {step!r}; the steps are: {there}")
    return ways_on(automation)


def _deletion(automation: Automation, step: str, follower: str | None, left: set[str]) -> Deletion:
    """``left`` is what leads still come to once the step is gone."""
    ways = ways_on(automation)
    before = reached(ways, automation.steps[0].id)
    gone = {one.id for one in automation.steps if one.id in before and one.id not in left} | {step}
    kept = [one.id for one in automation.steps if one.id not in gone]
    if not kept:
        raise CannotDelete(f"step {step!r}: no step would be left; archive the automation instead")
    _object_to_idle_steps(automation, step, gone)
    if automation.steps[0].id in gone and kept[0] != follower:
        raise CannotDelete(
            f"step {step!r} is the first one, and {follower!r} follows it but is not next in the "
            "file: move that step up, then delete"
        )
    end = _end_for(automation, step, follower, gone)
    if end and automation.steps[_place(automation, step)].ends:
        raise CannotDelete(f"step {step!r} is the end of a way that leads to it: it must stay")
    aims = (
        *_named_anew(automation, step, follower or end, gone),
        *_sent_on(automation, step, follower, gone),
    )
    downstream = reached(ways, step) if follower is None else set()
    stays = tuple(one for one in kept if one in downstream)
    removed = tuple(one.id for one in automation.steps if one.id in gone)
    return Deletion(step, removed, aims, end, stays)


def _end_for(automation: Automation, step: str, follower: str | None, gone: set[str]) -> str | None:
    """The id of an end to put in the step's place, if whoever came to it is done and must be told.

    Who fell through to a last step needs none.
    """
    if follower is not None:
        return None
    named = any(
        target == step
        for one in automation.steps
        if one.id not in gone
        for _, target in one.targets()
    )
    more_below = any(one.id not in gone for one in automation.steps[_place(automation, step) :])
    if not named and not (more_below and _before(automation, step, gone)):
        return None
    taken = {one.id for one in automation.steps}
    names = ("end", *(f"end-{number}" for number in range(2, 300)))
    return next(name for name in names if name not in taken)


def _object_to_idle_steps(automation: Automation, step: str, gone: set[str]) -> None:
    for one in automation.steps:
        for _, target in one.targets() if one.id not in gone else ():
            if target in gone and target != step:
                raise CannotDelete(
                    f"step {one.id!r}, which no lead comes to, names {target!r}, which would go "
                    f"with {step!r}: delete {one.id!r} first"
                )


def _named_anew(
    automation: Automation, step: str, now: str | None, gone: set[str]
) -> Iterator[Aim]:
    """Every field that named the deleted step."""
    for one in automation.steps:
        for field, target in one.targets() if one.id not in gone else ():
            if target == step and now:
                yield Aim(one.id, field, step, now)


def _sent_on(
    automation: Automation, step: str, follower: str | None, gone: set[str]
) -> Iterator[Aim]:
    """The step above needs a ``next`` if it does not fall through to the follower by itself."""
    above = _before(automation, step, gone)
    below = [one.id for one in automation.steps[_place(automation, step) :] if one.id not in gone]
    if above and follower and below[:1] != [follower]:
        yield Aim(above, "next", None, follower)


def _before(automation: Automation, step: str, gone: set[str]) -> str | None:
    """The surviving step right above, if leads fall through from it to the deleted one."""
    place = _place(automation, step)
    above = automation.steps[place - 1] if place else None
    if above is None or above.id in gone or above.next or not above.goes_on:
        return None
    return above.id


def _place(automation: Automation, step: str) -> int:
    return [one.id for one in automation.steps].index(step)
