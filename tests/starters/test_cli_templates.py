"""Commands of templates: publishing takes only what is active, and who made it so is on record."""

from __future__ import annotations

from pathlib import Path
from shutil import copytree

import pytest

from tests.starters.commands import ROOT, Commands
from tests.starters.test_cli_author import MAILS


@pytest.fixture
def desk(cut_off: Commands) -> Commands:
    """The command line with templates of its own, and a file that sends one of them."""
    copytree(ROOT / "config" / "templates", cut_off.directory / "templates")
    cut_off.environment["DRIPSTONE_TEMPLATES"] = str(cut_off.directory / "templates")
    cut_off.file("a.yaml", MAILS.format(name="a"))
    return cut_off


def changed(desk: Commands, name: str = "intro") -> None:
    file = desk.directory / "templates" / f"{name}.liquid"
    file.write_text(file.read_text("utf-8").replace("Would a look", "Would a glance"), "utf-8")


def rules(desk: Commands, review: str) -> None:
    accounts = (ROOT / "config" / "connections.yaml").read_text("utf-8")
    ruled = f"    templates: {{review: {review}}}\n  shop:"
    accounts = accounts.replace("  shop:", ruled, 1)
    desk.environment["DRIPSTONE_CONNECTIONS"] = desk.file("connections.yaml", accounts)


def publish(desk: Commands, by: str = "eve") -> list[str]:
    """What stands against publishing."""
    done = desk("publish", str(desk.directory / "a.yaml"), "--by", by, "--json")
    assert done.status == (0 if done.document["published"] else 1)
    return [one["message"] for one in done.document["findings"] if one["severity"] == "error"]


def states(desk: Commands, *options: str) -> dict[str, tuple[str, int | None, str]]:
    found = desk("template", "list", "--json", *options).document["templates"]
    return {row["template"]: (row["state"], row["active_version"], row["file"]) for row in found}


def test_who_publishes_answers_for_the_texts_that_are_new_with_it(desk: Commands) -> None:
    assert states(desk)["intro"] == ("not in the ledger", None, "a new text")
    assert publish(desk) == []
    assert states(desk, "--active") == {"intro": ("active", 1, "version 1")}
    changed(desk)
    assert states(desk)["intro"] == ("active", 1, "a new text")
    assert publish(desk) == []
    shown = desk("template", "show", "intro", "--json").document
    told = [(line["act"], line["number"], line["done_by"]) for line in shown["log"]]
    acts = ("drafted", "reviewed", "activated")
    assert told == [(act, number, "eve") for number in (1, 2) for act in acts]
    assert "glance" not in desk("template", "show", "intro", "--version", "1").out


def test_a_draft_is_published_by_nobody_until_it_is_reviewed_and_active(desk: Commands) -> None:
    assert desk("template", "draft", "intro", "--by", "ada").status == 0
    (said,) = publish(desk)
    assert "version 1 is a draft: dripstone template review intro --version 1, then" in said
    assert "a.yaml:6: error: step 'first'" in desk("publish", f"{desk.directory}/a.yaml").out
    refused = desk("template", "activate", "intro")
    assert (refused.status, "is a draft" in refused.err) == (1, True)
    assert desk("template", "review", "intro", "--by", "bob").status == 0
    assert "is not active" in publish(desk)[0]
    assert desk("template", "activate", "intro").status == 0
    assert publish(desk) == []


@pytest.mark.parametrize("review", ["required", "by_another"])
def test_a_center_may_ask_for_a_review_of_every_text(desk: Commands, review: str) -> None:
    rules(desk, review)
    for _ in range(2):
        assert "version 1 is a draft" in publish(desk)[0]
    by_the_author = desk("template", "review", "intro", "--by", "eve")
    assert by_the_author.status == (1 if review == "by_another" else 0)
    assert desk("template", "review", "intro", "--by", "bob").status == 0
    assert desk("template", "activate", "intro").status == 0
    assert publish(desk) == []
    changed(desk)
    assert "version 2 is a draft" in publish(desk)[0]


def test_a_deactivated_template_is_not_to_be_chosen(desk: Commands) -> None:
    assert publish(desk) == []
    assert desk("template", "deactivate", "intro", "--reason", "wrong price").status == 0
    assert states(desk, "--active") == {}
    shown = desk("template", "show", "intro").out
    assert "its mails are held" in shown
    assert "wrong price" in shown
    cut = MAILS.format(name="b")
    assert "is deactivated: dripstone template activate intro" in publish(desk)[0]
    assert desk("publish", desk.file("b.yaml", cut)).status == 1
    assert "active" in desk("template", "activate", "intro").out
    assert publish(desk) == []


def test_merge_tags_are_shown_with_their_fields_and_defaults(desk: Commands) -> None:
    shown = desk("template", "show", "intro")
    assert ("'there'" in shown.out, "left out" in shown.out) == (True, True)
    chosen = "intro, merge_tags: {first_name: {field: vorname, default: ' '}}"
    file = desk.file("b.yaml", MAILS.format(name="b").replace("intro", chosen))
    tags = []
    for path in (f"{desk.directory}/a.yaml", file):
        (mail,) = desk("validate", path, "--json").document["mails"]
        told = (mail["step"], mail["template"], mail["kind"], mail["line"])
        assert told == ("first", "intro", "custom", 6)
        tags += [tag for tag in mail["merge_tags"] if tag["tag"] == "lead.first_name"]
    assert [(tag["field"], tag["default"]) for tag in tags] == [
        ("lead.first_name", "there"),
        ("lead.vorname", " "),
    ]


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (("show", "none"), "there is no template 'none'; files are there for: "),
        (("show", "intro", "--version", "3"), "has no version 3"),
        (("draft", "none"), "there is no template 'none'"),
        (("review", "intro"), "taken in with dripstone template draft intro"),
        (("deactivate", "intro"), "has no template 'intro' in its ledger"),
        (("draft", "broken"), "broken.liquid:1: does not begin with '---'"),
    ],
)
def test_what_is_not_there_is_said_to_be_so(
    desk: Commands, arguments: tuple[str, ...], said: str
) -> None:
    Path(desk.directory / "templates" / "broken.liquid").write_text("Hi\n", "utf-8")
    done = desk("template", *arguments)
    assert (done.status, said in done.err) == (1, True), done


def test_all_files_are_drafted_but_those_with_errors(desk: Commands) -> None:
    Path(desk.directory / "templates" / "broken.liquid").write_text("Hi\n", "utf-8")
    done = desk("template", "draft")
    assert (done.status, "broken.liquid:1" in done.out) == (1, True)
    found = {name: state for name, (state, _, _) in states(desk).items()}
    assert found.pop("broken") == "not in the ledger"
    assert {"follow_up", "intro", "last_note"} <= found.keys()
    assert set(found.values()) == {"draft"}
