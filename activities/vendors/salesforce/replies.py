"""What replies come to in Salesforce: campaign members, found by their ids alone, and Notes."""

from __future__ import annotations

from typing import Any

from simple_salesforce.format import format_soql

from activities.errors import failure
from activities.vendors.ports import Never, Receipt
from activities.vendors.reply_ports import MemberChange
from activities.vendors.salesforce.client import Salesforce
from activities.vendors.salesforce.leads import spelled_status

_NOTE = "SELECT Id FROM Note WHERE ParentId = {} AND Title = {} LIMIT 1"


class SalesforceReplies:
    """``ReplyRecords`` over the REST API. Every call can be repeated."""

    def __init__(self, client: Salesforce) -> None:
        self._client = client

    async def change_member(self, member: str, record: str, change: MemberChange) -> Receipt:
        """Change the CampaignMember of this id, if it is of this Lead or Contact.

        ``change.once`` is written unless the first of its fields is set there already.

        Raises:
            Never: MEMBER_GONE or MEMBER_MISMATCH: which record is meant now is not guessed. A lead
                may have been converted or merged, or the member removed and added again.
        """
        found = await self._member(member, record, tuple(change.once))
        fields = dict(change.fields)
        first = next(iter(change.once), None)
        if first and found.get(first) in (None, False, ""):
            fields |= change.once
        if change.status and found.get("Status") != change.status:
            campaign = str(found["CampaignId"])
            fields["Status"] = await spelled_status(self._client, campaign, change.status)
        if not fields:
            return Receipt(member, "was so already")
        return await self._client.update("CampaignMember", member, fields)

    async def _member(self, member: str, record: str, more: tuple[str, ...]) -> dict[str, Any]:
        names = ", ".join(("Id", "CampaignId", "LeadId", "ContactId", "Status", *more))
        soql = f"SELECT {names} FROM CampaignMember WHERE Id = {{}} LIMIT 1"
        rows = await self._client.query(format_soql(soql, member))
        if not rows:
            message = f"there is no CampaignMember {member}: link the lead to the present one"
            raise failure("salesforce", "MEMBER_GONE", message)
        link = "ContactId" if record.startswith("003") else "LeadId"
        if _same(rows[0].get(link), record):
            return rows[0]
        message = f"CampaignMember {member} is not of {record}: see which lead it belongs to"
        raise failure("salesforce", "MEMBER_MISMATCH", message)

    async def add_note(self, record: str, title: str, body: str) -> Receipt:
        """Add a Note to a record, unless one of this title is there: a Note has no key of ours."""
        rows = await self._client.query(format_soql(_NOTE, record, title))
        if rows:
            return Receipt(str(rows[0]["Id"]), "was there already")
        fields = {"ParentId": record, "Title": title, "Body": body}
        try:
            return await self._client.create("Note", fields)
        except Never as refusal:
            if refusal.code != "INVALID_TYPE":
                raise
            message = "the org has no Notes of the kind Note: set log_opt_outs to false"
            raise failure("salesforce", "INVALID_TYPE", message) from None


def _same(there: object, record: str) -> bool:
    """Ids are the same by their first 15 characters: the rest only spells out upper and lower."""
    return isinstance(there, str) and there[:15] == record[:15]
