"""Which CampaignMember of Salesforce a lead is: by its id, never by an address."""

from __future__ import annotations

import re
from dataclasses import dataclass

from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncConnection

from activities.ledger.leads import Lead
from activities.ledger.reaching import OPEN
from activities.ledger.tables import admissions, effects

MEMBER_FIELD = "campaign_member_id"
"""The lead's field with the id of the CampaignMember that it was imported as."""

_MEMBER = re.compile(r"00v[a-zA-Z0-9]{12}([a-zA-Z0-9]{3})?")


@dataclass(frozen=True, slots=True)
class Member:
    """A CampaignMember and the Lead or Contact that it must be of: both are checked at a write."""

    member: str
    record: str


async def members_of(tx: AsyncConnection, lead: Lead) -> list[Member]:
    """The memberships that a reply of the lead is written to.

    That are those of the campaigns it is in, or else of the one that it was in last: as it was
    imported, and as steps have made it a member.
    """
    if lead.salesforce_id is None:
        return []
    imported = str(lead.fields.get(MEMBER_FIELD) or "").strip()
    found = [Member(imported, lead.salesforce_id)] if _MEMBER.fullmatch(imported) else []
    row, entry = effects.c, admissions.c
    here = (row.enrollment == entry.enrollment) & (row.entry == entry.entry)
    query = select(row.vendor_ref, row.payload, entry.state).join(admissions, here)
    query = query.where(
        row.center == lead.center,
        row.lead == lead.lead,
        row.activity == "add_to_campaign",
        row.state == "SENT",
    ).order_by(row.done_at.desc())
    made = [
        (Member(str(one["vendor_ref"]), str(one["payload"]["record"])), one["state"] in OPEN)
        for one in (await tx.execute(query)).mappings()
        if _MEMBER.fullmatch(str(one["vendor_ref"]))
    ]
    inside = [member for member, is_open in made if is_open]
    found += inside or [member for member, _ in made[:1]]
    return list({one.member: one for one in found}.values())
