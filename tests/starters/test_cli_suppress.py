"""Suppressing and lifting by command and by file: who, why, and nothing lifted by a later fact."""

from __future__ import annotations

import csv
from pathlib import Path
from typing import Any

import pytest

from tests.starters.commands import Commands

MAILS = """\
id: {name}
name: A test
trigger: {{kind: manual}}
campaign: {{engagement_window: 30 days, lane: {name}}}
steps:
  - {{id: a, kind: send_email, template: intro}}
"""


@pytest.fixture
def there(cut_off: Commands) -> Commands:
    """Two automations that mail, and Ada in each by a record of her own."""
    for name, lead in (("spring", "a-1"), ("autumn", "a-2")):
        cut_off.enabled(name, MAILS)
        entered = cut_off("enroll", name, "--lead", lead, "--email", "ada@example.com")
        assert entered.status == 0, entered
    return cut_off


def refusal(dripstone: Commands, automation: str, lead: str, email: str) -> str:
    """Why a new lead may not enter; empty if it may."""
    return dripstone("enroll", automation, "--lead", lead, "--email", email).err


def in_force(dripstone: Commands, *whom: str) -> list[tuple[str, str, str]]:
    """What holds: scope, channel, reason."""
    found = dripstone("suppress", *whom, "--history", "--json").document["in_force"]
    return sorted((one["scope"], one["channel"], one["reason"]) for one in found)


@pytest.mark.parametrize(
    ("arguments", "stopped", "holds"),
    [
        (("--email", "A.da+x@example.com"), 0, [("person", "email", "unsubscribed")]),
        (("--email", "ADA+x@Example.com"), 2, [("lead", "email", "unsubscribed")] * 2),
        (("--lead", "a-2"), 2, [("lead", "email", "unsubscribed")] * 2),
        (("--lead", "a-1", "--channel", "email"), 0, [("lead", "email", "no_mail")] * 2),
        (("--lead", "a-1", "--channel", "sms"), 2, [("lead", "sms", "sms_opt_out")] * 2),
        (
            ("--lead", "a-1", "--campaign", "spring"),
            1,
            [("campaign", "all", "by an operator")] * 3,
        ),
        (("--domain", "B\u00fccher.example"), 0, [("domain", "email", "by phone")]),
        (("--phone", "+44 20 7946 0958"), 0, [("phone", "sms", "sms_opt_out")]),
    ],
)
def test_every_scope_is_suppressed_shown_and_lifted(
    there: Commands, arguments: tuple[str, ...], stopped: int, holds: list[tuple[str, str, str]]
) -> None:
    done = there("suppress", *arguments, "--by", "Eva", "--why", "by phone", "--json")
    assert (done.status, len(done.document["stopped"])) == (0, stopped), done
    whom = tuple(one for one in arguments if one not in ("--channel", "email", "sms"))
    found = in_force(there, *whom)
    assert set(holds) <= set(found)
    assert len(found) >= len(holds)
    assert there("unsuppress", *whom).status == 2  # it must say why
    lifted = there("unsuppress", *whom, "--by", "Eva", "--why", "a mistake", "--json")
    assert (lifted.status, lifted.document["in_force"]) == (0, [])
    acts = [(one["act"], one["done_by"]) for one in lifted.document["history"]]
    assert acts == [("suppressed", "Eva")] * len(found) + [("lifted", "Eva")] * len(found)
    again = there("unsuppress", *whom, "--why", "twice")
    assert (again.status, "nothing is suppressed there" in again.err) == (1, True)
    assert there("suppress", *arguments, "--why", "by phone").status == 0
    assert in_force(there, *whom) == found


def test_a_suppression_in_one_campaign_leaves_the_others_alone(there: Commands) -> None:
    there("suppress", "--lead", "a-1", "--campaign", "spring")
    stopped = there("status", "enrollment:spring:a-1", "--json").document["entry"]
    assert stopped["stop_reason"] == "manually_removed"
    other = there("status", "enrollment:autumn:a-2", "--json").document["entry"]
    assert other["stop_reason"] is None
    third = there.enabled("winter", MAILS)
    there("suppress", "--email", "bob@example.com", "--campaign", "winter")
    assert "suppressed: by an op" in refusal(there, "winter", "b-1", "Bob+1@example.com")
    assert refusal(there, "spring", "b-1", "bob@example.com") == ""
    assert refusal(there, third, "c-1", "carl@example.com") == ""


