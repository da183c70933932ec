"""Mistakes that single checks find, by the name of the check: text, line, a phrase of it.

Secrets are put together here, so that no file of the repository has one in it.
"""

from __future__ import annotations

from tests.starters.mistakes import HEAD, MAIL_STEP, STEPS
from tests.starters.trigger_mistakes import BAD_BY_TRIGGER
from tests.starters.way_mistakes import BAD_WAYS, CALL, SPLIT, WAIT

SLACK_TOKEN = "-".join(("xoxb", "123456789012", "abcdefghijkl"))
RANDOM = "9f8a7b6c" * 3
LEAD_MOVED = HEAD.replace("{kind: manual}", "{kind: lead_status_changed, stages: [Contacted]}")
CHATTING = HEAD.replace("{kind: manual}", "{kind: conversation_with_bot, timing: immediately}")
SALES_TASK = "- {id: a, kind: create_task, subject: Call"
HTTP_CALL = "- {id: a, kind: http_call, connection: crm, method: POST"
TRACK = "- {id: a, kind: track_event, event: demo"
PUSH = "- {id: a, kind: push, to: salesforce, fields: {LastName: last_name}}\n"
BAD_BY_CHECK: dict[str, tuple[str, int, str]] = {
    **BAD_WAYS,
    **BAD_BY_TRIGGER,
    "unknown-fields": (
        HEAD + "audience: {field: compnay, op: equals, value: x}\nsteps:\n- {id: a, kind: end}\n",
        4,
        "'compnay' is not among the lead_fields of center 'default': did you mean 'company'?",
    ),
    "events-outside-enrollments": (
        HEAD + "audience:\n  not: {any: [{field: company, op: is_empty}, {event: reply}]}\n"
        "steps:\n- {id: a, kind: end}\n",
        5,
        "an 'event:' test never holds here: nothing has happened yet",
    ),
    "yaml": (HEAD + "steps: &all [1]\n", 4, "&all is an anchor"),
    "fields": (STEPS + "- {id: a, kind: end, wait: 1}\n", 5, "unknown field 'wait'"),
    "step-ids": (STEPS + f"- {{id: a, {CALL}, next: b}}\n", 5, "next names 'b'"),
    "secrets": (STEPS + WAIT + f"# posts with {SLACK_TOKEN}\n", 6, "looks like a Slack token"),
    "likely-secrets": (STEPS + WAIT + f"# token: {RANDOM}\n", 6, "looks like a secret"),
    "unknown-templates": (STEPS + "- {id: a, kind: send_email, template: b}\n", 5, "no template"),
    "merge-fields": (STEPS + "- {id: a, kind: send_email, template: bare}\n", 5, "'bare' lacks"),
    "merge-fields-without-default": (
        STEPS + "- {id: a, kind: send_email, template: bland}\n",
        5,
        "has no default for lead.first_name",
    ),
    "unknown-merge-tags": (
        STEPS + "- id: a\n  kind: send_email\n  template: polite\n  merge_tags:\n"
        "    frist_name: {default: you}\n",
        9,
        "template 'polite' has no merge tag 'frist_name': first_name",
    ),
    "missing-connections": (
        STEPS + "- {id: a, kind: update_stage, stage: Won}\n",
        5,
        "needs the connection 'salesforce'",
    ),
    "missing-mailbox": (
        HEAD + "campaign: {engagement_window: 1 day, sender: anna}\nsteps:\n" + MAIL_STEP,
        4,
        "no mailbox 'anna'",
    ),
    "fields-not-writable": (
        STEPS + "- {id: a, kind: set_field, field: Phone, value: x}\n",
        5,
        "'Phone' is not among the writable_fields",
    ),
    "http-connections": (STEPS + HTTP_CALL.replace("crm", "crn") + "}\n", 5, "connection 'crn'"),
    "event-receivers": (STEPS + TRACK + "}\n", 5, "needs the connection 'google_analytics'"),
    "persons-in-statistics": (
        STEPS + TRACK + ", properties: {who: '{{ lead.email }}'}}\n",
        5,
        "'lead.email' says who the lead is",
    ),
    "secrets-in-steps": (
        STEPS + HTTP_CALL + ", headers: {X-Token: abc}}\n",
        5,
        "'X-Token' looks like a secret",
    ),
    "secrets-in-paths": (
        STEPS + HTTP_CALL + f", path: /hooks/{RANDOM}{RANDOM}}}\n",
        5,
        "has a long random part",
    ),
    "unused-answers": (
        STEPS + HTTP_CALL + ", status_as: went}\n",
        5,
        "no condition looks at 'went'",
    ),
    "missing-platforms": (
        STEPS + "- {id: a, kind: push, to: marketo, fields: {email: email}}\n",
        5,
        "needs the connection 'marketo'",
    ),
    "fields-not-pushable": (STEPS + PUSH.replace("LastName", "Phone"), 5, "'Phone' is not among"),
    "without-timeline-template": (
        STEPS
        + PUSH.replace("salesforce", "hubspot").replace("LastName", "email")
        + "- {id: b, kind: hubspot_timeline_event, title: Talked}\n",
        6,
        "has no 'timeline_template'",
    ),
    "not-pushed-before": (
        STEPS + "- {id: a, kind: add_to_campaign, campaign: 701000000000001AAA}\n",
        5,
        "without a push to salesforce (a)",
    ),
    "perhaps-not-pushed": (
        STEPS + "- {id: a, kind: hubspot_meeting}\n",
        5,
        "needs attention then",
    ),
    "long-text-messages": (
        STEPS + f"- {{id: a, kind: send_sms, text: 'Reply STOP to end. {'Word ' * 200}'}}\n",
        5,
        "segments long",
    ),
    "texts-that-say-how-to-stop": (
        STEPS + "- {id: a, kind: send_sms, text: Hello}\n",
        5,
        "Reply STOP to opt out",
    ),
    "missing-consents": (
        HEAD + "consent: {needs: [phone]}\nsteps:\n" + MAIL_STEP,
        4,
        "asks for no consent 'phone'",
    ),
    "ignored-consents": (
        HEAD
        + "consent: {ignore: true, reason: service mail, approved_by: ada}\nsteps:\n"
        + MAIL_STEP,
        4,
        "ada",
    ),
    "nobody-may-approve": (
        STEPS + "- {id: a, kind: approval, of: intro}\n" + MAIL_STEP,
        5,
        "nobody may approve in center 'default'",
    ),
    "unknown-pools": (STEPS + "- {id: a, kind: assign, pool: b}\n", 5, "has no pool 'b'"),
    "unknown-holidays": (
        HEAD
        + "campaign:\n  engagement_window: 9 days\n"
        + "  send_window: {holidays: [US, XX]}\nsteps:\n"
        + MAIL_STEP,
        6,
        "the holidays of 'XX' are not known",
    ),
    "unknown-zone": (
        STEPS + "- {id: a, kind: wait_until, weekdays: [mon], zone: Mars}\n",
        5,
        "'Mars' is no time zone",
    ),
    "texts-of-steps": (
        STEPS + "- id: a\n  kind: notify\n  channel: x\n  text: '{{ company }}'\n",
        8,
        "error: step 'a': names 'company', which is unknown; known is lead.<field>",
    ),
    "texts-without-default": (
        STEPS + "- id: a\n  kind: create_note\n  title: '{{ lead.company }}'\n  text: y\n",
        7,
        "warning: step 'a': has no default for lead.company",
    ),
    "short-waits": (STEPS + "- {id: a, kind: wait, for: 5 seconds}\n", 5, "is under a minute"),
    "personal-conditions": (
        STEPS + "- id: a\n  kind: branch\n  arms:\n"
        "  - {when: {field: email, op: is_empty}, go_to: b}\n- {id: b, kind: end}\n",
        8,
        "keeps it in the workflow's history",
    ),
    "conditions-without-value": (
        HEAD + "audience: {field: size, op: at_least}\n" + "steps:\n" + MAIL_STEP,
        4,
        "'at_least' compares with nothing",
    ),
    "values-that-do-not-suit": (
        HEAD + "audience: {field: stage, op: equals, value: [New, Won]}\nsteps:\n" + MAIL_STEP,
        4,
        "'equals' compares with one value, not with a list: write 'op: in'",
    ),
    "steps-that-do-not-suit-the-trigger": (
        CHATTING + "steps:\n" + MAIL_STEP,
        5,
        "send_email is not available for the trigger conversation_with_bot",
    ),
    "steps-that-set-off-the-trigger": (
        LEAD_MOVED + "steps:\n- {id: a, kind: update_stage, stage: Contacted}\n",
        5,
        "moves the lead to 'Contacted', which the trigger waits for",
    ),
    "tasks-without-due-date": (STEPS + SALES_TASK + "}\n", 5, "has no due date"),
    "waves-beside-a-trigger": (
        LEAD_MOVED + "campaign:\n  engagement_window: 9 days\n  waves: {}\nsteps:\n" + MAIL_STEP,
        6,
        "warning: leads that the trigger 'lead_status_changed' lets in are in no wave",
    ),
    "first-wave-too-small": (
        HEAD + "campaign: {engagement_window: 9 days, waves: {sizes: [9]}}\nsteps:\n" + MAIL_STEP,
        4,
        "warning: the first wave has 9 leads",
    ),
}
FINE: dict[str, str] = {
    "a default that the step gives": STEPS
    + "- {id: a, kind: send_email, template: bland, merge_tags: {first_name: {default: you}}}\n",
    "a wait between two messages": STEPS + MAIL_STEP + WAIT + MAIL_STEP.replace("intro", "more"),
    "a date between two messages": STEPS
    + MAIL_STEP
    + "- {id: rest, kind: wait_until, date: 2026-03-02}\n"
    + MAIL_STEP.replace("intro", "more"),
    "a message on each of two ways": STEPS
    + SPLIT
    + MAIL_STEP.replace("{id: intro", "{next: done, id: big")
    + MAIL_STEP.replace("intro", "small")
    + "- {id: done, kind: end}\n",
    "a task that is due today": STEPS + SALES_TASK + ", due_in_days: 0}\n",
    "steps that run out where no way was split": STEPS + MAIL_STEP + WAIT,
    "a branch of which every way ends": STEPS
    + SPLIT
    + "- {id: big, kind: end}\n- {id: small, kind: end}\n",
    "texts with defaults": STEPS
    + "- id: a\n  kind: notify\n  channel: x\n  text: '{{ lead.x | default: \" \" }}'\n",
    "a word that is no secret": STEPS + WAIT + "# token: the one that everybody has\n",
}
