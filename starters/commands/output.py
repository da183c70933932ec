"""How commands speak: one JSON document for tools, lines and tables for people, never both."""

from __future__ import annotations

import json
import re
import sys
from collections.abc import Iterable, Sequence
from typing import Annotated, Any

import typer
from pydantic_core import to_jsonable_python
from rich.console import Console
from rich.table import Table

AsJson = Annotated[bool, typer.Option("--json", help="Answer with one JSON document.")]

WIDE = 200
"""Columns where the output is no terminal: a folded id cannot be searched for."""

_CONTROL = re.compile("[\x00-\x08\x0b-\x1f\x7f-\x9f]")


class Refused(Exception):
    """The answer is no: exit status 1. The message says what, where and how to mend it."""


class WrongUse(Exception):
    """The command was given what it cannot take: exit status 2."""


def answer(as_json: bool, document: object, lines: Iterable[str | Table]) -> None:
    """Say the result of a command on standard output: the document, or the lines."""
    if as_json:
        print(json.dumps(to_jsonable_python(document, by_alias=True), ensure_ascii=False))
        return
    console = Console(
        markup=False,
        highlight=False,
        emoji=False,
        width=None if sys.stdout.isatty() else WIDE,
    )
    for line in lines:
        if isinstance(line, Table):
            console.print(line)
        else:
            print(printable(line))


def tell(message: str) -> None:
    """Say something beside the result, on standard error."""
    print(printable(message), file=sys.stderr, flush=True)


def table(title: str, columns: Sequence[str], rows: Iterable[Sequence[object]]) -> Table:
    """A table whose cells are never cut off."""
    made = Table(title=title or None, title_justify="left", box=None, pad_edge=False)
    made.min_width = len(title)  # else a title is folded to the width of its columns
    for column in columns:
        made.add_column(column, overflow="fold")
    for row in rows:
        made.add_row(*(printable(_cell(value)) for value in row))
    return made


def printable(text: str) -> str:
    """Text without control characters: what a vendor answered must not steer the terminal."""
    return _CONTROL.sub("?", text)


def _cell(value: Any) -> str:
    if value is None:
        return ""
    if hasattr(value, "strftime"):
        return f"{value:%Y-%m-%d %H:%M:%S}Z"
    return str(value)
