"""What pydantic objects to in an automation file: at which place of it, in words for people."""

from __future__ import annotations

from collections.abc import Iterator
from difflib import get_close_matches
from typing import Any, get_args

from pydantic import BaseModel, JsonValue, ValidationError
from pydantic_core import ErrorDetails

from starters.definitions.error_words import in_words, shown
from starters.definitions.strict_yaml import Document, Path
from workflows.engine.automation import Automation

_GROUPS = ("all", "any", "not", "event", "field")
_CONDITION_IS_IN = {"audience", "leads", "where", "when", "not"}
_LISTS_OF_CONDITIONS = {"all", "any"}
_TYPES_OF_A_VALUE = {"str", "constrained-str", "bool", "int", "float"}


def explain(
    error: ValidationError, document: Document, root: type[BaseModel] = Automation
) -> Iterator[tuple[Path, str]]:
    """(place in the document, message) for each thing that is wrong with a ``root``, once each."""
    details = [
        _of_any_type(path_of(detail["loc"], document), detail, document)
        for detail in error.errors(include_url=False)
        if detail["loc"] or detail["type"] != "value_error"  # the graph is looked at apart
    ]
    misspelt = {
        (*path[:-1], meant)
        for path, detail in details
        if detail["type"] == "extra_forbidden" and (meant := _meant(path, document, root))
    }
    for path, detail in details:
        if not (detail["type"] == "missing" and path in misspelt) and not _is_echo(detail):
            place = (*path, "kind") if detail["type"] == "union_tag_invalid" else path
            yield place, _message(detail, path, document, root)


def _of_any_type(path: Path, detail: ErrorDetails, document: Document) -> tuple[Path, ErrorDetails]:
    """Where text, a number and a truth will do, pydantic objects to each; it is one objection."""
    if path[-1:] and path[-1] in _TYPES_OF_A_VALUE:
        above = document.at(path[:-1])
        if not isinstance(above, dict) or path[-1] not in above:
            return path[:-1], {**detail, "type": "value_type"}
    return path, detail


def _is_echo(detail: ErrorDetails) -> bool:
    """Whether a list is called too short only because what is in it is wrong."""
    given = detail["input"]
    least = detail.get("ctx", {}).get("min_length", 0)
    return detail["type"] == "too_short" and isinstance(given, list) and len(given) >= least


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


def _message(detail: ErrorDetails, path: Path, document: Document, root: type[BaseModel]) -> str:
    kind, context = detail["type"], detail.get("ctx", {})
    name = _name(path)
    if kind == "extra_forbidden":
        return _unknown_field(path, document, root)
    if kind == "missing":
        return f"{name} is missing: add it"
    if kind == "union_tag_not_found":
        return f"has no kind: add 'kind:'; the kinds are {', '.join(_kinds_at(path))}"
    if kind == "union_tag_invalid":
        return _unknown_kind(str(context["tag"]), str(context["expected_tags"]))
    if kind == "literal_error":
        return f"{name} must be {context['expected']}, not {shown(detail['input'])}"
    if words := in_words(detail):
        return f"{name} {words}"
    said = detail["msg"].removeprefix("Value error, ")
    return f"{name}: {said[:1].lower()}{said[1:]}"


def _name(path: Path) -> str:
    """How people call a place: 'campaign.send_window.opens', 'arms.1.go_to' inside a step."""
    if path[:1] == ("steps",) and len(path) == 2:
        return "the step"
    inside = path[2:] if path[:1] == ("steps",) and len(path) > 2 else path
    named = ".".join(str(part + 1) if isinstance(part, int) else part for part in inside)
    return f"'{named}'" if named else "the file"


def _unknown_kind(given: str, expected: str) -> str:
    kinds = [kind.strip(" '") for kind in expected.split(",")]
    return f"unknown kind {given!r}{_suggestion(given, kinds)}; the kinds are {', '.join(kinds)}"


def _unknown_field(path: Path, document: Document, root: type[BaseModel]) -> str:
    name, known = str(path[-1]), fields_at(path[:-1], document, root)
    if name in _GROUPS and _is_condition(path[:-1]):
        there = next(group for group in _GROUPS if group in known)
        return f"{name!r} cannot stand beside {there!r}: put one group inside the other"
    where = f" in {_name(path[:-1])}" if len(path) > 1 and path[:-1] != path[:2] else ""
    return f"unknown field {name!r}{where}{_suggestion(name, known)}; known are {', '.join(known)}"


def _kinds_at(path: Path) -> list[str]:
    models = _models_below(Automation, str(path[0]))
    return [kind for model in models for kind in get_args(_fields(model).get("kind"))]


def _meant(path: Path, document: Document, root: type[BaseModel]) -> str | None:
    known = fields_at(path[:-1], document, root)
    return next(iter(get_close_matches(str(path[-1]), known, 1)), None)


def _suggestion(given: str, known: list[str]) -> str:
    close = get_close_matches(given, known, 1)
    return f": did you mean {close[0]!r}?" if close else ""


def fields_at(path: Path, document: Document, root: type[BaseModel] = Automation) -> list[str]:
    """The fields that the models know at a place of the document, as they are written in YAML."""
    models: list[type[BaseModel]] = [root]
    for length, part in enumerate(path, start=1):
        if isinstance(part, str):
            models = [inner for model in models for inner in _models_below(model, part)]
        models = _narrowed(models, path[:length], document.at(path[:length]))
    return list(dict.fromkeys(name for model in models for name in _fields(model)))


def _fields(model: type[BaseModel]) -> dict[str, Any]:
    return {field.alias or name: field.annotation for name, field in model.model_fields.items()}


def _models_below(model: type[BaseModel], field: str) -> Iterator[type[BaseModel]]:
    waiting = [_fields(model).get(field)]
    while waiting:
        annotation = waiting.pop(0)
        if isinstance(annotation, type) and issubclass(annotation, BaseModel):
            yield annotation
        waiting = [*get_args(annotation), *waiting]


def _narrowed(models: list[type[BaseModel]], path: Path, value: JsonValue) -> list[type[BaseModel]]:
    """Of the models that could be meant, those that the value chooses by its kind or group."""
    if not isinstance(value, dict):
        return models
    if _is_condition(path):
        group = next((group for group in _GROUPS if group in value), "field")
        return [model for model in models if group in _fields(model)]
    kind = value.get("kind")
    return [m for m in models if kind in get_args(_fields(m).get("kind"))] or models
