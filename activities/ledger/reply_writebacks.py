"""What a reply, or an opt-out, calls for in Salesforce: effects of the fact, planned with it.

Has Replied is set once for each CampaignMember, under a key of its own; class, status and text
follow the latest reply.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC
from typing import Any

from sqlalchemy.ext.asyncio import AsyncConnection

from activities.ledger.connections import CenterConnections, SalesforceWrites
from activities.ledger.facts import Planned, cut, object_of
from activities.ledger.leads import Lead
from activities.ledger.members import Member, members_of
from activities.ledger.replies import has_human_reply
from workflows.engine.events import Event
from workflows.engine.replies import RECLASSIFIED, ReplyClass, class_told

LABELS = {
    ReplyClass.POSITIVE: "Positive",
    ReplyClass.NEUTRAL: "Neutral",
    ReplyClass.NEGATIVE: "Negative",
    ReplyClass.OOO: "OOO",
    ReplyClass.UNSUBSCRIBE: "Unsubscribe",
}
"""How the classes are called there, unless the connections file says otherwise."""

OPT_OUTS = ("unsubscribe", "complaint")


async def writebacks_of_reply(
    tx: AsyncConnection, event: Event, lead: Lead | None, accounts: CenterConnections
) -> list[Planned]:
    """The write-backs of a reply, of a later reading of one, or of an opt-out.

    An absence is no reply: it is written only where nobody has answered in person.
    """
    writes = accounts.salesforce
    if writes is None or lead is None or lead.salesforce_id is None:
        return []
    found = note_of_opt_out(event, lead, writes)
    if not (event.kind == "reply" or class_told(event)):
        return found
    absent = class_told(event) is ReplyClass.OOO and event.kind != RECLASSIFIED
    if absent and await has_human_reply(tx, lead.center, lead.lead, lead.person):
        return found
    return [*found, *planned_of_reply(event, lead, writes, await members_of(tx, lead))]


def without_members(event: Event, lead: Lead, accounts: CenterConnections) -> list[Planned]:
    """The same for a lead that is a member of no campaign, and has not answered before."""
    writes = accounts.salesforce
    if writes is None or lead.salesforce_id is None:
        return []
    found = note_of_opt_out(event, lead, writes)
    is_reply = event.kind == "reply" or class_told(event)
    return [*found, *planned_of_reply(event, lead, writes, ())] if is_reply else found


def planned_of_reply(
    event: Event, lead: Lead, writes: SalesforceWrites, members: Sequence[Member]
) -> list[Planned]:
    """The same for a lead of these memberships."""
    found: list[Planned] = []
    answers = event.kind != RECLASSIFIED and class_told(event) is not ReplyClass.OOO
    for member in members:
        if answers and (once := _once(event, writes)):
            payload = {**_who(member), "once": once}
            key = f"replied/{lead.center}/{member.member}/mark_replied"
            found.append(Planned("mark_replied", "salesforce", payload, key))
        changes = _changes(event, writes, answers)
        if changes:
            payload = {**_who(member), **changes, "at": _instant(event)}
            key = f"{event.id}/{member.member}/classify_reply"
            found.append(Planned("classify_reply", "salesforce", payload, key))
    text = _text_of(event)
    if answers and text and writes.reply_text_field and lead.salesforce_id:
        fields = {writes.reply_text_field: cut(text, writes.reply_text_length)}
        record = {"object": object_of(lead.salesforce_id), "id": lead.salesforce_id}
        payload = {**record, "fields": fields, "at": _instant(event)}
        found.append(Planned("keep_reply_text", "salesforce", payload))
    return found


def label_of(told: ReplyClass, writes: SalesforceWrites) -> str:
    """How a class is called in Salesforce."""
    return writes.reply_classes.get(told.value, LABELS[told])


def _who(member: Member) -> dict[str, Any]:
    return {"member": member.member, "record": member.record}


def _once(event: Event, writes: SalesforceWrites) -> dict[str, Any]:
    once: dict[str, Any] = {}
    if writes.has_replied_field:
        once[writes.has_replied_field] = True
        if writes.first_reply_field:
            once[writes.first_reply_field] = _instant(event)
    return once


def _changes(event: Event, writes: SalesforceWrites, answers: bool) -> dict[str, Any]:
    told, found = class_told(event), dict[str, Any]()
    if told and writes.reply_class_field:
        found["fields"] = {writes.reply_class_field: label_of(told, writes)}
    if answers and writes.responded_status:
        found["status"] = writes.responded_status
    return found


def note_of_opt_out(event: Event, lead: Lead, writes: SalesforceWrites) -> list[Planned]:
    """The Note about an opt-out, beside the field that is set (X-02)."""
    again = event.kind == RECLASSIFIED and class_told(event) is ReplyClass.UNSUBSCRIBE
    opts_out = event.kind in OPT_OUTS or again
    if not (opts_out and writes.log_opt_outs and lead.salesforce_id):
        return []
    return [_note(event, lead.salesforce_id)]


def _note(event: Event, record: str) -> Planned:
    how = {"reply": "by a reply", "operator": "noted by a colleague"}
    via = "by a complaint" if event.kind == "complaint" else how.get(str(event.data.get("via")), "")
    title = "Opted out of e-mail"
    body = f"{title} {via}".strip() + f"\nAt: {_instant(event)}"
    return Planned("note_opt_out", "salesforce", {"note": record, "title": title, "body": body})


def _text_of(event: Event) -> str:
    text = event.data.get("text")
    return text.strip() if isinstance(text, str) else ""


def _instant(event: Event) -> str:
    return event.at.astimezone(UTC).isoformat(timespec="milliseconds")
