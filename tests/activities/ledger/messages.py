"""Whatever reaches a lead, as its activity alone does it: a mail, a text message, a call, a lead
that is handed over. Vendors take everything."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Collection, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from activities.handovers import Handovers
from activities.http_calls import HttpCalls
from activities.ledger import Ledger
from activities.ledger.connections import CenterConnections, Connections
from activities.ledger.http_connections import HttpConnection
from activities.ledger.leads import Lead
from activities.messaging import Messaging
from activities.texting import Texting
from activities.vendors.ports import (
    HandOver,
    LentLead,
    NotYet,
    Receipt,
    TextMessage,
    WebAnswer,
    WebRequest,
)
from tests.activities.ledger.scenes import ADA, SEND, a_lead, enter, make
from tests.activities.ledger.test_mail_gate import OPEN, Post
from workflows.engine.effects import HandOverLead, HttpCall, Outcome, SendEmail, SendSms

GATEWAY = HttpConnection(base_url="https://gateway.example", idempotency_header="Idempotency-Key")
CENTER = CenterConnections(mailboxes={"default": ADA}, http={"gateway": GATEWAY})
ACCOUNTS = Connections(centers={"default": CENTER})
CALL: dict[str, Any] = {
    **{"kind": "http_call", "connection": "gateway", "method": "POST", "path": "/messages"},
    **{"body": {"to": "{{ lead.email }}", "text": "Hello"}, "reaches_lead": True},
}
STEPS: list[dict[str, Any]] = [
    SEND,
    {"id": "t", "kind": "send_sms", "text": "Hi"},
    {"id": "c", **CALL},
    {"id": "h", "kind": "outreach_handover", "campaign": 7, "timeout": "5 days"},
]


@dataclass
class Vendors:
    """All of them; ``reached`` is whom or what they were told. ``down``: they do not answer."""

    reached: list[str] = field(default_factory=list)
    down: bool = False
    key: str = ""
    sender: str = "+12025550100"

    def _take(self, what: str) -> None:
        if self.down:
            raise NotYet("test", "http_503", "down")
        self.reached.append(what)

    async def call(
        self, account: HttpConnection, request: WebRequest, hand_over: HandOver
    ) -> WebAnswer:
        await hand_over()
        self._take(request.content or "")
        return WebAnswer(200, b"{}")

    async def send_text(self, message: TextMessage, hand_over: HandOver) -> Receipt:
        await hand_over()
        self._take(message.recipient)
        return Receipt("SM1")

    async def find_text(
        self, message: TextMessage, since: datetime, known: Collection[str]
    ) -> Receipt | None:
        return None

    async def find_lead(self, campaign: int, email: str) -> LentLead | None:
        if self.down:
            raise NotYet("smartlead", "timeout", "down")
        return LentLead("101", self.key) if self.reached else None

    async def add_lead(self, campaign: int, lead: Mapping[str, Any], key: str) -> None:
        self._take(str(lead["email"]))
        self.key = key

    async def pause_lead(self, campaign: int, lead: str) -> bool:
        return True

    async def resume_lead(self, campaign: int, lead: str) -> None: ...

    async def remove_lead(self, campaign: int, lead: str) -> None: ...


@dataclass
class Sender:
    """One kind of message: ``send`` asks for it, as a workflow does. ``activities`` does it."""

    activities: Any
    send: Callable[[str], Awaitable[Outcome]]
    vendors: Any

    @property
    def reached(self) -> int:
        """How many messages have left."""
        return self.vendors.taken if isinstance(self.vendors, Post) else len(self.vendors.reached)

    def hold_after_judgement(self) -> tuple[asyncio.Event, asyncio.Event]:
        """Stop between the gate's verdict and the intent: (it is there, it may go on)."""
        judged, go_on, judge = asyncio.Event(), asyncio.Event(), self.activities._judge

        async def slowly(*about: Any) -> Outcome | None:
            verdict: Outcome | None = await judge(*about)
            judged.set()
            await go_on.wait()
            return verdict

        self.activities._judge = slowly
        return judged, go_on


def _fields(enrollment: str, step: str) -> dict[str, Any]:
    return {"enrollment": enrollment, "entry": 1, "step": step, "visit": 1}


def mailing(ledger: Ledger) -> Sender:
    """Mails."""
    post = Post()
    activities = Messaging(ledger, ACCOUNTS, post, "http://127.0.0.1:1")
    more = {"kind": "send_email", "template": "intro"}
    return Sender(
        activities,
        lambda one: activities.send_email(SendEmail.model_validate(_fields(one, "a") | more)),
        post,
    )


def texting(ledger: Ledger) -> Sender:
    """Text messages."""
    vendors = Vendors()
    activities = Texting(ledger, ACCOUNTS, vendors)
    more = {"kind": "send_sms", "text": "Hi"}
    return Sender(
        activities,
        lambda one: activities.send_sms(SendSms.model_validate(_fields(one, "t") | more)),
        vendors,
    )


def calling(ledger: Ledger) -> Sender:
    """Calls that reach the lead."""
    vendors = Vendors()
    activities = HttpCalls(ledger, ACCOUNTS, vendors)
    return Sender(
        activities,
        lambda one: activities.http_call(HttpCall.model_validate(_fields(one, "c") | CALL)),
        vendors,
    )


def handing_over(ledger: Ledger) -> Sender:
    """Leads that are handed over."""
    vendors = Vendors()
    activities = Handovers(ledger, ACCOUNTS, vendors)
    more = {"kind": "hand_over_lead", "campaign": 7}
    return Sender(
        activities,
        lambda one: activities.hand_over_lead(
            HandOverLead.model_validate(_fields(one, "h") | more)
        ),
        vendors,
    )


KINDS: dict[str, Callable[[Ledger], Sender]] = {
    "mail": mailing,
    "text message": texting,
    "call": calling,
    "handover": handing_over,
}


async def someone_inside(
    ledger: Ledger, email: str = "lead1@example.com", **more: Any
) -> tuple[Lead, str]:
    """A lead that everything may reach, and its enrollment."""
    campaign, fields = OPEN | more.pop("campaign", {}), more.pop("fields", {})
    await make(ledger, campaign=campaign, steps=STEPS, **more)
    lead = a_lead(ledger, 1, email, first_name="A", phone="+12025550123", **fields)
    return lead, await enter(ledger, lead)
