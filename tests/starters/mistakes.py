"""Mistakes that an automation file may have: its text, the line, and a phrase of what is told."""

from __future__ import annotations

HEAD = """id: welcome
name: Welcome
trigger: {kind: manual}
"""
STEPS = HEAD + "steps:\n"
MAIL_STEP = "- {id: intro, kind: send_email, template: hello}\n"
BAD: dict[str, tuple[str, int, str]] = {
    "an unknown field": (
        STEPS + "- id: a\n  kind: send_email\n  tempalte: hello\n",
        7,
        "error: step 'a': unknown field 'tempalte': did you mean 'template'?",
    ),
    "an unknown field at the top": (HEAD + "step:\n- 1\nsteps:\n" + MAIL_STEP, 4, "'steps'?"),
    "an unknown field of a campaign": (
        HEAD + "campaign:\n  engagement_window: 1 day\n  priorty: 3\nsteps:\n" + MAIL_STEP,
        6,
        "unknown field 'priorty' in 'campaign': did you mean 'priority'?",
    ),
    "a field that is missing": (
        STEPS + "- id: a\n  kind: notify\n  channel: x\n",
        5,
        "step 'a': 'text' is missing",
    ),
    "a step without an id": (STEPS + "- kind: end\n", 5, "step 1: 'id' is missing"),
    "an unknown kind": (
        STEPS + "- {id: a, kind: send_mail}\n",
        5,
        "unknown kind 'send_mail': did you mean 'send_email'?; the kinds are send_email, send_sms",
    ),
    "no kind": (STEPS + "- id: a\n  for: 1 day\n", 5, "has no kind: add 'kind:'"),
    "no steps": (HEAD + "steps: []\n", 4, "must have at least 1 item"),
    "no duration": (STEPS + "- {id: a, kind: wait, for: 3 moons}\n", 5, "not a duration"),
    "a group of both sorts": (
        HEAD + "audience:\n  all: [{event: x}]\n  any: [{event: y}]\nsteps:\n" + MAIL_STEP,
        6,
        "'any' cannot stand beside 'all': put one group inside the other",
    ),
    "an operator inside groups": (
        HEAD + "audience:\n  not:\n    any:\n    - field: x\n      op: is\nsteps:\n" + MAIL_STEP,
        8,
        "'audience.not.any.1.op' must be 'equals', 'not_equals'",
    ),
    "a misspelt part of a condition": (
        HEAD + "audience: {field: x, op: equals, valeu: 5}\nsteps:\n" + MAIL_STEP,
        4,
        "unknown field 'valeu' in 'audience': did you mean 'value'?; known are field, op",
    ),
    "a condition that is text": (HEAD + "audience: all\nsteps:\n" + MAIL_STEP, 4, "not 'all'"),
    "a number that is none": (
        HEAD + "campaign:\n  engagement_window: 1 day\n  priority: high\nsteps:\n" + MAIL_STEP,
        6,
        "'campaign.priority' must be a whole number, not 'high'",
    ),
    "a number out of range": (
        HEAD + "campaign:\n  engagement_window: 1 day\n  priority: 1001\nsteps:\n" + MAIL_STEP,
        6,
        "must be at most 1000, not 1001",
    ),
    "a time of day": (
        HEAD
        + "campaign:\n  engagement_window: 1 day\n  send_window:\n    opens: 8:30\nsteps:\n"
        + MAIL_STEP,
        7,
        "must be a time of day such as 09:00",
    ),
    "hours the wrong way round": (
        HEAD
        + "campaign:\n  engagement_window: 1 day\n  send_window: {opens: '18:00'}\nsteps:\n"
        + MAIL_STEP,
        6,
        "does not span midnight",
    ),
    "an id with capitals": (STEPS + "- {id: Intro, kind: end}\n", 5, "small letters"),
    "an event kind": (
        STEPS + "- {id: a, kind: wait_for, events: [Clicked!], timeout: 1 day}\n",
        5,
        "must be a kind of event",
    ),
    "next to nowhere": (
        STEPS + "- {id: a, kind: notify, channel: x, text: y, next: b}\n- {id: c, kind: end}\n",
        5,
        "next names 'b', which is no step of: a, c",
    ),
    "an arm to nowhere": (
        STEPS + "- id: a\n  kind: branch\n  arms:\n  - {when: {event: x}, go_to: a}\n"
        "  - when: {event: y}\n    go_to: b\n",
        10,
        "step 'a': arms.2.go_to names 'b'",
    ),
    "a time-out to nowhere": (
        STEPS + "- id: a\n  kind: wait_for\n  events: [x]\n  timeout: 1 day\n  on_timeout: z\n",
        9,
        "on_timeout names 'z'",
    ),
    "an id twice": (
        STEPS + "- {id: a, kind: wait, for: 1 day}\n- {id: a, kind: end}\n",
        6,
        "step 'a': is there 2 times: ids must be unique",
    ),
    "an unknown template": (
        STEPS + "- id: a\n  kind: send_email\n  template: helo\n",
        7,
        "there is no template 'helo': did you mean 'hello'?",
    ),
    "a template nobody could leave": (
        STEPS + "- {id: a, kind: send_email, template: bare}\n",
        5,
        "template 'bare' lacks {{ sender.postal_address }}",
    ),
    "an unknown merge field": (
        STEPS + "- {id: a, kind: send_email, template: odd}\n",
        5,
        "template 'odd' names 'company', which is unknown; known are lead.<field>",
    ),
    "a merge field without default": (
        STEPS + "- {id: a, kind: send_email, template: odd}\n",
        5,
        "warning: step 'a': template 'odd' has no default for lead.first_name",
    ),
    "a text message with broken Liquid": (
        STEPS + "- id: a\n  kind: send_sms\n  text: '{{ lead.x'\n",
        7,
        "error: step 'a': expected '}}'",
    ),
    "a text message that names what nobody fills": (
        STEPS + "- {id: a, kind: send_sms, text: 'Hi {{ sender.name }}'}\n",
        5,
        "names 'sender.name', which is unknown; known is lead.<field>",
    ),
    "a text message without a default": (
        STEPS + "- {id: a, kind: send_sms, text: 'Hi {{ lead.x }}, STOP ends this'}\n",
        5,
        "warning: step 'a': has no default for lead.x",
    ),
    "a text message that is long": (
        STEPS + f"- {{id: a, kind: send_sms, text: '{'a' * 460} STOP'}}\n",
        5,
        "warning: step 'a': is 4 segments long (GSM-7)",
    ),
    "a text message without a way out": (
        STEPS + "- {id: a, kind: send_sms, text: Hi}\n",
        5,
        "warning: step 'a': no text message says how to opt out",
    ),
    "a message to the team that says too much": (
        STEPS + "- {id: a, kind: notify, via: app, channel: sales, text: Hi}\n",
        5,
        "'channel' is for Slack, which needs it",
    ),
    "a mailbox that is not there": (
        HEAD + "campaign:\n  engagement_window: 1 day\n  sender: anna\nsteps:\n" + MAIL_STEP,
        6,
        "center 'default' has no mailbox 'anna'",
    ),
    "an unknown zone": (
        HEAD
        + "campaign:\n  engagement_window: 1 day\n  send_window: {zone: Mars/Base}\nsteps:\n"
        + MAIL_STEP,
        6,
        "'Mars/Base' is no time zone",
    ),
    "a wait for a demo": (
        STEPS + "- id: a\n  kind: wait\n  for: 5 seconds\n",
        7,
        "warning: step 'a': is under a minute: seconds are for demos",
    ),
    "a personal condition": (
        STEPS + "- id: a\n  kind: branch\n  arms:\n  - when:\n"
        "      not: {field: Email, op: is_empty}\n    go_to: b\n- {id: b, kind: end}\n",
        9,
        "warning: step 'a': a step's condition on 'Email' keeps it in the workflow's history",
    ),
    "a comparison with nothing": (
        HEAD + "audience:\n  any:\n  - field: size\n    op: at_least\nsteps:\n" + MAIL_STEP,
        7,
        "error: 'at_least' compares with nothing: add 'value:'",
    ),
    "waiting for a condition without a value": (
        STEPS + "- id: a\n  kind: wait_for\n  when: {field: company, op: contains}\n"
        "  timeout: 1 day\n",
        7,
        "'contains' compares with nothing: add 'value:'",
    ),
    "a campaign that ends before it begins": (
        HEAD + "campaign:\n  engagement_window: 1 day\n  active_from: 2026-02-01T00:00:00Z\n"
        "  active_until: 2026-01-01T00:00:00Z\nsteps:\n- {id: a, kind: end}\n",
        4,
        "active_from: 2026-02-01T00:00:00+00:00 is not before active_until, 2026-01-01T00:00:00",
    ),
    "exit criteria that no lead can ever meet": (
        HEAD + "campaign:\n  engagement_window: 1 day\n  exits:\n    when: {event: clicked}\n"
        "steps:\n- {id: a, kind: end}\n",
        7,
        "an 'event:' test never holds here: exit criteria are about fields; name the event under",
    ),
    "waiting for nothing": (
        STEPS + "- {id: a, kind: wait_for, timeout: 1 day}\n",
        5,
        "waits for nothing: name 'events', a condition under 'when', or both",
    ),
    "a step after the end": (
        STEPS + MAIL_STEP + "- {id: b, kind: end}\n- {id: c, kind: end}\n",
        7,
        "warning: step 'c': comes after the end 'b', and nothing jumps to it",
    ),
    "a step that is jumped over": (
        STEPS + "- {id: a, kind: wait, for: 1 day, next: c}\n- {id: b, kind: end}\n"
        "- {id: c, kind: end}\n",
        6,
        "warning: step 'b': no step leads here",
    ),
    "nothing for a name": (HEAD.replace("Welcome", "") + "steps:\n" + MAIL_STEP, 2, "not nothing"),
    "a broken step that also leads nowhere": (
        STEPS + "- {id: a, kind: dance, next: b}\n- {id: c, kind: end}\n",
        5,
        "step 'a': next names 'b'",
    ),
    "a broken branch that also leads nowhere": (
        STEPS + "- id: a\n  kind: branch\n  arms:\n  - {go_to: a}\n  - 5\n  - go_to: b\n",
        10,
        "step 'a': arms.3.go_to names 'b', which is no step of: a",
    ),
    "no group of fields": ("- a\n- b\n", 1, "an automation is a group of fields"),
    "text instead of a step": (STEPS + "- wait\n", 5, "step 1: the step must be a group"),
}
