"""The prospects: people with a mailbox who read what we send, and do what their part says."""

from __future__ import annotations

import asyncio
import json
import re
from collections import Counter
from collections.abc import Awaitable, Callable
from contextlib import suppress
from datetime import UTC, date, datetime, timedelta
from email import message_from_bytes
from email.message import EmailMessage
from email.policy import default
from typing import Any, Final, NoReturn

import httpx
from standardwebhooks.webhooks import Webhook
from temporalio.client import WorkflowHandle
from temporalio.service import RPCError

from starters.demo.cast import AWAY, Act, part_of
from starters.demo.letters import back_on, letter_from
from starters.demo.sample_leads import Audience
from starters.demo.stage import Stage
from workflows.contracts import enrollment_id

LOOK_EVERY: Final = timedelta(seconds=0.4)
REACTION: Final = timedelta(seconds=1.2)
"""How long a prospect takes to answer."""

TRIES = 20
PAUSE: Final = timedelta(seconds=0.5)
_LINK = re.compile(r"<(https?://[^>]+)>")


class Ignored(RuntimeError):
    """The product did not take in what a prospect did; says what was answered."""


class Prospects:
    """Watches the sandbox's inbox and acts.

    By address, ``acknowledged`` is when the product had said yes to what the prospect did (UTC),
    and ``back`` the day on which somebody who is away said to be back.
    """

    def __init__(
        self, stage: Stage, automation: str, audience: Audience, http: httpx.AsyncClient
    ) -> None:
        self._stage = stage
        self._automation = automation
        self._audience = audience
        self._http = http
        self._mails: Counter[str] = Counter()
        self._read: set[str] = set()
        self._acting: dict[str, asyncio.Task[None]] = {}
        self.acknowledged: dict[str, datetime] = {}
        self.back: dict[str, date] = {}

    async def live(self) -> NoReturn:
        """Read mail and act until cancelled. Raises Ignored if an act is not taken in."""
        try:
            while True:
                await self._look()
                for task in self._acting.values():
                    if task.done():
                        task.result()
                await asyncio.sleep(LOOK_EVERY.total_seconds())
        finally:
            for task in self._acting.values():
                task.cancel()
            await asyncio.gather(*self._acting.values(), return_exceptions=True)

    async def _look(self) -> None:
        answer = await self._http.get(f"{self._stage.sandbox_url}/_log", params={"vendor": "smtp"})
        for entry in answer.raise_for_status().json():
            details = entry["details"]
            if entry["action"] != "accepted" or details["queue_id"] in self._read:
                continue
            self._read.add(details["queue_id"])
            for address in details["rcpt_to"]:
                await self._receive(address.lower(), details["queue_id"])

    async def _receive(self, address: str, queue_id: str) -> None:
        self._mails[address] += 1
        part = part_of(address)
        if part.act is Act.SILENT or address in self._acting or self._mails[address] < part.on_mail:
            return
        raw = await self._http.get(f"{self._stage.sandbox_url}/inbox/{queue_id}.eml")
        mail = message_from_bytes(raw.raise_for_status().content, EmailMessage, policy=default)
        self._acting[address] = asyncio.create_task(self._act(part.act, address, mail))

    async def _act(self, act: Act, address: str, mail: EmailMessage) -> None:
        await asyncio.sleep(REACTION.total_seconds())
        now = datetime.now(UTC)
        letter = letter_from(act, mail, now)
        if act in AWAY:
            self.back[address] = back_on(now)
        if letter is not None:
            await self._write(letter)
        elif act is Act.BOOKS_BY_SIGNAL:
            await self._signal(address, now)
        elif act is Act.UNSUBSCRIBES:
            await self._click(mail)
        elif act is Act.FILTERED:
            await self._open_links(mail)
        elif act is Act.BOOKS:
            await self._report(address, "meeting_booked", _meeting(now))
        elif act is Act.LOOKS_AT_PRICES:
            await self._report(address, "prices_viewed", {"page": "/prices"})
        self.acknowledged[address] = datetime.now(UTC)

    async def _write(self, letter: bytes) -> None:
        token = self._stage.environment["DRIPSTONE_INGRESS__MAIL_TOKEN"]
        headers = {"Authorization": f"Bearer {token}", "Content-Type": "message/rfc822"}
        url = f"{self._stage.ingress_url}/webhooks/mail"
        await _until_taken(lambda: self._http.post(url, content=letter, headers=headers))

    async def _click(self, mail: EmailMessage) -> None:
        """What the unsubscribe button of a mail program does (RFC 8058)."""
        if mail["List-Unsubscribe-Post"] != "List-Unsubscribe=One-Click":
            raise Ignored("a mail carries no List-Unsubscribe-Post: no button would be shown")
        form = {"List-Unsubscribe": "One-Click"}
        await _until_taken(lambda: self._http.post(_unsubscribe_link(mail), data=form))

    async def _open_links(self, mail: EmailMessage) -> None:
        """What the filter of a company's mail system does: looking must change nothing."""
        await _until_taken(lambda: self._http.get(_unsubscribe_link(mail)))

    async def _report(self, address: str, kind: str, data: dict[str, str]) -> None:
        """What a calendar or a web site posts, signed by the Standard Webhooks scheme."""
        now = datetime.now(UTC)
        lead = await self._known_as(address)
        event = {"id": f"{kind}-{lead}", "kind": kind, "at": now.isoformat(), "lead": lead}
        body = json.dumps(event | {"data": data})
        signer = Webhook(self._stage.environment["DRIPSTONE_INGRESS__EVENTS_SECRET"])
        headers = {
            "webhook-id": str(event["id"]),
            "webhook-timestamp": str(int(now.timestamp())),
            "webhook-signature": signer.sign(str(event["id"]), now, body),
            "Content-Type": "application/json",
        }
        url = f"{self._stage.ingress_url}/events"
        await _until_taken(lambda: self._http.post(url, content=body, headers=headers))

    async def _signal(self, address: str, now: datetime) -> None:
        """What a system of ours does that speaks to Temporal. Acknowledged is what status shows."""
        lead = await self._known_as(address)
        workflow = enrollment_id(self._automation, lead)
        handle = self._stage.client.get_workflow_handle(workflow)
        body = {"id": f"meeting-{lead}", "at": now.isoformat(), **_meeting(now)}
        await handle.signal("meeting_booked", body)
        while not await _shows(handle, "meeting_booked"):
            await asyncio.sleep(PAUSE.total_seconds())

    async def _known_as(self, address: str) -> str:
        """The id under which other systems know the lead: there once it is enrolled."""
        while address not in self._audience.leads:
            await asyncio.sleep(PAUSE.total_seconds())
        return self._audience.leads[address]


