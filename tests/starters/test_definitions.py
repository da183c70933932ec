"""Automation files: every mistake is told at once, on its line, with its mend."""

from __future__ import annotations

from datetime import datetime
from pathlib import Path

import pytest

from config.settings import Settings
from starters.commands.configured import VENDORS
from starters.definitions.account_checks import NEEDS, NOTIFIES
from starters.definitions.loading import Configured, Finding, load
from tests.starters.loop_mistakes import BAD_LOOPS
from tests.starters.mistakes import BAD, HEAD
from tests.starters.trigger_mistakes import BAD_TRIGGERS

MAIL = {"unsubscribe_url": False, "sender.postal_address": False}
TEMPLATES = {
    "hello": MAIL,
    "bare": {"unsubscribe_url": False},
    "polite": MAIL | {"lead.first_name": True},
    "bland": MAIL | {"lead.first_name": False},
    "odd": MAIL | {"lead.first_name": False, "lead.company": True, "company": False},
}
EVERYTHING = Configured(
    vendors=frozenset({"smtp", "salesforce", "slack", "twilio"}), mailboxes={"default": ["default"]}
)


def told(
    tmp_path: Path,
    text: str,
    configured: Configured = EVERYTHING,
    now: datetime | None = None,
) -> tuple[Finding, ...]:
    file = tmp_path / "welcome.yaml"
    file.write_text(text, encoding="utf-8")
    automation, findings = load(file, TEMPLATES, configured, now)
    assert (automation is None) == any(finding.severity == "error" for finding in findings)
    return findings


GOOD = (
    HEAD
    + """campaign:
  engagement_window: 30 days
  exits: {on: [reply, unsubscribe], when: {field: Status, op: equals, value: NO}}
  send_window: {opens: 08:30, closes: 17:00, zone: Europe/London}
steps:
- {id: intro, kind: send_email, template: hello}
- {id: rest, kind: wait, for: 3 days}
- id: which
  kind: branch
  arms: [{when: {field: Size, op: at_least, value: 50}, go_to: big}]
  otherwise: small
- {id: big, kind: notify, channel: "#sales", text: 1.10, next: done}
- {id: small, kind: update_stage, stage: 2}
- {id: done, kind: end}
"""
)


def test_a_good_file_is_read_and_nothing_is_told_of_it(tmp_path: Path) -> None:
    file = tmp_path / "welcome.yaml"
    file.write_text(GOOD, encoding="utf-8")
    automation, findings = load(file, TEMPLATES, EVERYTHING)
    assert findings == ()
    assert automation is not None
    written = automation.model_dump(mode="json", by_alias=True, exclude_defaults=True)
    assert written["campaign"]["exits"]["when"]["value"] == "NO"
    assert written["campaign"]["exits"]["on"] == ["reply", "unsubscribe"]
    assert written["campaign"]["send_window"]["opens"] == "08:30"
    assert written["steps"][2]["arms"][0]["when"]["value"] == 50
    assert (written["steps"][3]["text"], written["steps"][4]["stage"]) == ("1.10", "2")


@pytest.mark.parametrize("mistake", BAD | BAD_LOOPS | BAD_TRIGGERS)
def test_a_mistake_is_told_on_its_line(mistake: str, tmp_path: Path) -> None:
    text, line, phrase = (BAD | BAD_LOOPS | BAD_TRIGGERS)[mistake]
    lines = [str(finding) for finding in told(tmp_path, text)]
    start = f"{tmp_path / 'welcome.yaml'}:{line}: "
    assert [said for said in lines if said.startswith(start) and phrase in said], lines


LOOPS_THAT_WAIT = """steps:
- {id: a, kind: send_email, template: hello}
- {id: b, kind: wait_for, events: [x], timeout: 1 day, on_event: c, on_timeout: a}
- {id: c, kind: end}
"""


def test_a_loop_that_waits_is_fine(tmp_path: Path) -> None:
    campaign = "campaign: {engagement_window: 30 days}\n"
    assert told(tmp_path, HEAD + campaign + LOOPS_THAT_WAIT) == ()


def test_without_an_engagement_window_only_a_jump_may_lead_back(tmp_path: Path) -> None:
    jump, forever = "kind: jump, go_to: rest, at_most: 3", "kind: wait, for: 1 day, next: rest"
    steps = HEAD + "steps:\n- {id: rest, kind: wait, for: 1 day}\n- {id: back, %s}\n"
    assert told(tmp_path, steps % jump) == ()
    (found,) = told(tmp_path, steps % forever)
    assert found.check == "unlimited-loops"


