"""Checks of conditions: whether an operator can do anything with the value that it is given."""

from __future__ import annotations

from collections.abc import Iterator

from pydantic import JsonValue

from starters.definitions.check import check
from starters.definitions.draft import Draft, Found
from starters.definitions.field_checks import parts_below
from starters.definitions.strict_yaml import Path

_ORDERED = ("greater_than", "at_least", "less_than", "at_most")
_NEED_A_VALUE = ("in", "contains", *_ORDERED)


@check("error", "add `value:`")
def conditions_without_value(draft: Draft) -> Iterator[Found]:
    """Comparisons with nothing, which never hold. (To equal nothing may well be meant.)"""
    for path, op, value in _tests(draft):
        if value is None and op in _NEED_A_VALUE:
            yield (*path, "op"), "error", f"{op!r} compares with nothing: add 'value:'"


@check("error", "give a value that the operator can compare with, or take another operator")
def values_that_do_not_suit(draft: Draft) -> Iterator[Found]:
    """Comparisons that come out the same for every lead: no field can be like such a value."""
    for path, op, value in _tests(draft):
        if value is not None and (problem := _problem(op, value)):
            yield (*path, "value"), "error", problem


def _problem(op: str, value: JsonValue) -> str | None:
    if op in ("is_empty", "is_not_empty"):
        return f"{op!r} compares with nothing: leave 'value:' out, or write 'op: equals'"
    if op in ("in", "not_in"):
        return _problem_of_list(op, value if isinstance(value, list) else [value])
    if isinstance(value, list):
        instead = {"equals": "in", "not_equals": "not_in"}.get(op)
        mend = f"write 'op: {instead}'" if instead else "give one value, or an 'any:' of several"
        return f"{op!r} compares with one value, not with a list: {mend}"
    if isinstance(value, dict):
        return f"{op!r} compares with one value, not with a group: give text or a number"
    return _problem_of_order(op, value) if op in _ORDERED else None


def _problem_of_list(op: str, values: list[JsonValue]) -> str | None:
    holds = "always" if op == "not_in" else "never"
    if not values:
        return f"{op!r} {holds} holds with an empty list: name values"
    if any(isinstance(one, list | dict) for one in values):
        return f"{op!r} compares with single values: make it one list, without lists inside"
    return None


def _problem_of_order(op: str, value: JsonValue) -> str | None:
    """Text has an order too: that of dates, and of grades such as A, B and C."""
    if isinstance(value, bool):
        return f"{op!r} never holds with true or false: write 'op: equals'"
    if isinstance(value, str) and len(value.strip()) > 1 and not any(map(str.isdigit, value)):
        return f"{op!r} compares numbers and dates, not words such as {value[:40]!r}"
    return None


def _tests(draft: Draft) -> Iterator[tuple[Path, str, JsonValue]]:
    """(place, operator, value) for each test of a field; what a request says is none."""
    for path, part in parts_below(draft.document.value, ()):
        in_request = path[:1] == ("steps",) and path[2:3] in (("body",), ("answer",))
        if isinstance(part, dict) and "field" in part and "op" in part and not in_request:
            yield path, str(part["op"]), part.get("value")
