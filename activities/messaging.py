"""send_email: one mail, through the gate, once."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import Any

from pydantic import ValidationError
from sqlalchemy.ext.asyncio import AsyncConnection
from temporalio import activity

from activities.errors import as_application_error
from activities.ledger import Ledger
from activities.ledger.connections import Connections, Mailbox
from activities.ledger.effects import EffectRow, Intent, find_effect, last_mails
from activities.ledger.inbox import Incoming, receive
from activities.ledger.merge_values import merge_values
from activities.ledger.publishing import find_template
from activities.ledger.recipients import person_at
from activities.ledger.sent_facts import tell_sent
from activities.ledger.settings import settings_of
from activities.ledger.template_switch import lock_of
from activities.mail_gate import MailCase, judge_mail_in, mail_case
from activities.mail_head import (
    address_of,
    lacks_address,
    not_a_message,
    nowhere,
    refuse_without_footer,
    reply_subject,
    sender_of,
)
from activities.message import (
    MessageParts,
    compose,
    message_id_for,
    payload_hash,
    unsubscribe_token,
)
from activities.once import Deed, about_step, do_once
from activities.reviewed_mail import as_reviewed
from activities.scene import Scene, judge_step_in, read_scene
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
        """Send the mail of one visit of one step, or say why not.

        A lead without an address is passed over.
        """
        scene = await read_scene(self._ledger, effect, self._connections)
        async with self._ledger.reading() as tx:
            row = await find_effect(tx, effect.key)
            caps = (await settings_of(tx, scene.version.automation)).caps
        if lacks_address(effect, scene, row):
            async with self._ledger.transaction(*scene.locks, shared=scene.shared) as tx:
                verdict = await judge_step_in(self._ledger, tx, scene)
            return verdict or Outcome(state="skipped", cause=nowhere(effect))
        intent = await self._intent(effect, scene, row)
        # Judged is where the mail really goes: its address may have changed since it was rendered.
        scene = replace(scene, recipient=str(intent.payload["mail"]["to_address"]))
        person = person_at(self._ledger, scene.lead, scene.recipient or "")
        case = mail_case(self._ledger, effect, scene, caps, intent.payload)
        deed = Deed(
            intent=intent,
            judge=lambda tx: self._judge(tx, case),
            ask=self._ask,
            afterwards=self._tell_sent,
            refused=lambda tx, failure: self._tell_bounced(tx, failure, (effect, scene, person)),
            for_samples=True,
            locks=tuple({*scene.locks, f"person:{person}"}),
            shared=(*scene.shared_by_message, lock_of(scene.lead.center, effect.template)),
            claim_locks=case.pace.locks,
        )
        return await do_once(self._ledger, deed)

    async def _intent(self, effect: SendEmail, scene: Scene, row: EffectRow | None) -> Intent:
        """The mail as it will be sent; a mail that was rendered before is not rendered again."""
        known = row.payload if row else {}  # empty if a history is all that is left of it
        payload = known or await self._new_payload(effect, scene)
        token = self.token_of(effect.key)
        about = about_step(effect, scene.lead.person)
        about |= {"message_id": payload["message_id"], "token": token}
        digest = payload_hash(MessageParts.model_validate(payload["mail"])) if payload else ""
        center = scene.lead.center
        return Intent(effect.key, center, "send_email", "smtp", payload, digest, about)

    async def _new_payload(self, effect: SendEmail, scene: Scene) -> Mapping[str, Any]:
        payload = await self.written(effect, scene)
        if not scene.version.definition.is_reviewed(effect.step):
            return payload
        reviewed = await as_reviewed(self._ledger, effect, payload)
        refuse_without_footer(reviewed["mail"], self._mailbox(scene, payload["mailbox"]))
        return reviewed

    async def written(self, effect: SendEmail, scene: Scene) -> dict[str, Any]:
        """The mail of one visit of one step as it would leave now, under ``mail``.

        Raises:
            ApplicationError: of type ``Never``: it cannot be written.
        """
        async with self._ledger.reading() as tx:
            earlier = await last_mails(tx, effect.enrollment, effect.entry)
            template = await _template_of(tx, effect, scene)
        return self._payload(effect, scene, earlier, template)

    def _payload(
        self, effect: SendEmail, scene: Scene, earlier: list[EffectRow], template: Template
    ) -> dict[str, Any]:
        name = sender_of(effect, scene, earlier)
        mailbox = self._mailbox(scene, name)
        rendered = self._render(template, effect, scene, mailbox)
        # Of a mail that is known from a history alone nothing can be quoted.
        thread = [row for row in earlier if "mail" in row.payload] if effect.thread else []
        domain = mailbox.address.rpartition("@")[2]
        message_id = message_id_for(effect.key, self._ledger.secret, domain)
        try:
            parts = MessageParts(
                from_address=mailbox.address,
                from_name=mailbox.name,
                to_address=address_of(effect, scene),
                subject=reply_subject(thread[0]) if thread else rendered.subject,
                text=rendered.text,
                html=rendered.html,
                message_id=message_id,
                date=self._ledger.machine_clock(),
                unsubscribe_url=self._unsubscribe_url(effect.key),
                in_reply_to=thread[-1].message_id if thread else None,
                references=tuple(row.message_id or "" for row in thread),
            )
        except ValidationError as error:
            raise as_application_error(not_a_message(error)) from None
        mail = parts.model_dump(mode="json")
        refuse_without_footer(mail, mailbox)
        return {
            "mail": mail,
            "message_id": message_id,
            "mailbox": name,
            "owner": mailbox.salesforce_user,
        }

    def _render(
        self, template: Template, effect: SendEmail, scene: Scene, mailbox: Mailbox
    ) -> Rendered:
        fields = {
            "lead": merge_values(scene.lead, scene.version.definition, effect.step),
            "sender": mailbox.model_dump(mode="json"),
            "unsubscribe_url": self._unsubscribe_url(effect.key),
        }
        try:
            return render(template, fields)
        except TemplateProblem as problem:
            failure = Never("dripstone", "template", str(problem))
            raise as_application_error(failure) from problem

    def _mailbox(self, scene: Scene, name: str) -> Mailbox:
        found = scene.accounts.mailboxes.get(name)
        if found is None:
            message = f"no mailbox {name!r} in center {scene.lead.center!r}: add it to the "
            failure = Never("dripstone", "no_mailbox", message + "connections file, then retry")
            raise as_application_error(failure)
        return found

    def token_of(self, key: str) -> str:
        """The opaque token of the unsubscribe link of one mail."""
        return unsubscribe_token(key, self._ledger.secret)

    def _unsubscribe_url(self, key: str) -> str:
        return f"{self._public_url}/u/{self.token_of(key)}"

    async def _judge(self, tx: AsyncConnection, case: MailCase) -> Outcome | None:
        return await judge_mail_in(self._ledger, tx, case)

    async def _ask(self, row: EffectRow, hand_over: HandOver) -> Receipt:
        message = compose(MessageParts.model_validate(row.payload["mail"]))
        return await self._mailer.send(message, hand_over)

    async def _tell_sent(self, tx: AsyncConnection, row: EffectRow) -> tuple[str, ...]:
        now = await self._ledger.now(tx)
        return await tell_sent(self._ledger, tx, row, self._connections, now)

    async def _tell_bounced(
        self, tx: AsyncConnection, failure: Never, about: tuple[SendEmail, Scene, str]
    ) -> Outcome | None:
        """The server knows no such mailbox: a hard bounce that came without a message."""
        if not isinstance(failure, NoSuchMailbox):
            return None
        effect, scene, person = about
        event = Event(
            id=f"{effect.key}/bounced",
            kind="bounce",
            at=await self._ledger.now(tx),
            data={"type": "hard", "step": effect.step, "status": failure.code},
        )
        incoming = replace(_about(scene, event), bounced=person)
        received = await receive(self._ledger, tx, incoming, self._connections)
        return Outcome(
            state="refused",
            cause=f"no such mailbox ({failure.code})",
            exit=ExitReason.EMAIL_BOUNCED,
            writebacks=received.writebacks,
        )


async def _template_of(tx: AsyncConnection, effect: SendEmail, scene: Scene) -> Template:
    digest = scene.version.templates.get(effect.template)
    if digest is None:  # of a workflow that was reset to before its move to this version
        why = f"version {scene.version.version} has no template {effect.template!r}"
        raise as_application_error(Never("dripstone", "no_template", f"{why}: migrate again"))
    text = await find_template(tx, scene.lead.center, effect.template, digest)
    return Template(name=text.name, subject=text.subject, text=text.text, html=text.html)


def _about(scene: Scene, event: Event) -> Incoming:
    """A fact that the enrollment's own activity reports: the workflow knows it already."""
    lead = scene.lead
    origin = (scene.entry["enrollment"], scene.entry["entry"])
    return Incoming(event, lead.center, "smtp", lead.lead, lead.person, origin=origin)
