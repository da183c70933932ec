"""What is looked at before and after a default write-back: is it the latest word, may this field be
written, and who must know if the record is not the one that was meant."""

from __future__ import annotations

from sqlalchemy import exists, select
from sqlalchemy.ext.asyncio import AsyncConnection

from activities.ledger import Ledger
from activities.ledger.alerts import Alert, alert_id, put_alert
from activities.ledger.connections import CenterConnections
from activities.ledger.effects import EffectRow
from activities.ledger.tables import effects
from activities.vendors.ports import Never
from workflows.engine.effects import Outcome

LATEST_ONLY = ("classify_reply", "keep_reply_text")
"""Write-backs of which a newer one of the same record makes an older one wrong."""

QUARANTINED = (
    *("MEMBER_GONE", "MEMBER_MISMATCH", "NO_SUCH_MEMBER_STATUS", "CANNOT_UPDATE_CONVERTED_LEAD"),
    *("ENTITY_IS_DELETED", "NOT_FOUND", "not_writable"),
)
"""Refusals that a person must look into: nothing is written to a record that was guessed."""


async def why_outdated(tx: AsyncConnection, row: EffectRow) -> Outcome | None:
    """None to go on; else that a newer reply was, or will be, written in its stead."""
    if row.activity not in LATEST_ONLY:
        return None
    own = ("member" if "member" in row.payload else "id",)
    other, payload = effects.c, effects.c.payload
    newer = exists().where(
        other.center == row.center,
        other.lead == row.lead,
        other.activity == row.activity,
        other.key != row.key,
        payload[own[0]].as_string() == str(row.payload[own[0]]),
        payload["at"].as_string() > str(row.payload.get("at", "")),
    )
    if await tx.scalar(select(newer)):
        return Outcome(state="skipped", cause="a newer reply is written in its stead")
    return None


def check_allowed(row: EffectRow, accounts: CenterConnections) -> None:
    """Refuse fields that the connections file does not name for this write-back any more.

    Raises:
        Never: of code not_writable; names the field.
    """
    allowed = accounts.salesforce.allowed if accounts.salesforce else {}
    if row.activity not in allowed:
        return
    asked = [*row.payload.get("fields", {}), *row.payload.get("once", {})]
    refused = sorted(set(asked) - allowed[row.activity])
    if refused:
        message = (
            f"{row.activity} may not write {', '.join(refused)}: the connections file does not "
            "name it under salesforce"
        )
        raise Never("salesforce", "not_writable", message)


async def quarantine(ledger: Ledger, tx: AsyncConnection, row: EffectRow, failure: Never) -> None:
    """Tell the team of a write-back that has found another record than the one meant, or none."""
    if failure.code not in QUARANTINED or row.lead is None:
        return
    key = f"{row.key}/quarantine"
    text = f"not written to Salesforce ({row.activity}): {failure}"
    at = await ledger.now(tx)
    await put_alert(tx, key, Alert(alert_id(key), row.center, "", row.lead, text, at))
