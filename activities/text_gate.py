"""The gate for text messages: what its policy looks at, read in the claiming transaction."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any

from sqlalchemy.ext.asyncio import AsyncConnection

from activities.ledger import Ledger
from activities.ledger.consents import missing_consent
from activities.ledger.feeds import why_unheard
from activities.ledger.gate import judge_text
from activities.ledger.halts import why_held_back
from activities.ledger.pacing import Pace
from activities.ledger.still_eligible import no_longer_eligible
from activities.ledger.suppressions import text_suppression_of
from activities.scene import Scene, facts_of_message, note_verdict
from activities.sending import (
    NO_MAILBOX,
    Sending,
    check_caps,
    due_of,
    held_for_room,
    pace_of,
    sending_of,
    sends_of,
)
from workflows.engine.caps import Caps
from workflows.engine.effects import Outcome, SendSms


@dataclass(frozen=True, slots=True)
class TextCase:
    """A text message as it would leave, its scene, and all that limits when it may leave."""

    scene: Scene
    sending: Sending
    pace: Pace
    payload: Mapping[str, Any]


def text_case(
    ledger: Ledger, effect: SendSms, scene: Scene, caps: Caps, payload: Mapping[str, Any]
) -> TextCase:
    """What the gate needs of one text message that is to leave as ``payload`` has it."""
    sending = sending_of(ledger, effect, scene, caps, NO_MAILBOX)
    return TextCase(scene, sending, pace_of(sending), payload)


async def judge_text_in(ledger: Ledger, tx: AsyncConnection, case: TextCase) -> Outcome | None:
    """The gate's verdict on a text message; None: go, and its slot is taken.

    Raises:
        ApplicationError: retryable: this worker's clock is off, or the caps are others by now.
    """
    await check_caps(tx, case.sending)
    scene, sending = case.scene, case.sending
    effect, lead, automation = sending.effect, sending.lead, sending.automation
    everywhere, here = await text_suppression_of(ledger, tx, lead, case.payload.get("to"))
    whose, needs = (lead.center, lead.person), automation.consents_needed
    facts = await facts_of_message(ledger, tx, scene, effect.not_after)
    facts = replace(
        facts,
        suppressed=everywhere,
        no_texts=f"suppressed: {here}" if here else case.payload.get("problem"),
        no_consent=await missing_consent(tx, whose, needs, "sms"),
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
    verdict = judge_text(facts) or await held_for_room(tx, case.pace, lead, facts.now)
    return await note_verdict(ledger, tx, scene, verdict)
