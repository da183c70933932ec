"""``explain`` and ``reset`` against a real server, a worker, and a mail server that counts."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from pathlib import Path
from shutil import copy

import pytest

from tests.starters.commands import Commands, Result

CHASES = """\
id: {name}
name: A test
trigger: {{kind: manual}}
campaign: {{engagement_window: 30 days, lane: {name}}}
audience: {{field: stage, op: equals, value: New}}
steps:
  - {{id: rest, kind: wait_for, events: [clicked], timeout: 1 day}}
  - {{id: hello, kind: send_email, template: intro}}
  - {{id: more, kind: wait, for: 2 days}}
  - {{id: bye, kind: send_email, template: last_note}}
"""
PATIENCE = 90


@pytest.fixture(scope="module")
def at_work(
    tmp_path_factory: pytest.TempPathFactory, temporal: str, empty_ledger: Path
) -> Iterator[Commands]:
    """A ledger and a worker for it; each test takes leads of its own. No mail server answers."""
    directory = tmp_path_factory.mktemp("explained")
    copy(empty_ledger, directory)
    commands = Commands(directory, temporal)
    for name in ("chases", "halted", "barred"):
        commands.enabled(name, CHASES)
    with commands.worker():
        yield commands


def entered(commands: Commands, lead: str, automation: str = "chases") -> str:
    fields = ("--email", f"{lead}@example.com", "--field", "stage=New", "--field", "first_name=Jo")
    done = commands("enroll", automation, "--lead", lead, *fields)
    assert done.status == 0, done
    return f"enrollment:{automation}:{lead}"


def until(look: Callable[[], Result], wanted: Callable[[Result], bool]) -> Result:
    ends = time.monotonic() + PATIENCE
    while not wanted(result := look()):
        assert time.monotonic() < ends, f"it never came: {result}"
        time.sleep(0.05)
    return result


def explained(commands: Commands, who: str, said: str) -> Result:
    """What is told of an enrollment, once its place is told with these words."""

    def is_told(seen: Result) -> bool:
        return seen.status == 0 and said in seen.document["enrollments"][0]["where"]

    return until(lambda: commands("explain", who, "--json"), is_told)


def test_a_lead_that_waits_is_told_with_its_messages_to_come(at_work: Commands) -> None:
    entered(at_work, "e-1")
    told = explained(at_work, "e-1", "waiting at step rest").document
    (one,) = told["enrollments"]
    assert "until" in one["where"]
    assert [(row["step"], row["what"]) for row in one["messages"]] == [
        ("hello", "not reached"),
        ("bye", "not reached"),
    ]
    assert (one["in_the_way"], told["refused"]) == ([], [])


def test_a_message_that_the_gate_holds_is_told_with_its_cause(at_work: Commands) -> None:
    enrollment = entered(at_work, "e-2", "halted")
    explained(at_work, enrollment, "waiting at step rest")
    assert at_work("halt", "halted", "--reason", "a wrong price", "--by", "ada").status == 0
    at_work("emit", "clicked", "--lead", "e-2")
    (one,) = explained(at_work, enrollment, "held at step hello").document["enrollments"]
    because = "the automation is halted by ada: a wrong price"
    assert because in one["where"]
    assert (one["messages"][0]["what"], one["messages"][0]["why"]) == ("held", because)
    assert because in one["in_the_way"]
    shown = at_work("explain", "--automation", "halted", "--lead", "e-2").out
    assert because in shown
    assert "not reached" in shown


def test_after_the_end_it_is_told_what_ended_it_and_what_was_never_reached(
    at_work: Commands,
) -> None:
    enrollment = entered(at_work, "e-3")
    explained(at_work, enrollment, "waiting at step rest")
    assert at_work("emit", "reply", "--lead", "e-3", "--data", "class=POSITIVE").status == 0
    (one,) = explained(at_work, enrollment, "left at").document["enrollments"]
    assert "reply_received" in one["where"]
    assert "event: reply" in one["where"]
    assert {(row["what"], row["why"]) for row in one["messages"]} == {
        ("never reached", "the lead had left: reply_received")
    }


def test_a_lead_that_was_not_let_in_is_told_why(at_work: Commands) -> None:
    done = at_work("enroll", "chases", "--lead", "e-4", "--email", "e-4@example.com")
    assert done.status == 1
    told = at_work("explain", "e-4", "--json").document
    assert told["enrollments"] == []
    assert [row["automation"] for row in told["refused"]] == ["chases"]
    assert "audience" in told["refused"][0]["reason"]
    assert "audience" in at_work("explain", "e-4").out


def test_a_suppression_is_told_to_be_in_the_way(at_work: Commands) -> None:
    entered(at_work, "e-5")
    explained(at_work, "e-5", "waiting at step rest")
    assert at_work("suppress", "--lead", "e-5", "--channel", "email").status == 0
    (one,) = at_work("explain", "e-5", "--json").document["enrollments"]
    assert any(said.startswith("suppressed: no_mail") for said in one["in_the_way"])


def test_with_temporal_down_the_ledger_tells_what_it_knows(at_work: Commands) -> None:
    entered(at_work, "e-6")
    explained(at_work, "e-6", "waiting at step rest")
    done = at_work("explain", "e-6", "--json", TEMPORAL_ADDRESS="127.0.0.1:1")
    (one,) = done.document["enrollments"]
    assert (done.status, "as the ledger has it" in one["where"]) == (0, True)
    assert "TEMPORAL_ADDRESS" in one["not_asked_because"]


@pytest.mark.parametrize(
    ("arguments", "status", "said"),
    [
        (("explain", "nobody-1"), 1, "knows no such lead"),
        (("explain", "enrollment:chases:nobody-1"), 1, "knows no such lead"),
        (("explain",), 2, "say which enrollment"),
        (("explain", "enrollment:chases"), 2, "enrollment:AUTOMATION:LEAD"),
        (("explain", "x-1", "--lead", "x-2"), 2, "once"),
        (("reset", "enrollment:chases:nobody-1"), 1, "no such enrollment"),
        (("reset", "--automation", "chases"), 2, "say which enrollment"),
    ],
)
def test_no_and_wrong_use_are_told_apart(
    at_work: Commands, arguments: tuple[str, ...], status: int, said: str
) -> None:
    done = at_work(*arguments)
    assert (done.status, done.out) == (status, ""), done
    assert said in done.err


def test_a_reset_workflow_hears_its_events_again_and_comes_to_where_it_was(
    at_work: Commands,
) -> None:
    enrollment = entered(at_work, "r-1", "barred")
    explained(at_work, enrollment, "waiting at step rest")
    assert at_work("disable", "barred").status == 0
    at_work("emit", "clicked", "--lead", "r-1")
    explained(at_work, enrollment, "held since")
    before = at_work("status", enrollment, "--json").document
    done = at_work("reset", enrollment, "--reason", "a bad release", "--by", "ada", "--json")
    assert (done.status, done.document["enrollment"]) == (0, enrollment), done
    assert done.document["run"] != before["entry"]["run_id"]
    held = explained(at_work, enrollment, "held at step hello").document["enrollments"][0]
    assert "the automation is disabled" in held["where"]


def test_after_a_reset_an_order_can_be_given_again(at_work: Commands) -> None:
    enrollment = entered(at_work, "r-3")
    explained(at_work, enrollment, "waiting at step rest")
    assert at_work("pause", enrollment).status == 0
    done = at_work("reset", enrollment)
    assert (done.status, "ordered anew" in done.out) == (0, True), done
    explained(at_work, enrollment, "waiting at step rest")
    assert at_work("pause", enrollment).status == 0


def test_an_event_that_no_workflow_can_be_put_back_to_is_refused(at_work: Commands) -> None:
    enrollment = entered(at_work, "r-2")
    explained(at_work, enrollment, "waiting at step rest")
    done = at_work("reset", enrollment, "--event", "9999")
    assert (done.status, done.out) == (1, "")
    assert enrollment in done.err
