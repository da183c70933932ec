"""How conditions compare two values: CSV files give all of them as text, and people write any case.

Both are read as what they can be compared as: true or false, instants, numbers, else text.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from datetime import datetime
from typing import Literal

from pydantic import JsonValue

Operator = Literal[
    "equals",
    "not_equals",
    "in",
    "not_in",
    "contains",
    "is_empty",
    "is_not_empty",
    "greater_than",
    "at_least",
    "less_than",
    "at_most",
]

Read = JsonValue | datetime
Pair = tuple[Read, Read]

_NUMBER = re.compile(r"[+-]?\d{1,15}(\.\d{1,15})?")
_CODE = re.compile(r"[+-]?0\d")
_INSTANT = re.compile(r"\d{4}-\d\d-\d\d[Tt ]\d\d:\d\d(:\d\d(\.\d+)?)?([Zz]|[+-]\d\d:?\d\d)")


def compare(op: Operator, left: JsonValue, right: JsonValue, semantics: int) -> bool:
    """Whether a field's value passes a test, by the rules of that number of the engine."""
    read = _read_by_1 if semantics == 1 else _read
    empty = left is None or left == "" or left == []
    if op in ("is_empty", "is_not_empty"):
        return empty is (op == "is_empty")
    if op in ("equals", "not_equals"):
        return _equal(read(left, right)) is (op == "equals")
    if op in ("in", "not_in"):
        options = right if isinstance(right, list) else [right]
        return any(_equal(read(left, option)) for option in options) is (op == "in")
    if op == "contains":
        return not empty and _contains(left, right, read)
    pair = read(left, right)
    return pair is not None and _ordered(op, *pair)


def same(left: JsonValue, right: JsonValue) -> bool:
    """Whether two values are equal as conditions see it today: text without regard to case."""
    return _equal(_read(left, right))


def _equal(pair: Pair | None) -> bool:
    return pair is not None and pair[0] == pair[1]


def _contains(
    left: JsonValue, right: JsonValue, read: Callable[[JsonValue, JsonValue], Pair | None]
) -> bool:
    if isinstance(left, list):
        return any(_equal(read(item, right)) for item in left)
    return right is not None and _text(str(right)) in _text(str(left))


def _ordered(op: Operator, a: Read, b: Read) -> bool:
    if isinstance(a, bool) or isinstance(b, bool):
        return False
    if isinstance(a, int | float) and isinstance(b, int | float):
        below, equal = a < b, a == b
    elif isinstance(a, str) and isinstance(b, str):
        below, equal = a < b, a == b  # dates sort as text
    elif isinstance(a, datetime) and isinstance(b, datetime):
        below, equal = a < b, a == b
    else:
        return False
    return {
        "greater_than": not below and not equal,
        "at_least": not below,
        "less_than": below,
        "at_most": below or equal,
    }[op]


def _read(left: JsonValue, right: JsonValue) -> Pair | None:
    """Both values as something that compares; None if they never do."""
    if isinstance(left, bool) or isinstance(right, bool):
        return _both(_truth(left), _truth(right))
    if not (isinstance(left, str) and isinstance(right, str)):
        return _plain(left), _plain(right)
    if instants := _both(_instant(left), _instant(right)):
        return instants
    if _CODE.match(left.strip()) or _CODE.match(right.strip()):
        return _text(left), _text(right)  # a post code or a customer number
    return _plain(left), _plain(right)


def _read_by_1(left: JsonValue, right: JsonValue) -> Pair:
    return _plain(left), _plain(right)


def _both(a: Read, b: Read) -> Pair | None:
    return None if a is None or b is None else (a, b)


def _truth(value: JsonValue) -> bool | None:
    if isinstance(value, bool):
        return value
    return {"true": True, "false": False}.get(_text(value)) if isinstance(value, str) else None


def _instant(text: str) -> datetime | None:
    """The instant that a text is in RFC 3339, or with an offset as Salesforce writes it: +0200."""
    if not _INSTANT.fullmatch(text.strip()):
        return None
    try:
        return datetime.fromisoformat(text.strip().upper())
    except ValueError:
        return None


def _plain(value: JsonValue) -> JsonValue:
    """One spelling per value, of numbers and of text.

    Whole numbers stay whole: they compare exactly with each other and with floats, at any size.
    """
    if not isinstance(value, str):
        return value
    text = value.strip()
    if not _NUMBER.fullmatch(text):
        return text.casefold()
    return float(text) if "." in text else int(text)


def _text(value: str) -> str:
    return value.strip().casefold()
