"""notify: one message to the team, at most once: in Slack, in Teams, by mail, or listed here."""

from __future__ import annotations

import json
from dataclasses import dataclass
from hashlib import sha256
from typing import Any

from sqlalchemy.ext.asyncio import AsyncConnection
from temporalio import activity

from activities.errors import as_application_error
from activities.ledger import Ledger
from activities.ledger.alerts import Alert, alert_id, put_alert
from activities.ledger.connections import Connections
from activities.ledger.effects import EffectRow, Intent, find_effect
from activities.message import MessageParts, compose
from activities.notices import CONNECTIONS, address_of, mail_of, notice_of
from activities.once import Deed, about_step, do_once
from activities.scene import Scene, judge_step_in, read_scene
from activities.vendors.ports import (
    Board,
    Chat,
    Crm,
    HandOver,
    Mailer,
    Never,
    Receipt,
    VendorFailure,
)
from workflows.engine.effects import Notify, Outcome


@dataclass(frozen=True, slots=True)
class Outlets:
    """Through whom the team is told; None where none is configured. ``crm`` knows colleagues."""

    chat: Chat | None
    board: Board | None
    mailer: Mailer
    crm: Crm | None


class Notifications:
    """Messages to the team."""

    def __init__(self, ledger: Ledger, connections: Connections, outlets: Outlets) -> None:
        self._ledger = ledger
        self._connections = connections
        self._outlets = outlets

    @activity.defn
    async def notify(self, effect: Notify) -> Outcome:
        """Tell the team. No vendor knows a key of ours, so an unclear end is listed as unknown."""
        scene = await read_scene(self._ledger, effect, self._connections)

        deed = Deed(
            intent=await self._intent(effect, scene),
            judge=lambda tx: judge_step_in(self._ledger, tx, scene),
            ask=self._ask,
            afterwards=self._list,
            locks=scene.locks,
            shared=scene.shared,
        )
        return await do_once(self._ledger, deed)

    async def _intent(self, effect: Notify, scene: Scene) -> Intent:
        """What is told; words that were filled in before are not filled in again."""
        async with self._ledger.reading() as tx:
            row = await find_effect(tx, effect.key)
        payload = dict(row.payload) if row else await self._payload(effect, scene)
        digest = sha256(json.dumps(payload, sort_keys=True).encode()).hexdigest()
        about = about_step(effect, scene.lead.person)
        center, through = scene.lead.center, CONNECTIONS[effect.via]
        return Intent(effect.key, center, effect.activity, through, payload, digest, about)

    async def _payload(self, effect: Notify, scene: Scene) -> dict[str, Any]:
        notice = notice_of(effect, scene)
        if effect.via != "email":
            return notice
        try:
            address = await address_of(effect, scene.lead, self._outlets.crm)
        except VendorFailure as failure:
            raise as_application_error(failure) from failure
        when = (self._ledger.secret, self._ledger.machine_clock())
        parts = mail_of(effect, scene, notice, address, when)
        return {"mail": parts.model_dump(mode="json")}

    async def _ask(self, row: EffectRow, hand_over: HandOver) -> Receipt:
        payload = row.payload
        if row.connection == "app":
            return Receipt(alert_id(row.key))
        if row.connection == "smtp":
            message = compose(MessageParts.model_validate(payload["mail"]))
            return await self._outlets.mailer.send(message, hand_over)
        if row.connection == "teams":
            board = self._outlets.board
            if board is None:
                missing = "set DRIPSTONE_TEAMS__WEBHOOK_URL, then retry"
                raise Never("teams", "not_configured", missing)
            await hand_over()
            return await board.pin(payload["subject"], payload["text"])
        chat = self._outlets.chat
        if chat is None:
            raise Never("slack", "not_configured", "set DRIPSTONE_SLACK__TOKEN, then retry")
        await hand_over()
        return await chat.post(payload["channel"], payload["text"])

    async def _list(self, tx: AsyncConnection, row: EffectRow) -> tuple[str, ...]:
        """An app alert goes onto the list, in the transaction that settles it."""
        if row.connection == "app":
            now = await self._ledger.now(tx)
            name, lead = row.enrollment or "", row.lead or ""
            alert = Alert(alert_id(row.key), row.center, name, lead, row.payload["text"], now)
            await put_alert(tx, row.key, alert)
        return ()
