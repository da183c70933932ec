"""The gate for HTTP calls that reach the lead: by which channel, nobody knows here.

So whatever stands against any channel stands against the call; ``max_sends`` counts none of them.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Mapping
from contextlib import suppress
from dataclasses import dataclass, replace
from typing import Any
from urllib.parse import parse_qsl, unquote, urlsplit

from pydantic import JsonValue
from sqlalchemy.ext.asyncio import AsyncConnection

from activities.ledger import Ledger
from activities.ledger.consents import consent_missing_somewhere
from activities.ledger.feeds import why_unheard
from activities.ledger.gate import judge_mail
from activities.ledger.halts import why_halted
from activities.ledger.leads import BadLead, canonical_address
from activities.ledger.pacing import Pace
from activities.ledger.recipients import person_at
from activities.ledger.still_eligible import no_longer_eligible
from activities.ledger.suppressions import (
    locks_of_domains,
    suppression_of,
    text_suppression_of,
)
from activities.scene import Scene, facts_of_message, note_verdict
from activities.sending import (
    NO_MAILBOX,
    Sending,
    check_caps,
    due_of,
    held_for_room,
    pace_of,
    sending_of,
)
from workflows.engine.caps import Caps
from workflows.engine.effects import HttpCall, Outcome

_NOT = r"\s\"'<>()\[\]{},;:=&?/\\@"
_ADDRESS = re.compile(rf"[^{_NOT}]+@[^{_NOT}]+\.[\w-]+")


@dataclass(frozen=True, slots=True)
class CallCase:
    """A call as it would be made, its scene, and all that limits when it may be.

    ``addresses`` are those that stand in the request: it may go to any of them.
    """

    scene: Scene
    sending: Sending
    pace: Pace
    addresses: tuple[str, ...]

    def locks(self, ledger: Ledger) -> tuple[str, ...]:
        """A stop of whoever has one of the addresses, and this call wait for each other."""
        lead = self.scene.lead
        persons = {f"person:{person_at(ledger, lead, address)}" for address in self.addresses}
        return tuple(persons | {*self.scene.locks})

    @property
    def shared(self) -> tuple[str, ...]:
        """So do suppressing a domain of them, and this call."""
        domains = locks_of_domains(self.scene.lead.center, *self.addresses)
        return (*self.scene.shared_by_message, *domains)


def call_case(
    ledger: Ledger, effect: HttpCall, scene: Scene, caps: Caps, payload: Mapping[str, Any]
) -> CallCase:
    """What the gate needs of one call that is to be made as ``payload`` has it."""
    sending = sending_of(ledger, effect, scene, caps, NO_MAILBOX)
    return CallCase(scene, sending, pace_of(sending), addresses_in(payload))


def addresses_in(payload: Mapping[str, Any]) -> tuple[str, ...]:
    """The e-mail addresses that stand in a request, each in its canonical spelling."""
    found = set()
    for text in _texts(payload):
        for one in _ADDRESS.findall(text):
            with suppress(BadLead):
                found.add(canonical_address(one))
    return tuple(sorted(found))


def _texts(payload: Mapping[str, Any]) -> Iterator[str]:
    url = urlsplit(payload.get("url", ""))
    yield unquote(url.path)
    yield from (value for _, value in parse_qsl(url.query))
    yield from payload.get("headers", {}).values()
    content = payload.get("content") or ""
    try:
        yield from _strings(json.loads(content))
    except ValueError:
        yield from (value for _, value in parse_qsl(content))


def _strings(value: JsonValue) -> Iterator[str]:
    if isinstance(value, str):
        yield value
    elif isinstance(value, dict | list):
        for part in value.values() if isinstance(value, dict) else value:
            yield from _strings(part)


async def judge_call_in(ledger: Ledger, tx: AsyncConnection, case: CallCase) -> Outcome | None:
    """The gate's verdict on a call that reaches the lead; None: go, and its slot is taken.

    Raises:
        ApplicationError: retryable: this worker's clock is off, or the caps are others by now.
    """
    await check_caps(tx, case.sending)
    scene, sending = case.scene, case.sending
    effect, lead, automation = sending.effect, sending.lead, sending.automation
    whose, needs = (lead.center, lead.person), automation.consents_needed
    facts = await facts_of_message(ledger, tx, scene, effect.not_after)
    facts = replace(
        facts,
        suppressed=await _suppression(ledger, tx, case),
        no_consent=await consent_missing_somewhere(tx, whose, needs),
        ineligible=await no_longer_eligible(tx, automation, lead, effect),
        due=due_of(effect),
        max_lateness=sending.caps.max_lateness,
        halted=await why_halted(tx, lead.center, automation.id, lead.lead),
        unheard=await why_unheard(ledger, tx, lead.center, sending.accounts, sending.outgoing),
        # With caps, the window is one of the limits that the slot has to suit.
        window=None if case.pace.is_limited else facts.window,
    )
    verdict = judge_mail(facts) or await held_for_room(tx, case.pace, lead, facts.now)
    return await note_verdict(ledger, tx, scene, verdict)


async def _suppression(ledger: Ledger, tx: AsyncConnection, case: CallCase) -> str | None:
    """The first reason on any channel, and for any address in the request."""
    lead = case.scene.lead
    for address in (None, *case.addresses):
        if found := await suppression_of(ledger, tx, lead, address):
            return found
    everywhere, texts = await text_suppression_of(ledger, tx, lead, None)
    return everywhere or texts
