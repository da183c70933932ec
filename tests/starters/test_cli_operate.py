"""Commands of operators against a real server and a worker that runs as a process of its own."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from shutil import copy

import httpx
import pytest

from tests.patience import PATIENCE, until_blocking
from tests.ports import port_for_later
from tests.starters.commands import Commands, Result

PARKS = """\
id: {name}
name: A test
trigger: {{kind: manual}}
steps:
  - {{id: rest, kind: wait_for, events: [clicked], timeout: 1 day}}
  - {{id: tell, kind: notify, channel: sales, text: hello}}
  - {{id: last, kind: wait, for: 1 day}}
"""


@pytest.fixture(scope="module")
def at_work(
    tmp_path_factory: pytest.TempPathFactory, temporal: str, empty_ledger: Path
) -> Iterator[Commands]:
    """A ledger and a worker for it; each test takes leads of its own. The worker has no Slack."""
    directory = tmp_path_factory.mktemp("at_work")
    copy(empty_ledger, directory)
    commands = Commands(directory, temporal)
    commands.environment["DRIPSTONE_WORKER__METRICS_PORT"] = str(port_for_later())
    commands.enabled("calm")
    for name in ("parks", "gated"):
        commands.enabled(name, PARKS, DRIPSTONE_SLACK__TOKEN="xoxb-none")
    with commands.worker():
        yield commands


def entered(commands: Commands, lead: str, automation: str = "calm") -> str:
    done = commands("enroll", automation, "--lead", lead, "--email", f"{lead}@example.com")
    assert done.status == 0, done
    return f"enrollment:{automation}:{lead}"


def until(look: Callable[[], Result], wanted: Callable[[Result], bool]) -> Result:
    """Look again until it is so: workflows and search attributes take their time."""
    return until_blocking(look, wanted)


def comes_to(commands: Commands, enrollment: str, state: str) -> Result:
    """The status of an enrollment, once it is in that state."""

    def is_there(seen: Result) -> bool:
        status = seen.document["status"]
        return bool(status) and status["state"] == state

    return until(lambda: commands("status", enrollment, "--json"), is_there)


def test_the_status_of_a_lead_names_its_step_and_tells_its_story(at_work: Commands) -> None:
    enrollment = entered(at_work, "a-1")
    told = comes_to(at_work, enrollment, "waiting").document
    assert (told["status"]["step"], told["status"]["visit"]) == ("rest", 1)
    assert told["timeline"][-1]["step"] == "rest"
    same = at_work("status", "--automation", "calm", "--lead", "a-1")
    assert (same.status, "rest (visit 1)" in same.out, "Timeline" in same.out) == (0, True, True)


def test_a_lead_is_paused_and_goes_on(at_work: Commands) -> None:
    enrollment = entered(at_work, "a-2")
    comes_to(at_work, enrollment, "waiting")
    assert at_work("pause", enrollment, "--reason", "on holiday", "--by", "ada").status == 0
    again = at_work("pause", enrollment)
    assert (again.status, "paused already" in again.err) == (1, True)
    assert "on holiday" in at_work("status", enrollment).out
    assert at_work("resume", enrollment).status == 0
    assert at_work("skip", enrollment, "--json").document["step"] == "more"


def test_an_order_for_a_step_that_the_lead_has_left_is_refused(at_work: Commands) -> None:
    enrollment = entered(at_work, "a-3")
    comes_to(at_work, enrollment, "waiting")
    for arguments in (("--step", "more"), ("--visit", "2")):
        done = at_work("skip", enrollment, *arguments)
        assert (done.status, done.out, "not" in done.err) == (1, "", True), done


def test_a_step_that_needs_attention_is_listed_retried_and_skipped(at_work: Commands) -> None:
    enrollment = entered(at_work, "a-4", "parks")
    told = at_work("emit", "clicked", "--lead", "a-4", "--json").document
    assert (told["targets"], told["told"]) == ([enrollment], 1)
    comes_to(at_work, enrollment, "attention")
    listed = until(
        lambda: at_work("list", "parks", "--state", "attention", "--json"),
        lambda seen: bool(seen.document["enrollments"]),
    ).document["enrollments"]
    assert [(one["enrollment"], one["step"]) for one in listed] == [(enrollment, "tell")]
    assert "Need attention" in at_work("report", "parks").out
    assert at_work("retry", enrollment).status == 0
    assert comes_to(at_work, enrollment, "attention").document["status"]["visit"] == 2
    assert at_work("skip", enrollment, "--json").document["step"] == "last"


def test_disabling_holds_the_leads_inside_and_enabling_lets_them_go_on(at_work: Commands) -> None:
    enrollment = entered(at_work, "a-5", "gated")
    assert at_work("disable", "gated").status == 0
    at_work("emit", "clicked", "--lead", "a-5")
    held = comes_to(at_work, enrollment, "held").document["status"]
    assert held["held_because"] == "the automation is disabled"
    counted = at_work("report", "gated", "--json").document
    assert [one["lead"] for one in counted["held"]] == ["a-5"]
    assert at_work("enable", "gated", "--json").document["released"] == 1
    comes_to(at_work, enrollment, "attention")
    assert at_work("report", "gated", "--json").document["held"] == []


def test_a_removed_lead_is_closed_and_its_story_stays(at_work: Commands) -> None:
    enrollment = entered(at_work, "a-6")
    comes_to(at_work, enrollment, "waiting")
    removed = at_work("remove", enrollment, "--json")
    assert (removed.status, removed.document["in_flight"]) == (0, [])
    closed = until(
        lambda: at_work("status", enrollment, "--json"),
        lambda seen: seen.document["entry"]["state"] == "CLOSED",
    ).document
    assert closed["entry"]["exit"] == "manually_removed"
    for verb in ("remove", "pause"):
        again = at_work(verb, enrollment)
        assert (again.status, "manually_removed" in again.err) == (1, True)
    listed = at_work("list", "calm", "--state", "closed", "--lead", "a-6", "--json").document
    assert [one["exit"] for one in listed["enrollments"]] == ["manually_removed"]


def test_a_suppressed_person_leaves_all_that_listens_to_opt_outs(at_work: Commands) -> None:
    enrollment = entered(at_work, "a-7")
    done = at_work("suppress", "--lead", "a-7", "--reason", "asked by phone", "--json")
    assert (done.status, done.document["stopped"]) == (0, [enrollment])
    until(
        lambda: at_work("status", enrollment, "--json"),
        lambda seen: seen.document["entry"]["exit"] == "unsubscribed",
    )
    assert at_work("report", "calm", "--json").document["unsubscribed"] == 1


def test_an_event_is_taken_in_once(at_work: Commands) -> None:
    entered(at_work, "a-8")
    arguments = ("emit", "clicked", "--lead", "a-8", "--id", "click-1", "--data", "page=prices")
    known = [at_work(*arguments, "--json").document["is_new"] for _ in range(2)]
    assert known == [True, False]


@pytest.mark.parametrize(
    ("arguments", "status", "said"),
    [
        (("emit", "clicked", "--lead", "nobody-1"), 1, "nothing was written"),
        (("emit", "Clicked!", "--lead", "a-1"), 2, "kind"),
        (("emit", "email_sent", "--lead", "a-1"), 2, "cannot be emitted"),
        (("emit", "clicked", "--lead", "a-1", "--json-data", "[1]"), 2, "must be an object"),
        (("emit", "clicked", "--lead", "a-1", "--at", "2026-01-01T00:00:00"), 2, "--at"),
        (("status", "enrollment:calm:nobody-1"), 1, "no such enrollment"),
        (("remove", "--automation", "calm", "--lead", "nobody-1"), 1, "no such enrollment"),
        (("status", "--automation", "calm"), 2, "say which enrollment"),
        (("list", "--state", "sleeping"), 2, "use one of"),
        (("suppress",), 2, "say whom"),
        (("suppress", "--lead", "nobody-1"), 1, "no such lead"),
        (("suppress", "--domain", "not a domain"), 2, "example.com"),
        (("suppress", "--email", "nobody"), 1, "email:"),
    ],
)
def test_no_and_wrong_use_are_told_apart(
    at_work: Commands, arguments: tuple[str, ...], status: int, said: str
) -> None:
    done = at_work(*arguments)
    assert (done.status, done.out) == (status, ""), done
    assert said in done.err


def test_a_worker_says_that_it_is_ready_and_ends_well_every_time(dripstone: Commands) -> None:
    def status_of_a_run(_number: int) -> int | None:
        with dripstone.worker() as process:
            pass
        return process.returncode

    with ThreadPoolExecutor(5) as pool:
        assert list(pool.map(status_of_a_run, range(5))) == [0] * 5


def test_a_worker_shows_its_metrics_and_what_its_gate_answered(at_work: Commands) -> None:
    enrollment = entered(at_work, "m-1", "parks")
    comes_to(at_work, enrollment, "waiting")
    assert at_work("skip", enrollment).status == 0
    comes_to(at_work, enrollment, "attention")
    port = at_work.environment["DRIPSTONE_WORKER__METRICS_PORT"]
    shown = httpx.get(f"http://127.0.0.1:{port}/metrics", timeout=PATIENCE).text
    assert 'dripstone_gate_answers_total{activity_type="notify",answer="go"' in shown
    assert "temporal_workflow_task_execution_latency_seconds" in shown
    assert "m-1" not in shown
    other = Commands(at_work.directory, at_work.environment["TEMPORAL_ADDRESS"])
    taken = other("worker", DRIPSTONE_WORKER__METRICS_PORT=port)
    assert taken.status == 1
    assert "DRIPSTONE_WORKER__METRICS_PORT" in taken.err


def test_every_answer_is_one_document(at_work: Commands) -> None:
    enrollment = entered(at_work, "a-9")
    comes_to(at_work, enrollment, "waiting")
    for arguments in (("list",), ("status", enrollment), ("report", "calm"), ("pause", enrollment)):
        done = at_work(*arguments, "--json")
        assert (done.status, done.out.count("\n")) == (0, 1)
        assert isinstance(json.loads(done.out), dict)
