"""``POST /webhooks/twilio``: answers to text messages, opt-outs, and what became of messages.

An answer belongs to whom the newest message went from that number of ours to that phone: a phone
number alone names nobody. An opt-out counts for the number in every center, because the sender
is one and the same to whoever writes STOP.
"""

from __future__ import annotations

import hashlib
from collections.abc import Mapping

import structlog
from pydantic import JsonValue
from starlette.requests import Request as HttpRequest
from starlette.responses import JSONResponse, Response

from activities.ledger.effects import EffectRow
from activities.ledger.inbox import Incoming
from activities.ledger.opt_outs import SMS_UNDELIVERED, SMS_VENDOR
from activities.ledger.suppressions import phone_key
from activities.ledger.text_correlation import confirm, find_text_by_mark, newest_texts
from config.settings import TwilioSettings
from starters.ingress.reception import Reception, read_body
from starters.webhooks.twilio import (
    NOT_SENT,
    Form,
    InboundText,
    TextStatus,
    UnreadableText,
    is_signed,
    parse,
    read_form,
)
from workflows.engine.events import SMS_OPT_OUT, Event, plain_json

log = structlog.get_logger(__name__)

LIMIT = 100_000
SETTINGS = "DRIPSTONE_TWILIO__ACCOUNT_SID, __AUTH_TOKEN and __FROM"


async def post_twilio(reception: Reception, request: HttpRequest) -> Response:
    """Take one webhook in. What is signed is acknowledged whatever it is: never sent twice."""
    twilio = reception.twilio
    if twilio is None:
        return JSONResponse({"error": f"not configured: set {SETTINGS}"}, 503)
    body = await read_body(request, LIMIT)
    try:
        form = read_form(body)
    except UnreadableText as problem:
        return JSONResponse({"error": str(problem)}, 400)
    signature = request.headers.get("x-twilio-signature", "")
    token = twilio.auth_token.get_secret_value()
    if not is_signed(_url(reception, request), form, signature, token):
        error = (
            "signature missing or wrong: DRIPSTONE_TWILIO__AUTH_TOKEN must be the account's, and "
            "DRIPSTONE_INGRESS__PUBLIC_URL the address that Twilio posts to"
        )
        return JSONResponse({"error": error}, 403)
    await _take(reception, twilio, form, request.query_params.get("key", ""))
    return Response("<Response></Response>", media_type="text/xml")


def _url(reception: Reception, request: HttpRequest) -> str:
    """The address as Twilio knows it; a proxy in front may have changed the host here."""
    query = f"?{request.url.query}" if request.url.query else ""
    return f"{reception.settings.public_url.rstrip('/')}{request.url.path}{query}"


async def _take(reception: Reception, twilio: TwilioSettings, form: Form, key: str) -> None:
    try:
        posted = parse(form, twilio.account_sid)
    except UnreadableText as problem:
        await _keep_unreadable(reception, form, str(problem))
        return
    if isinstance(posted, TextStatus):
        await _take_status(reception, posted, key)
        return
    for incoming in await _about(reception, posted):
        await reception.take_in(incoming)


async def _about(reception: Reception, posted: InboundText) -> list[Incoming]:
    """Whom a message is about: one event, or for an opt-out one in each center."""
    async with reception.ledger.reading() as tx:
        senders = (posted.to, posted.service)
        rows = await newest_texts(reception.ledger, tx, senders, posted.sender)
    if posted.wish != "reply":
        centers = dict.fromkeys((*rows, *reception.centers))
    else:
        centers = dict.fromkeys([next(iter(rows), "default")])
    return [await _event(reception, posted, center, rows.get(center)) for center in centers]


async def _event(
    reception: Reception, posted: InboundText, center: str, row: EffectRow | None
) -> Incoming:
    async with reception.ledger.reading() as tx:
        now = await reception.ledger.now(tx)
    data: dict[str, JsonValue] = {
        "channel": "sms",
        "phone": phone_key(reception.ledger, center, posted.sender),
        "from": posted.sender,
        "to": posted.to,
        "text": posted.text,
        "matched": "phones" if row else None,
    }
    kept = plain_json(data)
    assert isinstance(kept, dict)
    event = Event(id=f"twilio-{posted.sid}/{center}", kind=posted.wish, at=now, data=kept)
    lead, person = (row.lead, row.person) if row else (None, None)
    return Incoming(event, center, SMS_VENDOR, lead, person)


async def _take_status(reception: Reception, posted: TextStatus, key: str) -> None:
    """What became of a message of ours. One that is not known here is not ours to judge."""
    async with reception.ledger.reading() as tx:
        row = await find_text_by_mark(tx, key) if key else None
        now = await reception.ledger.now(tx)
    if row is None:
        return
    if posted.status != "failed":
        async with reception.ledger.transaction() as tx:
            await confirm(tx, row.key, posted.sid)
    data: dict[str, JsonValue] = {"channel": "sms", "step": row.step, "code": posted.code}
    number = row.payload.get("to")  # a payload that was erased says nothing
    data |= {"phone": phone_key(reception.ledger, row.center, number)} if number else {}
    event_id = f"twilio-{posted.sid}/{posted.status}"
    incoming = Incoming(
        Event(id=event_id, kind="sms_delivered", at=now, data=data),
        *(row.center, SMS_VENDOR, row.lead, row.person, row.enrollment),
    )
    if posted.status in NOT_SENT:
        incoming = _undelivered(incoming, posted, data)
    elif posted.status not in ("delivered", "read"):
        return
    await reception.take_in(incoming)


def _undelivered(incoming: Incoming, posted: TextStatus, data: Mapping[str, JsonValue]) -> Incoming:
    event = incoming.event
    if posted.opted_out:
        stopped = event.model_copy(update={"kind": SMS_OPT_OUT, "data": {**data, "via": "vendor"}})
        # About the person, and so about every enrollment.
        return Incoming(stopped, incoming.center, SMS_VENDOR, incoming.lead, incoming.person)
    sort = "hard" if posted.is_hard else "soft"
    told = event.model_copy(update={"kind": SMS_UNDELIVERED, "data": {**data, "type": sort}})
    return Incoming(
        told, incoming.center, SMS_VENDOR, incoming.lead, incoming.person, incoming.enrollment
    )


async def _keep_unreadable(reception: Reception, form: Form, problem: str) -> None:
    """Kept for a person to look at: it is signed, so it is news that we do not understand."""
    digest = hashlib.sha256(repr(sorted(form)).encode("utf-8", "replace")).hexdigest()[:32]
    async with reception.ledger.reading() as tx:
        now = await reception.ledger.now(tx)
    fields = plain_json({name[:100]: value[:2000] for name, value in form})
    data: dict[str, JsonValue] = {"problem": problem, "fields": fields}
    event = Event(id=f"twilio-{digest}", kind="malformed", at=now, data=data)
    await reception.take_in(Incoming(event, "default", SMS_VENDOR))
    log.warning("ingress.unreadable_text_webhook", id=event.id, problem=problem)
