"""A running ingress for tests: real HTTP, a real ledger on SQLite, one lead with a mail sent."""

from __future__ import annotations

import json
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import httpx
import yaml
from pydantic import SecretStr
from sqlalchemy import Table, select, text
from standardwebhooks.webhooks import Webhook

from activities import dispatch
from activities.ledger import Ledger
from activities.ledger.admissions import Request
from activities.ledger.connections import Connections
from activities.ledger.effects import Intent, Settlement, settle, write_intent
from activities.ledger.leads import new_lead
from activities.ledger.publishing import TemplateText, publish, set_state
from config.settings import IngressSettings, Settings, TwilioSettings
from starters.ingress.app import running_ingress
from tests.migrated import migrated_ledger
from workers.vendors import load_connections
from workflows.engine.automation import Automation

EVENTS_SECRET = "whsec_" + "c2VjcmV0" * 5
MAIL_TOKEN = "a mailbox's token"
NOWHERE = "127.0.0.1:1"
ADA, BOB = "sf-00Q000000000001AAA", "sf-00Q000000000002AAA"
ADDRESSES = {ADA: "ada@lead.example", BOB: "bob@lead.example"}
MESSAGE_ID, TOKEN = "<" + "a" * 40 + "@dripstone.example>", "b" * 40
ACCOUNT, AUTH_TOKEN, OUR_PHONE = "AC" + "0" * 32, "an auth token", "+15005550006"
ENROLLMENT = f"enrollment:spring:{ADA}"
CONNECTIONS = """
centers:
  default:
    mailboxes:
      default: {name: Ines, address: ines@dripstone.example, postal_address: 1 Kiln Lane}
    salesforce: {unsubscribe_field: HasOptedOutOfEmail, hard_bounce_field: Bounced__c}
    feeds: {replies: {max_age: 1 hour, automations: [none]}}
"""
SPRING = """
id: spring
name: Spring
trigger: {kind: manual}
campaign: {engagement_window: 30 days, send_window: {always: true}}
steps: [{id: hello, kind: send_email, template: intro}]
"""


@dataclass(frozen=True, slots=True)
class Arrivals:
    """The ingress as a caller sees it, and the ledger as an operator does."""

    http: httpx.AsyncClient
    ledger: Ledger
    connections: Connections

    async def post_events(
        self, body: object, secret: str = EVENTS_SECRET, at: datetime | None = None
    ) -> httpx.Response:
        """Post events, signed as upstream systems sign them."""
        content = body if isinstance(body, str) else json.dumps(body)
        at = at or datetime.now(UTC)
        headers = {"webhook-id": "msg_1", "webhook-timestamp": str(int(at.timestamp()))}
        headers["webhook-signature"] = Webhook(secret).sign("msg_1", at, content)
        return await self.http.post("/events", content=content, headers=headers)

    async def post_mail(self, raw: bytes, token: str = MAIL_TOKEN) -> httpx.Response:
        """Post one raw message, as whatever fetches the mailbox does."""
        headers = {"Authorization": f"Bearer {token}"}
        return await self.http.post("/webhooks/mail", content=raw, headers=headers)

    async def rows(self, table: Table, *columns: str) -> list[tuple[Any, ...]]:
        """What a table holds."""
        wanted = [table.c[name] for name in columns]
        async with self.ledger.reading() as tx:
            return sorted((tuple(row) for row in await tx.execute(select(*wanted))), key=str)

    async def run_sql(self, *statements: str) -> None:
        """Do something to the ledger behind the ingress's back."""
        async with self.ledger.transaction() as tx:
            for statement in statements:
                await tx.execute(text(statement))

    async def enroll(self, lead: str) -> None:
        """Admit one of the leads to the automation ``spring``."""
        found = new_lead(self.ledger, "default", {"email": ADDRESSES[lead]}, lead)
        request = Request("spring", found, f"test {lead}")
        assert not (await dispatch.enroll(self.ledger, None, request, self.connections)).refused

    async def send_mail(self, lead: str = ADA) -> None:
        """Note in the ledger that the lead's first mail was sent."""
        person = new_lead(self.ledger, "default", {"email": ADDRESSES[lead]}, lead).person
        about = {"enrollment": ENROLLMENT, "entry": 1, "step": "hello", "visit": 1, "lead": lead}
        about |= {"person": person, "message_id": MESSAGE_ID, "token": TOKEN}
        payload = {"mail": {"to_address": ADDRESSES[lead]}, "message_id": MESSAGE_ID}
        key = f"{ENROLLMENT}/1/hello/1/send_email"
        intent = Intent(key, "default", "send_email", "smtp", payload, "hash", about)
        async with self.ledger.transaction() as tx:
            await write_intent(self.ledger, tx, intent, "test")
            await settle(self.ledger, tx, key, Settlement("SENT"))


def settings_in(directory: Path, **ingress: Any) -> Settings:
    """Settings for an ingress on any free port, with its ledger in ``directory``."""
    (directory / "connections.yaml").write_text(CONNECTIONS)
    given = {
        "events_secret": SecretStr(EVENTS_SECRET),
        "mail_token": SecretStr(MAIL_TOKEN),
        **ingress,
    }
    return Settings(
        ledger_url=f"sqlite:///{directory}/ledger.db",
        connections=directory / "connections.yaml",
        ingress=IngressSettings(port=0, **given),
        twilio=TwilioSettings(
            account_sid=ACCOUNT, auth_token=SecretStr(AUTH_TOKEN), sender=OUR_PHONE
        ),
    )


@asynccontextmanager
async def open_ingress(
    directory: Path, temporal: str = NOWHERE, **ingress: Any
) -> AsyncIterator[Arrivals]:
    """An ingress, with Ada enrolled and mailed. Temporal is down unless an address is given."""
    settings = settings_in(directory, **ingress)
    if not (directory / "ledger.db").exists():
        migrated_ledger(directory)
    async with running_ingress(settings, temporal) as port:
        ledger = await Ledger.open(settings.ledger_url)
        async with httpx.AsyncClient(base_url=f"http://127.0.0.1:{port}", timeout=30) as http:
            arrivals = Arrivals(http, ledger, load_connections(settings.connections))
            await _publish(ledger)
            await arrivals.enroll(ADA)
            await arrivals.send_mail()
            yield arrivals
        await ledger.close()


async def _publish(ledger: Ledger) -> None:
    automation = Automation.model_validate(yaml.safe_load(SPRING))
    intro: Sequence[TemplateText] = [TemplateText("intro", "Hello", "Text", None)]
    await publish(ledger, automation, SPRING, list(intro), "test")
    await set_state(ledger, "spring", "enabled", "test")


def event(**fields: object) -> dict[str, object]:
    """An event about Ada, with some fields of its own."""
    return {"id": "e-1", "kind": "reply", "at": "2026-11-20T10:00:00Z", "lead": ADA} | fields
