"""A world of canaries: worker and ingress as processes of their own, whose output is kept."""

from __future__ import annotations

import base64
import hashlib
import hmac
import os
import sys
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import httpx
import yaml
from pydantic import BaseModel, JsonValue, SecretStr

from activities.ledger.leads import Lead, new_lead
from activities.ledger.personal_columns import WORDS_OF_LEADS
from config.settings import CodecSettings, IngressSettings
from starters.processes.supervisor import Child, Supervisor
from tests.patience import PATIENCE
from tests.ports import port_for_later
from tests.starters.arrivals import EVENTS_SECRET, MAIL_TOKEN, Arrivals
from tests.workflows.canaries import (
    COMPANY,
    FIRST,
    LAST,
    PERSON,
    columns_with,
    email,
    fields,
    files_with,
    marks_of,
    secrets_in,
    seen_in,
)
from tests.workflows.world import Journey, World, open_world

PROGRAM = (sys.executable, "-m", "starters")
PUBLIC = "http://127.0.0.1:8480"


class Aviary(World):
    """A world in which every lead is a canary."""

    def lead(self, **more: JsonValue) -> Lead:
        """A new canary, known to Salesforce by the same name."""
        self.count += 1
        known = {"Email": email(self.count), "FirstName": FIRST, "LastName": LAST}
        record = self.sandbox.sandbox.salesforce.seed_lead(**known, Company=COMPANY)
        return new_lead(self.ledger, "default", fields(self.count) | more, f"sf-{record}")


@dataclass(frozen=True, slots=True)
class Watched:
    """The world, its ingress, where its worker shows metrics, and where the processes write."""

    world: Aviary
    arrivals: Arrivals
    worker_metrics: str
    directory: Path
    logs: Path

    async def leaks(self, **texts: str) -> dict[str, set[str]]:
        """Where canaries are that must not be there, and which; also in further ``texts``."""
        secret = marks_of(secrets_in(self.world.settings))
        marks = {**marks_of(PERSON), **secret}
        http = self.arrivals.http
        shown = {"/metrics": "/metrics", "the worker's metrics": self.worker_metrics}
        texts = {name: (await http.get(where)).text for name, where in shown.items()} | texts
        assert "dripstone_gate_answers_total" in texts["the worker's metrics"]
        found = {name: seen_in(text.encode(), marks) for name, text in texts.items()}
        found |= files_with(self.directory / "temporal", marks) | files_with(self.logs, marks)
        for column, seen in (await columns_with(self.world.ledger, marks)).items():
            table, _, name = column.partition(".")
            found[column] = seen & set(secret) if name in WORDS_OF_LEADS.get(table, ()) else seen
        return {where: what for where, what in found.items() if what}

    async def answer_by_mail(self, journey: Journey, words: str) -> None:
        """The lead answers the newest mail that it got."""
        inbox = self.world.sandbox.sandbox.mail.messages()
        mail = [one for one in inbox if one.to_address == journey.lead.email][-1]
        raw = (
            f'From: "{FIRST} {LAST}" <{journey.lead.email}>\r\nTo: {mail.from_address}\r\n'
            f"Subject: Re: {mail.subject}\r\nMessage-ID: <{journey.lead.email}>\r\n"
            f"In-Reply-To: {mail.message_id}\r\nContent-Type: text/plain; charset=utf-8\r\n\r\n"
            f"{words}\r\n{FIRST} {LAST}\r\n{journey.lead.fields['street']}\r\n"
        )
        answer = await self.arrivals.post_mail(raw.encode())
        assert answer.json()["matched"] == "message_id", answer.text

    async def answer_by_text(self, journey: Journey, words: str) -> None:
        """The lead answers the text message."""
        twilio = self.world.settings.twilio
        assert twilio is not None
        form = {"AccountSid": twilio.account_sid, "MessageSid": "SM" + "7" * 32}
        form |= {"From": str(journey.lead.fields["phone"]), "To": twilio.sender, "Body": words}
        said = f"{PUBLIC}/webhooks/twilio" + "".join(f"{k}{form[k]}" for k in sorted(form))
        token = twilio.auth_token.get_secret_value().encode()
        signed = base64.b64encode(hmac.digest(token, said.encode(), hashlib.sha1)).decode()
        headers = {"X-Twilio-Signature": signed}
        answer = await self.arrivals.http.post("/webhooks/twilio", data=form, headers=headers)
        assert answer.is_success, answer.text


@asynccontextmanager
async def aviary(directory: Path, codec: CodecSettings | None = None) -> AsyncIterator[Watched]:
    """Everything at work in ``directory``: ``temporal`` has the server's files, ``logs`` logs."""
    async with open_world(directory, works=False, codec=codec) as plain:
        ours = IngressSettings(
            mail_token=SecretStr(MAIL_TOKEN), events_secret=SecretStr(EVENTS_SECRET), port=0
        )
        settings = plain.settings.model_copy(update={"ingress": ours})
        world = Aviary(plain.client, plain.ledger, plain.sandbox, settings, plain.accounts)
        logs = directory / "logs"
        async with Supervisor(logs, print) as processes:
            environment = _environment(world, directory)
            port = str(port_for_later())
            shown = environment | {"DRIPSTONE_WORKER__METRICS_PORT": port}
            await processes.start(Child("worker", (*PROGRAM, "worker", "--ready-line"), shown))
            ready = await processes.start(
                Child("ingress", (*PROGRAM, "ingress", "--ready-line"), environment)
            )
            address = f"http://127.0.0.1:{ready['port']}"
            async with httpx.AsyncClient(base_url=address, timeout=PATIENCE) as http:
                arrivals = Arrivals(http, world.ledger, world.accounts)
                metrics = f"http://127.0.0.1:{port}/metrics"
                yield Watched(world, arrivals, metrics, directory, logs)


def _environment(world: World, directory: Path) -> dict[str, str]:
    accounts = directory / "connections.yaml"
    accounts.write_text(yaml.safe_dump(world.accounts.model_dump(mode="json", exclude_unset=True)))
    return {
        **dict(_variables("DRIPSTONE", world.settings)),
        "DRIPSTONE_CONNECTIONS": str(accounts),
        "TEMPORAL_ADDRESS": world.client.service_client.config.target_host,
        "TEMPORAL_CONFIG_FILE": os.devnull,
    }


def _variables(name: str, value: Any) -> list[tuple[str, str]]:
    """The settings as the environment has them."""
    if isinstance(value, BaseModel):
        inner = {key: getattr(value, key) for key in type(value).model_fields}
        aliases = {key: info.alias or key for key, info in type(value).model_fields.items()}
        inner = {aliases[key]: one for key, one in inner.items()}
    elif isinstance(value, Mapping):
        inner = dict(value)
    elif isinstance(value, SecretStr):
        return [(name, value.get_secret_value())]
    else:
        return [(name, str(value))] if value is not None else []
    mark = "_" if name == "DRIPSTONE" else "__"
    return [
        pair for key, one in inner.items() for pair in _variables(f"{name}{mark}{key.upper()}", one)
    ]
