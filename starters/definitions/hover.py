"""What editors show when the pointer rests on a field of an automation file."""

from __future__ import annotations

from collections.abc import Mapping

from starters.definitions.hover_of_steps import OF_STEPS

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

_OF_BLOCKS_AND_TRIGGERS: Mapping[str, Mapping[str, str]] = {
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
        "send_window": "Local hours and days in which a message may leave.",
        "exits": "What ends the campaign for a lead at once.",
        "re_entry": "Whether and when a lead may enter again after its exit.",
        "out_of_office": "What an out-of-office reply does: mails wait.",
        "soft_bounces": "How often a softly bounced mail is tried again.",
        "active_from": "Before this instant, with its offset, no lead enters: "
        "2026-12-01T09:00:00+01:00. It begins by itself then.",
        "active_until": "When the campaign ends for everybody, with its offset: "
        "2026-12-31T18:00:00+01:00. Then no lead enters, and all exit.",
        "follow_up": "The automation of the same center that leads go on in after their exit.",
        "waves": "In which portions `dripstone launch` lets an audience in, and what halts them.",
    },
    "Waves": {
        "sizes": "How many leads each wave has: numbers, or shares such as 10 %. The last repeats.",
        "spacing": "How long after one wave the next is released, such as 1 day.",
        "release": "on_time: waves follow by themselves. by_hand: dripstone release --wave.",
        "window": "The hours in which a wave is released by itself, in its zone or the center's.",
        "halt_at": "Rates above which a wave is halted by itself.",
    },
    "HaltAt": {
        "hard_bounces": "Hard bounces, of the mails sent.",
        "complaints": "Complaints about spam, of the mails sent.",
        "opt_outs": "Opt-outs, of the mails sent.",
        "minimum_sample": "Of fewer mails than this no rate is judged.",
    },
    "FollowUp": {
        "on": "The exits after which a lead goes on.",
        "enroll_in": "The id of the automation. It decides itself whether the lead may enter.",
    },
    "Caps": {
        "frequency_cap": "The most that one person gets from all campaigns: 3 per 7 days.",
        "per_day": "The most messages of the campaign on one day; the others wait.",
        "per_company_per_day": "The most messages a day to all people of one company (domain).",
        "max_sends": "The most messages that one lead gets; then it leaves as completed.",
        "max_lateness": "Messages that are later than this need attention instead of leaving.",
    },
    "Consent": {
        "needs": "Names of consents, all of which must be given for the channel.",
        "ignore": "true: asks for no consent. It needs a reason and who approved it.",
        "reason": "Why no consent is needed.",
        "approved_by": "Who has approved that no consent is asked for.",
    },
    "SendWindow": {
        "days": "The days of the week on which a message may leave.",
        "opens": "From this time of day on, such as 09:00.",
        "closes": "Until before this time of day; 24:00 is the end of the day.",
        "zone": "The time zone of leads whose own is unknown, as an IANA name.",
        "always": "true: no limits, not even days off.",
        "holidays": "Places (ISO 3166: US, DE-BY) on whose public holidays nothing leaves.",
        "closed": "More days on which nothing leaves: 2026-12-24, or 2026-12-24 to 2027-01-01.",
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

OF_THEIR_OWN: Mapping[str, Mapping[str, str]] = {**_OF_BLOCKS_AND_TRIGGERS, **OF_STEPS}
"""Fields by the model that they belong to."""


def hover_text(model: str, field: str) -> str | None:
    """The text for a field of a model; None if nobody has written one."""
    return OF_THEIR_OWN.get(model, {}).get(field) or ANYWHERE.get(field)
