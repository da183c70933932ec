"""The sandbox vendors as one web application, with the levers that a demo or a test pulls.

``/salesforce``, ``/slack``, ``/twilio``, ``/teams``, ``/hubspot``, ``/marketo``, ``/smartlead``,
``/google-analytics`` and ``/receiver`` are the vendors; paths that begin with an underscore are
levers.
"""

from __future__ import annotations

import json
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from pydantic import BaseModel, ConfigDict, Field, ValidationError
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import BaseRoute, Mount, Route
from starlette.types import Receive, Scope, Send

from starters.sandbox.credentials import SandboxSecrets, load_or_make
from starters.sandbox.faults import Faults
from starters.sandbox.google_analytics import AnalyticsSandbox
from starters.sandbox.hubspot import HubspotSandbox
from starters.sandbox.log import Log
from starters.sandbox.mail import MailSandbox
from starters.sandbox.marketo import MarketoSandbox
from starters.sandbox.pages import Pages
from starters.sandbox.phone_pages import PhonePages
from starters.sandbox.receiver import ReceiverSandbox
from starters.sandbox.salesforce import SalesforceSandbox
from starters.sandbox.salesforce.values import Refusal
from starters.sandbox.slack import SlackSandbox
from starters.sandbox.smartlead import SmartleadSandbox
from starters.sandbox.strike import ABORT
from starters.sandbox.teams import TeamsSandbox
from starters.sandbox.twilio import TwilioSandbox


@dataclass(frozen=True, slots=True)
class Sandbox:
    """The vendors of one directory, which share a log and the ordered faults."""

    directory: Path
    secrets: SandboxSecrets
    log: Log
    faults: Faults
    salesforce: SalesforceSandbox
    slack: SlackSandbox
    smartlead: SmartleadSandbox
    mail: MailSandbox
    receiver: ReceiverSandbox
    analytics: AnalyticsSandbox
    hubspot: HubspotSandbox
    marketo: MarketoSandbox
    twilio: TwilioSandbox
    teams: TeamsSandbox


def open_sandbox(directory: Path, secrets: SandboxSecrets | None = None) -> Sandbox:
    """The vendors with whatever they accepted before, as ``log.jsonl`` in ``directory`` tells.

    Without ``secrets``, those of the directory's ``sandbox.json`` are used, and made if missing.
    """
    directory.mkdir(parents=True, exist_ok=True)
    known = secrets or load_or_make(directory)
    log, faults = Log(directory / "log.jsonl"), Faults()
    return Sandbox(
        directory,
        known,
        log,
        faults,
        SalesforceSandbox(log, faults, known.salesforce),
        SlackSandbox(log, faults, known.slack),
        SmartleadSandbox(log, faults, known.smartlead),
        MailSandbox(directory / "mail", log, faults),
        ReceiverSandbox(log, faults, known.receiver),
        AnalyticsSandbox(log, faults, known.google_analytics),
        HubspotSandbox(log, faults, known.hubspot),
        MarketoSandbox(log, faults, known.marketo),
        TwilioSandbox(log, faults, known.twilio),
        TeamsSandbox(log, faults, known.teams),
    )


def create_app(sandbox: Sandbox) -> Starlette:
    """The web application for ``sandbox``; it must run on uvicorn, whose connections it can cut."""
    pages = Pages(sandbox)
    phones = PhonePages(sandbox.twilio, sandbox.teams)
    return _CuttableApp(
        routes=[
            Mount("/salesforce", routes=sandbox.salesforce.routes()),
            Mount("/slack", routes=sandbox.slack.routes()),
            Mount("/receiver", routes=sandbox.receiver.routes()),
            Mount("/google-analytics", routes=sandbox.analytics.routes()),
            Mount("/hubspot", routes=sandbox.hubspot.routes()),
            Mount("/marketo", routes=sandbox.marketo.routes()),
            Mount("/smartlead", routes=sandbox.smartlead.routes()),
            Mount("/twilio", routes=sandbox.twilio.routes()),
            Mount("/teams", routes=sandbox.teams.routes()),
            *_levers(sandbox),
            *pages.routes(),
            *phones.routes(),
        ]
    )


class FaultOrder(BaseModel):
    """The body of POST /_faults; ``starters.sandbox.faults`` lists the kinds."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    vendor: str
    point: str
    kind: str
    times: int = Field(default=1, ge=1)
    value: float | int | None = None


class Seed(BaseModel):
    """The body of POST /_seed: a Salesforce object, or SlackUser with the field email."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    object: str
    fields: dict[str, Any]


class _CuttableApp(Starlette):
    """Starlette that lets a response cut the connection it should have been sent on."""

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] == "http":
            # uvicorn's send is a method of the object that owns the connection; ASGI itself has
            # no word for cutting one.
            scope[ABORT] = send.__self__.transport.abort  # type: ignore[attr-defined]
        await super().__call__(scope, receive, send)


def _levers(sandbox: Sandbox) -> list[BaseRoute]:
    async def order_fault(request: Request) -> Response:
        try:
            order = FaultOrder.model_validate_json(await request.body())
        except ValidationError as error:
            return _bad(error)
        sandbox.faults.set(order.vendor, order.point, order.kind, order.times, order.value)
        return JSONResponse({"pending": sandbox.faults.pending()}, status_code=201)

    async def list_faults(request: Request) -> Response:
        return JSONResponse({"pending": sandbox.faults.pending()})

    async def clear_faults(request: Request) -> Response:
        sandbox.faults.clear()
        return Response(status_code=204)

    async def read_log(request: Request) -> Response:
        vendor = request.query_params.get("vendor")
        found = [e for e in sandbox.log.entries() if vendor in (None, e["vendor"])]
        return JSONResponse(found)

    async def seed(request: Request) -> Response:
        try:
            return JSONResponse({"id": _seeded(sandbox, await request.body())}, status_code=201)
        except (ValueError, Refusal) as error:
            return _bad(error)

    return [
        Route("/_answers", sandbox.receiver.order_answer, methods=["POST"]),
        Route("/_faults", order_fault, methods=["POST"]),
        Route("/_faults", list_faults, methods=["GET"]),
        Route("/_faults", clear_faults, methods=["DELETE"]),
        Route("/_smartlead", sandbox.smartlead.send_due, methods=["POST"]),
        Route("/_log", read_log, methods=["GET"]),
        Route("/_seed", seed, methods=["POST"]),
    ]


def _seeded(sandbox: Sandbox, body: bytes) -> str:
    wanted = Seed.model_validate_json(body)
    if wanted.object == "SlackUser":
        if set(wanted.fields) != {"email"}:
            raise ValueError("a SlackUser has the one field email")
        return sandbox.slack.seed_user(str(wanted.fields["email"]))
    return sandbox.salesforce.seed(wanted.object, **wanted.fields)


def _bad(error: Exception) -> Response:
    if isinstance(error, ValidationError):
        return JSONResponse({"problems": json.loads(error.json(include_url=False))}, 400)
    return JSONResponse({"problems": [{"msg": str(error)}]}, status_code=400)
