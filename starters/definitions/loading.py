"""Automation files: read, checked, and every finding told at once with its line and its mend."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path as FilePath
from typing import Any, cast

from pydantic import JsonValue, TypeAdapter, ValidationError

from starters.definitions import strict_yaml
from starters.definitions.catalogue import FIELDS, GRAPH, LIKELY_SECRETS, SECRETS, YAML
from starters.definitions.checks import CHECKS
from starters.definitions.draft import Configured, Draft, Found, Severity
from starters.definitions.errors import explain, path_of
from starters.definitions.readable import readable
from starters.definitions.strict_yaml import Document, Path
from workers.secrets_in_text import find_leaks
from workflows.engine.automation import Automation, graph_problems
from workflows.engine.steps import AnyStep

__all__ = ["Configured", "Finding", "lines_of", "load", "validated"]

_STEP: TypeAdapter[AnyStep] = TypeAdapter(AnyStep)
_TARGET_FIELDS = (
    "next",
    "on_event",
    "on_timeout",
    "on_missing",
    "on_reject",
    "on_completed",
    "on_answer",
    "otherwise",
    "go_to",
)


@dataclass(frozen=True, slots=True)
class Finding:
    """Something found in a file. ``line`` counts from 1; an error stands against publishing.

    ``check`` is the name of what found it, as docs/checks.md lists them.
    """

    severity: Severity
    message: str
    file: str
    line: int
    step: str | None = None
    check: str = ""

    def __str__(self) -> str:
        """As compilers write it: editors find the line in it."""
        step = f"step {self.step!r}: " if self.step else ""
        check = f" [{self.check}]" if self.check else ""
        return f"{self.file}:{self.line}: {self.severity}: {step}{self.message}{check}"


def load(
    path: FilePath,
    templates: Mapping[str, Mapping[str, bool]] | None = None,
    connections: Configured | None = None,
    now: datetime | None = None,
) -> tuple[Automation | None, tuple[Finding, ...]]:
    """Read one automation file; never raises for what is in it.

    Args:
        path: the YAML file.
        templates: name -> its merge fields -> whether each has a default; None: not checked.
        connections: what is configured here; None: not checked.
        now: the present instant; None: days that are over are not told of.

    Returns:
        The automation, or None if any finding is an error; and all findings, by their lines.

    Raises:
        OSError: the file cannot be read.
    """
    with path.open("rb") as file:
        data = file.read(strict_yaml.LARGEST + 1)
    document, problems = strict_yaml.read(data)
    findings = [
        Finding("error", problem.message, str(path), problem.line, check=YAML.name)
        for problem in problems
    ]
    findings += _secrets(path, data, document)
    automation = None
    if document:
        automation, told = _examine(document, templates, connections, now)
        taken = {problem.line for problem in problems}
        findings += [one for one in _with_lines(path, document, told) if one.line not in taken]
    findings.sort(key=lambda finding: finding.line)
    sound = not any(finding.severity == "error" for finding in findings)
    return automation if sound else None, tuple(dict.fromkeys(findings))


def lines_of(path: FilePath, field: str) -> list[int]:
    """The line of this field in each step of a file that can be read.

    Raises:
        OSError: the file cannot be read.
    """
    document, _ = strict_yaml.read(path.read_bytes())
    count = len(_listed(document.at(("steps",)))) if document else 0
    return [document.line(("steps", place, field)) for place in range(count)] if document else []


def _with_lines(
    path: FilePath, document: Document, told: list[tuple[str, Found]]
) -> Iterator[Finding]:
    for check, (place, severity, message) in told:
        step = _step_of(place, document)
        if not step and place[:1] == ("steps",) and len(place) > 1:
            message = f"step {int(place[1]) + 1}: {message}"
        yield Finding(severity, message, str(path), document.line(place), step, check)


def _examine(
    document: Document,
    templates: Mapping[str, Mapping[str, bool]] | None,
    connections: Configured | None,
    now: datetime | None,
) -> tuple[Automation | None, list[tuple[str, Found]]]:
    if not isinstance(document.value, dict):
        message = "an automation is a group of fields, such as 'id: welcome'"
        return None, [(FIELDS.name, ((), "error", message))]
    automation, found = validated(document)
    told = [(FIELDS.name, one) for one in found]
    told += [(GRAPH.name, one) for one in _graph(document, _steps(document))]
    read = readable(document, automation)
    draft = Draft(document, read.steps, read.automation, templates, connections, now, read.unread)
    for check in CHECKS:
        told += [(check.about.name, one) for one in check(draft)]
    return automation, told


def _secrets(path: FilePath, data: bytes, document: Document | None) -> Iterator[Finding]:
    """Secrets on any line, whether the file can be read or not."""
    starts = _lines_of_steps(document) if document else []
    for leak in find_leaks(data.decode("utf-8", "replace")):
        place = sum(start <= leak.line for start in starts) - 1
        step = _step_of(("steps", place), document) if document and place >= 0 else None
        about = SECRETS if leak.is_sure else LIKELY_SECRETS
        yield Finding(about.severity, leak.message, str(path), leak.line, step, about.name)


def validated(document: Document) -> tuple[Automation | None, list[Found]]:
    """The automation that a document is, else what is wrong with its fields."""
    try:
        return Automation.model_validate(document.value), []
    except ValidationError as error:
        if _spell_out(error, document):
            return validated(document)
        return None, [(place, "error", said) for place, said in explain(error, document)]


def _spell_out(error: ValidationError, document: Document) -> bool:
    """Where text is wanted, a number or a truth is the text that stands in the file."""
    changed = False
    for detail in error.errors(include_url=False):
        place = path_of(detail["loc"], document)
        text = document.written.pop(place, None) if detail["type"] == "string_type" else None
        group = cast("Any", document.at(place[:-1]))
        if text is not None and group is not None:
            group[place[-1]] = text
            changed = True
    return changed


def _steps(document: Document) -> dict[int, AnyStep]:
    """The steps without a mistake."""
    steps = {}
    for place, written in enumerate(_listed(document.at(("steps",)))):
        try:
            steps[place] = _STEP.validate_python(written)
        except ValidationError:
            continue
    return steps


@dataclass(frozen=True, slots=True)
class _Sketch:
    """A step that cannot be read, as far as the graph of steps is concerned."""

    id: str
    written: Mapping[str, JsonValue]

    @property
    def kind(self) -> JsonValue:
        return self.written.get("kind")

    def mentions(self) -> Iterator[tuple[str, str, str]]:
        yield from ()

    def targets(self) -> Iterator[tuple[str, str]]:
        for field in _TARGET_FIELDS:
            if isinstance(target := self.written.get(field), str):
                yield field, target
        for number, arm in enumerate(_listed(self.written.get("arms")), start=1):
            if isinstance(arm, dict) and isinstance(target := arm.get("go_to"), str):
                yield f"arms.{number}.go_to", target


def _graph(document: Document, steps: Mapping[int, AnyStep]) -> Iterator[Found]:
    """Ids that are there twice and targets that are no step, whatever else is wrong."""
    all_steps: dict[int, Any] = dict(steps)
    for place, written in enumerate(_listed(document.at(("steps",)))):
        if place not in steps and isinstance(written, dict) and isinstance(written.get("id"), str):
            all_steps[place] = _Sketch(str(written["id"]), written)
    in_order = [all_steps[place] for place in sorted(all_steps)]
    for step_id, message in graph_problems(cast("tuple[AnyStep, ...]", tuple(in_order))):
        said = message.removeprefix(f"step {step_id!r}").removeprefix(":").strip()
        places = [place for place in sorted(all_steps) if all_steps[place].id == step_id]
        if field := re.match(r"([\w.]+) names ('[^']*')", said):
            places = [p for p in places if _names(all_steps[p], field[1], field[2])][:1]
            yield ("steps", places[0], *_way(field[1])), "error", said
        else:
            yield ("steps", places[-1], "id"), "error", said


def _names(step: Any, field: str, target: str) -> bool:
    named = [*step.targets(), *((name, to) for name, to, _ in step.mentions())]
    return (field, target) in [(name, repr(to)) for name, to in named]


def _way(field: str) -> Path:
    return tuple(int(part) - 1 if part.isdigit() else part for part in field.split("."))


def _step_of(place: Path, document: Document) -> str | None:
    if place[:1] != ("steps",) or len(place) < 2:
        return None
    step_id = document.at((*place[:2], "id"))
    return step_id if isinstance(step_id, str) else None


def _lines_of_steps(document: Document) -> list[int]:
    count = len(_listed(document.at(("steps",))))
    return [document.line(("steps", place)) for place in range(count)]


def _listed(value: JsonValue) -> list[JsonValue]:
    return value if isinstance(value, list) else []
