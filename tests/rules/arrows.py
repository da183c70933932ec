"""Who may know whom: arrows point inward, the engine is pure, the environment is read once."""

from __future__ import annotations

import ast
import sys
from collections.abc import Iterator
from pathlib import Path

from tests.rules.sources import PRODUCT, Source, imports, sources, within

ARROWS = {
    # The first package that a module lies in decides; it may import what stands behind it.
    "workflows.engine": (
        ("workflows.engine",),
        "the engine is pure: what it must know comes in as data, what it wants done is an effect",
    ),
    "workflows": (
        ("workflows",),
        "a workflow performs effects by name; models that both sides need live in workflows/engine",
    ),
    "activities": (
        ("activities", "workflows"),
        "values of settings come in through the constructor; workers/main.py passes them",
    ),
    "workers": (
        ("workers", "activities", "workflows", "config"),
        "a worker does not know who asks: move what both need inward",
    ),
    "starters.sandbox": (
        ("starters", "workflows"),
        "a sandbox vendor shares no code with the activity it tests, or both are wrong together",
    ),
    "starters.webhooks": (
        ("starters.webhooks", "workflows.engine"),
        "a webhook file verifies and parses, nothing else: the ingress does the rest",
    ),
    "starters": (
        ("starters", "workers", "workflows", "config", "activities.ledger", "activities.dispatch"),
        "of activities, starters know the ledger and dispatch only; vendor work is an activity",
    ),
    "config": (("config",), "settings are plain values: who reads them turns them into objects"),
}

ENGINE_PACKAGES = {"pydantic", "pydantic_core", "annotated_types", "typing_extensions"}
# fmt: off
ENGINE_STDLIB = {
    "__future__", "abc", "base64", "bisect", "collections", "contextlib", "copy", "dataclasses",
    "datetime", "decimal", "enum", "fractions", "functools", "graphlib", "hashlib", "heapq",
    "hmac", "html", "ipaddress", "itertools", "json", "math", "numbers", "operator", "re",
    "statistics", "string", "textwrap", "types", "typing", "unicodedata", "uuid",
}
# fmt: on
ENGINE_CALLS = {"open", "print", "input", "exec", "eval", "breakpoint", "__import__"}

ENVIRONMENT = {"environ", "environb", "getenv", "putenv"}
ENVIRONMENT_FILES = {
    "config/settings.py": "reads it, once",
    "starters/processes/supervisor.py": "hands it on to children, unread",
}


def wrong_arrows(root: Path) -> Iterator[str]:
    """Imports of our own packages that point outward or sideways."""
    for source in sources(root, PRODUCT):
        layer = next(package for package in ARROWS if within(source.module, package))
        allowed, remedy = ARROWS[layer]
        for line, name in imports(source):
            ours = name.split(".")[0] in PRODUCT
            if ours and not any(within(name, package) for package in allowed):
                yield f"{source.path}:{line}: {layer} must not import {name}: {remedy}"


def impure_engine(root: Path) -> Iterator[str]:
    """Imports and calls in the engine beyond pydantic and the part of Python that only computes."""
    for source in sources(root, ("workflows/engine",)):
        for line, name in imports(source):
            if not _computes_only(name.split(".")[0]):
                yield (
                    f"{source.path}:{line}: the engine must not import {name}: clocks, chance, "
                    "calendars and I/O belong to the shell or an activity, which hand in the answer"
                )
        yield from _impure_calls(source)


def environment_readers(root: Path) -> Iterator[str]:
    """Places that read the environment themselves, beside the one that may."""
    for source in sources(root, PRODUCT):
        if source.path in ENVIRONMENT_FILES:
            continue
        lines = [line for line, name in imports(source) if _reads_environment(name)]
        lines += _named_environment(source)
        for line in lines:
            yield (
                f"{source.path}:{line}: only config/settings.py reads the environment: add a field "
                "to its settings and pass the value in"
            )


def _computes_only(top: str) -> bool:
    if top in sys.stdlib_module_names:
        return top in ENGINE_STDLIB
    return top in ENGINE_PACKAGES or top in PRODUCT  # ours are judged by the arrows


def _impure_calls(source: Source) -> Iterator[str]:
    for node in ast.walk(source.tree):
        match node:
            case ast.Call(func=ast.Name(id=name)) if name in ENGINE_CALLS:
                yield f"{source.path}:{node.lineno}: the engine must not call {name}()"


def _reads_environment(name: str) -> bool:
    direct = {f"os.{attribute}" for attribute in ENVIRONMENT}
    return name in direct or within(name, "pydantic_settings") or within(name, "dotenv")


def _named_environment(source: Source) -> Iterator[int]:
    for node in ast.walk(source.tree):
        match node:
            case ast.Attribute(value=ast.Name(id="os"), attr=name) if name in ENVIRONMENT:
                yield node.lineno
