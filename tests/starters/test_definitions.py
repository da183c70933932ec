"""Automation files: every mistake is told at once, on its line, with its mend."""

from __future__ import annotations

from pathlib import Path

import pytest

from starters.definitions import Configured, Finding, load

HEAD = """id: welcome
name: Welcome
trigger: {kind: manual}
"""
MAIL = {"unsubscribe_url": False, "sender.postal_address": False}
TEMPLATES = {
    "hello": MAIL,
    "bare": {"unsubscribe_url": False},
    "odd": MAIL | {"lead.first_name": False, "lead.company": True, "company": False},
}
EVERYTHING = Configured(
    vendors=frozenset({"smtp", "salesforce", "slack"}), mailboxes={"default": ["default"]}
)


def told(tmp_path: Path, text: str, configured: Configured = EVERYTHING) -> tuple[Finding, ...]:
    file = tmp_path / "welcome.yaml"
    file.write_text(text, encoding="utf-8")
    automation, findings = load(file, TEMPLATES, configured)
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


MAIL_STEP = "- {id: intro, kind: send_email, template: hello}\n"
BAD: dict[str, tuple[str, int, str]] = {
    "an unknown field": (
        HEAD + "steps:\n- id: a\n  kind: send_email\n  tempalte: hello\n",
        *(7, "error: step 'a': unknown field 'tempalte': did you mean 'template'?"),
    ),
    "an unknown field at the top": (HEAD + "step:\n- 1\nsteps:\n" + MAIL_STEP, 4, "'steps'?"),
    "an unknown field of a campaign": (
        HEAD + "campaign:\n  engagement_window: 1 day\n  priorty: 3\nsteps:\n" + MAIL_STEP,
        *(6, "unknown field 'priorty' in 'campaign': did you mean 'priority'?"),
    ),
    "a field that is missing": (
        HEAD + "steps:\n- id: a\n  kind: notify\n  channel: x\n",
        *(5, "step 'a': 'text' is missing"),
    ),
    "a step without an id": (HEAD + "steps:\n- kind: end\n", 5, "step 1: 'id' is missing"),
    "an unknown kind": (
        HEAD + "steps:\n- {id: a, kind: send_mail}\n",
        *(
            5,
            "unknown kind 'send_mail': did you mean 'send_email'?; the kinds are send_email, wait",
        ),
    ),
    "no kind": (HEAD + "steps:\n- id: a\n  for: 1 day\n", 5, "has no kind: add 'kind:'"),
    "no steps": (HEAD + "steps: []\n", 4, "at least 1 item"),
    "an unknown trigger": (HEAD.replace("manual", "x") + "steps:\n" + MAIL_STEP, 3, "'manual'"),
    "no duration": (HEAD + "steps:\n- {id: a, kind: wait, for: 3 moons}\n", 5, "not a duration"),
    "a group of both sorts": (
        HEAD + "audience:\n  all: [{event: x}]\n  any: [{event: y}]\nsteps:\n" + MAIL_STEP,
        *(6, "'any' cannot stand beside 'all': put one group inside the other"),
    ),
    "an operator inside groups": (
        HEAD + "audience:\n  not:\n    any:\n    - field: x\n      op: is\nsteps:\n" + MAIL_STEP,
        *(8, "'audience.not.any.1.op' must be 'equals', 'not_equals'"),
    ),
    "a misspelt part of a condition": (
        HEAD + "audience: {field: x, op: equals, valeu: 5}\nsteps:\n" + MAIL_STEP,
        *(4, "unknown field 'valeu' in 'audience': did you mean 'value'?; known are field, op"),
    ),
    "a condition that is text": (HEAD + "audience: all\nsteps:\n" + MAIL_STEP, 4, "not 'all'"),
    "a number that is none": (
        HEAD + "campaign:\n  engagement_window: 1 day\n  priority: high\nsteps:\n" + MAIL_STEP,
        *(6, "'campaign.priority' must be a whole number, not 'high'"),
    ),
    "a number out of range": (
        HEAD + "campaign:\n  engagement_window: 1 day\n  priority: 1001\nsteps:\n" + MAIL_STEP,
        *(6, "less than or equal to 1000"),
    ),
    "a time of day": (
        HEAD
        + "campaign:\n  engagement_window: 1 day\n  send_window:\n    opens: 8:30\nsteps:\n"
        + MAIL_STEP,
        *(7, "must be a time of day such as 09:00"),
    ),
    "hours the wrong way round": (
        HEAD
        + "campaign:\n  engagement_window: 1 day\n  send_window: {opens: '18:00'}\nsteps:\n"
        + MAIL_STEP,
        *(6, "does not span midnight"),
    ),
    "an id with capitals": (HEAD + "steps:\n- {id: Intro, kind: end}\n", 5, "small letters"),
    "an event kind": (
        HEAD + "steps:\n- {id: a, kind: wait_for, events: [Clicked!], timeout: 1 day}\n",
        *(5, "must be a kind of event"),
    ),
    "next to nowhere": (
        HEAD
        + "steps:\n- {id: a, kind: notify, channel: x, text: y, next: b}\n- {id: c, kind: end}\n",
        *(5, "next names 'b', which is no step of: a, c"),
    ),
    "an arm to nowhere": (
        HEAD + "steps:\n- id: a\n  kind: branch\n  arms:\n  - {when: {event: x}, go_to: a}\n"
        "  - when: {event: y}\n    go_to: b\n",
        *(10, "step 'a': arms.2.go_to names 'b'"),
    ),
    "a time-out to nowhere": (
        HEAD
        + "steps:\n- id: a\n  kind: wait_for\n  events: [x]\n  timeout: 1 day\n  on_timeout: z\n",
        *(9, "on_timeout names 'z'"),
    ),
    "an id twice": (
        HEAD + "steps:\n- {id: a, kind: wait, for: 1 day}\n- {id: a, kind: end}\n",
        *(6, "step 'a': is there 2 times: ids must be unique"),
    ),
    "an unknown template": (
        HEAD + "steps:\n- id: a\n  kind: send_email\n  template: helo\n",
        *(7, "there is no template 'helo': did you mean 'hello'?"),
    ),
    "a template nobody could leave": (
        HEAD + "steps:\n- {id: a, kind: send_email, template: bare}\n",
        *(5, "template 'bare' lacks {{ sender.postal_address }}"),
    ),
    "an unknown merge field": (
        HEAD + "steps:\n- {id: a, kind: send_email, template: odd}\n",
        *(5, "template 'odd' names 'company', which is unknown; known are lead.<field>"),
    ),
    "a merge field without default": (
        HEAD + "steps:\n- {id: a, kind: send_email, template: odd}\n",
        *(5, "warning: step 'a': template 'odd' has no default for lead.first_name"),
    ),
    "a mailbox that is not there": (
        HEAD + "campaign:\n  engagement_window: 1 day\n  sender: anna\nsteps:\n" + MAIL_STEP,
        *(6, "center 'default' has no mailbox 'anna'"),
    ),
    "an unknown zone": (
        HEAD
        + "campaign:\n  engagement_window: 1 day\n  send_window: {zone: Mars/Base}\nsteps:\n"
        + MAIL_STEP,
        *(6, "'Mars/Base' is no time zone"),
    ),
    "a wait for a demo": (
        HEAD + "steps:\n- id: a\n  kind: wait\n  for: 5 seconds\n",
        *(7, "warning: step 'a': is under a minute: seconds are for demos"),
    ),
    "a personal condition": (
        HEAD
        + "steps:\n- id: a\n  kind: branch\n  arms:\n  - when:\n      not: {field: Email, op: is_empty}\n"
        "    go_to: b\n- {id: b, kind: end}\n",
        *(9, "warning: step 'a': a step's condition on 'Email' keeps it in the workflow's history"),
    ),
    "a loop without a wait": (
        HEAD + "steps:\n- {id: a, kind: send_email, template: hello}\n"
        "- {id: b, kind: branch, arms: [{when: {event: x}, go_to: c}], otherwise: a}\n"
        "- {id: c, kind: end}\n",
        *(5, "error: step 'a': a -> b -> a is a loop without a wait"),
    ),
    "a loop that need not wait": (
        HEAD
        + "steps:\n- {id: a, kind: wait_for, events: [x], timeout: 1 day, already: true, next: a}\n",
        *(5, "a -> a is a loop without a wait"),
    ),
    "a step after the end": (
        HEAD + "steps:\n" + MAIL_STEP + "- {id: b, kind: end}\n- {id: c, kind: end}\n",
        *(7, "warning: step 'c': comes after the end 'b', and nothing jumps to it"),
    ),
    "a step that is jumped over": (
        HEAD
        + "steps:\n- {id: a, kind: wait, for: 1 day, next: c}\n- {id: b, kind: end}\n- {id: c, kind: end}\n",
        *(6, "warning: step 'b': no step leads here"),
    ),
    "no group of fields": ("- a\n- b\n", 1, "an automation is a group of fields"),
    "text instead of a step": (HEAD + "steps:\n- wait\n", 5, "step 1: the step must be a group"),
}


@pytest.mark.parametrize("mistake", BAD)
def test_a_mistake_is_told_on_its_line(mistake: str, tmp_path: Path) -> None:
    text, line, phrase = BAD[mistake]
    lines = [str(finding) for finding in told(tmp_path, text)]
    start = f"{tmp_path / 'welcome.yaml'}:{line}: "
    assert [said for said in lines if said.startswith(start) and phrase in said], lines


LOOPS_THAT_WAIT = """steps:
- {id: a, kind: send_email, template: hello}
- {id: b, kind: wait_for, events: [x], timeout: 1 day, on_event: c, on_timeout: a}
- {id: c, kind: end}
"""


def test_a_loop_that_waits_is_fine(tmp_path: Path) -> None:
    assert told(tmp_path, HEAD + LOOPS_THAT_WAIT) == ()


@pytest.mark.parametrize(
    ("step", "vendor", "setting"),
    [
        ("kind: send_email, template: hello", "smtp", "DRIPSTONE_SMTP__HOST"),
        ("kind: update_stage, stage: Won", "salesforce", "DRIPSTONE_SALESFORCE__"),
        ("kind: notify, channel: x, text: y", "slack", "DRIPSTONE_SLACK__TOKEN"),
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
