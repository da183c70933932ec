"""The command delete-step: it shows what goes and who stands there, and writes only if told to."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from shutil import copy

import pytest

from tests.starters.commands import Commands
from tests.starters.test_cli_operate import comes_to, entered

STEPS = """\
id: {name}
name: A test
trigger: {{kind: manual}}
steps:
  - {{id: rest, kind: wait, for: 1 day}}   # a day off
  - {{id: way, kind: branch, arms: [{{when: {{event: seen}}, go_to: last}}], otherwise: more}}
  - {{id: more, kind: wait, for: 2 days}}
  - {{id: last, kind: wait, for: 3 days}}
"""


@pytest.fixture(scope="module")
def at_work(
    tmp_path_factory: pytest.TempPathFactory, temporal: str, empty_ledger: Path
) -> Iterator[Commands]:
    """A ledger and a worker for it."""
    directory = tmp_path_factory.mktemp("deleting")
    copy(empty_ledger, directory)
    commands = Commands(directory, temporal)
    with commands.worker():
        yield commands


def test_it_shows_how_many_leads_of_each_version_stand_there_and_moves_none(
    at_work: Commands,
) -> None:
    name = at_work.enabled("deleted", STEPS)
    file = str(at_work.directory / f"{name}.yaml")
    first = entered(at_work, "crm-1", name)
    at_work.file(f"{name}.yaml", STEPS.replace("3 days", "4 days").format(name=name))
    assert at_work("publish", file, "--enable").status == 0
    second = entered(at_work, "crm-2", name)
    for enrollment in (first, second):
        comes_to(at_work, enrollment, "waiting")
    before = Path(file).read_text()
    shown = at_work("delete-step", file, "rest", "--connect-to-next", "--json").document
    assert shown["leads"] == [
        {"version": version, "step": "rest", "leads": 1} for version in (1, 2)
    ]
    assert (shown["applied"], Path(file).read_text()) == (False, before)
    done = at_work("delete-step", file, "rest", "--connect-to-next", "--apply")
    assert "leads inside stay on the version they entered with" in done.out
    assert "rest" not in Path(file).read_text()
    assert at_work("publish", file, "--enable").status == 0
    for enrollment in (first, second):
        status = at_work("status", enrollment, "--json").document["status"]
        assert (status["step"], status["state"]) == ("rest", "waiting")


def test_with_several_ways_on_it_asks_which_survives(cut_off: Commands) -> None:
    file = cut_off.file("a.yaml", STEPS.format(name="a"))
    asked = cut_off("delete-step", file, "way", "--connect-to-next")
    assert (asked.status, "--keep last or --keep more" in asked.err) == (1, True)
    done = cut_off("delete-step", file, "way", "--connect-to-next", "--keep", "last", "--apply")
    assert done.status == 0, done
    assert [line for line in done.out.splitlines() if line.startswith("removed")] == [
        "removed: way",
        "removed: more",
    ]
    left = [line for line in STEPS.format(name="a").splitlines() if "way" not in line]
    assert Path(file).read_text().splitlines() == [line for line in left if "more" not in line]


def test_remove_all_shows_what_it_takes_and_what_stays(cut_off: Commands) -> None:
    file = cut_off.file("a.yaml", STEPS.format(name="a"))
    shown = cut_off("delete-step", file, "more", "--remove-all", "--json").document
    deletion = shown["deletion"]
    assert (deletion["removed"], deletion["stays"], deletion["end"]) == (["more"], ["last"], "end")
    assert [aim["field"] for aim in deletion["aims"]] == ["otherwise"]
    assert shown["leads"] == []


@pytest.mark.parametrize(
    ("arguments", "status", "said"),
    [
        (("rest",), 2, "--connect-to-next, or --remove-all"),
        (("rest", "--remove-all", "--keep", "more"), 2, "--keep goes with"),
        (("nothing", "--remove-all"), 1, "the steps are: rest, way, more, last"),
        (("rest", "--remove-all"), 1, "is the first one"),
    ],
)
def test_what_cannot_be_is_refused(
    cut_off: Commands, arguments: tuple[str, ...], status: int, said: str
) -> None:
    file = cut_off.file("a.yaml", STEPS.format(name="a"))
    done = cut_off("delete-step", file, *arguments, "--apply")
    assert (done.status, said in done.err) == (status, True), done
    assert Path(file).read_text() == STEPS.format(name="a")


def test_an_id_names_a_file_of_the_folder(cut_off: Commands) -> None:
    shown = cut_off("delete-step", "spring-outreach", "follow-up", "--connect-to-next", "--json")
    assert shown.document["file"] == "config/automations/spring-outreach.yaml"
    assert shown.document["deletion"]["removed"] == ["follow-up"]
    unknown = cut_off("delete-step", "nothing", "a", "--connect-to-next")
    assert (unknown.status, "no file of config/automations has that id" in unknown.err) == (1, True)


def test_a_result_that_is_no_automation_is_not_written(cut_off: Commands) -> None:
    loop = STEPS.replace("kind: wait, for: 3 days", "kind: jump, go_to: more, at_most: 2")
    file = cut_off.file("a.yaml", loop.format(name="a"))
    done = cut_off("delete-step", file, "more", "--connect-to-next", "--apply")
    assert (done.status, "a loop without a wait" in done.err) == (1, True), done
    assert Path(file).read_text() == loop.format(name="a")
