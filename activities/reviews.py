"""ask_review: a mail is written down for review, as it would leave now, and the team is told."""

from __future__ import annotations

from dataclasses import replace

import structlog
from sqlalchemy.ext.asyncio import AsyncConnection
from temporalio import activity

from activities.errors import as_application_error
from activities.ledger import Ledger
from activities.ledger.connections import Connections
from activities.ledger.effects import EffectRow, Intent
from activities.ledger.gate import judge_mail
from activities.ledger.reviews import Written, ask_for_review, newest_review
from activities.ledger.suppressions import suppression_of
from activities.messaging import Messaging
from activities.once import Deed, about_step, do_once
from activities.reviewed_mail import reviewed_hash
from activities.scene import Scene, facts_of, note_verdict, read_scene
from activities.vendors.ports import Chat, HandOver, Never, Receipt, Unclear
from workflows.engine.effects import AskReview, Outcome, SendEmail

log = structlog.get_logger(__name__)


class Reviews:
    """Mails up for review. ``messaging`` writes them; ``chat`` is None where none is configured."""

    def __init__(
        self, ledger: Ledger, connections: Connections, messaging: Messaging, chat: Chat | None
    ) -> None:
        self._ledger = ledger
        self._connections = connections
        self._messaging = messaging
        self._chat = chat

    @activity.defn
    async def ask_review(self, effect: AskReview) -> Outcome:
        """Put the mail into the ledger. It is there also if the channel could not be told."""
        scene = await read_scene(self._ledger, effect, self._connections)
        payload = await self._messaging.written(_mail_of(effect, scene), scene)
        mail = payload["mail"]
        written = Written(scene.entry, effect.of, mail, reviewed_hash(mail))
        about = about_step(effect, scene.lead.person)
        asked = {"channel": effect.channel, "of": effect.of}
        deed = Deed(
            intent=Intent(
                *(effect.key, scene.lead.center, effect.activity, "slack"),
                *(asked, written.hash, about),
            ),
            judge=lambda tx: self._judge(tx, effect, scene, written),
            ask=self._tell,
            locks=scene.locks,
            shared=scene.shared,
        )
        return await do_once(self._ledger, deed)

    async def _judge(
        self, tx: AsyncConnection, effect: AskReview, scene: Scene, written: Written
    ) -> Outcome | None:
        """What would keep the mail itself from leaving keeps it from being reviewed as well."""
        facts = replace(
            await facts_of(self._ledger, tx, scene),
            suppressed=await suppression_of(
                self._ledger, tx, scene.lead, str(written.mail["to_address"])
            ),
        )
        verdict = await note_verdict(self._ledger, tx, scene, judge_mail(facts))
        if verdict is None:
            await ask_for_review(self._ledger, tx, written, (effect.step, effect.visit))
        return verdict

    async def _tell(self, row: EffectRow, hand_over: HandOver) -> Receipt:
        channel, place = row.payload["channel"], (row.enrollment or "", row.entry or 0)
        if not channel:
            return Receipt("")
        async with self._ledger.reading() as tx:
            review = await newest_review(tx, *place, row.payload["of"])
        name = review.id if review else ""
        try:
            if self._chat is None:
                raise Never("slack", "not_configured", "set DRIPSTONE_SLACK__TOKEN")
            await hand_over()
            return await self._chat.post(channel, f"A mail waits for approval: {name}")
        except (Never, Unclear) as failure:
            # Nobody waits for the message itself: the list of reviews has the mail.
            log.warning("review.not_told", review=name, code=failure.code)
            return Receipt(f"not told: {failure.code}")


def _mail_of(effect: AskReview, scene: Scene) -> SendEmail:
    """The effect that would send the mail."""
    step = scene.version.definition.step(effect.of)
    if step is None or step.kind != "send_email":
        message = f"step {effect.of!r} sends no mail in this version: publish one in which it does"
        raise as_application_error(Never("dripstone", "no_such_step", message))
    return step.mail_to_review(effect)
