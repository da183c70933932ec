"""review and approve: what a reviewer sees and may do, with Temporal down."""

from __future__ import annotations

import asyncio
import getpass
import stat
from datetime import UTC, datetime
from pathlib import Path

import pytest
import yaml

from activities.ledger import Ledger
from activities.ledger.entries import find_entry
from activities.ledger.reviews import Written, ask_for_review
from activities.message import MessageParts
from activities.reviewed_mail import reviewed_hash
from tests.starters.commands import ROOT, Commands

DEFINITION = """\
id: {name}
name: A test
trigger: {{kind: manual}}
steps:
  - {{id: check, kind: approval, of: intro, channel: sales}}
  - {{id: intro, kind: send_email, template: intro}}
"""
LINK = "https://dripstone.example/u/secret"
ADDRESS = "Dripstone Ltd., 12 Quarry Lane, Matlock DE4 3PP, United Kingdom"
SLACK = {"DRIPSTONE_SLACK__TOKEN": "none"}


def connections(dripstone: Commands, *approvers: str) -> str:
    """The connections of the repository, with these approvers."""
    whole = yaml.safe_load((ROOT / "config" / "connections.yaml").read_text())
    whole["centers"]["default"]["review"] = {"approvers": list(approvers)}
    return dripstone.file("connections.yaml", yaml.safe_dump(whole))


async def put_up(url: str) -> str:
    """A mail of the lead that has entered, up for review; the review's id."""
    ledger = await Ledger.open(url)
    mail = MessageParts(
        from_name="Ada Fox",
        from_address="ada@dripstone.example",
        to_address="bob@example.com",
        subject="Hello Bob",
        text=f"A text\n{LINK}\n{ADDRESS}\n",
        html=f"<p>A text</p><a href='{LINK}'>no more</a>{ADDRESS}\n",
        message_id="<one@dripstone.example>",
        date=datetime(2026, 6, 1, tzinfo=UTC),
        unsubscribe_url=LINK,
    ).model_dump(mode="json")
    async with ledger.transaction() as tx:
        entry = await find_entry(tx, "enrollment:calm:a-1", 1)
        assert entry is not None
        written = Written(entry, "intro", mail, reviewed_hash(mail))
        review = await ask_for_review(ledger, tx, written, ("check", 1))
    await ledger.close()
    return review.id


@pytest.fixture
def reviewing(cut_off: Commands) -> tuple[Commands, str]:
    """A mail that waits, and its id; Ada may decide."""
    cut_off.environment["DRIPSTONE_CONNECTIONS"] = connections(cut_off, "ada")
    cut_off.enabled("calm", DEFINITION, **SLACK)
    entered = cut_off("enroll", "calm", "--lead", "a-1", "--email", "bob@example.com")
    assert entered.status == 0, entered
    return cut_off, asyncio.run(put_up(cut_off.environment["DRIPSTONE_LEDGER_URL"]))


def test_what_waits_is_listed_and_shown(reviewing: tuple[Commands, str]) -> None:
    dripstone, review = reviewing
    assert dripstone("review", "--center", "elsewhere").out == "none waits\n"
    listed = dripstone("review", "--json")
    assert [one["id"] for one in listed.document["reviews"]] == [review]
    assert "bob@" not in listed.out + dripstone("review").out
    shown = dripstone("review", review)
    for said in ("To: bob@example.com", "Subject: Hello Bob", "A text", "<p>A text</p>", "asked"):
        assert said in shown.out, said
    assert dripstone("review", "r0").status == 1
    assert dripstone("review", "--out", "x").status == 2


def test_an_approval_is_committed_though_temporal_is_down(
    reviewing: tuple[Commands, str],
) -> None:
    dripstone, review = reviewing
    assert "may not decide" in dripstone("approve", review, "--by", "eve").err
    done = dripstone("approve", review, "--by", "Ada", "--reason", "fine")
    assert (done.status, "once Temporal is back" in done.out) == (0, True)
    again = dripstone("approve", review, "--by", "ada", "--json")
    assert (again.status, again.document["is_new"]) == (0, False)
    other = dripstone("approve", review, "--by", "ada", "--reject")
    assert (other.status, "approved already by Ada" in other.err) == (1, True)
    log = dripstone("review", review, "--json").document["log"]
    assert [(one["act"], one["done_by"]) for one in log] == [
        ("asked", "dripstone"),
        ("refused", "eve"),
        ("approved", "Ada"),
    ]


def test_who_says_no_name_is_the_user_of_the_machine(reviewing: tuple[Commands, str]) -> None:
    dripstone, review = reviewing
    assert getpass.getuser() in dripstone("approve", review).err
    connections(dripstone, getpass.getuser())
    assert dripstone("approve", review, "--reject", "--json").document["verdict"] == "rejected"


def test_a_mail_is_written_out_edited_and_approved(
    reviewing: tuple[Commands, str], tmp_path: Path
) -> None:
    dripstone, review = reviewing
    file = tmp_path / "better.txt"
    assert dripstone("review", review, "--out", str(file)).status == 0
    assert stat.S_IMODE(file.stat().st_mode) == 0o600
    text = file.read_text()
    file.write_text(text.replace(LINK, "https://elsewhere.example"))
    refused = dripstone("approve", review, "--by", "ada", "--edit", str(file))
    assert (refused.status, "lacks the unsubscribe link" in refused.err) == (1, True)
    file.write_text(text.replace(ADDRESS, "by the river"))
    refused = dripstone("approve", review, "--by", "ada", "--edit", str(file))
    assert (refused.status, "lacks the postal address" in refused.err) == (1, True)
    file.write_text(text.replace("A text", "Better words").replace("Hello", "Dear"))
    edit = ("--edit", str(file))
    assert dripstone("approve", review, "--by", "ada", *edit, "--reject").status == 2
    assert dripstone("approve", review, "--by", "ada", *edit).status == 0
    mail = dripstone("review", review, "--json").document["mail"]
    assert (mail["subject"], mail["text"]) == ("Dear Bob", f"Better words\n{LINK}\n{ADDRESS}\n")
    assert "<p>Better words</p>" in mail["html"]


def test_an_approval_that_nobody_could_give_is_not_published(cut_off: Commands) -> None:
    file = cut_off.file("calm.yaml", DEFINITION.format(name="calm"))
    findings = cut_off("validate", file, "--json").document["findings"]
    said = [one["message"] for one in findings if one["severity"] == "error"]
    assert any("nobody may approve in center 'default'" in one for one in said), said
    assert any("needs the connection 'slack'" in one for one in said), said