@pytest.mark.parametrize(
    ("step", "vendor", "setting"),
    [
        ("kind: send_email, template: hello", "smtp", "DRIPSTONE_SMTP__HOST"),
        ("kind: update_stage, stage: Won", "salesforce", "DRIPSTONE_SALESFORCE__"),
        ("kind: notify, channel: x, text: y", "slack", "DRIPSTONE_SLACK__TOKEN"),
        ("kind: notify, via: teams, text: y", "teams", "DRIPSTONE_TEAMS__WEBHOOK_URL"),
        ("kind: notify, via: email, to: owner, text: y", "smtp", "DRIPSTONE_SMTP__HOST"),
        ("kind: send_sms, text: STOP", "twilio", "DRIPSTONE_TWILIO__ACCOUNT_SID"),
    ],
)
def test_a_connection_that_is_not_configured_is_named_with_its_setting(
    step: str, vendor: str, setting: str, tmp_path: Path
) -> None:
    (finding,) = told(tmp_path, HEAD + f"steps:\n- {{id: a, {step}}}\n", Configured())
    assert (finding.severity, finding.line, finding.step) == ("error", 5, "a")
    assert f"connection {vendor!r}, which is not configured: set {setting}" in finding.message


def test_without_templates_and_connections_they_are_not_checked(tmp_path: Path) -> None:
    file = tmp_path / "welcome.yaml"
    file.write_text(HEAD + "steps:\n- {id: a, kind: send_email, template: whatever}\n", "utf-8")
    automation, findings = load(file)
    assert automation is not None
    assert findings == ()


def test_all_mistakes_of_a_file_are_told_at_once_in_the_order_of_lines(tmp_path: Path) -> None:
    text = """id: Welcome
name: 5
trigger: {kind: manual}
campaign: &shared
  engagement_window: 3 moons
  exits: {on: [rply]}
steps:
- {id: a, kind: dance}
- {id: b, kind: send_email, template: nothing, next: nowhere}
- {id: b, kind: wait, for: 1 second}
"""
    findings = told(tmp_path, text)
    assert [(finding.line, finding.severity) for finding in findings] == [
        (1, "error"),
        (4, "error"),
        (5, "error"),
        (6, "error"),
        (8, "error"),
        (9, "error"),
        (9, "error"),
        (10, "error"),
        (10, "warning"),
    ]


def test_a_misspelt_field_is_told_once(tmp_path: Path) -> None:
    text = HEAD + "steps:\n- {id: a, kind: send_email, templat: hello}\n"
    assert len(told(tmp_path, text)) == 1


def test_a_file_that_is_not_there_is_an_error_of_its_own(tmp_path: Path) -> None:
    with pytest.raises(FileNotFoundError):
        load(tmp_path / "nowhere.yaml")


GOOD_TRIGGERS = """- {kind: scheduled, at: 09:00, zone: Europe/London, on: 2026-11-21}
- {kind: lead_status_changed, stages: any, leads: {not: {field: Source, op: equals, value: Ads}}}
- {kind: event_added, event: bought, where: {any: [{field: a, op: is_empty}]}}
- {kind: campaign_exited, reasons: [meeting_booked, unsubscribed], campaigns: [spring]}
- {kind: conversation_with_bot, timing: after_conversation}
- {kind: stale_lead, between: [2 weeks, 30 days], stages: [New, 2]}
"""


@pytest.mark.parametrize("trigger", GOOD_TRIGGERS.splitlines())
def test_a_good_trigger_is_read_and_written_back(trigger: str, tmp_path: Path) -> None:
    file = tmp_path / "welcome.yaml"
    head = HEAD.replace("{kind: manual}", trigger.removeprefix("- "))
    file.write_text(head + "steps:\n- {id: a, kind: end}\n", encoding="utf-8")
    automation, findings = load(file, TEMPLATES, EVERYTHING)
    assert findings == ()
    assert automation is not None
    text = automation.model_dump_json(by_alias=True, exclude_defaults=True)
    assert type(automation).model_validate_json(text) == automation


def test_every_vendor_that_a_step_may_need_can_be_configured() -> None:
    asked = {vendor for vendor, _ in (*NEEDS.values(), *NOTIFIES.values()) if vendor}
    assert asked <= set(VENDORS)
    assert set(VENDORS) <= set(Settings.model_fields)
