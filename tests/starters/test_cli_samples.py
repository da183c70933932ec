"""The command enroll --sample."""

from __future__ import annotations

import pytest

from tests.starters.commands import WAITING, Commands

NO_SAMPLES = """\
centers:
  default:
    mailboxes:
      default: {name: Ada, address: ada@dripstone.example, postal_address: 1 Quarry Lane}
"""
SENDS = """\
id: {name}
name: A test
trigger: {{kind: manual}}
campaign: {{engagement_window: 30 days, lane: {name}}}
steps:
  - {{id: rest, kind: wait, for: 1 day}}
  - {{id: mail, kind: send_email, template: intro}}
"""
LEAD = ("--lead", "crm-1", "--email", "a@example.com")


def test_samples_enter_what_is_not_enabled_yet_as_often_as_wanted(cut_off: Commands) -> None:
    file = cut_off.file("a.yaml", WAITING.format(name="a"))
    assert cut_off("publish", file).status == 0
    assert cut_off("enroll", "a", *LEAD).status == 1
    entered = [cut_off("enroll", "a", *LEAD, "--sample", "--json") for _ in range(2)]
    names = [result.document["enrollment"] for result in entered]
    assert len(set(names)) == 2
    assert all(name.startswith("enrollment:a:sample-") for name in names)
    assert cut_off("enable", "a").status == 0
    assert cut_off("enroll", "a", *LEAD).status == 0  # its lane is free, and it never was inside
    report = cut_off("report", "a", "--json").document
    assert (report["entered"], report["samples"]["entered"]) == (1, 2)
    assert "Not counted: 2 sample leads" in cut_off("report", "a").out


def test_a_file_of_samples_does_not_take_the_place_of_the_file_itself(cut_off: Commands) -> None:
    cut_off.enabled("a")
    leads = cut_off.file("leads.csv", "Email,Company\na@example.com,A\nb@example.com,B\n")
    for sample in ("--sample", "--sample", ""):
        options = [sample] if sample else []
        done = cut_off("enroll", "a", "--file", leads, *options, "--json").document
        assert (done["entered"], done["refused"]) == (2, {})


def test_without_a_sample_mailbox_no_sample_enters_what_sends(cut_off: Commands) -> None:
    cut_off.enabled("a", SENDS)
    connections = cut_off.file("connections.yaml", NO_SAMPLES)
    done = cut_off("enroll", "a", *LEAD, "--sample", DRIPSTONE_CONNECTIONS=connections)
    assert (done.status, "has no sample mailbox" in done.err) == (1, True)
    assert cut_off("list", "a", "--json").document["enrollments"] == []


@pytest.mark.parametrize("options", [(), ("--sample",)])
def test_nobody_gives_a_lead_the_id_of_a_sample(
    cut_off: Commands, options: tuple[str, ...]
) -> None:
    cut_off.enabled("a")
    lead = ("--lead", "sample-1-crm-1", "--email", "a@example.com")
    done = cut_off("enroll", "a", *lead, *options)
    assert (done.status, "is for sample leads" in done.err) == (1, True)
