"""What editors show when the pointer rests on a field of an automation file."""

from __future__ import annotations

from collections.abc import Mapping

ANYWHERE: Mapping[str, str] = {
    "id": "The name by which other steps, reports and records call this one. Never change it "
    "while leads are inside.",
    "name": "What people see in reports and in the Temporal UI, instead of the id.",
    "next": "The id of the step that follows; the next one in the list if left out.",
    "leads": "Restricts the trigger to leads that meet this condition on their fields.",
    "timing": "immediately: with the event. after_conversation: when the session ends.",
    "zone": "A time zone by its IANA name, such as Europe/London.",
    "assigned_to": "A user id of the CRM, or an address; the lead's owner if left out.",
    "go_to": "The id of the step to go to.",
}
"""Fields that mean the same wherever they are."""

OF_THEIR_OWN: Mapping[str, Mapping[str, str]] = {
    "Automation": {
        "schema": "The number of the file format. May be left out.",
        "id": "The name of the automation in commands, ids and records. It never changes.",
        "name": "What people call the automation.",
        "center": "Tenant or location that the automation belongs to.",
        "trigger": "What starts the automation for a lead.",
        "audience": "Who may enter, as a condition on the lead's fields. Left out: everybody.",
        "campaign": "Makes it a campaign: engagement window, lane, send window and exits.",
        "consent": "Which consents its messages need; whoever has not given them gets none.",
        "goal": "The event that the automation is there for; it is counted.",
        "steps": "Carried out from top to bottom, unless one says where to go.",
    },
    "Goal": {
        "event": "The kind of event that is the goal, such as meeting_booked.",
        "stops": "true: whoever reaches the goal exits at once.",
    },
    "Campaign": {
        "caps": "How much it may send, to whom, and how late. May change while leads are inside.",
        "engagement_window": "How long a lead may stay inside at most, such as 30 days.",
        "counted_from": "When the engagement window begins: at the enrollment, or anew with "
        "each mail.",
        "priority": "Who wins a lane: the higher one. Between equals, who is inside stays.",
        "lane": "A person is inside one campaign of a lane at a time.",
        "when_busy": "What becomes of a lead whose lane is busy: refused, or it waits its turn.",
        "sender": "The mailbox of the connections file that mails leave from.",
        "senders": "Several mailboxes: leads are dealt out to them, and each keeps its own.",
        "send_window": "Local hours and days in which a mail may leave.",
        "exits": "What ends the campaign for a lead at once.",
        "re_entry": "Whether and when a lead may enter again after its exit.",
        "out_of_office": "What an out-of-office reply does: mails wait.",
        "soft_bounces": "How often a softly bounced mail is tried again.",
        "active_until": "When the campaign ends for everybody, with its offset: "
        "2026-12-31T18:00:00+01:00. Then no lead enters, and all exit.",
        "follow_up": "The automation of the same center that leads go on in after their exit.",
    },
    "FollowUp": {
        "on": "The exits after which a lead goes on.",
        "enroll_in": "The id of the automation. It decides itself whether the lead may enter.",
    },
    "Caps": {
        "frequency_cap": "The most that one person gets from all campaigns: 3 per 7 days.",
        "per_day": "The most mails of the campaign on one day; the others wait their turn.",
        "per_company_per_day": "The most mails a day to all people of one company (domain).",
        "max_sends": "The most mails that one lead gets; then it leaves as completed.",
        "max_lateness": "Mails that are later than this need attention instead of leaving.",
    },
    "Consent": {
        "needs": "Names of consents, all of which must be given for the channel.",
        "ignore": "true: asks for no consent. It needs a reason and who approved it.",
        "reason": "Why no consent is needed.",
        "approved_by": "Who has approved that no consent is asked for.",
    },
    "SendWindow": {
        "days": "The days of the week on which a mail may leave.",
        "opens": "From this time of day on, such as 09:00.",
        "closes": "Until before this time of day; 24:00 is the end of the day.",
        "zone": "The time zone of leads whose own is unknown, as an IANA name.",
        "always": "true: no limits.",
    },
    "Exits": {
        "on": "Events that end the campaign for a lead at once.",
        "when": "Custom exit criteria: a condition on the lead's fields.",
    },
    "ReEntry": {
        "rule": "once: never again. after_exit: at any time after. after: when `wait` is over.",
        "wait": "How long after the exit a lead may enter again.",
    },
    "OutOfOffice": {"otherwise": "How long mails wait if the reply names no date of return."},
    "SoftBounces": {
        "retries": "How often a softly bounced mail is sent again.",
        "after": "How long after the bounce.",
    },
    "AllOf": {"all": "Every one of these conditions must hold."},
    "AnyOf": {"any": "At least one of these conditions must hold."},
    "NotThis": {"not": "This condition must not hold."},
    "FieldIs": {
        "field": "A field of the lead.",
        "op": "How the field is compared with `value`.",
        "value": "What the field is compared with; a list for `in` and `not_in`.",
    },
    "Happened": {
        "event": "A kind of event, such as clicked.",
        "happened": "false: the event has not come since the enrollment began.",
    },
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
        "timeout": "How long at most.",
        "on_event": "Where to go when the event comes; the following step if left out.",
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
    "CampaignExited": {
        "reasons": "The ways out of a campaign that it fires on.",
        "campaigns": "Ids of campaigns; any campaign if left out.",
    },
    "EventAdded": {
        "event": "The kind of event that it fires on.",
        "where": "A condition on the properties of the event.",
    },
    "LeadStatusChanged": {"stages": "The stages that a lead moves to, or: any."},
    "SegmentAdded": {"segment": "The segment that a lead joins."},
    "SegmentRemoved": {"segment": "The segment that a lead leaves."},
    "Scheduled": {
        "every": "How often, such as 1 day, counted from enabling.",
        "at": "The local time of day.",
        "days": "The days of the week; all seven if left out.",
        "on": "One date, such as 2026-11-21.",
    },
    "StaleLead": {
        "at_least": "No activity for so many days or more.",
        "exactly": "No activity for just so many days.",
        "between": "No activity for a number of days between these two.",
        "stages": "The stages to watch.",
        "include_existing": "true: also leads that are stale when the automation is enabled.",
        "activities": "Kinds of events that count as activity.",
    },
}


def hover_text(model: str, field: str) -> str | None:
    """The text for a field of a model; None if nobody has written one."""
    return OF_THEIR_OWN.get(model, {}).get(field) or ANYWHERE.get(field)
