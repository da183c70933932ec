"""The rows of a lead file, one at a time: a broken one costs itself and nothing else."""

from __future__ import annotations

import csv
import json
from collections import deque
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass
from io import StringIO
from typing import IO

from pydantic import JsonValue

from starters.leads.columns import field_name, fields_of, without_empty
from starters.leads.file import LeadFile, UnreadableFile

LONGEST_FIELD = 32 * 1024
LONGEST_LINE = 4 * 1024 * 1024
DELIMITERS = ",;\t"


@dataclass(frozen=True, slots=True)
class Row:
    """One row. ``line`` counts from 1, the header included; ``written`` is how it stood there.

    A row with a ``problem`` has no fields.
    """

    line: int
    fields: Mapping[str, JsonValue]
    written: tuple[str, ...]
    problem: str = ""


def read_rows(
    file: LeadFile, named: Callable[[Sequence[str]], list[str]] = fields_of
) -> tuple[tuple[str, ...], Iterator[Row]]:
    """The names of what stands in a row, and the rows, read as they are asked for.

    ``named`` says which field each column fills.

    Raises:
        UnreadableFile: the first line does not say what the columns are.
    """
    text = file.path.open(encoding=file.encoding, newline="")
    try:
        if file.kind == "jsonl":
            return ("json",), _closing(text, _json_rows(text))
        lines = _Lines(text, str(file.path))
        delimiter, columns = _header(lines)
        fields = named(columns)
    except UnreadableFile as error:
        text.close()
        raise UnreadableFile(f"{file.path}: {error}") from error
    except BaseException:
        text.close()
        raise
    return tuple(columns), _closing(text, _csv_rows(lines, delimiter, fields))


def _closing(text: IO[str], rows: Iterator[Row]) -> Iterator[Row]:
    with text:
        yield from rows


class _Lines:
    """Lines of a text, with those of the present record kept until it has been read well."""

    def __init__(self, text: IO[str], name: str) -> None:
        self._text = text
        self._name = name
        self._back: deque[str] = deque()
        self.number = 0
        self.record: list[str] = []

    def __iter__(self) -> _Lines:
        return self

    def __next__(self) -> str:
        line = self._back.popleft() if self._back else self._text.readline(LONGEST_LINE)
        if not line:
            raise StopIteration
        if len(line) == LONGEST_LINE:
            raise UnreadableFile(f"{self._name}: line {self.number + 1} is endless: is it a table?")
        self.number += 1
        self.record.append(line)
        return line

    def give_back(self) -> int:
        """Take back all but the first line of a broken record; the number of that first line."""
        self._back.extendleft(reversed(self.record[1:]))
        self.number -= len(self.record) - 1
        return self.number


def _header(lines: _Lines) -> tuple[str, list[str]]:
    first = next(lines, "")
    if first.lower().startswith("sep=") and len(first.strip()) == 5:
        first = next(lines, "")  # a line for spreadsheets: what separates shows in the header, too
    if not first.strip():
        raise UnreadableFile("the first line is empty: it must name the columns")
    outside = first.split('"')[::2]
    counts = {one: sum(part.count(one) for part in outside) for one in DELIMITERS}
    delimiter = max(DELIMITERS, key=counts.__getitem__)
    csv.field_size_limit(LONGEST_FIELD)
    try:
        columns = next(csv.reader(StringIO(first), delimiter=delimiter, strict=True))
    except csv.Error as error:
        raise UnreadableFile(
            f"the first line, which names the columns, is broken: {error}"
        ) from None
    return delimiter, [column.strip() for column in columns]


def _csv_rows(lines: _Lines, delimiter: str, fields: list[str]) -> Iterator[Row]:
    reader = csv.reader(lines, delimiter=delimiter, strict=True)
    while True:
        lines.record.clear()
        try:
            cells = next(reader, None)
        except csv.Error as error:
            line = lines.give_back()
            written = lines.record[0].rstrip("\r\n")[:LONGEST_FIELD]
            yield Row(line, {}, (written,), _broken(error))
            reader = csv.reader(lines, delimiter=delimiter, strict=True)
            continue
        if cells is None:
            return
        line = lines.number - len(lines.record) + 1
        if len(cells) != len(fields) and any(map(str.strip, cells)):
            problem = (
                f"has {len(cells)} cells, and the header has {len(fields)}: text with "
                f"{delimiter!r} or a line break in it must stand in quotes"
            )
            yield Row(line, {}, tuple(cells), problem)
        elif any(map(str.strip, cells)):
            yield Row(line, without_empty(zip(fields, cells, strict=True)), tuple(cells))


def _broken(error: csv.Error) -> str:
    said = str(error)
    if "field larger" in said:
        return f"a field is longer than {LONGEST_FIELD // 1024} KB, or its quote is never closed"
    if "unexpected end" in said:
        return "a quote is opened and never closed"
    return f"the quotes are wrong ({said}): write a quote within quotes twice"


def _json_rows(text: IO[str]) -> Iterator[Row]:
    number = 0
    while line := text.readline(LONGEST_LINE):
        number += 1
        if line.strip():
            yield _json_row(number, line)


def _json_row(number: int, line: str) -> Row:
    written = line.rstrip("\r\n")
    try:
        value = json.loads(line)
    except (ValueError, RecursionError):
        return Row(number, {}, (written[:LONGEST_FIELD],), "this line is no JSON object")
    if not isinstance(value, dict):
        return Row(number, {}, (written[:LONGEST_FIELD],), "this line is no JSON object")
    fields: dict[str, JsonValue] = {}
    for key, one in value.items():
        name = key
        with suppress(UnreadableFile):
            name = field_name(key)
        if name in fields:
            return Row(number, {}, (written,), f"two keys both fill {name!r}: take one away")
        if len(json.dumps(one)) > LONGEST_FIELD:
            problem = f"{name[:40]!r} is longer than {LONGEST_FIELD // 1024} KB"
            return Row(number, {}, (written[:LONGEST_FIELD],), problem)
        if one not in (None, ""):
            fields[name] = one
    return Row(number, fields, (written,))
