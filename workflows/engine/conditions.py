"""Conditions over a lead's fields and the events so far: nested all / any / not, never mixed.

Mixing AND and OR without grouping cannot be written: a group is either ``all`` or ``any``.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Annotated, Protocol

from pydantic import Discriminator, Field, JsonValue, Tag

from workflows.engine.base import Frozen
from workflows.engine.comparing import Operator, compare


class Known(Protocol):
    """What a condition may look at."""

    @property
    def values(self) -> Mapping[str, JsonValue]:
        """The lead's fields that conditions name."""
        ...

    @property
    def semantics(self) -> int:
        """By the rules of which number of the engine values compare."""
        ...

    def happened(self, kind: str) -> bool:
        """Whether an event of this kind came since the enrollment began."""
        ...


class FieldIs(Frozen):
    """A test of one lead field. Text compares without regard to case; numbers as numbers, instants
    as instants, true and false also with the words."""

    field: str = Field(min_length=1, max_length=100)
    op: Operator
    value: JsonValue = None

    def holds(self, known: Known) -> bool:
        """Whether the test is true; a missing field is empty and equals nothing but nothing."""
        return compare(self.op, known.values.get(self.field), self.value, known.semantics)


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


def asks_for_events(condition: AllOf | AnyOf | NotThis | Happened | FieldIs) -> bool:
    """Whether it tests events, which only an enrollment knows of."""
    return any(isinstance(part, Happened) for part in parts_of(condition))


for _group in (AllOf, AnyOf, NotThis):
    _group.model_rebuild()
