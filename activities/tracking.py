"""track_event: an event told to Google Analytics and to each listener, once each, best effort.

Each of them has a row of its own in the ledger. One that refuses, or stays away for a while, is
written down as NOT_SENT and holds nobody up: the journey of a lead does not hang on statistics.
"""

from __future__ import annotations

import json
import re
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass
from hashlib import sha256
from typing import Any

from pydantic import JsonValue
from sqlalchemy.ext.asyncio import AsyncConnection
from temporalio import activity
from temporalio.exceptions import ApplicationError

from activities.errors import as_application_error, failure
from activities.http_answers import capability_of_http
from activities.http_requests import filled_in, web_request
from activities.ledger import Ledger
from activities.ledger.connections import Connections
from activities.ledger.effects import EffectRow, Intent, find_effect
from activities.ledger.http_connections import HttpConnection, Listener
from activities.once import Deed, about_step, do_once
from activities.scene import Scene, judge_step_in, read_scene
from activities.templates import TemplateProblem
from activities.vendors.capabilities import AT_MOST_ONCE, Capability, capability_of
from activities.vendors.ports import Analytics, HandOver, Never, NotYet, Receipt, Web
from activities.vendors.web.urls import url_of
from workflows.engine.effects import Outcome, TrackEvent

MOST_TRIES = 5
"""Some fifteen seconds, by the retry policy of effects."""
ANALYTICS = "google_analytics"
_CLIENT_ID = re.compile(r"[A-Za-z0-9_.-]{1,64}")
_ADDRESS = re.compile(r"[^\s@]+@[^\s@]+\.[^\s@]+")

Ask = Callable[[EffectRow, HandOver], Awaitable[Receipt]]


@dataclass(frozen=True, slots=True)
class _Target:
    """Who is told: how, what, and what settles a lost answer."""

    name: str
    connection: str
    payload: Mapping[str, Any]
    ask: Ask
    capability: Capability = AT_MOST_ONCE


class Tracking:
    """Events for statistics. ``analytics`` is None where none is configured."""

    def __init__(
        self, ledger: Ledger, connections: Connections, analytics: Analytics | None, web: Web
    ) -> None:
        self._ledger = ledger
        self._connections = connections
        self._analytics = analytics
        self._web = web

    @activity.defn
    async def track_event(self, effect: TrackEvent) -> Outcome:
        """Tell everybody who is configured; a stop that came before is answered instead."""
        scene = await read_scene(self._ledger, effect, self._connections)
        outcomes: dict[str, Outcome] = {}
        late: ApplicationError | None = None
        try:
            targets = self._targets(effect, scene)
        except Never as refusal:
            raise as_application_error(refusal) from refusal
        for target in targets:
            try:
                outcome = await self._tell(effect, scene, target)
            except ApplicationError as error:
                if error.non_retryable:
                    raise
                late = error
                continue
            if outcome.state == "held" or outcome.exit:
                return outcome
            outcomes[target.name] = outcome
        if late:
            raise late
        unsure = any(one.state == "unknown" for one in outcomes.values())
        why = [f"{name}: {one.cause}" for name, one in outcomes.items() if one.state != "sent"]
        return Outcome(state="unknown" if unsure else "sent", cause="; ".join(why)[:200])

    def _targets(self, effect: TrackEvent, scene: Scene) -> list[_Target]:
        """Everybody, with what each is told.

        Raises:
            Never: nobody is configured, or a property cannot be filled in.
        """
        told = _told(effect, scene, self._ledger)
        targets = []
        if self._analytics:
            known = capability_of(ANALYTICS)
            targets.append(_Target(ANALYTICS, ANALYTICS, told, self._ask_analytics, known))
        for name, listener in scene.accounts.event_listeners.items():
            account = scene.accounts.http[listener.connection]
            targets.append(self._listener(name, listener, account, told, scene))
        if not targets:
            text = "set DRIPSTONE_GOOGLE_ANALYTICS__MEASUREMENT_ID and __API_SECRET, or name "
            text += "event_listeners in the connections file, then retry"
            raise Never(ANALYTICS, "not_configured", text)
        return targets

    def _listener(
        self,
        name: str,
        listener: Listener,
        account: HttpConnection,
        told: Mapping[str, Any],
        scene: Scene,
    ) -> _Target:
        body = {**told, "lead": scene.lead.lead, "center": scene.lead.center}
        payload = {
            "method": "POST",
            "url": url_of(account, listener.path, {}),
            "headers": {"Content-Type": "application/json"},
            "content": json.dumps(body, ensure_ascii=False),
        }

        async def ask(row: EffectRow, hand_over: HandOver) -> Receipt:
            key = self._ledger.keyed_hash("idempotency", row.key, 32)
            request = web_request(row.payload, key, row.step or "")
            answer = await self._web.call(account, request, hand_over)
            if 200 <= answer.status < 300:
                return Receipt(f"status {answer.status}")
            said = f"the listener {name!r} answered {answer.status}"
            code = f"http_{answer.status}"
            if answer.status >= 500:
                raise failure("http", code, said, done="maybe")
            raise failure("http", code, said, retry_after=answer.retry_after)

        known = capability_of_http(account)
        return _Target(name, f"http:{listener.connection}", payload, ask, known)

    async def _ask_analytics(self, row: EffectRow, hand_over: HandOver) -> Receipt:
        assert self._analytics
        told = row.payload
        return await self._analytics.track(
            told["client_id"], told["event"], told["properties"], hand_over
        )

    async def _tell(self, effect: TrackEvent, scene: Scene, target: _Target) -> Outcome:
        key = f"{effect.key}:{target.name}"
        async with self._ledger.reading() as tx:
            row = await find_effect(tx, key)
        payload = row.payload if row else target.payload
        digest = sha256(json.dumps(dict(payload), sort_keys=True).encode()).hexdigest()
        about, center = about_step(effect, scene.lead.person), scene.lead.center

        deed = Deed(
            intent=Intent(key, center, effect.activity, target.connection, payload, digest, about),
            judge=lambda tx: judge_step_in(self._ledger, tx, scene),
            ask=_giving_up(target.ask),
            refused=_write_it_down,
            capability=target.capability,
            last_try=_is_last_try(),
            locks=scene.locks,
            shared=scene.shared,
        )
        return await do_once(self._ledger, deed)


