"""Upstream: whoever enrolls leads and reports what they did, over HTTP, until it is answered 2xx.

It notes what was acknowledged and when: against that the checker holds the rest.
"""

from __future__ import annotations

import asyncio
import json
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from random import Random
from typing import Any

import httpx
from standardwebhooks.webhooks import Webhook

from tests.faults.campaigns import CANARY, CAPPED, MAIN, NIGHT, REVIEWED, SWITCHED
from tests.faults.facts import Accepted, Told
from tests.faults.system import System
from tests.faults.tiers import Tier

PAUSE = 0.3
KINDS = ("unsubscribe", "reply", "meeting_booked", "bounce", "prices_viewed")
WEIGHTS = (4, 3, 3, 1, 2)
AT_ONCE = 24


PLACES = {7: NIGHT, 22: NIGHT} | dict.fromkeys((1, 13, 19, 25), SWITCHED)
PLACES |= dict.fromkeys((3, 15, 27), CAPPED) | dict.fromkeys((5, 17, 29), REVIEWED)
"""Of every thirty leads, who does not enter the main campaign."""


@dataclass(frozen=True, slots=True)
class Act:
    """One event of one lead: when (seconds from the start), how often, by which doors."""

    at: float
    kind: str
    copies: int
    doors: tuple[int, ...]


@dataclass(frozen=True, slots=True)
class Part:
    """One lead's part in a campaign."""

    number: int
    automation: str
    enters: float
    door: int
    acts: tuple[Act, ...]


def cast(seed: int, tier: Tier) -> list[Part]:
    """Who enters where and when, and does what: the same for the same seed."""
    chance = Random(f"{seed}/cast")
    parts = []
    for number in range(tier.enrollments):
        automation = PLACES.get(number % 30, MAIN)
        # Those of the campaign that is disabled meanwhile are inside before it is.
        latest = tier.lasts * (0.2 if automation == SWITCHED else 0.65)
        enters = chance.uniform(0, latest)
        # Most of those must get as far as the cap, or a decision.
        eventful = 0.2 if automation in (CAPPED, REVIEWED) else 0.55
        acts = _acts(chance, enters, tier) if chance.random() < eventful else ()
        parts.append(Part(number, automation, enters, int(chance.random() < 0.1), acts))
    return parts


def _acts(chance: Random, enters: float, tier: Tier) -> tuple[Act, ...]:
    """Mostly while the journey lasts; sometimes before it begins or after its end."""
    acts = []
    for _ in range(chance.choice((1, 1, 2))):
        kind = chance.choices(KINDS, WEIGHTS)[0]
        at = max(0.0, enters + chance.choice((-2.0, 0.0, 0.0, 0.0, 12.0)) + chance.uniform(0, 8))
        copies = chance.choice((1, 2, tier.copies))
        doors = tuple(int(chance.random() < 0.6) for _ in range(copies))
        acts.append(Act(at, kind, copies, doors))
    return tuple(acts)


@dataclass
class Upstream:
    """Plays the parts. What it knows for certain is in ``accepted``, ``refused`` and ``told``."""

    system: System
    http: httpx.AsyncClient
    accepted: list[Accepted] = field(default_factory=list)
    refused: dict[str, str] = field(default_factory=dict)
    told: list[Told] = field(default_factory=list)
    leads: dict[int, str] = field(default_factory=dict)
    _room: asyncio.Semaphore = field(default_factory=lambda: asyncio.Semaphore(AT_ONCE))

    async def seed(self, parts: Sequence[Part]) -> None:
        """Put the leads, and who writes to them, into the CRM."""
        ada = "ada@dripstone.example"
        await self._seed("User", {"Username": ada, "Email": ada, "LastName": "Fox"})
        for part in parts:
            named = {"LastName": "-", "Company": "-", "Email": address(part.number)}
            self.leads[part.number] = f"sf-{await self._seed('Lead', named)}"

    async def _seed(self, name: str, fields: dict[str, str]) -> str:
        body = {"object": name, "fields": fields}
        answer = await self.http.post(f"{self.system.sandbox_url}/_seed", json=body)
        return str(answer.raise_for_status().json()["id"])

    async def play(self, parts: Sequence[Part]) -> None:
        """Everything, at its time; ends when all of it has been acknowledged."""
        async with asyncio.TaskGroup() as group:
            for part in parts:
                group.create_task(self.enter(part))
                for place, act in enumerate(part.acts):
                    group.create_task(self.tell(part, place, act))

    async def enter(self, part: Part) -> None:
        """Ask for an enrollment until it is answered."""
        await asyncio.sleep(part.enters)
        lead = self.leads[part.number]
        fields = {"first_name": CANARY, "tag": f"lead-{part.number}"}
        about = {"lead": lead, "email": address(part.number), "data": fields}
        event = _event(f"enroll-{part.number}", "enroll") | about | {"automation": part.automation}
        result = await self._post(part.door, event)
        if "entry" in result:
            at = datetime.now(UTC)
            self.accepted.append(Accepted(result["enrollment"], result["entry"], lead, at))
        else:
            self.refused[lead] = str(result.get("refused"))

    async def tell(self, part: Part, place: int, act: Act) -> None:
        """Report one event, as often as the act says, at about the same time."""
        await asyncio.sleep(act.at)
        lead = self.leads[part.number]
        event = _event(f"{act.kind}-{part.number}-{place}", act.kind) | {"lead": lead}
        event |= {"data": _data(act.kind)}
        acked: list[datetime] = []

        async def once(door: int) -> bool:
            result = await self._post(door, event)
            acked.append(datetime.now(UTC))
            return result.get("duplicate") is False

        new = sum(await asyncio.gather(*(once(door) for door in act.doors)))
        self.told.append(Told(str(event["id"]), act.kind, lead, min(acked), act.copies, new))

    async def _post(self, door: int, event: dict[str, Any]) -> dict[str, Any]:
        """Post until it is answered with 2xx, at the other door after a failure."""
        body = json.dumps(event)
        while True:
            try:
                async with self._room:
                    answer = await self._ask(door, str(event["id"]), body)
            except httpx.TransportError:
                answer = None
            if answer is not None and answer.is_success:
                found: dict[str, Any] = answer.json()
                return found
            if answer is not None and answer.status_code in (400, 401, 409):
                raise RuntimeError(f"the ingress refused {event['id']}: {answer.text[:300]}")
            door = 1 - door
            await asyncio.sleep(PAUSE)

    async def _ask(self, door: int, number: str, body: str) -> httpx.Response:
        now = datetime.now(UTC)
        headers = {
            "webhook-id": number,
            "webhook-timestamp": str(int(now.timestamp())),
            "webhook-signature": Webhook(self.system.events_secret).sign(number, now, body),
            "Content-Type": "application/json",
        }
        return await self.http.post(
            f"{self.system.doors[door]}/events", content=body, headers=headers
        )


def address(number: int) -> str:
    """A lead's address; its first part, too, is nowhere else."""
    return f"{CANARY}.{number}@prospects.example".lower()


def _event(number: str, kind: str) -> dict[str, Any]:
    return {"id": number, "kind": kind, "at": datetime.now(UTC).isoformat()}


def _data(kind: str) -> dict[str, str]:
    if kind == "bounce":
        return {"type": "hard"}
    if kind != "meeting_booked":
        return {}
    starts = datetime.now(UTC) + timedelta(days=3)
    return {"starts_at": starts.isoformat(), "owner": "ada@dripstone.example"}