@pytest.mark.parametrize(
    ("arguments", "status", "said"),
    [
        (("suppress",), 2, "say whom"),
        (("suppress", "--email", "a@example.com", "--lead", "a-1"), 2, "say whom"),
        (("suppress", "--email", "nobody"), 1, "email:"),
        (("suppress", "--phone", "12"), 1, "phone:"),
        (("suppress", "--domain", "example.com", "--channel", "sms"), 2, "about mail"),
        (("suppress", "--domain", "example.com", "--campaign", "spring"), 2, "goes with"),
        (("suppress", "--phone", "+442079460958", "--channel", "email"), 2, "text messages"),
        (("suppress", "--email", "a@example.com", "--channel", "fax"), 2, "use one of"),
        (("suppress", "--import", "x.csv", "--email", "a@example.com"), 2, "either whom"),
        (("suppress", "--import", "nowhere.csv"), 1, "cannot be read"),
        (("unsuppress", "--lead", "nobody-1", "--why", "x"), 1, "no such lead"),
        (("unsuppress", "--why", "x"), 2, "say whom"),
    ],
)
def test_wrong_use_and_no_are_told_apart(
    cut_off: Commands, arguments: tuple[str, ...], status: int, said: str
) -> None:
    done = cut_off(*arguments)
    assert (done.status, done.out) == (status, ""), done
    assert said in done.err


ROWS = """\
Email Address,Domain,Phone,Channel,Campaign,Reason
ada@example.com,,,,,asked
,spam.example,,,,
,,+442079460958,,,
not an address,,,,,
,,,,,only a reason
bob@example.com,two.example,,,,
carl@example.com,,,email,,
dora@example.com,,,,spring,
"""


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "utf-16"])
def test_a_file_is_read_in_row_by_row_and_again_without_harm(
    there: Commands, encoding: str
) -> None:
    path = there.file("block.csv", ROWS.encode(encoding))
    done = there("suppress", "--import", path, "--by", "Eva", "--json")
    told = {name: done.document[name] for name in ("suppressed", "was_suppressed", "rejected")}
    assert (done.status, told) == (1, {"suppressed": 5, "was_suppressed": 0, "rejected": 3})
    assert done.document["stopped"] == 2
    lines = [row["line"] for row in _read(Path(path).with_name("block.rejected.csv"))]
    assert lines == ["5", "6", "7"]
    again = there("suppress", "--import", path, "--json").document
    assert (again["suppressed"], again["was_suppressed"], again["rejected"]) == (0, 5, 3)
    assert in_force(there, "--email", "carl@example.com") == [("person", "email", "no_mail")]
    assert "suppressed: by" in refusal(there, "spring", "d-1", "dora@example.com")


def _read(path: Path) -> list[dict[str, Any]]:
    with path.open(encoding="utf-8", newline="") as text:
        return list(csv.DictReader(text))


def test_a_file_whose_columns_are_not_understood_is_refused_whole(cut_off: Commands) -> None:
    for header, said in (
        ("email,chanel", "'chanel' is not understood"),
        ("email,e-mail", "same field"),
        ("reason", "no column says whom"),
    ):
        path = cut_off.file("block.csv", f"{header}\na@example.com,x\n")
        done = cut_off("suppress", "--import", path)
        assert (done.status, said in done.err) == (1, True), done


def test_what_is_written_out_can_be_read_in_and_runs_in_no_spreadsheet(
    there: Commands, tmp_path: Path
) -> None:
    there("enroll", "spring", "--lead", "f-1", "--email", "=1+1@example.com")
    for whom in (
        ("--email", "=1+1@example.com"),
        ("--email", "stranger@example.com"),
        ("--domain", "spam.example"),
        ("--lead", "a-1", "--campaign", "autumn"),
        ("--phone", "+442079460958"),
    ):
        there("suppress", *whom)
    there("unsuppress", "--domain", "spam.example", "--why", "a customer")
    path = tmp_path / "all.csv"
    done = there("suppress", "--export", str(path), "--json").document
    assert (done["in_force"], done["lifted"]) == (7, 1)
    assert path.stat().st_mode & 0o077 == 0
    rows = _read(path)
    addresses = {row["address"] for row in rows}
    assert addresses == {"", "'=1+1@example.com"}
    assert "stranger" not in path.read_text()
    again = there("suppress", "--import", str(path), "--json").document
    assert (again["was_suppressed"], again["lifted_left_out"], again["rejected"]) == (7, 1, 0)
    there("unsuppress", "--email", "stranger@example.com", "--why", "a test")
    assert there("suppress", "--import", str(path), "--json").document["suppressed"] == 1
    assert in_force(there, "--email", "stranger@example.com") != []


def test_who_was_erased_is_let_in_again_only_if_that_is_said(there: Commands) -> None:
    stopped = there("erase", "a-1", "--by", "Eva", "--why", "ticket 7")
    assert (stopped.status, "stopped, and not erased yet" in stopped.err) == (1, True)
    assert "erased" in refusal(there, "spring", "b-1", "ada@example.com")
    whom = ("--lead", "a-2", "--why", "they came back", "--json")
    refused = there("unsuppress", *whom)
    assert (refused.status, "--even-erased" in refused.err) == (1, True)
    assert "erased" in refusal(there, "autumn", "b-2", "ada@example.com")
    lifted = there("unsuppress", *whom, "--even-erased")
    assert (lifted.status, lifted.document["in_force"]) == (0, [])
    there.enabled("winter", MAILS)
    assert refusal(there, "winter", "b-3", "ada@example.com") == ""
