"""What editors show when the pointer rests on a field of a step, or of a part of a step."""

from __future__ import annotations

from collections.abc import Mapping

OF_STEPS: Mapping[str, Mapping[str, str]] = {
    "Arm": {"when": "This way is taken if the condition holds, and none above did."},
    "Share": {"weight": "How many leads take this way, compared with the others."},
    "Branch": {
        "arms": "Looked at from top to bottom; the first whose condition holds is taken.",
        "otherwise": "Where to go if no condition holds; the following step if left out.",
    },
    "AbSplit": {"arms": "The ways that leads are dealt out to."},
    "Jump": {"at_most": "How often a lead may have been at that step; then it goes on."},
    "SendEmail": {
        "template": "The name of a template; its text is pinned when the file is published.",
        "thread": "true: in the thread of the campaign's last mail, if there was one.",
        "recipient_field": "The field of the lead that holds the address; email if left out.",
        "merge_tags": "Merge tags of the template that stand for another field here, or have "
        "another default: first_name is {{ lead.first_name }}.",
    },
    "MergeTag": {
        "field": "The field of the lead that the tag stands for; the one of its name if left out.",
        "default": "What stands there if the field is empty; one space for a blank.",
    },
    "Approval": {
        "of": "The step whose mail a person must approve before it leaves.",
        "timeout": "How long the mail waits for a decision at most.",
        "on_reject": "Where to go if it is rejected; left out: the automation is done.",
        "on_timeout": "Where to go if nobody decides in time; left out: the automation is done.",
        "channel": "A Slack channel that is told that a mail waits.",
    },
    "OutreachHandover": {
        "campaign": "The number of the campaign in Smartlead.",
        "timeout": "How long the lead is left to it at most.",
        "mails": "How many mails that campaign sends; with the last one the handover is over.",
        "fields": "Fields of the lead that Smartlead gets as custom fields.",
        "on_completed": "Where to go when all mails are sent; the following step if left out.",
        "on_answer": "Where to go after a reply, a bounce or an opt-out that is no exit here.",
        "on_timeout": "Where to go when the time is over; the following step if left out.",
    },
    "SendSms": {
        "text": "The text message; may use {{ lead.x }}. 160 characters are one segment.",
        "recipient_field": "The field of the lead with the phone number.",
        "otherwise": "Where to go if this lead cannot get it; the following step if left out.",
    },
    "Wait": {"for": "How long, in exact hours: 3 days, 90 minutes."},
    "WaitFor": {
        "events": "Kinds of events; any one of them ends the wait.",
        "when": "A condition that ends the wait as soon as it holds; at once if it does already.",
        "timeout": "How long at most.",
        "on_event": "Where to go when the event comes or the condition holds; the following step "
        "if left out.",
        "on_timeout": "Where to go when the time is over; the following step if left out.",
        "already": "true: an event that came before the lead arrived here counts too.",
    },
    "WaitUntil": {
        "date": "Until this day.",
        "weekdays": "Until the next one of these days of the week.",
        "business_days": "So many days from Monday to Friday.",
        "field": "Until the day that this field of the lead names.",
        "days": "So many days after the day in the field, or before it if negative.",
        "at": "The time of that day, such as 09:00.",
        "zone": "A time zone by its IANA name; the lead's own if left out.",
        "on_missing": "Where to go if the field names no day.",
    },
    "UpdateStage": {"stage": "The new stage, as the CRM writes it."},
    "SetField": {
        "field": "The field of the lead.",
        "value": "Its new value; null empties it.",
        "fill_if_empty": "true: a value that is there is kept.",
        "only_here": "true: the CRM is left alone.",
    },
    "Assign": {
        "to": "The new owner: a user id of the CRM, or an address.",
        "pool": "A pool of the connections file, whose members take turns.",
    },
    "CreateTask": {
        "subject": "The Task's subject; may use {{ lead.x }}.",
        "text": "What the Task says; may use {{ lead.x }}.",
        "type": "The Task's type, as the CRM has it.",
        "priority": "How urgent it is.",
        "due_in_days": "Due so many days after the step.",
        "due_time": "When the assignee is reminded on that day.",
    },
    "CreateEvent": {
        "subject": "The Event's subject; may use {{ lead.x }}.",
        "text": "What the Event says; may use {{ lead.x }}.",
        "in_days": "So many days after the step.",
        "at": "The time of that day.",
    },
    "CreateNote": {
        "title": "The Note's title; may use {{ lead.x }}.",
        "text": "What the Note says; may use {{ lead.x }}.",
    },
    "Push": {
        "to": "The system that the lead is written to.",
        "fields": "The system's fields, by its own names, and which of the lead's each one gets.",
    },
    "AddToCampaign": {
        "campaign": "The id of the Campaign, as its address in Salesforce shows it: 701...",
        "status": "The member status; the Campaign must have it. Left out: the Campaign's default.",
    },
    "MarketoStatus": {"status": "The new status, such as Meeting Booked."},
    "MarketoProgram": {
        "program": "The number of the program, as its address in Marketo shows it.",
        "status": "The program status; the program's channel must have it.",
    },
    "HubspotTimelineEvent": {
        "title": "What happened; may use {{ lead.x }}.",
        "text": "More about it; may use {{ lead.x }}.",
        "transcript": "false: the words of the conversation stay out.",
    },
    "HubspotMeeting": {"title": "The meeting's title; may use {{ lead.x }}."},
    "Notify": {
        "via": "slack, teams, email, or app: an alert on the list of `dripstone alerts`.",
        "channel": "The Slack channel.",
        "to": "With via: email: an address, or owner: whoever looks after the lead.",
        "subject": "With via: email or teams: its first line; may use {{ lead.x }}.",
        "text": "The message; may use {{ lead.x }}.",
    },
    "HttpCall": {
        "connection": "An HTTP connection of the connections file: where, and how to log in.",
        "method": "GET, POST, PUT, PATCH or DELETE.",
        "path": "Put after the connection's base_url; may use {{ lead.x }}. A whole https address "
        "goes too, if its host is among the connection's allowed_hosts.",
        "query": "What follows the ?, by name; may use {{ lead.x }}.",
        "headers": "Headers beside those that are set by themselves; may use {{ lead.x }}.",
        "body": "Sent as JSON; its texts may use {{ lead.x }}.",
        "form": "Sent as a form, by name, instead of body; may use {{ lead.x }}.",
        "success": "The statuses that count as done; those from 200 to 299 if left out.",
        "answer": "What is taken from the JSON answer, by the names that conditions use.",
        "status_as": "The name under which conditions may look at the status.",
        "repeatable": "Whether the receiver may get it twice after an answer was lost. Left out: "
        "if the connection takes a key, or the method is GET, PUT or DELETE.",
        "reaches_lead": "true: it is a message to the lead, such as an SMS. Suppression and the "
        "send window hold for it.",
    },
    "Taken": {
        "from": "The way to the value in the JSON answer, such as result.offers.0.price.",
        "type": "text, number or boolean; anything else counts as missing.",
        "longest": "The most characters of a text; a longer one counts as missing.",
        "otherwise": "The value if it is missing.",
        "save": "true: it becomes a field of the lead, too.",
    },
    "TrackEvent": {
        "event": "The event's name: letters, digits and _, at most 40.",
        "properties": "What is known of the event, by name; may use {{ lead.x }}, but must not "
        "say who the lead is.",
        "client_id": "The lead field with the visitor's Google Analytics client id.",
    },
}
