"""Whether a lead may still get a message: judged once more as it is about to leave.

A lead changes between its selection and its first message, and not every change comes as an event:
an import writes fields, too.
"""

from __future__ import annotations

from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncConnection

from activities.ledger.criteria import meets
from activities.ledger.eligibility import objection_to_audience
from activities.ledger.leads import Lead, find_lead
from activities.ledger.settings import settings_of
from activities.ledger.tables import effects
from activities.ledger.waves import MESSAGES
from workflows.engine.automation import Automation
from workflows.engine.effects import Effect


async def no_longer_eligible(
    tx: AsyncConnection, automation: Automation, lead: Lead, effect: Effect
) -> str:
    """Why the lead must get no message of this campaign any more; empty if it may.

    The exit criteria count at every message; the audience at the first one of a campaign with
    waves, because later the campaign itself may have changed the lead.
    """
    campaign = automation.campaign
    if campaign is None:
        return ""
    criteria = (await settings_of(tx, automation.id)).exits
    if criteria.when is None and campaign.waves is None:
        return ""
    now = await find_lead(tx, lead.center, lead.lead) or lead
    if meets(criteria, now):
        return "meets the exit criteria of the campaign by now"
    if campaign.waves is None or not (against := objection_to_audience(automation, now)):
        return ""
    row = effects.c
    others = (row.enrollment == effect.enrollment) & (row.entry == effect.entry)
    others &= row.activity.in_(MESSAGES) & (row.key != effect.key)
    others &= row.state.in_(("INTENT", "SENT", "UNKNOWN"))
    begun = await tx.scalar(select(row.key).where(others).limit(1))
    return "" if begun else f"{against} any more"
