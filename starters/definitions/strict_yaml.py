"""YAML as configuration needs it: no surprises, bounded in every way, and every value on its line.

No anchors, aliases, merge keys or tags; no key twice. Plain decimal numbers, true, false and null
are what they look like, and everything else is text: NO, on, 08:30, 0x1F, 2026-03-02.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass, field

import yaml
from pydantic import JsonValue

LARGEST = 256 * 1024
"""Bytes in a file."""
DEEPEST = 20
MOST_NODES = 20_000

Path = tuple[str | int, ...]
"""The way to a value: keys, and places in lists counted from 0."""

_MENDS = {
    "mapping values are not allowed in this context": (
        ": a text with a colon and a space in it stands in quotes, or on lines below '>-'"
    ),
}
_LOADER: type[yaml.SafeLoader] = getattr(yaml, "CSafeLoader", yaml.SafeLoader)
_CONSTANTS: dict[str, JsonValue] = {"true": True, "false": False, "null": None, "~": None, "": None}
_WHOLE = re.compile(r"-?(0|[1-9][0-9]{0,14})")
_DECIMAL = re.compile(r"-?(0|[1-9][0-9]{0,14})\.[0-9]{1,15}")


@dataclass(frozen=True, slots=True)
class Problem:
    """Something in the text that is not allowed; ``line`` counts from 1."""

    line: int
    message: str


@dataclass(frozen=True, slots=True)
class Document:
    """What was read. ``lines`` has the line of every value (of its key, if it has one).

    ``written`` has the text of every number, true and false as it stood in the file.
    """

    value: JsonValue
    lines: dict[Path, int]
    written: dict[Path, str]

    def line(self, path: Path) -> int:
        """The line of a value, or of the nearest that it would be in."""
        while path and path not in self.lines:
            path = path[:-1]
        return self.lines.get(path, 1)

    def at(self, path: Path) -> JsonValue:
        """The value there; None if there is none."""
        value = self.value
        for part in path:
            if isinstance(value, dict) and isinstance(part, str):
                value = value.get(part)
            elif isinstance(value, list) and isinstance(part, int) and part < len(value):
                value = value[part]
            else:
                return None
        return value


class _GiveUp(Exception):
    """The text cannot be read further: what comes after would make no sense."""

    def __init__(self, line: int, message: str) -> None:
        super().__init__(message)
        self.problem = Problem(line, message)


def read(data: bytes) -> tuple[Document | None, tuple[Problem, ...]]:
    """Read one document. Never raises; None if it cannot be read to the end.

    With problems beside a document, the document is what it would be without them.
    """
    try:
        text = _decode(data)
    except _GiveUp as end:
        return None, (end.problem,)
    reader = _Reader(yaml.parse(text, Loader=_LOADER))
    try:
        value = reader.document()
    except _GiveUp as end:
        return None, (*reader.problems, end.problem)
    except yaml.MarkedYAMLError as error:
        mark = error.problem_mark or error.context_mark
        line = mark.line + 1 if mark else 1
        what = f"this is no YAML: {error.problem}{_MENDS.get(str(error.problem), '')}"
        return None, (*reader.problems, Problem(line, what))
    except yaml.YAMLError:
        return None, (Problem(1, "this is no YAML: it has characters that may not be in text"),)
    return Document(value, reader.lines, reader.written), tuple(reader.problems)


def _decode(data: bytes) -> str:
    if len(data) > LARGEST:
        raise _GiveUp(1, f"the file is larger than {LARGEST // 1024} KB: split it up")
    try:
        return data.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        line = data[: error.start].count(b"\n") + 1
        raise _GiveUp(line, "the file is not in UTF-8: save it in that encoding") from error


@dataclass(slots=True)
class _Reader:
    """Builds the value from the parser's events, which come one by one and only as asked for."""

    events: Iterator[yaml.Event]
    lines: dict[Path, int] = field(default_factory=dict)
    written: dict[Path, str] = field(default_factory=dict)
    problems: list[Problem] = field(default_factory=list)
    nodes: int = 0

    def document(self) -> JsonValue:
        next(self.events)
        if isinstance(next(self.events), yaml.StreamEndEvent):
            raise _GiveUp(1, "the file is empty")
        first = next(self.events)
        self.lines[()] = _line(first)
        value = self.value(first, ())
        next(self.events)
        after = next(self.events)
        if not isinstance(after, yaml.StreamEndEvent):
            raise _GiveUp(_line(after), "a second document begins here: one file, one document")
        return value

    def value(self, event: yaml.Event, path: Path) -> JsonValue:
        self.count(event, path)
        self.plain(event)
        if isinstance(event, yaml.AliasEvent):
            return None
        if isinstance(event, yaml.MappingStartEvent):
            return self.mapping(path)
        if isinstance(event, yaml.SequenceStartEvent):
            return self.sequence(path)
        assert isinstance(event, yaml.ScalarEvent)
        return self.scalar(event, path)

    def plain(self, event: yaml.Event) -> None:
        """Object to what makes a value more than it looks."""
        anchor, tag = getattr(event, "anchor", None), getattr(event, "tag", None)
        if isinstance(event, yaml.AliasEvent):
            self.object(event, f"*{anchor} is an alias: write the value out instead")
        elif anchor:
            self.object(event, f"&{anchor} is an anchor: they are not allowed")
        if tag:
            self.object(event, f"{tag} is a tag: they are not allowed; quotes make text")

    def mapping(self, path: Path) -> JsonValue:
        found: dict[str, JsonValue] = {}
        while not isinstance(key := next(self.events), yaml.MappingEndEvent):
            if not isinstance(key, yaml.ScalarEvent):
                raise _GiveUp(_line(key), "a key must be a plain word")
            self.count(key, path)
            self.plain(key)
            name = str(key.value)
            if name == "<<" and key.implicit[0]:
                self.object(key, "<< is a merge key: write the fields out instead")
            if name in found:
                first = self.lines[(*path, name)]
                self.object(key, f"{name!r} is there twice: it is on line {first} already")
            self.lines.setdefault((*path, name), _line(key))
            value = self.value(next(self.events), (*path, name))
            found.setdefault(name, value)
        return found

    def sequence(self, path: Path) -> JsonValue:
        found: list[JsonValue] = []
        while not isinstance(item := next(self.events), yaml.SequenceEndEvent):
            place = (*path, len(found))
            self.lines[place] = _line(item)
            found.append(self.value(item, place))
        return found

    def scalar(self, event: yaml.ScalarEvent, path: Path) -> JsonValue:
        text = str(event.value)
        resolved = _resolve(text) if event.implicit[0] else text
        if not isinstance(resolved, str) and resolved is not None:
            self.written[path] = text
        return resolved

    def count(self, event: yaml.Event, path: Path) -> None:
        self.nodes += 1
        if self.nodes > MOST_NODES:
            raise _GiveUp(_line(event), f"there are more than {MOST_NODES} values: split it up")
        if len(path) > DEEPEST:
            raise _GiveUp(_line(event), f"values are nested more than {DEEPEST} deep")

    def object(self, event: yaml.Event, message: str) -> None:
        self.problems.append(Problem(_line(event), message))


def _resolve(text: str) -> JsonValue:
    if text in _CONSTANTS:
        return _CONSTANTS[text]
    if _WHOLE.fullmatch(text):
        return int(text)
    return float(text) if _DECIMAL.fullmatch(text) else text


def _line(event: yaml.Event) -> int:
    return event.start_mark.line + 1 if event.start_mark else 1
