"""Every check finds its mistake, says how grave it is, and is on the page of checks."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path

import pytest

from activities.ledger.http_connections import HttpConnection
from starters.definitions.catalogue import ABOUT, TEMPLATE_FILES, TEMPLATE_STATES, as_markdown
from starters.definitions.draft import Configured
from starters.definitions.loading import Finding
from tests.starters.check_mistakes import BAD_BY_CHECK, FINE, RANDOM, SLACK_TOKEN
from tests.starters.commands import ROOT, Commands
from tests.starters.test_cli_author import MAILS
from tests.starters.test_definitions import EVERYTHING, told
from workers.secrets_in_text import find_leaks

CENTER = replace(
    EVERYTHING,
    vendors=EVERYTHING.vendors | {"hubspot", "google_analytics", "twilio"},
    writable={"default": ("Rating",)},
    pools={"default": ("sales",)},
    approvers={"default": ()},
    consents={"default": ()},
    platforms={"default": {"salesforce": ("LastName",), "hubspot": ("email",)}},
    timelines=(),
    http={"default": {"crm": HttpConnection(base_url="https://api.example.com")}},
    listeners={"default": ()},
)
NOW = datetime(2026, 11, 22, 12, tzinfo=UTC)
LESS = {
    "unknown-fields": replace(CENTER, lead_fields={"default": ("company",)}),
    "missing-connections": Configured(mailboxes=EVERYTHING.mailboxes),
    "outreach-not-counted": replace(CENTER, vendors=EVERYTHING.vendors | {"smartlead"}),
    "event-receivers": replace(CENTER, vendors=EVERYTHING.vendors),
}
"""What is not there, for checks that look for it."""
SEVERITY = {about.name: about.severity for about in ABOUT}


def findings(tmp_path: Path, check: str) -> list[Finding]:
    text, _, _ = BAD_BY_CHECK[check]
    return list(told(tmp_path, text, LESS.get(check, CENTER), NOW))


@pytest.mark.parametrize("check", BAD_BY_CHECK)
def test_each_check_finds_its_mistake_and_nothing_else_does(check: str, tmp_path: Path) -> None:
    _, line, phrase = BAD_BY_CHECK[check]
    found = findings(tmp_path, check)
    own = [one for one in found if one.check == check]
    assert [one for one in own if one.line == line and phrase in str(one)], found
    assert {one.severity for one in own} == {SEVERITY[check]}
    assert {one.check for one in found} == {check}


def test_there_is_a_bad_file_for_every_check() -> None:
    in_templates = {TEMPLATE_FILES.name, TEMPLATE_STATES.name}  # found by commands, see below
    assert set(BAD_BY_CHECK) == {about.name for about in ABOUT} - in_templates
    assert len(ABOUT) == len(SEVERITY)


@pytest.mark.parametrize("what", FINE)
def test_nothing_is_said_where_nothing_is_wrong(what: str, tmp_path: Path) -> None:
    assert told(tmp_path, FINE[what], CENTER) == ()


def test_the_page_of_checks_is_fresh() -> None:
    page = (ROOT / "docs" / "checks.md").read_text("utf-8")
    assert as_markdown() in page, f"put this table into docs/checks.md:\n{as_markdown()}"


def test_all_is_told_at_once_and_always_in_the_same_order(tmp_path: Path) -> None:
    text = BAD_BY_CHECK["secrets"][0] + "- {id: a, kind: wait, for: 5 seconds}\n- {id: a}\n"
    runs = [[str(one) for one in told(tmp_path, text, CENTER)] for _ in range(2)]
    assert runs[0] == runs[1]
    assert [line.split(":")[1] for line in runs[0]] == ["6", "7", "8", "8"]


SECRETS = [
    SLACK_TOKEN,
    "-----BEGIN RSA " + "PRIVATE KEY-----",
    "AKIA" + "IOSFODNN7EXAMPLE",
    "AIza" + "SyA" + "b1" * 16,
    "ghp_" + "a1B2" * 9,
    "sk_live_" + "a1B2" * 6,
    "SG." + "a1B2" * 5 + "." + "c3D4" * 8,
    "whsec_" + "a1B2" * 8,
    ".".join(("eyJ" + "hbGciOiJ", "eyJ" + "zdWIiOiI", "dBjftJeZ4CVP")),
    "postgresql://" + "ada:hunter2@db.example/x",
    "Authorization: Bearer " + "a1B2" * 6,
]


@pytest.mark.parametrize("secret", SECRETS)
def test_a_secret_is_known_by_its_form_and_not_repeated(secret: str) -> None:
    (leak,) = find_leaks(f"first\nsee {secret} there\n")
    assert (leak.line, leak.is_sure) == (2, True)
    assert secret not in leak.message
    assert "take it out" in leak.message


@pytest.mark.parametrize(
    ("text", "count"),
    [
        (f"password = {RANDOM}", 1),
        (f"API key: '{RANDOM}'", 1),
        ("password: {{ lead.password }}", 0),
        ("Your token: comes by mail", 0),
        ("https://ada@example.com/path:80", 0),
        ("Bearer of good news about twenty-four things", 0),
        ("mailto:ada@dripstone.example", 0),
    ],
)
def test_what_is_only_called_a_secret_is_a_guess(text: str, count: int) -> None:
    found = list(find_leaks(text))
    assert [leak.is_sure for leak in found] == [False] * count


def test_what_is_wrong_with_a_template_is_told_on_the_line_that_names_it(
    cut_off: Commands,
) -> None:
    cut_off.environment["DRIPSTONE_TEMPLATES"] = str(cut_off.directory)
    foot = "{{ unsubscribe_url }} {{ sender.postal_address }}"
    leaky = f"---\nsubject: Hi\n---\n{foot}\n{SLACK_TOKEN}\n"
    cut_off.file("leaky.liquid", leaky)
    cut_off.file("broken.liquid", "Hi\n")
    cut_off.file("odd.liquid", f"---\nsubject: Hi\n---\n{foot}\ntoken: {RANDOM}\n")
    told_of = []
    for name in ("leaky", "broken", "odd"):
        file = cut_off.file("a.yaml", MAILS.format(name="a").replace("intro", name))
        done = cut_off("validate", file, "--json")
        told_of += [(one["line"], one["check"], one["step"]) for one in done.document["findings"]]
        assert SLACK_TOKEN not in done.out
    assert told_of == [
        (6, "secrets", "first"),
        (6, "template-files", "first"),
        (6, "likely-secrets", "first"),
    ]
