"""halt, release and consents on the command line, with Temporal down: the ledger is enough."""

from __future__ import annotations

import pytest

from tests.starters.commands import ROOT, Commands, Result

NEEDS = """\
id: {name}
name: A test
trigger: {{kind: manual}}
consent: {{needs: [newsletter]}}
steps:
  - {{id: a, kind: send_email, template: intro}}
"""
IGNORES = NEEDS.replace(
    "{{needs: [newsletter]}}",
    "{{ignore: true, reason: they have bought it, approved_by: Ada Fox}}",
)
ASKS = "    zone: UTC\n    consents: [newsletter]\n"


def asking(cut_off: Commands) -> dict[str, str]:
    """A center that asks for a consent: what to set for a command."""
    plain = (ROOT / "config" / "connections.yaml").read_text(encoding="utf-8")
    file = cut_off.file("connections.yaml", plain.replace("    zone: UTC\n", ASKS))
    return {"DRIPSTONE_CONNECTIONS": file}


def enroll(cut_off: Commands, lead: str, *more: str) -> Result:
    return cut_off("enroll", "news", "--lead", lead, "--email", f"{lead}@example.com", *more)


def test_a_consent_lets_a_lead_in_and_a_withdrawal_keeps_it_out(cut_off: Commands) -> None:
    cut_off.enabled("news", NEEDS, **asking(cut_off))
    refused = enroll(cut_off, "crm-1")
    assert (refused.status, "no consent 'newsletter' for email" in refused.err) == (1, True)
    undated = enroll(cut_off, "crm-1", "-f", "consent_newsletter=yes")
    assert (undated.status, "yes 2026-01-05" in undated.err) == (1, True)
    assert enroll(cut_off, "crm-1", "-f", "consent_newsletter=yes 2026-01-05").status == 0
    said = ("emit", "consent_withdrawn", "--lead", "crm-1", "--data", "consent=newsletter")
    assert cut_off(*said).status == 0
    found = cut_off("consents", "--lead", "crm-1", "--json").document["consents"]
    assert [(one["consent"], one["channel"], one["state"]) for one in found] == [
        ("newsletter", "email", "withdrawn")
    ]
    by_address = cut_off("consents", "--email", "CRM-1@example.com", "--json")
    assert by_address.document["consents"] == found


def test_a_file_of_leads_brings_consents(cut_off: Commands) -> None:
    cut_off.enabled("news", NEEDS, **asking(cut_off))
    rows = "id,email,Consent Newsletter,Consent Newsletter At\n"
    rows += "crm-1,a@example.com,yes,2026-01-05\ncrm-2,b@example.com,no,\n"
    rows += "crm-3,c@example.com,,\ncrm-4,d@example.com,yes,\n"
    done = cut_off("enroll", "news", "--file", cut_off.file("leads.csv", rows), "--json").document
    assert (done["entered"], done["rejected"]) == (1, 1)
    assert set(done["refused"]) == {
        "consent 'newsletter' for email was withdrawn",
        "no consent 'newsletter' for email",
    }


def test_ignoring_consents_is_told_by_validate_report_and_the_log(cut_off: Commands) -> None:
    settings = asking(cut_off)
    cut_off.enabled("news", IGNORES, **settings)
    file = str(cut_off.directory / "news.yaml")
    for shown in (
        cut_off("validate", file, **settings),
        cut_off("report", "news"),
        cut_off("list", "news", "--automations", "--json"),
    ):
        assert "approved by Ada Fox: they have bought it" in " ".join(shown.out.split())
    bare = cut_off.file(
        "bare.yaml", NEEDS.replace("consent: {{needs: [newsletter]}}\n", "").format(name="b")
    )
    assert "asks people for consents" in cut_off("publish", bare, **settings).out


def test_feeds_are_listed_and_a_poller_says_that_it_has_looked(cut_off: Commands) -> None:
    plain = (ROOT / "config" / "connections.yaml").read_text(encoding="utf-8")
    feeds = "    feeds: {box: {max_age: 1 hour}}\n"
    declared = plain.replace("    zone: UTC\n", "    zone: UTC\n" + feeds)
    file = {"DRIPSTONE_CONNECTIONS": cut_off.file("connections.yaml", declared)}
    silent = cut_off("feeds", "--json", **file)
    states = [(one["center"], one["feed"], one["state"]) for one in silent.document["feeds"]]
    assert (silent.status, states) == (
        1,
        [("default", "box", "never heard of"), ("shop", "", "not checked")],
    )
    assert cut_off("feeds", "--heard", "box", **file).status == 0
    fresh = cut_off("feeds", **file)
    assert (fresh.status, "fresh" in fresh.out) == (0, True)
    unknown = cut_off("feeds", "--heard", "post", **file)
    assert (unknown.status, "declares no such feed" in unknown.err) == (1, True)


@pytest.mark.parametrize("what", [("news",), ("--center", "default")])
def test_a_halt_is_in_the_log_and_lifted_once(cut_off: Commands, what: tuple[str, ...]) -> None:
    cut_off.enabled("news")
    halted = cut_off("halt", *what, "--reason", "wrong prices", "--by", "ada", "--json")
    assert (halted.status, halted.document["is_new"]) == (0, True)
    assert "was halted before" in cut_off("halt", *what, "--reason", "again").out
    assert "(halted)" in " ".join(cut_off("list", "--automations").out.split())
    assert "halted by ada: wrong prices" in cut_off("report", "news").out
    slots = cut_off("report", "news", "--json").document["slots"]
    assert slots == {"waiting": 0, "last": None}
    assert cut_off("release", *what, "--by", "bob").status == 0
    again = cut_off("release", *what)
    assert (again.status, "nothing to release" in again.err) == (1, True)
    log = cut_off("list", "news", "--automations", "--json").document["log"]
    assert [(line["act"], line["done_by"], line["reason"]) for line in log[-2:]] == [
        ("halted", "ada", "wrong prices"),
        ("released", "bob", ""),
    ]


@pytest.mark.parametrize(
    ("command", "status", "says"),
    [
        (("halt", "news"), 2, "--reason: say why"),
        (("halt", "--reason", "x"), 2, "say what"),
        (("halt", "news", "--reason", "x"), 1, "not published"),
        (("release", "--center", "nowhere"), 1, "there is no such center"),
        (("consents",), 2, "say whose"),
        (("consents", "--lead", "crm-9"), 1, "knows no such lead"),
        (("emit", "consent_given", "--lead", "crm-9"), 2, "--data consent=newsletter"),
    ],
)
def test_what_cannot_be_is_refused_with_its_mend(
    cut_off: Commands, command: tuple[str, ...], status: int, says: str
) -> None:
    done = cut_off(*command)
    assert (done.status, says in done.err) == (status, True), done
