"""http_call: one request to another system, and the values that conditions need of its answer."""

from __future__ import annotations

import json
from collections.abc import Mapping
from hashlib import sha256
from typing import Any

from pydantic import JsonValue
from sqlalchemy.ext.asyncio import AsyncConnection
from temporalio import activity

from activities.call_gate import CallCase, call_case, judge_call_in
from activities.errors import as_application_error
from activities.http_answers import (
    Read,
    capability_of_call,
    nothing_read,
    problem_with,
    read_answer,
)
from activities.http_requests import request_payload, web_request
from activities.ledger import Ledger
from activities.ledger.connections import Connections
from activities.ledger.effects import EffectRow, Intent, find_effect, keep_answer
from activities.ledger.http_connections import HttpConnection
from activities.ledger.inbox import receive
from activities.ledger.settings import settings_of
from activities.once import Deed, about_step, do_once
from activities.scene import Scene, judge_step_in, read_scene
from activities.step_facts import lead_changed
from activities.templates import TemplateProblem
from activities.vendors.ports import HandOver, Never, Receipt, Web
from workflows.engine.effects import HttpCall, Outcome


class HttpCalls:
    """Requests that an automation's author asked for."""

    def __init__(self, ledger: Ledger, connections: Connections, web: Web) -> None:
        self._ledger = ledger
        self._connections = connections
        self._web = web

    @activity.defn
    async def http_call(self, effect: HttpCall) -> Outcome:
        """Make the request once, or as often as its receiver is fine with.

        The outcome carries along what conditions name of the answer, and nothing else of it.
        """
        scene = await read_scene(self._ledger, effect, self._connections)
        account = _account(effect, scene)
        found = Read()

        async def ask(row: EffectRow, hand_over: HandOver) -> Receipt:
            nonlocal found
            key = self._ledger.keyed_hash("idempotency", row.key, 32)
            request = web_request(row.payload, key, effect.step)
            answer = await self._web.call(account, request, hand_over)
            if problem := problem_with(effect, account, answer):
                raise problem
            found = read_answer(effect, answer)
            return Receipt(f"status {answer.status}")

        intent = await self._intent(effect, scene, account)
        case = await self._case(effect, scene, intent) if effect.reaches_lead else None
        deed = Deed(
            intent=intent,
            judge=lambda tx: self._judge(tx, scene, case),
            ask=ask,
            afterwards=lambda tx, row: self._keep(tx, scene, row, found),
            capability=capability_of_call(effect, account),
            locks=case.locks(self._ledger) if case else scene.locks,
            shared=case.shared if case else scene.shared,
            claim_locks=case.pace.locks if case else (),
        )
        outcome = await do_once(self._ledger, deed)
        return await self._with_values(effect, scene, outcome, found.notes)

    async def _intent(self, effect: HttpCall, scene: Scene, account: HttpConnection) -> Intent:
        """The request as it will be sent; what was rendered before is not rendered again."""
        async with self._ledger.reading() as tx:
            row = await find_effect(tx, effect.key)
        payload = row.payload if row else _rendered(effect, scene, account)
        digest = sha256(json.dumps(dict(payload), sort_keys=True).encode()).hexdigest()
        about, center = about_step(effect, scene.lead.person), scene.lead.center
        connection = f"http:{effect.connection}"
        return Intent(effect.key, center, effect.activity, connection, payload, digest, about)

    async def _case(self, effect: HttpCall, scene: Scene, intent: Intent) -> CallCase:
        async with self._ledger.reading() as tx:
            caps = (await settings_of(tx, scene.version.automation)).caps
        return call_case(self._ledger, effect, scene, caps, intent.payload)

    async def _judge(
        self, tx: AsyncConnection, scene: Scene, case: CallCase | None
    ) -> Outcome | None:
        if case is None:
            return await judge_step_in(self._ledger, tx, scene)
        return await judge_call_in(self._ledger, tx, case)

    async def _keep(
        self, tx: AsyncConnection, scene: Scene, row: EffectRow, found: Read
    ) -> tuple[str, ...]:
        """The values, with the effect and, where the step saves them, with the lead."""
        await keep_answer(tx, row, found.values)
        if not found.saved:
            return ()
        incoming = await lead_changed(self._ledger, tx, scene, row, found.saved)
        return (await receive(self._ledger, tx, incoming, self._connections)).writebacks

    async def _with_values(
        self, effect: HttpCall, scene: Scene, outcome: Outcome, notes: tuple[str, ...]
    ) -> Outcome:
        if outcome.state not in ("sent", "unknown"):
            return outcome
        values: Mapping[str, JsonValue] = nothing_read(effect)
        if outcome.state == "sent":
            async with self._ledger.reading() as tx:
                row = await find_effect(tx, effect.key)
            values = row.payload.get("answer", values) if row else values
        looked_at = scene.version.definition.fields_looked_at
        told = {name: value for name, value in values.items() if name in looked_at}
        cause = outcome.cause or "; ".join(notes)[:200]
        return outcome.model_copy(update={"values": told, "cause": cause})


def _account(effect: HttpCall, scene: Scene) -> HttpConnection:
    found = scene.accounts.http.get(effect.connection)
    if found is None:
        message = f"center {scene.lead.center!r} has no HTTP connection {effect.connection!r}: "
        failure = Never("http", "not_configured", message + "add it to the connections file")
        raise as_application_error(failure)
    return found


def _rendered(effect: HttpCall, scene: Scene, account: HttpConnection) -> dict[str, Any]:
    try:
        return request_payload(effect, scene.lead.merge_fields, account)
    except Never as refusal:
        raise as_application_error(refusal) from refusal
    except TemplateProblem as problem:
        raise as_application_error(Never("dripstone", "template", str(problem))) from problem
