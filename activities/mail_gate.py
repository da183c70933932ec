"""The gate for mails: what its policy looks at, read in the claiming transaction."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any

from sqlalchemy.ext.asyncio import AsyncConnection

from activities.ledger import Ledger
from activities.ledger.consents import missing_consent
from activities.ledger.feeds import why_unheard
from activities.ledger.gate import REVIEW_WANTED, judge_mail
from activities.ledger.halts import why_held_back
from activities.ledger.pacing import Pace
from activities.ledger.still_eligible import no_longer_eligible
from activities.ledger.suppressions import suppression_of
from activities.ledger.template_switch import cause_of_hold, is_deactivated
from activities.reviewed_mail import ask_again, what_review_lacks
from activities.scene import Scene, facts_of_message, note_verdict
from activities.sending import (
    Sending,
    check_caps,
    due_of,
    held_for_room,
    pace_of,
    sending_of,
    sends_of,
)
from workflows.engine.caps import Caps
from workflows.engine.effects import Outcome, SendEmail


@dataclass(frozen=True, slots=True)
class MailCase:
    """A mail as it would leave, its scene, and all that limits when it may leave."""

    effect: SendEmail
    scene: Scene
    sending: Sending
    pace: Pace
    payload: Mapping[str, Any]


def mail_case(
    ledger: Ledger, effect: SendEmail, scene: Scene, caps: Caps, payload: Mapping[str, Any]
) -> MailCase:
    """What the gate needs of one mail that is to leave as ``payload`` has it."""
    mailbox = str(payload.get("mailbox") or "default")
    sending = sending_of(ledger, effect, scene, caps, mailbox)
    return MailCase(effect, scene, sending, pace_of(sending), payload)


async def judge_mail_in(ledger: Ledger, tx: AsyncConnection, case: MailCase) -> Outcome | None:
    """The gate's verdict on a mail; None: go, and its slot is taken.

    Raises:
        ApplicationError: retryable: this worker's clock is off, or the caps are others by now.
    """
    await check_caps(tx, case.sending)
    scene, sending = case.scene, case.sending
    effect, lead, automation = case.effect, sending.lead, sending.automation
    whose = (lead.center, lead.person)
    off = await is_deactivated(tx, lead.center, effect.template)
    is_reviewed = automation.is_reviewed(effect.step)
    facts = await facts_of_message(ledger, tx, scene, effect.not_after)
    facts = replace(
        facts,
        suppressed=await suppression_of(ledger, tx, lead, scene.recipient),
        hold=cause_of_hold(effect.template) if off else "",
        review=await what_review_lacks(tx, effect, case.payload) if is_reviewed else "",
        no_consent=await missing_consent(tx, whose, automation.consents_needed, "email"),
        ineligible=await no_longer_eligible(tx, automation, lead, effect),
        max_sends=sending.caps.max_sends,
        sends=await sends_of(tx, sending),
        due=due_of(effect),
        max_lateness=sending.caps.max_lateness,
        halted=await why_held_back(tx, lead, automation),
        unheard=await why_unheard(ledger, tx, lead.center, sending.accounts, sending.outgoing),
        # With caps, the window is one of the limits that the slot has to suit.
        window=None if case.pace.is_limited else facts.window,
    )
    verdict = judge_mail(facts)
    if verdict and verdict.cause == REVIEW_WANTED:
        await ask_again(ledger, tx, scene, effect.step, case.payload)
    verdict = verdict or await held_for_room(tx, case.pace, lead, facts.now)
    return await note_verdict(ledger, tx, scene, verdict)
