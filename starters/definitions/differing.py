"""How two definitions of an automation differ, in words: steps, and everything around them."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Literal

from pydantic import JsonValue

from workflows.engine.automation import Automation

Change = Literal["added", "removed", "changed", "moved"]
LONGEST = 80


@dataclass(frozen=True, slots=True)
class Difference:
    """One thing that differs: a step, or a setting around the steps; ``how`` is in words."""

    change: Change
    what: str
    how: str = ""


def differences(old: Automation, new: Automation) -> list[Difference]:
    """Everything that differs: first the settings, then the steps in the order of the new one."""
    left, right = _dumped(old), _dumped(new)
    found = [
        Difference(change, name.replace("/", "."), how)
        for change, name, how in _settings(left | {"steps": None}, right | {"steps": None})
    ]
    before = {step.id: step.model_dump(mode="json", by_alias=True) for step in old.steps}
    after = {step.id: step.model_dump(mode="json", by_alias=True) for step in new.steps}
    kinds = {step.id: step.kind for step in (*old.steps, *new.steps)}
    found += [
        Difference("removed", f"step {name} ({kinds[name]})")
        for name in before
        if name not in after
    ]
    moved = _moved([name for name in before if name in after], [n for n in after if n in before])
    for name in after:
        found += _of_step(f"step {name} ({kinds[name]})", before.get(name), after[name])
        if name in moved:
            found.append(Difference("moved", f"step {name}", f"it now follows {moved[name]}"))
    return found


def _dumped(automation: Automation) -> dict[str, JsonValue]:
    dumped: dict[str, JsonValue] = automation.model_dump(mode="json", by_alias=True)
    return dumped


def _of_step(
    what: str, before: Mapping[str, JsonValue] | None, after: Mapping[str, JsonValue]
) -> Iterator[Difference]:
    if before is None:
        yield Difference("added", what)
        return
    said = [
        f"{name.replace('/', '.')} {how if change == 'changed' else f'{change}: {how}'}"
        for change, name, how in _settings(before, after)
    ]
    if said:
        yield Difference("changed", what, "; ".join(said))


def _settings(
    old: Mapping[str, JsonValue], new: Mapping[str, JsonValue], place: str = ""
) -> Iterator[tuple[Change, str, str]]:
    """(change, place, in words) for each value that differs, groups looked into."""
    for name in dict.fromkeys((*old, *new)):
        left, right = old.get(name), new.get(name)
        if left == right:
            continue
        if isinstance(left, dict) and isinstance(right, dict):
            yield from _settings(left, right, f"{place}{name}/")
        elif left is None:
            yield "added", f"{place}{name}", _short(right)
        elif right is None:
            yield "removed", f"{place}{name}", _short(left)
        else:
            yield "changed", f"{place}{name}", f"from {_short(left)} to {_short(right)}"


def _moved(before: list[str], after: list[str]) -> dict[str, str]:
    """Steps that are elsewhere among those that both have, and what they follow now."""
    moved = {}
    for name in after:
        if before and before[0] == name:
            before = before[1:]
        elif name in before:
            place = after.index(name)
            moved[name] = after[place - 1] if place else "the beginning"
            before = [one for one in before if one != name]
    return moved


def _short(value: JsonValue) -> str:
    text = str(value)
    return text if len(text) <= LONGEST else f"{text[: LONGEST - 1]}…"
