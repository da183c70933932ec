"""What pydantic objects to in an automation file, at its place in the file and in words for people."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from difflib import get_close_matches
from typing import Any, get_args

from pydantic import BaseModel, ValidationError
from pydantic_core import ErrorDetails

from starters.strict_yaml import Document, Path
from workflows.engine.automation import Automation

_CONDITION_IS_IN = {"audience", "when", "not"}
_LISTS_OF_CONDITIONS = {"all", "any"}
_WORDS = {
    "string_type": "must be text",
    "int_type": "must be a whole number",
    "int_parsing": "must be a whole number",
    "int_from_float": "must be a whole number",
    "bool_type": "must be true or false",
    "bool_parsing": "must be true or false",
    "tuple_type": "must be a list: write [a, b], or one item a line after '- '",
    "model_type": "must be a group of fields, each as 'field: value'",
    "model_attributes_type": "must be a group of fields, each as 'field: value'",
}
_PATTERNS = {
    r"^[a-z][a-z0-9_-]{0,62}$": "must be a name of at most 63 characters: small letters, digits, "
    "'_' and '-', a letter first",
    r"^[a-z][a-z0-9_]{0,62}$": "must be a kind of event: small letters, digits and '_'",
    r"^([01]\d|2[0-3]):[0-5]\d$|^24:00$": "must be a time of day such as 09:00 or 17:30",
}


def explain(error: ValidationError, document: Document) -> Iterator[tuple[Path, str]]:
    """(place in the document, message) for each thing that is wrong."""
    for detail in error.errors(include_url=False):
        if detail["loc"] or detail["type"] != "value_error":
            path = path_of(detail["loc"], document)
            yield path, _message(detail, path, document)


def path_of(loc: tuple[str | int, ...], document: Document) -> Path:
    """The place that a location of pydantic's means: one without the tags of unions."""
    path: Path = ()
    entered = False
    for part in loc:
        if entered and _is_tag(part, path, document):
            entered = False
            continue
        path = (*path, part)
        entered = True
    return path


def _is_tag(part: str | int, path: Path, document: Document) -> bool:
    if not isinstance(part, str):
        return False
    if _is_condition(path):
        return True
    value = document.at(path)
    return isinstance(value, dict) and value.get("kind") == part


def _is_condition(path: Path) -> bool:
    if not path:
        return False
    in_list = isinstance(path[-1], int) and len(path) > 1 and path[-2] in _LISTS_OF_CONDITIONS
    return path[-1] in _CONDITION_IS_IN or in_list


def _message(detail: ErrorDetails, path: Path, document: Document) -> str:
    kind, context = detail["type"], detail.get("ctx", {})
    name = _name(path)
    if kind == "extra_forbidden":
        return _unknown_field(path, document)
    if kind == "missing":
        return f"{name} is missing: add it"
    if kind == "union_tag_not_found":
        return f"{name}has no kind: add 'kind:' and one of {_list(context['expected_tags'])}"
    if kind == "union_tag_invalid":
        return _unknown_kind(str(context["tag"]), str(context["expected_tags"]))
    if kind == "literal_error":
        return f"{name} must be {context['expected']}, not {_shown(detail['input'])}"
    if kind == "string_pattern_mismatch" and context["pattern"] in _PATTERNS:
        return f"{name} is {_shown(detail['input'])}, but {_PATTERNS[context['pattern']]}"
    if kind in _WORDS:
        return f"{name} {_WORDS[kind]}, not {_shown(detail['input'])}"
    said = detail["msg"].removeprefix("Value error, ")
    return f"{name}: {said[:1].lower()}{said[1:]}"
