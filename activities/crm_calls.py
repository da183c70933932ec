"""The calls to the CRM that a payload of the effect ledger stands for. All can be repeated."""

from __future__ import annotations

import json
from collections.abc import Mapping
from hashlib import sha256
from typing import Any

from activities.ledger.effects import EffectRow, Intent
from activities.once import about_step
from activities.scene import Scene
from activities.vendors.ports import (
    Crm,
    HandOver,
    Never,
    Receipt,
)
from activities.vendors.reply_ports import MemberChange, ReplyRecords
from workflows.engine.effects import Effect


class CrmCalls:
    """Asks the CRM. ``crm`` and ``replies`` are None where no CRM is configured."""

    def __init__(self, crm: Crm | None, replies: ReplyRecords | None = None) -> None:
        self._crm = crm
        self._replies = replies

    async def ask(self, row: EffectRow, _hand_over: HandOver) -> Receipt:
        """Do what the payload says: nothing, an update by id, or an upsert by our own key.

        Raises:
            Never: no CRM is configured, or it refuses for good.
        """
        payload = row.payload
        if "member" in payload or "note" in payload:
            return await self._tell_of_reply(row)
        if "object" not in payload:
            return Receipt("projection only")
        if self._crm is None:
            raise _not_configured()
        owner = await _owner(self._crm, payload.get("owners", []))
        fields = payload["fields"] | ({"OwnerId": owner} if owner else {})
        if "id" in payload:
            if not fields:
                message = "it knows no user of the address to assign to: correct it, then retry"
                raise Never("salesforce", "no_such_user", message)
            return await self._crm.update(payload["object"], payload["id"], fields)
        # A short key of fixed length: external id fields hold at most 255 characters.
        key = sha256(row.key.encode()).hexdigest()[:32]
        return await self._crm.upsert(payload["object"], payload["key_field"], key, fields)

    async def _tell_of_reply(self, row: EffectRow) -> Receipt:
        payload = row.payload
        if self._replies is None:
            raise _not_configured()
        if "note" in payload:
            # A Note has no key of ours: its title tells it apart.
            title = f"{payload['title']} [{sha256(row.key.encode()).hexdigest()[:8]}]"
            return await self._replies.add_note(payload["note"], title, payload["body"])
        change = MemberChange(
            payload.get("fields", {}), payload.get("once", {}), payload.get("status")
        )
        return await self._replies.change_member(payload["member"], payload["record"], change)


def _not_configured() -> Never:
    message = "Salesforce is not configured: set DRIPSTONE_SALESFORCE__CLIENT_ID and the rest"
    return Never("salesforce", "not_configured", message)


async def _owner(crm: Crm, owners: list[str]) -> str | None:
    """The first owner that the CRM knows; None leaves the record to the integration user."""
    for owner in owners:
        found = await crm.user_id_by_email(owner) if "@" in owner else owner
        if found:
            return found
    return None


def crm_intent(effect: Effect, scene: Scene, payload: Mapping[str, Any]) -> Intent:
    """The intent of a step's effect in the CRM."""
    digest = sha256(json.dumps(payload, sort_keys=True).encode()).hexdigest()
    about = about_step(effect, scene.lead.person)
    return Intent(
        effect.key, scene.lead.center, effect.activity, "salesforce", payload, digest, about
    )
