"""One mistake does not hide another, and what cannot be read makes up no mistakes."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.starters.commands import Commands
from tests.starters.mistakes import HEAD, MAIL_STEP, STEPS
from tests.starters.test_checks import CENTER
from tests.starters.test_definitions import told

PUSHED = "- {id: add, kind: add_to_campaign, campaign: 701000000000001AAA}\n"
LOOP = "- {id: b, kind: branch, arms: [{when: {event: x}, go_to: a}], otherwise: a}\n"
REST = "- {id: rest, kind: wait, for: 1 day}\n"


def checks(tmp_path: Path, text: str) -> list[tuple[int, str]]:
    """What is told, but for two mails at once, which every loop of a mail means too."""
    found = [(one.line, one.check) for one in told(tmp_path, text, CENTER)]
    return [one for one in found if one[1] != "messages-without-wait"]


def test_an_unknown_field_hides_no_other_mistake(tmp_path: Path) -> None:
    text = (
        HEAD.replace("Welcome", "''")
        + "steps:\n"
        + PUSHED
        + "- {id: a, kind: send_email, template: nope, tread: true}\n"
        + LOOP
        + "- {id: dead, kind: end}\n"
    )
    assert checks(tmp_path, text) == [
        (2, "fields"),
        (5, "not-pushed-before"),
        (6, "fields"),
        (6, "unknown-templates"),
        (6, "endless-loops"),
        (8, "idle-steps"),
    ]


@pytest.mark.parametrize(
    "broken",
    [
        "- {id: a, kind: wait, for: 3 moons}\n",
        "- {id: a, kind: send_email, tempalte: hello}\n",
        "- {id: a, kind: dance}\n",
        "- {id: a, kind: push, to: salesfarce, fields: {LastName: last_name}}\n",
        "- {id: a, kind: wait, for: 1 day, nxet: late}\n",
        "- {id: a, kind: branch, arms: [{when: {evnt: x}, go_to: late}]}\n",
    ],
)
def test_no_finding_rests_on_a_step_that_cannot_be_read(tmp_path: Path, broken: str) -> None:
    text = STEPS + MAIL_STEP + broken + MAIL_STEP.replace("intro", "more") + REST
    late = "- {id: stop, kind: end}\n- {id: late, kind: end}\n" if "late" in broken else ""
    found = told(tmp_path, text + late, CENTER)
    assert {(one.line, one.check) for one in found} == {(6, "fields")}
    again = MAIL_STEP.replace("intro", "more").replace("hello}", "hello, next: a}")
    found = told(tmp_path, STEPS + MAIL_STEP + broken.replace("late", "more") + again, CENTER)
    assert {(one.line, one.check) for one in found} == {(6, "fields")}
    text = (
        STEPS
        + broken.replace("late", "gone")
        + PUSHED
        + "- {id: gone, kind: send_email, template: nope}\n"
    )
    below = [one for one in checks(tmp_path, text) if one[0] > 5]
    assert below == [(7, "unknown-templates")]


@pytest.mark.parametrize(
    ("head", "line"),
    [
        (HEAD.replace("{kind: manual}", "{kind: manuel}"), 3),
        (HEAD + "campaign: {engagement_window: 3 moons}\n", 4),
        (HEAD + "campaign: {engagement_window: 3 days, priorty: 3}\n", 4),
        (HEAD + "audience: {field: size, op: is}\n", 4),
        (HEAD + "goal: 5\n", 4),
        (HEAD + "colour: red\n", 4),
    ],
)
def test_a_mistake_in_the_head_hides_none_in_the_steps(
    tmp_path: Path, head: str, line: int
) -> None:
    text = head + "steps:\n" + REST + "- {id: a, kind: send_email, template: nope}\n" + LOOP
    assert checks(tmp_path, text) == [
        (line, "fields"),
        (head.count("\n") + 3, "unknown-templates"),
        (head.count("\n") + 3, "endless-loops"),
    ]


def test_a_way_to_nowhere_hides_no_loop(tmp_path: Path) -> None:
    text = STEPS + "- {id: go, kind: wait, for: 1 day, next: nowhere}\n" + MAIL_STEP
    text += "- {id: again, kind: branch, arms: [{when: {event: x}, go_to: intro}], "
    text += "otherwise: intro}\n"
    assert checks(tmp_path, text) == [(5, "step-ids"), (6, "endless-loops")]


def test_what_is_wrong_with_a_template_is_told_beside_other_mistakes(cut_off: Commands) -> None:
    cut_off.environment["DRIPSTONE_TEMPLATES"] = str(cut_off.directory)
    cut_off.file("shy.liquid", "---\nsubject: Hi\n---\n{% assign x = unsubscribe_url %}\n")
    text = STEPS + "- {id: a, kind: send_email, template: shy, tread: true}\n"
    found = cut_off("validate", cut_off.file("a.yaml", text), "--json").document["findings"]
    assert {"fields", "template-files"} <= {one["check"] for one in found}
