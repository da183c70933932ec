"""A whole Dripstone for tests: the real server, sandbox vendors over HTTP and SMTP, one worker."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import yaml
from pydantic import JsonValue
from temporalio.client import Client, WorkflowHandle
from temporalio.service import RPCError, RPCStatusCode

from activities import dispatch
from activities.ledger import Ledger
from activities.ledger.admissions import Request
from activities.ledger.connections import Connections
from activities.ledger.entries import find_entry
from activities.ledger.inbox import Incoming, Received
from activities.ledger.leads import Lead, new_lead
from activities.ledger.publishing import publish, set_state
from config.settings import CodecSettings, Settings
from starters.processes.devserver import dev_server
from tests.migrated import migrated_ledger
from tests.patience import PATIENCE as PATIENCE
from tests.patience import until
from tests.sandboxed import Running, running_sandbox
from tests.workflows.accounts import SALES, TEMPLATE, accounts_with
from tests.workflows.sandbox_settings import settings_for
from workers.key_check import codec_of
from workers.main import run_worker
from workers.plugin import connect
from workflows.contracts import Ending, Status
from workflows.engine.automation import Automation
from workflows.engine.events import Event
from workflows.engine.steps.send_email import SendEmail
from workflows.presentation import SEARCH_ATTRIBUTES

LONG_HISTORY = 300
"""Events after which this server suggests to continue as new; by default it is 4,096."""

PHONE = "+12025550100"

DELETES = (
    'history.transferProcessorUpdateAckInterval="1s"',
    'history.visibilityProcessorUpdateAckInterval="1s"',
)
"""How soon this server deletes a run that has just closed; by default it takes half a minute."""

OPEN: dict[str, Any] = {"engagement_window": "30 days", "send_window": {"always": True}}


@dataclass
class World:
    """What a test acts upon and looks at."""

    client: Client
    ledger: Ledger
    sandbox: Running
    settings: Settings
    accounts: Connections
    count: int = 0
    workers: list[asyncio.Task[None]] = field(default_factory=list)

    async def publish(self, steps: str, name: str = "", **campaign: Any) -> str:
        """Publish and enable a campaign with these steps (YAML), its id; perhaps with audience,
        goal, consent and trigger."""
        self.count += 1
        automation = name or f"campaign-{self.count}"
        beside = {name: campaign.pop(name, None) for name in ("goal", "consent", "audience")}
        whole = {
            "id": automation,
            "name": automation,
            "trigger": campaign.pop("trigger", {"kind": "manual"}),
            "campaign": OPEN | {"lane": f"lane-{self.count}"} | campaign,
            "steps": yaml.safe_load(steps),
            **beside,
        }
        definition = Automation.model_validate(whole)
        named = {step.template for step in definition.steps if isinstance(step, SendEmail)}
        texts = [replace(TEMPLATE, name=one) for one in sorted(named)]
        await publish(self.ledger, definition, steps, texts, "a test")
        await set_state(self.ledger, automation, "enabled", "a test")
        return automation

    def lead(self, **fields: JsonValue) -> Lead:
        """A new lead, known to Salesforce."""
        self.count += 1
        email = f"lead{self.count}@example.com"
        record = self.sandbox.sandbox.salesforce.seed_lead(Email=email)
        named = {"email": email, "first_name": f"L{self.count}", "phone": PHONE} | fields
        return new_lead(self.ledger, "default", named, f"sf-{record}")

    async def enroll(self, automation: str, lead: Lead | None = None, cause: str = "") -> Journey:
        """Enroll a lead (a new one by default); its journey, which has been started."""
        lead = lead or self.lead()
        request = Request(automation, lead, cause or f"{automation}/{lead.lead}/{self.count}")
        enrolled = await dispatch.enroll(self.ledger, self.client, request, self.accounts)
        assert not enrolled.refused, enrolled.refused
        handle = self.client.get_workflow_handle(enrolled.enrollment, result_type=Ending)
        return Journey(self, lead, automation, handle, enrolled.entry or 0)

    async def happens(self, lead: Lead, kind: str, **data: JsonValue) -> Received:
        """An event about a lead comes in through the inbox and is told to the enrollments."""
        self.count += 1
        event = Event(id=f"event-{self.count}", kind=kind, at=datetime.now(UTC), data=data)
        incoming = Incoming(event, "default", "test", lead.lead)
        received = await dispatch.take_in(self.ledger, incoming, self.accounts)
        await dispatch.deliver(self.ledger, self.client, event.id)
        return received

    def fault(self, vendor: str, point: str, kind: str, times: int = 1, value: int = 0) -> None:
        """Order a fault from a sandbox vendor."""
        self.sandbox.sandbox.faults.set(vendor, point, kind, times, value or None)

    def work(self) -> asyncio.Task[None]:
        """Start a worker."""
        self.workers.append(
            asyncio.create_task(run_worker(self.client, self.ledger, self.accounts, self.settings))
        )
        return self.workers[-1]


@dataclass(frozen=True)
class Journey:
    """One lead in one automation."""

    world: World
    lead: Lead
    automation: str
    handle: WorkflowHandle[Any, Ending]
    entry: int = 1

    async def status(self, patience: float = PATIENCE) -> Status:
        """What the query answers, within so many seconds."""
        answer: Status = await self.handle.query(
            "status", result_type=Status, rpc_timeout=timedelta(seconds=patience)
        )
        return answer

    async def until(self, wanted: Callable[[Status], bool]) -> Status:
        """Wait until the status is as wanted. A worker that is starting, or has to replay the
        history first, may not answer yet."""

        async def look() -> Status | RPCError:
            try:
                return await self.status(5)
            except RPCError as error:
                if error.status is RPCStatusCode.NOT_FOUND:
                    raise
                return error

        found = await until(look, lambda seen: isinstance(seen, Status) and wanted(seen))
        assert isinstance(found, Status)
        return found

    async def until_at(self, step: str, state: str = "waiting") -> Status:
        """Wait until the lead stands at a step."""
        return await self.until(lambda status: (status.step, status.state) == (step, state))

    async def ends(self) -> Ending:
        """Wait for the exit."""
        async with asyncio.timeout(PATIENCE):
            return await self.handle.result()

    async def order(self, verb: str, **body: JsonValue) -> Status:
        """Send an operator's order."""
        answer: Status = await self.handle.execute_update(verb, body, result_type=Status)
        return answer

    def mails(self) -> int:
        """How many mails the lead has got."""
        messages = self.world.sandbox.sandbox.mail.messages()
        return sum(mail.to_address == self.lead.email for mail in messages)

    def records(self, name: str) -> list[dict[str, Any]]:
        """The Tasks or Events that Salesforce has of the lead."""
        found = self.world.sandbox.sandbox.salesforce.rows(name)
        return [row for row in found if row.get("WhoId") == self.lead.salesforce_id]

    def crm_lead(self) -> dict[str, Any]:
        """The lead as Salesforce has it."""
        found = self.world.sandbox.sandbox.salesforce.rows("Lead")
        return next(row for row in found if row["Id"] == self.lead.salesforce_id)

    async def row(self) -> Any:
        """The ledger's row of the entry."""
        async with self.world.ledger.reading() as tx:
            return await find_entry(tx, self.handle.id, self.entry)


