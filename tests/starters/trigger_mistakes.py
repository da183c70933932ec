"""Mistakes in the trigger of an automation file, as in ``mistakes``: text, line, a phrase."""

from __future__ import annotations

START = "id: welcome\nname: Welcome\ntrigger:\n"
END = "steps:\n- {id: intro, kind: notify, channel: x, text: y}\n"
MAIL = "steps:\n- id: intro\n  kind: send_email\n  template: hello\n"
BAD_TRIGGERS: dict[str, tuple[str, int, str]] = {
    "an unknown trigger": (
        START + "  kind: lead_create\n" + END,
        4,
        "unknown kind 'lead_create': did you mean 'lead_created'?; the kinds are manual, scheduled",
    ),
    "a trigger without a kind": (
        START + "  stages: any\n" + END,
        3,
        "has no kind: add 'kind:'; the kinds are manual, scheduled, lead_created",
    ),
    "a trigger that is text": ("id: a\nname: A\ntrigger: manual\n" + END, 3, "group of fields"),
    "a timing that does not go with the trigger": (
        START + "  kind: pounce_sent\n  timing: after_conversation\n" + END,
        5,
        "'trigger.timing': pounce_sent supports 'immediately' only, not 'after_conversation': ",
    ),
    "a timing that nobody knows": (
        START + "  kind: conversation_with_bot\n  timing: later\n" + END,
        5,
        "'trigger.timing' must be 'immediately' or 'after_conversation', not 'later'",
    ),
    "no timing where there are two": (
        START + "  kind: conversation_with_bot\n" + END,
        3,
        "'trigger.timing' is missing",
    ),
    "a timing for a trigger without": (
        START + "  kind: lead_created\n  timing: immediately\n" + END,
        5,
        "unknown field 'timing' in 'trigger'; known are leads, kind",
    ),
    "an exit that is no campaign exit": (
        START + "  kind: campaign_exited\n  reasons:\n  - unsubscribed\n  - completed\n" + END,
        7,
        "'trigger.reasons.2' must be 'engagement_window_ended'",
    ),
    "a stale lead that is won": (
        START + "  kind: stale_lead\n  exactly: 30 days\n  stages: [New, Won]\n" + END,
        6,
        "'trigger.stages': stage 'Won' cannot be watched",
    ),
    "a stale lead without stages": (
        START + "  kind: stale_lead\n  exactly: 30 days\n" + END,
        3,
        "'trigger.stages' is missing",
    ),
    "a range the wrong way round": (
        START + "  kind: stale_lead\n  stages: [New]\n  between: [30 days, 2 weeks]\n" + END,
        6,
        "'trigger.between': the first period must not be longer",
    ),
    "a stale lead without a period": (
        START + "  kind: stale_lead\n  stages: [New]\n" + END,
        3,
        "give exactly one of 'at_least: 30 days'",
    ),
    "an operator in the filter of a trigger": (
        START + "  kind: lead_created\n  leads:\n    all:\n    - field: x\n      op: is\n" + END,
        8,
        "'trigger.leads.all.1.op' must be 'equals', 'not_equals'",
    ),
    "a group of both sorts in a filter": (
        START + "  kind: lead_created\n  leads:\n    all: [{field: x, op: is_empty}]\n"
        "    any: [{field: y, op: is_empty}]\n" + END,
        7,
        "'any' cannot stand beside 'all': put one group inside the other",
    ),
    "a property that is compared with nothing": (
        START + "  kind: event_added\n  event: x\n  where: {field: x, op: contains}\n" + END,
        6,
        "'contains' compares with nothing: add 'value:'",
    ),
    "an event in a filter": (
        START + "  kind: lead_created\n  leads: {event: x}\n" + END,
        5,
        "'trigger.leads': an 'event:' test has no place in a trigger",
    ),
    "a schedule in a zone that is none": (
        START + "  kind: scheduled\n  at: 09:00\n  zone: Europe/Londn\n" + END,
        6,
        "'Europe/Londn' is no time zone",
    ),
    "mail in the middle of a conversation": (
        START + "  kind: conversation_with_rep\n  timing: immediately\n" + MAIL,
        8,
        "error: step 'intro': send_email is not available for the trigger conversation_with_rep "
        "(immediately): ",
    ),
    "mail upon mail": (
        START + "  kind: event_added\n  event: email_sent\n" + MAIL,
        8,
        "error: step 'intro': send_email causes the very event that the trigger waits for",
    ),
    "a stale lead that is written to for ever": (
        START + "  kind: stale_lead\n  exactly: 30 days\n  stages: [New]\n"
        "campaign: {engagement_window: 1 week, re_entry: {rule: after_exit}}\n" + MAIL,
        10,
        "warning: step 'intro': is activity itself",
    ),
}
STALE = START + "  kind: stale_lead\n  exactly: 30 days\n  stages: [New%s]\n" + END
WAITS = "campaign: {engagement_window: 1 week}\nsteps:\n- {id: a, kind: wait, for: 8 days}\n"
BAD_BY_TRIGGER: dict[str, tuple[str, int, str]] = {
    "closed-stages": (STALE % ", Closed/Lost", 6, "stage 'Closed/Lost' says that the lead is done"),
    "outreach-not-counted": (STALE % "", 4, "meeting_booked, call_logged, outreach_sent]'"),
    "days-that-are-over": (
        START + "  kind: scheduled\n  at: 09:00\n  zone: Europe/London\n  on: 2020-01-01\n" + END,
        7,
        "2020-01-01 09:00 is over: no lead enters any more",
    ),
    "waits-beyond-the-window": (
        START + "  kind: manual\n" + WAITS,
        7,
        "the engagement window of 1 week ends before this wait does",
    ),
    "exits-from-itself": (
        START
        + "  kind: campaign_exited\n  reasons: [reply_received]\n"
        + "  campaigns: [other, welcome]\n"
        + END,
        6,
        "'welcome' is this automation, which enters no lead for what it caused itself",
    ),
    "misspelt-events": (
        START + "  kind: event_added\n  event: clciked\n" + END,
        5,
        "events of the kind 'clciked' are not known: did you mean 'clicked'?",
    ),
    "waits-for-an-exit": (
        START
        + "  kind: manual\nsteps:\n- id: a\n  kind: wait_for\n  timeout: 1 day\n"
        + "  events: [clicked, bounce]\n",
        9,
        "'bounce' ends the enrollment here (email bounced), so this step never hears of it",
    ),
}
"""By the name of the check."""
