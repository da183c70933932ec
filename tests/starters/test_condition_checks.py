"""Values with which a condition would come out the same for every lead are told of."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.starters.mistakes import HEAD, MAIL_STEP
from tests.starters.test_definitions import EVERYTHING, told

TEST = HEAD + "audience: {field: size, %s}\nsteps:\n" + MAIL_STEP


@pytest.mark.parametrize(
    ("test", "said"),
    [
        ("op: equals, value: [New, Contacted]", "write 'op: in'"),
        ("op: not_equals, value: [New]", "write 'op: not_in'"),
        ("op: equals, value: {a: b}", "not with a group"),
        ("op: contains, value: [a]", "an 'any:' of several"),
        ("op: in, value: []", "'in' never holds with an empty list"),
        ("op: not_in, value: []", "'not_in' always holds with an empty list"),
        ("op: in, value: [[a, b]]", "without lists inside"),
        ("op: is_empty, value: 3", "leave 'value:' out"),
        ("op: greater_than, value: true", "write 'op: equals'"),
        ("op: at_most, value: many", "numbers and dates, not words such as 'many'"),
    ],
)
def test_a_value_that_no_field_can_be_like_is_refused(test: str, said: str, tmp_path: Path) -> None:
    (found,) = told(tmp_path, TEST % test, EVERYTHING)
    assert (found.severity, found.check, found.line) == ("error", "values-that-do-not-suit", 4)
    assert said in found.message


@pytest.mark.parametrize(
    "test",
    [
        "op: equals, value: New",
        "op: equals",
        "op: equals, value: false",
        "op: in, value: New",
        "op: not_in, value: [New, 3]",
        "op: is_not_empty",
        "op: contains, value: 3",
        "op: at_least, value: 2026-03-01",
        "op: at_least, value: '250'",
        "op: at_most, value: B",
    ],
)
def test_a_value_that_suits_its_operator_is_fine(test: str, tmp_path: Path) -> None:
    assert told(tmp_path, TEST % test, EVERYTHING) == ()


def test_conditions_are_looked_at_wherever_they_stand_and_bodies_of_requests_are_not(
    tmp_path: Path,
) -> None:
    steps = (
        "- id: b\n  kind: branch\n  arms:\n"
        "  - {when: {all: [{not: {field: x, op: in, value: []}}]}, go_to: c}\n"
        "- {id: c, kind: http_call, connection: crm, method: POST,\n"
        "   body: {field: x, op: in, value: []}}\n- {id: e, kind: end}\n"
    )
    (found,) = told(tmp_path, HEAD + "steps:\n" + steps, EVERYTHING)
    assert (found.line, found.step) == (8, "b")
