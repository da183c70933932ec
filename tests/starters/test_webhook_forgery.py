"""Webhooks that somebody forged, bent or sent again: nothing is taken in, or all of it once.

Every byte of what is signed is turned over once, for each door that checks a signature or a token.
"""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncIterator, Callable, Iterator
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from urllib.parse import urlencode

import httpx
import pytest
from pydantic import SecretStr
from standardwebhooks.webhooks import Webhook

from activities.ledger.tables import admissions, effects, inbox, suppressions
from tests.starters.arrivals import ADA, EVENTS_SECRET, MAIL_TOKEN, Arrivals, event, open_ingress
from tests.starters.test_ingress_mail import letter
from tests.starters.test_ingress_texts import PUBLIC, answer, send_text, signature

SMARTLEAD_TOKEN = "a long token"
TIMES = 50


@dataclass(frozen=True)
class Posted:
    """One request that is right: what is signed, and what shows who sends it."""

    path: str
    body: bytes
    headers: dict[str, str] = field(default_factory=dict)
    query: dict[str, str] = field(default_factory=dict)

    async def to(self, arrivals: Arrivals) -> httpx.Response:
        url = f"{self.path}?{urlencode(self.query)}" if self.query else self.path
        return await arrivals.http.post(url, content=self.body, headers=self.headers)


def an_event() -> Posted:
    at = datetime.now(UTC)
    body = json.dumps(event(kind="unsubscribe"))
    headers = {"webhook-id": "msg_1", "webhook-timestamp": str(int(at.timestamp()))}
    headers["webhook-signature"] = Webhook(EVENTS_SECRET).sign("msg_1", at, body)
    return Posted("/events", body.encode(), headers)


def a_text() -> Posted:
    form = answer("STOP")
    headers = {"X-Twilio-Signature": signature(PUBLIC, form)}
    headers["Content-Type"] = "application/x-www-form-urlencoded"
    return Posted("/webhooks/twilio", urlencode(form).encode(), headers)


def a_mail() -> Posted:
    headers = {"Authorization": f"Bearer {MAIL_TOKEN}"}
    return Posted("/webhooks/mail", letter("please unsubscribe me"), headers)


def a_report() -> Posted:
    told = {"event_type": "LEAD_UNSUBSCRIBED", "to_email": "ada@lead.example", "campaign_id": 7}
    body = json.dumps(told | {"sequence_number": 1, "message_id": "<m-1>"}).encode()
    return Posted("/webhooks/smartlead", body, query={"token": SMARTLEAD_TOKEN})


DOORS: dict[str, Callable[[], Posted]] = {
    "events": an_event,
    "twilio": a_text,
    "mail": a_mail,
    "smartlead": a_report,
}
SIGNED = {"events": "webhook-signature", "twilio": "X-Twilio-Signature", "mail": "Authorization"}
SIGNED_TOO = ("webhook-id", "webhook-timestamp")


@pytest.fixture
async def arrivals(tmp_path: Path) -> AsyncIterator[Arrivals]:
    async with open_ingress(tmp_path, smartlead_token=SecretStr(SMARTLEAD_TOKEN)) as found:
        await send_text(found)
        yield found


def bent(posted: Posted, door: str) -> Iterator[Posted]:
    """The request with one byte turned over: each byte of what is signed or secret, once."""
    if door in ("events", "twilio"):
        for place in range(len(posted.body)):
            changed = bytearray(posted.body)
            changed[place] ^= 1
            yield Posted(posted.path, bytes(changed), posted.headers)
    for name in (SIGNED.get(door, ""), *(SIGNED_TOO if door == "events" else ())):
        for value in _turned(posted.headers.get(name, "")):
            yield Posted(posted.path, posted.body, posted.headers | {name: value})
    for value in _turned(posted.query.get("token", "")):
        yield Posted(posted.path, posted.body, query={"token": value})


def _turned(text: str) -> Iterator[str]:
    """A text with one character turned over; the padding of Base64 and what frames it apart."""
    begin = text.index(" ") + 1 if text.startswith("Bearer ") else 0
    begin = len("v1,") if text.startswith("v1,") else begin
    for place in range(begin, len(text.rstrip("="))):
        # Bit 3: a turn of the last bits before the padding is no other signature.
        yield text[:place] + chr(ord(text[place]) ^ 8) + text[place + 1 :]


@pytest.mark.parametrize("door", DOORS)
async def test_a_byte_turned_over_anywhere_is_refused_and_nothing_is_kept(
    arrivals: Arrivals, door: str
) -> None:
    posted = DOORS[door]()
    tried = 0
    for forged in bent(posted, door):
        refused = await forged.to(arrivals)
        assert 400 <= refused.status_code < 500, forged
        tried += 1
    assert tried >= len(SMARTLEAD_TOKEN)
    assert await arrivals.rows(inbox, "id") == []
    assert await arrivals.rows(suppressions, "reason") == []
    assert (await posted.to(arrivals)).status_code == 200
    assert len(await arrivals.rows(suppressions, "reason")) > 0


@pytest.mark.parametrize("door", DOORS)
async def test_what_is_sent_fifty_times_at_once_happens_once(arrivals: Arrivals, door: str) -> None:
    posted = DOORS[door]()
    before = await arrivals.rows(effects, "key")
    answers = await asyncio.gather(*(posted.to(arrivals) for _ in range(TIMES)))
    assert {answer.status_code for answer in answers} == {200}
    (kept,) = await arrivals.rows(inbox, "lead")
    assert kept == (ADA,)
    marked = [row for row in await arrivals.rows(effects, "key") if row not in before]
    assert len(marked) == len(set(marked)) == (0 if door == "twilio" else 2)  # the field, the Note
    assert await arrivals.rows(admissions, "stop_reason") != [(None,)] or door == "twilio"


@pytest.mark.parametrize("door", ["events", "twilio", "mail"])
async def test_without_its_header_nothing_is_taken(arrivals: Arrivals, door: str) -> None:
    posted = DOORS[door]()
    for name in (SIGNED[door], *(SIGNED_TOO if door == "events" else ())):
        left = {key: value for key, value in posted.headers.items() if key != name}
        refused = await Posted(posted.path, posted.body, left).to(arrivals)
        assert refused.status_code in (401, 403)
    assert await arrivals.rows(inbox, "id") == []


@pytest.mark.parametrize("door", ["events", "twilio", "mail"])
async def test_a_wrong_header_beside_the_right_one_opens_no_door(
    arrivals: Arrivals, door: str
) -> None:
    posted = DOORS[door]()
    name = SIGNED[door]
    doubled = [*posted.headers.items(), (name, "v1,AAAA")]
    doubled.sort(key=lambda pair: pair[1] != "v1,AAAA")
    refused = await arrivals.http.post(posted.path, content=posted.body, headers=doubled)
    alone = await Posted(posted.path, posted.body, posted.headers | {name: "v1,AAAA"}).to(arrivals)
    # One of the two counts, and always the same one: no reader here takes another than the check.
    assert refused.status_code in (200, alone.status_code)
    assert len(await arrivals.rows(inbox, "id")) == (refused.status_code == 200)
