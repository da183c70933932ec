"""Commands of authors: validate, publish, enable, disable."""

from __future__ import annotations

import json

import pytest

from tests.starters.commands import Commands

MAILS = """\
id: {name}
name: A test
trigger: {{kind: manual}}
campaign: {{engagement_window: 30 days}}
steps:
  - {{id: first, kind: send_email, template: intro}}
"""


def test_every_finding_of_every_file_is_told_at_once(cut_off: Commands) -> None:
    good = cut_off.file("good.yaml", MAILS.format(name="good"))
    bad = cut_off.file("bad.yaml", MAILS.format(name="bad").replace("intro", "intr0"))
    worse = cut_off.file("worse.yaml", "id: [")
    done = cut_off("validate", good, bad, worse, "--json")
    assert done.status == 1
    files = [finding["file"] for finding in done.document["findings"]]
    assert files == [bad, worse]
    assert "did you mean 'intro'?" in done.out


def test_a_folder_stands_for_the_automations_in_it(cut_off: Commands) -> None:
    cut_off.file("a.yaml", MAILS.format(name="a"))
    cut_off.file("b.yaml", MAILS.format(name="b"))
    assert cut_off("validate", str(cut_off.directory)).out.startswith("2 checked: 0 errors")


def test_a_file_that_is_not_there_is_a_finding(cut_off: Commands) -> None:
    done = cut_off("validate", str(cut_off.directory / "none.yaml"))
    assert (done.status, "cannot be read" in done.out) == (1, True)


def test_a_step_without_its_vendor_is_refused_unless_that_is_left_out(cut_off: Commands) -> None:
    file = cut_off.file("a.yaml", MAILS.format(name="a").replace("intro", "intro, thread: true"))
    del cut_off.environment["DRIPSTONE_SMTP__HOST"]
    assert "set DRIPSTONE_SMTP__HOST" in cut_off("validate", file).out
    assert cut_off("validate", file, "--without-connections").status == 0


def test_what_has_errors_is_not_published(cut_off: Commands) -> None:
    file = cut_off.file("bad.yaml", MAILS.format(name="bad").replace("intro", "nothing"))
    done = cut_off("publish", file)
    assert done.status == 1
    assert "not published" in done.err
    assert cut_off("enable", "bad").status == 1


def test_a_template_that_is_broken_is_told_once_with_its_place(cut_off: Commands) -> None:
    cut_off.environment["DRIPSTONE_TEMPLATES"] = str(cut_off.directory)
    cut_off.file("intro.liquid", "---\nsubject: Hi\n---\nHi {{ lead.first_name | nofilter }}\n")
    done = cut_off("publish", cut_off.file("a.yaml", MAILS.format(name="a")))
    assert done.status == 1
    assert done.out.count("error") == 1
    assert "unknown filter" in done.out


def test_the_same_file_makes_no_second_version(cut_off: Commands) -> None:
    file = cut_off.file("a.yaml", MAILS.format(name="a"))
    documents = [cut_off("publish", file, "--json").document for _ in range(2)]
    assert [(one["version"], one["is_new"]) for one in documents] == [(1, True), (1, False)]
    cut_off.file("a.yaml", MAILS.format(name="a").replace("30 days", "31 days"))
    assert cut_off("publish", file, "--json").document["version"] == 2


def test_an_older_version_stays_in_use_until_the_new_one_is_enabled(cut_off: Commands) -> None:
    cut_off.enabled("a", MAILS)
    file = cut_off.file("a.yaml", MAILS.format(name="a").replace("30 days", "31 days"))
    assert "new leads still get version 1: dripstone enable a" in cut_off("publish", file).out
    assert cut_off("enable", "a", "--json").document["version"] == 2


def test_an_id_of_another_center_is_refused(cut_off: Commands) -> None:
    cut_off.enabled("a")
    other = cut_off.file(
        "other.yaml",
        "id: a\nname: A\ncenter: north\ntrigger: {kind: manual}\n"
        "steps: [{id: rest, kind: wait, for: 1 day}]\n",
    )
    done = cut_off("publish", other)
    assert (done.status, "belongs to center 'default'" in done.err) == (1, True)


@pytest.mark.parametrize("verb", ["enable", "disable", "report"])
def test_what_is_not_published_is_said_to_be_so(cut_off: Commands, verb: str) -> None:
    done = cut_off(verb, "nothing")
    assert (done.status, done.out) == (1, "")
    assert "dripstone publish FILE" in done.err


def test_a_disabled_automation_lets_nobody_in(cut_off: Commands) -> None:
    cut_off.enabled("a")
    assert cut_off("disable", "a").status == 0
    done = cut_off("enroll", "a", "--email", "ada@example.com")
    assert (done.status, "dripstone enable a" in done.err) == (1, True)


def test_json_is_one_document_and_nothing_else(cut_off: Commands) -> None:
    file = cut_off.file("a.yaml", MAILS.format(name="a"))
    for arguments in (("validate", file), ("publish", file), ("enable", "a"), ("report", "a")):
        done = cut_off(*arguments, "--json")
        assert done.status == 0
        assert isinstance(json.loads(done.out), dict)
        assert done.out.count("\n") == 1
