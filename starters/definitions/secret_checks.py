"""Secrets in calls to other systems: what is called one, and what looks like one in an address."""

from __future__ import annotations

import re
from collections.abc import Iterator
from urllib.parse import parse_qsl

from pydantic import JsonValue

from starters.definitions.check import check
from starters.definitions.draft import Draft, Found
from starters.definitions.strict_yaml import Path
from starters.definitions.text_checks import texts_inside
from workflows.engine.steps.http_call import HttpCall

_NAME = r"(api|access|secret|private)[-_]?key|token|secret|passw(or)?d|passphrase"
_SECRETIVE = re.compile(rf"{_NAME}|(^|[-_])auth$", re.IGNORECASE)
_SECRETIVE_AT_THE_END = re.compile(rf"({_NAME})$", re.IGNORECASE)
"""In a body ``token_count`` is a number like any other, and ``auth`` a group."""
_MERGED = re.compile(r"\{\{.*?\}\}|\{%.*?%\}", re.DOTALL)
_LEAST_BESIDE_FIELDS = 6
"""Letters and digits: fewer are a prefix, such as ``sf-`` before an id."""
_NO_SECRETS = {"", "true", "false", "yes", "no", "on", "off", "none", "null"}
_RANDOM = re.compile(
    r"(?<![0-9A-Za-z])(?=[A-Za-z]*\d)"
    r"((?i:(?=\d*[a-f])[0-9a-f]{32,})|(?=[0-9a-z]*[A-Z])(?=[0-9A-Z]*[a-z])[0-9A-Za-z]{32,})"
    r"(?![0-9A-Za-z])"
)


@check("error", "name its environment variable under `auth` of the connection")
def secrets_in_steps(draft: Draft) -> Iterator[Found]:
    """Secrets in a definition, which everybody may read who may read a workflow."""
    for place, step in draft.steps.items():
        for path, name, text in _named(place, step) if isinstance(step, HttpCall) else ():
            if _is_written_out(text):
                message = (
                    f"{name!r} looks like a secret, and a step is no place for one: name "
                    "its environment variable under auth of the connection"
                )
                yield path, "error", message


@check("warning", "be sure that it is no secret; one belongs into `auth` of the connection")
def secrets_in_paths(draft: Draft) -> Iterator[Found]:
    """Paths of calls with a long random part, as addresses of webhooks have."""
    for place, step in draft.steps.items():
        if isinstance(step, HttpCall) and _RANDOM.search(_MERGED.sub(" ", step.path)):
            message = (
                "has a long random part: if it lets in whoever knows it, it is a secret, and a "
                "step is no place for one"
            )
            yield ("steps", place, "path"), "warning", message


def _named(place: int, step: HttpCall) -> Iterator[tuple[Path, str, str]]:
    """(place, name, text) for each text of a request whose name is one of a secret."""
    for part, texts in (("headers", step.headers), ("query", step.query)):
        for name, text in texts.items():
            if _SECRETIVE.search(name):
                yield ("steps", place, part, name), name, text
    for name, text in parse_qsl(_MERGED.sub("{{}}", step.path).partition("?")[2]):
        if _SECRETIVE.search(name):
            yield ("steps", place, "path"), name, text
    yield from _named_in_body(place, step)


def _named_in_body(place: int, step: HttpCall) -> Iterator[tuple[Path, str, str]]:
    form: JsonValue = {**(step.form or {})}
    for part, value in (("form", form), ("body", step.body)):
        for path, text in texts_inside(("steps", place, part), value):
            name = next((str(one) for one in reversed(path) if isinstance(one, str)), "")
            if _SECRETIVE_AT_THE_END.search(name):
                yield path, name, text


def _is_written_out(text: str) -> bool:
    """Whether there is text besides the merge fields, and more than a word for a choice."""
    left = re.sub(r"[\W_]", "", _MERGED.sub("", text))
    if _MERGED.search(text):
        return len(re.sub(r"^(bearer|basic|token)", "", left, flags=re.I)) >= _LEAST_BESIDE_FIELDS
    return left.casefold() not in _NO_SECRETS
