"""Conditions over a lead's fields and the events so far: nested all / any / not, never mixed.

Mixing AND and OR without grouping cannot be written: a group is either ``all`` or ``any``.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from typing import Annotated, Literal, Protocol

from pydantic import Discriminator, Field, JsonValue, Tag

from workflows.engine.base import Frozen

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


_NUMBER = re.compile(r"[+-]?\d{1,15}(\.\d{1,15})?")


class Known(Protocol):
    """What a condition may look at."""

    @property
    def values(self) -> Mapping[str, JsonValue]:
        """The lead's fields that conditions name."""
        ...

    def happened(self, kind: str) -> bool:
        """Whether an event of this kind came since the enrollment began."""
        ...


class FieldIs(Frozen):
    """A test of one lead field. Text compares without regard to case; numbers as numbers."""

    field: str = Field(min_length=1, max_length=100)
    op: Operator
    value: JsonValue = None

    def holds(self, known: Known) -> bool:
        """Whether the test is true; a missing field is empty and equals nothing but nothing."""
        return _compare(self.op, known.values.get(self.field), self.value)


class Happened(Frozen):
    """A test of whether an event of a kind has come since the enrollment began."""

    event: str = Field(pattern=r"^[a-z][a-z0-9_]{0,62}$")
    happened: bool = True

    def holds(self, known: Known) -> bool:
        """Whether the event came (or, with ``happened: false``, did not)."""
        return known.happened(self.event) is self.happened


class AllOf(Frozen):
    """True when every part is."""

    all: tuple[Condition, ...] = Field(min_length=1)

    def holds(self, known: Known) -> bool:
        """Whether every part holds."""
        return all(part.holds(known) for part in self.all)


class AnyOf(Frozen):
    """True when at least one part is."""

    any: tuple[Condition, ...] = Field(min_length=1)

    def holds(self, known: Known) -> bool:
        """Whether at least one part holds."""
        return any(part.holds(known) for part in self.any)


class NotThis(Frozen):
    """True when its part is not."""

    not_: Condition = Field(alias="not", serialization_alias="not")

    def holds(self, known: Known) -> bool:
        """Whether the part does not hold."""
        return not self.not_.holds(known)


def _shape(value: object) -> str | None:
    keys = value if isinstance(value, Mapping) else getattr(value, "__dict__", ())
    for key in ("all", "any", "not", "not_", "event", "field"):
        if key in keys:
            return key.rstrip("_")
    return "field"


Condition = Annotated[
    Annotated[AllOf, Tag("all")]
    | Annotated[AnyOf, Tag("any")]
    | Annotated[NotThis, Tag("not")]
    | Annotated[Happened, Tag("event")]
    | Annotated[FieldIs, Tag("field")],
    Discriminator(_shape),
]


def parts_of(
    condition: AllOf | AnyOf | NotThis | Happened | FieldIs,
) -> Iterator[FieldIs | Happened]:
    """Every single test inside a condition, however deep."""
    if isinstance(condition, AllOf):
        inner = condition.all
    elif isinstance(condition, AnyOf):
        inner = condition.any
    elif isinstance(condition, NotThis):
        inner = (condition.not_,)
    else:
        yield condition
        return
    for part in inner:
        yield from parts_of(part)


def same(left: JsonValue, right: JsonValue) -> bool:
    """Whether two values are equal as conditions see it: text without regard to case."""
    return _plain(left) == _plain(right)


def _compare(op: Operator, left: JsonValue, right: JsonValue) -> bool:
    empty = left is None or left == "" or left == []
    if op in ("is_empty", "is_not_empty"):
        return empty is (op == "is_empty")
    if op in ("equals", "not_equals"):
        return same(left, right) is (op == "equals")
    if op in ("in", "not_in"):
        options = right if isinstance(right, list) else [right]
        return (_plain(left) in [_plain(option) for option in options]) is (op == "in")
    if op == "contains":
        return not empty and _contains(left, right)
    return _ordered(op, left, right)


def _contains(left: JsonValue, right: JsonValue) -> bool:
    if isinstance(left, list):
        return _plain(right) in [_plain(item) for item in left]
    return right is not None and _text(right) in _text(left)


def _text(value: JsonValue) -> str:
    return str(value).strip().casefold()


def _ordered(op: Operator, left: JsonValue, right: JsonValue) -> bool:
    a, b = _plain(left), _plain(right)
    if isinstance(a, bool) or isinstance(b, bool) or a is None or b is None:
        return False
    if isinstance(a, int | float) and isinstance(b, int | float):
        below, same = a < b, a == b
    elif isinstance(a, str) and isinstance(b, str):
        # RFC 3339 dates and instants in one zone sort as text.
        below, same = a < b, a == b
    else:
        return False
    return {
        "greater_than": not below and not same,
        "at_least": not below,
        "less_than": below,
        "at_most": below or same,
    }[op]


def _plain(value: JsonValue) -> JsonValue:
    """One spelling per value: CSV files give numbers as text, people give text in any case.

    Whole numbers stay whole: they compare exactly with each other and with floats, at any size.
    """
    if not isinstance(value, str):
        return value
    text = value.strip()
    if not _NUMBER.fullmatch(text):
        return text.casefold()
    return float(text) if "." in text else int(text)


for _group in (AllOf, AnyOf, NotThis):
    _group.model_rebuild()
