"""``POST /webhooks/mail``: raw inbound mail becomes an event about the lead that it is from.

A Message-ID of ours proves that the sender has seen our mail. Without one, only what a human
wrote counts, and only to stop: a report by a mail system may be forged to silence somebody.
"""

from __future__ import annotations

import asyncio
import base64
import hashlib
import hmac
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

import structlog
from pydantic import JsonValue
from starlette.requests import Request as HttpRequest
from starlette.responses import JSONResponse, Response

from activities.ledger.correlation import Known, erased_at, find_mail, opted_out_at, people_at
from activities.ledger.effects import EffectRow
from activities.ledger.inbox import Incoming, Received
from activities.ledger.leads import BadLead, canonical_address, person_of
from starters.ingress.reception import Reception, read_body
from starters.webhooks.mail import InboundMail, UnreadableMail, parse
from workflows.engine.events import Event, plain_json

log = structlog.get_logger(__name__)

LIMIT = 40_000_000
KEPT_BYTES = 64_000
TOKEN = "DRIPSTONE_INGRESS__MAIL_TOKEN"
OLDEST = timedelta(days=30)
BY_A_HUMAN = ("reply", "unsubscribe")
REPORTS = ("bounce", "delayed", "complaint")
NOBODYS = "default"
"""The center in which mail is kept that is about nobody known."""
KINDS = {"delayed": "auto_reply"}
"""What a mail is called in the inbox, if not as the parser calls it."""


@dataclass(frozen=True, slots=True)
class _Read:
    """A mail, what it is called in the inbox, when it came, and the mail of ours it answers."""

    mail: InboundMail
    kind: str
    at: datetime
    about: EffectRow | None


async def post_mail(reception: Reception, request: HttpRequest) -> Response:
    """Take one raw message (RFC 5322) in. It is acknowledged whatever it is: never sent twice."""
    token = reception.settings.mail_token
    if token is None:
        error = f"not configured: set {TOKEN}, and send it as 'Authorization: Bearer ...'"
        return JSONResponse({"error": error}, 503)
    expected = f"Bearer {token.get_secret_value()}".encode()
    given = request.headers.get("authorization", "").encode("latin-1", "replace")
    if not hmac.compare_digest(given, expected):
        error = f"send 'Authorization: Bearer' with the value of {TOKEN}"
        return JSONResponse({"error": error}, 401, {"WWW-Authenticate": "Bearer"})
    raw = await read_body(request, LIMIT)
    if not raw.strip():
        return JSONResponse({"error": "empty: send the raw message as the body"}, 400)
    return JSONResponse(await take_mail(reception, raw))


async def take_mail(reception: Reception, raw: bytes) -> dict[str, Any]:
    """Take one raw message in; what it was, and by what it was matched.

    Raises:
        LedgerUnavailable: nothing was committed.
    """
    try:
        # In a thread: a big or broken message may keep the parser busy.
        mail = await asyncio.to_thread(parse, raw)
    except UnreadableMail as problem:
        return await _keep_unreadable(reception, raw, str(problem))
    read = await _correlate(reception, mail)
    by_address = [] if read.about else await _by_address(reception, read)
    is_known = any(one.lead for one in by_address)
    matched = "message_id" if read.about else "address" if is_known else None
    incoming = [_about(reception, read, read.about)] if read.about else by_address
    incoming = incoming or await _by_someone_erased(reception, read)
    taken = [await reception.take_in(one) for one in incoming or [_about_nobody(read)]]
    return _answer(read.kind, matched, taken)


def _answer(kind: str, matched: str | None, taken: list[Received]) -> dict[str, Any]:
    is_new = any(received.is_new for received in taken)
    return {"kind": kind, "matched": matched, "duplicate": not is_new}


async def _correlate(reception: Reception, mail: InboundMail) -> _Read:
    async with reception.ledger.reading() as tx:
        copied = await find_mail(tx, (mail.message_id,))
        about = copied or await find_mail(tx, mail.references)
        now = await reception.ledger.now(tx)
    is_own = copied is not None or _is_from_us(reception, mail, about)
    kind = "own_mail" if is_own and mail.kind not in REPORTS else KINDS.get(mail.kind, mail.kind)
    # The sender's clock is believed within reason only.
    at = mail.date if mail.date and now - OLDEST <= mail.date <= now else now
    return _Read(mail, kind, at, about)


def _is_from_us(reception: Reception, mail: InboundMail, about: EffectRow | None) -> bool:
    """Whether one of our mailboxes wrote it: a colleague in the thread is not the lead.

    Unless that mailbox is the lead, as when somebody tries a campaign out on their own address.
    """
    sender = _canonical(mail.from_address)
    centers = reception.connections.centers.values()
    ours = {_canonical(box.address) for center in centers for box in center.mailboxes.values()}
    # A payload that was erased says nothing.
    recipient = _canonical(about.payload.get("mail", {}).get("to_address")) if about else None
    return sender is not None and sender in ours and sender != recipient