def _giving_up(ask: Ask) -> Ask:
    async def asked(row: EffectRow, hand_over: HandOver) -> Receipt:
        try:
            return await ask(row, hand_over)
        except NotYet as problem:
            if not _is_last_try():
                raise
            text = f"given up after {MOST_TRIES} tries: {problem}"
            raise Never(problem.vendor, problem.code, text) from problem

    return asked


async def _write_it_down(_tx: AsyncConnection, problem: Never) -> Outcome | None:
    return Outcome(state="refused", cause=f"not sent: {problem}"[:200])


def _is_last_try() -> bool:
    return activity.in_activity() and activity.info().attempt >= MOST_TRIES


def _told(effect: TrackEvent, scene: Scene, ledger: Ledger) -> dict[str, Any]:
    """What everybody is told: nothing in it says who the lead is."""
    fields = scene.lead.merge_fields
    try:
        properties: dict[str, JsonValue] = {
            name: filled_in(effect.step, f"properties.{name}", value, fields)
            if isinstance(value, str)
            else value
            for name, value in effect.properties.items()
        }
    except TemplateProblem as problem:
        raise Never("dripstone", "template", str(problem)) from problem
    # Google's terms forbid it, and an address may stand in a field where nobody expects one.
    harmless = {
        name: value
        for name, value in properties.items()
        if not (isinstance(value, str) and _ADDRESS.search(value))
    }
    own = fields.get(effect.client_id) if effect.client_id else None
    is_one = isinstance(own, str) and _CLIENT_ID.fullmatch(own)
    client_id = own if is_one else _number_of(ledger, scene.lead.person)
    return {"client_id": client_id, "event": effect.event, "properties": harmless}


def _number_of(ledger: Ledger, person: str) -> str:
    """A client id in the usual form, the same for a person each time, and nobody's else."""
    digest = ledger.keyed_hash("analytics", person)
    return f"{int(digest[:8], 16)}.{int(digest[8:16], 16)}"
