"""Conditions: every operator over present, missing and oddly typed fields, and groups of them."""

from __future__ import annotations

from dataclasses import dataclass, field, replace

import pytest
from pydantic import JsonValue, TypeAdapter, ValidationError

from workflows.engine.conditions import Condition, parts_of
from workflows.engine.semantics import SEMANTICS


@dataclass(frozen=True)
class Lead:
    """What a condition may look at."""

    values: dict[str, JsonValue] = field(default_factory=dict)
    events: tuple[str, ...] = ()
    semantics: int = SEMANTICS

    def happened(self, kind: str) -> bool:
        return kind in self.events


CONDITION: TypeAdapter[Condition] = TypeAdapter(Condition)
LEAD = Lead(
    {
        "city": "Köln",
        "staff": "250",
        "score": 7.5,
        "visits": 3,
        "big": 10**400,
        "zip": "80331",
        "tags": ["Hot", "2026"],
        "joined": "2026-03-01",
        "vip": True,
        "blank": "",
        "gone": None,
        "none": [],
        "shape": {"a": 1},
    },
    ("clicked",),
)


def holds(written: object) -> bool:
    return CONDITION.validate_python(written).holds(LEAD)


@pytest.mark.parametrize(
    ("field_", "op", "value", "expected"),
    [
        ("city", "equals", " KÖLN ", True),
        ("city", "equals", "Bonn", False),
        ("city", "not_equals", "Bonn", True),
        ("city", "not_equals", "köln", False),
        ("staff", "equals", 250, True),
        ("staff", "equals", "250.0", True),
        ("visits", "equals", "3", True),
        ("visits", "equals", 3.0, True),
        ("vip", "equals", True, True),
        ("vip", "equals", 1, False),
        ("missing", "equals", None, True),
        ("missing", "equals", "", False),
        ("missing", "not_equals", "x", True),
        ("shape", "equals", {"a": 1}, True),
        ("city", "in", ["Bonn", "köln"], True),
        ("city", "in", "Köln", True),
        ("staff", "in", [1, 250], True),
        ("missing", "in", ["x"], False),
        ("city", "not_in", ["Bonn"], True),
        ("missing", "not_in", ["x"], True),
        ("city", "contains", "öl", True),
        ("city", "contains", "x", False),
        ("zip", "contains", "80", True),
        ("zip", "contains", 33, True),
        ("tags", "contains", "hot", True),
        ("tags", "contains", 2026, True),
        ("tags", "contains", "ho", False),
        ("city", "contains", None, False),
        ("missing", "contains", "x", False),
        ("blank", "is_empty", None, True),
        ("gone", "is_empty", None, True),
        ("none", "is_empty", None, True),
        ("missing", "is_empty", None, True),
        ("visits", "is_empty", None, False),
        ("city", "is_not_empty", None, True),
        ("blank", "is_not_empty", None, False),
        ("staff", "greater_than", 9, True),  # as text, 250 would come before 9
        ("staff", "greater_than", 250, False),
        ("staff", "at_least", 250, True),
        ("staff", "less_than", "1000", True),
        ("score", "less_than", 7.5, False),
        ("score", "at_most", 7.5, True),
        ("score", "at_most", 7, False),
        ("big", "greater_than", 1.5, True),
        ("joined", "at_least", "2026-02-28", True),
        ("joined", "less_than", "2026-02-28", False),
        ("city", "greater_than", 5, False),  # text and number: no order, so nothing holds
        ("city", "at_most", 5, False),
        ("vip", "greater_than", 0, False),
        ("tags", "at_least", ["a"], False),
        ("missing", "less_than", 5, False),
        ("visits", "at_most", None, False),
    ],
)
def test_each_operator(field_: str, op: str, value: JsonValue, expected: bool) -> None:
    assert holds({"field": field_, "op": op, "value": value}) is expected


