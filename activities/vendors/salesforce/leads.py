"""Leads and Campaigns of Salesforce: pushing a lead there, and making it a campaign member."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from simple_salesforce.format import format_soql

from activities.errors import failure
from activities.vendors.ports import Never, Receipt, RecordKey
from activities.vendors.salesforce.client import Salesforce

_STATUSES = "SELECT Label FROM CampaignMemberStatus WHERE CampaignId = {}"
_MEMBER = "SELECT Id, Status FROM CampaignMember WHERE CampaignId = {{}} AND {link} = {{}} LIMIT 1"


class SalesforceLeads:
    """``LeadSystem`` and ``Memberships`` over the REST API. Every call can be repeated."""

    def __init__(self, client: Salesforce) -> None:
        self._client = client

    async def push(self, which: RecordKey, fields: Mapping[str, Any]) -> Receipt:
        """Update the Lead or Contact by its id, else upsert a Lead by our external id."""
        if which.record:
            return await self._client.update(_object_of(which.record), which.record, fields)
        return await self._client.upsert("Lead", which.key_field, which.key, fields)

    async def add_member(self, group: str, record: str, status: str | None) -> Receipt:
        """Make the Lead or Contact a member of the Campaign, or set the member's status.

        Since API version 16 a creation never updates: a member that is there is looked up and
        changed by its id (Salesforce Object Reference, CampaignMember).

        Raises:
            Never: of code NO_SUCH_MEMBER_STATUS if the Campaign has no such status: the API would
                take any text, and reports that count responses would miss the member.
        """
        spelled = await spelled_status(self._client, group, status) if status else None
        link = f"{_object_of(record)}Id"
        found = await self._set_status(group, record, spelled)
        if found:
            return found
        fields = {"CampaignId": group, link: record} | ({"Status": spelled} if spelled else {})
        try:
            return await self._client.create("CampaignMember", fields)
        except Never as refusal:
            # Somebody else was quicker, or the answer to an earlier try of ours was lost.
            found = await self._set_status(group, record, spelled) if _is_there(refusal) else None
            if found is None:
                raise
            return found

    async def _set_status(self, group: str, record: str, status: str | None) -> Receipt | None:
        link = f"{_object_of(record)}Id"
        rows = await self._client.query(format_soql(_MEMBER.format(link=link), group, record))
        if not rows:
            return None
        member = str(rows[0]["Id"])
        if status is None or rows[0].get("Status") == status:
            return Receipt(member, "was a member already")
        return await self._client.update("CampaignMember", member, {"Status": status})


async def spelled_status(client: Salesforce, group: str, status: str) -> str:
    """A member status as the Campaign spells it.

    Raises:
        Never: NO_SUCH_CAMPAIGN or NO_SUCH_MEMBER_STATUS.
    """
    rows = await client.query(format_soql(_STATUSES, group))
    labels = [str(row["Label"]) for row in rows]
    if not labels:
        message = (
            f"there is no Campaign {group}, or its member statuses cannot be read: check the "
            "id and the integration user's permissions"
        )
        raise failure("salesforce", "NO_SUCH_CAMPAIGN", message)
    for label in labels:
        if label.casefold() == status.casefold():
            return label
    message = (
        f"Campaign {group} has no member status {status!r} (it has {', '.join(labels[:10])}): "
        "add it there, then retry"
    )
    raise failure("salesforce", "NO_SUCH_MEMBER_STATUS", message)


def _object_of(record: str) -> str:
    return "Contact" if record.startswith("003") else "Lead"


def _is_there(refusal: Never) -> bool:
    return refusal.code == "DUPLICATE_VALUE"
