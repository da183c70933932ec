"""Following up on positive replies: the owner is told, reminded, and in the end somebody else is.

Each step is a row of the ledger with the time at which it is due, so that none is lost with a
worker. The alert is there first; what tells it elsewhere is tried once and never holds it up.
"""

from __future__ import annotations

from typing import Any

import structlog
from sqlalchemy.ext.asyncio import AsyncConnection
from temporalio.exceptions import ApplicationError

from activities.ledger import Ledger
from activities.ledger.connections import CenterConnections, Connections
from activities.ledger.effects import EffectRow, Intent, plan
from activities.ledger.facts import Planned, object_of
from activities.ledger.follow_up_rules import FollowUpRules
from activities.ledger.follow_ups import (
    FollowUp,
    due_at,
    due_follow_ups,
    move_on,
    put_stage_alert,
)
from activities.ledger.leads import find_lead
from activities.ledger.turns import lock_of, take_turn
from activities.message import MessageParts, compose, message_id_for
from activities.notifications import Outlets
from activities.once import Deed, do_once
from activities.vendors.ports import Crm, HandOver, Never, Receipt
from workflows.engine.effects import Outcome

log = structlog.get_logger(__name__)

AT_ONCE = 50
EFFECT = "tell_owner"
SUBJECT = "A positive reply waits for an answer"
THROUGH = {"slack": "slack", "teams": "teams", "email": "smtp"}


class FollowingUp:
    """``outlets`` is None where nobody but the list of alerts is told."""

    def __init__(self, ledger: Ledger, connections: Connections, outlets: Outlets | None) -> None:
        self._ledger = ledger
        self._connections = connections
        self._outlets = outlets

    async def follow_up_due(self) -> None:
        """Do what is due about each positive reply that nobody has acknowledged."""
        async with self._ledger.reading() as tx:
            due = await due_follow_ups(self._ledger, tx, AT_ONCE)
        for one in due:
            accounts = self._connections.of(one.center)
            if accounts.follow_up:
                await self._do(one, accounts, accounts.follow_up)

    async def _do(self, one: FollowUp, accounts: CenterConnections, rules: FollowUpRules) -> None:
        pool = rules.reassign_to if one.stage == "reassign" else None
        locks = (lock_of(one.center, pool),) if pool else ()
        following = rules.next_stage(one.stage)
        at = due_at(rules, following, one.replied_at, one.owner, accounts) if following else None
        async with self._ledger.transaction(*locks) as tx:
            # The stage stays what it is at the end: it says how far it has come.
            if not await move_on(tx, one, stage=following or one.stage, next_at=at):
                return
            if pool:
                await self._give_to_another(tx, one, accounts, pool)
            await put_stage_alert(self._ledger, tx, one)
        await self._tell(one, accounts, rules)

    async def _give_to_another(
        self, tx: AsyncConnection, one: FollowUp, accounts: CenterConnections, pool: str
    ) -> None:
        lead = await find_lead(tx, one.center, one.lead)
        turn = await take_turn(tx, one.center, pool, accounts.pools[pool])
        if turn is None or lead is None or lead.salesforce_id is None:
            log.warning("follow_up.nobody_to_give_it_to", reply=one.id, pool=pool)
            return
        record = {"object": object_of(lead.salesforce_id), "id": lead.salesforce_id, "fields": {}}
        planned = Planned("reassign_lead", "salesforce", {**record, "owners": [turn.user]})
        about = {"center": one.center, "lead": one.lead, "person": lead.person, "enrollment": None}
        await plan(self._ledger, tx, planned, one.reply, about)

    async def _tell(self, one: FollowUp, accounts: CenterConnections, rules: FollowUpRules) -> None:
        """Tell it elsewhere, too. It is on the list of alerts whatever becomes of this."""
        if rules.via == "app" or self._outlets is None:
            return
        payload = {"via": rules.via, "channel": rules.channel, "text": one.words}
        payload |= {"to": rules.escalate_to if one.stage in ("escalate", "reassign") else ""}
        payload |= {"owner": one.owner or ""}
        key = f"{one.key(one.stage)}/{EFFECT}"
        about = {"lead": one.lead}
        through = THROUGH[rules.via]

        async def judge(_tx: AsyncConnection) -> Outcome | None:
            return None

        async def ask(row: EffectRow, hand_over: HandOver) -> Receipt:
            return await self._ask(row, hand_over, accounts)

        intent = Intent(key, one.center, EFFECT, through, payload, "", about)
        try:
            await do_once(self._ledger, Deed(intent=intent, judge=judge, ask=ask))
        except ApplicationError as failure:
            log.warning("follow_up.not_told", reply=one.id, stage=one.stage, code=failure.type)

    async def _ask(
        self, row: EffectRow, hand_over: HandOver, accounts: CenterConnections
    ) -> Receipt:
        outlets, payload = self._outlets, row.payload
        assert outlets is not None
        if payload["via"] == "email":
            mail = await self._mail(row, accounts)
            return await outlets.mailer.send(compose(mail), hand_over)
        if payload["via"] == "teams":
            if outlets.board is None:
                raise Never("teams", "not_configured", "set DRIPSTONE_TEAMS__WEBHOOK_URL")
            await hand_over()
            return await outlets.board.pin(SUBJECT, payload["text"])
        if outlets.chat is None:
            raise Never("slack", "not_configured", "set DRIPSTONE_SLACK__TOKEN")
        await hand_over()
        return await outlets.chat.post(payload["channel"], payload["text"])

    async def _mail(self, row: EffectRow, accounts: CenterConnections) -> MessageParts:
        payload, mailbox = row.payload, accounts.mailboxes.get("default")
        assert self._outlets is not None
        address = payload["to"] or await _address_of(payload["owner"], self._outlets.crm)
        if mailbox is None or not address:
            message = "no mailbox 'default', or no owner with an address and no escalate_to"
            raise Never("dripstone", "no_owner", message)
        domain = mailbox.address.rpartition("@")[2]
        return MessageParts(
            from_address=mailbox.address,
            from_name=mailbox.name,
            to_address=address,
            subject=SUBJECT,
            text=payload["text"],
            message_id=message_id_for(row.key, self._ledger.secret, domain),
            date=self._ledger.machine_clock(),
            unsubscribe_url=None,
        )


async def _address_of(owner: Any, crm: Crm | None) -> str | None:
    if not isinstance(owner, str) or not owner:
        return None
    if "@" in owner:
        return owner
    return await crm.email_of_user(owner) if crm else None
