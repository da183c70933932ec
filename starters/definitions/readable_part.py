"""What can be read of an automation file that has errors, so that it can be looked at."""

from __future__ import annotations

from dataclasses import dataclass, replace
from pathlib import Path as FilePath

from starters.definitions import strict_yaml
from starters.definitions.loading import validated
from workflows.engine.automation import Automation

_NAMED_ANYHOW = ("id", "name")
_INDISPENSABLE = frozenset(("trigger", "steps"))


@dataclass(frozen=True, slots=True)
class ReadablePart:
    """An automation, and the fields of the file that had to be left out for it to be one."""

    automation: Automation
    left_out: tuple[str, ...]


def readable_part(path: FilePath) -> ReadablePart | None:
    """The file without what cannot be read; None if that is its trigger or one of its steps.

    Raises:
        OSError: the file cannot be read.
    """
    document, _ = strict_yaml.read(path.read_bytes())
    if document is None or not isinstance(document.value, dict):
        return None
    automation, found = validated(document)
    if automation:
        return ReadablePart(automation, ())
    odd = {str(place[0]) for place, _, _ in found if place}
    if not odd or odd & _INDISPENSABLE:
        return None
    kept = {name: value for name, value in document.value.items() if name not in odd}
    kept |= {name: "draft" for name in _NAMED_ANYHOW if name in odd}
    automation, _ = validated(replace(document, value=kept))
    return ReadablePart(automation, tuple(sorted(odd))) if automation else None
