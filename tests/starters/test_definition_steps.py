"""What is found about single step kinds in an automation file."""

from __future__ import annotations

from pathlib import Path

import pytest

from starters.definitions.draft import Configured
from tests.starters.mistakes import HEAD
from tests.starters.test_definitions import EVERYTHING, told

WRITABLE = Configured(
    EVERYTHING.vendors, EVERYTHING.mailboxes, {"default": ("Rating",)}, {"default": ("sales",)}
)


@pytest.mark.parametrize(
    ("steps", "phrase"),
    [
        ("- {id: a, kind: jump, go_to: a, at_most: 2}", "a is a loop without a wait"),
        ("- {id: a, kind: jump, go_to: b, at_most: 2}", "go_to names 'b'"),
        ("- {id: a, kind: jump, go_to: a}", "'at_most' is missing"),
        ("- {id: a, kind: ab_split, arms: [{go_to: a}]}", "'arms'"),
        ("- {id: a, kind: ab_split, arms: [{go_to: a}, {go_to: c}]}", "arms.2.go_to names 'c'"),
        ("- {id: a, kind: set_field, field: Phone, value: x}", "'Phone' is not among the writable"),
        ("- {id: a, kind: assign, pool: sale}", "has no pool 'sale'; there are: sales"),
        ("- {id: a, kind: wait_until, weekdays: [mon], zone: Mars}", "'Mars' is no time zone"),
        ("- {id: a, kind: wait_until, weekdays: [mon], at: 9am}", "must be a time of day"),
        (
            "- {id: a, kind: wait_until, date: 2026-03-02}\n"
            "- {id: b, kind: jump, go_to: a, at_most: 2}",
            "a -> b -> a is a loop without a wait",  # the date may be over
        ),
    ],
)
def test_a_mistake_in_a_step_is_told(steps: str, phrase: str, tmp_path: Path) -> None:
    said = [finding.message for finding in told(tmp_path, f"{HEAD}steps:\n{steps}\n", WRITABLE)]
    assert [message for message in said if phrase in message], said


@pytest.mark.parametrize(
    "steps",
    [
        "- {id: a, kind: wait, for: 1 day}\n- {id: b, kind: jump, go_to: a, at_most: 2}",
        "- {id: a, kind: wait_until, weekdays: [mon]}\n- {id: b, kind: jump, go_to: a, at_most: 2}",
        "- {id: a, kind: ab_split, arms: [{go_to: b}, {go_to: c}]}\n"
        "- {id: b, kind: notify, channel: x, text: y}\n- {id: c, kind: end}",
        "- {id: a, kind: assign, pool: sales}",
        "- {id: a, kind: set_field, field: Rating, value: Hot}",
        "- {id: a, kind: set_field, field: first_name, value: x, only_here: true}",
    ],
)
def test_nothing_is_found_where_nothing_is_wrong(steps: str, tmp_path: Path) -> None:
    assert told(tmp_path, f"{HEAD}steps:\n{steps}\n", WRITABLE) == ()


@pytest.mark.parametrize(
    "step",
    [
        "kind: assign, pool: sales",
        "kind: create_task, subject: x, due_in_days: 2",
        "kind: create_event, subject: x, in_days: 1, at: 10:00",
        "kind: create_note, text: x",
    ],
)
def test_a_record_needs_a_crm(step: str, tmp_path: Path) -> None:
    (finding,) = told(tmp_path, f"{HEAD}steps:\n- {{id: a, {step}}}\n", Configured())
    assert "connection 'salesforce', which is not configured" in finding.message
