"""The ingress: the web server by which events, mail and opt-outs come in.

Nothing is acknowledged that is not committed. It works while Temporal is down, and says nothing
of anybody in an error or a log line.
"""

from __future__ import annotations

import socket
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator
from contextlib import asynccontextmanager, contextmanager

import structlog
from sqlalchemy.exc import SQLAlchemyError
from starlette.applications import Starlette
from starlette.exceptions import HTTPException
from starlette.requests import ClientDisconnect, Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

from activities.ledger import Ledger, LedgerUnavailable
from config.settings import IngressSettings, Settings
from starters.ingress.events import post_events, secrets_of
from starters.ingress.mail import post_mail
from starters.ingress.metrics import may_read, page, refused
from starters.ingress.reception import Reception
from starters.ingress.smartlead import post_smartlead
from starters.ingress.temporal_link import Keeper, temporal_link
from starters.ingress.texts import post_twilio
from starters.ingress.unsubscribe import failed_page, unsubscribe
from starters.processes.serving import serve_until_stopped, serving
from workers.vendors import TEXT_STATUS_PATH, load_connections

log = structlog.get_logger(__name__)

Endpoint = Callable[[Reception, Request], Awaitable[Response]]


class CannotListen(RuntimeError):
    """The address of the ingress cannot be used; the message says why and what to set."""


def create_app(reception: Reception) -> Starlette:
    """The web application.

    Raises:
        ValueError: the secret of ``/events`` is none.
    """
    secrets_of(reception.settings)

    def route(path: str, endpoint: Endpoint, *methods: str) -> Route:
        return Route(path, _counted(reception, path, endpoint), methods=list(methods))

    app = Starlette(
        routes=[
            route("/events", post_events, "POST"),
            route("/webhooks/mail", post_mail, "POST"),
            route("/webhooks/smartlead", post_smartlead, "POST"),
            route(TEXT_STATUS_PATH, post_twilio, "POST"),
            route("/u/{token}", unsubscribe, "GET", "POST"),
            route("/healthz", _healthz, "GET"),
            route("/readyz", _readyz, "GET"),
            route("/metrics", _metrics, "GET"),
        ],
        exception_handlers={
            LedgerUnavailable: _ledger_unavailable,
            SQLAlchemyError: _ledger_unavailable,
            HTTPException: _refused,
            ClientDisconnect: _gone,
        },
    )
    # It would answer /events/ with a redirect to whatever host the caller says that this is.
    app.router.redirect_slashes = False
    return app


def _counted(
    reception: Reception, path: str, endpoint: Endpoint
) -> Callable[[Request], Awaitable[Response]]:
    async def answer(request: Request) -> Response:
        status = 500  # whatever is raised that is no HTTPException was not taken in
        try:
            response = await endpoint(reception, request)
            status = response.status_code
        except HTTPException as error:
            status = error.status_code
            raise
        finally:
            reception.metrics.answered(path, status)
        return response

    return answer


async def _healthz(_reception: Reception, _request: Request) -> Response:
    return JSONResponse({"status": "up"})


async def _readyz(reception: Reception, _request: Request) -> Response:
    """Ready if the ledger can be written. Temporal is reported, but nothing here needs it."""
    await reception.readiness.check(reception.ledger)
    return JSONResponse({"ledger": "answers", "temporal": await reception.link.state()})


async def _metrics(reception: Reception, request: Request) -> Response:
    if not may_read(reception.settings, request):
        return refused()
    return page(await reception.metrics.text(reception.ledger, reception.link))


async def _ledger_unavailable(request: Request, error: Exception) -> Response:
    # Its first line: what a database adds below may quote the row.
    log.error("ingress.ledger_unavailable", error=str(error).splitlines()[0])
    if request.url.path.startswith("/u/"):
        return failed_page()
    what = "the ledger cannot be used: nothing of this was taken in; send it again"
    return JSONResponse({"error": what}, 503, {"Retry-After": "5"})


async def _refused(_request: Request, error: Exception) -> Response:
    assert isinstance(error, HTTPException)
    return JSONResponse({"error": error.detail}, error.status_code, error.headers)


async def _gone(_request: Request, _error: Exception) -> Response:
    return Response(status_code=400)  # nobody is there to read it


@asynccontextmanager
async def running_ingress(settings: Settings, temporal: str | None = None) -> AsyncIterator[int]:
    """The ingress for as long as the block lasts, with a ledger of its own; the port it is on.

    ``temporal`` is an address that wins over Temporal's own configuration. Whether Temporal
    answers makes no difference to callers.

    Raises:
        CannotListen: the address is taken or not of this machine.
        LedgerUnavailable: the ledger cannot be opened.
        BadConnections: the connections file cannot be used.
        ValueError: the secret of ``/events`` is none.
    """
    connections = load_connections(settings.connections)
    secret = settings.secret.get_secret_value() if settings.secret else None
    with _listening(settings.ingress) as listener:
        ledger = await Ledger.open(settings.ledger_url, secret)
        try:
            async with temporal_link(temporal, Keeper(ledger, settings.codec)) as link:
                reception = Reception(ledger, connections, settings.ingress, link, settings.twilio)
                app = create_app(reception)
                async with serving(app, listener):
                    yield listener.getsockname()[1]
        finally:
            await ledger.close()


async def serve_ingress(
    settings: Settings, *, announce: bool = False, temporal: str | None = None
) -> None:
    """Serve until it is stopped; then let requests in flight end.

    Raises what ``running_ingress`` raises.
    """
    running = running_ingress(settings, temporal)
    await serve_until_stopped("ingress", running, announce=announce)


@contextmanager
def _listening(settings: IngressSettings) -> Iterator[socket.socket]:
    family = socket.AF_INET6 if ":" in settings.host else socket.AF_INET
    try:
        listener = socket.create_server((settings.host, settings.port), family=family)
    except OSError as error:
        raise CannotListen(
            f"the ingress cannot listen on {settings.host} port {settings.port}: {error.strerror}: "
            "set DRIPSTONE_INGRESS__HOST or DRIPSTONE_INGRESS__PORT (0 takes any free port)"
        ) from error
    with listener:
        # asyncio sets it only on sockets that it made itself; without it an answer in two writes
        # waits 40 ms for the caller's acknowledgement.
        listener.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        yield listener
