"""How large things may get, and what they may not be called."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from pathlib import Path, PurePosixPath

from tests.rules.sources import CODE, Source, sources

FILE_LINES = 250
FUNCTION_LINES = 40
PARAMETERS = 5
RECORDS = "/migrations/versions/"
"""A migration records what a release did to the tables: never changed, so never simplified."""
NAMELESS = {"utils", "util", "helpers", "helper", "common", "misc", "manager", "service"}

Function = ast.FunctionDef | ast.AsyncFunctionDef


def oversized(root: Path) -> Iterator[str]:
    """Files and functions beyond their budget."""
    for source in sources(root, CODE):
        if RECORDS in source.path:
            continue
        lines = len(source.text.splitlines())
        if lines > FILE_LINES:
            yield (
                f"{source.path}: {lines} lines, {FILE_LINES} allowed: find the second idea in it "
                "and give that a file, with a name of its own"
            )
        for function in _functions(source):
            yield from _judge(source, function)


def nameless(root: Path) -> Iterator[str]:
    """Files and folders whose names say nothing of what is in them."""
    for source in sources(root, CODE):
        words = {PurePosixPath(source.path).stem, *PurePosixPath(source.path).parts[:-1]}
        for word in sorted(words & NAMELESS):
            yield f"{source.path}: {word!r} says nothing: name it after what it does"


def _functions(source: Source) -> Iterator[Function]:
    for node in ast.walk(source.tree):
        if isinstance(node, Function):
            yield node


def _judge(source: Source, function: Function) -> Iterator[str]:
    where = f"{source.path}:{function.lineno}: {function.name}"
    lines = (function.end_lineno or function.lineno) - function.lineno + 1
    if lines > FUNCTION_LINES:
        yield (f"{where} has {lines} lines, {FUNCTION_LINES} allowed: name its parts and call them")
    parameters = _parameters(function)
    # Typer reads a command's options from its signature.
    if parameters > PARAMETERS and not source.path.startswith("starters/commands/"):
        yield (
            f"{where} takes {parameters} parameters, {PARAMETERS} allowed: those that travel "
            "together are a value with a name"
        )


def _parameters(function: Function) -> int:
    arguments = function.args
    named = [*arguments.posonlyargs, *arguments.args, *arguments.kwonlyargs]
    receiver = 1 if named and named[0].arg in ("self", "cls") else 0
    return len(named) - receiver
