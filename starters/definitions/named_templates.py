"""Which templates a file names, whatever else is wrong with it."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path as FilePath

from starters.definitions import strict_yaml
from starters.definitions.strict_yaml import Path


def named_templates(path: FilePath) -> Iterator[tuple[str, str | None, int]]:
    """Each template that a step of a file names: its name, the step's id, the line.

    Raises:
        OSError: the file cannot be read.
    """
    document, _ = strict_yaml.read(path.read_bytes())
    steps = document.at(("steps",)) if document else None
    if document is None or not isinstance(steps, list):
        return
    for place, step in enumerate(steps):
        if isinstance(step, dict) and step.get("kind") == "send_email":
            where: Path = ("steps", place, "template")
            step_id = step.get("id")
            named = step_id if isinstance(step_id, str) else None
            yield str(step.get("template")), named, document.line(where)
