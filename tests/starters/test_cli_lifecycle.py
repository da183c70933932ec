"""Commands for the life of an automation, against a real server and without one."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from shutil import copy

import pytest

from tests.starters.commands import WAITING, Commands
from tests.starters.test_cli_operate import comes_to, entered, until

REASON = "campaign_turned_off_or_expired"
PARKS = """\
id: {name}
name: A test
trigger: {{kind: manual}}
steps:
  - {{id: tell, kind: notify, channel: sales, text: hello}}
  - {{id: last, kind: wait, for: 1 day}}
"""
REST = "  - {{id: rest, kind: wait_for, events: [clicked], timeout: 1 day}}\n"
TELLS_AFTER_A_CLICK = PARKS.replace("steps:\n", f"steps:\n{REST}")


@pytest.fixture(scope="module")
def at_work(
    tmp_path_factory: pytest.TempPathFactory, temporal: str, empty_ledger: Path
) -> Iterator[Commands]:
    """A ledger and a worker for it, which has no Slack."""
    directory = tmp_path_factory.mktemp("lifecycle")
    copy(empty_ledger, directory)
    commands = Commands(directory, temporal)
    with commands.worker():
        yield commands


@pytest.mark.parametrize("state", ["waiting", "held", "attention"])
def test_turning_off_takes_leads_out_wherever_they_stand(at_work: Commands, state: str) -> None:
    name = f"off-{state}"
    if state == "attention":
        at_work.enabled(name, PARKS, DRIPSTONE_SLACK__TOKEN="xoxb-none")
    else:
        at_work.enabled(name)
    enrollment = entered(at_work, f"crm-{state}", name)
    if state == "held":
        comes_to(at_work, enrollment, "waiting")
        assert at_work("pause", enrollment).status == 0
    comes_to(at_work, enrollment, state)
    done = at_work("turn-off", name, "--reason", "over", "--json")
    assert done.document == {
        "automation": name,
        "state": "off",
        "leaving": 1,
        "temporal": "answers",
    }
    closed = until(
        lambda: at_work("list", name, "--state", "closed", "--json"),
        lambda result: bool(result.document["enrollments"]),
    )
    assert [one["exit"] for one in closed.document["enrollments"]] == [REASON]
    assert at_work("turn-off", name, "--json").document["leaving"] == 0


def test_what_is_disabled_with_its_center_goes_on_when_the_center_does(at_work: Commands) -> None:
    at_work.enabled("switched", TELLS_AFTER_A_CLICK, DRIPSTONE_SLACK__TOKEN="xoxb-none")
    enrollment = entered(at_work, "crm-switched", "switched")
    comes_to(at_work, enrollment, "waiting")
    assert at_work("disable", "--center", "default").status == 0
    assert at_work("emit", "clicked", "--lead", "crm-switched").status == 0
    held = comes_to(at_work, enrollment, "held")
    assert "disabled with its center" in held.out
    assert at_work("enable", "--center", "default", "--json").document["released"] == 1
    comes_to(at_work, enrollment, "attention")  # it has no Slack: so it was let through the gate


def test_turning_off_holds_with_temporal_down(cut_off: Commands) -> None:
    cut_off.enabled("a")
    enrollment = entered(cut_off, "crm-1", "a")
    done = cut_off("turn-off", "a")
    assert (done.status, "once Temporal is back" in done.out) == (0, True)
    assert f"closing: {REASON}" in cut_off("status", enrollment).out
    refused = cut_off("enroll", "a", "--lead", "crm-2", "--email", "b@example.com")
    assert (refused.status, "is off" in refused.err) == (1, True)
    inside = cut_off("archive", "a")
    assert (inside.status, "1 leads are inside" in inside.err) == (1, True)


def test_the_archived_are_listed_only_if_asked_for(cut_off: Commands) -> None:
    for name in ("a", "b"):
        cut_off.enabled(name)
    assert cut_off("archive", "b", "--by", "ada").status == 0
    shown = cut_off("list", "--automations", "--json").document["automations"]
    assert [(one["automation"], one["state"]) for one in shown] == [("a", "enabled")]
    assert " b " in cut_off("list", "--automations", "--archived").out.replace("\n", " ")
    done = cut_off("enable", "b")
    assert (done.status, "dripstone publish FILE" in done.err) == (1, True)
    assert cut_off("publish", str(cut_off.directory / "b.yaml"), "--enable").status == 0
    assert "enabled" in cut_off("list", "b", "--automations").out


def test_all_that_was_done_with_an_automation_is_shown_with_who_and_why(cut_off: Commands) -> None:
    cut_off.enabled("a")
    cut_off("disable", "a", "--by", "bob")
    cut_off("disable", "--center", "default", "--by", "eve")
    cut_off("turn-off", "a", "--by", "ada", "--reason", "season over")
    log = cut_off("list", "a", "--automations", "--json").document["log"]
    told = [(line["act"], line["done_by"]) for line in log[2:]]
    assert told == [("disabled", "bob"), ("disabled", "eve"), ("turned off", "ada")]
    assert "season over" in cut_off("list", "a", "--automations").out


def test_enabling_says_what_is_still_in_the_way(cut_off: Commands) -> None:
    cut_off.enabled("a")
    cut_off("disable", "--center", "default")
    assert "enable --center default" in cut_off("enable", "a").out
    ended = WAITING.replace("lane: {name}", "lane: {name}, active_until: 2026-01-01T00:00:00Z")
    file = cut_off.file("b.yaml", ended.format(name="b"))
    cut_off("enable", "--center", "default")
    assert cut_off("publish", file).status == 0
    assert "past its end, 2026-01-01T00:00:00+00:00" in cut_off("enable", "b").out
    later = WAITING.replace("lane: {name}", "lane: {name}, active_from: 2099-01-01T00:00:00Z")
    assert cut_off("publish", cut_off.file("c.yaml", later.format(name="c"))).status == 0
    assert "not active before 2099-01-01T00:00:00+00:00" in cut_off("enable", "c").out
    refused = cut_off("enroll", "c", "--lead", "crm-1", "--email", "ada@example.com")
    assert (refused.status, "not active before 2099" in refused.err) == (1, True)


@pytest.mark.parametrize("verb", ["enable", "disable"])
def test_an_automation_or_a_center_is_meant_and_one_that_is_there(
    cut_off: Commands, verb: str
) -> None:
    assert cut_off(verb).status == 2
    assert cut_off(verb, "a", "--center", "default").status == 2
    done = cut_off(verb, "--center", "nowhere")
    assert (done.status, "the centers are: default" in done.err) == (1, True)
