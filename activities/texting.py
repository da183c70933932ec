"""send_sms: one text message, through the gate, once."""

from __future__ import annotations

from contextlib import suppress
from dataclasses import replace
from datetime import datetime

from sqlalchemy.ext.asyncio import AsyncConnection
from temporalio import activity

from activities.errors import as_application_error
from activities.ledger import Ledger
from activities.ledger.connections import Connections
from activities.ledger.effects import EffectRow, Intent, find_effect
from activities.ledger.inbox import Incoming, Received, receive
from activities.ledger.opt_outs import SMS_UNDELIVERED, SMS_VENDOR
from activities.ledger.sent_facts import tell_sent
from activities.ledger.settings import settings_of
from activities.ledger.suppressions import phone_key
from activities.ledger.text_correlation import mark_of, pair_key, references_of
from activities.once import Deed, about_step, do_once
from activities.scene import Scene, read_scene
from activities.templates import TemplateProblem
from activities.text_gate import TextCase, judge_text_in, text_case
from activities.text_messages import text_hash, text_payload
from activities.vendors.capabilities import capability_of
from activities.vendors.ports import (
    HandOver,
    Never,
    NoSuchNumber,
    OptedOut,
    Receipt,
    Texter,
    TextMessage,
    Unclear,
    VendorFailure,
)
from workflows.engine.effects import Outcome, SendSms
from workflows.engine.events import SMS_OPT_OUT, Event
from workflows.engine.exits import ExitReason


class Texting:
    """Text messages. ``texter`` is None where none is configured."""

    def __init__(self, ledger: Ledger, connections: Connections, texter: Texter | None) -> None:
        self._ledger = ledger
        self._connections = connections
        self._texter = texter

    @activity.defn
    async def send_sms(self, effect: SendSms) -> Outcome:
        """Send the text message of one visit of one step, or say why not.

        The vendor has no key of ours: after a lost answer the message is looked up, and counts as
        unknown if it is not found.
        """
        scene = await read_scene(self._ledger, effect, self._connections)
        async with self._ledger.reading() as tx:
            row = await find_effect(tx, effect.key)
            caps = (await settings_of(tx, scene.version.automation)).caps
        intent = self._intent(effect, scene, row)
        case = text_case(self._ledger, effect, scene, caps, intent.payload)
        phone = self._phone(scene, intent)
        deed = Deed(
            intent=intent,
            judge=lambda tx: self._judge(tx, case),
            ask=self._ask,
            capability=capability_of("twilio"),
            look_up=self._look_up_later if self._texter else None,
            afterwards=self._tell_sent,
            refused=lambda tx, failure: self._tell_refused(tx, effect, scene, failure, phone),
            # A STOP from this phone may be another record's, and so another person's here.
            locks=(*scene.locks, f"phone:{phone}") if phone else scene.locks,
            shared=scene.shared_by_message,
            claim_locks=case.pace.locks,
        )
        return await do_once(self._ledger, deed)

    def _intent(self, effect: SendSms, scene: Scene, row: EffectRow | None) -> Intent:
        """The message as it will be sent; one that was rendered before is not rendered again."""
        if row and row.payload:
            payload = dict(row.payload)
        else:
            sender = self._texter.sender if self._texter else ""
            try:
                payload = text_payload(effect, scene.lead, scene.accounts, sender)
            except TemplateProblem as problem:
                failure = Never("dripstone", "template", str(problem))
                raise as_application_error(failure) from problem
        about = about_step(effect, scene.lead.person)
        about |= {"message_id": mark_of(self._ledger, effect.key)}
        if "to" in payload:
            about |= {"token": pair_key(self._ledger, payload["from"], payload["to"])}
        digest, center = text_hash(payload), scene.lead.center
        return Intent(effect.key, center, "send_sms", "twilio", payload, digest, about)

    async def _judge(self, tx: AsyncConnection, case: TextCase) -> Outcome | None:
        return await judge_text_in(self._ledger, tx, case)

    def _phone(self, scene: Scene, intent: Intent) -> str:
        number = intent.payload.get("to")
        return phone_key(self._ledger, scene.lead.center, number) if number else ""

    async def _ask(self, row: EffectRow, hand_over: HandOver) -> Receipt:
        if self._texter is None:
            missing = "set DRIPSTONE_TWILIO__ACCOUNT_SID, __AUTH_TOKEN and __FROM, then retry"
            raise Never("twilio", "not_configured", missing)
        message = _message_of(row)
        since = self._ledger.machine_clock()
        try:
            return await self._texter.send_text(message, hand_over)
        except Unclear:
            # At once, because most are there at once; if not, again when the list has settled.
            with suppress(VendorFailure):
                if found := await self._look_up(self._texter, message, since):
                    return found
            raise

    async def _look_up_later(self, row: EffectRow) -> Receipt | None:
        """The message of a call whose answer was lost, once Twilio's list has had its time."""
        assert self._texter
        since = row.intent_at or self._ledger.machine_clock()
        return await self._look_up(self._texter, _message_of(row), since)

    async def _look_up(
        self, texter: Texter, message: TextMessage, since: datetime
    ) -> Receipt | None:
        pair = pair_key(self._ledger, message.sender, message.recipient)
        async with self._ledger.reading() as tx:
            known = await references_of(tx, pair)
        return await texter.find_text(message, since, known)

    async def _tell_sent(self, tx: AsyncConnection, row: EffectRow) -> tuple[str, ...]:
        now = await self._ledger.now(tx)
        return await tell_sent(self._ledger, tx, row, self._connections, now)

    async def _tell_refused(
        self, tx: AsyncConnection, effect: SendSms, scene: Scene, failure: Never, phone: str
    ) -> Outcome | None:
        """An opt-out that we had not heard of, or a number that takes no text messages."""
        if isinstance(failure, OptedOut):
            event = await self._event(tx, effect, SMS_OPT_OUT, failure, phone)
            received = await self._receive(tx, _about(scene, event))
            exits = scene.version.definition.exit_by(event) is not None
            return Outcome(
                state="refused" if exits else "skipped",
                cause=f"has opted out of text messages ({failure.code})",
                exit=ExitReason.UNSUBSCRIBED if exits else None,
                writebacks=received.writebacks,
            )
        if isinstance(failure, NoSuchNumber):
            event = await self._event(tx, effect, SMS_UNDELIVERED, failure, phone)
            own = replace(_about(scene, event), enrollment=effect.enrollment)
            await self._receive(tx, own)
            return Outcome(state="skipped", cause=f"no such number ({failure.code})")
        return None

    async def _event(
        self, tx: AsyncConnection, effect: SendSms, kind: str, failure: Never, phone: str
    ) -> Event:
        return Event(
            id=f"{effect.key}/{kind}",
            kind=kind,
            at=await self._ledger.now(tx),
            data={"phone": phone, "code": failure.code, "step": effect.step, "type": "hard"},
        )

    async def _receive(self, tx: AsyncConnection, incoming: Incoming) -> Received:
        return await receive(self._ledger, tx, incoming, self._connections)


def _message_of(row: EffectRow) -> TextMessage:
    asked = row.payload
    return TextMessage(asked["from"], asked["to"], asked["text"], row.message_id or "")


def _about(scene: Scene, event: Event) -> Incoming:
    lead = scene.lead
    return Incoming(event, lead.center, SMS_VENDOR, lead.lead, lead.person)
