"""``/decode`` and ``/encode``, as Temporal's web UI and command line ask for them.

The body of request and answer is a ``Payloads`` message in protobuf's JSON. Whoever may ask can
read everything, so nobody may by accident: a bearer token is asked for, or else only this machine
is answered, and no web page but the UI's.
"""

from __future__ import annotations

import hmac
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from ipaddress import ip_address

from google.protobuf.json_format import MessageToJson, Parse, ParseError
from starlette.applications import Starlette
from starlette.exceptions import HTTPException
from starlette.middleware import Middleware
from starlette.middleware.cors import CORSMiddleware
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route
from temporalio.api.common.v1 import Payload, Payloads

from starters.ingress.reception import read_body
from workers.codec import Codec

LIMIT = 32 * 1024 * 1024
"""Bytes of a body: a page of a history, each payload at most 2 MiB, in base64."""

THIS_MACHINE = ("localhost", "127.0.0.1", "[::1]")

Convert = Callable[[list[Payload]], Awaitable[list[Payload]]]


@dataclass(frozen=True, slots=True)
class Door:
    """Who is let in: who has the token, or without one, who asks from this machine.

    ``origins`` are the addresses of web UIs, as ``http://127.0.0.1:8233``.
    """

    token: str | None
    origins: tuple[str, ...] = ()

    def check(self, request: Request) -> None:
        """Let the request pass.

        Raises:
            HTTPException: 401 or 403, with what is missing.
        """
        origin = request.headers.get("origin")
        if origin is not None and origin not in self.origins:
            raise HTTPException(403, "this page may not ask: name its origin with --ui-origin")
        if self.token is None:
            self._check_place(request)
            return
        scheme, _, given = request.headers.get("authorization", "").partition(" ")
        if scheme.lower() != "bearer" or not _same(given.strip(), self.token):
            headers = {"WWW-Authenticate": "Bearer"}
            raise HTTPException(401, "send DRIPSTONE_CODEC__SERVER_TOKEN as bearer token", headers)

    def _check_place(self, request: Request) -> None:
        # The name that was asked for as well: a page of elsewhere can have its own name lead here.
        host = request.headers.get("host", "")
        name = host.rpartition(":")[0] if not host.endswith("]") and ":" in host else host
        if not (request.client and is_loopback(request.client.host) and name in THIS_MACHINE):
            raise HTTPException(403, "only this machine may ask: set DRIPSTONE_CODEC__SERVER_TOKEN")


def is_loopback(address: str) -> bool:
    """Whether an address, or a name for it, is this machine and no network's."""
    try:
        return ip_address(address).is_loopback
    except ValueError:
        return address == "localhost"


def create_app(codec: Codec, door: Door) -> Starlette:
    """The web application. What the codec cannot read is answered as it came."""

    def route(path: str, convert: Convert) -> Route:
        async def answer(request: Request) -> Response:
            door.check(request)
            converted = await convert(await _payloads_of(request))
            return Response(MessageToJson(Payloads(payloads=converted)), media_type=JSON)

        return Route(path, answer, methods=["POST"])

    return Starlette(
        routes=[
            route("/decode", codec.decode),
            route("/encode", codec.encode),
            # `temporal --codec-endpoint` and the UI may put the namespace into the path.
            route("/{namespace}/decode", codec.decode),
            route("/{namespace}/encode", codec.encode),
        ],
        middleware=[
            Middleware(
                CORSMiddleware,
                allow_origins=door.origins,
                allow_methods=["POST"],
                allow_headers=["authorization", "content-type", "x-namespace"],
                allow_credentials=True,
            )
        ],
        exception_handlers={HTTPException: _refused},
    )


JSON = "application/json"


async def _payloads_of(request: Request) -> list[Payload]:
    # Also keeps out forms and plain text, which a browser posts across sites without asking first.
    if request.headers.get("content-type", "").partition(";")[0].strip().lower() != JSON:
        raise HTTPException(415, f"send {JSON}")
    body = await read_body(request, LIMIT)
    try:
        return list(Parse(body, Payloads()).payloads)
    except (ParseError, UnicodeDecodeError, RecursionError):
        # What a parser says quotes the body.
        raise HTTPException(400, "the body is no Payloads message in protobuf's JSON") from None


def _same(given: str, wanted: str) -> bool:
    return hmac.compare_digest(given.encode(), wanted.encode())


async def _refused(_request: Request, error: Exception) -> Response:
    assert isinstance(error, HTTPException)
    return JSONResponse({"error": error.detail}, error.status_code, error.headers)