LEAD_OF_A_FILE = Lead(
    {
        "is_customer": "TRUE",
        "is_partner": " false",
        "agreed": True,
        "zip": "01234",
        "number": 1234,
        "seen": "2026-01-01T09:00:00Z",
        "booked": "2026-01-01T11:00:00.000+0200",
        "joined": "2026-03-01",
        "impossible": "2026-02-30T09:00:00Z",
        "flags": ["true", "x"],
    }
)
READ_AS_WHAT_THEY_ARE = [
    # (field, operator, value, expected, expected under semantics 1)
    ("is_customer", "equals", True, True, False),
    ("is_customer", "not_equals", True, False, True),
    ("is_customer", "equals", "true", True, True),
    ("is_customer", "equals", 1, False, False),
    ("is_partner", "equals", False, True, False),
    ("is_partner", "in", [False], True, False),
    ("agreed", "equals", "True", True, False),
    ("agreed", "equals", "yes", False, False),
    ("agreed", "equals", 1, False, True),
    ("flags", "contains", True, True, False),
    ("missing", "equals", False, False, False),
    ("zip", "equals", "1234", False, True),
    ("zip", "equals", " 01234", True, True),
    ("zip", "equals", 1234, True, True),
    ("zip", "less_than", "1000", True, False),
    ("zip", "in", ["1234", "99"], False, True),
    ("number", "equals", "01234", True, True),
    ("seen", "at_least", "2026-01-01T10:00:00+02:00", True, False),
    ("seen", "equals", "2026-01-01T10:00:00+01:00", True, False),
    ("seen", "equals", "2026-01-01t09:00z", True, False),
    ("seen", "greater_than", "2026-01-01T09:00:00.5Z", False, True),
    ("booked", "equals", "2026-01-01T09:00:00Z", True, False),
    ("booked", "less_than", "2026-01-01T10:00:00Z", True, False),
    ("joined", "equals", "2026-03-01", True, True),
    ("joined", "less_than", "2026-03-02", True, True),
    ("seen", "at_least", "2026-01-01", True, True),
    ("impossible", "less_than", "2026-03-01T00:00:00Z", True, True),
    ("seen", "at_least", 2026, False, False),
]


@pytest.mark.parametrize(("field_", "op", "value", "today", "once"), READ_AS_WHAT_THEY_ARE)
def test_values_of_files_are_read_as_what_they_are(
    field_: str, op: str, value: JsonValue, today: bool, once: bool
) -> None:
    condition = CONDITION.validate_python({"field": field_, "op": op, "value": value})
    assert condition.holds(LEAD_OF_A_FILE) is today
    assert condition.holds(replace(LEAD_OF_A_FILE, semantics=1)) is once


HOT = {"field": "tags", "op": "contains", "value": "hot"}
COLD = {"field": "tags", "op": "contains", "value": "cold"}


@pytest.mark.parametrize(
    ("written", "expected"),
    [
        ({"event": "clicked"}, True),
        ({"event": "clicked", "happened": False}, False),
        ({"event": "opened", "happened": False}, True),
        ({"all": [HOT, {"event": "clicked"}]}, True),
        ({"all": [HOT, COLD]}, False),
        ({"any": [COLD, HOT]}, True),
        ({"any": [COLD]}, False),
        ({"not": COLD}, True),
        ({"all": [{"any": [COLD, HOT]}, {"not": {"all": [HOT, COLD]}}]}, True),
    ],
)
def test_groups_nest(written: object, expected: bool) -> None:
    assert holds(written) is expected


@pytest.mark.parametrize(
    "written",
    [
        {"all": [HOT], "any": [COLD]},
        {"not": HOT, "field": "city"},
        {"all": []},
        {"event": "Clicked!"},
        {"field": "city", "op": "is"},
        {"field": "city"},
        {},
        [],
        "city = Köln",
        5,
        None,
    ],
)
def test_what_is_no_condition_is_refused(written: object) -> None:
    with pytest.raises(ValidationError):
        CONDITION.validate_python(written)


def test_a_condition_survives_json() -> None:
    written = {"all": [{"not": {"any": [COLD, {"event": "clicked"}]}}]}
    condition = CONDITION.validate_python(written)
    text = CONDITION.dump_json(condition, by_alias=True, exclude_defaults=True)
    assert CONDITION.validate_json(text) == condition


def test_every_part_is_found_however_deep() -> None:
    written = {"all": [HOT, {"not": {"any": [COLD, {"event": "clicked"}]}}]}
    assert len(list(parts_of(CONDITION.validate_python(written)))) == 3