async def _shows(handle: WorkflowHandle[Any, Any], kind: str) -> bool:
    with suppress(RPCError):  # no worker answers queries just now
        status = await handle.query("status", rpc_timeout=timedelta(seconds=5))
        return kind in status.get("events", {})
    return False


async def _until_taken(ask: Callable[[], Awaitable[httpx.Response]]) -> None:
    """Ask until it is taken in, as every mail server and webhook sender does.

    Raises:
        Ignored: refused for good, or not taken in after many tries.
    """
    told = ""
    for _ in range(TRIES):
        try:
            answer = await ask()
        except httpx.TransportError as error:
            told = type(error).__name__
        else:
            if answer.is_success:
                return
            told = f"{answer.status_code} {answer.text[:200]}"
            if answer.is_client_error:
                break
        await asyncio.sleep(PAUSE.total_seconds())
    raise Ignored(f"what a prospect did was not taken in: {told}")


def _unsubscribe_link(mail: EmailMessage) -> str:
    found = _LINK.search(str(mail["List-Unsubscribe"] or ""))
    if found is None:
        raise Ignored("a mail carries no List-Unsubscribe address")
    return found[1]


def _meeting(now: datetime) -> dict[str, str]:
    """A meeting at ten o'clock (UTC) in three days, for half an hour."""
    starts = (now + timedelta(days=3)).replace(hour=10, minute=0, second=0, microsecond=0)
    return {
        "starts_at": starts.isoformat(),
        "ends_at": (starts + timedelta(minutes=30)).isoformat(),
        "type": "Product demo",
        "channel": "email",
        "owner_name": "Ada Fox",
        "owner": "ada@dripstone.example",
    }
