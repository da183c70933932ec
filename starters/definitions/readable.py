"""What can be read of an automation file that has mistakes, so that all are told at once.

A field that is unknown is left out. A step that cannot be read even so has a stand-in, by which a
lead may go wherever the step names a step; no finding may rest on it.
"""

from __future__ import annotations

import copy
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from pydantic import JsonValue, TypeAdapter, ValidationError

from starters.definitions.errors import path_of
from starters.definitions.strict_yaml import Document, Path
from workflows.engine.automation import Automation
from workflows.engine.conditions import Happened
from workflows.engine.steps import AnyStep
from workflows.engine.steps.branch import Arm, Branch

_STEP: TypeAdapter[AnyStep] = TypeAdapter(AnyStep)
_STAND_INS: Mapping[str, JsonValue] = {
    "id": "unread",
    "name": "unread",
    "trigger": {"kind": "manual"},
    "campaign": {"engagement_window": "1 day"},
}
_TRIES = 20
_MOST_ARMS = 20


@dataclass(frozen=True, slots=True)
class Readable:
    """The steps by their places, the whole if it can be put together, and who is a stand-in."""

    steps: Mapping[int, AnyStep]
    automation: Automation | None
    unread: frozenset[str] = frozenset()


def readable(document: Document, automation: Automation | None) -> Readable:
    """``automation`` itself if the file could be read, else what can be made of it."""
    if automation:
        return Readable(dict(enumerate(automation.steps)), automation)
    written = document.at(("steps",))
    listed = written if isinstance(written, list) else []
    ids = {str(one["id"]) for one in listed if isinstance(one, dict) and "id" in one}
    read = {place: step for place, one in enumerate(listed) if (step := _step(one, ids))}
    steps: list[AnyStep] = []
    unread: set[str] = set()
    for place, one in enumerate(listed):
        step = read.get(place)
        if step is None or not ids.issuperset(target for _, target in step.targets()):
            step = _stand_in(one, ids)
            if step is None:
                return Readable(read, None)
            unread.add(step.id)
        steps.append(step)
    return Readable(read, _whole(document, steps), frozenset(unread))


def _step(written: JsonValue, ids: set[str]) -> AnyStep | None:
    try:
        return _STEP.validate_python(written)
    except ValidationError as error:
        copied = copy.deepcopy(written)
        document = Document({"steps": [copied]}, {}, {})
        for detail in error.errors(include_url=False):
            place = path_of(("steps", 0, *detail["loc"]), document)
            # What is misspelt there may be a way to another step.
            if detail["type"] != "extra_forbidden" or ids & set(_texts(document.at(place))):
                return None
            _take_out(document, place)
    try:
        return _STEP.validate_python(copied)
    except ValidationError:
        return None


def _stand_in(written: JsonValue, ids: set[str]) -> AnyStep | None:
    if not isinstance(written, dict) or str(written.get("id")) not in ids:
        return None
    ways = sorted(ids & set(_texts({**written, "id": None}))) or [str(written["id"])]
    try:
        arms = tuple(Arm(when=Happened(event="unread"), go_to=way) for way in ways[:_MOST_ARMS])
        return Branch(id=str(written["id"]), kind="branch", arms=arms)
    except ValidationError:
        return None


def _whole(document: Document, steps: list[AnyStep]) -> Automation | None:
    """The automation with these steps; what else cannot be read of it is left out."""
    value = document.value
    head = {**value, "steps": None} if isinstance(value, dict) else {}
    head = copy.deepcopy(head)
    rest = Document(head, {}, {})
    for _ in range(_TRIES):
        try:
            return Automation.model_validate({**head, "steps": steps})
        except ValidationError as error:
            for detail in error.errors(include_url=False):
                if not _mend(rest, path_of(detail["loc"], rest), detail["type"]):
                    return None
    return None


def _mend(rest: Document, place: Path, kind: str) -> bool:
    """Take a mistake out of what is not a step; False if nothing can be made of it."""
    head: Any = rest.value
    name = place[0] if place else ""
    if name in ("consent", "steps", ""):
        return False
    if kind == "extra_forbidden" or (kind != "missing" and len(place) > 1 and name == "campaign"):
        _take_out(rest, place)
    elif name == "campaign" and isinstance(head.get(name), dict):
        head[name] = {**_STAND_INS["campaign"], **head[name]}  # type: ignore[dict-item]
    elif name in _STAND_INS:
        head[name] = copy.deepcopy(_STAND_INS[str(name)])
    else:
        head.pop(name, None)
    return True


def _take_out(document: Document, place: Path) -> None:
    around: Any = document.at(place[:-1])
    if isinstance(around, dict):
        around.pop(place[-1], None)


def _texts(value: JsonValue) -> Iterator[str]:
    if isinstance(value, str):
        yield value
    elif isinstance(value, dict):
        for part in value.values():
            yield from _texts(part)
    elif isinstance(value, list):
        for part in value:
            yield from _texts(part)
