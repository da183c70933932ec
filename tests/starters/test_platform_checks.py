"""What is found in automation files about steps at the CRM and the marketing platforms."""

from __future__ import annotations

from pathlib import Path

import pytest

from starters.definitions.draft import Configured
from tests.starters.mistakes import HEAD
from tests.starters.test_definitions import EVERYTHING, told

FIELDS = {"salesforce": ("LastName",), "hubspot": ("email",), "marketo": ("email",)}
ALL = Configured(
    vendors=EVERYTHING.vendors | {"hubspot", "marketo"},
    platforms={"default": FIELDS},
    timelines=("default",),
)
PUSH = "- {id: push, kind: push, to: salesforce, fields: {LastName: last_name}}\n"
ADD = "- {id: add, kind: add_to_campaign, campaign: 701000000000001AAA}\n"
BIG = "{when: {field: size, op: at_least, value: 50}, go_to: %s}"
WITHOUT_PUSH = {
    "none at all": (ADD, "add"),
    "after it": (ADD + PUSH, "add"),
    "to another system": (
        PUSH.replace("salesforce", "hubspot").replace("Last", "") + ADD,
        "push -> add",
    ),
    "past it by a branch": (
        f"- {{id: big, kind: branch, arms: [{BIG % 'add'}]}}\n" + PUSH + ADD,
        "big -> add",
    ),
    "past it by the time-out of a wait": (
        "- {id: w, kind: wait_for, events: [clicked], timeout: 1 day, on_timeout: add}\n"
        + PUSH
        + ADD,
        "w -> add",
    ),
    "past it by a jump": (
        "- {id: j, kind: jump, go_to: add, at_most: 1}\n" + PUSH + ADD,
        "j -> add",
    ),
    "in one arm of a split": (
        "- {id: s, kind: ab_split, arms: [{go_to: push}, {go_to: rest}]}\n"
        + PUSH.replace("}}", "}, next: add}")
        + "- {id: rest, kind: wait, for: 1 day}\n"
        + ADD,
        "s -> rest -> add",
    ),
    "past it by the end of a wait_until without a day": (
        "- {id: day, kind: wait_until, field: renewal, on_missing: add}\n" + PUSH + ADD,
        "day -> add",
    ),
}
WITH_PUSH = {
    "right before it": PUSH + ADD,
    "before a branch that both arms of lead to it": (
        PUSH + f"- {{id: big, kind: branch, arms: [{BIG % 'add'}]}}\n"
        "- {id: w, kind: wait, for: 1 day}\n" + ADD
    ),
    "one in each arm": (
        f"- {{id: big, kind: branch, arms: [{BIG % 'large'}], otherwise: push}}\n"
        + PUSH.replace("id: push", "id: large").replace("}}", "}, next: add}")
        + PUSH
        + ADD
    ),
    "before a loop back to it": (
        PUSH + ADD + "- {id: w, kind: wait, for: 1 day}\n"
        "- {id: again, kind: jump, go_to: add, at_most: 2}\n"
    ),
}


@pytest.mark.parametrize("case", WITHOUT_PUSH)
def test_a_way_to_a_campaign_without_a_push_is_refused_and_shown(case: str, tmp_path: Path) -> None:
    steps, way = WITHOUT_PUSH[case]
    found = [one for one in told(tmp_path, f"{HEAD}steps:\n{steps}") if "push step" in one.message]
    assert [(one.severity, one.step) for one in found] == [("error", "add")]
    assert f"without a push to salesforce ({way}): put a push" in found[0].message


@pytest.mark.parametrize("case", WITH_PUSH)
def test_a_push_on_every_way_is_enough(case: str, tmp_path: Path) -> None:
    found = told(tmp_path, f"{HEAD}steps:\n{WITH_PUSH[case]}", ALL)
    assert "not-pushed-before" not in {one.check for one in found}


@pytest.mark.parametrize(
    ("step", "configured", "said"),
    [
        ("kind: push, to: marketo, fields: {email: email}", EVERYTHING, "set DRIPSTONE_MARKETO__"),
        ("kind: hubspot_meeting", EVERYTHING, "set DRIPSTONE_HUBSPOT__TOKEN"),
        ("kind: marketo_status, status: New", EVERYTHING, "connection 'marketo'"),
        (
            "kind: push, to: hubspot, fields: {email: email}",
            Configured(ALL.vendors, platforms={"default": {}}),
            "center 'default' has no 'hubspot' in the connections file",
        ),
        (
            "kind: push, to: hubspot, fields: {email: email, phone: phone}",
            ALL,
            "'phone' is not among the writable_fields of hubspot",
        ),
        (
            "kind: hubspot_timeline_event, title: Wrote",
            Configured(ALL.vendors, platforms={"default": FIELDS}, timelines=()),
            "has no 'timeline_template' for hubspot",
        ),
    ],
)
def test_what_is_not_there_or_not_allowed_is_told(
    step: str, configured: Configured, said: str, tmp_path: Path
) -> None:
    found = told(tmp_path, f"{HEAD}steps:\n- {{id: a, {step}}}\n", configured)
    assert [one for one in found if one.severity == "error" and said in one.message], found


def test_a_step_of_marketo_without_a_push_is_warned_of(tmp_path: Path) -> None:
    step = "- {id: a, kind: marketo_program, program: 1001, status: Member}\n"
    (finding,) = told(tmp_path, f"{HEAD}steps:\n{step}", ALL)
    assert finding.severity == "warning"
    assert "known by its field marketo_id" in finding.message
