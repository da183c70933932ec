"""``POST /webhooks/smartlead``: what Smartlead reports of leads that were handed over to it.

A report belongs to an enrollment by our key, or by the vendor's id of the lead we put there, never
by its address alone. Only an opt-out counts for whoever has, or will have, the address.
"""

from __future__ import annotations

import hmac
from datetime import datetime, timedelta

import structlog
from pydantic import JsonValue
from starlette.requests import Request as HttpRequest
from starlette.responses import JSONResponse, Response

from activities.ledger.correlation import opted_out_at
from activities.ledger.handovers import ENDED, Handover, find_reported, note_sent
from activities.ledger.inbox import Incoming
from starters.ingress.reception import Reception, read_body
from starters.webhooks.smartlead import Report, Unreadable, parse
from workflows.engine.events import OUTREACH_SENT, Event

log = structlog.get_logger(__name__)

LIMIT = 1_000_000
OLDEST = timedelta(days=30)
TOKEN = "DRIPSTONE_INGRESS__SMARTLEAD_TOKEN"


async def post_smartlead(reception: Reception, request: HttpRequest) -> Response:
    """Take one report in. The same report again changes nothing."""
    token = reception.settings.smartlead_token
    if token is None:
        error = f"not configured: set {TOKEN}, and put it into the URL as ?token=..."
        return JSONResponse({"error": error}, 503)
    given = request.query_params.get("token", "").encode()
    if not hmac.compare_digest(given, token.get_secret_value().encode()):
        return JSONResponse({"error": f"the URL must end in ?token= and {TOKEN}"}, 401)
    try:
        report = parse(await read_body(request, LIMIT))
    except Unreadable as problem:
        return JSONResponse({"error": str(problem)}, 400)
    if not report.kind:
        return JSONResponse({"kind": None, "matched": False})
    return JSONResponse(await take_report(reception, report))


async def take_report(reception: Reception, report: Report) -> dict[str, JsonValue]:
    """Take one report in; what it was, and whether it is about a handover of ours.

    Raises:
        LedgerUnavailable: nothing was committed.
    """
    async with reception.ledger.reading() as tx:
        about = await find_reported(tx, report.campaign, report.key, report.vendor_lead)
        now = await reception.ledger.now(tx)
    at = report.at if report.at and now - OLDEST <= report.at <= now else now
    if about is None:
        return await _opt_out_by_address(reception, report, at)
    if report.kind == OUTREACH_SENT:
        await _note_sent(reception, about, report)
    received = await reception.take_in(_incoming(about, report, at))
    return {"kind": report.kind, "matched": True, "duplicate": not received.is_new}


async def _note_sent(reception: Reception, about: Handover, report: Report) -> None:
    if about.state == ENDED and about.ended_how != "completed":
        log.warning("handover.mailed_after_stop", handover=about.key, number=report.number)
    async with reception.ledger.transaction() as tx:
        await note_sent(tx, about.key, report.number)


def _incoming(about: Handover, report: Report, at: datetime) -> Incoming:
    data: dict[str, JsonValue] = {"via": "smartlead"}
    if report.kind == "bounce":
        data |= {"type": "hard", "step": about.step}
    event = Event(id=f"{report.id}/{about.key}"[:300], kind=report.kind, at=at, data=data)
    if report.kind != OUTREACH_SENT:
        return Incoming(event, about.center, "smartlead", about.lead)
    # What is told of a handover that is over must not move a lead on that is there again.
    visit = about.visit if about.state != ENDED else 0
    data |= {"step": about.step, "visit": visit, "number": report.number}
    told = event.model_copy(update={"data": data})
    return Incoming(told, about.center, "smartlead", about.lead, enrollment=about.enrollment)


async def _opt_out_by_address(
    reception: Reception, report: Report, at: datetime
) -> dict[str, JsonValue]:
    """A stranger's report stops nobody, but an opt-out is honoured in any shape."""
    whose = []
    if report.kind == "unsubscribe" and report.email:
        async with reception.ledger.reading() as tx:
            whose = await opted_out_at(reception.ledger, tx, reception.centers, report.email)
    for one in whose:
        event = Event(id=f"{report.id}/{one.center}", kind="unsubscribe", at=at)
        await reception.take_in(Incoming(event, one.center, "smartlead", one.lead, one.person))
    return {"kind": report.kind, "matched": False, "opted_out": len(whose)}