@asynccontextmanager
async def open_world(
    directory: Path, *, works: bool = True, codec: CodecSettings | None = None
) -> AsyncIterator[World]:
    """A world of its own, with a worker if ``works``, where ``codec`` encrypts payloads."""
    suggested = f"limit.historyCount.suggestContinueAsNew={LONG_HISTORY}"
    server = dev_server(
        directory / "temporal",
        search_attributes={key.name: "Keyword" for key in SEARCH_ATTRIBUTES},
        port=0,
        ui_port=0,
        extra=("--headless", *(f"--dynamic-config-value={one}" for one in (suggested, *DELETES))),
    )
    async with server as running:
        with running_sandbox(directory / "sandbox") as sandbox:
            ledger = await Ledger.open(migrated_ledger(directory))
            client = await connect(running.address, codec_of(codec, ledger))
            accounts = accounts_with(sandbox.web)
            settings = settings_for(sandbox, directory).model_copy(update={"codec": codec})
            world = World(client, ledger, sandbox, settings, accounts)
            for member in SALES.members:
                sandbox.sandbox.salesforce.seed_user(member.user)
            if works:
                world.work()
            try:
                yield world
            finally:
                for worker in world.workers:
                    await stop(worker)
                await world.ledger.close()  # perhaps not the one it began with


async def stop(worker: asyncio.Task[None]) -> None:
    """End a worker; what is in flight may end first."""
    worker.cancel()
    with suppress(asyncio.CancelledError):
        await worker