def _canonical(address: str | None) -> str | None:
    try:
        return canonical_address(address) if address else None
    except BadLead:
        return None


async def _by_address(reception: Reception, read: _Read) -> list[Incoming]:
    """The safe side: a human who writes to us stops, whatever became of the thread.

    An opt-out holds for the address though nobody is known by it.
    """
    address = read.mail.from_address
    if read.kind not in BY_A_HUMAN or not address:
        return []
    whose = opted_out_at if read.kind == "unsubscribe" else people_at
    async with reception.ledger.reading() as tx:
        found = await whose(reception.ledger, tx, reception.centers, address)
    return [
        Incoming(_told_of(read, one), one.center, "mail", one.lead, one.person) for one in found
    ]


def _told_of(read: _Read, one: Known) -> Event:
    """The mail as it is kept with somebody; of a stranger's, other centers get the opt-out alone.

    A stranger's mail is kept where every mail of nobody's is.
    """
    event = _event(read, "address" if one.lead else None, one.center)
    if one.lead or one.center == NOBODYS:
        return event
    return event.model_copy(update={"data": {"matched": None, "via": "reply"}})


async def _by_someone_erased(reception: Reception, read: _Read) -> list[Incoming]:
    """Any mail of somebody who was erased is theirs, so that nothing of it is written down."""
    address = read.mail.from_address
    if not address:
        return []
    async with reception.ledger.reading() as tx:
        gone = await erased_at(reception.ledger, tx, reception.centers, address)
    return [
        Incoming(_event(read, None, center), center, "mail", person=person)
        for center, person in gone
    ]


def _about(reception: Reception, read: _Read, row: EffectRow) -> Incoming:
    event = _event(read, "message_id", row.center, row.step)
    # The mail of one enrollment did not arrive: the others of the person need not send again.
    only = row.enrollment if event.is_soft_bounce else None
    bounced = _bounced(reception, row) if event.kind == "bounce" else None
    return Incoming(
        event, row.center, "mail", row.lead, row.person, enrollment=only, bounced=bounced
    )


def _bounced(reception: Reception, row: EffectRow) -> str | None:
    """Whose address came back; None if that is no longer known."""
    address = row.payload.get("mail", {}).get("to_address")
    return person_of(reception.ledger, row.center, address, row.lead or "") if address else None


def _about_nobody(read: _Read) -> Incoming:
    return Incoming(_event(read, None, NOBODYS), NOBODYS, "mail")


def _event(read: _Read, matched: str | None, center: str, step: str | None = None) -> Event:
    mail = read.mail
    data: dict[str, JsonValue] = {
        "matched": matched,
        "from": mail.from_address,
        "subject": mail.subject,
        "text": mail.text,
    }
    if mail.kind in REPORTS:
        data |= {"status": mail.status, "recipient": mail.final_recipient, "report": mail.kind}
    if read.kind == "bounce":
        data |= {"type": mail.bounce or "soft", "step": step}
    if read.kind == "unsubscribe":
        data |= {"via": "reply"}
    if read.kind == "out_of_office" and mail.return_date:
        data |= {"until": mail.return_date.isoformat()}
    kept = plain_json(data)
    assert isinstance(kept, dict)
    # The kind too: a mail under a Message-ID seen before must not hide an opt-out.
    name = _digest(f"{center}\n{read.kind}\n{mail.message_id}".encode("utf-8", "replace"))
    return Event(id=f"mail-{name}", kind=read.kind, at=read.at, data=kept)


async def _keep_unreadable(reception: Reception, raw: bytes, problem: str) -> dict[str, Any]:
    """Kept for a person to look at. Acknowledged: sent again it would be as unreadable."""
    async with reception.ledger.reading() as tx:
        now = await reception.ledger.now(tx)
    data: dict[str, JsonValue] = {
        "problem": problem,
        "digest": hashlib.sha256(raw).hexdigest(),
        "bytes": len(raw),
        "raw": base64.b64encode(raw[:KEPT_BYTES]).decode(),
    }
    event = Event(id=f"mail-{_digest(raw)}", kind="malformed", at=now, data=data)
    received = await reception.take_in(Incoming(event, NOBODYS, "mail"))
    log.warning("ingress.unreadable_mail", id=event.id, bytes=len(raw))
    return _answer("malformed", None, [received]) | {"problem": problem}


def _digest(raw: bytes) -> str:
    return hashlib.sha256(raw).hexdigest()[:32]
