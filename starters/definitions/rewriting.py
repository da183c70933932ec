"""Editing the text of an automation file by the places of its values: the rest stays as it is."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import Any

import yaml

from starters.definitions.deleting import Aim, Deletion

_CONSTANTS = ("true", "false", "null")


@dataclass(frozen=True, slots=True)
class _Edit:
    """Text from ``start`` to before ``end`` gives way to ``text``."""

    start: int
    end: int
    text: str = ""


def rewritten(text: str, deletion: Deletion) -> str:
    """The text without the deleted steps and with what is aimed anew; comments stay.

    A comment right above a step goes with it. The text must be an automation that can be read.
    """
    source = _Source(text)
    edits = [edit for aim in deletion.aims for edit in source.aimed(aim)]
    edits += source.without(deletion)
    for edit in sorted(edits, key=lambda one: (one.start, one.end), reverse=True):
        text = text[: edit.start] + edit.text + text[edit.end :]
    return text


class _Source:
    """The text with its steps. Written with Python's own reader: its places count characters."""

    def __init__(self, text: str) -> None:
        self._text = text
        self._lines = text.splitlines(keepends=True)
        self._starts = [0]
        for line in self._lines:
            self._starts.append(self._starts[-1] + len(line))
        root: Any = yaml.compose(text, Loader=yaml.SafeLoader)
        self._sequence: Any = _below(root, "steps")
        self._items = {str(_below(item, "id").value): item for item in self._sequence.value}

    def aimed(self, aim: Aim) -> Iterator[_Edit]:
        item = self._items[aim.step]
        name = f'"{aim.now}"' if aim.now in _CONSTANTS else aim.now
        if aim.was is not None:
            node = item
            for part in aim.field.split("."):
                node = node.value[int(part) - 1] if part.isdigit() else _below(node, part)
            yield _Edit(node.start_mark.index, node.end_mark.index, name)
        elif item.flow_style:
            last = item.value[-1][1].end_mark.index
            yield _Edit(last, last, f", {aim.field}: {name}")
        else:
            place = self._starts[_below(item, "kind").end_mark.line + 1]
            broken = "" if self._text[:place].endswith("\n") else "\n"
            indent = " " * int(item.start_mark.column)
            yield _Edit(place, place, f"{broken}{indent}{aim.field}: {name}\n")

    def without(self, deletion: Deletion) -> Iterator[_Edit]:
        cut = self._cut_flow if self._sequence.flow_style else self._cut_lines
        yield from cut(deletion)

    def _cut_flow(self, deletion: Deletion) -> Iterator[_Edit]:
        names = list(self._items)
        spans = []
        for place, name in enumerate(names):
            item = self._items[name]
            start, end = item.start_mark.index, item.end_mark.index
            if name == deletion.step and deletion.end:
                yield _Edit(start, end, _end_step(deletion.end))
            elif name in deletion.removed and place + 1 < len(names):
                spans.append((start, self._items[names[place + 1]].start_mark.index))
            elif name in deletion.removed:
                kept = [one for one in names[:place] if _stays(one, deletion)]
                spans.append((self._items[kept[-1]].end_mark.index, end))
        yield from _joined(spans)

    def _cut_lines(self, deletion: Deletion) -> Iterator[_Edit]:
        spans = []
        for name in deletion.removed:
            first, last, column = self._extent(self._items[name])
            if name == deletion.step and deletion.end:
                end = " " * column + f"- {_end_step(deletion.end)}\n"
                yield _Edit(self._starts[first], self._starts[last + 1], end)
            else:
                after = self._blank_after(first, last)
                while after + 1 == len(self._lines) and not self._lines[first - 1].strip():
                    first -= 1  # the file does not end with blank lines
                spans.append((self._starts[first], self._starts[after + 1]))
        yield from _joined(spans)

    def _extent(self, item: Any) -> tuple[int, int, int]:
        """First and last line of a step with the comments that are its own; its dash's column."""
        dash = int(item.start_mark.line)
        while not self._lines[dash].lstrip().startswith("-"):
            dash -= 1
        column = len(self._lines[dash]) - len(self._lines[dash].lstrip())
        first, last = dash, self._last_line(item)
        while first and self._lines[first - 1].lstrip().startswith("#"):
            first -= 1
        while last + 1 < len(self._lines) and self._is_inner_comment(last + 1, column):
            last += 1
        return first, last, column

    def _is_inner_comment(self, line: int, column: int) -> bool:
        text = self._lines[line]
        return text.lstrip().startswith("#") and len(text) - len(text.lstrip()) > column

    def _blank_after(self, first: int, last: int) -> int:
        """Blank lines after a step go with it, if there is one before it or it comes first."""
        before = first == 0 or not self._lines[first - 1].strip()
        opens = first > 0 and self._lines[first - 1].split("#")[0].strip() == "steps:"
        while (before or opens) and last + 1 < len(self._lines):
            if self._lines[last + 1].strip():
                break
            last += 1
        return last

    def _last_line(self, node: Any) -> int:
        if isinstance(node, yaml.ScalarNode) or node.flow_style:
            last: int = node.end_mark.line - (node.end_mark.column == 0)
            while last > node.start_mark.line and not self._lines[last].strip():
                last -= 1  # a block of text takes the blank lines after it along
            return last
        inner: Iterable[Any] = node.value
        if isinstance(node, yaml.MappingNode):
            inner = [value for _, value in node.value]
        lines: list[int] = [self._last_line(value) for value in inner]
        return max(lines)


def _below(node: Any, key: str) -> Any:
    return next(value for name, value in node.value if name.value == key)


def _stays(name: str, deletion: Deletion) -> bool:
    return name not in deletion.removed or (name == deletion.step and deletion.end is not None)


def _end_step(name: str) -> str:
    return f"{{id: {name}, kind: end}}"


def _joined(spans: list[tuple[int, int]]) -> Iterator[_Edit]:
    """Spans that touch are cut as one."""
    start, end = 0, 0
    for one_start, one_end in sorted(spans):
        if one_start > end:
            yield from [_Edit(start, end)] if end else []
            start, end = one_start, one_end
        else:
            start, end = (start if end else one_start), max(end, one_end)
    yield from [_Edit(start, end)] if end else []
