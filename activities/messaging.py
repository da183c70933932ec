"""send_email: one mail, through the gate, once."""

from __future__ import annotations

import hmac
from collections.abc import Mapping
from dataclasses import replace
from hashlib import sha256
from typing import Any

from pydantic import ValidationError
from sqlalchemy.ext.asyncio import AsyncConnection
from temporalio import activity

from activities.errors import as_application_error
from activities.ledger import Ledger
from activities.ledger.connections import Connections, Mailbox
from activities.ledger.effects import EffectRow, Intent, find_effect, last_mails
from activities.ledger.gate import judge_mail
from activities.ledger.inbox import Incoming, receive
from activities.ledger.publishing import find_template
from activities.ledger.suppressions import suppression_of
from activities.message import MessageParts, compose, message_id_for, payload_hash
from activities.once import Deed, about_step, do_once
from activities.scene import Scene, facts_of_message, note_verdict, read_scene
from activities.templates import Rendered, Template, TemplateProblem, render
from activities.vendors.ports import HandOver, Mailer, Never, NoSuchMailbox, Receipt
from workflows.engine.effects import Outcome, SendEmail
from workflows.engine.events import Event
from workflows.engine.exits import ExitReason


class Messaging:
    """Mails. ``public_url`` is where unsubscribe links lead."""

    def __init__(
        self, ledger: Ledger, connections: Connections, mailer: Mailer, public_url: str
    ) -> None:
        self._ledger = ledger
        self._connections = connections
        self._mailer = mailer
        self._public_url = public_url.rstrip("/")

    @activity.defn
    async def send_email(self, effect: SendEmail) -> Outcome:
        """Send the mail of one visit of one step, or say why not."""
        scene = await read_scene(self._ledger, effect, self._connections)
        intent = await self._intent(effect, scene)

        deed = Deed(
            intent=intent,
            judge=lambda tx: self._judge(tx, effect, scene),
            ask=self._ask,
            afterwards=lambda tx, row: self._tell_sent(tx, row, scene),
            refused=lambda tx, failure: self._tell_bounced(tx, effect, scene, failure),
            locks=scene.locks,
            shared=scene.shared,
        )
        return await do_once(self._ledger, deed)

    async def _intent(self, effect: SendEmail, scene: Scene) -> Intent:
        """The mail as it will be sent; a mail that was rendered before is not rendered again."""
        async with self._ledger.reading() as tx:
            row = await find_effect(tx, effect.key)
            earlier = await last_mails(tx, effect.enrollment, effect.entry)
        if row:
            payload: Mapping[str, Any] = row.payload
        else:
            payload = await self._payload(effect, scene, earlier)
        token = self.token_of(effect.key)
        about = about_step(effect, scene.lead.person)
        about |= {"message_id": payload["message_id"], "token": token}
        digest = payload_hash(MessageParts.model_validate(payload["mail"])) if payload else ""
        center = scene.lead.center
        return Intent(effect.key, center, "send_email", "smtp", payload, digest, about)

    async def _payload(
        self, effect: SendEmail, scene: Scene, earlier: list[EffectRow]
    ) -> dict[str, Any]:
        mailbox = self._mailbox(scene)
        rendered = await self._render(effect, scene, mailbox)
        thread = earlier if effect.thread else []
        domain = mailbox.address.rpartition("@")[2]
        message_id = message_id_for(effect.key, self._ledger.secret, domain)
        try:
            parts = MessageParts(
                from_address=mailbox.address,
                from_name=mailbox.name,
                to_address=scene.lead.email or "",
                subject=_reply_subject(thread[0]) if thread else rendered.subject,
                text=rendered.text,
                html=rendered.html,
                message_id=message_id,
                date=self._ledger.machine_clock(),
                unsubscribe_url=self._unsubscribe_url(effect.key),
                in_reply_to=thread[-1].message_id if thread else None,
                references=tuple(row.message_id or "" for row in thread),
            )
        except ValidationError as error:
            raise as_application_error(_not_a_message(error)) from None
        return {
            "mail": parts.model_dump(mode="json"),
            "message_id": message_id,
            "owner": mailbox.salesforce_user,
        }

    async def _render(self, effect: SendEmail, scene: Scene, mailbox: Mailbox) -> Rendered:
        digest = scene.version.templates.get(effect.template, "")
        async with self._ledger.reading() as tx:
            text = await find_template(tx, scene.lead.center, effect.template, digest)
        template = Template(name=text.name, subject=text.subject, text=text.text, html=text.html)
        fields = {
            "lead": scene.lead.merge_fields,
            "sender": mailbox.model_dump(mode="json"),
            "unsubscribe_url": self._unsubscribe_url(effect.key),
        }
        try:
            return render(template, fields)
        except TemplateProblem as problem:
            failure = Never("dripstone", "template", str(problem))
            raise as_application_error(failure) from problem

    def _mailbox(self, scene: Scene) -> Mailbox:
        campaign = scene.version.definition.campaign
        name = campaign.sender if campaign else "default"
        found = scene.accounts.mailboxes.get(name)
        if found is None:
            message = f"no mailbox {name!r} in center {scene.lead.center!r}: add it to the "
            failure = Never("dripstone", "no_mailbox", message + "connections file, then retry")
            raise as_application_error(failure)
        return found

    def token_of(self, key: str) -> str:
        """The opaque token of the unsubscribe link of one mail."""
        return hmac.new(self._ledger.secret, f"unsubscribe:{key}".encode(), sha256).hexdigest()[:40]

    def _unsubscribe_url(self, key: str) -> str:
        return f"{self._public_url}/u/{self.token_of(key)}"

    async def _judge(self, tx: AsyncConnection, effect: SendEmail, scene: Scene) -> Outcome | None:
        facts = replace(
            await facts_of_message(self._ledger, tx, scene, effect.not_after),
            suppressed=await suppression_of(self._ledger, tx, scene.lead),
            has_address=bool(scene.lead.email),
        )
        return await note_verdict(self._ledger, tx, scene, judge_mail(facts))

    async def _ask(self, row: EffectRow, hand_over: HandOver) -> Receipt:
        message = compose(MessageParts.model_validate(row.payload["mail"]))
        return await self._mailer.send(message, hand_over)

    async def _tell_sent(
        self, tx: AsyncConnection, row: EffectRow, scene: Scene
    ) -> tuple[str, ...]:
        """The fact "e-mail sent", for triggers, and its Task, for the CRM."""
        mail = row.payload["mail"]
        event = Event(
            id=f"{row.key}/sent",
            kind="email_sent",
            at=await self._ledger.now(tx),
            data={
                "subject": mail["subject"],
                "text": mail["text"],
                "owner": row.payload["owner"],
                "step": row.step,
            },
        )
        incoming = _about(scene, event)
        return (await receive(self._ledger, tx, incoming, self._connections)).writebacks

    async def _tell_bounced(
        self, tx: AsyncConnection, effect: SendEmail, scene: Scene, failure: Never
    ) -> Outcome | None:
        """The server knows no such mailbox: a hard bounce that came without a message."""
        if not isinstance(failure, NoSuchMailbox):
            return None
        event = Event(
            id=f"{effect.key}/bounced",
            kind="bounce",
            at=await self._ledger.now(tx),
            data={"type": "hard", "step": effect.step, "status": failure.code},
        )
        received = await receive(self._ledger, tx, _about(scene, event), self._connections)
        return Outcome(
            state="refused",
            cause=f"no such mailbox ({failure.code})",
            exit=ExitReason.EMAIL_BOUNCED,
            writebacks=received.writebacks,
        )


def _about(scene: Scene, event: Event) -> Incoming:
    """A fact that the enrollment's own activity reports: the workflow knows it already."""
    lead = scene.lead
    origin = (scene.entry["enrollment"], scene.entry["entry"])
    return Incoming(event, lead.center, "smtp", lead.lead, lead.person, origin=origin)


def _not_a_message(error: ValidationError) -> Never:
    """What of the mail cannot be sent, by field; the values themselves are personal."""
    problems = error.errors(include_input=False, include_url=False, include_context=False)
    told = "; ".join(f"{'.'.join(map(str, one['loc']))} {one['msg']}" for one in problems)
    return Never("dripstone", "message", f"{told}: mend the lead or the template, then retry")


def _reply_subject(first: EffectRow) -> str:
    subject = str(first.payload["mail"]["subject"])
    return subject if subject.lower().startswith("re:") else f"Re: {subject}"
